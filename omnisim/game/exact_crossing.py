"""Crossing of a signed sum of weights: the place where its sign changes, right to the last weight, compiled.

At a point x some of m answers are "high", the others "low"; with weights q and k of m thresholds exceeded,

    S(k) = sum of q_i over the low i < k, less the sum of q_i over the high i >= k

(i from 0) never falls in k. Its two sums hold only the terms in which the answers differ from what k says, so where the
answers agree with k both are empty. Weights of Hedge differ by hundreds of orders of magnitude: sums of *all* weights
lose the small ones, on which the sign may turn. What cannot be settled by plain sums is settled by exact ones, and
weights that underflow beside the largest are taken by their logarithms once the larger ones have cancelled.
"""

import numpy as np

from omnisim.compiled import compiled

ROUNDING = 2.0**-52
"""Twice the relative error of one addition."""

RESOLUTION = 1e-10
"""Largest error of plain sums, relative to S(k) and S(k + 1)."""

TINY = 1e-290
"""Sums below this may lack weights that underflowed."""


@compiled()
def conflict(exceeds):
    """(first, last) for answers (m,): the first low and the last high one.

    Where last < first the answers agree: k = first exceeds the high ones and no other. Else k lies in [first, last].
    """
    m = len(exceeds)
    first, last = 0, m - 1
    while first < m and exceeds[first]:
        first += 1
    while last >= 0 and not exceeds[last]:
        last -= 1
    return first, last


@compiled()
def crossing(weights, exceeds):
    """(k, rho) with (1 - rho) S(k) + rho S(k + 1) = 0, k the largest with S(k) <= 0, for weights (m,) >= 0.

    Exact but for the last rounding of rho: no order of magnitude is lost.

    >>> crossing(np.array([0.5, 1e-20, 0.5]), np.array([False, False, True]))
    (1, 0.0)
    """
    first, last = conflict(exceeds)
    if last < first:
        return first, 0.0
    settled, k, rho, _ = _plain(weights, exceeds, first, last)
    if not settled:
        _, k, value, following = _exact(weights, exceeds, first, last, first, last + 1)
        rho = value / (value - following) if value < 0.0 else 0.0
    return (k, rho) if rho < 1.0 else (k + 1, 0.0)


@compiled()
def crossing_of_logarithms(logs, exceeds, first, last):
    """(k, rho, 1 - rho), both shares to their last digit, for weights exp(logs), of which none is lost by underflow.

    The answers are in conflict from ``first`` to ``last``.
    """
    largest = logs[first]
    for i in range(first + 1, last + 1):
        largest = max(largest, logs[i])
    if largest == -np.inf:
        return last + 1, 0.0, 1.0
    weights = np.zeros(len(logs))
    for i in range(first, last + 1):
        weights[i] = np.exp(logs[i] - largest)
    settled, k, rho, rest = _plain(weights, exceeds, first, last)
    if settled:
        return k, rho, rest
    waiting = logs.copy()
    low, top = first, last + 1
    while True:
        left, right, value, following = _exact(weights, exceeds, first, last, low, top)
        if right < low:
            return low, 0.0, 1.0
        if value < 0.0 and following > 0.0:
            return right, value / (value - following), following / (following - value)
        if value < 0.0:  # what S(right + 1) has more is of a larger order
            rho = -value * np.exp(largest - logs[right])
            return right, rho, 1.0 - rho
        if left == right:
            return right, 0.0, 1.0
        # All weights counted so far cancel everywhere between: the ones that underflowed decide.
        low, top = left, right
        largest = -np.inf
        for i in range(first, last + 1):
            if weights[i] > 0.0:
                waiting[i] = -np.inf
            largest = max(largest, waiting[i])
        if largest == -np.inf:
            return top, 0.0, 1.0
        for i in range(first, last + 1):
            weights[i] = np.exp(waiting[i] - largest)


@compiled()
def settled_shares(low, high, next_low, next_high, terms):
    """(whether plain sums settle it, rho, 1 - rho), where S(k) = low - high and S(k + 1) = next_low - next_high."""
    up, down = high - low, next_low - next_high
    error = ROUNDING * terms * (low + high + next_low + next_high)
    # A sum without the other is right to its last digits, however small.
    if (
        up > TINY
        and down > TINY
        and (error <= RESOLUTION * up or low == 0.0)
        and (error <= RESOLUTION * down or next_high == 0.0)
    ):
        return True, up / (up + down), down / (up + down)
    return False, 0.0, 1.0


@compiled()
def _plain(weights, exceeds, first, last):
    """(whether plain sums settle it, k, rho, 1 - rho)."""
    size = last - first + 1
    above = np.zeros(size + 1)
    for i in range(size - 1, -1, -1):
        above[i] = above[i + 1] + (weights[first + i] if exceeds[first + i] else 0.0)
    low, k = 0.0, 0
    while True:
        further = low + (0.0 if exceeds[first + k] else weights[first + k])
        if k + 1 == size or further > above[k + 1]:
            break
        low, k = further, k + 1
    settled, rho, rest = settled_shares(low, above[k], further, above[k + 1], size)
    return settled, first + k, rho, rest


@compiled()
def _exact(weights, exceeds, first, last, low, top):
    """(left, right, S(right), S(right + 1)) of the last k in [low, top] with S(k) <= 0; left is the first with that S.

    right < low if there is none; S(right + 1) is 0 where right = top. Sums are kept as parts that do not overlap, so
    that their sign is exact.
    """
    parts, used = np.zeros(last - first + 4), 0
    for i in range(first, last + 1):
        if i < low and not exceeds[i]:
            parts, used = _add(parts, used, weights[i])
        elif i >= low and exceeds[i]:
            parts, used = _add(parts, used, -weights[i])
    left, right, value, following = low, low - 1, 0.0, 0.0
    for k in range(low, top + 1):
        total = _value(parts, used)
        if total > 0.0:
            following = total
            break
        if total != value or right < low:
            left = k
        right, value = k, total
        if k <= last:
            parts, used = _add(parts, used, weights[k])
    return left, right, value, following


@compiled()
def _add(parts, used, term):
    """A sum in parts that do not overlap, smallest first, with one more term (Shewchuk 1997)."""
    if used == len(parts):
        parts = np.append(parts, np.zeros(len(parts)))
    kept = 0
    for p in range(used):
        part = parts[p]
        if abs(term) < abs(part):
            term, part = part, term
        total = term + part
        rest = part - (total - term)
        if rest != 0.0:
            parts[kept] = rest
            kept += 1
        term = total
    if term != 0.0:
        parts[kept] = term
        kept += 1
    return parts, kept


@compiled()
def _value(parts, used):
    total = 0.0
    for p in range(used):
        total += parts[p]
    return total
