"""Delays of messages: their laws, in rounds, given by quantile functions.

A delay is computed from one number u, uniform on [0, 1), so that the draws of a channel do not depend on its law.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, numbers, within
from omnisim.elementary import exp, log1p
from omnisim.errors import ProblemError
from omnisim.wording import in_short

LONGEST = 1e12
"""Rounds of the longest expected delay: no run lasts as long, and sums of delays stay finite."""


class Delay(ABC):
    """The law of a delay, in rounds; a round lasts 1, so that 1/24 is an hour of a daily market."""

    random: bool = True
    """Whether it differs from message to message."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """The expected delay."""

    @abstractmethod
    def quantile(self, u: ArrayLike) -> FloatArray:
        """The delays at which the distribution function reaches u in [0, 1], of the shape of u; at 1 it may be inf."""


@dataclass(frozen=True)
class Constant(Delay):
    """Always the same delay.

    Parameters
    ----------
    rounds
        The delay, >= 0.
    """

    rounds: float

    random = False

    def __post_init__(self) -> None:
        _check("rounds of a constant delay", self.rounds)

    @property
    def mean(self) -> float:
        """The delay itself."""
        return self.rounds

    def quantile(self, u: ArrayLike) -> FloatArray:
        """See :meth:`Delay.quantile`."""
        return np.full(_levels(u).shape, float(self.rounds))


@dataclass(frozen=True)
class Uniform(Delay):
    """Any delay between two bounds alike.

    Parameters
    ----------
    low, high
        In rounds, 0 <= low <= high.

    Examples
    --------
    >>> Uniform(0.0, 2.0).quantile(np.array([0.25]))
    array([0.5])
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check("low of a uniform delay", self.low)
        _check("high of a uniform delay", self.high)
        if self.low > self.high:
            raise ProblemError(f"low of a uniform delay is {self.low}, above high, {self.high}: it must not be")

    @property
    def mean(self) -> float:
        """The middle."""
        return (self.low + self.high) / 2

    def quantile(self, u: ArrayLike) -> FloatArray:
        """See :meth:`Delay.quantile`."""
        return np.asarray(float(self.low) + float(self.high - self.low) * _levels(u))


@dataclass(frozen=True)
class Exponential(Delay):
    """A delay without memory.

    Parameters
    ----------
    mean_rounds
        The expected delay, >= 0.
    """

    mean_rounds: float

    def __post_init__(self) -> None:
        _check("mean_rounds of an exponential delay", self.mean_rounds)

    @property
    def mean(self) -> float:
        """The expected delay."""
        return self.mean_rounds

    def quantile(self, u: ArrayLike) -> FloatArray:
        """See :meth:`Delay.quantile`."""
        return -float(self.mean_rounds) * log1p(-_levels(u))


@dataclass(frozen=True)
class LogNormal(Delay):
    """A delay whose logarithm is normal: mostly near the median, now and then far above it.

    Parameters
    ----------
    median
        In rounds, >= 0.
    sigma
        Standard deviation of the logarithm, >= 0.
    """

    median: float
    sigma: float

    def __post_init__(self) -> None:
        _check("median of a lognormal delay", self.median)
        _check("sigma of a lognormal delay", self.sigma)
        try:
            bounded = self.mean <= LONGEST
        except OverflowError:
            bounded = False
        if not bounded:
            raise ProblemError(
                f"sigma of a lognormal delay is {self.sigma:g}, with median {self.median:g}: "
                f"the expected delay must be <= {LONGEST:g} rounds"
            )

    @property
    def mean(self) -> float:
        """The expected delay."""
        return self.median * math.exp(self.sigma**2 / 2)

    def quantile(self, u: ArrayLike) -> FloatArray:
        """See :meth:`Delay.quantile`."""
        from scipy.special import ndtri

        levels = _levels(u)
        # The quantile of 0 is 0; 0 * inf would not be a number.
        tail = exp(float(self.sigma) * ndtri(levels)) if self.sigma else np.ones(levels.shape)
        return np.asarray(float(self.median) * tail)


def _levels(u: ArrayLike) -> FloatArray:
    found = numbers("u of quantile", u)
    if not ((found >= 0) & (found <= 1)).all():  # first, since a network asks in every round
        within("u of quantile", found, found.shape, 0, 1)
    return found


def _check(what: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating) or not value >= 0:
        raise ProblemError(
            f"{what} must be a number of rounds >= 0, got {in_short(value)}: no message arrives before it is sent"
        )
    if value > LONGEST:
        raise ProblemError(
            f"{what} must be <= {LONGEST:g} rounds, got {value!r}: for messages that never arrive there is loss = 1"
        )
