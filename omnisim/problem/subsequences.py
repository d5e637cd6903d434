"""Subsequences: the sets of rounds on which every agent is judged.

A subsequence is known as soon as the context of a round is known: every round (``None``), a boolean array
over the rounds, or a :class:`Rule` on a feature. Rules compare numbers; nothing in a scenario is evaluated.
"""

import operator as operators
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, freeze, mask
from omnisim.errors import ProblemError
from omnisim.suggest import nearest

Operator: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!=", "in"]

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
    "==": operators.eq,
    "!=": operators.ne,
    "in": np.isin,
}


@dataclass(frozen=True)
class Rule:
    """The rounds in which a daily feature compares to a fixed value, or to its own recent quantile.

    Parameters
    ----------
    feature
        Name of a feature known when the round begins; a feature with several numbers a round (24 hourly load
        forecasts, say) is reduced to its mean over the round.
    operator
        One of ``<  <=  >  >=  ==  !=  in``.
    value
        The number to compare with, or the numbers to be ``in``. Give either ``value`` or ``quantile``.
    quantile
        Compare with this quantile, in (0, 1), of the feature over the previous ``window`` rounds; the round
        itself is not among them. A round with fewer than ``window`` rounds before it uses those there are;
        the first round is in no quantile rule. A feature that is NaN in a round puts it in no rule's rounds.
    window
        Rounds looked back upon by ``quantile``; default 60.

    Examples
    --------
    >>> rule = Rule("temperature", ">=", 35.0)
    >>> rule.rounds({"temperature": np.array([20.0, 36.0, 35.0])})
    array([False,  True,  True])
    """

    feature: str
    operator: Operator
    value: float | Sequence[float] | None = None
    quantile: float | None = None
    window: int = 60

    def __post_init__(self) -> None:
        if self.operator not in get_args(Operator):
            raise ProblemError(
                f"operator of a rule on {self.feature!r} is {self.operator!r}: it must be one of "
                f"{', '.join(get_args(Operator))}"
            )
        if (self.value is None) == (self.quantile is None):
            raise ProblemError(f"a rule on {self.feature!r} needs either a value or a quantile, and not both")
        if (self.operator == "in") != isinstance(self.value, Sequence):
            raise ProblemError(
                f"value of a rule on {self.feature!r} is {self.value!r}: the operator 'in' needs a list of numbers, "
                f"the others one number"
            )
        if self.quantile is not None and not 0 < self.quantile < 1:
            raise ProblemError(f"quantile of a rule on {self.feature!r} is {self.quantile}: it must lie in (0, 1)")
        if self.window < 1:
            raise ProblemError(f"window of a rule on {self.feature!r} is {self.window}: it must be at least 1 round")

    def rounds(self, features: Mapping[str, FloatArray]) -> BoolArray:
        """Membership (T,) given each feature as (T,) or (T, k).

        Raises
        ------
        ProblemError
            If there is no such feature.
        """
        if self.feature not in features:
            raise ProblemError(
                f"a rule names the feature {self.feature!r}, which does not exist{nearest(self.feature, features)}"
            )
        values = np.asarray(features[self.feature], dtype=np.float64)
        if values.ndim > 1:
            values = values.mean(axis=1)
        compare = _COMPARE[self.operator]
        if self.quantile is None:
            return np.asarray(compare(values, self.value)) & ~np.isnan(values)
        active = np.zeros(len(values), dtype=np.bool_)
        for t in range(1, len(values)):
            recent = values[max(0, t - self.window) : t]
            recent = recent[~np.isnan(recent)]
            active[t] = len(recent) and compare(values[t], np.quantile(recent, self.quantile))
        return active & ~np.isnan(values)


Subsequence: TypeAlias = BoolArray | Rule | None


def activity(
    subsequences: Mapping[str, Subsequence],
    rounds: int,
    features: Mapping[str, FloatArray],
) -> BoolArray:
    """Mark the subsequences that are active in each round, (T, L), in the order of the mapping.

    Boolean arrays and features may be longer than ``rounds``; their beginning is used.

    Raises
    ------
    ProblemError
        If there is no subsequence, one is shorter than the run or never active, or a round is in none
        (together they must cover all rounds: an agent keeps its candidates per subsequence).

    Examples
    --------
    >>> activity({"all": None, "hot": np.array([False, True])}, 2, {})
    array([[ True, False],
           [ True,  True]])
    """
    if not subsequences:
        raise ProblemError('there must be at least one subsequence, for example "all": None')
    columns = []
    for name, subsequence in subsequences.items():
        column = _column(name, subsequence, rounds, features)
        if not column.any():
            raise ProblemError(
                f"subsequence {name!r} is empty: it is active in none of the {rounds} rounds "
                "(leave it out, or run more rounds)"
            )
        columns.append(column)
    active = np.stack(columns, axis=1)
    uncovered = np.flatnonzero(~active.any(axis=1))
    if len(uncovered):
        raise ProblemError(
            f"round {uncovered[0]} is in no subsequence ({len(uncovered)} such rounds): together they must "
            'cover all rounds (add "all")'
        )
    return freeze(active)


def _column(name: str, subsequence: Subsequence, rounds: int, features: Mapping[str, FloatArray]) -> BoolArray:
    if subsequence is None:
        return np.ones(rounds, dtype=np.bool_)
    if isinstance(subsequence, Rule):
        return subsequence.rounds(features)[:rounds]
    array = np.asarray(subsequence)
    if array.ndim != 1 or len(array) < rounds:
        raise ProblemError(
            f"subsequence {name!r} must be None, a Rule, or a boolean array with one entry for each of the "
            f"{rounds} rounds, got shape {array.shape}"
        )
    return mask(f"subsequence {name!r}", array[:rounds], rounds)
