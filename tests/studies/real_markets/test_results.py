"""What results are read for, and the rows that they are made of, by loops over seeds, agents and days."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_up_results import MARKETS, MASKS, PLAYED, POOL, SEEDS, SETTINGS, best_of, made_up

from omnisim.studies.real_markets.contenders import FORESIGHT
from omnisim.studies.real_markets.results import _rows, settings_table


@pytest.mark.parametrize("market", MARKETS)
def test_a_market_is_told_by_its_largest_regret_and_cut_and_by_the_best_of_its_pool(market: str) -> None:
    made = made_up()
    for name in PLAYED:
        for seed in range(SEEDS):
            regrets = [made.sample(market, name, "swap_regret", place)[seed] for place in MASKS]
            assert made.worst_regret(market, name)[seed] == max(regrets)
    assert made.best(market) == best_of(made, market) in POOL
    assert made.cut(market) == max(row.cut for row in made.runs.itertuples() if row.market == market)
    for place, days in MASKS.items():
        for seed in range(SEEDS):
            sums = [sum(made.daily[market, name][seed, days]) for name in (FORESIGHT, "climatology")]
            assert made.distance(market, place)[seed] == pytest.approx(sums[0] - sums[1])


def test_seeds_for_which_foresight_earned_no_more_than_climatology_are_left_out() -> None:
    made, (more, less) = made_up(), POOL
    place = ("AA", FORESIGHT, "all")
    lost = made.sample("AA", "climatology") - np.array([0.5, 0.0, -2.0])  # it has earned less, as much, and more
    known = replace(made, _samples={**made._samples, place: {**made._samples[place], "earned": lost}})
    found = known.compared("AA", [(more, less)])[more, less].mean
    assert found == pytest.approx(100 * sum(made.daily["AA", more][2] - made.daily["AA", less][2]) / 2.0)


def test_rows_of_a_run_are_means_over_agents_of_sums_over_days() -> None:
    """Two buyers, a factory and an operator on ten days; of the last it is not known what could be regretted."""
    rng = np.random.default_rng(7)
    daily, masks = rng.normal(size=10), {"all": np.ones(10, dtype=bool), "weekend": np.arange(10) % 7 > 4}
    populations = ["buyers", "buyers", "factories", "operators"]
    regret = {"all": [3.0, -2.0, 4.0, np.nan], "weekend": [-1.0, -2.0, np.nan, np.nan]}
    money = {name: rng.uniform(-50, 50, 4) for name in masks}
    utility = {name: rng.uniform(0, 9, 4) for name in masks}
    agents = pd.concat(
        pd.DataFrame({"population": populations, "subsequence": name, "swap_regret": regret[name]}).assign(
            money=money[name], utility=utility[name]
        )
        for name in masks
    )
    known: Any = SimpleNamespace(subsequences=masks)
    every, weekend = _rows(agents, daily, known)
    assert (every["days"], weekend["days"]) == (10, 2)
    for row, name in ((every, "all"), (weekend, "weekend")):
        assert row["subsequence"] == name
        assert row["earned"] == pytest.approx(sum(daily[k] for k in range(10) if masks[name][k]))
        assert row["utility"] == pytest.approx(sum(utility[name]) / 4)
        a_day = money[name] / masks[name].sum()
        assert row["money"] == pytest.approx(sum(a_day) / 4)
        assert [row[f"money_{each}"] for each in ("buyers", "factories", "operators")] == pytest.approx(
            [(a_day[0] + a_day[1]) / 2, a_day[2], a_day[3]]
        )
    # Agents that earned more than their benchmark regret nothing.
    assert (every["swap_regret"], every["swap_regret_largest"], every["undefined"]) == ((3 + 0 + 4) / 3, 4, 1)
    assert (weekend["swap_regret"], weekend["swap_regret_largest"], weekend["undefined"]) == (0, 0, 2)


def test_the_table_of_settings() -> None:
    made = made_up()
    table = settings_table(SETTINGS, made)
    for k, row in enumerate(table.to_dict("records")):
        assert (row["market"], row["first day"], row["days"]) == (MARKETS[k], "2021-03-01", 42)
        assert (row["low"], row["high"]) == (-10.0 - k, 200.0 + k)
        assert (row["ordinary price"], row["stress price"], row["highest price"]) == (30.0 + k, 90.0 + k, 500.0 + k)
        assert row["clipped hours %"] == pytest.approx(100 * (3 + k) / 1008)
        assert row["cut off the prices %"] == pytest.approx(2 + k)
        assert row["cut off the money %"] == pytest.approx(100 * made.cut(MARKETS[k]))
        assert (row["all"], row["weekend"], row["after a spike"]) == (42, 12, 14 if k else 0)
