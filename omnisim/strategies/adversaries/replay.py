"""Replay: outcomes that already happened."""

from typing import ClassVar

from numpy.typing import ArrayLike

from omnisim.errors import StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture, before_clipping
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.outcome_table import outcome_table


class Replay(Adversary):
    """Plays recorded outcomes in order. Their law is not known: the record shows only what was drawn.

    Parameters
    ----------
    outcomes : (T, d) in [0, 1]
    unclipped : (T, d), optional
        The same before they were clipped to [0, 1]: money is settled at these, everything else sees ``outcomes``.

    Examples
    --------
    >>> Replay([[0.1], [0.9]]).law(Context(round=1), None, None).mean
    array([0.9])
    """

    law_known: ClassVar[bool] = False

    def __init__(self, outcomes: ArrayLike, unclipped: ArrayLike | None = None) -> None:
        self.outcomes = outcome_table("outcomes of Replay", outcomes)
        self.unclipped = (
            None if unclipped is None else before_clipping("Replay", unclipped, self.outcomes, StrategyError)
        )
        self.horizon = len(self.outcomes)

    @property
    def dimension(self) -> int:
        """D."""
        return int(self.outcomes.shape[1])

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture:
        if context.round >= len(self.outcomes):
            raise StrategyError(f"Replay has {len(self.outcomes)} outcomes: round {context.round} is beyond them")
        t = context.round
        return Mixture.point(self.outcomes[t], None if self.unclipped is None else self.unclipped[t])
