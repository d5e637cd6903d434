"""Differences between forecasters, from the measurements of all runs, with intervals over agents and days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omnisim.arrays import BoolArray, FloatArray
from omnisim.statistics.paired import Difference, over_market
from omnisim.studies.real_markets.cases import Case, Measured
from omnisim.studies.real_markets.contenders import CLIMATOLOGY, EVERY, FORESIGHT, RIDGE, WEAK, calibrated, pool
from omnisim.studies.real_markets.setting import ALL, CHANGED, Setting

EARNED = "earned"
MEASURES = (EARNED, "utility", "swap_regret", "money")
"""Columns of the rows that results are made of; see :func:`~omnisim.studies.real_markets.cases.measure`."""

Pair = tuple[str, str]
"""A forecaster, and the one it is compared with."""


@dataclass(frozen=True, eq=False)
class Results:
    """The measurements of all runs.

    Attributes
    ----------
    rows, runs
        One row per run and subsequence, and one per run; see :mod:`~omnisim.studies.real_markets.cases`.
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
        unit = np.where(distance > 0, 100 / distance, np.nan)
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


def collect(cases: Sequence[Case], measured: Sequence[Measured]) -> Results:
    """Put the measurements of all runs together; the cases name their markets and forecasters."""
    settings = {case.setting.market.name: case.setting for case in cases}
    rows = pd.DataFrame([row for result in measured for row in result.rows])
    daily: dict[tuple[str, str], list[FloatArray]] = {}
    money: dict[tuple[str, str, str], list[FloatArray]] = {}
    for case, result in zip(cases, measured, strict=True):
        key = case.setting.market.name, case.forecaster
        daily.setdefault(key, []).append(result.daily)
        for population, values in result.money.items():
            money.setdefault((*key, population), []).append(values)
    samples = {
        key: {name: group[name].to_numpy(dtype=np.float64) for name in MEASURES}
        for key, group in rows.groupby(["market", "forecaster", "subsequence"], sort=False)
    }
    return Results(
        rows,
        pd.DataFrame([result.run for result in measured]),
        {key: np.stack(values) for key, values in daily.items()},
        {key: np.stack(values) for key, values in money.items()},
        {name: pool(known.market) for name, known in settings.items()},
        frozenset(name for name, known in settings.items() if known.market.forecasts),
        {name: known.subsequences for name, known in settings.items()},
        samples,  # type: ignore[arg-type]
    )


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
