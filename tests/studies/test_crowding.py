"""The quick variant of the crowding study, and what its two markets do."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from headings import unexplained_on
from scenario_files import omnisim_command, refusal

import omnisim
from omnisim.forecasters import Forecaster, Persistence
from omnisim.report.text import signed_amount
from omnisim.simulation.simulate import simulate
from omnisim.studies import Options
from omnisim.studies.contests import COMPARISONS, compared
from omnisim.studies.crowding import cases as module
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
