"""Selection: follow the forecast on which the agents would have earned most so far."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.products import inner
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.forecasters.bases import bases_of
from omnisim.strategies.parameters import Written


class Selection(Forecaster):
    """Broadcasts the mixture of the base that leads in earned utility.

    After each round every base is credited with what the registered agents would have earned, in expectation over its
    mixture, had they followed it: the sum of their utilities, each in its own units of [0, 1], with the candidates they
    had. Ties go to the first base. Without registered agents it leads who has the smallest squared error.

    Parameters
    ----------
    bases
        At least one: forecasters, or registered names of some that need no parameters.

    Raises
    ------
    StrategyError
        If there is no base, or one is something else.

    Examples
    --------
    >>> from omnisim.problem.context import Service
    >>> from omnisim.strategies.forecasters.published import Published
    >>> forecaster = Selection([Published(np.full((9, 1), 0.1)), Published(np.full((9, 1), 0.8))])
    >>> forecaster.start(Service(dimension=1, rounds=9))
    >>> for t in range(9):
    ...     prediction = forecaster.predict(Context(round=t)).mean
    ...     forecaster.update(np.array([0.9]))
    >>> prediction
    array([0.8])
    """

    def __init__(self, bases: Annotated[Sequence[Forecaster], Written("forecasters")]) -> None:
        self.bases = bases_of("Selection", bases, least=1)

    def diagnostics(self) -> dict[str, float]:
        """The index of the base followed."""
        return {"selected": float(self._selected)}

    def _start(self) -> None:
        for base in self.bases:
            base.start(self.service)
        self._earned = np.zeros(len(self.bases))

    def _predict(self, context: Context) -> Mixture:
        self._context = context
        self._mixtures = [base.predict(context) for base in self.bases]
        self._selected = int(self._earned.argmax())
        return self._mixtures[self._selected]

    def _update(self, outcome: FloatArray) -> None:
        for base in self.bases:
            base.update(outcome, self.unclipped)
        self._earned += [self._credit(mixture, outcome) for mixture in self._mixtures]

    def _observe(self, context: Context, outcome: FloatArray) -> None:
        """The past teaches the bases, which have seen it when they were started."""

    def _credit(self, mixture: Mixture, outcome: FloatArray) -> float:
        agents = self.service.agents
        if agents is None:
            return -inner(mixture.weights, ((mixture.support - outcome) ** 2).sum(axis=1))
        return agents.earnings(self._context, mixture, outcome)
