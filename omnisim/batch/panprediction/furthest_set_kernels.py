"""Largest sums over sides and corners of predictions and comparators, compiled: one walk, or a table of bins."""

import numpy as np

from omnisim.compiled import compiled


@compiled()
def sides(order, ranks, weighted, squared, begins, columns, degrees, groups):
    """Sums over whole groups, and the largest and least of those over rows up to a prediction, all groups in one walk.

    Parameters
    ----------
    order, ranks : (n,) int
        Rows by increasing prediction, and the rank of each row's prediction, equal for equal ones.
    weighted, squared : (n,)
        What is summed: w r and w r^2; a row of degree g counts as w g r and w (g r)^2.
    begins : (n + 1,), columns, degrees
        Groups of each row and its degrees in them, those of row i from begins[i] on.
    groups
        Number of groups.

    Returns
    -------
    totals : (groups, 2)
        Both sums over the group.
    most, least : (groups, 2)
        Of its rows up to some prediction of the group's but its last, both sums where the first is largest, or least.
    places : (groups, 4) int
        Ranks of its first and last prediction, and of those that ``most`` and ``least`` end at; -1 where there is none.
    """
    totals, most, least = np.zeros((groups, 2)), np.zeros((groups, 2)), np.zeros((groups, 2))
    places = np.full((groups, 4), -1)
    for row in order:
        rank = ranks[row]
        for k in range(begins[row], begins[row + 1]):
            g, degree = columns[k], degrees[k]
            last = places[g, 1]
            if rank != last:
                if last < 0:
                    places[g, 0] = rank
                else:
                    reached = totals[g, 0]
                    if places[g, 2] < 0 or reached > most[g, 0]:
                        most[g, 0], most[g, 1], places[g, 2] = reached, totals[g, 1], last
                    if places[g, 3] < 0 or reached < least[g, 0]:
                        least[g, 0], least[g, 1], places[g, 3] = reached, totals[g, 1], last
                places[g, 1] = rank
            totals[g, 0] += degree * weighted[row]
            totals[g, 1] += degree * degree * squared[row]
    return totals, most, least, places


@compiled()
def binned_corners(across, down, summed, bins):
    """The largest absolute sum over each kind of corner of a table of bins x bins.

    Parameters
    ----------
    across, down : (n,) int
        Bins of the prediction and of the comparator, in [0, bins).
    summed : (n,)
        What is summed.
    bins
        How many there are.

    Returns
    -------
    sums : (2, 2)
        By whether the corner is above in the prediction, and in the comparator.
    ends : (2, 2, 2) int
        The last bins, of the prediction and of the comparator, that are below its ends.
    """
    table = np.zeros((bins, bins))
    for i in range(len(summed)):
        table[across[i], down[i]] += summed[i]
    columns = np.zeros(bins)
    for i in range(bins):
        for j in range(bins):
            columns[j] += table[i, j]
    for j in range(1, bins):
        columns[j] += columns[j - 1]
    sums, ends = np.zeros((2, 2)), np.zeros((2, 2, 2), dtype=np.int64)
    corner, below = np.zeros(bins), np.zeros(4)
    for i in range(bins):
        row = 0.0
        for j in range(bins):
            row += table[i, j]
            corner[j] += row
        for j in range(bins):
            below[0] = corner[j]
            below[1] = corner[bins - 1] - corner[j]
            below[2] = columns[j] - corner[j]
            below[3] = columns[bins - 1] - columns[j] - below[1]
            for kind in range(4):
                if abs(below[kind]) > abs(sums[kind // 2, kind % 2]):
                    sums[kind // 2, kind % 2] = below[kind]
                    ends[kind // 2, kind % 2, 0], ends[kind // 2, kind % 2, 1] = i, j
    return sums, ends
