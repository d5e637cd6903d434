"""Cumulative constraint violation (theory, section 1).

CCV(S) = max over constraints of the sum of costs over S; CCV+(S) the same with negative costs counted as 0.
"""

import numpy as np

from omnisim.arrays import BoolArray, FloatArray


def cumulative_violation(costs: FloatArray, active: BoolArray) -> tuple[FloatArray, FloatArray]:
    """CCV and CCV+ of every agent on every subsequence, each (L, N); 0 for an agent without constraints.

    Parameters
    ----------
    costs : (T, N, J)
        Of the actions played.
    active : (T, L)

    Examples
    --------
    >>> costs = np.array([[[0.5]], [[-0.75]]])
    >>> ccv, ccv_positive = cumulative_violation(costs, np.ones((2, 1), dtype=bool))
    >>> ccv, ccv_positive
    (array([[-0.25]]), array([[0.5]]))
    """
    rounds, agents, constraints = costs.shape
    if constraints == 0:
        return np.zeros((active.shape[1], agents)), np.zeros((active.shape[1], agents))
    member = active.T.astype(np.float64)
    flat = costs.reshape(rounds, -1)
    shape = (active.shape[1], agents, constraints)
    total = (member @ flat).reshape(shape).max(axis=2)
    positive = (member @ np.maximum(flat, 0)).reshape(shape).max(axis=2)
    return total, positive
