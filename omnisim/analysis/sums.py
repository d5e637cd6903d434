"""The sums from which every measure follows.

Utilities are affine in the outcome, so per agent, subsequence and action played it is enough to know the
number of rounds, the sum of the outcomes and the sum of the predictions. No array with rounds, agents and
pairs of actions is ever made.

Rounds with the same active subsequences are summed together first: a round belongs to one *pattern*, and the
sums of a subsequence are those of its patterns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from omnisim.analysis.kernels import add_played, add_rounds
from omnisim.arrays import BoolArray, FloatArray, IntArray, read_only

_BLOCK = 1 << 18
"""Numbers in one block of agents' sums; agents are taken in blocks that stay in the processor's cache."""


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


def blocks(agents: int, numbers_per_agent: int) -> Iterator[slice]:
    """Slices of the agents such that each block holds about a quarter of a million numbers."""
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
    dimension = outcomes.shape[1]
    rounds = Rounds.of(active, outcomes, predictions)
    total = np.zeros((active.shape[1], actions.shape[1], number_of_actions, rounds.table.shape[1]))
    add_played(read_only(actions), None if counted is None else read_only(counted), *rounds, total)
    return Sums(total[..., 0], total[..., 1 : 1 + dimension], total[..., 1 + dimension :])


class Rounds(NamedTuple):
    """Rounds as compiled loops take them.

    Attributes
    ----------
    table : (T, 1 + 2 d)
        1, the outcome and the prediction of each round.
    patterns : (P, L)
        See :func:`patterns_of`.
    by_pattern : (T,)
        The rounds pattern by pattern.
    starts : (P + 1,)
        Where in them each pattern begins.
    """

    table: FloatArray
    patterns: BoolArray
    by_pattern: IntArray
    starts: IntArray

    @classmethod
    def of(cls, active: BoolArray, outcomes: FloatArray, predictions: FloatArray) -> "Rounds":
        """Rounds of subsequences (T, L), with outcomes and predictions (T, d)."""
        table = np.concatenate([np.ones((len(outcomes), 1)), outcomes, predictions], axis=1)
        patterns, of_round = patterns_of(active)
        by_pattern = np.argsort(of_round, kind="stable")
        starts = np.searchsorted(of_round[by_pattern], np.arange(len(patterns) + 1))
        return cls(*map(read_only, (table, patterns, by_pattern, starts)))


def patterns_of(active: BoolArray) -> tuple[BoolArray, IntArray]:
    """The patterns of rounds (P, L) of subsequences (T, L), and which one each round has (T,).

    >>> patterns_of(np.array([[True, False], [True, True], [True, False]]))
    (array([[ True, False],
           [ True,  True]]), array([0, 1, 0]))
    """
    if len(active) and active.all():  # sorting takes long where there are few rounds
        return active[:1], np.zeros(len(active), dtype=np.int64)
    distinct, of_round = np.unique(active, axis=0, return_inverse=True)
    return distinct.astype(np.bool_), of_round.reshape(-1)


def over_rounds(values: NDArray[Any], active: BoolArray) -> FloatArray:
    """Sum values (T, N) over the rounds of each subsequence (T, L): (L, N).

    >>> over_rounds(np.array([[1.0, 2.0], [4.0, 8.0]]), np.array([[True, False], [True, True]]))
    array([[ 5., 10.],
           [ 4.,  8.]])
    """
    total = np.zeros((active.shape[1], values.shape[1]))
    add_rounds(read_only(values), read_only(active), total)
    return total
