"""What a run leaves on disk, that running it again gives the same, and what is said of damage."""

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from pyarrow.parquet import ParquetFile
from scenario_files import TOY, omnisim_command, refusal, write_scenario

import omnisim
from omnisim import archives, run_directory
from omnisim.analysis import sums
from omnisim.errors import OutputError, TraceError


@pytest.mark.parametrize("character", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\x00"])
def test_no_choice_gets_out_of_its_comment(character: str) -> None:
    line = run_directory._comment(f"column 'a{character}rounds = 3' is the price")
    assert len(line.splitlines()) == 1
    assert tomllib.loads(line) == {}


FILES = {"scenario.toml", "manifest.json", "trace.npz", "agents.parquet", "certificates.json", "report.html"}

RICH = (
    TOY.replace(
        'path = "prices.csv"',
        'path = "prices.csv"\nfeatures = ["load"]\nforecasts = ["model"]\nfirst_day = 2021-01-03',
    ).replace('kind = "persistence"', 'kind = "published"\nmodel = "model"')
    + """
[populations.plants]
kind = "manufacturers"
agents = 2
seed = 9
curtailment_price = 60.0

[populations.plants.elimination]
kind = "first_violation"

[subsequences]
all = true

[subsequences.weekend]
feature = "weekday"
operator = "in"
value = [5, 6]
"""
)

SYNTHETIC = """
rounds = 6

[market]
source = "synthetic"
low = 0
high = 100

[adversary]
kind = "seasonal"
noise = 0.2

[forecaster]
kind = "conditional_mean"

[populations.operators]
kind = "budgeted_operators"
agents = 2
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory, not to be written to."""
    folder = tmp_path_factory.mktemp("finished")
    assert omnisim_command("run", write_scenario(folder), "--seed", 3, "--out", folder / "out").code == 0
    return folder / "out"


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Iterator[Path]:
    """A run directory that a test may damage."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


class TestFiles:
    def test_all_of_them_and_nothing_else(self, finished: Path) -> None:
        assert {path.name for path in finished.iterdir()} == FILES

    def test_the_manifest(self, finished: Path) -> None:
        manifest = json.loads((finished / "manifest.json").read_text())
        assert manifest["scenario"] == "toy"
        assert manifest["seed"] == 3
        assert manifest["rounds"] == 10
        assert manifest["command"] == "omnisim run scenario.toml"
        assert manifest["wall_seconds"] >= 0
        assert manifest["versions"]["omnisim-lab"] == omnisim.__version__
        assert manifest["versions"]["numpy"] == np.__version__

    def test_the_seed_of_the_command_line_is_recorded(self, finished: Path) -> None:
        assert tomllib.loads((finished / "scenario.toml").read_text())["seed"] == 3
        assert omnisim.load_trace(finished / "trace.npz").about["seed"] == 3
        assert omnisim.load_scenario(finished / "scenario.toml").seed == 3

    def test_the_tables_are_those_of_the_analysis(self, finished: Path) -> None:
        analysis = omnisim.analyze(omnisim.load_trace(finished / "trace.npz"))
        agents = pd.read_parquet(finished / "agents.parquet")
        pd.testing.assert_frame_equal(agents, analysis.agents, check_dtype=False)
        certificates = json.loads((finished / "certificates.json").read_text())
        assert [row["theorem"] for row in certificates] == list(analysis.certificates["theorem"])
        assert [row["holds"] for row in certificates] == list(analysis.certificates["holds"])

    def test_the_page_is_one_file(self, finished: Path) -> None:
        page = (finished / "report.html").read_text(encoding="utf-8")
        assert page.startswith("<!DOCTYPE html>") or page.lower().startswith("<!doctype html>")
        assert "</html>" in page

    @pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
    def test_they_have_ordinary_permissions(self, finished: Path) -> None:
        mask = os.umask(0)
        os.umask(mask)
        assert {path.stat().st_mode & 0o777 for path in finished.iterdir()} == {0o666 & ~mask}


class TestAgain:
    @pytest.mark.long
    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(TOY, id="toy"),
            pytest.param(RICH, id="rich", marks=pytest.mark.whole),
            pytest.param(SYNTHETIC, id="synthetic", marks=pytest.mark.whole),
        ],
    )
    def test_the_scenario_of_a_run_gives_the_same_bytes_elsewhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        path = write_scenario(tmp_path / "here", text)
        monkeypatch.chdir(tmp_path / "here")
        first, second = tmp_path / "first", tmp_path / "far" / "away"
        assert omnisim_command("run", path.name, "--seed", 5, "--out", "../first").code == 0
        monkeypatch.chdir(tmp_path)
        assert omnisim_command("run", first / "scenario.toml", "--out", second).code == 0
        for name in ("scenario.toml", "trace.npz", "agents.parquet", "certificates.json"):
            assert (second / name).read_bytes() == (first / name).read_bytes(), name
        digests = [json.loads((d / "manifest.json").read_text())["digest"] for d in (first, second)]
        assert digests[0] == digests[1]

    @pytest.mark.long
    def test_another_seed_gives_another_trace(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path, SYNTHETIC)
        for seed in (1, 2):
            assert omnisim_command("run", path, "--seed", seed, "--out", tmp_path / str(seed)).code == 0
        assert (tmp_path / "1" / "trace.npz").read_bytes() != (tmp_path / "2" / "trace.npz").read_bytes()

    @pytest.mark.long
    def test_a_run_that_is_forced_into_the_same_folder_replaces_it(self, copied: Path) -> None:
        before = (copied / "trace.npz").read_bytes()
        assert omnisim_command("run", copied / "scenario.toml", "--rounds", 4, "--out", copied, "--force").code == 0
        assert {path.name for path in copied.iterdir()} == FILES
        assert (copied / "trace.npz").read_bytes() != before
        assert omnisim.load_trace(copied / "trace.npz").rounds == 4


class TestInterruptions:
    @pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError(28, "No space left on device")])
    def test_a_failure_while_writing_leaves_no_half_file_and_no_report(
        self, copied: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(archives, "write", fail)
        answer = omnisim_command("run", copied / "scenario.toml", "--seed", 8, "--out", copied, "--force")
        assert answer.code == (130 if error is KeyboardInterrupt else 1)
        assert answer.err.count("\n") == 1
        # Whole files, and no report: a directory that has one is complete.
        assert {path.name for path in copied.iterdir()} == FILES - {"report.html"}
        omnisim.load_trace(copied / "trace.npz")

    def test_folders_made_for_a_run_that_fails_go_again(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        with pytest.raises(KeyboardInterrupt), run_directory.prepared(tmp_path / "a" / "b" / "c"):
            assert (tmp_path / "a" / "b" / "c").is_dir()
            raise KeyboardInterrupt
        assert list((tmp_path / "a").iterdir()) == []

    def test_but_not_if_something_is_in_them(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="late"), run_directory.prepared(tmp_path / "a" / "b"):
            (tmp_path / "a" / "file").write_text("kept")
            raise ValueError("late")
        assert (tmp_path / "a" / "file").read_text() == "kept"

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        refused = pytest.raises(OutputError, match=r"below: cannot be written to: .*; choose another folder with --out")
        with refused, run_directory.prepared(tmp_path / "file" / "below"):
            pytest.fail("the body must not run")

    def test_preparing_leaves_a_folder_as_it_was(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("kept")
        with run_directory.prepared(tmp_path):
            pass
        assert [path.name for path in tmp_path.iterdir()] == ["file"]


class TestReport:
    @pytest.mark.long
    def test_writes_the_page_again_and_nothing_else(self, copied: Path) -> None:
        (copied / "report.html").write_text("old")
        before = {path.name: path.read_bytes() for path in copied.iterdir() if path.name != "report.html"}
        answer = omnisim_command("report", copied)
        assert (answer.code, answer.out, answer.err) == (0, f"{copied / 'report.html'}\n", "")
        assert "</html>" in (copied / "report.html").read_text(encoding="utf-8")
        assert {path.name: path.read_bytes() for path in copied.iterdir() if path.name != "report.html"} == before

    @pytest.mark.long
    def test_works_where_there_is_no_page_yet(self, copied: Path) -> None:
        (copied / "report.html").unlink()
        assert omnisim_command("report", copied).code == 0
        assert (copied / "report.html").is_file()

    def test_a_folder_that_is_no_run(self, tmp_path: Path) -> None:
        assert refusal("report", tmp_path) == f"{tmp_path}: is not a run directory: it has no manifest.json"
        assert (
            refusal("report", tmp_path / "no") == f"{tmp_path / 'no'}: is not a run directory: it has no manifest.json"
        )
        assert list(tmp_path.iterdir()) == []

    def test_a_file_that_is_no_folder(self, finished: Path) -> None:
        line = refusal("report", finished / "trace.npz")
        assert line.startswith(f"{finished / 'trace.npz'}")

    @pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", '{"command": "x"}', '{"command": "x", "versions": {}}'])
    def test_a_damaged_manifest(self, copied: Path, text: str) -> None:
        (copied / "manifest.json").write_text(text)
        page = (copied / "report.html").read_bytes()
        line = refusal("report", copied)
        assert line.startswith(f"{copied / 'manifest.json'}: the manifest is damaged (")
        assert line.endswith(": run its scenario.toml again")
        assert (copied / "report.html").read_bytes() == page

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("seed", 4, "its seed is 3, there it is 4"),
            ("rounds", 9, "its rounds is 10, there it is 9"),
            ("digest", "0123456789", "its digest is '.*', there it is '0123456789'"),
            ("scenario", "other", "its scenario is 'toy', there it is 'other'"),
        ],
    )
    def test_a_trace_of_another_run(self, copied: Path, key: str, value: object, said: str) -> None:
        manifest = json.loads((copied / "manifest.json").read_text())
        (copied / "manifest.json").write_text(json.dumps(manifest | {key: value}))
        page = (copied / "report.html").read_bytes()
        line = refusal("report", copied)
        assert line.startswith(f"{copied / 'trace.npz'}: is the trace of another run than {copied / 'manifest.json'}")
        assert re.search(said, line)
        assert (copied / "report.html").read_bytes() == page

    @pytest.mark.long
    def test_the_trace_of_the_same_scenario_with_another_file_of_prices(self, copied: Path, tmp_path: Path) -> None:
        """The digest is that of what the files hold, so the trace of other prices is told apart."""
        path = write_scenario(tmp_path / "other")
        prices = path.parent / "prices.csv"
        prices.write_text(prices.read_text().replace("2021-01-01 00:00,", "2021-01-01 00:00,1"))
        assert omnisim_command("run", path, "--seed", 3, "--out", tmp_path / "out").code == 0
        shutil.copy(tmp_path / "out" / "trace.npz", copied / "trace.npz")
        assert "is the trace of another run" in refusal("report", copied)

    @pytest.mark.parametrize(
        ("key", "value"),
        [("versions", "3.11"), ("versions", {"python": 3}), ("wall_seconds", "1"), ("wall_seconds", -1.0),
         ("command", None), ("seed", True), ("seed", -1), ("rounds", 0), ("digest", 5), ("scenario", ["toy"])],
    )  # fmt: skip
    def test_a_manifest_of_another_form(self, copied: Path, key: str, value: object) -> None:
        manifest = json.loads((copied / "manifest.json").read_text())
        (copied / "manifest.json").write_text(json.dumps(manifest | {key: value}))
        line = refusal("report", copied)
        assert f"the manifest is damaged ({key}" in line

    def test_a_manifest_that_is_nested_without_end(self, copied: Path) -> None:
        (copied / "manifest.json").write_text("[" * 100_000)
        assert "the manifest is damaged (it is nested too deeply)" in refusal("report", copied)

    def test_a_manifest_that_is_not_text(self, copied: Path) -> None:
        (copied / "manifest.json").write_bytes(b"\xff\xfe\x00")
        assert "the manifest is damaged" in refusal("report", copied)

    def test_a_missing_trace(self, copied: Path) -> None:
        (copied / "trace.npz").unlink()
        assert refusal("report", copied) == f"{copied / 'trace.npz'}: there is no such trace"

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # numpy leaves a bad zip open
    def test_a_trace_cut_short(self, copied: Path) -> None:
        good = (copied / "trace.npz").read_bytes()
        for kept in (0, 1, 10, len(good) // 2, len(good) - 1):
            (copied / "trace.npz").write_bytes(good[:kept])
            assert f"{copied / 'trace.npz'}: the trace is damaged" in refusal("report", copied)

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_a_trace_with_wrong_bytes(self, copied: Path) -> None:
        good = (copied / "trace.npz").read_bytes()
        for start in range(0, len(good), len(good) // 25):
            (copied / "trace.npz").write_bytes(good[:start] + b"\xff" * 8 + good[start + 8 :])
            try:
                run_directory.read_run(copied)
            except TraceError as refused:
                assert "damaged" in str(refused)

    @pytest.mark.parametrize("content", [b"not a trace", b"\x93NUMPY", None])
    def test_something_else_in_place_of_the_trace(self, copied: Path, content: bytes | None) -> None:
        if content is None:
            with (copied / "trace.npz").open("wb") as file:
                np.save(file, np.ones(3))
        else:
            (copied / "trace.npz").write_bytes(content)
        assert "the trace is damaged (" in refusal("report", copied)

    def test_a_trace_of_another_version(self, copied: Path) -> None:
        with np.load(copied / "trace.npz") as stored:
            arrays = dict(stored)
        header = json.loads(arrays["header"].tobytes())
        header["schema_version"] = 99
        arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
        np.savez(copied / "trace.npz", **arrays)
        assert "has schema version 99, this omnisim reads " in refusal("report", copied)


@pytest.mark.one_in(5)
@pytest.mark.parametrize("last", ["manifest.json", "scenario.toml", "trace.npz", "agents.parquet", "certificates.json"])
def test_a_run_that_was_stopped_while_it_wrote_is_run_again(tmp_path: Path, last: str) -> None:
    scenario, out = write_scenario(tmp_path), tmp_path / "out"
    replace = Path.replace

    def stopping(path: Path, target: Path) -> Path:
        replace(path, target)
        if target.name == last:
            raise KeyboardInterrupt
        return target

    with mock.patch.object(Path, "replace", stopping):
        assert omnisim_command("run", scenario, "--out", out).code == 130
    assert (out / last).exists()
    assert not (out / "report.html").exists()
    answer = omnisim_command("run", scenario, "--out", out)
    assert (answer.code, answer.err) == (0, "")
    assert {path.name for path in out.iterdir()} == FILES


@pytest.mark.parametrize("block", [4, 1 << 18], ids=["many groups of rows", "one group a population"])
def test_the_file_of_agents_is_the_table_of_agents(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Populations with names, with weights, and with neither: each column is there for all."""
    rng = np.random.default_rng(3)
    more = ({"agent_names": [f"home {n}" for n in range(5)]}, {}, {"weights": rng.uniform(1, 2, 5)})
    limits = [omnisim.LinearConstraint(rng.uniform(-0.2, 0.2, (5, 3, 2)))]
    populations = [
        omnisim.Population(f"population {i}", rng.uniform(0, 0.5, (5, 3, 2)), constraints=limits[: i % 2], **each)
        for i, each in enumerate(more)
    ]
    scenario = omnisim.Scenario(
        populations=populations,
        adversary=omnisim.adversaries.Replay(rng.random((12, 2))),
        forecaster=omnisim.forecasters.Climatology(),
        elimination=omnisim.elimination.FirstViolation(),
        subsequences={"all": None, "even": np.arange(12) % 2 == 0},
    )
    analysis = omnisim.analyze(omnisim.simulate(scenario))
    monkeypatch.setattr(sums, "_BLOCK", block)
    run_directory.write_agents(tmp_path / "agents.parquet", analysis)
    written, whole = pd.read_parquet(tmp_path / "agents.parquet"), tmp_path / "whole.parquet"
    analysis.agents.to_parquet(whole, index=False)
    pd.testing.assert_frame_equal(written, pd.read_parquet(whole))
    assert ParquetFile(tmp_path / "agents.parquet").num_row_groups == (9 if block == 4 else 3)
