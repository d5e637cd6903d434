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
def outer_crossings(shift, profile):
    """Two plays (k, rho), of which each is taken half of the time, for H_k = shift + profile_k.

    (k, rho) plays k/m with probability 1 - rho and (k + 1)/m with probability rho. 0 is right if H_0 <= 0, and m if H_m
    >= 0: the value is then at most 0. If both are, each is played half of the time; if only one is, it is both plays.
    If neither is, they are the first and the last place at which H changes its sign, mixed so that the mean of H is 0.
    The value max_y E H(p) (y - p) is at most max |H| / (2m). Since ends and directions are treated alike, the same game
    with the two outcomes swapped is its mirror image.

    Examples
    --------
    >>> outer_crossings(0.0, np.array([0.5, 0.25, -0.25]))
    (1, 0.5, 1, 0.5)
    >>> outer_crossings(0.0, np.zeros(3))
    (0, 0.0, 2, 0.0)
    """
    m = len(profile) - 1
    low, high = shift + profile[0] <= 0.0, shift + profile[m] >= 0.0
    if low or high:
        return (0 if low else m), 0.0, (m if high else 0), 0.0
    k, j = 0, m
    while shift + profile[k + 1] > 0.0:
        k += 1
    while shift + profile[j - 1] < 0.0:
        j -= 1
    return k, _share(shift, profile[k], profile[k + 1]), j - 1, _share(shift, profile[j - 1], profile[j])


@compiled()
def _share(shift, here, beyond):
    """Share of the upper of two neighbours that makes the mean of H 0, given H >= 0 >= H there and not both 0."""
    above, below = shift + here, -(shift + beyond)
    return above / (above + below)


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
        # exp(size) - exp(-size), without their difference where both are about 1.
        weights[i] = np.copysign(np.exp(abs(size) - largest) * -np.expm1(-2.0 * abs(size)), size)
    mass = np.exp(signs - largest)
    for k in range(len(residual)):
        profile[k] = mass * np.tanh(rate * residual[k])


@compiled()
def play_calibrated(correlates, outcomes, rate, counts):
    """The game on a sample of g (n, m) and y (n,), in rounds that count so much (n,).

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
        k, rho, j, sigma = outer_crossings(shift, profiles[t])
        mean = (k + rho + j + sigma) / (2 * m)
        for i in range(m):
            correlation[i] += counts[t] * correlates[t, i] * (outcomes[t] - mean)
        for at, share in ((k, 1.0 - rho), (k + 1, rho), (j, 1.0 - sigma), (j + 1, sigma)):
            if share > 0.0:
                residual[at] += counts[t] * 0.5 * share * (outcomes[t] - at / m)
    return weights, profiles, correlation, residual


@compiled()
def mean_calibrated(weights, profiles, correlates, counts):
    """The mixture of the steps of all rounds, as they count (n,), at new g (u, m): a law (u, m + 1)."""
    rounds, m = weights.shape
    count = len(correlates)
    law = np.zeros((count, m + 1))
    shift, lowest, highest = np.empty(_BLOCK), np.empty(m + 1), np.empty(m + 1)
    for first in range(0, count, _BLOCK):
        size = min(_BLOCK, count - first)
        columns = np.ascontiguousarray(correlates[first : first + size].T)
        for t in range(rounds):
            profile, half = profiles[t], 0.5 * counts[t]
            shift[:size] = 0.0
            for i in range(m):
                weight = weights[t, i]
                column = columns[i]
                for x in range(size):
                    shift[x] += weight * column[x]
            # The first k with H_k <= 0 is the first at which the least H so far is: those do not increase.
            lowest[0], highest[m] = profile[0], profile[m]
            for k in range(1, m + 1):
                lowest[k] = min(lowest[k - 1], profile[k])
                highest[m - k] = max(highest[m - k + 1], profile[m - k])
            for x in range(size):
                add, row = shift[x], first + x
                low, high = add + profile[0] <= 0.0, add + profile[m] >= 0.0
                if low or high:
                    law[row, 0 if low else m] += half
                    law[row, m if high else 0] += half
                    continue
                positive, beyond = 0, m
                while beyond - positive > 1:
                    middle = (positive + beyond) >> 1
                    if add + lowest[middle] > 0.0:
                        positive = middle
                    else:
                        beyond = middle
                share = _share(add, profile[positive], profile[beyond])
                law[row, positive] += half * (1.0 - share)
                law[row, beyond] += half * share
                positive, beyond = 0, m
                while beyond - positive > 1:
                    middle = (positive + beyond) >> 1
                    if add + highest[middle] >= 0.0:
                        positive = middle
                    else:
                        beyond = middle
                share = _share(add, profile[positive], profile[beyond])
                law[row, positive] += half * (1.0 - share)
                law[row, beyond] += half * share
    return law / counts.sum()
