"""Prices as outcomes: the affine map between money per MWh and [0, 1], and what it clips."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, freeze, numbers
from omnisim.errors import ProblemError
from omnisim.problem.clipping import Clipping, clipping, rounded
from omnisim.signatures import check_fields


@dataclass(frozen=True)
class Scaling:
    """y = clip((price - low) / (high - low), 0, 1).

    Parameters
    ----------
    low, high
        The prices, in ``currency`` per MWh, that become 0 and 1. Prices beyond them are clipped for the theory, whose
        utilities need a range; money is settled at the true price. Choose them wide enough for little to be clipped,
        and not much wider, because regret is measured in units of each agent's range of money.
    currency
        Name of the money.

    Raises
    ------
    ProblemError
        If ``low`` or ``high`` is not finite, or ``high`` is not above ``low``.

    Examples
    --------
    >>> scaling = Scaling(low=-50, high=250, currency="EUR")
    >>> scaling.outcomes([-50, 100, 300])
    (array([0. , 0.5, 1. ]), 1)
    >>> scaling.prices([0.0, 0.5, 1.0])
    array([-50., 100., 250.])
    """

    low: float
    high: float
    currency: str = "USD"

    def __post_init__(self) -> None:
        check_fields(self, ProblemError)
        for name, value in (("low", self.low), ("high", self.high)):
            if not math.isfinite(value):
                raise ProblemError(f"{name} must be a finite price, got {value}")
        if not self.high > self.low:
            raise ProblemError(
                f"high must be greater than low, got low {self.low:g} and high {self.high:g}: "
                "low becomes outcome 0 and high becomes outcome 1"
            )
        if not math.isfinite(self.span):
            raise ProblemError(f"high - low must be finite, got low {self.low:g} and high {self.high:g}")

    @property
    def span(self) -> float:
        """The money per MWh between outcome 0 and outcome 1."""
        return self.high - self.low

    def outcomes(self, prices: ArrayLike) -> tuple[FloatArray, int]:
        """Map prices to outcomes in [0, 1] of the same shape, and count the values that were clipped.

        Raises
        ------
        ProblemError
            If a price is not finite.
        """
        given = numbers("prices", prices)
        if not np.isfinite(given).all():
            raise ProblemError(f"every price must be a finite number, got {given[~np.isfinite(given)][0]}")
        clipped = int(np.count_nonzero((given < self.low) | (given > self.high)))
        return freeze(np.clip(self.unclipped(given), 0.0, 1.0)), clipped

    def unclipped(self, prices: ArrayLike) -> FloatArray:
        """Map prices to the scale of outcomes without clipping, of the same shape."""
        return np.asarray((numbers("prices", prices) - self.low) / self.span)

    @property
    def about(self) -> dict[str, Any]:
        """The scale as plain JSON values."""
        return {"currency": self.currency, "low": self.low, "high": self.high}

    def clipping(self, prices: ArrayLike) -> Clipping:
        """Measure the clipping of these prices.

        Raises
        ------
        ProblemError
            If there are none.
        """
        given = numbers("prices", prices)
        if not given.size:
            raise ProblemError("prices of clipping must be one or more, got none")
        return clipping(given, self.low, self.high)

    def prices(self, outcomes: ArrayLike) -> FloatArray:
        """Map outcomes (or predictions of them) back to prices, of the same shape."""
        return np.asarray(self.low + self.span * numbers("outcomes", outcomes))


def fitting(prices: ArrayLike) -> tuple[float, float]:
    """Ends of a scale for prices of which some of the past is known: (low, high) in money per MWh.

    Low is the 0.5 % quantile of the past and high its 99.5 % quantile, each moved outwards by their distance, which
    leaves room for prices that the past does not show, and rounded outwards to two digits. Single spikes of the past do
    not stretch the scale, on which regret is measured.

    >>> fitting([20.0, 30.0, 40.0] * 200)
    (0.0, 60.0)
    """
    low, high = np.quantile(numbers("prices", prices), [0.005, 0.995])
    room = max(high - low, 0.1 * max(abs(low), abs(high)), 1.0)
    return rounded(low - room, up=False), rounded(high + room, up=True)
