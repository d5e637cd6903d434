"""Independent, identically distributed outcomes of finite support."""

from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import numbers
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.parameters import Written


class Independent(Adversary):
    """Adversary with a known law that is the same in every round.

    Parameters
    ----------
    support : (K, d) in [0, 1]
        The outcomes that can happen. Each in [0, 1].
    probabilities : (K,)
        Summing to 1; equal if omitted. Each >= 0.

    Raises
    ------
    ProblemError
        If an outcome leaves [0, 1] or the probabilities do not sum to 1.

    Examples
    --------
    >>> coin = Independent([[0.0], [1.0]], [0.25, 0.75])
    >>> coin.law(Context(round=7), None, None).mean
    array([0.75])
    """

    def __init__(
        self,
        support: Annotated[ArrayLike, Written(list[list[float]])],
        probabilities: Annotated[ArrayLike | None, Written(list[float] | None)] = None,
    ) -> None:
        if probabilities is None:
            count = max(1, len(np.atleast_2d(numbers("support of a mixture", support))))
            probabilities = np.full(count, 1 / count)
        self._mixture = Mixture(support, probabilities)

    @property
    def dimension(self) -> int:
        """D."""
        return self._mixture.dimension

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture:
        return self._mixture
