"""Prices as outcomes: the affine map between money per MWh and [0, 1], and a count of what it clips."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, freeze
from omnisim.errors import ProblemError


@dataclass(frozen=True)
class Scaling:
    """y = clip((price - low) / (high - low), 0, 1).

    Parameters
    ----------
    low, high
        The prices, in ``currency`` per MWh, that become 0 and 1. Prices beyond them are clipped, and agents
        then settle at ``low`` or ``high``: choose them wide enough for the clipped hours to be few, and not
        much wider, because regret is measured in units of each agent's range of money.
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
        given = np.asarray(prices, dtype=np.float64)
        if not np.isfinite(given).all():
            raise ProblemError(f"every price must be a finite number, got {given[~np.isfinite(given)][0]}")
        clipped = int(np.count_nonzero((given < self.low) | (given > self.high)))
        return freeze(np.clip((given - self.low) / self.span, 0.0, 1.0)), clipped

    def prices(self, outcomes: ArrayLike) -> FloatArray:
        """Map outcomes (or predictions of them) back to prices, of the same shape."""
        return np.asarray(self.low + self.span * np.asarray(outcomes, dtype=np.float64))
