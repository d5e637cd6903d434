"""Murphy curves: the mean threshold loss as a function of the threshold (Ehm et al. 2016).

One predictor is at least as good as another under *every* proper loss just where its curve is nowhere above.
"""

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, finite, within
from omnisim.errors import ProblemError


def murphy_curve(
    predictions: ArrayLike, outcomes: ArrayLike, thetas: ArrayLike, weights: ArrayLike | None = None
) -> FloatArray:
    """The mean of l_theta(p_t, y_t) at each threshold, in O((n + K) log n).

    Parameters
    ----------
    predictions, outcomes : (n,)
        In [0, 1]; outcomes may be probabilities of 1.
    thetas : (K,)
        In [0, 1].
    weights : (n,)
        Of the rows, >= 0; None for equal ones. A law on a grid of predictions is a row per grid point, its
        probabilities the weights.

    Raises
    ------
    ProblemError
        If an argument is malformed, or there is no row.

    Examples
    --------
    >>> murphy_curve([0.2, 0.8], [0, 1], [0.1, 0.5, 0.9]).round(3)
    array([0.05, 0.  , 0.05])
    """
    p = within("predictions", predictions, ("n",), 0, 1)
    y = within("outcomes", outcomes, (len(p),), 0, 1)
    at = within("thetas", thetas, ("K",), 0, 1)
    mass = np.ones(len(p)) if weights is None else finite("weights", weights, (len(p),))
    if (mass < 0).any() or not mass.sum() > 0:
        raise ProblemError("a Murphy curve needs rows with weights >= 0, not all of them 0")
    order = np.argsort(p, kind="stable")
    zeros = np.append(0.0, (mass * (1 - y))[order].cumsum())
    ones = np.append(0.0, (mass * y)[order].cumsum())
    up_to = np.searchsorted(p[order], at, side="right")
    return np.asarray((at * (zeros[-1] - zeros[up_to]) + (1 - at) * ones[up_to]) / mass.sum())
