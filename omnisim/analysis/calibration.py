"""Bias of the predictions, conditional on the action played (theory, sections 1 and 3)."""

import numpy as np

from omnisim.analysis.kernels import largest_error
from omnisim.analysis.sums import Sums
from omnisim.arrays import FloatArray


def bias(sums: Sums) -> FloatArray:
    """|| sum over the rounds of S with a_t = a of (p_t - y_t) ||_inf for every (S, agent, a), (L, N, A)."""
    found = np.zeros(sums.count.shape)
    largest_error(sums.prediction, sums.outcome, found)
    return found
