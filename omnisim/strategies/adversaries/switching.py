"""Switching: independent outcomes whose law changes from one segment of rounds to the next."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike

from omnisim.errors import StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.refusing import whole
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.outcome_table import outcome_table
from omnisim.strategies.parameters import Written
from omnisim.wording import in_short


class Switching(Adversary):
    """A known law of finite support that is constant within a segment of rounds.

    Segments are given either by their common length, and then the laws take turns for ever, or by the rounds in
    which the next law begins, and then the last law stays.

    Parameters
    ----------
    laws
        One support per law, each (K, d) in [0, 1]; K may differ between them.
    period
        Rounds in a segment, >= 1. Give this or ``switches``.
    switches
        The rounds, increasing and >= 1, in which the second, third, ... law begins: one fewer than laws.
    probabilities
        For each law, the probabilities (K,) of its outcomes; equal if omitted. Each >= 0.

    Raises
    ------
    StrategyError
        If there is no law, an outcome leaves [0, 1], the laws differ in the number of coordinates, not exactly one of
        ``period`` and ``switches`` is given, or one of them does not fit the laws.
    ProblemError
        If probabilities do not sum to 1.

    Examples
    --------
    >>> calm_then_wild = Switching(laws=[[[0.5]], [[0.0], [1.0]]], switches=[100])
    >>> calm_then_wild.law(Context(round=99), None, None)
    Mixture(1 point in [0, 1]^1)
    >>> calm_then_wild.law(Context(round=100), None, None)
    Mixture(2 points in [0, 1]^1)
    """

    def __init__(
        self,
        laws: Annotated[Sequence[ArrayLike], Written(list[list[list[float]]])],
        period: int | None = None,
        switches: Sequence[int] | None = None,
        probabilities: Annotated[Sequence[ArrayLike] | None, Written(list[list[float]] | None)] = None,
    ) -> None:
        if len(laws) == 0:
            raise StrategyError("laws of Switching must be at least one support, got none")
        if probabilities is not None and len(probabilities) != len(laws):
            raise StrategyError(
                f"probabilities of Switching must be given for each of the {len(laws)} laws, got {len(probabilities)}"
            )
        self._laws = [
            _law(k, support, None if probabilities is None else probabilities[k]) for k, support in enumerate(laws)
        ]
        dimensions = [law.dimension for law in self._laws]
        if len(set(dimensions)) > 1:
            raise StrategyError(f"laws of Switching have {dimensions} coordinates: all must have the same number")
        if (period is None) == (switches is None):
            raise StrategyError(f"Switching needs period or switches, not both: got {period} and {switches}")
        if period is not None and period < 1:
            raise StrategyError(f"period of Switching must be at least 1 round, got {period}")
        if switches is not None:
            _check_switches(switches, len(laws))
        self.period = period
        self.switches = None if switches is None else tuple(switches)

    @property
    def dimension(self) -> int:
        """D."""
        return self._laws[0].dimension

    def segment(self, t: int) -> int:
        """Index of the law of round t.

        Raises
        ------
        StrategyError
            If ``t`` is no round.
        """
        t = whole("t, the round of Switching,", t, 0, None, StrategyError)
        if self.period is not None:
            return t // self.period % len(self._laws)
        return bisect_right(self.switches or (), t)

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture:
        return self._laws[self.segment(context.round)]


def _law(k: int, support: ArrayLike, probabilities: ArrayLike | None) -> Mixture:
    table = outcome_table(f"laws[{k}] of Switching", support)
    return Mixture(table, np.full(len(table), 1 / len(table)) if probabilities is None else probabilities)


def _check_switches(switches: Sequence[int], laws: int) -> None:
    if len(switches) != laws - 1:
        raise StrategyError(
            f"switches of Switching must be {laws - 1} rounds, one fewer than the {laws} laws, got {in_short(switches)}"
        )
    if any(later <= earlier for earlier, later in pairwise([0, *switches])):
        raise StrategyError(f"switches of Switching must be increasing rounds >= 1, got {in_short(switches)}")
