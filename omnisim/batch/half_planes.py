"""Half-planes of least cost, exactly, by turning a line about every point: O(n^2 (log n + m))."""

import numpy as np

from omnisim.arrays import FloatArray

_SAME_ANGLE = 1e-12
"""Points that a turning line meets within this angle (rad) of each other lie on it together, but for rounding."""


def cheapest_half_planes(points: FloatArray, costs: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Find, for each column of costs (u, m), the half-plane {w . x + b > 0} with the least sum of its points' costs.

    Every set that a half-plane cuts out of distinct points (u, 2) is what lies to one side of some line through one of
    the points and no other, with or without that point: move the edge until it meets a first point. So turn a line
    about each point, adding and removing the points that it passes, and look at the sets between.

    Returns
    -------
    w, b, sums : (m, 2), (m,), (m,)
        Nothing and everything have w = 0. Of equally cheap sets the first found is kept, nothing and everything first.

    Examples
    --------
    >>> corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> w, b, sums = cheapest_half_planes(corners, np.array([[1.0], [-1.0], [-1.0], [-1.0]]))
    >>> (corners @ w[0] + b[0] > 0).tolist(), sums
    ([False, True, True, True], array([-3.]))
    """
    count, m = costs.shape
    total = costs.sum(axis=0)
    best = np.minimum(total, 0.0)
    w, b = np.zeros((m, 2)), np.where(total < 0, 1.0, -1.0)
    # What must be gained to change the set: less is rounding.
    least = 1e-12 * (1 + np.abs(costs).sum(axis=0))
    for pivot in range(count):
        others = np.delete(np.arange(count), pivot)
        if not len(others):
            break
        offset = points[others] - points[pivot]
        angle = np.arctan2(offset[:, 1], offset[:, 0])
        # The directed line at angle phi in [0, pi) has on its left the angles in (phi, phi + pi).
        folded = np.where(angle < 0, angle + np.pi, angle)
        ahead = angle >= 0
        beyond = folded >= np.pi - _SAME_ANGLE
        folded, ahead = np.where(beyond, 0.0, folded), ahead ^ beyond
        order = np.argsort(folded, kind="stable")
        met = folded[order]
        ends = np.append((np.diff(met) > _SAME_ANGLE).nonzero()[0], len(met) - 1)
        change = np.where(ahead[:, None], -1.0, 1.0) * costs[others]
        left = costs[others[ahead]].sum(axis=0) + change[order].cumsum(axis=0)[ends]
        following = np.append(met[ends[:-1] + 1], met[0] + np.pi)
        middle = (met[ends] + following) / 2
        own = costs[pivot]
        right = total - own - left
        for side, sums in ((1.0, left), (-1.0, right)):
            for inside in (False, True):
                found = sums + own if inside else sums
                place = found.argmin(axis=0)
                value = found[place, np.arange(m)]
                for i in (value < best - least).nonzero()[0]:
                    best[i] = value[i]
                    normal = side * np.array([-np.sin(middle[place[i]]), np.cos(middle[place[i]])])
                    clear = float(np.abs(offset @ normal).min()) / 2
                    w[i], b[i] = normal, (clear if inside else -clear) - float(normal @ points[pivot])
    return w, b, best
