"""Description of the arrays of a record: the one that writing, reading and checking follow.

Shapes are in symbols: T rounds, d coordinates, L subsequences, B bases, S points of mixtures; per population N agents,
A actions, J constraints, F forecasters heard, K candidate sets (1 or L); M kinds of messages, P participants, E edges,
G logged messages. A new array is one line here and a field of the record of the same name.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from omnisim.arrays import ROUNDING, index_type
from omnisim.trace.candidates import has_candidate, has_left

Kind: TypeAlias = Literal["float", "whole", "flag", "day"]

KINDS: dict[Kind, tuple[str, Any]] = {
    "float": ("f", np.dtype(np.float64)),
    "whole": ("i", np.dtype(np.int64)),
    "flag": ("b", np.dtype(np.bool_)),
    "day": ("M", np.dtype("datetime64[D]")),
}
"""Kinds of arrays, with numpy's letter for each and the type that it is kept in."""


LARGEST = 1e30
"""Largest finite number in a record where nothing narrower is said, in either direction.

No price, load or sum of money comes near it, and sums of as many as memory holds are finite in single precision, and
squares in double.
"""


@dataclass(frozen=True)
class Array:
    """One array of a record.

    Attributes
    ----------
    name
        Of the field; in a file, below the prefix of its group. ``"diagnostics/*"`` stands for all of that family.
    shape
        One symbol per axis, apart by spaces.
    kind
        What it holds.
    low, high
        The least and the largest value, as a number or a symbol; None for any whole number or day, of floats for
        those up to ``LARGEST``.
    below
        A symbol that every value is less than.
    optional
        Whether a record may go without it.
    may_be
        Values beside finite numbers: ``"infinite"`` or ``"missing"`` (NaN).
    narrow
        Whether it is kept in the narrowest type for whole numbers below ``below``, rather than in that of its kind.
    """

    name: str
    shape: str
    kind: Kind = "float"
    low: float | None = None
    high: float | str | None = None
    below: str | None = None
    optional: bool = False
    may_be: Literal["", "infinite", "missing"] = ""
    narrow: bool = False

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the shape."""
        return tuple(self.shape.split())

    @property
    def family(self) -> str:
        """Name of the field that holds all arrays of the family; "" for a single array."""
        return self.name[:-2] if self.name.endswith("/*") else ""


def size_of(described: Iterable[Array], symbols: Mapping[str, int], optional: Collection[str] = ()) -> int:
    """Bytes in memory of the arrays that every record has, and of these optional ones.

    >>> size_of([Array("heard", "T N", "whole"), Array("load", "N A d", optional=True)], {"T": 10, "N": 3})
    240
    >>> size_of([Array("actions", "T N", "whole", below="A", narrow=True)], {"T": 10, "N": 3, "A": 8})
    30
    """
    there = (field for field in described if field.name in optional or not (field.optional or field.family))
    return sum(
        _type_of(field, symbols).itemsize * math.prod(symbols[symbol] for symbol in field.symbols) for field in there
    )


def _type_of(field: Array, symbols: Mapping[str, int]) -> np.dtype[Any]:
    if field.narrow and field.below is not None:
        return index_type(symbols[field.below])
    kept: np.dtype[Any] = KINDS[field.kind][1]
    return kept


@dataclass(frozen=True)
class Rule:
    """Relation between arrays of a record.

    Attributes
    ----------
    arrays
        Names of what it is about, from the same population or the whole record; the first is at fault.
    wrong
        Given the arrays (None for one that is not there): where the first is wrong, a boolean array of its leading
        axes, or True.
    says
        What must hold.
    """

    arrays: tuple[str, ...]
    wrong: Callable[..., Any]
    says: str


RUN = (
    Array("outcomes", "T d", low=0, high=1),
    Array("predictions", "T d", low=0, high=1),
    Array("active", "T L", "flag"),
    Array("dates", "T", "day", optional=True),
    Array("unclipped_outcomes", "T d", optional=True),
    Array("unclipped_predictions", "T d", optional=True),
    Array("before", "d", optional=True),
    Array("bases", "T B d", low=0, high=1, optional=True),
    Array("diagnostics/*", "T", may_be="missing"),
    Array("other_predictions/*", "T d", low=0, high=1),
)
"""Fields of a trace."""

MIXTURES = (
    Array("support", "S d", low=0, high=1),
    Array("weights", "S", low=0, high=1),
    Array("starts", "T+1", "whole", low=0, high="S"),
)
"""Fields of the mixtures of a trace, below ``mixtures/``."""

AGENTS = (
    Array("utility", "N A d"),
    Array("offset", "N A"),
    Array("money_scale", "N", low=0),
    Array("money_offset", "N"),
    Array("load", "N A H", optional=True),
    Array("paid", "N A H", optional=True),
    Array("limit_scale", "N J", low=0, optional=True),
    Array("agent_weights", "N", low=0, optional=True),
)
"""Arrays that describe a population, below ``population<i>/``; ``Population`` itself checks the range of utilities."""

RECORD = (
    Array("actions", "T N", "whole", low=-1, below="A", narrow=True),
    Array("fallback", "T N", "flag"),
    Array("costs", "T N J", low=-1, high=1),
    Array("violated_at", "N A L", "whole", low=0, high="T"),
    Array("eliminated_at", "N A K", "whole", low=0, high="T"),
    Array("expected_violated_at", "N A L", "whole", low=0, high="T", optional=True),
    Array("heard", "T F", "whole", low=-1, below="T", optional=True),
    Array("defaulted", "T", "flag", optional=True),
    Array("settled_at", "T", "whole", low=-1, high="T", optional=True),
    Array("present", "T N", "flag", optional=True),
    Array("true_costs", "T N J", optional=True),
)
"""Arrays that record a population's play, below ``population<i>/``: fields of its record."""

MESSAGES = (
    Array("sent", "M T", "whole", low=0),
    Array("delivered", "M T", "whole", low=0),
    Array("lost", "M T", "whole", low=0),
    Array("late", "M T", "whole", low=0),
    Array("in_flight", "M T", "whole", low=0),
    Array("edges", "E 2", "whole", low=0, below="P"),
    Array("edge_delay", "E", low=0),
    Array("edge_loss", "E", low=0, high=1),
)
"""The account of the messages, below ``messages/``."""

LOG = (
    Array("kind", "G", "whole", low=0, below="M"),
    Array("round", "G", "whole", low=0, below="T"),
    Array("sender", "G", "whole", low=0, below="P"),
    Array("receiver", "G", "whole", low=0, below="P"),
    Array("sent", "G", low=0),
    Array("arrived", "G", low=0, may_be="infinite"),
)
"""Single messages, below ``messages/log/``."""


def _clipped_differs(clipped: Any, unclipped: Any) -> Any:
    return None if unclipped is None else np.abs(unclipped.clip(0.0, 1.0) - clipped) > ROUNDING


def _not_rising(starts: Any, weights: Any) -> Any:
    wrong = np.zeros(len(starts), dtype=np.bool_)
    wrong[1:] = np.diff(starts) < 1
    wrong[0] |= starts[0] != 0
    wrong[-1] |= starts[-1] != len(weights)
    return wrong


def _absent_or_not(actions: Any, present: Any) -> Any:
    return actions < 0 if present is None else (actions < 0) == present


def _alone(_: Any, *others: Any) -> Any:
    return True if any(other is None for other in others) else None


_LATE = ("heard", "defaulted", "settled_at")
"""Arrays that a network leaves behind: all of them, or none."""

RULES: Sequence[Rule] = (
    *(Rule((name, *_LATE), _alone, f"a record has all of {', '.join(_LATE)} or none of them") for name in _LATE),
    Rule(("active",), lambda active: ~active.any(axis=1), "every round must be in a subsequence"),
    Rule(("mixtures/starts", "mixtures/weights"), _not_rising, "it must rise from 0 to the number of points"),
    Rule(("actions", "present"), _absent_or_not, "it must be -1 where the agent is not there, and only there"),
)
"""Rules for every record, beside those for each array by itself, on which reading it relies."""


def _no_law(starts: Any, weights: Any) -> Any:
    return None if starts is None else np.append(abs(np.add.reduceat(weights, starts[:-1]) - 1) > ROUNDING, False)


def _not_drawn(predictions: Any, support: Any, starts: Any) -> Any:
    if starts is None:
        return None
    owner = np.repeat(np.arange(len(predictions)), np.diff(starts))
    return ~np.logical_or.reduceat((support == predictions[owner]).all(axis=1), starts[:-1])


def _after_its_round(rounds: Any) -> Any:
    return None if rounds is None else rounds > np.arange(len(rounds)).reshape(-1, *[1] * (rounds.ndim - 1))


def _before_its_round(settled: Any) -> Any:
    return None if settled is None else (settled >= 0) & (settled < np.arange(len(settled)))


def _not_active(left_at: Any, active: Any) -> Any:
    """Mark rounds of the record that are not in the subsequence."""
    if left_at is None:
        return None
    padded = np.vstack([active, np.ones((1, active.shape[1]), dtype=np.bool_)])  # T: in no round
    return ~padded[left_at, np.arange(active.shape[1])]


def _after_a_violation(violated_at: Any, actions: Any, costs: Any, active: Any) -> Any:
    """Mark actions whose recorded first violation is later than a cost on record."""
    rounds, agents = np.nonzero((costs > ROUNDING).any(axis=2))
    played = actions[rounds, agents]
    late = violated_at[agents, played] > rounds[:, None]
    wrong = np.zeros(violated_at.shape, dtype=np.bool_)
    np.logical_or.at(wrong, (agents, played), late & active[rounds])
    return wrong


def _without_a_cost(violated_at: Any, actions: Any, costs: Any) -> Any:
    """Mark actions with a recorded violation in a round in which they were played and cost nothing."""
    agents, named, _ = where = np.nonzero(violated_at < len(actions))
    rounds = violated_at[where]
    wrong = np.zeros(violated_at.shape, dtype=np.bool_)
    wrong[where] = (actions[rounds, agents] == named) & (costs[rounds, agents] <= 0).all(axis=1)
    return wrong


def _no_candidate(actions: Any, fallback: Any, eliminated_at: Any, active: Any, defaulted: Any) -> Any:
    """Mark choices of actions that had left; where the market closed before, nobody chose."""
    chosen = ~fallback if defaulted is None else ~fallback & ~defaulted[:, None]
    return np.array([
        here & has_left(t, played, eliminated_at, active[t])
        for t, (played, here) in enumerate(zip(actions, chosen, strict=True))
    ])  # fmt: skip


def _needless(fallback: Any, eliminated_at: Any, active: Any) -> Any:
    wrong = np.zeros_like(fallback)
    for t in map(int, np.flatnonzero(fallback.any(axis=1))):
        fell = np.flatnonzero(fallback[t])
        wrong[t, fell] = has_candidate(t, eliminated_at[fell], active[t])
    return wrong


def _costs_differ(true_costs: Any, costs: Any, outcomes: Any, unclipped: Any) -> Any:
    """Mark costs at the outcomes before clipping that differ from the others though nothing was clipped."""
    if true_costs is None:
        return None
    if unclipped is None:
        return True
    return (np.abs(true_costs - costs) > ROUNDING) & (unclipped == outcomes).all(axis=1)[:, None, None]


CONSISTENCY: Sequence[Rule] = (
    Rule(("outcomes", "unclipped_outcomes"), _clipped_differs, "clipping unclipped_outcomes must give it"),
    Rule(("predictions", "unclipped_predictions"), _clipped_differs, "clipping unclipped_predictions must give it"),
    Rule(("mixtures/starts", "mixtures/weights"), _no_law, "the weights of the round must sum to 1"),
    Rule(("predictions", "mixtures/support", "mixtures/starts"), _not_drawn, "it must be in the mixture of the round"),
    Rule(("violated_at", "active"), _not_active, "it must be a round of the subsequence"),
    Rule(("violated_at", "actions", "costs", "active"), _after_a_violation, "a cost > 0 is on record before it"),
    Rule(("heard",), _after_its_round, "no forecast is heard before it is made"),
    Rule(("settled_at",), _before_its_round, "no outcome is learnt before its round"),
    Rule(
        ("messages/sent", "messages/delivered", "messages/lost", "messages/in_flight"),
        lambda sent, delivered, lost, flying: None if sent is None else sent != delivered + lost + flying,
        "it must be what was delivered, lost and in flight together",
    ),
    Rule(
        ("messages/late", "messages/delivered"),
        lambda late, delivered: None if late is None else late > delivered,
        "late messages are among those delivered",
    ),
    Rule(("dates",), lambda dates: None if dates is None else np.append(False, np.diff(dates) <= np.timedelta64(0)),
         "days must rise"),
    Rule(("limit_scale",), lambda scale: None if scale is None else scale <= 0, "every entry must be > 0"),
    Rule(("violated_at", "actions", "costs"), _without_a_cost, "the action was played in that round at no cost > 0"),
    Rule(("actions", "fallback", "eliminated_at", "active", "defaulted"), _no_candidate,
         "it had left the candidates before, and it is no fallback"),
    Rule(("fallback", "eliminated_at", "active"), _needless, "the agent had a candidate left"),
    Rule(("true_costs", "costs", "outcomes", "unclipped_outcomes"), _costs_differ,
         "it must be as in costs where the outcome was not clipped"),
)  # fmt: skip
"""Further rules for a record that was read: a file may have been put together of others."""
