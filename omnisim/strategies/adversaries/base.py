"""What an adversary must provide. Public methods are in the base, which checks what a subclass's hooks return."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from omnisim.errors import ProblemError, StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.strategies.parameters import Parametrized


class Adversary(Parametrized, ABC):
    """Chooses the law of each round's outcome.

    A subclass writes ``_law(context, mixture, history)``, which returns a :class:`Mixture` or a single
    outcome (d,); and ``_start(rng)`` if it has state to reset or draws of its own to make. It sees the
    forecaster's mixture, never the sampled prediction.
    """

    oblivious: ClassVar[bool] = True
    """Whether the law depends on the context alone, so that it can be asked for before anyone has acted."""

    law_known: ClassVar[bool] = True
    """Whether ``law`` is the true law of the outcome (a replayed record only shows what was drawn)."""

    populations: tuple[Population, ...] = ()
    """The agents it plays against, known from the start on."""

    horizon: int | None = None
    """The number of rounds it can play, or None for any."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """d, the number of coordinates of an outcome."""

    def dimension_for(self, populations: Sequence[Population]) -> int:
        """The d of a run with these populations, asked before the start: what it declares, by default."""
        return self.dimension

    def start(self, rng: np.random.Generator, populations: Sequence[Population] = ()) -> None:
        """Forget everything.

        Parameters
        ----------
        rng
            For draws of its own.
        populations
            The agents it plays against; ``self.populations`` in a subclass.
        """
        self.populations = tuple(populations)
        self._start(rng)

    def law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture:
        """The law of the outcome in this round.

        Raises
        ------
        StrategyError
            If it is not a law on [0, 1]^d.
        """
        law = self._law(context, mixture, history)
        if not isinstance(law, Mixture):
            try:
                law = Mixture.point(law)
            except ProblemError as cause:
                raise StrategyError(f"{type(self).__name__} chose badly in round {context.round}: {cause}") from cause
        if law.dimension != self.dimension:
            raise StrategyError(
                f"{type(self).__name__} chose an outcome of {law.dimension} coordinates in round "
                f"{context.round}: it declares {self.dimension}"
            )
        return law

    def _start(self, rng: np.random.Generator) -> None:
        """Reset all state."""

    @abstractmethod
    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture | ArrayLike: ...
