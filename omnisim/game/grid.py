"""The minimax step for one coordinate on a grid of predictions (theory, section 4.3)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, within
from omnisim.errors import StrategyError
from omnisim.game.minimax import Gain, Minimax, Step, first_good
from omnisim.problem.mixture import Mixture


class Grid(Minimax):
    """The closed-form step for gains b(p) + H(p) y with b(p) + H(p) p <= 0, and predictions on a grid.

    If H <= 0 at the lowest level, or H >= 0 at the highest, play that: for levels from 0 to 1 the value is then at
    most 0. Else some neighbours have H(p_k) > 0 >= H(p_{k+1}): mix them so that the mean of H is 0. The value is at
    most H(p_k) |H(p_{k+1})| / (H(p_k) + |H(p_{k+1})|) times the distance of the two levels, so at most a quarter of the
    distance times the jump of H between them. The neighbours are found by bisection.

    Parameters
    ----------
    levels
        Increasing from 0 to 1.

    Raises
    ------
    StrategyError
        If they do not.

    Examples
    --------
    >>> step = Grid([0.0, 0.5, 1.0]).solve(lambda p: (-(0.6 - p[0]) * p[0], 0.6 - p), [], 0.0)
    >>> step.mixture.support[:, 0], step.mixture.weights.round(2), round(step.value, 2)
    (array([0.5, 1. ]), array([0.8, 0.2]), 0.04)
    """

    def __init__(self, levels: ArrayLike) -> None:
        self.levels = within("levels of Grid", levels, ("m + 1",), 0, 1, StrategyError)
        if len(self.levels) < 2 or (np.diff(self.levels) <= 0).any() or self.levels[0] != 0 or self.levels[-1] != 1:
            raise StrategyError(f"levels of Grid must increase from 0 to 1, got {self.levels.tolist()}")

    def solve(
        self, gain: Gain, candidates: Sequence[Mixture], tolerance: float, warm: Sequence[FloatArray] = ()
    ) -> Step:
        """See :meth:`Minimax.solve`; ``candidates`` may be empty."""
        evaluations = 0
        if candidates:
            start, good = first_good(gain, candidates, tolerance)
            if good:
                return start
            evaluations = start.evaluations
        low, high = 0, len(self.levels) - 1
        below, above = self._at(gain, low), self._at(gain, high)
        evaluations += 2
        for level, found, plays in ((low, below, below[1] <= 0), (high, above, above[1] >= 0)):
            if plays:
                return Step(Mixture.point(self.levels[[level]]), found[0] + max(0.0, found[1]), evaluations)
        while high - low > 1:
            middle = (low + high) // 2
            found = self._at(gain, middle)
            evaluations += 1
            if found[1] > 0:
                low, below = middle, found
            else:
                high, above = middle, found
        share = -above[1] / (below[1] - above[1])
        value = share * below[0] + (1 - share) * above[0]
        if share == 0:
            return Step(Mixture.point(self.levels[[high]]), value, evaluations)
        return Step(Mixture(self.levels[[low, high], None], [share, 1 - share]), value, evaluations)

    def _at(self, gain: Gain, level: int) -> tuple[float, float]:
        intercept, slope = gain(self.levels[level : level + 1])
        return float(intercept), float(slope[0])
