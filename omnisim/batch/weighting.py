"""Weights of rows, checked in one place."""

from typing import Any

import numpy as np

from omnisim.arrays import FloatArray, finite
from omnisim.errors import ProblemError


def check_weights(weights: Any, rows: int) -> FloatArray:
    """Weights (rows,) scaled to a mean of 1; None for equal ones.

    Raises
    ------
    ProblemError
        If their number is another one, one is negative or no number, or all are 0.

    Examples
    --------
    >>> check_weights([1, 3], 2)
    array([0.5, 1.5])
    """
    if weights is None:
        return np.ones(rows)
    values = finite("sample_weight", np.asarray(weights, dtype=np.float64), (rows,))
    if (values < 0).any() or (rows and not values.any()):
        raise ProblemError("sample_weight must be >= 0, and not all of the weights may be zero")
    return np.asarray(values / values.mean())
