"""Every cell of the tables of the study, recomputed from made-up results by loops over seeds, agents and days."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from made_up_results import DAYS, MARKETS, MASKS, PLAYED, SEEDS, SETTINGS, best_of, gain, made_up, yearly

from omnisim.studies.real_markets import tables
from omnisim.studies.real_markets.contenders import FORESIGHT, RIDGE, WEAK, calibrated
from omnisim.studies.real_markets.results import Results, settings_table
from omnisim.studies.real_markets.setting import POPULATIONS


@pytest.fixture(scope="module")
def made() -> Results:
    return made_up()


def test_the_best_of_a_pool_is_best_on_the_mean_over_seeds(made: Results) -> None:
    """5, 5 and 5 is more than 1, 1 and 9."""
    earned = {"first": np.array([1.0, 1.0, 9.0]), "second": np.full(3, 5.0)}
    samples = {("AA", name, "all"): {"earned": values} for name, values in earned.items()}
    assert dataclasses.replace(made, _samples=samples).best("AA") == "second"


def check_money(made: Results, row: dict[Any, Any], more: str, less: str) -> None:
    every = []
    for population in POPULATIONS:
        gains = yearly(made, row["market"], more, less, population)
        assert row[population] == pytest.approx(sum(gains) / len(gains))
        every += gains
    assert row["all agents"] == pytest.approx(sum(every) / len(every))
    assert row["currency"] == {"AA": "EUR", "BB": "USD"}[row["market"]]


def test_leaderboard(made: Results) -> None:
    table = tables.leaderboard(made, SETTINGS)
    assert len(table) == len(MARKETS) * len(PLAYED)
    for row in table.to_dict("records"):
        share = gain(made, row["market"], row["forecaster"], "climatology")
        assert row["% of the distance"] == pytest.approx(share, abs=1e-9)
        assert not row["low"] > share
        assert not row["high"] < share
        check_money(made, row, row["forecaster"], "climatology")
    for market, rows in table.groupby("market", sort=False):
        assert rows["forecaster"].iloc[0] == FORESIGHT, market
        assert rows["% of the distance"].is_monotonic_decreasing


def test_differences(made: Results) -> None:
    table = tables.differences(made, SETTINGS)
    for market, rows in table.groupby("market", sort=False):
        best = best_of(made, str(market))
        bases = dict.fromkeys([best, *WEAK, RIDGE])
        pairs = [("calibrated: all", name) for name in (best, "Selection", "Combination")]
        pairs += [(calibrated(base), base) for base in bases]
        assert list(zip(rows["forecaster"], rows["against"], strict=True)) == pairs
    for row in table.to_dict("records"):
        assert row["change %"] == pytest.approx(gain(made, row["market"], row["forecaster"], row["against"]))
        # Those that hold together are wider than those that hold alone, and both are about the change.
        ends = [row[end] for end in ("low", "low alone", "change %", "high alone", "high")]
        assert ends == sorted(ends)
        assert len(set(ends)) == 5
        check_money(made, row, row["forecaster"], row["against"])


def test_switching(made: Results) -> None:
    rows = tables.switching(made).to_dict("records")
    assert len(rows) == (2 + len(WEAK) + 1) * len(MARKETS) * len(POPULATIONS)
    for row in rows:
        before, after = row["switch"].split(" → ")
        less = best_of(made, row["market"]) if before == "best forecast" else before
        more = calibrated("all") if after == "calibrated on all" else calibrated(less)
        gains = yearly(made, row["market"], more, less, row["population"])
        assert row["gain %"] == pytest.approx(100 * sum(each >= 0.005 for each in gains) / len(gains))
        assert row["lose %"] == pytest.approx(100 * sum(each <= -0.005 for each in gains) / len(gains))
        found = [row[title] for title in ("5th percentile", "median", "95th percentile", "mean")]
        assert found == pytest.approx([*np.quantile(gains, [0.05, 0.5, 0.95]), sum(gains) / len(gains)])


def test_days_of_changed_behaviour(made: Results) -> None:
    rows = tables.changed(made).to_dict("records")
    assert len(rows) == len(MARKETS) * (len(WEAK) + 2)
    for row in rows:
        market, more, less = row["market"], row["forecaster"], row["against"]
        assert less == (best_of(made, market) if more == "calibrated: all" else more.removeprefix("calibrated: "))
        assert (row["subsequence"], row["days"]) == ("after a spike", 14)
        assert row["gain %"] == pytest.approx(gain(made, market, more, less, "after a spike"))
        assert row["low"] < row["gain %"] < row["high"]
        frame = made.rows.query("market == @market and subsequence == 'after a spike'").groupby("forecaster")["money"]
        assert row["money per agent and day"] == pytest.approx(frame.mean()[more] - frame.mean()[less])


def test_regret(made: Results) -> None:
    columns = ["days", "swap_regret", "swap_regret_largest", "undefined"]
    every: dict[tuple[str, str, str], list[list[float]]] = {}
    for row in made.rows.to_dict("records"):
        place = row["market"], row["forecaster"], row["subsequence"]
        every.setdefault(place, []).append([row[key] for key in columns])
    for row in tables.regret(made).to_dict("records"):
        own = every.pop((row["market"], row["forecaster"], row["subsequence"]))
        assert len(own) == SEEDS
        means = [sum(values) / SEEDS for values in zip(*own, strict=True)]
        assert [row[key] for key in columns] == pytest.approx(means)
    assert not every
    for row in tables.worst_regret(made).to_dict("records"):
        worst = {}
        for title, name in (("raw", row["base"]), ("calibrated", calibrated(row["base"]))):
            regrets = [made.sample(row["market"], name, "swap_regret", subsequence) for subsequence in MASKS]
            worst[title] = sum(max(float(each[r]) for each in regrets) for r in range(SEEDS)) / SEEDS
        assert {title: row[title] for title in worst} == pytest.approx(worst)
        assert row["ratio"] == pytest.approx(worst["calibrated"] / worst["raw"])


def test_engine_and_cost(made: Results) -> None:
    rows = tables.engine(made).to_dict("records")
    assert {row["forecaster"] for row in rows} == {name for name in PLAYED if name.startswith("calibrated: ")}
    for row in rows:
        market, name = row["market"], row["forecaster"]
        own = made.runs.query("market == @market and forecaster == @name")
        assert row == {
            "market": market,
            "forecaster": name,
            "runs": SEEDS,
            "evaluations per round": pytest.approx(sum(own["evaluations"]) / SEEDS),
            "first choice broadcast %": pytest.approx(100 * sum(own["followed"]) / SEEDS),
            "minimax step broadcast %": pytest.approx(100 * sum(own["intervened"]) / SEEDS),
            "largest Phi / K": max(own["potential"]),
            "certificates": sum(own["certificates"]),
            "violated": sum(own["violated"]),
        }
    for row in tables.cost(made).to_dict("records"):
        market, name = row["market"], row["forecaster"]
        seconds = made.runs.query("market == @market and forecaster == @name")["simulate_seconds"]
        found = [row[title] for title in ("days", "seconds per run", "slowest")]
        assert found == pytest.approx([DAYS, sum(seconds) / SEEDS, max(seconds)])


def test_settings(made: Results) -> None:
    for k, row in enumerate(settings_table(SETTINGS, made).to_dict("records")):
        own = made.runs[made.runs["market"] == MARKETS[k]]
        assert row == {
            "market": MARKETS[k], "first day": "2021-03-01", "days": DAYS, "currency": ["EUR", "USD"][k],
            "ordinary price": 30 + k, "low": -10 - k, "high": 200 + k, "stress price": 90 + k,
            "clipped hours %": pytest.approx(100 * (3 + k) / 1008), "cut off the prices %": pytest.approx(2 + k),
            "highest price": 500 + k, "cut off the money %": pytest.approx(100 * max(own["cut"])),
            "all": DAYS, "weekend": 12, "after a spike": 14 * k,
        }  # fmt: skip
