"""Targets of predictions: a probability, a mean, a quantile, each by its identification function.

An identification function V(theta, y) of a target T has E V(theta, Y) < 0 for theta < T(Y) and > 0 for theta > T(Y).
Then l_theta(p, y) = V(theta, y) 1[p > theta] (up to a term without p) is proper for T: whoever predicts p > theta pays
E V(theta, Y), which is worth paying just where the target is above theta. For a probability, V(theta, y) = theta - y
gives the weighted 0-1 loss. (Gibbs and Tibshirani, Appendix C; there the indicator is printed as 1[p <= theta], with
which the loss of the quantile and of the mean is *largest* at the target; their equation 10 has it as here.)

V must not decrease in theta. Then one and the same O(m) step keeps the two-player game at a value <= 0 for every
target and every outcome, see :func:`omnisim.game.threshold_kernels.threshold_step`.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, finite, together, within
from omnisim.errors import ProblemError
from omnisim.signatures import held_to_types


class Target(ABC):
    """A functional of the law of y in [0, 1], with a bounded identification function that does not decrease in theta.

    A subclass writes ``_identification``; ``bound`` is the largest |V|.
    """

    bound = 1.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def identification(self, thetas: ArrayLike, outcomes: ArrayLike) -> FloatArray:
        """V(theta_i, y_t), (n, m), of thresholds (m,) and outcomes (n,).

        Raises
        ------
        ProblemError
            If a threshold is no finite number, or an outcome is outside the range of the target.
        """
        return self._identification(finite("thetas", thetas, ("m",))[None, :], self.check(outcomes)[:, None])

    def check(self, outcomes: ArrayLike) -> FloatArray:
        """The outcomes (n,) as floats, refused outside [0, 1]."""
        return within("y", outcomes, ("n",), 0, 1)

    @abstractmethod
    def _identification(self, thetas: FloatArray, outcomes: FloatArray) -> FloatArray:
        """V, the arguments broadcast together."""

    @abstractmethod
    def loss(self, predictions: FloatArray, outcomes: FloatArray) -> FloatArray:
        """The customary loss that the target minimizes in the mean, of predictions and outcomes (n,) in any unit."""


class Mean(Target):
    """The mean of y in [0, 1]: V = theta - y.

    >>> Mean().identification([0.25, 0.75], [0.5])
    array([[-0.25,  0.25]])
    """

    def _identification(self, thetas: FloatArray, outcomes: FloatArray) -> FloatArray:
        return np.asarray(thetas - outcomes)

    def loss(self, predictions: FloatArray, outcomes: FloatArray) -> FloatArray:
        """Squared errors."""
        predictions, outcomes = together(("predictions", predictions), ("outcomes", outcomes))
        return np.asarray((predictions - outcomes) ** 2)


class Probability(Mean):
    """The probability of y = 1, y in {0, 1}: V = theta - y.

    >>> Probability().identification([0.25], [0.5])
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: y[0] is 0.5: outcomes must be 0 or 1; for numbers in between predict their mean
    """

    def check(self, outcomes: ArrayLike) -> FloatArray:
        """The outcomes (n,) as floats, refused unless 0 or 1."""
        y = super().check(outcomes)
        wrong = ((y != 0) & (y != 1)).nonzero()[0]
        if len(wrong):
            where = int(wrong[0])
            raise ProblemError(
                f"y[{where}] is {y[where]:g}: outcomes must be 0 or 1; for numbers in between predict their mean"
            )
        return y


class Quantile(Target):
    """The level-quantile of y in [0, 1]: V = 1[y <= theta] - level.

    Parameters
    ----------
    level
        In (0, 1).

    Examples
    --------
    >>> Quantile(0.9).identification([0.25, 0.75], [0.5]).round(12)
    array([[-0.9,  0.1]])
    """

    @held_to_types(ProblemError)
    def __init__(self, level: float) -> None:
        if not 0 < level < 1:
            raise ProblemError(f"level of a quantile must lie in (0, 1), got {level}")
        self.level = level

    def __repr__(self) -> str:
        return f"Quantile({self.level})"

    def _identification(self, thetas: FloatArray, outcomes: FloatArray) -> FloatArray:
        return np.asarray((outcomes <= thetas) - self.level)

    def loss(self, predictions: FloatArray, outcomes: FloatArray) -> FloatArray:
        """Pinball losses."""
        predictions, outcomes = together(("predictions", predictions), ("outcomes", outcomes))
        return np.asarray((predictions - outcomes) * ((outcomes <= predictions) - self.level))
