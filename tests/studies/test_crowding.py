"""The quick variant of the crowding study, and what its two markets do."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from headings import unexplained_on
from scenario_files import omnisim_command, refusal

import omnisim
from omnisim.forecasters import Forecaster, Persistence
from omnisim.report.drawings import Drawing
from omnisim.report.text import percent, score, signed_amount, signed_score
from omnisim.simulation.simulate import simulate
from omnisim.studies import Options
from omnisim.studies.contests import COMPARISONS, compared
from omnisim.studies.crowding import cases as module
from omnisim.studies.crowding import findings, page
from omnisim.studies.crowding.cases import CALIBRATED, FORECASTERS, FULL, QUICK, SINGLE, Plan, cases, two_hours
from omnisim.studies.crowding.cases import runs as runs_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies") / "crowding"
    answer = omnisim_command("study", "crowding", "--quick", "--seed", 2, "--jobs", 1, "--out", folder)
    assert (answer.code, answer.err) == (0, "")
    assert "DISAGREES" not in answer.out
    assert unexplained_on(folder / "report.html") == {}
    assert answer.out.count("not judged") == 2 + 1 + 2  # growth needs longer runs, and so does the effect of a crowd
    return folder


@pytest.mark.whole
def test_it_leaves_a_page_and_its_tables(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert names - {COMPARISONS} == {f"{name}.{end}" for name in ("market", "runs") for end in ("csv", "parquet")} | {
        "report.html",
        "manifest.json",
    }
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"] == "omnisim study crowding --quick --seed 2"


@pytest.mark.whole
def test_every_forecaster_is_in_both_markets(folder: Path) -> None:
    runs = pd.read_parquet(folder / "runs.parquet")
    assert len(runs) == sum(len(case.forecasters) * len(case.seeds) for case in cases(QUICK, Options()))
    assert set(runs["forecaster"]) == set(FORECASTERS) == {*SINGLE, *CALIBRATED}
    assert set(runs["part"]) == {"hours", "merit order"}
    assert (runs["violated"] == 0).all()
    assert (runs["certificates"] > 0).all()


@pytest.mark.whole
def test_one_prediction_for_all_costs_half_of_the_rounds(folder: Path) -> None:
    runs = pd.read_parquet(folder / "runs.parquet")
    hours = runs[runs["part"] == "hours"].set_index("forecaster")
    for name in SINGLE:
        np.testing.assert_allclose(hours.loc[name, "swap_regret"], hours.loc[name, "rounds"] / 2)
    for name in CALIBRATED:
        assert (hours.loc[name, "swap_regret"] < hours.loc[name, "rounds"] / 2).all()


@pytest.mark.long
@pytest.mark.parametrize("high", [200.0, 60.0])
def test_what_is_paid_is_the_mean_price_of_a_megawatt_hour(high: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """With loops over rounds, agents and hours; also where the range of the theory ends below the prices."""

    def market(forecaster: Forecaster, rounds: int, customers: float) -> omnisim.Scenario:
        overrides = {"rounds": rounds, "adversary.customers": customers, "market.high": high}
        overrides |= {"populations.buyers.stress_price": 50.0, "adversary.price_cap": 200.0}
        return omnisim.load_scenario("merit_order", overrides).replace(forecaster=forecaster)

    monkeypatch.setattr(module, "merit_order", market)
    case = replace(cases(Plan((), (1200.0,), 6, 2), Options())[0], seeds=[4, 5])
    (comparison,) = compared([case], Options(jobs=1), lambda *_: None)
    rows = runs_of(case, comparison).set_index(["forecaster", "seed"])
    assert set(rows["replicate"]) == {0, 1}
    row = rows.loc[("Persistence", 5)]
    trace = simulate(market(Persistence(), 6, 1200.0), seed=5)
    prices = high * trace.true_outcomes
    assert (prices.max() > high) == (high == 60.0)
    record = trace.records["buyers"]
    them = record.population
    bill = energy = money = 0.0
    for t in range(6):
        for n in range(them.agents):
            a = record.actions[t, n]
            money += them.money.offset[n] + them.money.scale[n] * them.offset[n, a]  # at a price of 0
            for hour in range(24):
                drawn = them.load[n, a, hour]
                bill += drawn * prices[t, hour]
                money -= drawn * prices[t, hour]
                energy += drawn
    assert row["paid"] == pytest.approx(bill / energy)
    assert row["money"] == pytest.approx(money / (6 * them.agents), abs=1e-9 * bill)
    assert (row["cut"] > 0) == (high == 60.0)


@pytest.mark.whole
def test_money_is_told_per_year(folder: Path) -> None:
    runs = pd.read_parquet(folder / "runs.parquet")
    market = pd.read_parquet(folder / "market.parquet")
    means = (
        runs[runs["part"] == "merit order"].groupby(["customers", "forecaster"], sort=False)[["paid", "money"]].mean()
    )
    np.testing.assert_allclose(market["money, EUR per customer and year"], 365 * means["money"])
    np.testing.assert_allclose(market["paid, EUR/MWh"], means["paid"])
    many = runs[(runs["part"] == "merit order") & (runs["customers"] == runs["customers"].max())]
    own, other = (
        many[many["forecaster"] == name].set_index("replicate")["money"] for name in (CALIBRATED[0], "Persistence")
    )
    gain = float(365 * (own - other).mean())
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert f"{CALIBRATED[0]}: each customer has {signed_amount(gain)} [" in page
    assert "EUR more a year than with Persistence" in page


def test_the_price_paid_is_weighted_with_what_was_drawn() -> None:
    """Ten buyers in the first hour or the second, and what the hour was that each chose."""
    trace = simulate(two_hours(Persistence(), 8))
    paid = [trace.prices[t, a] for t, actions in enumerate(trace.actions["buyers"]) for a in actions]
    found = module.observe(omnisim.analyze(trace))
    assert found == {"paid": [pytest.approx(sum(paid) / len(paid))], "cut": [0.0]}
    assert abs(found["paid"][0] - trace.prices.mean()) > 0.1


@pytest.fixture
def crowds() -> pd.DataFrame:
    """Made-up runs of the market in merit order, which vary by replicate, forecaster and size of the crowd."""
    rng = np.random.default_rng(2)
    columns = ("paid", "money", "swap_regret", "external_regret")
    return pd.DataFrame(
        {"part": "merit order", "forecaster": name, "rounds": 9, "customers": customers, "replicate": replicate}
        | dict(zip(columns, rng.uniform(1, 9, 4), strict=True))
        for name in FORECASTERS
        for customers in (0.0, 300.0, 900.0)
        for replicate in range(4)
    )


def of(rows: pd.DataFrame, name: str, customers: float, column: str) -> list[float]:
    """A column of the runs of a forecaster with a crowd, by replicate."""
    return rows[(rows["forecaster"] == name) & (rows["customers"] == customers)][column].tolist()


def test_findings_on_the_market_are_told_per_year(crowds: pd.DataFrame) -> None:
    dearer, *changes = findings._of_market(crowds)
    more = np.subtract(of(crowds, "Persistence", 900.0, "paid"), of(crowds, "Persistence", 0.0, "paid")).mean()
    assert dearer.measured.startswith(f"Persistence: {signed_amount(more)} [")
    for name, finding in zip(CALIBRATED, changes, strict=True):
        own, other = ({key: of(crowds, each, 900.0, key) for key in crowds} for each in (name, "Persistence"))
        gain = 365 * (sum(own["money"]) - sum(other["money"])) / 4
        regrets = [sum(each["swap_regret"]) / 4 for each in (own, other)]
        assert f"{name}: each customer has {signed_amount(gain)} [" in finding.measured
        assert "] EUR more a year than with Persistence" in finding.measured
        assert f"swap regret {score(regrets[0])} against {score(regrets[1])}," in finding.measured
        assert f"over the run: {signed_score(regrets[0] - regrets[1])} [" in finding.measured


def test_the_market_is_drawn_against_price_takers_and_in_money_of_a_year(crowds: pd.DataFrame) -> None:
    drawing = page._market_chart(crowds).variants[""]
    assert isinstance(drawing, Drawing)
    for panel, (column, factor) in zip(drawing.panels, (("paid", 1), ("money", 365), ("swap_regret", 1)), strict=True):
        for name, curve in zip(FORECASTERS, panel.curves, strict=True):
            assert (curve.label, np.asarray(curve.x).tolist()) == (name, [0.0, 300.0, 900.0])
            for customers, mean in zip((0.0, 300.0, 900.0), np.asarray(curve.y), strict=True):
                few = 0.0 if column == "swap_regret" else np.array(of(crowds, SINGLE[0], 0.0, column))
                assert mean == pytest.approx(factor * (np.array(of(crowds, name, customers, column)) - few).mean())
    table = page._in_units(crowds[["forecaster", "paid", "money", "swap_regret", "external_regret"]])
    np.testing.assert_allclose(table["money, EUR per customer and year"], 365 * crowds["money"])
    for title, column in (("paid, EUR/MWh", "paid"), ("swap regret, utility", "swap_regret")):
        np.testing.assert_array_equal(table[title], crowds[column])


def test_money_of_a_run_is_that_of_a_round() -> None:
    case = cases(Plan((), (300.0,), 6, 2), Options(seed=1))[0]
    rows = pd.DataFrame({"forecaster": np.repeat([*FORECASTERS], 2), "seed": [1000, 1001] * 5, "rounds": 6})
    kept = {name: np.arange(10.0) + k for k, name in enumerate(("swap_regret", "external_regret"))}
    rows = rows.assign(money=12 * np.arange(10.0), certificates_listed=3, certificates_violated=0, **kept)
    observed = {"paid": np.arange(10.0) / 7, "cut": np.arange(10.0) / 50}
    given = SimpleNamespace(runs=rows, observed=lambda name: observed[name].reshape(5, 2, 1))
    found = runs_of(case, given)
    assert set(found["part"]) == {"merit order"}
    assert set(found["customers"]) == {300.0}
    assert found["replicate"].tolist() == [0, 1] * 5
    assert found["money"].tolist() == [2.0 * k for k in range(10)]
    for name, values in (kept | observed).items():
        np.testing.assert_array_equal(found[name], values)


@pytest.fixture
def hours() -> pd.DataFrame:
    """Made-up runs of the two hours, as theory has them for single predictions."""
    return pd.DataFrame(
        {"part": "hours", "forecaster": name, "rounds": rounds, "customers": 1.0, "replicate": replicate}
        | {"swap_regret": rounds / 2, "external_regret": 1.0, "paid": 0.7, "money": 0.0, "cut": 0.0}
        | {"certificates": 2, "violated": 0}
        for name in FORECASTERS
        for rounds in (64, 128, 256)
        for replicate in range(3)
    )


@pytest.mark.parametrize(("column", "holds"), [("cut", True), ("paid", False), ("swap_regret", False)])
def test_one_prediction_for_all_costs_what_theory_says_in_every_run(
    hours: pd.DataFrame, column: str, holds: bool
) -> None:
    for k, name in enumerate(SINGLE):
        rows = hours.copy()
        rows.loc[rows.index[rows["forecaster"] == name][4], column] += 0.01
        found = [finding.holds for finding in findings._of_hours(rows)][: len(SINGLE)]
        assert found == [holds or other != k for other in range(len(SINGLE))]


@pytest.mark.parametrize(("cut", "notices", "warnings"), [(0.0099, 0, 0), (0.01, 1, 0), (0.0499, 1, 0), (0.05, 0, 1)])
def test_the_largest_cut_of_any_run_is_told(
    hours: pd.DataFrame, crowds: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, cut: float, notices: int, warnings: int
) -> None:
    monkeypatch.setattr(page, "runs", lambda rows, _: rows)
    for chart in ("_hours_chart", "_market_chart"):  # which takes longer than all else
        monkeypatch.setattr(page, chart, lambda _: None)
    market = crowds.assign(cut=0.0, certificates=2, violated=0)
    market.loc[7, "cut"] = cut
    study = page.assemble([hours, market], [None, None], FULL, Options())
    assert (len(study.notices), len(study.warnings)) == (notices, warnings)
    told = f"the range of the theory cuts {percent(cut)} off prices or money"
    assert dict(study.facts)["Clipping"] == f"{told} at most"
    assert all(line.lower().startswith(told) for line in (*study.notices, *study.warnings))
    counted = next(finding for finding in study.findings if finding.subject == "Certificates")
    assert counted.measured.startswith(f"0 of {2 * (len(hours) + len(market)):,} certificates on ")


def test_replicates_share_their_agents_between_forecasters() -> None:
    for case in cases(FULL, Options(seed=3)):
        assert list(case.seeds) == [3000 + r for r in range(FULL.replicates)]
        assert set(case.forecasters) == set(FORECASTERS)


def test_the_two_hours_are_the_same_for_everybody() -> None:
    trace = simulate(two_hours(Persistence(), 8))
    assert (trace.actions["buyers"] == trace.actions["buyers"][:, :1]).all()


def test_it_reads_no_data(tmp_path: Path) -> None:
    message = refusal("study", "crowding", "--quick", "--data", tmp_path, "--out", tmp_path / "out")
    assert message.startswith("the study 'crowding' reads no data")
