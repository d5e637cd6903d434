"""Candidate sets of N agents, one set per agent and subsequence, and when each action left them."""

import numpy as np

from omnisim.arrays import BoolArray, IntArray, freeze, index_type


class CandidateSets:
    """K sets of actions for each of N agents; actions leave and never return.

    Stored with the agents last, (K, A, N), like everything computed from them, and rounds in the narrowest type. Unions
    are remembered until an action leaves: in a long run most rounds change nothing.

    >>> sets = CandidateSets(sets=2, agents=1, actions=3, rounds=10)
    >>> sets.remove(np.array([True, False]), np.array([[True, False, False]]), round=4)
    >>> sets.union(np.array([True, False]))
    array([[False,  True,  True]])
    >>> sets.left_at[0, :, 0]
    array([ 4, 10, 10])
    """

    def __init__(self, sets: int, agents: int, actions: int, rounds: int) -> None:
        self._alive = np.ones((sets, actions, agents), dtype=np.bool_)
        self._left_at = np.full((sets, actions, agents), rounds, dtype=index_type(rounds + 1))
        self._unions: dict[bytes, BoolArray] = {}
        self._somewhere = np.ones((actions, agents), dtype=np.bool_)
        """Actions that are still in some set: the others have nothing left to leave."""

    @property
    def left_at(self) -> IntArray:
        """The round in which each action left each set, (N, A, K), or the number of rounds; a copy."""
        return self._left_at.astype(np.int64).T

    def remove(self, active: BoolArray, actions: BoolArray, round: int) -> None:  # noqa: A002 (the field's word)
        """Take the marked actions (N, A) out of the active (K,) sets after ``round``."""
        marked = self._somewhere & actions.T
        if not marked.any():
            return
        positions = active.nonzero()[0]
        leaving = self._alive[positions] & marked
        if leaving.any():
            # Much faster than numpy's way for arrays of several axes.
            which, place = np.divmod(np.flatnonzero(leaving), marked.size)
            chosen, agents = np.divmod(place, marked.shape[1])
            self.remove_from(positions[which], agents, chosen, round)

    def remove_from(self, sets: IntArray, agents: IntArray, actions: IntArray, round: int) -> None:  # noqa: A002
        """Take action ``actions[i]`` of agent ``agents[i]``, a candidate so far, out of set ``sets[i]``."""
        self._alive[sets, actions, agents] = False
        self._left_at[sets, actions, agents] = round
        self._somewhere[actions, agents] = self._alive[:, actions, agents].any(axis=0)
        self._unions.clear()

    def contain(self, sets: IntArray, actions: IntArray) -> BoolArray:
        """Whether the action (N,) of each agent is in each of the given sets, (len(sets), N)."""
        agents = np.arange(len(actions))
        return np.asarray(self._alive[sets[:, None], actions, agents])

    def union(self, active: BoolArray) -> BoolArray:
        """The actions in at least one of the active (K,) sets, (N, A), read-only."""
        key = active.tobytes()
        if key not in self._unions:
            self._unions[key] = freeze(np.asarray(self._alive[active].any(axis=0))).T
        return self._unions[key]
