"""What a comparison keeps on disk, and what happens to damaged files."""

import json
import shutil
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_comparison import FORECASTERS, assert_same, compared, results, small_scenario

import omnisim
from omnisim.comparison import store
from omnisim.comparison.store import _remove
from omnisim.errors import OutputError, TraceError

SEEDS = 4
RUNS = SEEDS * len(FORECASTERS)


@pytest.fixture(scope="module")
def undisturbed() -> omnisim.Comparison:
    return compared(seeds=SEEDS)


def again(out: Path) -> tuple[omnisim.Comparison, list[str], int]:
    """The same comparison into the same folder: what it is, what it said, and how many runs were kept."""
    said: list[str] = []
    counts: list[int] = []
    found = compared(out, seeds=SEEDS, say=said.append, on_run=lambda done, _total: counts.append(done))
    return found, said, counts[0]


def copied(comparison: omnisim.Comparison, out: Path) -> None:
    """Its folder."""
    shutil.copytree(comparison.folder, out, dirs_exist_ok=True)


class TestFiles:
    def test_one_row_group_per_run(self, undisturbed: omnisim.Comparison) -> None:
        files = sorted((undisturbed.folder / "agents").iterdir())
        assert len(files) == len(list((undisturbed.folder / "runs").iterdir())) == RUNS
        assert {pq.ParquetFile(path).num_row_groups for path in files} == {1}

    @pytest.mark.long
    def test_many_runs_are_gathered(self, tmp_path: Path, undisturbed: omnisim.Comparison) -> None:
        with mock.patch.object(store, "GATHERED", 5):
            gathered = compared(tmp_path, seeds=SEEDS)
        assert len(list((tmp_path / "agents").glob("part-*"))) == RUNS // 5
        assert len(list((tmp_path / "agents").iterdir())) == RUNS // 5 + RUNS % 5
        parts = [pq.ParquetFile(path).num_row_groups for path in (tmp_path / "agents").glob("part-*")]
        assert parts == [5] * (RUNS // 5)
        assert_same(gathered, undisturbed)
        assert again(tmp_path)[2] == RUNS

    @pytest.mark.parametrize(("gathered", "parts"), [(RUNS + 1, []), (RUNS, [RUNS]), (5, [5, 5, RUNS - 10])])
    def test_files_of_runs_are_gathered_once_there_are_enough(
        self, gathered: int, parts: list[int], tmp_path: Path, undisturbed: omnisim.Comparison
    ) -> None:
        copied(undisturbed, tmp_path)
        with mock.patch.object(store, "GATHERED", gathered):
            store.Store(tmp_path).gather()
        for table, size in (
            ("agents", lambda file: file.num_row_groups),
            ("runs", lambda file: file.metadata.num_rows),
        ):
            files = sorted((tmp_path / table).iterdir())
            found = [size(pq.ParquetFile(path)) for path in files if path.name.startswith("part-")]
            assert sorted(found, reverse=True) == parts
            assert len(files) == (len(parts) or RUNS)
        again = omnisim.load_comparison(tmp_path)
        pd.testing.assert_frame_equal(again.runs, undisturbed.runs)
        pd.testing.assert_frame_equal(again.agents, undisturbed.agents)

    @pytest.mark.long
    def test_pandas_and_duckdb_read_them_as_they_are(self, undisturbed: omnisim.Comparison) -> None:
        duckdb = pytest.importorskip("duckdb")
        folder = undisturbed.folder
        expected = undisturbed.agents.groupby("forecaster", observed=True)["utility"].mean().to_dict()
        whole = pd.concat([pd.read_parquet(path) for path in (folder / "agents").iterdir()])
        by_pandas = whole.groupby("forecaster")["utility"].mean()
        query = f"select forecaster, avg(utility) from '{folder}/agents/*.parquet' group by forecaster"  # noqa: S608
        by_duckdb = dict(duckdb.sql(query).fetchall())
        assert set(by_duckdb) == set(FORECASTERS)
        for name, utility in expected.items():
            np.testing.assert_allclose([by_pandas[name], by_duckdb[name]], utility)
        query = f"select count(*) from (select unnest(summary) from '{folder}/runs/*.parquet')"  # noqa: S608
        assert duckdb.sql(query).fetchall() == [(RUNS * 4,)]

    @pytest.mark.long
    def test_a_temporary_folder_goes_with_the_comparison(self) -> None:
        found = compared(seeds=1)
        folder = found.folder
        assert folder.exists()
        del found
        assert not folder.exists()

    @pytest.mark.long
    def test_other_labels_and_more_seeds_reuse_what_is_there(self, tmp_path: Path) -> None:
        compared(tmp_path, seeds=2)
        counts: list[int] = []
        found = omnisim.compare(
            small_scenario(),
            {"yesterday": "persistence", "mean": "climatology"},
            seeds=3,
            jobs=1,
            out=tmp_path,
            on_run=lambda done, _total: counts.append(done),
        )
        assert counts[0] == 4
        assert list(found.table["forecaster"]) == ["yesterday", "mean"]
        assert set(found.agents["forecaster"]) == {"yesterday", "mean"}
        assert list(found.table["runs"]) == [3, 3]


def inside_a_column(path: Path) -> int:
    """Position of a byte of the utilities, which every table of results reads."""
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    utility = next(column for column in columns if column.path_in_schema.endswith("utility"))
    first = utility.data_page_offset if utility.dictionary_page_offset is None else utility.dictionary_page_offset
    return int(first + utility.total_compressed_size - 4)


def reads_as_another(path: Path, at: int, intact: pa.Table) -> bool:
    """Whether a file with one flipped bit, which stays flipped then, is read without complaint if nobody checks."""
    content = path.read_bytes()
    path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
    try:
        if not pq.read_table(path).equals(intact):
            return True
    except (OSError, pa.ArrowException):
        pass
    path.write_bytes(content)
    return False


def test_what_is_gone_already_need_not_be_removed(tmp_path: Path) -> None:
    """Another process may have been faster."""
    file, empty, full = (tmp_path / name for name in ("file", "empty", "full"))
    file.touch()
    empty.mkdir()
    full.mkdir()
    (full / "kept").touch()
    for path in (file, empty, tmp_path / "never"):
        _remove(path)
        assert not path.exists()
    with pytest.raises(OutputError, match=r"full: is a folder where a file of the comparison belongs: move it"):
        _remove(full)
    assert (full / "kept").exists()
    with pytest.raises(OutputError, match=r"kept/file: cannot be removed: Not a directory"):
        _remove(full / "kept" / "file")


class TestDamage:
    @pytest.mark.one_in(3)
    @pytest.mark.parametrize(
        ("table", "damage"),
        [
            ("runs", "cut"), ("agents", "bit"), ("agents", "gone"),
            *(pytest.param(*each, marks=pytest.mark.long)
              for each in (("runs", "bit"), *(("agents", damage) for damage in ("cut", "empty", "text")))),
        ],
    )  # fmt: skip
    def test_a_damaged_file_is_named_and_computed_again(
        self, tmp_path: Path, table: str, damage: str, undisturbed: omnisim.Comparison
    ) -> None:
        copied(undisturbed, tmp_path)
        path = sorted((tmp_path / table).iterdir())[3]
        content = bytearray(path.read_bytes())
        match damage:
            case "cut":
                path.write_bytes(content[: len(content) // 2])
            case "empty":
                path.write_bytes(b"")
            case "bit":
                content[inside_a_column(path)] ^= 4
                path.write_bytes(content)
            case "text":
                path.write_text("not a table", encoding="utf-8")
            case "gone":
                path.unlink()
        if damage != "gone":
            with pytest.raises(TraceError, match="damaged") as refused:
                results(omnisim.load_comparison(tmp_path))
            assert str(path) in str(refused.value)
        found, said, kept = again(tmp_path)
        assert kept == RUNS - 1
        assert [line for line in said if str(path) in line] == said
        assert len(said) == (damage != "gone")
        assert_same(found, undisturbed)

    @pytest.mark.one_in(2)
    @pytest.mark.parametrize("table", ["runs", "agents"])
    def test_a_number_that_reads_well_as_another_is_found_by_its_checksum(
        self, tmp_path: Path, table: str, undisturbed: omnisim.Comparison
    ) -> None:
        copied(undisturbed, tmp_path)
        path = min((tmp_path / table).iterdir())
        intact = pq.read_table(path)
        assert any(reads_as_another(path, at, intact) for at in range(inside_a_column(path), 0, -1))
        said: list[str] = []
        finished = store.Store(tmp_path).repair(said.append)
        assert path.stem not in finished
        assert len(finished) == RUNS - 1
        assert [line.startswith(f"{path}: ") for line in said] == [True]
        assert not path.exists()

    @pytest.mark.long
    def test_any_flipped_bit_is_noticed_or_harmless(self, tmp_path: Path, undisturbed: omnisim.Comparison) -> None:
        copied(undisturbed, tmp_path)
        path = min((tmp_path / "agents").iterdir())
        content, rng = path.read_bytes(), np.random.default_rng(1)
        intact = pq.read_table(path)
        for _ in range(150):
            flipped = bytearray(content)
            flipped[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
            path.write_bytes(flipped)
            if not store._wrong_with(path, store.AGENTS):
                assert pq.read_table(path).equals(intact)
        path.write_bytes(content)
        assert_same(again(tmp_path)[0], undisturbed)

    @pytest.mark.long
    def test_a_damaged_part_loses_its_runs_only(self, tmp_path: Path, undisturbed: omnisim.Comparison) -> None:
        with mock.patch.object(store, "GATHERED", 5):
            compared(tmp_path, seeds=SEEDS)
        part = min((tmp_path / "agents").glob("part-*"))
        part.write_bytes(part.read_bytes()[:-20])
        found, said, kept = again(tmp_path)
        assert kept == RUNS - 5
        assert len(said) == 1
        assert_same(found, undisturbed)

    @pytest.mark.long
    @pytest.mark.parametrize("table", ["runs", "agents"])
    def test_a_run_that_is_in_a_part_already_is_not_kept_twice(
        self, tmp_path: Path, table: str, undisturbed: omnisim.Comparison
    ) -> None:
        """Who died after writing a part, before removing the files that are in it."""
        copied(undisturbed, tmp_path)
        left = [tmp_path / table / f"{run}.parquet" for run in undisturbed.runs["run"][:3]]
        content = [path.read_bytes() for path in left]
        with mock.patch.object(store, "GATHERED", RUNS):
            store.Store(tmp_path).gather()
        for path, each in zip(left, content, strict=True):
            assert not path.exists()
            path.write_bytes(each)
        assert len(store.Store(tmp_path).repair(pytest.fail)) == RUNS
        assert [path.name[:5] for folder in ("runs", "agents") for path in (tmp_path / folder).iterdir()] == [
            "part-"
        ] * 2
        assert_same(omnisim.load_comparison(tmp_path), undisturbed)

    @pytest.mark.long
    def test_an_empty_cell_of_another_writer_is_a_number_that_is_missing(self, tmp_path: Path) -> None:
        always = small_scenario().replace(elimination=omnisim.elimination.BestResponse())
        many, few = always.populations
        limit = omnisim.LinearConstraint(np.zeros((2, 3, 2)), np.full((2, 3), 0.5))
        none = omnisim.Population("few", few.utility, few.offset, [limit], money=few.money)
        scenario = always.replace(populations=[many, none])
        found = omnisim.compare(scenario, ["climatology", "persistence"], seeds=2, jobs=1, out=tmp_path)
        expected = results(found)
        assert expected["means"]["mean"].isna().any()
        for path in (tmp_path / "runs").iterdir():
            table = pq.read_table(path)
            rows = table.to_pylist()
            for row in rows:
                for each in row["summary"]:
                    each |= {key: None for key, value in each.items() if value != value}
            pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
        for name, frame in results(omnisim.load_comparison(tmp_path)).items():
            pd.testing.assert_frame_equal(frame, expected[name], obj=name)

    def test_runs_of_another_version_are_computed_again(self, tmp_path: Path, undisturbed: omnisim.Comparison) -> None:
        copied(undisturbed, tmp_path)
        with mock.patch.object(store, "__version__", "99"):
            said: list[str] = []
            assert store.Store(tmp_path).repair(said.append) == set()
        assert len(said) == RUNS
        assert all("is of omnisim" in line for line in said)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("{", "is damaged"),
            ("[]", "is damaged"),
            ("{}", "is damaged"),
            (json.dumps({"schema_version": 99}), "has schema version 99"),
            (json.dumps({"schema_version": 1}), "has schema version 1, .* again into the same folder"),
        ],
    )
    def test_a_plan_that_cannot_be_read(
        self, tmp_path: Path, content: str, said: str, undisturbed: omnisim.Comparison
    ) -> None:
        copied(undisturbed, tmp_path)
        (tmp_path / "comparison.json").write_text(content, encoding="utf-8")
        with pytest.raises(TraceError, match=said):
            omnisim.load_comparison(tmp_path)

    def test_a_folder_without_a_comparison(self, tmp_path: Path) -> None:
        with pytest.raises(TraceError, match=r"is not the folder of a comparison: it has no comparison\.json"):
            omnisim.load_comparison(tmp_path)


def test_progress_is_that_of_the_runs_that_are_asked_for(tmp_path: Path) -> None:
    plan = {"variants": [{"digest": "a" * 10}, {"digest": "b" * 10}], "seeds": [0, 7, 9]}
    finished = dict.fromkeys(["a" * 10 + "-7", "b" * 10 + "-9", "b" * 10 + "-3", "c" * 10 + "-0"])
    kept = store.Store(tmp_path)
    with mock.patch.object(kept, "read_plan", lambda: plan), mock.patch.object(kept, "places", lambda: finished):
        assert kept.progress() == (2, 6)
