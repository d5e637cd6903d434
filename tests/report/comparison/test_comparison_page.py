"""The page of a comparison: its numbers are those of the runs, it is self-contained, bounded, and judges with care."""

import contextlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_text import Parsed
from scenario_files import omnisim_command
from small_comparison import FORECASTERS, ROUNDS, compared, small_scenario

import omnisim
from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.report.comparison import tables
from omnisim.report.comparison.course import planes
from omnisim.report.comparison.figures import shown_figures
from omnisim.report.comparison.page import render
from omnisim.report.comparison.runs import runs_to_look_at
from omnisim.report.comparison.scope import MOST_FORECASTERS, Scope
from omnisim.report.comparison.verdict import headline, verdict
from omnisim.report.tables import Table
from omnisim.report.template import MOST_BYTES

pytestmark = pytest.mark.whole

FEW = {f"populations.{name}.agents": 8 for name in ("buyers", "factories", "operators")}

HOSTILE = "</script><script>alert(1)</script>"


class Broken(omnisim.forecasters.Climatology):
    """Fails in every round."""

    def _predict(self, context: Any) -> Any:
        raise omnisim.OmnisimError(f"out of {HOSTILE} luck")


@pytest.fixture(scope="module")
def comparison() -> omnisim.Comparison:
    return compared(seeds=4)


@pytest.fixture(scope="module")
def page_of_comparison(comparison: omnisim.Comparison) -> bytes:
    return render(comparison)


@pytest.fixture(scope="module")
def ercot(tmp_path_factory: pytest.TempPathFactory) -> omnisim.Comparison:
    scenario = omnisim.load_scenario("ercot_day_ahead", {"rounds": 20, **FEW})
    folder = tmp_path_factory.mktemp("ercot")
    return omnisim.compare(scenario, ["persistence", "climatology"], seeds=2, jobs=1, out=folder, command="again")


@pytest.fixture(scope="module")
def page_of_ercot(ercot: omnisim.Comparison) -> bytes:
    return render(ercot)


def values(table: Table, title: str, unit: str | None = None) -> list[Any]:
    (index,) = [i for i, c in enumerate(table.columns) if c.title == title and unit in (None, c.unit)]
    return [row[index].value for row in table.rows]


def texts(table: Table, title: str, unit: str | None = None) -> list[str]:
    (index,) = [i for i, c in enumerate(table.columns) if c.title == title and unit in (None, c.unit)]
    return [row[index].text for row in table.rows]


def test_the_leaderboard_has_the_means_of_the_runs_best_first(comparison: omnisim.Comparison) -> None:
    table = tables.leaderboard(Scope(comparison))
    agents = comparison.agents[comparison.agents["subsequence"] == "all"]
    names = agents.groupby("forecaster", observed=True)["money"].mean().sort_values(ascending=False).index.tolist()
    assert values(table, "forecaster") == names
    for measure, unit in (("money", "EUR per agent over the run"), ("utility", "per agent over the run")):
        by_seed = agents.groupby(["forecaster", "seed"], observed=True)[measure].mean().unstack("forecaster")[names]
        np.testing.assert_allclose(values(table, measure, unit), by_seed.mean(), rtol=1e-6)
        against = by_seed.sub(by_seed["last"], axis=0).mean()
        found = np.array(values(table, "difference", measure), dtype=float)
        np.testing.assert_allclose(found, against.where(against.index != "last"), rtol=1e-5)
        assert texts(table, "verdict", f"on {measure}")[names.index("last")] == "reference"


def test_shares_of_agents_are_counted_one_by_one(comparison: omnisim.Comparison) -> None:
    agents = comparison.agents.astype({"forecaster": object})
    earned = agents[agents["population"] == "many"].pivot_table(
        index=["seed", "agent", "subsequence"], columns="forecaster", values="utility", observed=True
    )
    change = (earned["truth"] - earned["last"]).xs("all", level="subsequence")
    table = tables.gains(Scope(comparison))
    names = zip(*(values(table, name) for name in ("forecaster", "population", "subsequence")), strict=True)
    row = list(names).index(("truth", "many", "all"))
    assert values(table, "gain")[row] == pytest.approx(100 * (change > 1e-9).mean())
    assert values(table, "lose")[row] == pytest.approx(100 * (change < -1e-9).mean())
    money = agents[agents["population"] == "many"].pivot_table(
        index=["seed", "agent", "subsequence"], columns="forecaster", values="money", observed=True
    )
    gained = (money["truth"] - money["last"]).xs("all", level="subsequence")
    # Rounds without dates have no year.
    assert values(table, "median")[row] == pytest.approx(float(np.median(gained)), rel=1e-6)
    assert texts(table, "median")[row].endswith("EUR")


def test_money_of_a_market_is_that_of_a_year(ercot: omnisim.Comparison, page_of_ercot: bytes) -> None:
    scope = Scope(ercot)
    table = tables.leaderboard(scope)
    runs = ercot.runs.groupby("forecaster")["money"].mean() * DAYS_OF_A_YEAR / 20
    found = dict(zip(values(table, "forecaster"), values(table, "money"), strict=True))
    assert found == pytest.approx(runs.to_dict(), rel=1e-6)
    assert "USD per customer and year" in Parsed(page_of_ercot).text


def test_points_of_the_plane_are_rates_of_the_rounds(comparison: omnisim.Comparison) -> None:
    (figure,) = shown_figures(Scope(comparison))["plane"].variants
    agents = comparison.agents
    own = agents[
        (agents["population"] == "many") & (agents["forecaster"] == "truth") & (agents["subsequence"] == "even")
    ]
    (many,) = [each for each in small_scenario().populations if each.name == "many"]
    in_money = own.assign(regret=own["swap_regret"] * many.money.scale[own["agent"]])
    expected = in_money.groupby("seed")["regret"].mean().mean() / (ROUNDS / 2)
    drawn = [x for trace in figure.data if trace.xaxis == "x" and trace.text for x in trace.x]
    assert min(abs(x - expected) for x in drawn) <= 1e-4 * abs(expected)


def test_nothing_is_judged_without_an_interval() -> None:
    # One seed and one block of rounds leave nothing to resample.
    scope = Scope(omnisim.compare(small_scenario(rounds=1), FORECASTERS, seeds=1, jobs=1))
    assert headline(scope).startswith("No interval can be formed, so nothing is judged")
    table = tables.leaderboard(scope)
    for measure in ("money", "utility"):
        assert set(texts(table, "verdict", f"on {measure}")) == {"reference", "no interval"}
    assert values(table, "interval", "utility") == [None] * 3
    said = " ".join(sentence for _, sentences in verdict(scope).points for sentence in sentences)
    assert not re.search("better|worse|separated", said)
    for name, shown in shown_figures(scope).items():
        for figure in shown.variants:
            if name == "map":
                assert not any("<b>" in text for trace in figure.data for row in trace.text for text in row)
            if name == "leaderboard":
                assert all(trace.mode == "markers" for trace in figure.data)


def test_a_verdict_repeats_that_of_the_table(comparison: omnisim.Comparison) -> None:
    said = headline(Scope(comparison))
    for row in comparison.table.to_dict("records"):
        if row["verdict"] in ("better", "worse"):
            assert re.search(rf"{row['verdict']} than last: [^;]*{row['forecaster']}", said)
    judged = comparison.table[~comparison.table["verdict"].isin(["", "not separated"])]
    assert len(judged) or said == "No forecaster is separated from last in utility."


def test_measures_of_one_market_are_not_judged_by_other_agents(ercot: omnisim.Comparison) -> None:
    (sentences,) = [found for heading, found in verdict(Scope(ercot)).points if heading == "Regret and CCV"]
    assert len(sentences) == 1
    assert sentences[0].startswith("swap regret and CCV+ are not judged: with one replayed market")


def test_runs_to_look_at() -> None:
    comparison = compared(seeds=3, reference="truth")
    table = runs_to_look_at(Scope(comparison), beside=True)
    runs = comparison.runs.set_index(["forecaster", "seed"])
    rows = list(zip(*(values(table, name) for name in ("why", "forecaster", "seed")), strict=True))
    slowest = runs["seconds"].sort_values(ascending=False)
    assert [(name, seed) for why, name, seed in rows if why == "slowest"] == slowest.index[:5].tolist()
    worst = (runs["money"] - runs["money"].xs("truth")).drop("truth").sort_values()
    expected = worst[worst < 0].index[:5].tolist()
    assert expected
    assert [(name, seed) for why, name, seed in rows if why == "worst difference"] == expected


@pytest.mark.whole
def test_commands_and_links_lead_to_the_scenarios(ercot: omnisim.Comparison, page_of_ercot: bytes) -> None:
    page = ercot.folder / "report.html"
    omnisim.write_comparison(ercot, page)
    links = {found["href"] for tag, found in Parsed(page.read_bytes()).elements if tag == "a"}
    files = {link for link in links if link and not link.startswith("#")}
    assert files
    assert all((ercot.folder / link).is_file() for link in files)
    assert f"omnisim run {min(files)} --seed" in page.read_text(encoding="utf-8")
    away = [found["href"] for tag, found in Parsed(page_of_ercot).elements if tag == "a"]
    assert all(link and link.startswith("#") for link in away)


@pytest.mark.whole
def test_pages_of_runs_and_of_their_comparison_lead_to_each_other(tmp_path: Path) -> None:
    scenario = omnisim.load_scenario("ercot_day_ahead", {"rounds": 6, **FEW})
    found = omnisim.compare(scenario, ["persistence", "climatology"], seeds=1, jobs=1, out=tmp_path)
    page = tmp_path / "report.html"
    omnisim.write_comparison(found, page)

    def links(path: Path) -> set[Path]:
        away = [found["href"] or "" for tag, found in Parsed(path.read_bytes()).elements if tag == "a"]
        return {(path.parent / link).resolve() for link in away if not link.startswith("#")}

    run = found.runs["run"][0]
    own = tmp_path / "pages" / run / "report.html"
    assert own not in links(page)
    command = found.runs["command"][0].split()
    assert command[-2:] == ["--out", f"pages/{run}"]
    with contextlib.chdir(tmp_path):
        assert omnisim_command(*command[1:]).code == 0
    assert links(own) == {page}
    # The run's command has written the page of the comparison again, with a link.
    assert own in links(page)
    assert links(page) <= {path for path in tmp_path.rglob("*") if path.is_file()}
    # A run that is nobody's leads nowhere.
    assert omnisim_command(*command[1:-1], tmp_path / "alone").code == 1
    with contextlib.chdir(tmp_path):
        assert omnisim_command(*command[1:-1], tmp_path / "alone").code == 0
    assert links(tmp_path / "alone" / "report.html") == set()


def test_nothing_is_asked_of_the_network(page_of_comparison: bytes) -> None:
    page = Parsed(page_of_comparison)
    policy = next(found["content"] for _, found in page.elements if found.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src")
    assert not any(found.get("src") for _, found in page.elements)
    plots = [found for _, found in page.elements if found.get("class") == "plot"]
    assert len(plots) == 8
    assert all(len(plot["aria-label"] or "") > 30 for plot in plots)


def test_a_failed_run_is_said_and_listed() -> None:
    comparison = omnisim.compare(small_scenario(), {"a": "climatology", "b": Broken()}, seeds=2, jobs=1)
    page = render(comparison)
    text = Parsed(page).text
    assert "2 of 4 runs finished, 2 failed." in text
    assert f"out of {HOSTILE} luck" in text
    assert b"<script>alert" not in page


def test_a_violated_certificate_is_the_first_thing_said(comparison: omnisim.Comparison) -> None:
    forged = omnisim.load_comparison(comparison.folder)
    table = comparison.certificates.copy()
    table.loc[table.index[-1], ["held", "violated", "measured", "bound", "excess"]] = [3, 1, 5.0, 3.0, 2.0]
    forged.__dict__["certificates"] = table
    page = Parsed(render(forged))
    body = next(index for index, (tag, _) in enumerate(page.elements) if tag == "body")
    assert page.elements[body + 1] == ("div", {"class": "alarm", "role": "alert"})
    assert f"1 of {int(table['runs'].sum())} checks are violated" in page.text
    assert "measured 5, bound 3" in page.text


def test_texts_stay_texts(page_of_comparison: bytes) -> None:
    scenario = small_scenario().replace(name=HOSTILE, subsequences={HOSTILE: None, "<b>": np.arange(ROUNDS) % 2 == 0})
    found = omnisim.compare(scenario, {HOSTILE: "climatology", "%{x}": "persistence"}, seeds=2, jobs=1, command=HOSTILE)
    page = render(found).decode()
    assert "<script>alert" not in page
    assert len(re.findall("<script", page)) == len(re.findall(b"<script", page_of_comparison))
    for shown in shown_figures(Scope(found)).values():
        for figure in shown.variants:
            figure.update_layout(meta=None, title=None)  # plain text, which the page escapes
            written = figure.to_json()
            assert "<script" not in written
            assert "%{x}" not in written.replace("%{x}%", "")


def test_one_forecaster_alone() -> None:
    found = omnisim.compare(small_scenario(), ["climatology"], seeds=2, jobs=1)
    page = Parsed(render(found))
    assert "climatology alone: there is nothing to compare it with." in page.text
    assert "Who gains" not in page.text
    assert "nan" not in page.text.lower().split()


@pytest.mark.whole
def test_many_forecasters_make_a_bounded_page() -> None:
    count = 14
    names = {f"{'a long name ' * 3}{lag}": {"kind": "persistence", "lag": lag} for lag in range(1, count + 1)}
    found = omnisim.compare(small_scenario(), names, seeds=1, jobs=1)
    scope = Scope(found)
    assert len(set(scope.rows.values())) == count
    page = render(found)
    assert len(page) < MOST_BYTES
    assert f"Drawn are 8 of {count} forecasters" in page.decode()
    ((_, plane),) = planes(scope)
    assert sum(1 for trace in plane().data if trace.text) <= 2 * MOST_FORECASTERS


@pytest.mark.whole
def test_the_page_is_the_same_for_the_same_runs(comparison: omnisim.Comparison, tmp_path: Path) -> None:
    for name in ("a", "b"):
        omnisim.write_comparison(omnisim.load_comparison(comparison.folder), tmp_path / name / "report.html")
    assert (tmp_path / "a" / "report.html").read_bytes() == (tmp_path / "b" / "report.html").read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["report.html"]


@pytest.mark.whole
def test_an_interrupted_comparison_says_what_is_missing(tmp_path: Path) -> None:
    found = compared(tmp_path, seeds=2)
    run = found.runs.iloc[-1]["run"]
    (tmp_path / "runs" / f"{run}.parquet").unlink()
    text = Parsed(render(omnisim.load_comparison(tmp_path))).text
    assert "5 of 6 runs finished, 1 have not been run: the same command goes on with them." in text


@pytest.mark.whole
def test_the_page_is_written_again_from_the_folder(ercot: omnisim.Comparison) -> None:
    page = ercot.folder / "report.html"
    page.unlink(missing_ok=True)
    answer = omnisim_command("report", ercot.folder)
    assert (answer.code, answer.err, answer.out.strip()) == (0, "", str(page))
    assert page.read_bytes() == render(ercot, beside=True)
