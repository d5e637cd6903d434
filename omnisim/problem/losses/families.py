"""The proper losses people use, each by its mixing density over thresholds."""

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.elementary import log, log1p
from omnisim.errors import ProblemError
from omnisim.problem.losses.proper import ProperLoss, ThresholdMixture
from omnisim.problem.losses.tables import LossTable
from omnisim.signatures import held_to_types

_SAME_CORNER = 1e-12
"""Lines that cross this close to each other cross in one point, but for rounding."""


class SquaredLoss(ProperLoss):
    """(p - y)^2, the Brier score; restricted to thresholds in [low, high] if these are given. Density 2.

    With a restriction it is the Brier score of the prediction clipped to [low, high], less a constant: decisions at
    other thresholds do not count.

    >>> SquaredLoss()([0.2, 0.2], [0, 1]).round(2), round(SquaredLoss().total_mass, 9)
    (array([0.04, 0.64]), 2.0)
    """

    @held_to_types(ProblemError)
    def __init__(self, low: float = 0.0, high: float = 1.0) -> None:
        if not 0 <= low < high <= 1:
            raise ProblemError(f"SquaredLoss needs 0 <= low < high <= 1, got low {low} and high {high}")
        self.low, self.high = low, high

    def _of_zero(self, p: FloatArray) -> FloatArray:
        return np.asarray(np.clip(p, self.low, self.high) ** 2 - self.low**2)

    def _of_one(self, p: FloatArray) -> FloatArray:
        return np.asarray((1 - np.clip(p, self.low, self.high)) ** 2 - (1 - self.high) ** 2)


class LogLoss(ProperLoss):
    """-ln of the probability given to what happened, the prediction clipped to [truncation, 1 - truncation].

    Less -ln(1 - truncation), so that l(0, 0) = l(1, 1) = 0. Density 1 / (theta (1 - theta)) on that range: without
    truncation the mass is infinite.

    >>> LogLoss(0.01)([0.5, 0.0], [1, 1]).round(3)
    array([0.683, 4.595])
    """

    @held_to_types(ProblemError)
    def __init__(self, truncation: float = 1e-3) -> None:
        if not 0 < truncation < 0.5:
            raise ProblemError(f"truncation of LogLoss must lie in (0, 1/2), got {truncation}: else it is unbounded")
        self.truncation = truncation

    def _of_zero(self, p: FloatArray) -> FloatArray:
        return log1p(-self.truncation) - log1p(-self._clip(p))

    def _of_one(self, p: FloatArray) -> FloatArray:
        return log1p(-self.truncation) - log(self._clip(p))

    def _clip(self, p: FloatArray) -> FloatArray:
        return np.clip(p, self.truncation, 1 - self.truncation)


class BetaLoss(ProperLoss):
    """The Beta family: density theta^(alpha - 1) (1 - theta)^(beta - 1), alpha, beta > 0 (Buja et al. 2005).

    An asymmetric Brier score: alpha > beta stresses decisions at high thresholds. alpha = beta = 1 is half the Brier
    score.

    >>> BetaLoss(1, 1)([0.2, 0.2], [0, 1]).round(2)
    array([0.02, 0.32])
    """

    @held_to_types(ProblemError)
    def __init__(self, alpha: float, beta: float) -> None:
        if not (0 < alpha < np.inf and 0 < beta < np.inf):
            raise ProblemError(f"alpha and beta of BetaLoss must be > 0, got {alpha} and {beta}: else it is unbounded")
        self.alpha, self.beta = alpha, beta

    def _of_zero(self, p: FloatArray) -> FloatArray:
        from scipy import special

        whole = special.beta(self.alpha + 1, self.beta)
        return np.asarray(whole * special.betainc(self.alpha + 1, self.beta, p))

    def _of_one(self, p: FloatArray) -> FloatArray:
        from scipy import special

        whole = special.beta(self.alpha, self.beta + 1)
        return np.asarray(whole * special.betaincc(self.alpha, self.beta + 1, p))


def induced_loss(table: LossTable) -> ThresholdMixture:
    """The proper loss l(BR_l(p), y) - l(BR_l(y), y) that a table of losses of actions induces.

    Its Bayes risk is the lower envelope of the actions' lines in p; the atoms are its corners, their masses the changes
    of slope. Where two actions are equally good, it plays the one that is best just below p, which makes it
    left-continuous; :meth:`LossTable.best_response` takes the lowest index there.

    >>> loss = induced_loss(LossTable([[0, 4], [1, 1]]))
    >>> loss.thetas, loss.masses
    (array([0.25]), array([4.]))
    """
    corners: list[float] = []
    masses: list[float] = []
    slopes = table.table[:, 1] - table.table[:, 0]
    # From p = 0 upwards: the best line there (of several the flattest), then always the first that crosses below it.
    current = min(range(len(slopes)), key=lambda a: (table.table[a, 0], slopes[a]))
    while True:
        steeper = (slopes < slopes[current]).nonzero()[0]
        crossings = (table.table[steeper, 0] - table.table[current, 0]) / (slopes[current] - slopes[steeper])
        if not len(steeper) or crossings.min() >= 1:
            return ThresholdMixture(corners, masses)
        first = crossings.min()
        following = min(steeper[crossings <= first + _SAME_CORNER], key=lambda a: slopes[a])
        corners.append(float(first))
        masses.append(float(slopes[current] - slopes[following]))
        current = int(following)
