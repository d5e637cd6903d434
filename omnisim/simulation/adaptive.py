"""Contexts that the adversary chooses round by round, and subsequences that depend on what happened before."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, freeze
from omnisim.errors import OmnisimError, ScenarioError, StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.subsequences import Membership, Rule
from omnisim.strategies.adversaries.base import Adversary


class Activity(Protocol):
    """Whatever knows which subsequences are active, as far as it has been decided."""

    @property
    def active(self) -> BoolArray:
        """(T, L)."""
        ...


class AdaptiveRounds:
    """Completes the context of each round when it begins, and keeps which subsequences were active.

    Parameters
    ----------
    active
        What is known beforehand, (T, L).
    subsequences
        Names, in the order of the columns.
    memberships
        The columns decided here, and how.
    adversary
        Started; it may publish features.

    Raises
    ------
    ScenarioError
        In a round that is in no subsequence.
    StrategyError
        If a function fails or says neither yes nor no, or the adversary does not publish what it declares.
    """

    def __init__(
        self,
        active: BoolArray,
        subsequences: tuple[str, ...],
        memberships: Mapping[int, Rule | Membership],
        adversary: Adversary,
    ) -> None:
        self.active = active.copy()
        self._names, self._memberships, self._adversary = subsequences, dict(memberships), adversary
        named = {each.feature for each in memberships.values() if isinstance(each, Rule)}
        self._values: dict[str, FloatArray] = {name: np.full(len(active), np.nan) for name in sorted(named)}

    def completed(self, context: Context, history: History) -> Context:
        """The context with what the adversary publishes, and all its subsequences."""
        t = context.round
        published = self._adversary.publish(context, None if self._adversary.oblivious else history)
        context = replace(context, features={**context.features, **published})
        for name, values in self._values.items():
            values[t] = context.features[name].mean()
        row = self.active[t]
        for column, membership in self._memberships.items():
            row[column] = self._contains(column, membership, context, history)
        if not row.any():
            raise ScenarioError(
                f'round {t} is in no subsequence: together they must cover all rounds, whatever happens (add "all")'
            )
        return replace(context, active=freeze(row.copy()))

    def _contains(self, column: int, membership: Rule | Membership, context: Context, history: History) -> bool:
        if isinstance(membership, Rule):
            return membership.contains(self._values[membership.feature][: context.round + 1])
        name, t = self._names[column], context.round
        try:
            said = membership(replace(context, features=dict(context.features)), history)
        except OmnisimError:
            raise
        except Exception as cause:
            raise StrategyError(f"subsequence {name!r} failed in round {t}: {type(cause).__name__}: {cause}") from cause
        if not isinstance(said, bool | np.bool_):
            raise StrategyError(f"subsequence {name!r} says {said!r} of round {t}: it must say True or False")
        return bool(said)


def adaptive_rounds(
    active: BoolArray,
    subsequences: tuple[str, ...],
    memberships: Mapping[int, Rule | Membership],
    adversary: Adversary,
) -> AdaptiveRounds | None:
    """The rounds of a run whose contexts are completed as they begin; None where all is known beforehand."""
    if not memberships and not adversary.published:
        return None
    return AdaptiveRounds(active, subsequences, memberships, adversary)
