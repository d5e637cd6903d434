"""Mannor: why nobody can compete with actions that satisfy their constraints on average only."""

from typing import Literal, TypeAlias

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.constraints import LinearConstraint
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.refusing import MOST_COUNTED, whole
from omnisim.strategies.adversaries.base import Adversary

Continuation: TypeAlias = Literal["relief", "none"]

_TEMPTATION, _RELIEF, _NOTHING = np.array([1.0, 1.0]), np.array([0.0, 0.0]), np.array([0.0, 0.5])


class Mannor(Adversary):
    """Two phases, the second of which cannot be foreseen in the first.

    Each agent has a *bold* action, which earns y_0 and costs 2 y_1 - 1, and a *safe* one, which earns and costs
    nothing. In the first H = floor(T / 2) rounds bold earns 1 and costs 1. In the remaining rounds bold earns nothing,
    and it costs -1 (``"relief"``) or 0 (``"none"``).

    *What it shows.* Let m be the number of rounds of the first phase in which an agent plays bold. The phase
    is the same in both continuations, so m has the same law in both, whatever the agent and its forecaster do.

    - With relief, always playing bold satisfies the constraint on average and earns H, the most that any fixed
      distribution over actions can earn. The regret against it is exactly H - m.
    - With none, the CCV is exactly m.

    The two add up to H: no algorithm, randomized or not, has both regret o(T) against the best fixed action that
    satisfies the constraint *on average* and CCV o(T), and one of the two is at least H / 2 in expectation. This is
    the impossibility of Mannor, Tsitsiklis and Yu (Online Learning with Sample Path Constraints, JMLR 10, 2009: the
    reward in hindsight is not attainable) on the shortest instance that has it. It contradicts no guarantee of the
    elimination rules: bold violates in every round of the first phase, so it is neither in B nor in BE.

    Parameters
    ----------
    rounds
        T >= 2.
    continuation
        ``"relief"`` or ``"none"``.

    Raises
    ------
    StrategyError
        If a parameter is out of range; in the run, beyond round T - 1.

    Examples
    --------
    >>> instance = Mannor(rounds=4, continuation="relief")
    >>> outcomes = np.stack([instance.law(Context(round=t), None, None).mean for t in range(4)])
    >>> instance.population().constraints[0].costs(outcomes)[:, 0, 0]
    array([ 1.,  1., -1., -1.])
    """

    def __init__(self, rounds: int = 1000, continuation: Continuation = "relief") -> None:
        if rounds < 2:
            raise StrategyError(f"rounds of Mannor must be >= 2, got {rounds}: there are two phases")
        if continuation not in ("relief", "none"):
            raise StrategyError(f"continuation of Mannor is {continuation!r}: it must be 'relief' or 'none'")
        self.horizon = rounds
        self.first_phase = rounds // 2
        self.continuation = continuation

    @property
    def dimension(self) -> int:
        """D = 2: what bold earns, and what it costs."""
        return 2

    def population(self, name: str = "agents", agents: int = 1) -> Population:
        """The agents of the instance: actions 0, bold, and 1, safe.

        Raises
        ------
        StrategyError
            If ``agents`` is no number of them.
        """
        whole("agents of Mannor", agents, 1, MOST_COUNTED, StrategyError)
        return Population(
            name,
            utility=np.tile([[1.0, 0.0], [0.0, 0.0]], (agents, 1, 1)),
            constraints=[
                LinearConstraint(
                    slope=np.tile([[0.0, 2.0], [0.0, 0.0]], (agents, 1, 1)),
                    offset=np.tile([-1.0, 0.0], (agents, 1)),
                    name="strain",
                )
            ],
            action_names=["bold", "safe"],
        )

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> FloatArray:
        if context.round >= (self.horizon or 0):
            raise StrategyError(f"Mannor has {self.horizon} rounds: round {context.round} is beyond them")
        if context.round < self.first_phase:
            return _TEMPTATION
        return _RELIEF if self.continuation == "relief" else _NOTHING
