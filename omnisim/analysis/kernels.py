"""The loops over rounds and agents from which measures are made, compiled.

They release the interpreter's lock. Agents are independent of each other, so results do not depend on how many are
taken at once, nor on the number of threads; every sum has its order, so they are the same on every processor.
"""

import numpy as np

from omnisim.compiled import compiled


@compiled()
def add_played(actions, counted, table, patterns, by_pattern, starts, total):
    """Add rows of a table (T, w) to the sums of the actions (T, N) played in their rounds, ``total`` (L, N, A, w).

    Rounds of a pattern are added in their order, and its sums to those of each of its subsequences. ``by_pattern`` has
    the rounds pattern by pattern, each from ``starts`` on; ``patterns`` (P, L) are their subsequences.
    """
    width = table.shape[1]
    sums = np.zeros((total.shape[2], width))
    touched = np.zeros(total.shape[2], dtype=np.bool_)
    for n in range(actions.shape[1]):
        for p in range(patterns.shape[0]):
            for position in range(starts[p], starts[p + 1]):
                t = by_pattern[position]
                if counted is None or counted[t, n]:
                    a = actions[t, n]
                    touched[a] = True
                    for i in range(width):
                        sums[a, i] += table[t, i]
            for a in range(total.shape[2]):
                if touched[a]:
                    for k in range(patterns.shape[1]):
                        if patterns[p, k]:
                            for i in range(width):
                                total[k, n, a, i] += sums[a, i]
                    touched[a] = False
                    for i in range(width):
                        sums[a, i] = 0.0


@compiled()
def add_rounds(values, active, total):
    """Add values (T, N) to the sums (L, N) of the subsequences active in their rounds (T, L)."""
    for t in range(values.shape[0]):
        for k in range(active.shape[1]):
            if active[t, k]:
                for n in range(values.shape[1]):
                    total[k, n] += values[t, n]


@compiled()
def add_costs(costs, active, least, total, positive):
    """Add costs (T, M) to the sums (L, M) of the subsequences active in their rounds, all and those above ``least``."""
    for t in range(costs.shape[0]):
        for k in range(active.shape[1]):
            if active[t, k]:
                for m in range(costs.shape[1]):
                    cost = costs[t, m]
                    total[k, m] += cost
                    positive[k, m] += cost if cost > least else 0.0


@compiled()
def compare(outcome, count, slopes, offsets, benchmark, utility, external, swap):
    """Utility, external and swap regret (L, N) by sums of outcomes (L, N, A, d) and counts of actions (L, N, A).

    Only actions that were played are looked at: the others earned and lost nothing.
    """
    subsequences, agents, actions = benchmark.shape
    dimension = outcome.shape[3]
    by_coordinate = np.empty((dimension, actions))
    earned, total = np.empty(actions), np.empty(actions)
    for n in range(agents):
        for i in range(dimension):
            for b in range(actions):
                by_coordinate[i, b] = slopes[n, b, i]
        for k in range(subsequences):
            total[:] = 0.0
            own, swapped, is_empty = 0.0, 0.0, True
            for b in range(actions):
                is_empty &= not benchmark[k, n, b]
            for a in range(actions):
                played = count[k, n, a]
                if played == 0:
                    continue
                for b in range(actions):
                    earned[b] = 0.0
                for i in range(dimension):
                    y = outcome[k, n, a, i]
                    for b in range(actions):
                        earned[b] += y * by_coordinate[i, b]
                best = -np.inf
                for b in range(actions):
                    earned[b] += played * offsets[n, b]
                    total[b] += earned[b]
                    if benchmark[k, n, b] and earned[b] > best:
                        best = earned[b]
                own += earned[a]
                swapped += best - earned[a]
            best = -np.inf
            for b in range(actions):
                if benchmark[k, n, b] and total[b] > best:
                    best = total[b]
            utility[k, n] = own
            external[k, n] = np.nan if is_empty else best - own
            swap[k, n] = np.nan if is_empty else swapped


@compiled()
def largest_error(prediction, outcome, found):
    """Largest distance over the coordinates of sums of predictions and outcomes (L, N, A, d): (L, N, A)."""
    for k in range(found.shape[0]):
        for n in range(found.shape[1]):
            for a in range(found.shape[2]):
                largest = 0.0
                for i in range(outcome.shape[3]):
                    largest = max(largest, abs(prediction[k, n, a, i] - outcome[k, n, a, i]))
                found[k, n, a] = largest
