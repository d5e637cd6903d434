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
    # Of each node its total, and the most and the least of a beginning, next to each other: they are read together.
    tree = np.zeros((2 * size, 4))
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
            tree[node, 0] += residual
            tree[node, 1] = max(0.0, tree[node, 0])
            tree[node, 2] = min(0.0, tree[node, 0])
            node //= 2
            while node:
                left = 2 * node
                before = tree[left, 0]
                tree[node, 0] = before + tree[left + 1, 0]
                tree[node, 1] = max(tree[left, 1], before + tree[left + 1, 1])
                tree[node, 2] = min(tree[left, 2], before + tree[left + 1, 2])
                node //= 2
        if pending and last[position]:
            pending = False
            if tree[1, 1] > best:
                best, where, positive = tree[1, 1], position, True
            if -tree[1, 2] > best:
                best, where, positive = -tree[1, 2], position, False
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
