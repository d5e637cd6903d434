"""Replay: outcomes that already happened."""

from typing import ClassVar

from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.outcome_table import outcome_table


class Replay(Adversary):
    """Plays recorded outcomes in order. Their law is not known: the record shows only what was drawn.

    Parameters
    ----------
    outcomes : (T, d) in [0, 1]

    Examples
    --------
    >>> Replay([[0.1], [0.9]]).law(Context(round=1), None, None).mean
    array([0.9])
    """

    law_known: ClassVar[bool] = False

    def __init__(self, outcomes: ArrayLike) -> None:
        self.outcomes = outcome_table("outcomes of Replay", outcomes)
        self.horizon = len(self.outcomes)

    @property
    def dimension(self) -> int:
        """D."""
        return int(self.outcomes.shape[1])

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> FloatArray:
        if context.round >= len(self.outcomes):
            raise StrategyError(f"Replay has {len(self.outcomes)} outcomes: round {context.round} is beyond them")
        outcome: FloatArray = self.outcomes[context.round]
        return outcome
