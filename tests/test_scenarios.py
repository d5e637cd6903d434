"""Every shipped scenario says what it shows, is valid as it stands, and runs."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from data_folder import data_file
from scenario_files import omnisim_command, refusal

import omnisim
from omnisim.scenario import shipped

FILES = sorted(shipped.folder().glob("*.toml"))

GIVEN = {"victoria_hot_days": ("weather", "vic_daily_2015_2020.csv.gz")}
"""Scenarios whose data the user gives by path, and where the data folder has them."""


def given(scenario: Path) -> list[str]:
    """What the command line is told besides the scenario."""
    return ["--set", f"market.path={data_file(*GIVEN[scenario.stem])}"] if scenario.stem in GIVEN else []


def test_there_are_some() -> None:
    assert {path.stem for path in FILES} >= {"ercot_day_ahead", "own_prices", "synthetic_seasonal"}
    assert set(shipped.summaries()) == {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestShipped:
    def test_the_first_line_says_what_it_shows(self, path: Path) -> None:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# ")
        assert len(first) > 30
        assert first.endswith((".", ":"))

    def test_it_has_a_description_for_the_report(self, path: Path) -> None:
        assert tomllib.loads(path.read_text(encoding="utf-8"))["description"].endswith(".")

    @pytest.mark.one_in(6)
    def test_it_runs(self, path: Path) -> None:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        few = {f'populations."{name}".agents': 3 for name, table in tree["populations"].items() if "agents" in table}
        # A few rounds may miss a subsequence; validation has built them all.
        data = {"market.path": str(data_file(*GIVEN[path.stem]))} if path.stem in GIVEN else {}
        scenario = omnisim.load_scenario(path, {"rounds": 5, "subsequences": {"all": True}, **few, **data})
        analysis = omnisim.analyze(omnisim.simulate(scenario))
        assert set(analysis.agents["population"]) == set(tree["populations"])
        assert np.isfinite(analysis.agents["swap_regret"]).all()
        assert analysis.certificates["holds"].all()


VALIDATED = {"ercot_day_ahead", "lossy_broadcast", "price_spikes", "retailers", "synthetic_seasonal"}
"""Those that the command validates in the quick suite too, which runs some rounds of all of them."""


@pytest.mark.one_in(5)
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem, marks=() if path.stem in VALIDATED else pytest.mark.whole) for path in FILES],
)
def test_it_is_valid(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shipped.find(path.stem).samefile(path)
    answer = omnisim_command("validate", path, *given(path))
    assert answer.code == 0, answer.err
    assert answer.out.startswith(f"{path.stem}: valid; ")


@pytest.mark.long
def test_a_name_stands_for_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = shipped.folder() / "synthetic_seasonal.toml"
    answers = [omnisim_command("validate", name) for name in (path, path.stem)]
    # The time that a run would take is measured, and differs from one time to the next.
    told = [[line for line in found.out.splitlines() if "  time  " not in line] for found in answers]
    assert told[0] == told[1]
    assert [(found.code, found.err) for found in answers] == [(0, "")] * 2


@pytest.mark.parametrize("name", GIVEN)
class TestDataOfTheUser:
    def test_they_are_not_shipped(self, name: str) -> None:
        tree = tomllib.loads((shipped.folder() / f"{name}.toml").read_text(encoding="utf-8"))
        assert not (shipped.folder() / tree["market"]["path"]).exists()

    def test_one_line_says_that_the_file_is_absent(self, name: str) -> None:
        path = shipped.folder() / f"{name}.toml"
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        wanted = f"{path}: market: {path.parent / tree['market']['path']} does not exist: a file is needed"
        assert refusal("run", name) == refusal("validate", path) == wanted
