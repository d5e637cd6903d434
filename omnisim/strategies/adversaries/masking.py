"""Masking: slack outside a subsequence hides violations inside it. The reason for Algorithm 4."""

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.constraints import LinearConstraint
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.refusing import MOST_COUNTED, whole
from omnisim.strategies.adversaries.base import Adversary


class Masking(Adversary):
    """The instance on which one copy of Algorithm 2 per subsequence fails.

    Two subsequences: *all* rounds, and the *tight* ones, every ``period``-th. Each agent has a *bold* action of
    utility 1 and a *safe* one of utility 1/2 and cost 0, whatever happens, so bold is the best response to every
    prediction. Bold costs 1 in tight rounds (y = 1) and -1 in all others (y = 0).

    Over all rounds the costs of bold never add up to more than 0: it stays in the candidate set of *all* for
    ever, and through the union of the sets it is played in every tight round, long after it has left the set of
    *tight*. :class:`~omnisim.strategies.elimination.PerSubsequenceThreshold` therefore has CCV(tight) = |tight|, which
    is T / period. Algorithm 4 notices: every play is attributed to *all*, whose violations *within tight* are
    watched by themselves, so bold leaves both sets and CCV(tight) <= L |A| (1 + gamma) = 4 (1 + gamma_tight).

    No benchmark is lost by leaving: safe is in BE of both subsequences, bold in neither.

    Parameters
    ----------
    period
        Rounds from one tight round to the next, >= 2; the first is round ``period`` - 1.

    Examples
    --------
    >>> masking = Masking()
    >>> masking.subsequences(rounds=4)
    {'all': None, 'tight': array([False,  True, False,  True])}
    >>> outcomes = np.array([[0.0], [1.0]])
    >>> masking.population().constraints[0].costs(outcomes)[:, 0]
    array([[-1.,  0.],
           [ 1.,  0.]])
    """

    def __init__(self, period: int = 2) -> None:
        if period < 2:
            raise StrategyError(f"period of Masking must be >= 2, got {period}: there must be rounds with slack")
        self.period = period

    @property
    def dimension(self) -> int:
        """D = 1."""
        return 1

    def population(self, name: str = "agents", agents: int = 1) -> Population:
        """The agents of the instance: actions 0, bold, and 1, safe.

        Raises
        ------
        StrategyError
            If ``agents`` is no number of them.
        """
        whole("agents of Masking", agents, 1, MOST_COUNTED, StrategyError)
        return Population(
            name,
            utility=np.zeros((agents, 2, 1)),
            offset=np.tile([1.0, 0.5], (agents, 1)),
            constraints=[
                LinearConstraint(
                    slope=np.tile([[2.0], [0.0]], (agents, 1, 1)),
                    offset=np.tile([-1.0, 0.0], (agents, 1)),
                    name="strain",
                )
            ],
            action_names=["bold", "safe"],
        )

    def subsequences(self, rounds: int) -> dict[str, BoolArray | None]:
        """The subsequences of the instance over so many rounds.

        Raises
        ------
        StrategyError
            If ``rounds`` is no number of them.
        """
        whole("rounds of Masking", rounds, 1, MOST_COUNTED, StrategyError)
        return {"all": None, "tight": np.arange(rounds) % self.period == self.period - 1}

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> FloatArray:
        return np.array([float(context.round % self.period == self.period - 1)])
