"""Forecasts and features that are the price itself, and forecasts that stand at the wrong hours or in another unit."""

from collections.abc import Iterable
from typing import Literal

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import DataError
from omnisim.market.data import Market

Leaks = Literal["error", "allow"]

_FEWEST, _DIFFERENT = 48, 10
"""Prices, and different values, that a column must have to be compared with the price."""

_COMPARED = 5000
"""Prices of a market that a column is compared with."""

_UNEXPLAINED = 2e-4
"""Share of the variance of the price which, if a line through a column leaves no more, says that it is the price.

Rescaled and rounded to whole EUR/MWh it leaves about 1e-4, the best published forecasts of five markets 0.09 or more.
"""

_HALF = 0.5
"""Share of the hours with a new price in which a line through a column says the price; more say that it is a copy."""

_COARSE = 0.01
"""Standard deviations of the price up to which a rounding step is taken into account."""

_DAYS, _HOURS, _BETTER = 14, 3, 0.8
"""Days of a forecast that are compared with prices, hours of the shifts, and the share that raises doubts.

Where a shift leaves less than that share of the variance that is left at its own hours, its stamps are doubted.
"""

_TIMES = 5.0
"""A forecast whose usual size is that many times the price's, or its inverse, is likely in another unit."""


def refuse_leaks(market: Market, source: str, leaks: Leaks) -> None:
    """Refuse forecasts and features that are the price itself, or the price less than a day before, or after.

    Whether it is rescaled, rounded or wrong here and there makes no difference.

    Raises
    ------
    DataError
        If there is one and leaks are not allowed.
    """
    if leaks == "allow" or market.days < 3:
        return
    prices = market.prices.ravel()
    if np.ptp(prices) == 0:
        return
    a_day = market.prices.shape[1]
    for kind, columns in (("forecast", market.forecasts), ("feature", market.features)):
        for name, values in columns.items():
            shift = _copied(prices, values.ravel(), range(-(a_day - 1), 2 * a_day + 1), a_day)
            if shift is not None:
                raise DataError(
                    f"{source}: {kind} {name!r} is the price {_when(shift, a_day)}, which is not known before the "
                    f"auction: take it out of {kind}s, or set leaks = 'allow'"
                )


def warn_of_copies(market: Market, source: str, leaks: Leaks) -> list[str]:
    """Forecasts that are the price of a day or two before: they may be meant so, or their stamps are wrong."""
    prices, a_day = market.prices.ravel(), market.prices.shape[1]
    found = []
    for name, values in market.forecasts.items() if leaks != "allow" and np.ptp(prices) > 0 else ():
        shift = _copied(prices, values.ravel(), range(-2 * a_day, 1 - a_day), a_day)
        if shift is not None:
            found.append(
                f"{source}: forecast {name!r} is the price {_when(shift, a_day)}: are its stamps right? take it out of "
                "forecasts, or set leaks = 'allow' if it is meant"
            )
    return found


def warn_of_misfit(market: Market, name: str, source: str) -> list[str]:
    """A forecast that fits the prices better some hours off, or whose size is another one."""
    found = []
    prices, values, a_day = market.prices.ravel(), market.forecasts[name].ravel(), market.prices.shape[1]
    sizes = float(np.median(np.abs(values))), float(np.median(np.abs(prices)))
    if min(sizes) > 0 and not 1 / _TIMES <= sizes[0] / sizes[1] <= _TIMES:
        found.append(
            f"{source}: forecast {name!r} is usually {sizes[0]:.3g} where the price is {sizes[1]:.3g}: set unit, "
            "thousands or decimal if it is written in another way"
        )
    an_hour = a_day // 24
    if market.days < _DAYS or an_hour == 0 or np.ptp(prices) == 0:
        return found
    shifts = [hours * an_hour for hours in range(-_HOURS, _HOURS + 1)]
    left = {shift: _unexplained(*_beside(prices, values, shift)) for shift in shifts}
    best = min(left, key=lambda shift: (left[shift], abs(shift)))
    if best != 0 and left[best] < _BETTER * left[0]:
        hours, side = abs(best) // an_hour, "later" if best > 0 else "earlier"
        found.append(
            f"{source}: forecast {name!r} fits the price {hours} hour{'s' * (hours > 1)} {side} better "
            f"({1 - left[best]:.0%} of its variance, {1 - left[0]:.0%} at its own): are its stamps right? set "
            "file_timezone, or stamp"
        )
    return found


def _beside(prices: FloatArray, values: FloatArray, shift: int) -> tuple[FloatArray, FloatArray]:
    """The column, and the price that many periods later."""
    start, stop = max(0, -shift), min(len(prices), len(prices) - shift)
    return values[start:stop], prices[start + shift : stop + shift]


def _unexplained(ours: FloatArray, theirs: FloatArray) -> float:
    """The share of the variance of prices that a line through a column leaves."""
    a, b = ours - ours.mean(), theirs - theirs.mean()
    squares = float((a * a).sum() * (b * b).sum())
    return 1 - float((a * b).sum()) ** 2 / squares if squares > 0 else 1.0


def _copied(prices: FloatArray, values: FloatArray, shifts: Iterable[int], a_day: int) -> int | None:
    """Number of periods later than its own of the price that a column shows; None if it shows none."""
    if len(np.unique(values)) < _DIFFERENT:
        return None
    step = _rounding(values)
    for shift in sorted(shifts, key=abs):
        ours, theirs = _beside(prices, values, shift)
        if len(ours) < max(2 * a_day, _FEWEST):
            continue
        if len(ours) > _COMPARED:
            rows = np.linspace(0, len(ours) - 1, _COMPARED).astype(int)
            ours, theirs = ours[rows], theirs[rows]
        if np.ptp(theirs) == 0 or np.ptp(ours) == 0:
            continue
        if _unexplained(ours, theirs) <= _UNEXPLAINED or _on_a_line(ours, theirs, step) > _HALF:
            return shift
    return None


def _on_a_line(ours: FloatArray, theirs: FloatArray, step: float) -> float:
    """The share of new prices that are the column's, or on the line of its usual slope, but for rounding."""
    moves = np.diff(theirs)
    moving = moves != 0
    slope = float(np.median(np.diff(ours)[moving] / moves[moving]))
    lines = [(1.0, 0.0)]
    if slope > 0:
        lines.append((slope, float(np.median(ours - slope * theirs))))
    shares = []
    for slope, start in lines:
        rounding = min(step / 2, _COARSE * slope * float(theirs.std()))
        near = np.abs(ours - slope * theirs - start) <= 1.01 * rounding + max(1e-9, 1e-6 * slope * np.ptp(theirs))
        shares.append(float(near[1:][moving].mean()))
    return max(shares)


def _rounding(values: FloatArray) -> float:
    """The power of ten (1 to 0.001) of which all values are multiples; 0 if there is none."""
    for step in (1.0, 0.1, 0.01, 0.001):
        if np.allclose(values, np.round(values / step) * step, rtol=0, atol=1e-6 * step):
            return step
    return 0.0


def _when(shift: int, a_day: int) -> str:
    if shift == 0:
        return "itself (or a multiple of it)"
    days, rest = divmod(abs(shift), a_day)
    hours = abs(shift) * 24 / a_day
    words = f"{days} day{'s' * (days > 1)}" if days and not rest else f"{hours:g} hour{'s' * (hours != 1)}"
    return f"{words} {'later' if shift > 0 else 'before'}"
