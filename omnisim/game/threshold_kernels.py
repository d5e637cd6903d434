"""The step of Gibbs and Tibshirani's two-player game, and its loops over a sample, compiled.

Base predictor i says "high" (f_i(x) > theta_i) or "low". With weights q and predictions on {0, 1/m, ..., 1}, the
weighted gain of the law P of p against an outcome y is sum_i V(theta_i, y) D_i, D_i = q_i (P(p > theta_i) - 1[high_i]);
V(theta, y) = theta - y for a probability.
"""

import numpy as np

from omnisim.compiled import compiled

_BLOCK = 128
"""Rows predicted together: their answers stay in the second cache while the weights of all rounds pass by."""


@compiled()
def threshold_step(weights, high):
    """(k, rho): play k/m with probability 1 - rho and (k + 1)/m with probability rho (their Lemma 8), in O(m).

    k is the largest with sum_{i > k} q_i >= sum_i q_i 1[low_i], and rho makes the two sides equal in the mean, so that
    sum_i D_i = 0. D_i >= 0 up to i = k and <= 0 after k + 1, so sum_i V(theta_i, y) D_i <= V(theta_{k+1}, y) sum_i D_i
    = 0 for *every* y and every V that does not decrease in theta: the value is at most 0 for means and quantiles too.

    Both sums run downwards from i = m, so that base predictors in agreement, low from some threshold on, give equal
    sums to the last bit, and k/m itself.

    Examples
    --------
    >>> threshold_step(np.full(4, 0.25), np.array([True, True, False, False]))
    (2, 0.0)
    >>> threshold_step(np.array([0.5, 0.5]), np.array([False, True]))
    (1, 0.0)
    """
    m = len(weights)
    low = 0.0
    for i in range(m - 1, -1, -1):
        if not high[i]:
            low += weights[i]
    tail, above = 0.0, 0.0
    k = m
    while tail < low and k > 0:
        above = tail
        k -= 1
        tail += weights[k]
    if k == m or tail <= low:
        return k, 0.0
    return k, (tail - low) / ((tail - low) + (low - above))


@compiled()
def play_thresholds(high, identification, rate):
    """Hedge against the step on a sample: weights q(1..n), each summing to 1, (n, m), and the sums of gains (m,)."""
    n, m = high.shape
    history = np.empty((n, m))
    total = np.zeros(m)
    for t in range(n):
        largest = total[0]
        for i in range(1, m):
            largest = max(largest, total[i])
        mass = 0.0
        for i in range(m):
            history[t, i] = np.exp(rate * (total[i] - largest))
            mass += history[t, i]
        for i in range(m):
            history[t, i] /= mass
        k, rho = threshold_step(history[t], high[t])
        for i in range(m):
            exceeds = 1.0 if i < k else (rho if i == k else 0.0)
            total[i] += identification[t, i] * (exceeds - high[t, i])
    return history, total


@compiled()
def mean_step(history, high):
    """The uniform mixture over all rounds' weights (n, m) of their steps at new rows (u, m): a law (u, m + 1)."""
    rounds, m = history.shape
    count = len(high)
    law = np.zeros((count, m + 1))
    half = 1
    while 2 * half <= m:
        half *= 2
    # Beyond its end no tail reaches a sum of weights.
    tails = np.zeros(2 * half + 1)
    for k in range(m + 1, 2 * half + 1):
        tails[k] = -1.0
    low = np.empty(_BLOCK)
    for first in range(0, count, _BLOCK):
        size = min(_BLOCK, count - first)
        says_low = np.empty((m, size))
        for i in range(m):
            for x in range(size):
                says_low[i, x] = 0.0 if high[first + x, i] else 1.0
        for t in range(rounds):
            weights = history[t]
            for i in range(m - 1, -1, -1):
                tails[i] = tails[i + 1] + weights[i]
            for x in range(size):
                low[x] = 0.0
            for i in range(m - 1, -1, -1):
                weight = weights[i]
                row = says_low[i]
                for x in range(size):
                    low[x] += weight * row[x]
            for x in range(size):
                # The largest k with tails[k] >= low[x]; tails does not increase. No branch that could be mispredicted.
                k, jump = 0, half
                while jump > 0:
                    k += jump if tails[k + jump] >= low[x] else 0
                    jump >>= 1
                if k == m or tails[k] <= low[x]:
                    law[first + x, k] += 1.0
                else:
                    up, down = tails[k] - low[x], low[x] - tails[k + 1]
                    law[first + x, k] += down / (up + down)
                    law[first + x, k + 1] += up / (up + down)
    for x in range(count):
        for k in range(m + 1):
            law[x, k] /= rounds
    return law


@compiled()
def staircase(low, high, identification, first, middle, last, epsilon):
    """The walk of :func:`omnisim.batch.merging.merge`: where the upper of two predictors is followed."""
    # Theta number i (from 1) is exceeded by the levels >= i, and stands in column i - 1.
    follows_high = np.ones((middle - first + 1, last - middle + 1), dtype=np.bool_)
    n = len(low)
    cut, examined, down = middle, middle, True
    while examined > first and cut <= last:
        theta = examined - 1 if down else cut - 1
        total = 0.0
        for t in range(n):
            if high[t] >= cut and low[t] < examined:
                total += identification[t, theta]
        if down and total > epsilon * n:
            follows_high[: examined - first, cut - middle :] = False
            cut, down = cut + 1, False
        elif down:
            examined -= 1
        elif -total > epsilon * n:
            follows_high[: examined - first, cut - middle :] = True
            examined, down = examined - 1, True
        else:
            cut += 1
    return follows_high
