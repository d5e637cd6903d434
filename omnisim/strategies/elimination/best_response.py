"""No elimination: the unconstrained baseline."""

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.strategies.elimination.base import Elimination


class BestResponse(Elimination):
    """Every action stays a candidate: the agent trusts the prediction and ignores its constraints."""

    def __init__(self) -> None:
        super().__init__()

    @property
    def eliminated_at(self) -> IntArray:
        """T everywhere, (N, A, 1)."""
        return np.full((self.agents, self.actions, 1), self.rounds)

    def _candidates(self, active: BoolArray) -> BoolArray:
        return np.ones((self.agents, self.actions), dtype=np.bool_)

    def _update(self, actions: IntArray, costs: FloatArray, active: BoolArray) -> None:
        pass
