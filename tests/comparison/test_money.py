"""Money, violations and clipping of a comparison, recomputed from actions, loads and the prices of a file."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from price_files import DAYS, earned_by_day, paid_in, price_file, prices_with, scenario_of

import omnisim
from omnisim.comparison.tables import CUT, cut
from omnisim.market import Scaling
from omnisim.report.comparison.limits import notices
from omnisim.report.comparison.scope import Scope
from omnisim.report.comparison.tables import leaderboard
from omnisim.report.comparison.worth import worths

LOW, HIGH, SEEDS = -50.0, 150.0, 2
STRATEGIES = {"persistence": omnisim.forecasters.Persistence(), "climatology": omnisim.forecasters.Climatology()}


@pytest.mark.one_in(6)
@pytest.mark.parametrize(
    ("share", "spike"), [(0.0, 5000.0), (0.01, 5000.0), (0.4, 5000.0), (0.4, -500.0), (0.01, -500.0)]
)
def test_money_of_every_population_is_at_the_prices_of_the_file(tmp_path: Path, share: float, spike: float) -> None:
    price_file(tmp_path, prices_with(share, spike))
    paid = paid_in(tmp_path)
    scenario = omnisim.load_scenario(scenario_of(tmp_path, LOW, HIGH))
    found = omnisim.compare(scenario, list(STRATEGIES), seeds=SEEDS, jobs=1)
    earned: dict[tuple[str, int, str], np.ndarray] = {}
    for name, forecaster in STRATEGIES.items():
        for seed in range(SEEDS):
            trace = omnisim.simulate(scenario.replace(forecaster=forecaster), seed)
            for population, record in trace.records.items():
                earned[name, seed, population] = earned_by_day(record, paid, Scaling(LOW, HIGH)).sum(axis=0)
    scale = max(np.abs(sums).max() for sums in earned.values())
    whole = found.agents[found.agents["subsequence"] == "all"]
    populations = list(found.about["populations"])
    gains = {population: [] for population in populations}
    for (name, seed, population), expected in earned.items():
        own = whole[(whole["forecaster"] == name) & (whole["seed"] == seed) & (whole["population"] == population)]
        np.testing.assert_allclose(own["money"], expected, rtol=1e-9, atol=1e-9 * scale)
        if name == "climatology":
            gains[population].append(expected - earned["persistence", seed, population])
    [worth] = worths(Scope(found), Scope(found).contexts[0])
    year = 365 / DAYS
    assert [gain.name for gain in worth.populations] == populations
    for gain in worth.populations:
        changes = np.array(gains[gain.name])
        assert gain.mean == pytest.approx(year * changes.mean(), rel=1e-9, abs=1e-9 * scale)
        assert gain.losing == (changes < -0.005).sum()
        assert gain.worst == pytest.approx(year * changes.min(), rel=1e-9, abs=1e-9 * scale)
        agent, seed = gain.whose
        assert changes[seed, agent] == pytest.approx(changes.min(), rel=1e-9, abs=1e-9 * scale)
    every = np.concatenate([np.concatenate(changes) for changes in gains.values()])
    assert worth.mean == pytest.approx(year * every.mean(), rel=1e-9, abs=1e-9 * scale)
    table = leaderboard(Scope(found))
    money = [column.title for column in table.columns].index("money")
    for row in table.rows:
        means = [earned[row[0].text, seed, population] for seed in range(SEEDS) for population in populations]
        assert row[money].value == pytest.approx(year * np.concatenate(means).mean(), rel=1e-6)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.4])
def test_what_clipping_cut(tmp_path: Path, share: float) -> None:
    price_file(tmp_path, prices_with(share, 5000.0))
    paid = paid_in(tmp_path)
    scenario = omnisim.load_scenario(scenario_of(tmp_path, LOW, HIGH))
    found = omnisim.compare(scenario, ["persistence"], seeds=1, jobs=1)
    [row] = found.clipping.to_dict("records")
    assert (row["unit"], row["low"], row["high"], row["values"]) == ("EUR/MWh", LOW, HIGH, paid.size)
    assert row["clipped"] == round(share * paid.size)
    assert row["prices"] == pytest.approx(np.abs(paid - np.clip(paid, LOW, HIGH)).sum() / np.abs(paid).sum(), abs=1e-12)
    whole = found.agents[found.agents["subsequence"] == "all"]
    by_population = [
        np.abs(rows["money_clipped"] - rows["money"]).sum() / np.abs(rows["money"]).sum()
        for _, rows in whole.groupby("population", observed=True)
    ]
    assert row["money"] == pytest.approx(max(by_population), abs=1e-9)
    assert np.isnan(row["suggested_high"]) == (row["prices"] < 0.01)


def test_clipping_of_what_sums_to_nothing_is_told_in_words() -> None:
    """A seller at the prices -1 and 1 earns 0 in all, and 1 if -1 were 0: half of the prices, no share of the money."""
    prices = np.array([[-1.0], [1.0]])
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("seller", [[[1.0]]])],
        adversary=omnisim.adversaries.Replay(prices.clip(0, 1), unclipped=prices),
        forecaster=omnisim.forecasters.Climatology(),
    )
    found = omnisim.compare(scenario, ["climatology"], seeds=1, jobs=1)
    [row] = found.clipping.to_dict("records")
    assert row["prices"] == 0.5
    assert np.isnan(row["money"])
    scope: Any = SimpleNamespace(comparison=found, words=lambda labels: "", about={"market": None})
    [sentence] = notices(scope)
    assert "cuts 50 % off the sum of the outcomes (1 of 2 values, " in sentence
    assert (
        ", which would change the money of agents who earn 0 in all, so that no share of it can be given." in sentence
    )


def test_the_run_in_which_most_was_cut_is_found_where_some_shares_are_none() -> None:
    some: dict[str, Any] = dict.fromkeys(CUT, 0.0) | dict.fromkeys(("quantity", "unit"), "price")
    rows = pd.DataFrame(
        [some | {"prices": share, "money": by} for share, by in ((0.1, 0.2), (0.3, np.nan), (0.1, 0.1))]
    )
    [row] = cut(rows, np.zeros(3, dtype=np.int64), [("a", "b", "c", "d")]).to_dict("records")
    assert row["prices"] == 0.3


def test_clipping_is_that_of_the_setting_in_which_most_is_cut() -> None:
    days = {"market.first_day": date(2021, 2, 1), "market.last_day": date(2021, 2, 28), "subsequences": {"all": True}}
    small = {f"populations.{name}.agents": 2 for name in ("buyers", "factories", "operators")}
    scenario = omnisim.load_scenario("ercot_day_ahead", {**days, **small})
    found = omnisim.compare(scenario, ["persistence"], seeds=1, settings={"market.high": [9000.0, 250.0]}, jobs=1)
    shares = dict(zip(found.clipping["setting"], found.clipping["prices"], strict=True))
    assert shares["market.high=9000.0"] < 0.001
    assert shares["market.high=250.0"] > 0.5
    from omnisim.report.comparison.limits import alarming

    [line] = alarming(Scope(found))
    assert line.startswith("The range from −50 to 250 USD/MWh (market.high=250.0), which the theory needs, cuts ")


@pytest.mark.long
def test_violations_are_those_of_the_runs(tmp_path: Path) -> None:
    price_file(tmp_path, prices_with(0.05, 5000.0))
    scenario = omnisim.load_scenario(scenario_of(tmp_path, LOW, HIGH))
    found = omnisim.compare(scenario, list(STRATEGIES), seeds=SEEDS, jobs=1).violations
    assert len(found)
    by_run = {
        (name, seed): omnisim.analyze(omnisim.simulate(scenario.replace(forecaster=forecaster), seed)).violations
        for name, forecaster in STRATEGIES.items()
        for seed in range(SEEDS)
    }
    keys = ["population", "subsequence", "constraint"]
    for row in found.to_dict("records"):
        runs = []
        for seed in range(SEEDS):
            table = by_run[row["forecaster"], seed]
            runs.append(table[(table[keys] == [row[key] for key in keys]).all(axis=1)])
        assert {row["unit"]} == set(runs[0]["unit"])
        assert row["agents"] == len(runs[0])
        assert row["rounds"] == np.mean([each["rounds"].mean() for each in runs])  # those of one agent
        assert row["violated"] == pytest.approx(
            np.mean([each["violated"].sum() / each["rounds"].sum() for each in runs])
        )
        assert row["exceeding"] == pytest.approx(np.mean([(each["violated"] > 0).mean() for each in runs]))
        assert row["total"] == pytest.approx(np.mean([each["total"].mean() for each in runs]))
        assert row["largest"] == pytest.approx(max(each["largest"].max() for each in runs))
    assert found["largest"].max() > 0
