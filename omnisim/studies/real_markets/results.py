"""From the measurements of all runs to differences between forecasters, with intervals over agents and over days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray
from omnisim.report.text import MISSING
from omnisim.streams import stream
from omnisim.studies.fitting import LEVEL, mean_interval
from omnisim.studies.real_markets.cases import Case, Measured
from omnisim.studies.real_markets.contenders import CLIMATOLOGY, FORESIGHT, RIDGE, WEAK, calibrated
from omnisim.studies.real_markets.setting import ALL, CHANGED, Setting

BLOCK_DAYS, DRAWS = 14, 2000
"""Length of the blocks of days that the bootstrap draws, and how many times it draws."""


EARNED = "earned"
MEASURES = (EARNED, "utility", "swap_regret", "money")
"""Columns of the rows that results are made of; see :func:`~omnisim.studies.real_markets.cases.measure`."""


@dataclass(frozen=True)
class Interval:
    """A mean and the ends of its 95 % interval (NaN if unknown); ``str`` gives ``1.24 [1.02, 1.46]``."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        if not np.isfinite(self.mean):
            return MISSING
        interval = f" [{_written(self.low)}, {_written(self.high)}]" if np.isfinite(self.low) else ""
        return f"{_written(self.mean)}{interval}"


def over_seeds(sample: FloatArray) -> Interval:
    """The t-interval of a mean over population seeds."""
    return Interval(*mean_interval(sample))


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
    """

    rows: pd.DataFrame
    runs: pd.DataFrame
    daily: Mapping[tuple[str, str], FloatArray]
    money: Mapping[tuple[str, str, str], FloatArray]
    pools: Mapping[str, Sequence[str]]
    published: frozenset[str]
    _samples: Mapping[tuple[str, str, str], dict[str, FloatArray]]

    @property
    def markets(self) -> list[str]:
        """In the order of the data."""
        return list(self.pools)

    def sample(self, market: str, forecaster: str, measure: str = EARNED, subsequence: str = ALL) -> FloatArray:
        """A column of the rows for all population seeds, (R,)."""
        return self._samples[market, forecaster, subsequence][measure]

    def subsequences(self, market: str) -> list[str]:
        """Those of a market, in their order."""
        return list(dict.fromkeys(self.rows[self.rows["market"] == market]["subsequence"]))

    def changed(self, market: str) -> list[str]:
        """Its subsequences of unusual days."""
        return [name for name in self.subsequences(market) if name in CHANGED]

    def distance(self, market: str, subsequence: str = ALL, measure: str = EARNED) -> FloatArray:
        """What is earned more on perfect foresight than on climatology, (R,)."""
        best, worst = (self.sample(market, name, measure, subsequence) for name in (FORESIGHT, CLIMATOLOGY))
        return np.asarray(best - worst)

    def change(self, market: str, forecaster: str, reference: str, subsequence: str = ALL) -> FloatArray:
        """How much more a forecaster earns than another with the same agents, (R,), in per cent of the distance.

        NaN where foresight earned no more than climatology, as may be on a few days.
        """
        more = self.sample(market, forecaster, subsequence=subsequence)
        less = self.sample(market, reference, subsequence=subsequence)
        return _share(100 * (more - less), self.distance(market, subsequence))

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

    def regret_ratio(self, market: str, base: str) -> FloatArray:
        """Swap regret on the worst subsequence after calibrating a base, over that before, (R,); NaN without any."""
        return _share(self.worst_regret(market, calibrated(base)), self.worst_regret(market, base))


def collect(cases: Sequence[Case], measured: Sequence[Measured], pools: Mapping[str, Sequence[str]]) -> Results:
    """Put the measurements of all runs together; the cases name their markets and forecasters."""
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
        pools,
        frozenset(case.setting.market.name for case in cases if case.setting.market.forecasts),
        samples,  # type: ignore[arg-type]
    )


def over_days(results: Results, market: str, forecaster: str, reference: str, seed: int) -> Interval:
    """The change of :meth:`Results.change` with an interval over days instead of agents.

    A circular block bootstrap: runs of ``BLOCK_DAYS`` days are drawn with replacement and the change is computed on
    them, numerator and denominator alike. It says how much the numbers hang on single days, not what a forecaster
    would have learnt from other days.
    """
    rng = stream(seed, f"days of {market}")
    gain, distance = (
        results.daily[market, more].mean(axis=0) - results.daily[market, less].mean(axis=0)
        for more, less in ((forecaster, reference), (FORESIGHT, CLIMATOLOGY))
    )
    days = len(gain)
    starts = rng.integers(0, days, (DRAWS, -(-days // BLOCK_DAYS)))
    drawn = [_block_sums(values)[starts].sum(axis=1) for values in (gain, distance)]
    low, high = np.quantile(_share(100 * drawn[0], drawn[1]), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    (mean,) = _share(100 * gain.sum(keepdims=True), distance.sum(keepdims=True))
    return Interval(float(mean), float(low), float(high))


def comparisons(results: Results, market: str) -> list[tuple[str, str]]:
    """The pairs (forecaster, reference) that the page is about."""
    best = results.best(market)
    against_all = [best, "Selection", "Combination"]
    bases = dict.fromkeys([best, *WEAK, RIDGE])
    return [(calibrated("all"), name) for name in against_all] + [(calibrated(base), base) for base in bases]


def mean_over(values: Sequence[FloatArray]) -> FloatArray:
    """The mean over markets (or other cells) for each population seed, (R,)."""
    return np.asarray(np.mean(values, axis=0))


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


def _written(value: float) -> str:
    # "z" leaves no minus before what rounds to 0.
    return f"{value:z.2f}".replace("-", "−")


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """``part / whole``, NaN where there is no whole to have a share of."""
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def _block_sums(values: FloatArray) -> FloatArray:
    """Sum of the ``BLOCK_DAYS`` days from each day on, around the end, (D,)."""
    length = min(BLOCK_DAYS, len(values))
    total = np.concatenate([[0.0], np.concatenate([values, values]).cumsum()])
    start = np.arange(len(values))
    return np.asarray(total[start + length] - total[start])
