"""Calibrated multiaccuracy as a two-player game (Gibbs and Tibshirani, Algorithm 4), compiled.

Objectives are g_i(x) (y - p) and their negatives, and s(p) (y - p) for every sign vector s on the grid. Hedge weighs a
sign vector by exp(eta sum_k s_k C_k), C_k the sum of P_t(k/m) (y_t - k/m): a product over grid points. So all sign
vectors together weigh prod_k 2 cosh(eta C_k), and their weighted sum of s_k is that times tanh(eta C_k): none is ever
written down.
"""

import numpy as np

from omnisim.compiled import compiled

_BLOCK = 128
"""Rows predicted together, while the weights of all rounds pass by."""


@compiled()
def first_crossing(shift, profile):
    """(k, rho) for H_k = shift + profile_k: play k/m with probability 1 - rho and (k + 1)/m with probability rho.

    0 if H_0 <= 0, m if H_m >= 0, else the first k with H_k > 0 >= H_{k+1}, mixed so that the mean of H is 0. The value
    max_y E H(p) (y - p) is at most max |H| / (2m).

    Examples
    --------
    >>> first_crossing(0.0, np.array([0.5, 0.25, -0.25]))
    (1, 0.5)
    """
    m = len(profile) - 1
    if shift + profile[0] <= 0.0:
        return 0, 0.0
    if shift + profile[m] >= 0.0:
        return m, 0.0
    k = 0
    while shift + profile[k + 1] > 0.0:
        k += 1
    above, below = shift + profile[k], -(shift + profile[k + 1])
    return k, above / (above + below)


@compiled()
def hedge_profile(correlation, residual, rate, weights, profile):
    """Write the net weights of the g_i (m,) and the weighted signs (m + 1,), up to a common factor.

    The factor keeps the largest weight at 1; it changes no step.
    """
    signs = 0.0
    for k in range(len(residual)):
        size = abs(rate * residual[k])
        signs += size + np.log1p(np.exp(-2.0 * size))
    largest = signs
    for i in range(len(correlation)):
        largest = max(largest, abs(rate * correlation[i]))
    for i in range(len(correlation)):
        size = rate * correlation[i]
        weights[i] = np.exp(size - largest) - np.exp(-size - largest)
    mass = np.exp(signs - largest)
    for k in range(len(residual)):
        profile[k] = mass * np.tanh(rate * residual[k])


@compiled()
def play_calibrated(correlates, outcomes, rate):
    """The game on a sample of g (n, m) and y (n,).

    Returns the net weights (n, m) and profiles (n, m + 1) of all rounds, and the final sums of g_i (y - p) (m,) and of
    P(k/m) (y - k/m) (m + 1,).
    """
    n, m = correlates.shape
    weights, profiles = np.empty((n, m)), np.empty((n, m + 1))
    correlation, residual = np.zeros(m), np.zeros(m + 1)
    for t in range(n):
        hedge_profile(correlation, residual, rate, weights[t], profiles[t])
        shift = 0.0
        for i in range(m):
            shift += weights[t, i] * correlates[t, i]
        k, rho = first_crossing(shift, profiles[t])
        mean = (k + rho) / m
        for i in range(m):
            correlation[i] += correlates[t, i] * (outcomes[t] - mean)
        residual[k] += (1.0 - rho) * (outcomes[t] - k / m)
        if rho > 0.0:
            residual[k + 1] += rho * (outcomes[t] - (k + 1) / m)
    return weights, profiles, correlation, residual


@compiled()
def mean_calibrated(weights, profiles, correlates):
    """The uniform mixture over all rounds of their steps at new g (u, m): a law (u, m + 1)."""
    rounds, m = weights.shape
    count = len(correlates)
    law = np.zeros((count, m + 1))
    shift, lowest = np.empty(_BLOCK), np.empty(m + 1)
    for first in range(0, count, _BLOCK):
        size = min(_BLOCK, count - first)
        columns = np.ascontiguousarray(correlates[first : first + size].T)
        for t in range(rounds):
            profile = profiles[t]
            shift[:size] = 0.0
            for i in range(m):
                weight = weights[t, i]
                column = columns[i]
                for x in range(size):
                    shift[x] += weight * column[x]
            # The first k with H_k <= 0 is the first at which the least H so far is: those do not increase.
            lowest[0] = profile[0]
            for k in range(1, m + 1):
                lowest[k] = min(lowest[k - 1], profile[k])
            for x in range(size):
                add = shift[x]
                row = first + x
                if add + profile[0] <= 0.0:
                    law[row, 0] += 1.0
                elif add + profile[m] >= 0.0:
                    law[row, m] += 1.0
                else:
                    positive, beyond = 0, m
                    while beyond - positive > 1:
                        middle = (positive + beyond) >> 1
                        if add + lowest[middle] > 0.0:
                            positive = middle
                        else:
                            beyond = middle
                    above, below = add + profile[positive], -(add + profile[beyond])
                    law[row, positive] += below / (above + below)
                    law[row, beyond] += above / (above + below)
    return law / rounds
