"""The study as a whole: from the command line on the embedded market, and on files of forecasts."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from headings import unexplained_on
from scenario_files import omnisim_command, refusal

from omnisim.report.study.page import render
from omnisim.report.template import breakable
from omnisim.studies import Options
from omnisim.studies.contests import COMPARISONS
from omnisim.studies.frame import Frame
from omnisim.studies.real_markets import page as module
from omnisim.studies.real_markets.cases import Plan

TABLES = {
    *("settings", "leaderboard", "differences", "worst_regret", "switching", "changed", "engine", "cost", "regret"),
    *("subsequences", "runs"),
}


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder of ``omnisim study real-markets --quick``, and what it printed."""
    folder = tmp_path_factory.mktemp("studies") / "real-markets"
    answer = omnisim_command("study", "real-markets", "--quick", "--seed", 2, "--jobs", 1, "--out", folder)
    assert answer.code == 0
    [warning] = answer.err.splitlines()
    assert warning.startswith(
        "omnisim: warning: The range from −50 to 250 USD/MWh of ERCOT, which the theory needs, cuts "
    )
    assert unexplained_on(folder / "report.html") == {}
    return folder, answer.out.splitlines()


@pytest.mark.whole
class TestFromTheCommandLine:
    def test_the_page_comes_with_every_table_twice(self, quick) -> None:
        folder, _ = quick
        expected = {f"{name}.{ending}" for name in TABLES for ending in ("csv", "parquet")}
        assert {path.name for path in folder.iterdir()} == expected | {"report.html", "manifest.json", COMPARISONS}

    def test_it_prints_the_findings_and_the_page(self, quick) -> None:
        folder, (*found, page) = quick
        assert page == str(folder / "report.html")
        assert Counter(line.split("  ")[0].strip() for line in found) == {"agrees": 1, "not judged": len(found) - 1}

    def test_every_certificate_holds(self, quick) -> None:
        runs = pd.read_parquet(quick[0] / "runs.parquet")
        assert runs["violated"].sum() == 0
        assert set(runs["seed"]) == {2000, 2001}

    def test_the_page_says_what_the_tables_say(self, quick) -> None:
        folder, _ = quick
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert len(page) < 1_500_000
        assert "The one finding agrees with the aims." in page
        assert "No data were given, so this is the market that the package ships" in page
        assert "omnisim study real-markets --quick --seed 2" in page
        leaderboard = pd.read_parquet(folder / "leaderboard.parquet")
        assert leaderboard.iloc[0]["forecaster"] == "perfect foresight"
        assert leaderboard["% of the distance"].is_monotonic_decreasing
        for name in leaderboard["forecaster"]:
            assert f"<td>{breakable(name)}</td>" in page

    def test_the_manifest_says_how_to_run_it_again(self, quick) -> None:
        manifest = json.loads((quick[0] / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["command"] == "omnisim study real-markets --quick --seed 2"
        assert manifest["data"] == "embedded"

    def test_data_without_forecasts_is_refused(self, tmp_path) -> None:
        told = refusal("study", "real-markets", "--data", tmp_path, "--out", tmp_path / "out")
        assert told.startswith(f"{tmp_path} holds no forecasts of epftoolbox")
        assert not (tmp_path / "out").exists()


@pytest.fixture
def tiny() -> Frame:
    return replace(module.STUDY, quick=Plan(replicates=1, agents=(3, 2, 3), rounds=30))


@pytest.mark.whole
def test_with_published_forecasts(parquet, tiny) -> None:
    told: list[tuple[int, int]] = []
    found = tiny(Options(quick=True, jobs=1, data=parquet, progress=lambda done, total: told.append((done, total))))
    settings = found.tables["settings"].frame.set_index("market")
    assert list(settings.index) == ["AA", "PJM", "ERCOT"]
    assert settings.loc["PJM", "currency"] == "USD"
    assert (settings["high load"] > 0).tolist() == [True, False, False]
    _, _, left_out = found.tables["settings"].note.partition("PJM: ")
    assert "high load (no day-ahead forecast of it)" in left_out.partition(";")[0]
    runs = found.tables["runs"].frame
    assert Counter(runs["market"]) == {"AA": 15, "PJM": 15, "ERCOT": 12}
    assert told[-1] == (30 * len(runs), 30 * len(runs))
    (leaderboard,) = (chart for chart in found.sections[0].charts)
    assert list(leaderboard.variants) == ["AA", "PJM", "ERCOT"]
    page = render(found).decode()
    assert "The one finding agrees with the aims." in page
    assert "nan" not in {str(cell) for line in page.splitlines() if line.startswith("<td") for cell in line.split(">")}


@pytest.mark.whole
def test_with_a_folder_of_epftoolbox(toolbox, tiny) -> None:
    found = tiny(Options(quick=True, jobs=1, data=toolbox))
    assert set(found.tables["runs"].frame["market"]) == {"BE", "ERCOT"}
    assert {"dnn_1", "lear_ensemble", "calibrated: all"} <= set(found.tables["runs"].frame["forecaster"])


@pytest.mark.browser
def test_the_page_is_drawn_quietly_and_fits(fitting, quick) -> None:
    page = fitting(quick[0] / "report.html")
    assert page.locator("figure").count() == 4
    page.locator("#figure-agents select").select_option(index=2)
