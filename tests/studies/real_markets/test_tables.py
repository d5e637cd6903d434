"""Every cell of the tables of the study, recomputed from made-up results by loops over seeds, agents and days."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omnisim.studies.real_markets import tables
from omnisim.studies.real_markets.contenders import FORESIGHT, RIDGE, WEAK, calibrated, contenders
from omnisim.studies.real_markets.results import Results, settings_table
from omnisim.studies.real_markets.setting import POPULATIONS

MARKETS, POOL = ("AA", "BB"), ("first", "second")
SEEDS, DAYS, AGENTS = 3, 42, {"buyers": 4, "factories": 2, "operators": 3}
SPIKES = np.arange(DAYS) % 3 == 0
MASKS = {"all": np.ones(DAYS, dtype=bool), "after a spike": SPIKES, "weekend": np.arange(DAYS) % 7 > 4}
PLAYED = list(dict.fromkeys([*contenders(POOL), *map(calibrated, POOL)]))
SETTINGS: Any = [
    SimpleNamespace(
        market=SimpleNamespace(name=name, currency=currency), dates=[np.datetime64("2021-03-01")], days=DAYS,
        typical_price=30.0 + k, scaling=SimpleNamespace(low=-10.0 - k, high=200.0 + k), stress_price=90.0 + k,
        beyond=SimpleNamespace(clipped=3 + k, count=1008, share=0.02 + k / 100, highest=500.0 + k),
        subsequences=MASKS if k else {name: MASKS[name] for name in ("all", "weekend")},
        left_out=() if k else ("after a spike",),
    )
    for k, (name, currency) in enumerate(zip(MARKETS, ("EUR", "USD"), strict=True))
]  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Results:
    """Random results, but that foresight earns most and climatology least."""
    rng = np.random.default_rng(4)
    rows, runs, daily, money, samples = [], [], {}, {}, {}
    for market in MARKETS:
        for name in PLAYED:
            level = {FORESIGHT: 9.0, "climatology": 0.0}.get(name, rng.uniform(2, 6))
            daily[market, name] = level + rng.normal(size=(SEEDS, DAYS))
            for population, agents in AGENTS.items():
                money[market, name, population] = 100 * level + 300 * rng.normal(size=(SEEDS, agents))
            for subsequence, mask in MASKS.items():
                earned = daily[market, name][:, mask].sum(axis=1)
                measured = {key: rng.uniform(0, 5, SEEDS) for key in ("utility", "swap_regret", "money")}
                samples[market, name, subsequence] = {"earned": earned, **measured}
                rows += [
                    {"market": market, "forecaster": name, "replicate": r, "subsequence": subsequence}
                    | {"days": int(mask.sum()), "earned": earned[r], "undefined": int(rng.integers(9))}
                    | {"swap_regret_largest": rng.uniform(5, 9)}
                    | {key: values[r] for key, values in measured.items()}
                    for r in range(SEEDS)
                ]
            runs += [
                {"market": market, "forecaster": name, "cut": rng.uniform(0, 0.1), "violated": int(rng.integers(3))}
                | {"certificates": int(rng.integers(3, 9)), "simulate_seconds": rng.uniform(1, 9)}
                | {key: rng.uniform(0, 1) for key in ("evaluations", "potential", "followed", "intervened")}
                for _ in range(SEEDS)
            ]
    return Results(
        pd.DataFrame(rows), pd.DataFrame(runs), daily, money, dict.fromkeys(MARKETS, POOL), frozenset(MARKETS),
        dict.fromkeys(MARKETS, MASKS), samples,
    )  # fmt: skip


def best_of(made: Results, market: str) -> str:
    return max(POOL, key=lambda name: float(made.daily[market, name].sum()))


def gain(made: Results, market: str, more: str, less: str, subsequence: str = "all") -> float:
    """Earned more, in per cent of the distance between climatology and foresight, mean over seeds."""
    days = MASKS[subsequence]
    found = []
    for seed in range(SEEDS):
        sums = {
            name: float(made.daily[market, name][seed, days].sum()) for name in (more, less, FORESIGHT, "climatology")
        }
        found.append(100 * (sums[more] - sums[less]) / (sums[FORESIGHT] - sums["climatology"]))
    return sum(found) / SEEDS


def yearly(made: Results, market: str, more: str, less: str, population: str) -> list[float]:
    """Money of each agent under each seed on the one forecaster less that on the other."""
    pair = [made.money[market, name, population] for name in (more, less)]
    return [float(pair[0][r, n] - pair[1][r, n]) for r in range(SEEDS) for n in range(AGENTS[population])]


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
