"""Rounds of the play on step events within interval hints, compiled."""

import math

import numpy as np

from omnisim.compiled import compiled


@compiled()
def play(
    groups, bins, low, high, start, outcomes, kept, at, asked,
    asked_groups, asked_bins, asked_low, asked_high, asked_start,
    sizes, levels, net, mass, rate, tolerance,
):  # fmt: skip
    """Play points in their order, keep weights of some rounds, and answer what some rounds would play for others.

    Parameters
    ----------
    groups, bins, low, high, start, outcomes
        Of the points played: memberships (n, |G|), places among the thresholds of each comparator (n, |H|), lowest and
        highest level allowed (n,), the level to start from
        (n,), outcomes (n,).
    kept : (S,)
        Rounds whose weights are wanted, increasing; a round may occur several times.
    at, asked : (Q,)
        Rounds that are asked, increasing, and for which of the points described by the next five. Where no point is
        played, round 0 is that of the weights given.
    sizes : (|H|,)
        Numbers of thresholds.
    levels : (m + 1,)
        Possible predictions.
    net, mass
        Weights 2 sinh(eta R) (rows, m + 1) to start from, with R = 0 unless no point is played, and Phi.
    rate, tolerance
        eta and tau.

    Returns
    -------
    R at the end; weights (S, rows, m + 1) and Phi (S,) before the rounds kept; lower level (Q,) and its share (Q,).
    """
    total = np.zeros(net.shape)
    net = net.copy()
    tables, masses = np.empty((len(kept), net.shape[0], net.shape[1])), np.empty(len(kept))
    found, shares = np.empty(len(at), np.int64), np.empty(len(at))
    rows, weights = np.empty(net.shape[0], np.int64), np.empty(net.shape[0])
    slopes = np.empty(net.shape[1])
    next_kept, next_asked = 0, 0
    for t in range(max(1, len(outcomes))):
        while next_asked < len(at) and at[next_asked] == t:
            i = asked[next_asked]
            count = _active(asked_groups[i], asked_bins[i], sizes, rows, weights)
            found[next_asked], shares[next_asked] = _step(
                net, rows, weights, count, asked_low[i], asked_high[i], asked_start[i], levels, tolerance * mass, slopes
            )
            next_asked += 1
        while next_kept < len(kept) and kept[next_kept] == t:
            tables[next_kept] = net
            masses[next_kept] = mass
            next_kept += 1
        if t == len(outcomes):
            break
        count = _active(groups[t], bins[t], sizes, rows, weights)
        level, share = _step(net, rows, weights, count, low[t], high[t], start[t], levels, tolerance * mass, slopes)
        first = share * (outcomes[t] - levels[level])
        both = first
        if share < 1.0:
            both += (1.0 - share) * (outcomes[t] - levels[level + 1])
        for r in range(count):
            row, weight = rows[r], weights[r]
            for v in range(level, len(levels)):
                total[row, v] += weight * (first if v == level else both)
                before, after = net[row, v], 2.0 * math.sinh(rate * total[row, v])
                net[row, v] = after
                mass += math.sqrt(after * after + 4.0) - math.sqrt(before * before + 4.0)  # 2 cosh of 2 sinh
    return total, tables, masses, found, shares


@compiled()
def _active(groups, bins, sizes, rows, weights):
    """Rows of the events that hold a point, and g(x) of each; how many they are."""
    sets = 1
    for size in sizes:
        sets += size
    count = 0
    for g in range(len(groups)):
        if groups[g] == 0.0:
            continue
        rows[count], weights[count] = g * sets, groups[g]
        count += 1
        begin = g * sets + 1
        for h in range(len(sizes)):
            for place in range(bins[h], sizes[h]):
                rows[count], weights[count] = begin + place, groups[g]
                count += 1
            begin += sizes[h]
    return count


@compiled()
def _step(net, rows, weights, count, low, high, start, levels, tolerated, slopes):
    """Lower one of the two levels that are played, and its share: the nearest to the start that is tolerated.

    On the way there H is of one sign. It leads to a level where nothing can be lost, an end of the interval, or to
    neighbours with H > 0 and H <= 0, which are mixed.
    """
    for v in range(len(levels)):
        slopes[v] = 0.0
    for r in range(count):
        for v in range(low, len(levels)):
            slopes[v] += weights[r] * net[rows[r], v]
    for v in range(len(levels) - 2, low - 1, -1):
        slopes[v] += slopes[v + 1]
    k = start
    if slopes[k] > 0.0:
        while slopes[k] > 0.0:
            if slopes[k] * (levels[high] - levels[k]) <= tolerated:
                return k, 1.0
            k += 1
        k -= 1
    else:
        while slopes[k] <= 0.0:
            if slopes[k] * (levels[low] - levels[k]) <= tolerated:
                return k, 1.0
            k -= 1
    return k, -slopes[k + 1] / (slopes[k] - slopes[k + 1])
