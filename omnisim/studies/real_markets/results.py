"""Differences between forecasters, from the measurements of all runs, with intervals over agents and days."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from omnisim.arrays import BoolArray, FloatArray
from omnisim.comparison.comparison import Comparison
from omnisim.comparison.records import SEED
from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.statistics.paired import Difference, over_market
from omnisim.studies.real_markets.cases import CUT, EARNED, ENGINE, Case
from omnisim.studies.real_markets.contenders import CLIMATOLOGY, EVERY, FORESIGHT, RIDGE, WEAK, calibrated, pool
from omnisim.studies.real_markets.setting import ALL, CHANGED, POPULATIONS, Setting

SECONDS = "simulate_seconds"

MEASURES = (EARNED, "utility", "swap_regret", "money")
"""Columns of the rows that results are made of."""

Pair = tuple[str, str]
"""A forecaster, and the one it is compared with."""


@dataclass(frozen=True, eq=False)
class Results:
    """The measurements of all runs.

    Attributes
    ----------
    rows
        One per run and subsequence: market, forecaster, replicate, seed, subsequence, days; earned (money at the true
        prices over the scale of the agent's money, summed over its days, mean over agents: utility, at prices beyond
        the range as well); utility (the same at prices clipped to the range); swap_regret (inside the range, mean over
        agents of what is positive of it: an agent that earned more than its benchmark could is no credit to another),
        swap_regret_largest (over agents), undefined (agents whose benchmark is empty); money (at the true prices, per
        agent and day, mean over agents), and the same per population.
    runs
        One per run: certificates, violated, what is observed (see :mod:`~omnisim.studies.real_markets.cases`), and
        simulate_seconds.
    daily
        (market, forecaster) -> (R, D): what was earned on each day, mean over agents, for R population seeds.
    money
        (market, forecaster, population) -> (R, N): money of each agent in a year, at the true prices.
    pools
        Market -> the names of the forecasts that can be chosen from.
    published
        Markets whose pool are published forecasts.
    active
        Market -> subsequence -> its days, (D,).
    """

    rows: pd.DataFrame
    runs: pd.DataFrame
    daily: Mapping[tuple[str, str], FloatArray]
    money: Mapping[tuple[str, str, str], FloatArray]
    pools: Mapping[str, Sequence[str]]
    published: frozenset[str]
    active: Mapping[str, Mapping[str, BoolArray]]
    _samples: Mapping[tuple[str, str, str], dict[str, FloatArray]]

    @property
    def markets(self) -> list[str]:
        """Names of the markets, in the order of the data."""
        return list(self.pools)

    def sample(self, market: str, forecaster: str, measure: str = EARNED, subsequence: str = ALL) -> FloatArray:
        """A column of the rows for all population seeds, (R,)."""
        return self._samples[market, forecaster, subsequence][measure]

    def subsequences(self, market: str) -> list[str]:
        """Subsequences of a market, in their order."""
        return list(dict.fromkeys(self.rows[self.rows["market"] == market]["subsequence"]))

    def changed(self, market: str) -> list[str]:
        """Subsequences of unusual days of a market."""
        return [name for name in self.subsequences(market) if name in CHANGED]

    def distance(self, market: str, subsequence: str = ALL, measure: str = EARNED) -> FloatArray:
        """Earnings on perfect foresight less those on climatology, (R,)."""
        best, worst = (self.sample(market, name, measure, subsequence) for name in (FORESIGHT, CLIMATOLOGY))
        return np.asarray(best - worst)

    def compared(self, market: str, pairs: Sequence[Pair], subsequence: str = ALL) -> dict[Pair, Difference]:
        """Differences in earnings of each pair of forecasters with the same agents, in per cent of the distance.

        Intervals allow for other agents and other days, and hold together for all pairs. Seeds are left out for which
        foresight earned no more than climatology, as may be on a few days.
        """
        active = self.active[market][subsequence]
        distance = self.distance(market, subsequence)[:, None]
        unit = np.divide(100, distance, out=np.full_like(distance, np.nan), where=distance > 0)
        by_day = [unit * (self.daily[market, more] - self.daily[market, less]) for more, less in pairs]
        return dict(zip(pairs, over_market(by_day, [active] * len(pairs)), strict=True))

    def best(self, market: str) -> str:
        """The forecast of the pool that earned most, chosen in hindsight on the mean over population seeds."""
        return max(self.pools[market], key=lambda name: float(self.sample(market, name).mean()))

    def cut(self, market: str) -> float:
        """The largest share of any run by which clipping would change the money."""
        return float(self.runs.loc[self.runs["market"] == market, "cut"].max())

    def worst_regret(self, market: str, forecaster: str) -> FloatArray:
        """Swap regret (what is positive of it, mean over agents) on the subsequence where this is largest, (R,)."""
        regrets = [self.sample(market, forecaster, "swap_regret", name) for name in self.subsequences(market)]
        return np.asarray(np.nanmax(regrets, axis=0))

    def pairs(self, market: str) -> list[Pair]:
        """The comparisons that the page is about, judged together."""
        best = self.best(market)
        against_all = [best, "Selection", "Combination"]
        bases = dict.fromkeys([best, *WEAK, RIDGE])
        return [(calibrated(EVERY), name) for name in against_all] + [(calibrated(base), base) for base in bases]

    def unusual(self, market: str) -> list[Pair]:
        """The comparisons on unusual days: calibrated forecasts with their bases, and all bases with the best one."""
        return [(calibrated(base), self.best(market) if base == EVERY else base) for base in (*WEAK, RIDGE, EVERY)]


def collect(cases: Sequence[Case], comparisons: Sequence[Comparison]) -> Results:
    """Put the runs of all markets together; a market that was played again has the runs of both times."""
    settings = {case.setting.market.name: case.setting for case in cases}
    rows: list[dict[str, Any]] = []
    runs: list[pd.DataFrame] = []
    daily: dict[tuple[str, str], FloatArray] = {}
    money: dict[tuple[str, str, str], FloatArray] = {}
    for case, comparison in zip(cases, comparisons, strict=True):
        market, forecasters = case.setting.market.name, list(case.forecasters)
        agents = dict(iter(Comparison.agents.kept(comparison).groupby(["forecaster", SEED], sort=False, observed=True)))
        earned = dict(zip(forecasters, comparison.observed(EARNED), strict=True))
        for name in case.new:
            daily[market, name] = earned[name]
            played = [agents[name, seed] for seed in case.seeds]
            year = DAYS_OF_A_YEAR / earned[name].shape[1]
            for population in POPULATIONS:
                money[market, name, population] = year * np.stack([_money_of(one, population) for one in played])
        for replicate, seed in enumerate(case.seeds):
            for name in case.new:
                identity = {"market": market, "forecaster": name, "replicate": replicate, "seed": seed}
                found = _rows(agents[name, seed], earned[name][replicate], case.setting)
                rows += [identity | row for row in found]
        played_runs = case.runs(comparison, *ENGINE, CUT).assign(market=market)
        runs.append(played_runs.sort_values("replicate", kind="stable"))
    frame, every = pd.DataFrame(rows), pd.concat(runs, ignore_index=True)[_RUN]
    samples: dict[Any, dict[str, FloatArray]] = {
        key: {name: group[name].to_numpy(dtype=np.float64) for name in MEASURES}
        for key, group in frame.groupby(["market", "forecaster", "subsequence"], sort=False)
    }
    pools = {name: pool(known.market) for name, known in settings.items()}
    for market, names in pools.items():
        if len(names) == 1:  # which is all of them: it was played once
            every_base, only = calibrated(EVERY), calibrated(names[0])
            daily[market, only] = daily[market, every_base]
            money |= {(market, only, each): money[market, every_base, each] for each in POPULATIONS}
            samples |= {
                (market, only, each): samples[market, every_base, each] for each in settings[market].subsequences
            }
    return Results(
        frame,
        every,
        daily,
        money,
        pools,
        frozenset(name for name, known in settings.items() if known.market.forecasts),
        {name: known.subsequences for name, known in settings.items()},
        samples,
    )


_RUN = ["market", "forecaster", "replicate", "seed", "certificates", "violated", *ENGINE, CUT, SECONDS]


def _money_of(agents: pd.DataFrame, population: str) -> FloatArray:
    own = agents[(agents["population"] == population) & (agents["subsequence"] == ALL)]
    return own["money"].to_numpy(dtype=np.float64)


def _rows(agents: pd.DataFrame, daily: FloatArray, known: Setting) -> Iterator[dict[str, Any]]:
    for name, active in known.subsequences.items():
        here = agents[agents["subsequence"] == name]
        days = int(active.sum())
        defined = np.maximum(here["swap_regret"].dropna().to_numpy(), 0.0)
        money = here["money"] / days
        yield {
            "subsequence": name,
            "days": days,
            EARNED: float(daily[active].sum()),
            "utility": float(here["utility"].mean()),
            "swap_regret": float(defined.mean()) if len(defined) else np.nan,
            "swap_regret_largest": float(defined.max()) if len(defined) else np.nan,
            "undefined": len(here) - len(defined),
            "money": float(money.mean()),
            **{f"money_{each}": float(money[here["population"] == each].mean()) for each in POPULATIONS},
        }


def settings_table(settings: Sequence[Setting], results: Results) -> pd.DataFrame:
    """One row per market: the days played, the scale, what it cuts, and how many days each subsequence has."""
    names = dict.fromkeys(name for known in settings for name in (*known.subsequences, *known.left_out))
    return pd.DataFrame(
        {
            "market": known.market.name,
            "first day": str(known.dates[0]),
            "days": known.days,
            "currency": known.market.currency,
            "ordinary price": known.typical_price,
            "low": known.scaling.low,
            "high": known.scaling.high,
            "stress price": known.stress_price,
            "clipped hours %": 100 * known.beyond.clipped / known.beyond.count,
            "cut off the prices %": 100 * known.beyond.share,
            "highest price": known.beyond.highest,
            "cut off the money %": 100 * results.cut(known.market.name),
        }
        | {name: int(known.subsequences[name].sum()) if name in known.subsequences else 0 for name in names}
        for known in settings
    )
