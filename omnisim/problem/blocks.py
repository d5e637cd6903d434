"""Blocks of coordinates of an outcome: each stands for one series, with its own unit and range.

Theory sees y in [0, 1]^d, and utilities and costs that are affine in all coordinates. People see a price of each period
of the day, and beside it perhaps the carbon intensity of each period, in another unit: a block for each. The first one
is what the market is about, its prices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omnisim.arrays import FloatArray


@dataclass(frozen=True)
class Block:
    """Coordinates ``start`` to ``stop`` of an outcome, which stand for low + (high - low) y in ``unit``.

    Attributes
    ----------
    name
        Of the series.
    unit
        Of its values, such as ``EUR/MWh`` or ``kg/MWh``.
    low, high
        The values that are 0 and 1.
    start, stop
        The first coordinate, and the one after the last.
    cap
        Where it is the price with a cap: that.
    """

    name: str
    unit: str
    low: float
    high: float
    start: int
    stop: int
    cap: float | None = None

    @property
    def span(self) -> float:
        """Width of the range, from ``low`` to ``high``."""
        return self.high - self.low

    @property
    def columns(self) -> slice:
        """Its coordinates."""
        return slice(self.start, self.stop)

    def outcomes(self, values: FloatArray) -> FloatArray:
        """Values in its unit as coordinates, inside [0, 1]."""
        return np.clip((np.asarray(values) - self.low) / self.span, 0.0, 1.0)

    def part(self, outcomes: FloatArray) -> FloatArray:
        """Its coordinates of outcomes (..., d)."""
        return outcomes[..., self.columns]

    def values(self, outcomes: FloatArray) -> FloatArray:
        """Its coordinates of outcomes (..., d), in its unit."""
        return np.asarray(self.low + self.span * self.part(outcomes))

    @property
    def about(self) -> dict[str, Any]:
        """The same as plain JSON values; ``blocks_of`` is the way back."""
        return {
            "name": self.name,
            "unit": self.unit,
            "low": self.low,
            "high": self.high,
            "coordinates": self.stop - self.start,
            **({} if self.cap is None else {"cap": self.cap}),
        }


def blocks_of(listed: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
    """Blocks as they are listed in a record, one after another.

    Raises
    ------
    KeyError, TypeError, ValueError
        If an entry is none.

    Examples
    --------
    >>> hours = {"name": "price", "unit": "EUR/MWh", "low": 0.0, "high": 100.0, "coordinates": 24}
    >>> [block.columns for block in blocks_of([hours, {**hours, "name": "emissions", "unit": "kg/MWh"}])]
    [slice(0, 24, None), slice(24, 48, None)]
    """
    found: list[Block] = []
    for each in listed:
        start = found[-1].stop if found else 0
        low, high, size = float(each["low"]), float(each["high"]), int(each["coordinates"])
        if not (np.isfinite(low) and np.isfinite(high) and high > low and size >= 1):
            raise ValueError(f"block {each['name']!r} goes from {low:g} to {high:g} over {size} coordinates")
        cap = None if each.get("cap") is None else float(each["cap"])
        found.append(Block(str(each["name"]), str(each["unit"]), low, high, start, start + size, cap))
    return tuple(found)
