"""Money at the prices that were paid, whatever the range of the theory; recomputed from loads and the file's prices."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from price_files import DAYS, earned_by_day, paid_in, price_file, prices_with, scenario_of

import omnisim
from omnisim.market import BudgetedOperators, DeferrableLoads, EnergyBuyers, Manufacturers, Scaling, SpikeHedgers

KINDS = (EnergyBuyers, Manufacturers, BudgetedOperators, DeferrableLoads, SpikeHedgers)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.4])
@pytest.mark.parametrize("spike", [5000.0, -500.0])
def test_money_is_value_less_load_times_the_prices_of_the_file(tmp_path: Path, share: float, spike: float) -> None:
    price_file(tmp_path, prices_with(share, spike))
    paid = paid_in(tmp_path)
    scenario = omnisim.load_scenario(scenario_of(tmp_path, -50, 150))
    analysis = omnisim.analyze(omnisim.simulate(scenario, seed=3))
    assert analysis.clipping.prices.clipped == round(share * paid.size)
    np.testing.assert_allclose(analysis.trace.prices, paid, atol=1e-9 * abs(spike))
    weekend = np.array([day.weekday() >= 5 for day in analysis.trace.dates.tolist()])
    for name, record in analysis.trace.records.items():
        population, agents = record.population, np.arange(record.population.agents)
        by_day = earned_by_day(record, paid, Scaling(-50, 150))
        table = analysis.agents[analysis.agents["population"] == name]
        for subsequence, days in (("all", np.full(DAYS, True)), ("weekend", weekend)):
            rows = table[table["subsequence"] == subsequence]
            expected = by_day[days].sum(axis=0)
            np.testing.assert_allclose(rows["money"], expected, rtol=1e-9, atol=1e-9 * np.abs(by_day).sum())
            inside = np.clip(paid, -50, 150)
            clipped = expected + np.array(
                [
                    sum(
                        (population.load[n, record.actions[t, n]] * (paid - inside)[t]).sum()
                        for t in np.flatnonzero(days)
                    )
                    for n in agents
                ]
            )
            np.testing.assert_allclose(rows["money_clipped"], clipped, rtol=1e-9, atol=1e-9 * np.abs(by_day).sum())
        value = analysis.value.query("population == @name and subsequence == 'all'")
        np.testing.assert_allclose(value["money"], by_day.sum(axis=0), rtol=1e-9, atol=1e-9 * np.abs(by_day).sum())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("high", [180.0, 400.0, 6000.0])
def test_the_range_changes_no_money_while_decisions_are_held_fixed(kind: type[Any], high: float) -> None:
    prices = prices_with(0.05, 5000.0)
    rng = np.random.default_rng(1)
    actions = rng.integers(0, len(kind.action_names), (DAYS, 3))

    def money(scaling: Scaling) -> np.ndarray:
        population = kind(agents=3).build("them", scaling, np.random.default_rng(2))
        return omnisim.analysis.money.earned(population, actions, scaling.unclipped(prices))

    reference = money(Scaling(-50, 150))
    np.testing.assert_allclose(money(Scaling(-50, high)), reference, rtol=1e-9, atol=1e-9 * np.abs(reference).max())


def test_a_clipped_run_is_the_wide_one_at_the_same_decisions(tmp_path: Path) -> None:
    """An agent that always plays one action has the same money under every range."""
    prices = prices_with(0.4, 5000.0)
    sums = []
    for high in (150.0, 5000.0):
        scaling = Scaling(-50, high)
        buyers = EnergyBuyers(agents=4).build("buyers", scaling, np.random.default_rng(5))
        only = omnisim.Population(
            "buyers", buyers.utility[:, 2:3], buyers.offset[:, 2:3], money=buyers.money, load=buyers.load[:, 2:3]
        )
        outcomes, _ = scaling.outcomes(prices)
        scenario = omnisim.Scenario(
            populations=[only],
            adversary=omnisim.adversaries.Replay(outcomes, scaling.unclipped(prices)),
            forecaster=omnisim.forecasters.Climatology(),
        )
        sums.append(omnisim.analyze(omnisim.simulate(scenario)).agents["money"].to_numpy())
    np.testing.assert_allclose(sums[0], sums[1], rtol=1e-9)
    assert np.isfinite(sums[0]).all()


def test_replay_refuses_unclipped_outcomes_that_do_not_fit() -> None:
    with pytest.raises(omnisim.errors.StrategyError, match="clipped to"):
        omnisim.adversaries.Replay([[0.5]], [[0.6]])
    with pytest.raises(omnisim.errors.StrategyError, match="shape"):
        omnisim.adversaries.Replay([[0.5]], [[0.5, 0.5]])


def test_a_market_that_clears_beyond_the_range_is_settled_there() -> None:
    buyer = omnisim.Population(
        "buyer", utility=[[[-0.5], [0.0]]], offset=[[0.8, 0.5]], load=[[[5.0], [0.0]]],
    )  # fmt: skip
    market = omnisim.adversaries.DemandResponse(
        {"wind": {"capacity": 6.0, "cost": 0.5}}, base_load=8.0, noise=0.0, price_cap=3.0, customers=0.0
    )
    scenario = omnisim.Scenario(
        populations=[buyer], adversary=market, forecaster=omnisim.forecasters.Climatology(), rounds=4
    )
    trace = omnisim.simulate(scenario)
    assert (trace.outcomes == 1).all()
    assert (trace.true_outcomes == 3).all()
    played = trace.actions["buyer"][:, 0]
    expected = sum(0.8 - 0.5 * 3 if a == 0 else 0.5 for a in played)
    assert omnisim.analyze(trace).agents["money"].iloc[0] == pytest.approx(expected)


class TestAccuracy:
    def test_persistence_has_the_accuracy_of_persistence_at_true_prices(self, tmp_path: Path) -> None:
        price_file(tmp_path, prices_with(0.2, 5000.0))
        paid = paid_in(tmp_path)
        analysis = omnisim.analyze(omnisim.simulate(omnisim.load_scenario(scenario_of(tmp_path, -50, 150))))
        table = analysis.accuracy.query("subsequence == 'all'").set_index("measure")
        np.testing.assert_allclose(table["value"].to_numpy(float), table["baseline"].to_numpy(float), rtol=1e-12)
        error = np.abs(np.diff(paid, axis=0))
        assert table.loc["mean absolute error", "value"] == pytest.approx(error.mean())
        assert table.loc["root mean squared error", "value"] == pytest.approx(np.sqrt((error**2).mean()))
        assert (table["rounds"] == DAYS - 1).all()
        assert table.loc["mean absolute error", "unit"] == "EUR/MWh"

    @pytest.mark.parametrize("d", [1, 3])
    def test_the_table_by_loops(self, d: int) -> None:
        """Also on a part without a scored round; of one coordinate there is no order."""
        rng = np.random.default_rng(d)
        truth, forecast = rng.random((2, 30, d))
        first, odd = np.arange(30) == 0, np.arange(30) % 2 == 1
        scenario = omnisim.Scenario(
            populations=[omnisim.Population("a", rng.random((1, 2, d)) / d)],
            adversary=omnisim.adversaries.Replay(truth),
            forecaster=omnisim.forecasters.Published(forecast),
            subsequences={"all": None, "odd": odd, "first": first},
        )
        table = omnisim.analyze(omnisim.simulate(scenario)).accuracy
        order = ["rank correlation within a round", "hit rate of the lowest", "hit rate of the highest"]
        order.append("mean absolute error of the spread")
        for name, member in (("all", np.ones(30, dtype=bool)), ("odd", odd), ("first", first)):
            rows = table[table["subsequence"] == name].set_index("measure")
            rounds = [t for t in range(1, 30) if member[t]]  # persistence has no forecast of the first
            assert set(rows.index) >= set(order) or d == 1 or not rounds
            assert not set(rows.index) & set(order) or (d > 1 and rounds)
            assert set(rows["rounds"]) == {len(rounds)}
            if not rounds:
                assert rows["value"].isna().all()
                continue
            errors = [[guess[t] - truth[t] for t in rounds] for guess in (forecast, np.roll(truth, 1, axis=0))]
            absolute, signed = ([np.mean(f(each)) for each in errors] for f in (np.abs, np.array))
            root = [np.sqrt(np.mean(np.square(each))) for each in errors]
            for measure, expected in (
                ("mean absolute error", absolute),
                ("root mean squared error", root),
                ("mean error", signed),
                ("relative mean absolute error", [absolute[0] / absolute[1], 1.0]),
            ):
                assert rows.loc[measure, ["value", "baseline"]].tolist() == pytest.approx(expected), measure

    @pytest.mark.long
    def test_measures_of_order_by_brute_force(self) -> None:
        rng = np.random.default_rng(6)
        forecast, truth = rng.integers(0, 6, (2, 50, 12)).astype(float)
        found = omnisim.analysis.accuracy.errors_by_round(forecast, truth)
        for t in range(50):
            expected = pd.Series(forecast[t]).corr(pd.Series(truth[t]), method="spearman")
            np.testing.assert_allclose(found["rank correlation within a round"][t], expected)
            for name, sign in (("hit rate of the lowest", -1), ("hit rate of the highest", 1)):
                np.testing.assert_allclose(
                    found[name][t], mean_overlap(sign * forecast[t], sign * truth[t], 2, rng), atol=0.06
                )
            spread = abs((forecast[t].max() - forecast[t].min()) - (truth[t].max() - truth[t].min()))
            assert found["mean absolute error of the spread"][t] == spread

    def test_parts_of_the_brier_score(self) -> None:
        rng = np.random.default_rng(7)
        truth = (rng.random(300) < 0.3).astype(float)
        forecast = rng.integers(0, 11, 300) / 10
        parts = omnisim.analysis.accuracy.brier_parts(forecast, truth)
        best = pooled(forecast, truth)
        assert parts["Brier score"] == pytest.approx(((forecast - truth) ** 2).mean())
        assert parts["uncertainty"] == pytest.approx(truth.var())
        assert parts["miscalibration"] == pytest.approx(parts["Brier score"] - ((best - truth) ** 2).mean())
        assert parts["Brier score"] == pytest.approx(
            parts["miscalibration"] - parts["discrimination"] + parts["uncertainty"]
        )


def mean_overlap(forecast: np.ndarray, truth: np.ndarray, count: int, rng: np.random.Generator) -> float:
    """Share of the ``count`` highest that agree, over 2,000 random ways to break ties."""
    shared = 0
    for _ in range(2000):
        chosen = [set(np.lexsort((rng.random(len(v)), -v))[:count].tolist()) for v in (forecast, truth)]
        shared += len(chosen[0] & chosen[1])
    return shared / (2000 * count)


def pooled(forecast: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Isotonic regression by the min-max formula: max over lower sets of the min over upper sets of the mean."""
    levels = np.unique(forecast)
    fitted = [
        max(
            min(truth[(forecast >= low) & (forecast <= high)].mean() for high in levels[levels >= level])
            for low in levels[levels <= level]
        )
        for level in levels
    ]
    return np.asarray(fitted)[np.searchsorted(levels, forecast)]
