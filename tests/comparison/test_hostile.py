"""A comparison folder that was tampered with is refused in one line that names the file, and computed again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scenario_files import refusal
from small_comparison import FORECASTERS, assert_same, compared, results

import omnisim
from omnisim.comparison.records import AGENTS, RUNS
from omnisim.comparison.store import Store
from omnisim.errors import TraceError

SEEDS = 2
COUNT = SEEDS * len(FORECASTERS)


@pytest.fixture(scope="module")
def undisturbed() -> omnisim.Comparison:
    return compared(seeds=SEEDS)


@pytest.fixture
def folder(undisturbed: omnisim.Comparison, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    shutil.copytree(undisturbed.folder, tmp_path / "compared")
    return tmp_path / "compared"


def refused(folder: Path, path: Path) -> str:
    """The line that reading all of it gives, which names the file; the command says the same."""
    with pytest.raises(TraceError) as caught:
        results(omnisim.load_comparison(folder))
    message = str(caught.value)
    assert message.startswith(f"{path}: "), message
    assert "\n" not in message
    return message


def computed_again(folder: Path, undisturbed: omnisim.Comparison, kept: int = COUNT - 1) -> None:
    """The same comparison into the folder keeps the other runs, and ends in the same numbers."""
    said: list[str] = []
    counts: list[int] = []
    found = compared(folder, seeds=SEEDS, say=said.append, on_run=lambda done, _: counts.append(done))
    assert counts[0] == kept
    assert_same(found, undisturbed)


def given_up(folder: Path, path: Path) -> None:
    """What a comparison into the folder would compute again: the run of this file, and say which file is why."""
    said: list[str] = []
    finished = Store(folder).repair(said.append)
    assert len(finished) == COUNT - 1
    assert path.stem not in finished
    assert len(said) == 1
    assert said[0].startswith(f"{path}: ")
    assert not path.exists()


def rows_of(folder: Path, table: str, index: int = 2) -> Path:
    return sorted((folder / table).iterdir())[index]


def rewrite(path: Path, change: Callable[[list[dict[str, Any]]], Any], schema: pa.Schema) -> None:
    """Change rows, and write them as omnisim does, checksums and all."""
    rows = pq.read_table(path).to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, write_page_checksum=True)


class TestPlan:
    @pytest.mark.parametrize(
        "key", ["name", "description", "market", "reference", "variants", "seeds", "command", "omnisim"]
    )
    def test_keys_that_are_gone(self, folder: Path, key: str) -> None:
        path = folder / "comparison.json"
        plan = json.loads(path.read_text())
        del plan[key]
        path.write_text(json.dumps(plan))
        assert f"is damaged (it has no {key}): run the comparison again" in refused(folder, path)
        assert refusal("report", folder) == refused(folder, path)

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"seeds": []}, "seeds"), ({"seeds": ["a"]}, "seeds.0 is 'a'"), ({"seeds": [0, 0]}, "seeds repeat"),
            ({"seeds": 3}, "seeds is 3"), ({"seeds": [-1]}, "seeds.0 is -1"), ({"reference": "x"}, "reference is 'x'"),
            ({"variants": []}, "variants"), ({"variants": {}}, "variants is"), ({"variants": [3]}, "variants.0 is 3"),
            ({"variants": [{"digest": "../../etc/passwd"}]}, "variants.0"), ({"market": None}, "market is None"),
            ({"schema_version": "1"}, "schema_version is '1'"), ({"schema_version": None}, "schema_version is None"),
            ({"command": 3}, "command is 3"), ({"omnisim": []}, "omnisim is"),
        ],
    )  # fmt: skip
    def test_values_of_another_form(self, folder: Path, change: dict[str, Any], says: str) -> None:
        path = folder / "comparison.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
        assert says in refused(folder, path)

    def test_a_digest_that_leads_elsewhere(self, folder: Path) -> None:
        path = folder / "comparison.json"
        plan = json.loads(path.read_text())
        plan["variants"][0]["digest"] = "../../../x"
        path.write_text(json.dumps(plan))
        assert "variants.0.digest is '../../../x'" in refused(folder, path)

    @pytest.mark.parametrize("axis", ["elimination", "adversary", "setting"])
    def test_a_variant_without_its_reference(self, folder: Path, axis: str) -> None:
        path = folder / "comparison.json"
        plan = json.loads(path.read_text())
        plan["variants"][1][axis] = "another"
        path.write_text(json.dumps(plan))
        assert "variants: 'mean' has no reference 'last' in its place" in refused(folder, path)

    def test_nested_without_end(self, folder: Path) -> None:
        (folder / "comparison.json").write_text("[" * 100_000)
        assert "it is nested too deeply" in refused(folder, folder / "comparison.json")


class TestSwapped:
    @pytest.mark.long
    def test_runs_in_the_place_of_agents(self, folder: Path, undisturbed: omnisim.Comparison) -> None:
        path = rows_of(folder, "agents")
        shutil.copy(rows_of(folder, "runs"), path)
        refused(folder, path)
        computed_again(folder, undisturbed)

    @pytest.mark.long
    def test_agents_in_the_place_of_runs(self, folder: Path, undisturbed: omnisim.Comparison) -> None:
        path = rows_of(folder, "runs")
        shutil.copy(rows_of(folder, "agents"), path)
        assert "is damaged" in refused(folder, path)
        computed_again(folder, undisturbed)

    @pytest.mark.long
    def test_agents_of_another_run(self, folder: Path, undisturbed: omnisim.Comparison) -> None:
        path, other = rows_of(folder, "agents"), rows_of(folder, "agents", 3)
        shutil.copy(other, path)
        assert f"agents of the run {other.stem} in the place of {path.stem}" in refused(folder, path)
        computed_again(folder, undisturbed)

    @pytest.mark.long
    def test_another_run(self, folder: Path, undisturbed: omnisim.Comparison) -> None:
        path, other = rows_of(folder, "runs"), rows_of(folder, "runs", 3)
        shutil.copy(other, path)
        assert f"it is not the run {path.stem}, but {other.stem}" in refused(folder, path)
        computed_again(folder, undisturbed)

    @pytest.mark.long
    def test_a_missing_file_of_agents(self, folder: Path, undisturbed: omnisim.Comparison) -> None:
        path = rows_of(folder, "agents")
        path.unlink()
        assert f"{path}: is missing: run the comparison again" in refused(folder, path)
        computed_again(folder, undisturbed)


AGENT_CELLS = [
    ("utility", float("nan"), "utility is nan"), ("utility", None, "utility has an empty cell"),
    ("money", float("inf"), "money is inf"), ("rounds", -1, "rounds is -1"), ("agent", -1, "agent is -1"),
    ("population", None, "population has an empty cell"), ("benchmark_size", -2, "benchmark_size is -2"),
    ("run", "0123456789-0", "agents of the run"), ("run", None, "run has an empty cell"),
]  # fmt: skip


@pytest.mark.one_in(10)
@pytest.mark.parametrize(("column", "value", "says"), AGENT_CELLS)
def test_cells_of_agents(folder: Path, column: str, value: Any, says: str) -> None:
    path = rows_of(folder, "agents")
    rewrite(path, lambda rows: rows[1].__setitem__(column, value), AGENTS)
    assert says in refused(folder, path)
    given_up(folder, path)


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "change", [lambda rows: rows.pop(), lambda rows: rows.append(rows[0]), lambda rows: rows.clear()]
)
def test_rows_of_agents(folder: Path, change: Callable[[Any], Any]) -> None:
    path = rows_of(folder, "agents")
    rewrite(path, change, AGENTS)
    refused(folder, path)
    given_up(folder, path)


RUN_CELLS: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda row: row.__setitem__("status", "done"), "status is none of finished, failed"),
    (lambda row: row.__setitem__("status", None), "status has an empty cell"),
    (lambda row: row.__setitem__("seed", 7), "has the seed 7"),
    (lambda row: row.__setitem__("rounds", None), "rounds has an empty cell"),
    (lambda row: row.__setitem__("agents", -1), "agents is -1"),
    (lambda row: row.__setitem__("seconds", float("nan")), "seconds is nan"),
    (lambda row: row.__setitem__("versions", "[1]"), "is damaged"),
    (lambda row: row.__setitem__("versions", "{"), "is damaged"),
    (lambda row: row.__setitem__("outcomes", None), "outcomes has an empty cell"),
    (lambda row: row.__setitem__("subsequences", None), "subsequences has an empty cell"),
    (lambda row: row.__setitem__("subsequences", []), "different names are needed"),
    (lambda row: row.__setitem__("subsequences", ["all", "all"]), "different names are needed"),
    (lambda row: row.__setitem__("populations", []), "different names are needed"),
    (lambda row: row["populations"][0].__setitem__("currency", None), "populations.currency has an empty cell"),
    (lambda row: row["summary"].pop(), "summary of a run has not one row for each"),
    (lambda row: row["summary"].append(row["summary"][0]), "summary of a run has not one row for each"),
    (lambda row: row["summary"][0].__setitem__("subsequence", "x"), "summary of a run has not one row for each"),
    (lambda row: row["summary"][0].__setitem__("rounds", -1), "summary.rounds is -1"),
    (lambda row: row.__setitem__("summary", None), "summary has an empty cell"),
    (lambda row: row["summary"].__setitem__(0, None), "summary has an empty row"),
    (lambda row: row["growth"][0]["utility"].pop(), "growth has lists of different lengths"),
    (lambda row: row["growth"].pop(), "growth of a run has not one row for each"),
    (lambda row: row["blocks"][1]["rounds"].append(3), "blocks has lists of different lengths"),
    (lambda row: row["certificates"][0].__setitem__("holds", None), "certificates.holds has an empty cell"),
    (lambda row: row["certificates"][0].__setitem__("agents", -3), "certificates.agents is -3"),
]


@pytest.mark.one_in(16)
@pytest.mark.parametrize(("change", "says"), RUN_CELLS)
def test_cells_of_runs(folder: Path, change: Callable[[dict[str, Any]], Any], says: str) -> None:
    path = rows_of(folder, "runs")
    rewrite(path, lambda rows: change(rows[0]), RUNS)
    if not says.startswith("blocks"):  # which are only read where a market is replayed
        assert says in refused(folder, path)
    given_up(folder, path)


def test_two_rows_of_one_run(folder: Path) -> None:
    path = rows_of(folder, "runs")
    rewrite(path, lambda rows: rows.append(rows[0]), RUNS)
    assert "it has a run twice" in refused(folder, path)
    given_up(folder, path)
