"""Candidate sets of N agents, one set per agent and subsequence, and when each action left them."""

import numpy as np

from omnisim.arrays import BoolArray, IntArray


class CandidateSets:
    """K sets of actions for each of N agents; actions leave and never return.

    Stored with the set first, (K, N, A), so that the work of one set is contiguous.

    >>> sets = CandidateSets(sets=2, agents=1, actions=3, rounds=10)
    >>> sets.remove(0, np.array([[True, False, False]]), round=4)
    >>> sets.union(np.array([True, False]))
    array([[False,  True,  True]])
    >>> sets.left_at[0, :, 0]
    array([ 4, 10, 10])
    """

    def __init__(self, sets: int, agents: int, actions: int, rounds: int) -> None:
        self.alive = np.ones((sets, agents, actions), dtype=np.bool_)
        self._left_at = np.full((sets, agents, actions), rounds, dtype=np.int64)

    @property
    def left_at(self) -> IntArray:
        """The round in which each action left each set, (N, A, K), or the number of rounds."""
        return np.moveaxis(self._left_at, 0, 2)

    def remove(self, which: int, actions: BoolArray, round: int) -> None:  # noqa: A002 (the field's word)
        """Take the marked actions (N, A) out of set ``which`` after ``round``."""
        leaving = self.alive[which] & actions
        if leaving.any():
            self._left_at[which][leaving] = round
            self.alive[which][leaving] = False

    def union(self, active: BoolArray) -> BoolArray:
        """The actions (N, A) in at least one of the active (K,) sets."""
        positions = active.nonzero()[0]
        if len(positions) == 1:
            return self.alive[positions[0]].copy()
        return np.asarray(self.alive[positions].any(axis=0))
