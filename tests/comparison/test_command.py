"""``omnisim compare``: what it prints and what it leaves."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scenario_files import omnisim_command, refusal, write_scenario

import omnisim

pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return write_scenario(tmp_path)


def compare(scenario: Path, *arguments: object) -> list[object]:
    return ["compare", scenario, "--jobs", 1, "--out", scenario.parent / "out", *arguments]


def test_the_whole_grid(scenario: Path) -> None:
    answer = omnisim_command(
        *compare(scenario, "--forecasters", "climatology,persistence(lag=2)", "--seeds", 2),
        *("--eliminations", "first_violation,best_response", "--set", "market.high=100.0,150.0", "--set", "rounds=8"),
    )
    assert (answer.code, answer.err) == (0, "")
    verdict, _, rest = answer.out.partition("money, ")
    who = "persistence(lag=2) (first_violation, market.high=100.0)"
    assert f"{who} against climatology, per customer and year: buyers " in verdict
    assert "less than with climatology" in verdict
    assert "“stressed load” was exceeded" in verdict
    assert " could have failed and hold" in verdict
    lines = rest.splitlines()
    assert lines[0] == "EUR per customer and year, and the difference to climatology with a 95% interval"
    found = omnisim.load_comparison(scenario.parent / "out")
    for line, row in zip(lines[1:9], found.table.to_dict("records"), strict=True):
        assert line.startswith(f"  {row['forecaster']}, {row['elimination']}, {row['setting']} ")
        numbers = re.findall(r" ([+−]?[\d,]+(?:\.\d+)?) ?", line.partition(row["setting"])[2])
        told = [float(each.replace("−", "-").replace(",", "")) for each in numbers]
        assert told[0] == pytest.approx(row["money"] * 365 / 8, rel=1e-3, abs=0.51)
        if row["forecaster"] != "climatology":
            money = found.overall[found.overall["measure"] == "money"].set_index(["elimination", "setting"])
            expected = money.loc[row["elimination"], row["setting"]]["difference"] * 365 / 8
            assert told[1] == pytest.approx(expected, rel=1e-3, abs=0.51)
    assert lines[-2].startswith("  the 4 intervals hold together with 95%; allowed for is what varies with ")
    assert lines[-1] == str(scenario.parent / "out" / "report.html")
    assert len(found.table) == 2 * 2 * 2
    assert list(found.table["runs"]) == [2] * 8
    assert set(found.table["setting"]) == {"market.high=100.0", "market.high=150.0"}
    assert set(found.runs["rounds"]) == {8}
    assert found.about["name"] == "toy"
    assert "--seeds" in found.about["command"] or found.about["command"].startswith("omnisim compare")


def test_every_run_can_be_run_again(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    omnisim_command(*compare(scenario, "--forecasters", "climatology,persistence(lag=2)", "--seeds", 2))
    found = omnisim.load_comparison(scenario.parent / "out")
    monkeypatch.chdir(found.folder)
    for row in found.runs.itertuples():
        command = row.command.split()
        assert command[0] == "omnisim"
        answer = omnisim_command(*command[1:], "--out", row.run)
        assert answer.code == 0, answer
        own = found.agents[found.agents["run"] == row.run]
        alone = pd.read_parquet(found.folder / row.run / "agents.parquet")
        for column in ("utility", "swap_regret", "ccv", "money"):
            np.testing.assert_array_equal(own[column].to_numpy(), alone[column].to_numpy())


def test_the_same_command_goes_on(scenario: Path) -> None:
    arguments = compare(scenario, "--forecasters", "climatology,persistence", "--seeds", 2)
    first = omnisim_command(*arguments)
    path = min((scenario.parent / "out" / "agents").iterdir())
    path.write_bytes(path.read_bytes()[:50])
    second = omnisim_command(*arguments)
    assert second.code == 0
    assert second.err.startswith(f"omnisim: {path}: is damaged")
    assert second.out == first.out


def test_the_name_of_the_scenarios_own_forecaster_keeps_its_parameters(scenario: Path) -> None:
    scenario.write_text(scenario.read_text(encoding="utf-8").replace('"persistence"', '"persistence"\nlag = 3'))
    omnisim_command(*compare(scenario, "--forecasters", "persistence,persistence(lag=1)", "--seeds", 1))
    found = omnisim.load_comparison(scenario.parent / "out")
    lags = [omnisim.load_scenario(path).forecaster.lag for path in (found.folder / "scenarios").iterdir()]
    assert sorted(lags) == [1, 3]


def test_a_plugin(scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import numpy as np\nfrom omnisim.strategies.forecasters.base import Forecaster\n"
        "class CompareHalf(Forecaster):\n    def _predict(self, context):\n"
        "        return np.full(self.service.dimension, {value})\n"
    )
    (tmp_path / "compare_half.py").write_text(code.format(value=0.5), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    arguments = compare(scenario, "--forecasters", "climatology,compare_half", "--plugin", "compare_half")
    assert omnisim_command(*arguments, "--seeds", 1).code == 0
    first = omnisim.load_comparison(scenario.parent / "out").runs["run"]
    # Other code is another forecaster, under the same name and with the same parameters.
    (tmp_path / "compare_half.py").write_text(code.format(value=0.6), encoding="utf-8")
    assert omnisim_command(*arguments, "--seeds", 1).code == 0
    second = omnisim.load_comparison(scenario.parent / "out").runs["run"]
    assert first[0] == second[0]
    assert first[1] != second[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--forecasters", "persitence"], "did you mean 'persistence'"),
        (["--forecasters", "persistence(lag"], "lacks the name of a parameter and '='"),
        (["--forecasters", "missing.toml"], "--forecasters missing.toml: there is no such file"),
        (["--forecasters", "persistence", "--set", "forecaster.kind=a"], "use --forecasters"),
        (["--forecasters", "persistence", "--set", "market.hig=1,2"], "did you mean 'high'"),
        (["--forecasters", "persistence", "--set", "rounds"], "must have the form KEY=VALUE"),
        (["--forecasters", "persistence", "--seeds", 0], "seeds must be"),
        (["--forecasters", "persistence", "--reference", "x"], "the reference 'x' is not among the forecasters"),
        (["--forecasters", "persistence", "--eliminations", "hegde"], "did you mean 'hedge'"),
    ],
)
def test_refusals(scenario: Path, arguments: list[object], said: str) -> None:
    assert said in refusal(*compare(scenario, *arguments))
    assert not (scenario.parent / "out").exists()
