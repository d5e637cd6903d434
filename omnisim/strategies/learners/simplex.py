"""Euclidean projection on the simplex."""

import numpy as np

from omnisim.arrays import FloatArray


def project_on_simplex(points: FloatArray) -> FloatArray:
    """The closest distribution to each row of (N, A).

    The projection is max(0, x - theta) with the theta that makes it sum to 1; sorting finds which entries stay
    positive (Held, Wolfe, Crowder 1974; Duchi et al., ICML 2008, figure 1).

    Examples
    --------
    >>> project_on_simplex(np.array([[0.5, 0.5], [2.0, 0.0], [0.3, 0.1]]))
    array([[0.5, 0.5],
           [1. , 0. ],
           [0.6, 0.4]])
    """
    descending = -np.sort(-points, axis=1)
    excess = descending.cumsum(axis=1) - 1
    counts = np.arange(1, points.shape[1] + 1)
    # descending * counts > excess holds for a beginning of the row; its last position gives theta.
    last = points.shape[1] - 1 - (descending * counts > excess)[:, ::-1].argmax(axis=1)
    theta = excess[np.arange(len(points)), last] / (last + 1)
    return np.asarray(np.maximum(points - theta[:, None], 0.0))
