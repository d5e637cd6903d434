r"""Limits that outcomes are expected to keep: promises are conditional on them, and what lies beyond is measured.

Let y' be an outcome y taken to the nearest one within the limits, in each coordinate. A forecaster that learns y' in
the place of y keeps its promises on the outcomes y', all of which are possible. Since utilities are affine, the
difference of any two of an agent's utilities at y is that at y' plus that of U . (y - y'), so that over any rounds, and
whatever is played,

    regret at the y <= regret at the y' + sum of max over actions U_a . (y - y') - min over actions U_a . (y - y'),

external, swap or to a base alike; and every bias is at most that at the y' plus the sum of \|\|y - y'\|\|_inf. Both
sums are over the rounds beyond the limits only, and are known once they have come.
"""

import math
from dataclasses import dataclass

import numpy as np

from omnisim.arrays import ROUNDING, BoolArray, FloatArray
from omnisim.errors import ProblemError
from omnisim.wording import in_short


@dataclass(frozen=True)
class Limits:
    """The range [low, high], within [0, 1], in which every coordinate of every outcome is expected.

    Raises
    ------
    ProblemError
        If it is no such range.

    Examples
    --------
    >>> limits = Limits(0.25, 0.5)
    >>> limits.within(np.array([[0.0, 0.3], [0.4, 0.5]]))
    array([[0.25, 0.3 ],
           [0.4 , 0.5 ]])
    >>> limits.beyond(np.array([[0.0, 0.3], [0.4, 0.5]]))
    array([ True, False])
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        numbers = all(isinstance(end, int | float) and math.isfinite(end) for end in (self.low, self.high))
        if not numbers or not 0 <= self.low < self.high <= 1:
            raise ProblemError(
                "limits of outcomes must be two numbers with 0 <= low < high <= 1, "
                f"got {in_short(self.low)} and {in_short(self.high)}"
            )

    def __bool__(self) -> bool:
        """Whether any outcome in [0, 1] lies beyond them."""
        return (self.low, self.high) != (0.0, 1.0)

    def within(self, outcomes: FloatArray) -> FloatArray:
        """The nearest outcomes within the limits, of the same shape."""
        return np.clip(outcomes, self.low, self.high) if self else outcomes

    def beyond(self, outcomes: FloatArray) -> BoolArray:
        """Rounds (T,) in which a coordinate of the outcome (T, d) is beyond them."""
        return np.asarray((np.abs(outcomes - self.within(outcomes)) > ROUNDING).any(axis=1))


BOX = Limits()
"""All outcomes of the theory."""
