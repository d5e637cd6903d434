"""Subsequences: the sets of rounds on which every agent is judged.

A subsequence is known as soon as the context of a round is known: every round (``None``), a boolean array
over the rounds, a :class:`Rule` on a feature, or, in Python, a function of the context and of what happened before.
Rules compare numbers; nothing in a scenario is evaluated.

Most are known before the run. Those that are not, a function and a rule on a feature that the adversary publishes as it
goes, are *adaptive*: how many rounds they will have is not known, so whatever depends on it counts T.
"""

import hashlib
import operator as operators
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, freeze, mask, numbers
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.problem.context import Context, History
from omnisim.refusing import is_several, is_whole, one_of, table
from omnisim.suggest import nearest
from omnisim.wording import in_short

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


@dataclass(frozen=True, eq=False)
class Rule(ByValue):
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
        one_of("feature of a rule", self.feature, str, "a text", ProblemError)
        where = f"of a rule on {self.feature!r}"
        if self.quantile is not None:
            one_of(f"quantile {where}", self.quantile, Real, "a number in (0, 1)", ProblemError)
        if not is_whole(self.window):
            raise ProblemError(f"window {where} must be a whole number of rounds, got {in_short(self.window)}")
        for each in self.value if isinstance(self.value, list | tuple) else [self.value]:
            if each is not None and not isinstance(each, str | Sequence):
                one_of(f"value {where}", each, Real, "a number", ProblemError)
        if not isinstance(self.operator, str) or self.operator not in get_args(Operator):
            raise ProblemError(
                f"operator of a rule on {self.feature!r} is {in_short(self.operator)}: it must be one of "
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
        table(f"features of a rule on {self.feature!r}", features, ProblemError)
        if self.feature not in features:
            raise ProblemError(
                f"a rule names the feature {self.feature!r}, which does not exist{nearest(self.feature, features)}"
            )
        values = numbers(f"feature {self.feature!r} of a rule", features[self.feature])
        if values.ndim not in (1, 2):
            raise ProblemError(f"feature {self.feature!r} of a rule must have shape (T,) or (T, k), got {values.shape}")
        if values.ndim > 1:
            values = values.mean(axis=1)
        if self.quantile is None:
            return np.asarray(_COMPARE[self.operator](values, self.value)) & ~np.isnan(values)
        return np.array([self._contains(values[: t + 1]) for t in range(len(values))], dtype=np.bool_)

    def contains(self, values: FloatArray) -> bool:
        """Whether the last of these rounds is among them, given the feature (t + 1,) up to it.

        >>> Rule("load", ">", quantile=0.5, window=3).contains(np.array([9.0, 1.0, 2.0, 3.0, 2.5]))
        True

        Raises
        ------
        ProblemError
            If they are no list of numbers, or there are none.
        """
        given = numbers(f"values of a rule on {self.feature!r}", values)
        if given.ndim != 1 or not len(given):
            raise ProblemError(f"values of a rule on {self.feature!r} must have shape (t + 1,), got {given.shape}")
        return self._contains(given)

    def _contains(self, values: FloatArray) -> bool:
        value, compare = values[-1], _COMPARE[self.operator]
        if np.isnan(value):
            return False
        if self.quantile is None:
            return bool(compare(value, self.value))
        recent = values[max(0, len(values) - 1 - self.window) : -1]
        recent = recent[~np.isnan(recent)]
        return len(recent) > 0 and bool(compare(value, np.quantile(recent, self.quantile)))


Membership: TypeAlias = Callable[[Context, History], bool]
"""Function of the context of a round and of what happened before: whether it belongs. It must not draw or remember."""

Subsequence: TypeAlias = BoolArray | Rule | Membership | None


def adaptive(subsequences: Mapping[str, Subsequence], published: Collection[str]) -> dict[int, Rule | Membership]:
    """The subsequences that are decided as the run goes, by their places, where an adversary publishes features.

    >>> adaptive({"all": None, "hot": Rule("heat", ">", 1), "again": Rule("load", ">", 1)}, ["load"])
    {2: Rule(feature='load', operator='>', value=1, quantile=None, window=60)}
    """
    return {
        place: each
        for place, each in enumerate(subsequences.values())
        if callable(each) or (isinstance(each, Rule) and each.feature in published)
    }


def fingerprint(membership: Rule | Membership) -> str:
    """Words of a rule, or a digest of a function: of its name, its code, and the values that it holds.

    >>> fingerprint(lambda context, history: True) == fingerprint(lambda context, history: False)
    False
    """
    if isinstance(membership, Rule):
        return repr(membership)
    digest = hashlib.sha256()

    def add(code: Any) -> None:
        digest.update(code.co_code + repr((code.co_names, code.co_varnames)).encode())
        for constant in code.co_consts:
            if hasattr(constant, "co_code"):
                add(constant)
            else:
                digest.update(repr(constant).encode())

    inner: Any = membership if hasattr(membership, "__code__") else type(membership).__call__
    if hasattr(inner, "__code__"):
        add(inner.__code__)
    held = [cell.cell_contents for cell in getattr(inner, "__closure__", None) or ()]
    values = (held, getattr(inner, "__defaults__", None), {} if inner is membership else vars(membership))
    # Where an object lies in memory says nothing.
    said = re.sub(r" at 0x[0-9a-f]+", "", repr(values))
    digest.update(f"{getattr(inner, '__module__', '')}.{getattr(inner, '__qualname__', '')}{said}".encode())
    return digest.hexdigest()


def activity(
    subsequences: Mapping[str, Subsequence],
    rounds: int,
    features: Mapping[str, FloatArray],
    later: Collection[int] = (),
) -> BoolArray:
    """Mark the subsequences that are active in each round, (T, L), in the order of the mapping.

    Boolean arrays and features may be longer than ``rounds``; their beginning is used. Subsequences at the places of
    ``later`` are decided as the run goes, and active nowhere yet.

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
    for place, (name, subsequence) in enumerate(subsequences.items()):
        if place in later:
            columns.append(np.zeros(rounds, dtype=np.bool_))
            continue
        column = _column(name, subsequence, rounds, features)
        if not column.any():
            raise ProblemError(
                f"subsequence {name!r} is empty: it is active in none of the {rounds} rounds "
                "(leave it out, or run more rounds)"
            )
        columns.append(column)
    active = np.stack(columns, axis=1)
    uncovered = np.flatnonzero(~active.any(axis=1))
    if len(uncovered) and not later:
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
    wanted = f"subsequence {name!r} must be None, a Rule, a boolean array or a function of context and history"
    try:
        array = np.asarray(subsequence)
    except ValueError as cause:
        raise ProblemError(f"{wanted}, got {in_short(subsequence)}: its lists differ in length") from cause
    if array.dtype == np.object_ or not is_several(subsequence):
        raise ProblemError(f"{wanted}, got {in_short(subsequence)}")
    if array.ndim != 1 or len(array) < rounds:
        raise ProblemError(
            f"subsequence {name!r} must be None, a Rule, or a boolean array with one entry for each of the "
            f"{rounds} rounds, got shape {array.shape}"
        )
    return mask(f"subsequence {name!r}", array[:rounds], (rounds,))
