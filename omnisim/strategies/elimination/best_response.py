"""No elimination: the unconstrained baseline."""

from collections.abc import Sequence

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.problem.guarantees import Guarantee, RegretFromBias
from omnisim.strategies.elimination.base import Elimination


class BestResponse(Elimination):
    """Every action stays a candidate: the agent trusts the prediction and ignores its constraints."""

    def __init__(self) -> None:
        super().__init__()

    @property
    def eliminated_at(self) -> IntArray:
        """T everywhere, (N, A, 1)."""
        return np.full((1, self.actions, self.agents), self.rounds).T

    def guarantees(self) -> Sequence[Guarantee]:
        """Theorem 3, in its case of a candidate set that never shrinks."""
        return (RegretFromBias(theorem="Theorem 3", bias="Theorem 4", swap="Corollary 2", external="Corollary 3"),)

    def _candidates(self, active: BoolArray) -> BoolArray:
        return np.ones((self.agents, self.actions), dtype=np.bool_)

    def _update(self, actions: IntArray, costs: FloatArray, active: BoolArray) -> None:
        pass
