"""The stationary distribution of a Markov chain, for many chains at once."""

import numpy as np

from omnisim.arrays import FloatArray


def stationary(transitions: FloatArray) -> FloatArray:
    """The distribution p (N, A) with p = p Q for each of N chains Q (N, A, A), rows summing to 1.

    By the elimination of Grassmann, Taksar and Heyman (Operations Research 33, 1985), which removes one state after
    another and subtracts nothing: every entry has a small *relative* error, also for chains that almost fall apart,
    such as those of exponential weights after many rounds. Where exponentials have underflowed, so that some
    state cannot be left for another at all, a probability of 1e-300 stands for 0 and makes the solution unique.

    The loop is over the A states; each step is done for all chains at once, O(N A^3) in all.

    Examples
    --------
    >>> stationary(np.array([[[0.9, 0.1], [0.3, 0.7]]]))
    array([[0.75, 0.25]])
    """
    q = np.maximum(transitions, 1e-300)
    states = q.shape[1]
    leaving = np.empty(q.shape[:2])
    for k in range(states - 1, 0, -1):
        leaving[:, k] = q[:, k, :k].sum(axis=1)
        q[:, :k, :k] += q[:, :k, k, None] * (q[:, k, None, :k] / leaving[:, k, None, None])
    p = np.zeros(q.shape[:2])
    p[:, 0] = 1.0
    for k in range(1, states):
        p[:, k] = (p[:, :k] * q[:, :k, k]).sum(axis=1) / leaving[:, k]
        p /= p.sum(axis=1, keepdims=True)
    return p
