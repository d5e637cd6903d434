"""The step of Gibbs and Tibshirani's two-player game, and its loops over a sample, compiled.

Base predictor i says "high" (f_i(x) > theta_i) or "low". With weights q and predictions on {0, 1/m, ..., 1}, the
weighted gain of the law P of p against an outcome y is sum_i V(theta_i, y) D_i, D_i = q_i (P(p > theta_i) - 1[high_i]);
V(theta, y) = theta - y for a probability.
"""

import numpy as np

from omnisim.compiled import compiled
from omnisim.game.exact_crossing import conflict, crossing, crossing_of_logarithms, settled_shares

_BLOCK = 64
"""Rows predicted together: their sums stay in the second cache while the weights of all rounds pass by."""


@compiled()
def threshold_step(weights, exceeds):
    """(k, rho): play k/m with probability 1 - rho and (k + 1)/m with probability rho (their Lemma 8), in O(m).

    k is the largest with sum_{i > k} q_i >= sum_i q_i 1[low_i], and rho makes the two sides equal in the mean, so that
    sum_i D_i = 0. D_i >= 0 up to i = k and <= 0 after k + 1, so sum_i V(theta_i, y) D_i <= V(theta_{k+1}, y) sum_i D_i
    = 0 for *every* y and every V that does not decrease in theta: the value is at most 0 for means and quantiles too.

    What the two sides have in common, the low i > k, is left out of both: see :mod:`omnisim.game.exact_crossing`.

    Examples
    --------
    >>> threshold_step(np.full(4, 0.25), np.array([True, True, False, False]))
    (2, 0.0)
    >>> threshold_step(np.array([0.5, 1e-20, 0.5]), np.array([True, False, False]))
    (1, 0.0)
    """
    return crossing(weights, exceeds)


@compiled()
def play_thresholds(exceeds, identification, rate, total, kept, history):
    """Hedge against the step on a sample (n, m), which may be one of several pieces of a longer one.

    ``total`` (2, m) holds the sums of gains so far, and what their rounding left out: shares of 1e-20 of a round, on
    which the order of two thresholds may depend later, are not lost. It is added to. Of the rounds in ``kept`` (S,),
    which do not fall, the logarithms of the weights are written to ``history`` (S, m), up to a term: the largest is 0.
    """
    n, m = exceeds.shape
    logs = np.empty(m)
    place = 0
    for t in range(n):
        best = 0
        for i in range(1, m):
            if (total[0, i] - total[0, best]) + (total[1, i] - total[1, best]) > 0.0:
                best = i
        for i in range(m):
            logs[i] = rate * ((total[0, i] - total[0, best]) + (total[1, i] - total[1, best]))
        while place < len(kept) and kept[place] == t:
            history[place] = logs
            place += 1
        first, last = conflict(exceeds[t])
        if last < first:
            continue
        k, rho, rest = crossing_of_logarithms(logs, exceeds[t], first, last)
        for i in range(first, last + 1):
            up = exceeds[t, i]
            excess = (0.0 if up else 1.0) if i < k else (-1.0 if up else 0.0)
            if i == k:
                excess = -rest if up else rho
            gain = identification[t, i] * excess
            old = total[0, i]
            total[0, i] = old + gain
            kept_of_gain = total[0, i] - old
            total[1, i] += (old - (total[0, i] - kept_of_gain)) + (gain - kept_of_gain)


@compiled()
def mean_step(history, exceeds):
    """The uniform mixture over rounds' weights, of logarithms (S, m), of their steps at new rows (u, m): (u, m + 1)."""
    return weighted_mean_step(history, exceeds, np.ones(len(history)))


@compiled()
def weighted_mean_step(history, exceeds, counts):
    """The same mixture, to which each round contributes what it counts, (S,)."""
    m = history.shape[1]
    total = counts.sum()
    law = np.zeros((len(exceeds), m + 1))
    contradicting = np.empty(len(exceeds), dtype=np.int64)
    count = 0
    for x in range(len(exceeds)):
        first, last = conflict(exceeds[x])
        if first < last:
            contradicting[count] = x
            count += 1
        else:
            law[x, first] = total
    half = 1
    while 2 * half < m:
        half *= 2
    weights = np.exp(history)
    for begin in range(0, count, _BLOCK):
        _add_steps(history, weights, counts, exceeds, contradicting[begin : min(count, begin + _BLOCK)], half, law)
    return law / total


@compiled()
def _add_steps(history, weights, counts, exceeds, rows, half, law):
    rounds, m = history.shape
    size = len(rows)
    exceeded = np.empty((m, size))
    for i in range(m):
        for x in range(size):
            exceeded[i, x] = 1.0 if exceeds[rows[x], i] else 0.0
    # S(k) = below[k] - above[k].
    below, above = np.zeros((m + 1, size)), np.zeros((m + 1, size))
    for t in range(rounds):
        for i in range(m):
            weight = weights[t, i]
            for x in range(size):
                below[i + 1, x] = below[i, x] + weight * (1.0 - exceeded[i, x])
        for i in range(m - 1, -1, -1):
            weight = weights[t, i]
            for x in range(size):
                above[i, x] = above[i + 1, x] + weight * exceeded[i, x]
        for x in range(size):
            # The largest k < m with S(k) <= 0, which does not fall. No branch that could be mispredicted.
            k, jump = 0, half
            while jump > 0:
                at = min(k + jump, m - 1)
                k = at if above[at, x] >= below[at, x] else k
                jump >>= 1
            settled, rho, rest = settled_shares(below[k, x], above[k, x], below[k + 1, x], above[k + 1, x], m)
            row = rows[x]
            if not settled:
                first, last = conflict(exceeds[row])
                k, rho, rest = crossing_of_logarithms(history[t], exceeds[row], first, last)
            law[row, k] += counts[t] * rest
            if rho > 0.0:
                law[row, k + 1] += counts[t] * rho


@compiled()
def conflict_sum(low, high, cut, examined, identification):
    """The sum of V (n,) over rows where the upper predictor's level is >= cut and the lower one's is < examined."""
    total = 0.0
    for t in range(len(low)):
        if high[t] >= cut and low[t] < examined:
            total += identification[t]
    return total
