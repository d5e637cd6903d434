"""The weighted 0-1 losses, of which every proper loss of a binary outcome is a mixture (Ehm et al. 2016).

    l_theta(p, y) = theta 1[p > theta, y = 0] + (1 - theta) 1[p <= theta, y = 1].

Predictions stand on the grid {0, 1/m, ..., 1} and thresholds theta_i = (i - 1/2) / m, i = 1..m, between its points, so
that a prediction k/m exceeds exactly the first k thresholds.
"""

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, numbers
from omnisim.errors import ProblemError
from omnisim.refusing import MOST_COUNTED, whole


def thresholds(m: int) -> FloatArray:
    """theta_i = (i - 1/2) / m, i = 1..m.

    >>> thresholds(4)
    array([0.125, 0.375, 0.625, 0.875])
    """
    _check_size(m)
    return np.asarray((2 * np.arange(1, m + 1) - 1) / (2 * m))


def prediction_grid(m: int) -> FloatArray:
    """{0, 1/m, ..., 1}, (m + 1,).

    >>> prediction_grid(4)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    _check_size(m)
    return np.asarray(np.arange(m + 1) / m)


def threshold_loss(prediction: ArrayLike, outcome: ArrayLike, theta: ArrayLike) -> FloatArray:
    """l_theta(p, y), the arguments broadcast together; affine in y, so that y may be a probability of 1.

    >>> threshold_loss([0.2, 0.3], 1, 0.25)
    array([0.75, 0.  ])
    """
    p, y, at = numbers("predictions", prediction), numbers("outcomes", outcome), numbers("thetas", theta)
    return np.asarray(np.where(p > at, at * (1 - y), (1 - at) * y))


def grid_level(prediction: ArrayLike, m: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """The k for which k/m exceeds the same thresholds as the prediction: how many theta_i it exceeds.

    No threshold loss can tell a prediction from k/m: they have the same l_{theta_i} for all i.

    >>> grid_level([0.0, 0.125, 0.126, 1.0], 4)
    array([0, 0, 1, 4])
    """
    return np.searchsorted(thresholds(m), numbers("predictions", prediction), side="left").astype(np.int64)


def _check_size(m: int) -> None:
    whole("m, the number of thresholds,", m, 1, MOST_COUNTED, ProblemError)
