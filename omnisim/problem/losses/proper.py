"""Proper losses of a binary outcome, and their mixture representation, there and back.

Every bounded left-continuous proper loss with l(0, 0) = l(1, 1) = 0 is a mixture of weighted 0-1 losses (Ehm et al.
2016; Gibbs and Tibshirani, Theorem 5): with a measure mu >= 0 on [0, 1),

    l(p, 0) = int_{theta < p} theta dmu,    l(p, 1) = int_{theta >= p} (1 - theta) dmu.

The other way, mu([a, b)) = d(a) - d(b) with d(p) = l(p, 1) - l(p, 0), and l(b, 0) - l(a, 0) is its first moment there.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, finite, freeze, together, within
from omnisim.errors import ProblemError
from omnisim.problem.losses.thresholds import prediction_grid
from omnisim.refusing import is_number
from omnisim.wording import in_short

Loss: TypeAlias = Callable[[FloatArray, FloatArray], FloatArray]
"""l(p, y) on arrays of one shape; y is 0 or 1."""

_ROUNDING = 1e-9
"""Relative size of a mass, or of a distance to a cell, that may be an error of rounding."""


class ProperLoss(ABC):
    """A bounded left-continuous proper loss with l(0, 0) = l(1, 1) = 0.

    A subclass writes ``_of_zero(p)`` = l(p, 0), which does not decrease, and ``_of_one(p)`` = l(p, 1), which does not
    increase, on arrays in [0, 1].
    """

    def __call__(self, prediction: ArrayLike, outcome: ArrayLike) -> FloatArray:
        """l(p, y), the arguments broadcast together; affine in y, so that y may be a probability of 1."""
        p, y = together(("predictions", prediction), ("outcomes", outcome))
        inside = within("predictions", p.reshape(-1), ("n",), 0, 1).reshape(p.shape)
        return np.asarray((1 - y) * self._of_zero(inside) + y * self._of_one(inside))

    def bayes_risk(self, probability: ArrayLike) -> FloatArray:
        """E_{y ~ Ber(p)} l(p, y), the least expected loss: concave, with second derivative -mu."""
        return self(probability, probability)

    def mass(self, low: float, high: float) -> float:
        """mu([low, high)), 0 <= low <= high <= 1.

        Raises
        ------
        ProblemError
            If they are other numbers.
        """
        if not (is_number(low) and is_number(high) and 0 <= low <= high <= 1):
            given = f"{in_short(low)} and {in_short(high)}"
            raise ProblemError(f"low and high of a mass must be numbers, 0 <= low <= high <= 1, got {given}")
        ends = np.array([low, high])
        difference = self(ends, 1.0) - self(ends, 0.0)
        return float(difference[0] - difference[1])

    @property
    def total_mass(self) -> float:
        """mu([0, 1)): the factor by which regret of threshold losses bounds regret of this one; <= 2 if l <= 1."""
        return self.mass(0.0, 1.0)

    def mixture(self, m: int) -> "ThresholdMixture":
        """An atom per cell [k/m, (k+1)/m), with the cell's mass and mean: the same loss at every grid point k/m."""
        return threshold_mixture(self, m)

    @abstractmethod
    def _of_zero(self, p: FloatArray) -> FloatArray: ...

    @abstractmethod
    def _of_one(self, p: FloatArray) -> FloatArray: ...


class ThresholdMixture(ProperLoss):
    """sum_k mass_k l_{theta_k}: a proper loss given by a discrete measure.

    Parameters
    ----------
    thetas : (K,)
        Atoms, in [0, 1).
    masses : (K,)
        >= 0.

    Examples
    --------
    >>> loss = ThresholdMixture([0.25, 0.75], [1.0, 2.0])
    >>> loss([0.5, 0.5], [0, 1]), loss.total_mass
    (array([0.25, 0.5 ]), 3.0)
    """

    def __init__(self, thetas: ArrayLike, masses: ArrayLike) -> None:
        atoms = within("thetas", thetas, ("K",), 0, 1)
        mass = finite("masses", masses, (len(atoms),))
        if (atoms >= 1).any():
            raise ProblemError("thetas of a mixture must be < 1: no prediction in [0, 1] exceeds 1")
        if (mass < 0).any():
            raise ProblemError(f"masses of a mixture must be >= 0, got {mass.min():g}: the loss would not be proper")
        order = np.argsort(atoms, kind="stable")
        self.thetas, self.masses = freeze(atoms[order]), freeze(mass[order])
        self._zero = np.append(0.0, (self.thetas * self.masses).cumsum())
        self._one = np.append(((1 - self.thetas) * self.masses)[::-1].cumsum()[::-1], 0.0)

    def _of_zero(self, p: FloatArray) -> FloatArray:
        return np.asarray(self._zero[np.searchsorted(self.thetas, p, side="left")])

    def _of_one(self, p: FloatArray) -> FloatArray:
        return np.asarray(self._one[np.searchsorted(self.thetas, p, side="left")])


def weighted_zero_one(theta: float) -> ThresholdMixture:
    """l_theta itself.

    >>> weighted_zero_one(0.25)([0.25, 0.3], [1, 0])
    array([0.75, 0.25])
    """
    return ThresholdMixture([theta], [1.0])


def threshold_mixture(loss: Loss, m: int) -> ThresholdMixture:
    """The mixture with at most m atoms that equals a proper loss, less l(y, y), at all predictions k/m.

    Raises
    ------
    ProblemError
        If no mixture does: the loss is not proper.

    Examples
    --------
    >>> threshold_mixture(lambda p, y: (p - y) ** 2, m=2).thetas
    array([0.25, 0.75])
    >>> threshold_mixture(lambda p, y: abs(p - y), m=4)
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: the loss is not proper: under P(Y = 1) = 0.75, predicting 0.75 costs 0.125 more ...
    """
    grid = prediction_grid(m)
    zero, one = (finite(f"losses of y = {y:g}", loss(grid, np.full(m + 1, y)), (m + 1,)) for y in (0.0, 1.0))
    rise, fall = np.diff(zero), -np.diff(one)
    masses = rise + fall
    scale = float(np.abs(masses).max()) or 1.0
    # At the truth k/m, what (k+1)/m costs more than k/m, and the other way round at the truth (k+1)/m.
    upwards = rise - grid[:-1] * masses
    downwards = grid[1:] * masses - rise
    for costs, truth, other in ((upwards, grid[:-1], grid[1:]), (downwards, grid[1:], grid[:-1])):
        worst = int(costs.argmin())
        if costs[worst] < -_ROUNDING * scale:
            raise ProblemError(
                f"the loss is not proper: under P(Y = 1) = {truth[worst]:g}, predicting {truth[worst]:g} costs "
                f"{-costs[worst]:.3g} more than predicting {other[worst]:g}"
            )
    kept = masses > _ROUNDING * scale
    means = np.divide(rise, masses, out=grid[:-1].copy(), where=kept)
    inside = np.clip(means, grid[:-1], np.nextafter(grid[1:], 0.0))
    return ThresholdMixture(inside[kept], masses[kept])


def propriety_violation(loss: Loss, points: int = 201) -> float:
    """The largest E_{y ~ Ber(p)} [l(p, y) - l(q, y)] over p, q on a grid of [0, 1]: 0 for a proper loss.

    >>> propriety_violation(lambda p, y: (p - y) ** 2)
    0.0
    >>> propriety_violation(lambda p, y: abs(p - y)).__round__(3)
    0.125
    """
    if points < 2:
        raise ProblemError(f"points must be >= 2, got {points}")
    grid = prediction_grid(points - 1)
    zero, one = (finite(f"losses of y = {y:g}", loss(grid, np.full(points, y)), (points,)) for y in (0.0, 1.0))
    expected = np.outer(1 - grid, zero) + np.outer(grid, one)
    violation = float((expected.diagonal() - expected.min(axis=1)).max())
    scale = float(np.abs(expected).max()) or 1.0
    return violation if violation > 1e-14 * scale else 0.0


def is_proper(loss: Loss, points: int = 201) -> bool:
    """Whether a loss is proper on a grid of predictions, up to rounding.

    >>> is_proper(weighted_zero_one(0.3)), is_proper(lambda p, y: (p - y) ** 4)
    (True, False)
    """
    grid = prediction_grid(points - 1)
    largest = max(float(np.abs(loss(grid, np.full(points, y))).max()) for y in (0.0, 1.0))
    return propriety_violation(loss, points) <= _ROUNDING * (largest or 1.0)
