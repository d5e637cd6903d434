"""The sums from which every measure follows.

Utilities are affine in the outcome, so per agent, subsequence and action played it is enough to know the
number of rounds, the sum of the outcomes and the sum of the predictions. No array with rounds, agents and
pairs of actions is ever made.

Rounds with the same active subsequences are summed together first: a round belongs to one *pattern*, and the
sums of a subsequence are those of its patterns.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from omnisim.arrays import BoolArray, FloatArray, IntArray

_BLOCK = 1 << 20
"""Numbers in one block of agents' sums; agents are taken in blocks so that memory stays bounded."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over the rounds of each subsequence in which each action was played.

    Attributes
    ----------
    count : (L, N, A)
        Number of such rounds.
    outcome : (L, N, A, d)
        Sum of the outcomes.
    prediction : (L, N, A, d)
        Sum of the predictions.
    """

    count: FloatArray
    outcome: FloatArray
    prediction: FloatArray


def patterns(active: BoolArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Sets of subsequences that are active together: their indices, and the rounds of each set.

    >>> [(list(map(int, k)), list(map(int, t))) for k, t in patterns(np.array([[1, 0], [1, 1], [1, 0]], dtype=bool))]
    [([0], [0, 2]), ([0, 1], [1])]
    """
    distinct, of_round = np.unique(active, axis=0, return_inverse=True)
    of_round = of_round.reshape(-1)
    for index, row in enumerate(distinct):
        yield np.flatnonzero(row), np.flatnonzero(of_round == index)


def blocks(agents: int, numbers_per_agent: int) -> Iterator[slice]:
    """Slices of the agents such that each block holds about a million numbers."""
    size = max(1, _BLOCK // max(1, numbers_per_agent))
    for first in range(0, agents, size):
        yield slice(first, min(first + size, agents))


def played_sums(
    actions: IntArray,
    number_of_actions: int,
    active: BoolArray,
    outcomes: FloatArray,
    predictions: FloatArray,
    counted: BoolArray | None = None,
) -> Sums:
    """Sum outcomes and predictions over the rounds in which each agent played each action.

    Parameters
    ----------
    actions : (T, N)
    number_of_actions
        A.
    active : (T, L)
    outcomes, predictions : (T, d)
    counted : (T, N), optional
        Rounds of each agent that count; all if omitted. Actions elsewhere may be anything.
    """
    agents = actions.shape[1]
    rounds, dimension = outcomes.shape
    table = np.concatenate([np.ones((rounds, 1)), outcomes, predictions], axis=1)
    total = np.zeros((active.shape[1], agents * number_of_actions, table.shape[1]))
    for subsequences, members in patterns(active):
        indicator = _indicator(actions[members], number_of_actions, None if counted is None else counted[members])
        summed = indicator @ table[members]
        for k in subsequences:
            total[k] += summed
    total = total.reshape(active.shape[1], agents, number_of_actions, -1)
    return Sums(total[..., 0], total[..., 1 : 1 + dimension], total[..., 1 + dimension :])


def _indicator(actions: IntArray, number_of_actions: int, counted: BoolArray | None) -> "sparse.csc_array":
    # Column t has a one in the row of (n, a) for each agent n that played a in round t.
    rounds, agents = actions.shape
    if counted is not None:
        actions = np.where(counted, actions, 0)
    rows = (np.arange(agents) * number_of_actions + actions).reshape(-1)
    ones = np.ones(len(rows)) if counted is None else counted.reshape(-1).astype(np.float64)
    starts = np.arange(rounds + 1) * agents
    shape = (agents * number_of_actions, rounds)
    return sparse.csc_array((ones, rows, starts), shape=shape)
