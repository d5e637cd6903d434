"""The Diebold-Mariano statistic by plain loops over pairs of rounds, for tests."""

import numpy as np
from scipy import stats


def by_hand(losses: np.ndarray, lags: int) -> tuple[float, float]:
    """Statistic and p-value by the sum over all pairs of rounds, with Bartlett weights and the correction of HLN."""
    rounds, h = len(losses), lags + 1
    variance = 0.0
    for i in range(rounds):
        for j in range(rounds):
            weight = max(0.0, 1 - abs(i - j) / h)
            variance += weight * (losses[i] - losses.mean()) * (losses[j] - losses.mean()) / rounds
    statistic = losses.mean() / np.sqrt(variance / rounds)
    statistic *= np.sqrt((rounds + 1 - 2 * h + h * (h - 1) / rounds) / rounds)
    return statistic, 2 * (1 - stats.t.cdf(abs(statistic), rounds - 1))
