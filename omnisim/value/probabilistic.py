"""Accuracy of predictive distributions: pinball loss, CRPS, interval score, and whether levels hold what they say.

A forecast of points is the distribution that is sure of them: its CRPS is its absolute error.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from omnisim.arrays import BoolArray, FloatArray
from omnisim.market.distributions import Distribution
from omnisim.report.text import listing, number, percent
from omnisim.statistics.blocks import block_length
from omnisim.statistics.intervals import least_share
from omnisim.statistics.paired import over_market
from omnisim.value.ledger import Ledger

CRPS, PINBALL, WINKLER = "continuous ranked probability score", "pinball loss", "interval score"
"""Measures of distributions; less is better."""

DECILES = np.arange(1, 10) / 10
_TAIL = 0.05
_SLACK = 1e-9
_DAYS_AT_ONCE = 64

MORE, FEWER, AS_SAID = "more than said", "fewer than said", "not separated"
"""Verdicts of the interval of a share on the level."""


def scores_by_day(ledger: Ledger) -> dict[str, dict[str, FloatArray]]:
    """Mean scores over the periods of each day (T,), by forecast and measure; {} where all forecasts are points.

    The interval score is NaN for points, which have no interval.
    """
    market = ledger.market
    if not market.distributions:
        return {}
    levels, tail = common_levels(ledger), tail_of(ledger)
    found: dict[str, dict[str, FloatArray]] = {}
    for name in ledger.forecasts:
        one = market.distributions.get(name)
        at = market.forecasts[name][:, :, None] if one is None else one.at(levels)
        losses = [pinball(at[:, :, k if one else 0], market.prices, float(level)) for k, level in enumerate(levels)]
        found[name] = {
            CRPS: np.abs(market.forecasts[name] - market.prices).mean(axis=1) if one is None else crps(one, ledger),
            PINBALL: np.mean(losses, axis=0),
        }
        if tail is not None:
            unknown = np.full(market.days, np.nan)
            found[name][WINKLER] = unknown if one is None else _interval_score(one, market.prices, tail)
    return found


def pinball(quantile: FloatArray, truth: FloatArray, level: float) -> FloatArray:
    """Mean pinball loss of each day (T,) of a quantile (T, H).

    >>> pinball(np.array([[10.0, 10.0]]), np.array([[20.0, 0.0]]), 0.9)  # 0.9 x 10 and 0.1 x 10
    array([5.])
    """
    from sklearn.metrics import mean_pinball_loss

    # Days are its outputs, periods its samples.
    return np.asarray(mean_pinball_loss(truth.T, quantile.T, alpha=level, multioutput="raw_values"))


def crps(distribution: Distribution, ledger: Ledger) -> FloatArray:
    """Mean CRPS of each day, (T,)."""
    parts = [slice(start, start + _DAYS_AT_ONCE) for start in range(0, ledger.market.days, _DAYS_AT_ONCE)]
    # A few days at once: segments of large ensembles would fill memory.
    return np.concatenate([distribution.of_days(p).crps(ledger.market.prices[p]).mean(axis=1) for p in parts])


def common_levels(ledger: Ledger) -> FloatArray:
    """The deciles on which all distributions say something, over which the pinball loss is a mean; else the median."""
    low, high = _reach(ledger)
    found = DECILES[(low - _SLACK <= DECILES) & (high + _SLACK >= DECILES)]
    return found if len(found) else np.array([0.5])


def tail_of(ledger: Ledger) -> float | None:
    """Share beyond the central interval on each side: 5 %, or more where a distribution says less; None for none."""
    low, high = _reach(ledger)
    tail = max(low, 1 - high, _TAIL)
    return round(tail, 12) if tail < 0.5 - _SLACK else None


def descriptions(ledger: Ledger) -> pd.DataFrame:
    """One row per forecast: what was given, and how far its mean, which risk-neutral customers play, is in doubt."""
    rows = []
    for name in ledger.forecasts:
        one = ledger.market.distributions.get(name)
        if one is None:
            rows.append((name, "points", np.nan, np.nan))
            continue
        between = float(one.mean_between.mean()) if one.members is None else 0.0
        rows.append((name, one.described, between, float(one.mean_of_tails.mean())))
    return pd.DataFrame(rows, columns=["forecast", "given", "mean_within", "mean_more_with_tails"])


def coverage(ledger: Ledger) -> pd.DataFrame:
    """One row per distribution and level: the share of prices at or below its quantile.

    Levels are its own; of an ensemble, those near the deciles that its members can have, see
    :meth:`~omnisim.market.distributions.Distribution.judged`.
    """
    rows: list[tuple[str, float, FloatArray]] = []
    for name, one in ledger.market.distributions.items():
        levels, quantiles = one.judged(one.levels if len(one.levels) else DECILES)
        below = ledger.market.prices[:, :, None] <= quantiles + _rounding(ledger)
        rows += [(name, float(level), below[:, :, k].mean(axis=1)) for k, level in enumerate(levels)]
    return _shares(ledger, rows, "level", "share_at_or_below")


def intervals(ledger: Ledger) -> pd.DataFrame:
    """One row per distribution: how often its central interval held the price, how wide it was, and its score.

    What an ensemble says to hold is what its members can hold; the score is at the same levels for all.
    """
    tail = tail_of(ledger)
    if tail is None:
        return pd.DataFrame()
    held, widths, score = [], [], []
    for name, one in ledger.market.distributions.items():
        said, low, high = one.central(tail)
        inside = (low - _rounding(ledger) <= ledger.market.prices) & (ledger.market.prices <= high + _rounding(ledger))
        held.append((name, said, inside.mean(axis=1)))
        widths.append(float((high - low).mean()))
        score.append(float(_interval_score(one, ledger.market.prices, tail).mean()))
    return _shares(ledger, held, "said", "share_inside").assign(mean_width=widths, interval_score=score)


def told(ledger: Ledger, held: pd.DataFrame) -> str:
    """CRPS of each distribution, and how often its interval held."""
    unit = f"{ledger.currency}/MWh"
    by_day = scores_by_day(ledger)
    parts = []
    rows = {str(row["forecast"]): row for row in held.to_dict("records")}
    for name in ledger.market.distributions:
        part = f"{name} has a CRPS of {number(float(by_day[name][CRPS].mean()))} {unit}"
        if name in rows:
            row = rows[name]
            part += f", and its {percent(row['said'])} interval held {percent(row['share_inside'])} of the prices"
            part += "" if row["verdict"] in ("", AS_SAID) else f" ({row['verdict']})"
        parts.append(part)
    return f"{listing(parts)}."


def _reach(ledger: Ledger) -> tuple[float, float]:
    every = [one.reach for one in ledger.market.distributions.values()]
    return max(low for low, _ in every), min(high for _, high in every)


def _interval_score(one: Distribution, truth: FloatArray, tail: float) -> FloatArray:
    """Mean over each day (T,) of width + 2 / alpha x what lies outside; alpha / 2 is the tail."""
    ends = one.at([tail, 1 - tail])
    # It is 2 / alpha x the pinball losses of the two ends.
    both = pinball(ends[:, :, 0], truth, tail) + pinball(ends[:, :, 1], truth, 1 - tail)
    return np.asarray(both / tail)


def _rounding(ledger: Ledger) -> float:
    # A price that is the quantile but for the rounding of the scale is at it.
    return 1e-9 * max(1.0, float(np.abs(ledger.market.prices).max()))


def _shares(ledger: Ledger, rows: list[tuple[str, float, FloatArray]], said: str, share: str) -> pd.DataFrame:
    days = ledger.market.days
    every: BoolArray = np.ones(days, dtype=np.bool_)
    found = over_market([values[None] / days for *_, values in rows], [every] * len(rows))
    ends = [(max(each.low, 0.0), min(each.high, 1.0)) for each in found]
    for k, (*_, values) in enumerate(rows):
        if values.min() == values.max() and values[0] in (0.0, 1.0):
            least = least_share(days // block_length(days), len(rows))
            ends[k] = (least, 1.0) if values[0] else (0.0, 1.0 - least)
    return pd.DataFrame(
        {
            "forecast": [name for name, *_ in rows],
            said: [level for _, level, _ in rows],
            share: [each.mean for each in found],
            "low": [low for low, _ in ends],
            "high": [high for _, high in ends],
            "verdict": [*_verdicts([level for _, level, _ in rows], ends)],
        }
    )


def _verdicts(levels: list[float], ends: list[tuple[float, float]]) -> Iterator[str]:
    for level, (low, high) in zip(levels, ends, strict=True):
        if np.isnan(low):
            yield ""
        else:
            yield MORE if low > level else FEWER if high < level else AS_SAID
