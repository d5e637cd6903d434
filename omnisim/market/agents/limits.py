"""Limits that bind only in hours whose price turns out high: not linear, nor convex, in the outcome."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, finite, freeze
from omnisim.errors import ProblemError
from omnisim.market.data import HOURS
from omnisim.problem.constraints import COST, Constraint
from omnisim.products import weighted_sums


class StressedLoad:
    """The largest load in stressed hours stays under the connection limit.

    c(a, y) = (max of load[n, a, h] over the hours h with y_h > threshold, or 0 if there is none, - limit[n])
    / scale[n], where scale[n] is the smallest number that keeps the cost in [-1, 1] for every y.

    Parameters
    ----------
    load : (N, A, d)
        MWh in each hour.
    limit : (N,)
        The most a stressed hour may draw, in MWh.
    threshold
        Outcomes above it are stressed.

    Raises
    ------
    ProblemError
        If shapes disagree, a limit is negative, or ``threshold`` is not in [0, 1).

    Examples
    --------
    >>> evening = StressedLoad(load=[[[1.0, 3.0]]], limit=[2.0], threshold=0.5)
    >>> evening.costs(np.array([[0.9, 0.1], [0.9, 0.9], [0.1, 0.1]])).ravel()
    array([-0.5,  0.5, -1. ])
    """

    name = "stressed load"
    unit = "MWh"

    def __init__(self, load: ArrayLike, limit: ArrayLike, threshold: float) -> None:
        loads = finite("load of the stressed-load constraint", load, ("N", "A", "d"))
        self.limit = _limits("limit", limit, len(loads))
        self.threshold = _outcome("threshold", threshold)
        self.scale = freeze(_scale(np.abs(loads - self.limit[:, None, None]).max(axis=(1, 2)), self.limit))
        self._by_hour = freeze(np.ascontiguousarray(loads.transpose(2, 0, 1)))
        self._without_stress = freeze(self._cost(np.zeros(loads.shape[:2])))

    @classmethod
    def joined(cls, limits: "Sequence[StressedLoad]") -> "StressedLoad | None":
        """One constraint on the agents of several, in their order; None where their thresholds differ."""
        first = limits[0]
        if any(other.threshold != first.threshold for other in limits):
            return None
        loads = np.concatenate([other._by_hour.transpose(1, 2, 0) for other in limits])  # noqa: SLF001 (its own class)
        return cls(loads, np.concatenate([other.limit for other in limits]), first.threshold)

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Map outcomes (T, d) to costs (T, N, A); the result is read-only where no hour is stressed."""
        stressed = outcomes > self.threshold
        if not stressed.any():
            return np.broadcast_to(self._without_stress, (len(outcomes), *self._without_stress.shape))
        if len(outcomes) == 1:
            return self._of_pattern(stressed[0])[None]
        # Few patterns of stressed hours occur: each is computed once.
        patterns, which = np.unique(stressed, axis=0, return_inverse=True)
        return np.stack([self._of_pattern(pattern) for pattern in patterns])[which.ravel()]

    def _of_pattern(self, stressed: np.ndarray) -> FloatArray:
        if not stressed.any():
            return self._without_stress
        return self._cost(self._by_hour[stressed].max(axis=0))

    def _cost(self, largest: FloatArray) -> FloatArray:
        return np.asarray((largest - self.limit[:, None]) / self.scale[:, None])


class CurtailmentEnergy:
    """The energy drawn in curtailment hours stays under a daily cap.

    c(a, y) = (sum of load[n, a, h] over the hours h with y_h > threshold - cap[n]) / scale[n], where
    scale[n] is the smallest number that keeps the cost in [-1, 1] for every y.

    Parameters
    ----------
    load : (N, A, d)
        MWh in each hour, >= 0.
    cap : (N,)
        The most that all curtailment hours of a day may draw, in MWh.
    threshold
        Hours with an outcome above it are curtailment hours.

    Raises
    ------
    ProblemError
        If shapes disagree, a load or a cap is negative, or ``threshold`` is not in [0, 1).

    Examples
    --------
    >>> plant = CurtailmentEnergy(load=[[[1.0, 3.0]]], cap=[2.0], threshold=0.5)
    >>> plant.costs(np.array([[0.9, 0.1], [0.9, 0.9], [0.1, 0.1]])).ravel()
    array([-0.5,  1. , -1. ])
    """

    name = "curtailment energy"
    unit = "MWh"

    def __init__(self, load: ArrayLike, cap: ArrayLike, threshold: float) -> None:
        loads = finite("load of the curtailment constraint", load, ("N", "A", "d"))
        if loads.min(initial=0) < 0:
            raise ProblemError(f"load of the curtailment constraint must be >= 0, got {loads.min():g}")
        self.cap = _limits("cap", cap, len(loads))
        self.threshold = _outcome("threshold", threshold)
        self.scale = freeze(_scale(loads.sum(axis=2).max(axis=1) - self.cap, self.cap))
        self._shape = loads.shape[:2]
        self._by_hour = freeze(np.ascontiguousarray(loads.reshape(-1, loads.shape[2]).T))

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Map outcomes (T, d) to costs (T, N, A)."""
        energy = weighted_sums(outcomes > self.threshold, self._by_hour)
        costs = energy.reshape(-1, *self._shape)
        costs -= self.cap[:, None]
        costs /= self.scale[:, None]
        return costs


class HeldAllDay:
    """A constraint on hours in a market whose one price a day holds in every hour of it.

    c(a, y) = c_hourly(a, (y, ..., y)), so that a stressed day is one all of whose hours are stressed.

    Parameters
    ----------
    hourly
        Maps outcomes (T, 24) to costs (T, N, A).

    Examples
    --------
    >>> peaks = StressedLoad(load=[[[0.5] * 23 + [3.0]]], limit=[2.0], threshold=0.5)
    >>> HeldAllDay(peaks).costs(np.array([[0.9], [0.1]])).ravel()
    array([ 0.5, -1. ])
    """

    def __init__(self, hourly: Constraint) -> None:
        self.hourly = hourly
        self.name = getattr(hourly, "name", type(hourly).__name__)
        self.unit, self.scale = getattr(hourly, "unit", COST), getattr(hourly, "scale", None)

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Map outcomes (T, 1) to costs (T, N, A)."""
        return self.hourly.costs(np.repeat(outcomes, HOURS, axis=1))


def _limits(name: str, value: ArrayLike, agents: int) -> FloatArray:
    limits = finite(name, value, (agents,))
    if limits.min(initial=0) < 0:
        raise ProblemError(f"{name} must be >= 0 MWh, got {limits.min():g}")
    return limits


def _outcome(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ProblemError(f"{name} must lie in [0, 1): an outcome never exceeds 1, got {value:g}")
    return float(value)


def _scale(*extremes: FloatArray) -> FloatArray:
    largest = np.maximum.reduce(extremes)
    # A limit of 0 on a load of 0 costs 0 whatever the unit.
    return np.asarray(np.where(largest > 0, largest, 1.0))
