"""Candidates in a round, from the rounds after which actions left their candidate sets."""

import numpy as np

from omnisim.arrays import BoolArray, IntArray


def has_left(t: int, actions: IntArray, eliminated_at: IntArray, active: BoolArray) -> BoolArray:
    """Whether the action (N,) of each agent had left every candidate set of round t before it; -1 never does.

    Parameters
    ----------
    t
        The round.
    actions
        Of each agent, -1 for one that is not there.
    eliminated_at : (N, A, K)
        Rounds after which actions left; K = 1, or L sets of which those of ``active`` (L,) count.
    """
    left_at: IntArray = _of_round(eliminated_at[np.arange(len(actions)), actions], active)
    return np.asarray((left_at < t).all(axis=1) & (actions >= 0))


def has_candidate(t: int, eliminated_at: IntArray, active: BoolArray) -> BoolArray:
    """Whether each agent (N,) has an action that is in every candidate set of round t; otherwise as above."""
    left_at = _of_round(eliminated_at, active)
    return np.asarray(np.any(np.all(left_at >= t, axis=2), axis=1))


def _of_round(eliminated_at: IntArray, active: BoolArray) -> IntArray:
    return eliminated_at if eliminated_at.shape[-1] == 1 else eliminated_at[..., active]
