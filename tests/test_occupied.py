"""Results of one command are not replaced by those of another, unless it is told to."""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from scenario_files import omnisim_command, refusal, write_scenario

from omnisim.errors import OutputError
from omnisim.occupied import check_unoccupied

pytestmark = [pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]

RUN = ("run", "--rounds", 6)


def state(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return write_scenario(tmp_path)


@pytest.fixture(scope="module")
def occupied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Path]]:
    """A scenario, and a folder with the results of a command on it, which nobody changes; made once of each kind."""

    @cache
    def made(kind: str) -> tuple[Path, Path]:
        scenario = write_scenario(tmp_path_factory.mktemp(kind))
        folder = scenario.parent / "out"
        assert omnisim_command(*command(kind, scenario, folder)).code == 0
        return scenario, folder

    return made


def command(kind: str, scenario: Path, folder: Path) -> list[object]:
    return {
        "run": ["run", scenario, "--rounds", 6, "--out", folder],
        "another seed": ["run", scenario, "--rounds", 6, "--seed", 9, "--out", folder],
        "another length": ["run", scenario, "--rounds", 5, "--out", folder],
        "a setting": ["run", scenario, "--rounds", 6, "--set", "forecaster.lag=2", "--out", folder],
        "comparison": ["compare", scenario, "--forecasters", "persistence", "--set", "rounds=6", "--seeds", 1,
                       "--jobs", 1, "--out", folder],
        "another comparison": ["compare", "synthetic_seasonal", "--forecasters", "persistence", "--set", "rounds=6",
                               "--seeds", 1, "--jobs", 1, "--out", folder],
        "study": ["study", "crowding", "--quick", "--jobs", 1, "--out", folder],
    }[kind]  # fmt: skip


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("run", "another seed", "holds the results of another run"),
        ("run", "another length", "holds the results of another run"),
        ("run", "a setting", "holds the results of another run"),
        ("run", "comparison", "holds the results of another run"),
        ("run", "study", "holds the results of another run"),
        ("comparison", "run", "holds another comparison"),
        ("comparison", "another comparison", "holds another comparison"),
        ("comparison", "study", "holds another comparison"),
    ],
)
def test_other_results_are_refused_in_one_line_and_left_as_they_are(first, second, said, occupied) -> None:
    scenario, folder = occupied(first)
    before = state(folder)
    line = refusal(*command(second, scenario, folder))
    assert said in line
    assert "--force" in line
    assert "--out" in line
    assert state(folder) == before


@pytest.mark.long
@pytest.mark.parametrize("kind", ["run", "comparison"])
def test_the_same_command_may_write_its_own_folder_again(kind, scenario, tmp_path) -> None:
    folder = tmp_path / "out"
    for _ in range(2):
        answer = omnisim_command(*command(kind, scenario, folder))
        assert (answer.code, answer.err) == (0, "")


@pytest.mark.long
@pytest.mark.usefixtures("with_pages")
def test_force_replaces_other_results(scenario, tmp_path) -> None:
    folder = tmp_path / "out"
    assert omnisim_command(*command("comparison", scenario, folder)).code == 0
    assert omnisim_command(*command("run", scenario, folder), "--force").code == 0
    # What says whose results they are is that of the run now, for every command that reads the folder.
    assert omnisim_command("report", folder).out.strip() == str(folder / "report.html")
    assert "omnisim run report" in (folder / "report.html").read_text(encoding="utf-8")
    assert refusal(*command("comparison", scenario, folder)).count("another run") == 1


@pytest.mark.long
def test_a_comparison_may_grow_in_its_folder(scenario, tmp_path) -> None:
    folder = tmp_path / "out"
    few = command("comparison", scenario, folder)
    assert omnisim_command(*few).code == 0
    more = ["persistence,climatology" if word == "persistence" else word for word in few]
    assert omnisim_command(*more).code == 0


@pytest.mark.parametrize("name", ["report.html", "scenario.toml", "agents.parquet"])
def test_files_that_somebody_else_put_there_are_not_overwritten(name, scenario, tmp_path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_text("mine")
    assert name in refusal(*command("run", scenario, folder))
    assert (folder / name).read_text() == "mine"


def test_files_that_are_no_results_are_in_nobodys_way(scenario, tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert omnisim_command(*command("run", scenario, tmp_path)).code == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_study_is_known_by_its_command(tmp_path) -> None:
    long = {"study": "scaling", "command": "omnisim study scaling --seed 0"}
    (tmp_path / "manifest.json").write_text(json.dumps(long), encoding="utf-8")
    check_unoccupied(tmp_path, long, force=False)
    with pytest.raises(OutputError, match="holds the results of another command, omnisim study scaling --seed 0"):
        check_unoccupied(tmp_path, {**long, "command": "omnisim study scaling --quick --seed 0"}, force=False)


@pytest.mark.parametrize("text", ["", "[]", "{", "7"])
def test_a_damaged_manifest_is_somebody_elses(text, tmp_path) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(OutputError, match=r"manifest\.json"):
        check_unoccupied(tmp_path, {"digest": "0"}, force=False)
