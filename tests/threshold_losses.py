"""Threshold losses as objectives: what the two-player game of omniprediction keeps small (theory, section 4.1)."""

import math
from collections.abc import Sequence

import numpy as np

from omnisim.arrays import FloatArray, IntArray, finite
from omnisim.errors import StrategyError
from omnisim.game.objectives import Objectives
from omnisim.problem.context import Context
from omnisim.problem.losses.thresholds import thresholds
from omnisim.problem.mixture import Mixture
from omnisim.products import weighted_sums


class ThresholdLosses(Objectives):
    """r_i = l_{theta_i}(p, y) - l_{theta_i}(f_i(x), y) = (y - theta_i)(1[p <= theta_i] - 1[f_i(x) <= theta_i]), d = 1.

    One row, a column per threshold theta_i = (i - 1/2) / m. Affine in y in [0, 1], and copying the outcome never gains:
    the losses are proper. With the step :class:`~omnisim.game.grid.Grid` on {0, 1/m, ..., 1} the value is at most 0 in
    every round (Gibbs and Tibshirani, Lemmas 7 and 8), as its two neighbours lie on either side of one threshold.

    Parameters
    ----------
    m
        How many.
    feature
        The feature of the context that holds the base predictions f_1(x)..f_m(x), (m,).

    Examples
    --------
    >>> family = ThresholdLosses(2)
    >>> family.prepare(Context(0, features={"base": np.array([0.0, 1.0])}), [])
    >>> family.gains(Mixture.point([0.0]), np.array([1.0]))
    (array([0]), array([[0.  , 0.25]]))
    """

    rows = 1
    two_sided = False

    def __init__(self, m: int, feature: str = "base") -> None:
        if m < 1:
            raise StrategyError(f"m of ThresholdLosses must be >= 1, got {m}")
        self.columns, self.feature, self.thetas = m, feature, thresholds(m)

    def prepare(self, context: Context, bases: Sequence[FloatArray]) -> None:
        """Take the base predictions from the context."""
        if self.feature not in context.features:
            raise StrategyError(
                f"ThresholdLosses needs a feature {self.feature!r} of the context: the base predictions"
            )
        predictions = finite(self.feature, context.features[self.feature], (self.columns,), StrategyError)
        self._low = predictions <= self.thetas

    def weighted_gain(self, net: FloatArray, prediction: FloatArray) -> tuple[float, FloatArray]:
        """See :meth:`Objectives.weighted_gain`."""
        signed = net[0] * ((prediction[0] <= self.thetas).astype(np.float64) - self._low)
        # Where large weights cancel, the small ones decide the sign of the slope, and with it the step.
        return -math.fsum(signed * self.thetas), np.array([math.fsum(signed)])

    def gains(self, mixture: Mixture, outcome: FloatArray) -> tuple[IntArray, FloatArray]:
        """See :meth:`Objectives.gains`."""
        low = weighted_sums(mixture.weights, mixture.support[:, :1] <= self.thetas)
        return np.zeros(1, dtype=np.int64), ((outcome[0] - self.thetas) * (low - self._low))[None, :]
