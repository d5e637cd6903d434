"""A law with finite support on [0, 1]^d: what a forecaster commits to, and what an adversary draws from."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import ROUNDING, FloatArray, finite, freeze, within
from omnisim.errors import OmnisimError, ProblemError
from omnisim.products import weighted_sums
from omnisim.refusing import is_whole
from omnisim.wording import count, in_short

_SUM_TOLERANCE = 1e-6


class Mixture:
    """Finitely many points of [0, 1]^d with probabilities.

    Parameters
    ----------
    support : (K, d)
        The points.
    weights : (K,)
        Their probabilities: >= 0, summing to 1 (they are divided by their sum).
    unclipped : (K, d), optional
        The points before they were clipped to [0, 1]^d, in the same units: what money is settled at and errors are
        measured by. The theory sees ``support`` only.

    Raises
    ------
    ProblemError
        If a point leaves [0, 1]^d, the weights are not probabilities, or clipping ``unclipped`` does not give the
        points.

    Examples
    --------
    >>> law = Mixture([[0.0], [1.0]], [0.25, 0.75])
    >>> law.mean
    array([0.75])
    >>> Mixture.point([0.5, 0.1]).sample(np.random.default_rng(0))
    array([0.5, 0.1])
    """

    __slots__ = ("_cumulative", "support", "unclipped", "weights")

    support: FloatArray
    weights: FloatArray
    unclipped: FloatArray | None
    _cumulative: FloatArray

    def __init__(self, support: ArrayLike, weights: ArrayLike, unclipped: ArrayLike | None = None) -> None:
        self.support = within("support of a mixture", support, ("K", "d"), 0, 1)
        weights = within("weights of a mixture", weights, (len(self.support),), 0, 1 + _SUM_TOLERANCE)
        total = float(weights.sum())
        if not abs(total - 1) <= _SUM_TOLERANCE:
            raise ProblemError(f"weights of a mixture sum to {total:.9g}: probabilities must sum to 1")
        self.weights = freeze(weights / total)
        self._cumulative = self.weights.cumsum()
        self.unclipped = None if unclipped is None else before_clipping("mixture", unclipped, self.support)

    @classmethod
    def point(cls, point: ArrayLike, unclipped: ArrayLike | None = None) -> Self:
        """All mass on one point (d,), which was ``unclipped`` (d,) before it was clipped."""
        point = within("point", point, ("d",), 0, 1)
        mixture = cls.__new__(cls)
        mixture.support = freeze(point[None, :])
        mixture.weights = mixture._cumulative = _CERTAIN  # noqa: SLF001 (of its own class)
        mixture.unclipped = None
        if unclipped is not None:
            mixture.unclipped = freeze(before_clipping("point", unclipped, point)[None, :])
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
        return weighted_sums(self.weights, self.support)

    def draw(self, rng: np.random.Generator) -> int:
        """Draw the index of a point; a mixture of a single point draws nothing from ``rng``.

        Raises
        ------
        ProblemError
            If ``rng`` is no generator of numpy.
        """
        if not isinstance(rng, np.random.Generator):
            raise ProblemError(f"rng of a Mixture must be a Generator of numpy.random, got {in_short(rng)}")
        if len(self.weights) == 1:
            return 0
        drawn = int(self._cumulative.searchsorted(rng.random() * self._cumulative[-1], side="right"))
        return min(drawn, len(self.weights) - 1)

    def sample(self, rng: np.random.Generator) -> FloatArray:
        """Draw one point (d,), as :meth:`draw` does."""
        return self._point(self.draw(rng))

    def before_clipping(self, k: int) -> FloatArray:
        """Point k (d,) before it was clipped.

        Raises
        ------
        ProblemError
            If there is no such point.
        """
        if not is_whole(k) or not 0 <= k < len(self.weights):
            last = len(self.weights) - 1
            raise ProblemError(f"k of before_clipping must be a point from 0 to {last}, got {in_short(k)}")
        point: FloatArray = (self.support if self.unclipped is None else self.unclipped)[k]
        return point

    def _point(self, k: int) -> FloatArray:
        point: FloatArray = self.support[k]
        return point

    def __repr__(self) -> str:
        return f"Mixture({count(len(self.weights), 'point')} in [0, 1]^{self.dimension})"


def before_clipping(
    what: str, unclipped: ArrayLike, clipped: FloatArray, error: type[OmnisimError] = ProblemError
) -> FloatArray:
    """Copy values of which clipping to [0, 1] made ``clipped``; finite, of the same shape.

    Raises
    ------
    OmnisimError
        Of class ``error``, if clipping them gives something else.
    """
    values = finite(f"unclipped values of {what}", unclipped, clipped.shape, error)
    if np.abs(values.clip(0.0, 1.0) - clipped).max(initial=0.0) > ROUNDING:
        raise error(f"unclipped values of {what}, clipped to [0, 1], must give its values")
    return values


_CERTAIN = freeze(finite("weights", [1.0], (1,)))
