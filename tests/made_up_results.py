"""Made-up results of the study of real markets, and what follows from them by loops over seeds, agents and days."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from omnisim.studies.real_markets.contenders import FORESIGHT, calibrated, contenders
from omnisim.studies.real_markets.results import Results

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


def made_up() -> Results:
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
