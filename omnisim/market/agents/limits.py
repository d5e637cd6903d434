"""Limits that bind only in periods whose price turns out high: not linear, nor convex, in the outcome."""

import copy
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, IntArray, finite, freeze
from omnisim.errors import ProblemError
from omnisim.problem.churn import rows_of
from omnisim.problem.constraints import COST, Constraint, LinearConstraint
from omnisim.products import weighted_sums


class StressedLoad:
    """The largest load in stressed periods stays under the connection limit.

    c(a, y) = (max of load[n, a, h] over the periods h with y_h > threshold, or 0 if there is none, - limit[n])
    / scale[n], where scale[n] is the smallest number that keeps the cost in [-1, 1] for every y.

    Parameters
    ----------
    load : (N, A, d)
        The power in each period, in MW (in an hour, as many MWh).
    limit : (N,)
        The most that may be drawn in a stressed period, in MW.
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
    unit = "MW"

    def __init__(self, load: ArrayLike, limit: ArrayLike, threshold: float) -> None:
        loads = finite("load of the stressed-load constraint", load, ("N", "A", "d"))
        self.limit = _limits("limit", limit, len(loads))
        self.threshold = _outcome("threshold", threshold)
        self.scale = freeze(_scale(np.abs(loads - self.limit[:, None, None]).max(axis=(1, 2)), self.limit))
        self._by_period = freeze(np.ascontiguousarray(loads.transpose(2, 0, 1)))
        self._without_stress = freeze(self._cost(np.zeros(loads.shape[:2])))

    @classmethod
    def joined(cls, limits: "Sequence[StressedLoad]") -> "StressedLoad | None":
        """One constraint on the agents of several, in their order; None where their thresholds differ."""
        first = limits[0]
        if any(other.threshold != first.threshold for other in limits):
            return None
        loads = np.concatenate([other._by_period.transpose(1, 2, 0) for other in limits])  # noqa: SLF001 (its own class)
        return cls(loads, np.concatenate([other.limit for other in limits]), first.threshold)

    def of_agents(self, rows: IntArray) -> "StressedLoad":
        """The limit of some agents, to the last bit as it was."""
        part = copy.copy(self)
        part.limit, part.scale = self.limit[rows], self.scale[rows]
        part._by_period = freeze(np.ascontiguousarray(self._by_period[:, rows]))  # noqa: SLF001 (its own class)
        part._without_stress = freeze(self._without_stress[rows])  # noqa: SLF001 (its own class)
        return part

    def split(self, parts: int) -> "StressedLoad":
        """Copy of the limit where each period has ``parts`` prices: the load is drawn in each of its parts."""
        loads = np.repeat(self._by_period.transpose(1, 2, 0), parts, axis=2)
        return StressedLoad(loads, self.limit, self.threshold)

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Map outcomes (T, d) to costs (T, N, A); the result is read-only where no period is stressed."""
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
        return self._cost(self._by_period[stressed].max(axis=0))

    def _cost(self, largest: FloatArray) -> FloatArray:
        return np.asarray((largest - self.limit[:, None]) / self.scale[:, None])


class CurtailmentEnergy:
    """The energy drawn in curtailment periods stays under a daily cap.

    c(a, y) = (sum of load[n, a, h] over the periods h with y_h > threshold - cap[n]) / scale[n], where
    scale[n] is the smallest number that keeps the cost in [-1, 1] for every y.

    Parameters
    ----------
    load : (N, A, d)
        The energy of each period in MWh, >= 0.
    cap : (N,)
        The most that may be drawn in all curtailment periods of a day, in MWh.
    threshold
        Periods with an outcome above it are curtailment periods.

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
        self._by_period = freeze(np.ascontiguousarray(loads.reshape(-1, loads.shape[2]).T))

    def of_agents(self, rows: IntArray) -> "CurtailmentEnergy":
        """The cap of some agents, to the last bit as it was."""
        part = copy.copy(self)
        part.cap, part.scale = self.cap[rows], self.scale[rows]
        energy = self._by_period.reshape(-1, *self._shape)[:, rows]
        part._by_period = freeze(np.ascontiguousarray(energy.reshape(len(energy), -1)))  # noqa: SLF001 (its own class)
        part._shape = energy.shape[1:]  # noqa: SLF001 (its own class)
        return part

    def split(self, parts: int) -> "CurtailmentEnergy":
        """Copy of the cap where each period has ``parts`` prices: its energy is drawn in equal parts."""
        loads = np.repeat(self._by_period.T.reshape(*self._shape, -1) / parts, parts, axis=2)
        return CurtailmentEnergy(loads, self.cap, self.threshold)

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Map outcomes (T, d) to costs (T, N, A)."""
        energy = weighted_sums(outcomes > self.threshold, self._by_period)
        costs = energy.reshape(-1, *self._shape)
        costs -= self.cap[:, None]
        costs /= self.scale[:, None]
        return costs


class Held:
    """A constraint on parts of a day in a market whose prices hold over several of them.

    c(a, y) = c_parts(a, y with each coordinate repeated), so that with one price a day a stressed day is one all of
    whose hours are stressed.

    Parameters
    ----------
    parts
        Maps outcomes (T, H) to costs (T, N, A).
    several
        How many parts a price holds over.

    Examples
    --------
    >>> peaks = StressedLoad(load=[[[0.5] * 23 + [3.0]]], limit=[2.0], threshold=0.5)
    >>> Held(peaks, 24).costs(np.array([[0.9], [0.1]])).ravel()
    array([ 0.5, -1. ])
    """

    def __init__(self, parts: Constraint, several: int) -> None:
        self.parts, self.several = parts, several
        self.name = getattr(parts, "name", type(parts).__name__)
        self.unit, self.scale = getattr(parts, "unit", COST), getattr(parts, "scale", None)
        self.averaged = bool(getattr(parts, "averaged", False))

    def of_agents(self, rows: IntArray) -> Constraint:
        """The constraint of some agents."""
        return Held(rows_of(self.parts, rows), self.several)

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Map outcomes (T, d) to costs (T, N, A)."""
        return self.parts.costs(np.repeat(outcomes, self.several, axis=1))


class OfPrices:
    """A constraint on the prices of a day where outcomes have coordinates of signals behind them.

    Parameters
    ----------
    constraint
        Maps outcomes (T, d) to costs (T, N, A).
    periods
        d.
    """

    def __init__(self, constraint: Constraint, periods: int) -> None:
        self.constraint, self.periods = constraint, periods
        self.name = getattr(constraint, "name", type(constraint).__name__)
        self.unit, self.scale = getattr(constraint, "unit", COST), getattr(constraint, "scale", None)
        self.averaged = bool(getattr(constraint, "averaged", False))

    @classmethod
    def widened(cls, constraint: Constraint, periods: int, dimension: int) -> Constraint:
        """The same constraint on outcomes of so many coordinates; a linear one stays linear."""
        if not isinstance(constraint, LinearConstraint):
            return cls(constraint, periods)
        none = np.zeros((*constraint.slope.shape[:2], dimension - periods))
        return LinearConstraint(
            np.concatenate([constraint.slope, none], axis=2),
            constraint.offset,
            constraint.name,
            unit=constraint.unit,
            scale=constraint.scale,
            averaged=constraint.averaged,
        )

    def of_agents(self, rows: IntArray) -> "OfPrices":
        """The constraint of some agents."""
        return OfPrices(rows_of(self.constraint, rows), self.periods)

    def split(self, parts: int) -> "OfPrices":
        """The same limit where each period has ``parts`` prices."""
        return OfPrices(split(self.constraint, parts), self.periods * parts)

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Map outcomes (T, D) to costs (T, N, A)."""
        return self.constraint.costs(np.ascontiguousarray(outcomes[:, : self.periods]))


def split(constraint: Constraint, parts: int) -> Constraint:
    """Copy a limit for a market where each period has ``parts`` prices.

    A linear cost is spread evenly: a price that holds in all parts of a period costs what it did.

    Raises
    ------
    ProblemError
        If the constraint is not linear and has no method ``split``.
    """
    if isinstance(constraint, LinearConstraint):
        return LinearConstraint(
            np.repeat(constraint.slope / parts, parts, axis=2),
            constraint.offset,
            constraint.name,
            unit=constraint.unit,
            scale=constraint.scale,
            averaged=constraint.averaged,
        )
    own = getattr(constraint, "split", None)
    if own is None:
        raise ProblemError(
            f"constraint {getattr(constraint, 'name', type(constraint).__name__)!r} cannot be stated for "
            f"{parts} prices in each of its periods: it needs a method split(parts)"
        )
    return own(parts)  # type: ignore[no-any-return]


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
