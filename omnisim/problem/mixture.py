"""A law with finite support on [0, 1]^d: what a forecaster commits to, and what an adversary draws from."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, finite, freeze, within
from omnisim.errors import ProblemError

_SUM_TOLERANCE = 1e-6


class Mixture:
    """Finitely many points of [0, 1]^d with probabilities.

    Parameters
    ----------
    support : (K, d)
        The points.
    weights : (K,)
        Their probabilities: >= 0, summing to 1 (they are divided by their sum).

    Raises
    ------
    ProblemError
        If a point leaves [0, 1]^d or the weights are not probabilities.

    Examples
    --------
    >>> law = Mixture([[0.0], [1.0]], [0.25, 0.75])
    >>> law.mean
    array([0.75])
    >>> Mixture.point([0.5, 0.1]).sample(np.random.default_rng(0))
    array([0.5, 0.1])
    """

    __slots__ = ("_cumulative", "support", "weights")

    support: FloatArray
    weights: FloatArray
    _cumulative: FloatArray

    def __init__(self, support: ArrayLike, weights: ArrayLike) -> None:
        self.support = within("support of a mixture", support, ("K", "d"), 0, 1)
        weights = within("weights of a mixture", weights, (len(self.support),), 0, 1 + _SUM_TOLERANCE)
        total = float(weights.sum())
        if not abs(total - 1) <= _SUM_TOLERANCE:
            raise ProblemError(f"weights of a mixture sum to {total:.9g}: probabilities must sum to 1")
        self.weights = freeze(weights / total)
        self._cumulative = self.weights.cumsum()

    @classmethod
    def point(cls, point: ArrayLike) -> Self:
        """All mass on one point (d,)."""
        point = within("point", point, ("d",), 0, 1)
        mixture = cls.__new__(cls)
        mixture.support = freeze(point[None, :])
        mixture.weights = mixture._cumulative = _CERTAIN  # noqa: SLF001 (of its own class)
        return mixture

    @property
    def dimension(self) -> int:
        """d, the number of coordinates."""
        return int(self.support.shape[1])

    @property
    def mean(self) -> FloatArray:
        """The expectation (d,)."""
        if len(self.weights) == 1:
            return self._point(0)
        return np.asarray(self.weights @ self.support)

    def sample(self, rng: np.random.Generator) -> FloatArray:
        """Draw one point (d,); a mixture of a single point draws nothing from ``rng``."""
        if len(self.weights) == 1:
            return self._point(0)
        drawn = int(self._cumulative.searchsorted(rng.random() * self._cumulative[-1], side="right"))
        return self._point(min(drawn, len(self.weights) - 1))

    def _point(self, k: int) -> FloatArray:
        point: FloatArray = self.support[k]
        return point

    def __repr__(self) -> str:
        return f"Mixture({len(self.weights)} points in [0, 1]^{self.dimension})"


_CERTAIN = freeze(finite("weights", [1.0], (1,)))
