"""The largest sum over a corner {p <= v, h <= w}, found exactly in O(n log n), compiled.

Points enter in the order of h. A balanced tree over the ranks of p keeps, for every node, the sum of what entered below
it and its largest and smallest sum over a beginning of its leaves; at the root these are the extremes over all v for
the current w. They are read only after the last of equal values of h has entered, and equal values of p share a leaf.
"""

import numpy as np

from omnisim.compiled import compiled

_ACCUMULATED = 1e-13
"""Improvements below this, relative to the sum of all sizes, are rounding."""


@compiled()
def largest_corner(order, last, ranks, leaves, residuals):
    """The corner of largest absolute sum among points with nonzero residual.

    Parameters
    ----------
    order : (n,) int
        Points by increasing h.
    last : (n,) bool
        Whether the value of h changes after that point of the order.
    ranks : (n,) int
        Rank of p of each point, equal for equal p, in [0, leaves).
    leaves
        Number of different p.
    residuals : (n,)
        What is summed.

    Returns
    -------
    The sum; the rank of v; the position in ``order`` of the last point with h <= w. (0.0, -1, -1) if all sums are 0.
    """
    size = 1
    while size < leaves:
        size *= 2
    total = np.zeros(2 * size)
    most = np.zeros(2 * size)
    least = np.zeros(2 * size)
    scale = 0.0
    for point in range(len(residuals)):
        scale += abs(residuals[point])
    best, where, positive = _ACCUMULATED * scale, -1, True
    pending = False
    for position in range(len(order)):
        point = order[position]
        residual = residuals[point]
        if residual != 0.0:
            pending = True
            node = size + ranks[point]
            total[node] += residual
            most[node] = max(0.0, total[node])
            least[node] = min(0.0, total[node])
            node //= 2
            while node:
                left = 2 * node
                total[node] = total[left] + total[left + 1]
                most[node] = max(most[left], total[left] + most[left + 1])
                least[node] = min(least[left], total[left] + least[left + 1])
                node //= 2
        if pending and last[position]:
            pending = False
            if most[1] > best:
                best, where, positive = most[1], position, True
            if -least[1] > best:
                best, where, positive = -least[1], position, False
    if where < 0:
        return 0.0, -1, -1
    sums = np.zeros(leaves)
    for position in range(where + 1):
        point = order[position]
        sums[ranks[point]] += residuals[point]
    rank, running, reached = 0, 0.0, -1.0
    for leaf in range(leaves):
        running += sums[leaf]
        size_of = running if positive else -running
        if size_of > reached:
            reached, rank = size_of, leaf
    return reached if positive else -reached, rank, where
