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
    sums = np.zeros(total.shape[2:])
    touched = np.zeros(total.shape[2], dtype=np.bool_)
    for n in range(actions.shape[1]):
        _add(actions, counted, table, patterns, by_pattern, starts, n, sums, touched, total, n)


@compiled()
def _add(actions, counted, table, patterns, by_pattern, starts, n, sums, touched, total, place):
    """Add the rounds of agent n to ``total[:, place]``; ``sums`` (A, w) and ``touched`` (A,) are 0 before and after."""
    width = table.shape[1]
    for p in range(patterns.shape[0]):
        for position in range(starts[p], starts[p + 1]):
            t = by_pattern[position]
            if counted is None or counted[t, n]:
                a = actions[t, n]
                touched[a] = True
                for i in range(width):
                    sums[a, i] += table[t, i]
        for a in range(len(touched)):
            if touched[a]:
                for k in range(patterns.shape[1]):
                    if patterns[p, k]:
                        for i in range(width):
                            total[k, place, a, i] += sums[a, i]
                touched[a] = False
                for i in range(width):
                    sums[a, i] = 0.0


@compiled()
def add_errors(played, errors, active, total, squares):
    """Add a round's expected errors E 1[plays a] (p - y), and their squares, to the sums (L, N, A, d) of ``active``.

    Under prediction m of the mixture, agent n plays ``played[m, n]``, nothing if negative; ``errors`` (M, d) are p - y
    times its probability, ``active`` the indices of the round's subsequences.
    """
    gains = np.zeros(total.shape[2:])
    touched = np.zeros(total.shape[2], dtype=np.bool_)
    for n in range(played.shape[1]):
        for m in range(played.shape[0]):
            a = played[m, n]
            if a >= 0:
                touched[a] = True
                for i in range(gains.shape[1]):
                    gains[a, i] += errors[m, i]
        for a in range(gains.shape[0]):
            if touched[a]:
                for k in active:
                    for i in range(gains.shape[1]):
                        total[k, n, a, i] += gains[a, i]
                        squares[k, n, a, i] += gains[a, i] * gains[a, i]
                touched[a] = False
                for i in range(gains.shape[1]):
                    gains[a, i] = 0.0


@compiled()
def add_gains(played, weights, earned, active, total, squares, possible):
    """Add a round's E 1[plays a] (u(b, y) - u(a, y)), and of its square, to the sums (L, N, A, A) of ``active``.

    ``played`` and ``active`` are as in :func:`add_errors`, ``weights`` (M,) the probabilities of the predictions, and
    ``earned`` (N, A) the utilities at the outcome. What could be played is marked in ``possible`` (L, N, A).
    """
    for n in range(played.shape[1]):
        for m in range(played.shape[0]):
            a = played[m, n]
            if a >= 0:
                for k in active:
                    possible[k, n, a] = True
                    for b in range(earned.shape[1]):
                        gain = earned[n, b] - earned[n, a]
                        total[k, n, a, b] += weights[m] * gain
                        squares[k, n, a, b] += weights[m] * (gain * gain)


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
def measure(
    actions, counted, table, patterns, by_pattern, starts, slopes, offsets, benchmark,
    count, largest, utility, external, swap,
):  # fmt: skip
    """The sums of :func:`add_played` and what follows from them, agent by agent, so that they stay in the cache.

    A row of the table is 1, an outcome and a prediction. Made are the numbers of rounds (L, N, A) in which each action
    was played, the largest distance over the coordinates of the sums of predictions and outcomes, (L, N, A), and what
    :func:`compare` makes.
    """
    subsequences, agents, number = benchmark.shape
    dimension = slopes.shape[2]
    total = np.empty((subsequences, 1, number, table.shape[1]))
    sums = np.zeros(total.shape[2:])
    touched = np.zeros(number, dtype=np.bool_)
    by_coordinate, earned, scratch = np.empty((dimension, number)), np.empty((number, number)), np.empty((2, number))
    for n in range(agents):
        total[:] = 0.0
        _add(actions, counted, table, patterns, by_pattern, starts, n, sums, touched, total, 0)
        _turn(slopes[n], by_coordinate)
        for k in range(subsequences):
            for a in range(number):
                found = total[k, 0, a]
                count[k, n, a] = found[0]
                worst = 0.0
                if found[0] != 0:
                    _earn(found[1 : 1 + dimension], found[0], by_coordinate, offsets[n], earned[a])
                    for i in range(1, 1 + dimension):
                        worst = max(worst, abs(found[i + dimension] - found[i]))
                largest[k, n, a] = worst
            utility[k, n], external[k, n], swap[k, n] = _regrets(benchmark[k, n], total[k, 0, :, 0], earned, scratch)


@compiled()
def compare(outcome, count, slopes, offsets, benchmark, utility, external, swap):
    """Utility, external and swap regret (L, N) by sums of outcomes (L, N, A, d) and counts of actions (L, N, A).

    Only actions that were played are looked at: the others earned and lost nothing.
    """
    subsequences, agents, actions = benchmark.shape
    by_coordinate, earned = np.empty((outcome.shape[3], actions)), np.empty((actions, actions))
    scratch = np.empty((2, actions))
    for n in range(agents):
        _turn(slopes[n], by_coordinate)
        for k in range(subsequences):
            for a in range(actions):
                if count[k, n, a] != 0:
                    _earn(outcome[k, n, a], count[k, n, a], by_coordinate, offsets[n], earned[a])
            utility[k, n], external[k, n], swap[k, n] = _regrets(benchmark[k, n], count[k, n], earned, scratch)


@compiled()
def grow(actions, counted, outcomes, members, ends, left_at, slopes, offsets, utility, external, swap, present):
    """Utility and regrets of :func:`compare`, and rounds of presence, each (P, N), after growing numbers of rounds.

    The rounds are ``members``, up to each of ``ends``. The benchmark is of the actions that leave it (N, A) later than
    the last of them. Only what an agent has played since is added up anew.
    """
    number, dimension = slopes.shape[1:]
    by_coordinate, earned, scratch = np.empty((dimension, number)), np.empty((number, number)), np.empty((2, number))
    outcome, sums = np.empty((2, number, dimension))
    count, since = np.empty((2, number))
    benchmark = np.empty(number, dtype=np.bool_)
    for n in range(actions.shape[1]):
        _turn(slopes[n], by_coordinate)
        outcome[:] = 0.0
        count[:] = 0.0
        begin = 0
        for p in range(len(ends)):
            sums[:] = 0.0
            since[:] = 0.0
            for position in range(begin, ends[p]):
                t = members[position]
                if counted is None or counted[t, n]:
                    a = actions[t, n]
                    since[a] += 1.0
                    for i in range(dimension):
                        sums[a, i] += outcomes[t, i]
            begin = ends[p]
            for a in range(number):
                benchmark[a] = left_at[n, a] > members[begin - 1]
                if since[a] != 0:
                    count[a] += since[a]
                    for i in range(dimension):
                        outcome[a, i] += sums[a, i]
                    _earn(outcome[a], count[a], by_coordinate, offsets[n], earned[a])
            utility[p, n], external[p, n], swap[p, n] = _regrets(benchmark, count, earned, scratch)
            present[p, n] = count.sum()


@compiled()
def _turn(slopes, by_coordinate):
    """Slopes (A, d) with the coordinates first, so that those of all actions lie together."""
    for i in range(slopes.shape[1]):
        for b in range(slopes.shape[0]):
            by_coordinate[i, b] = slopes[b, i]


@compiled()
def _earn(outcome, rounds, by_coordinate, offsets, earned):
    """Utility that each action (A,) would have had in a number of rounds with this sum of outcomes (d,)."""
    actions = len(earned)
    # Four sums at a time are in registers.
    whole = actions - actions % 4
    for b in range(0, whole, 4):
        first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
        for i in range(len(outcome)):
            first += outcome[i] * by_coordinate[i, b]
            second += outcome[i] * by_coordinate[i, b + 1]
            third += outcome[i] * by_coordinate[i, b + 2]
            fourth += outcome[i] * by_coordinate[i, b + 3]
        earned[b] = first + rounds * offsets[b]
        earned[b + 1] = second + rounds * offsets[b + 1]
        earned[b + 2] = third + rounds * offsets[b + 2]
        earned[b + 3] = fourth + rounds * offsets[b + 3]
    for b in range(whole, actions):
        total = 0.0
        for i in range(len(outcome)):
            total += outcome[i] * by_coordinate[i, b]
        earned[b] = total + rounds * offsets[b]


@compiled()
def _regrets(benchmark, count, earned, scratch):
    """Utility, external and swap regret by what each action would have earned in the rounds of each one played.

    ``earned`` (A, A) is looked at where the action was played, ``count`` (A,), and competed with, ``benchmark`` (A,).
    ``scratch`` (2, A) is written over.
    """
    actions = len(count)
    total, handicap = scratch[0], scratch[1]
    is_empty = True
    for b in range(actions):
        is_empty &= not benchmark[b]
        # Added instead of asked for: branches that nobody foresees would take most of the time.
        handicap[b] = 0.0 if benchmark[b] else -np.inf
        total[b] = 0.0
    own, swapped = 0.0, 0.0
    for a in range(actions):
        if count[a] != 0:
            best = -np.inf
            for b in range(actions):
                total[b] += earned[a, b]
                best = max(best, earned[a, b] + handicap[b])
            own += earned[a, a]
            swapped += best - earned[a, a]
    if is_empty:
        return own, np.nan, np.nan
    best = -np.inf
    for b in range(actions):
        best = max(best, total[b] + handicap[b])
    return own, best - own, swapped
