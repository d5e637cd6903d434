"""Guarantees of strategies: statements that can be checked on the record of a run, and their hypotheses.

A rule, learner or forecaster declares what it guarantees (``guarantees()``, see
:class:`~omnisim.strategies.declaring.Declaring`). The declarations are part of the record, as plain JSON, and the
analysis checks each of them there, whatever the strategy is called. Nothing is concluded from the name of a class.

A guarantee names the theorem it comes from, the hypotheses that the record decides, and what it says in numbers. It may
be declared by strategies that are not of this package, with a theorem of their own.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar

from omnisim.errors import ProblemError
from omnisim.problem.limits import Limits


class Benchmark(StrEnum):
    """The actions that a rule competes with (theory, section 1)."""

    REALIZED = "realized"
    """B: those that never violate."""

    EXPECTED = "expected"
    """BE: those that never violate in expectation."""


class Scope(StrEnum):
    """The rounds that a guarantee is about."""

    RUN = "all rounds"
    SUBSEQUENCES = "every subsequence"


class Regret(StrEnum):
    """The two regrets (theory, section 1)."""

    EXTERNAL = "external"
    SWAP = "swap"


class Objective(StrEnum):
    """Quantity whose bias a decision-calibrated forecaster keeps small (theory, section 4.1)."""

    COORDINATES = "coordinates"
    UTILITIES = "utilities"


class Hypothesis(StrEnum):
    """Hypothesis on an agent, or on the run, without which a guarantee says nothing; decided from the record."""

    BENCHMARK = "benchmark"
    """The benchmark of the agent on these rounds is not empty."""

    BENCHMARK_KEPT = "benchmark kept"
    """Nor did the agent lose an action of it before they were over."""

    CANDIDATES = "candidates"
    """The agent never had to fall back for want of a candidate."""

    LAW = "law known"
    """The law of the outcomes is on record, and so is BE."""

    ORDER = "news in order"
    """The population learnt of the rounds in their order."""

    AT_ONCE = "heard at once"
    """The population heard of all at once, from the first forecaster alone, and its agents neither came nor went."""

    BUDGET = "potential"
    """The potential of the forecaster stayed within e K."""


@dataclass(frozen=True, kw_only=True)
class Guarantee:
    """A statement about every agent of a population, or about a forecaster.

    Attributes
    ----------
    theorem
        Where it is proved, for people: ``"Theorem 1"``.
    hypotheses
        What it needs; agents that do not meet all of them are left out.
    unmet
        A hypothesis on the strategy's own parameters that fails, in words, such as ``"gamma is smaller than the theorem
        asks for"``: nothing is claimed then, and the reader is told why. Empty if there is none.

    Raises
    ------
    ProblemError
        If a value makes no statement.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True}

    theorem: str
    hypotheses: tuple[Hypothesis, ...] = ()
    unmet: str = ""

    def __post_init__(self) -> None:
        for name in ("theorem", *self._names()):
            if not str(getattr(self, name)).strip():
                raise ProblemError(f"{name} of {type(self).__name__} is empty: say where the guarantee is proved")
        unknown = [each for each in self.hypotheses if not isinstance(each, Hypothesis)]
        if unknown:
            raise ProblemError(f"hypotheses of {type(self).__name__} are members of Hypothesis, got {unknown[0]!r}")
        self._check()

    def _names(self) -> Sequence[str]:
        """Further fields that name theorems."""
        return ()

    def _check(self) -> None:
        """Refuse values that make no statement."""

    def _need(self, name: str, low: float, *, strictly: bool = False) -> None:
        """Refuse a number, or one of several, that is not finite and at least (or above) ``low``."""
        value = getattr(self, name)
        for each in value if isinstance(value, tuple) else (value,):
            good = isinstance(each, int | float) and math.isfinite(each) and (each > low if strictly else each >= low)
            if not good or isinstance(each, bool):
                sign = ">" if strictly else ">="
                raise ProblemError(f"{name} of {type(self).__name__} must be finite and {sign} {low:g}, got {each!r}")


@dataclass(frozen=True, kw_only=True)
class KeepsBenchmark(Guarantee):
    """No action of the benchmark ever leaves the candidate set of its rounds (Propositions 1 to 4).

    Attributes
    ----------
    benchmark, scope
        Which benchmark, on which rounds; with ``SUBSEQUENCES`` the rule has a candidate set for each.
    delta
        Probability in [0, 1) that any action of any agent of the population does; 0 where it is certain.
    """

    benchmark: Benchmark
    scope: Scope
    delta: float = 0.0

    def _check(self) -> None:
        self._need("delta", 0)
        if self.delta >= 1:
            raise ProblemError(f"delta of {type(self).__name__} must lie in [0, 1), got {self.delta!r}")


@dataclass(frozen=True, kw_only=True)
class BoundsViolation(Guarantee):
    """The costs of an action as a member of one candidate set are bounded (Theorems 1, 2, 5 and 6).

    Each candidate set has a place for each of the A actions. Either an action violates at most once at its place, so
    that CCV+ is at most the number of places (over all rounds, of those outside B: members of B never violate); or its
    costs there add up to at most 1 + gamma, so that CCV is at most 1 + gamma times the number of places. Messages that
    come late or never add to it as proved in :mod:`omnisim.analysis.lateness` for Algorithms 1 to 4; a rule with
    another proof that needs all news at once says so by ``Hypothesis.AT_ONCE``.

    Attributes
    ----------
    scope
        Over all rounds with one candidate set, or on every subsequence with a set for each.
    thresholds
        gamma, > 0, one for each candidate set; none where an action leaves at its first violation.
    envelope
        Where a threshold falls with the sum Q of the squared costs at a place: lines (value at 0, slope) in Q, both
        > 0, of which the least is gamma(Q); ``thresholds`` are then those for costs of 1. None where it does not.
    """

    scope: Scope
    thresholds: tuple[float, ...] = ()
    envelope: tuple[tuple[float, float], ...] = ()

    def _check(self) -> None:
        self._need("thresholds", 0, strictly=True)
        for line in self.envelope:
            if not (len(line) == 2 and all(isinstance(x, int | float) and math.isfinite(x) and x > 0 for x in line)):
                raise ProblemError(f"envelope of {type(self).__name__} must hold pairs of numbers > 0, got {line!r}")

    def fits(self, subsequences: int) -> bool:
        """Whether there is a threshold for each candidate set, or none, in a run with L subsequences."""
        return len(self.thresholds) in (0, 1 if self.scope == Scope.RUN else subsequences)


@dataclass(frozen=True, kw_only=True)
class RegretFromBias(Guarantee):
    """Agents best-respond to predictions among their candidates, so that swap regret(S) <= 2 L sum of biases.

    (Theorems 3, 7, 9 and 11.) It also says that the candidates are those that were registered before the law of the
    outcome was fixed, and those that follow from ``eliminated_at``: so a forecaster calibrated for the decisions of
    registered agents bounds the bias, and with it the regrets.

    Attributes
    ----------
    bias, swap, external
        Theorems on the bias, swap regret and external regret beside a decision-calibrated forecaster, for people.
    """

    hypotheses: tuple[Hypothesis, ...] = (Hypothesis.BENCHMARK_KEPT,)
    bias: str
    swap: str
    external: str

    def _names(self) -> Sequence[str]:
        return ("bias", "swap", "external")


@dataclass(frozen=True, kw_only=True)
class BoundsRegret(Guarantee):
    """The regret of an agent that draws its actions is bounded in expectation over the draw of each round.

    Attributes
    ----------
    regret
        Which, over all rounds.
    bound
        Against each action of the benchmark B (each swap into B), after the T rounds of the run; >= 0.
    """

    hypotheses: tuple[Hypothesis, ...] = (Hypothesis.BENCHMARK, Hypothesis.AT_ONCE)
    regret: Regret
    bound: float

    def _check(self) -> None:
        self._need("bound", 0)


@dataclass(frozen=True, kw_only=True)
class BoundsCosts(Guarantee):
    """The costs of an agent that draws its actions add up to at most ``bound`` >= 0, in expectation over the draws.

    Of each constraint, over all rounds.
    """

    hypotheses: tuple[Hypothesis, ...] = (Hypothesis.BENCHMARK, Hypothesis.AT_ONCE)
    bound: float

    def _check(self) -> None:
        self._need("bound", 0)


@dataclass(frozen=True, kw_only=True)
class CalibratesDecisions(Guarantee):
    """The bias conditional on every decision of every registered agent is small (theory, section 4.2).

    While the potential, which the forecaster reports as ``potential`` among its diagnostics (Phi / K), is at most e. It
    is checked for populations that heard everything at once (``Hypothesis.AT_ONCE``) under a rule that declares
    :class:`RegretFromBias`, by the theorems named there.

    Attributes
    ----------
    objectives, count
        Of the coordinates, or of the utility differences; K >= 1, how many.
    base_regret
        Whether the regret to following each base is among the objectives.
    regret_pairs
        Where external and swap regret have potentials of their own (:mod:`omnisim.game.regret_bounds`): what bounds
        their sum over the pairs of a subsequence and an agent, in units of Phi / K; 0 where they have none.
    budgeted
        Whether the tolerance of the forecaster keeps the potential within e K; with another that remains to be seen.
    limits
        (low, high), the range within [0, 1] to which outcomes were taken before they were learnt
        (:mod:`omnisim.problem.limits`).
    largest_gain
        Where there is no potential: the bound on every objective while each round's value is within its tolerance.
    formula
        How that follows from K, T and the tolerance, for people.
    """

    hypotheses: tuple[Hypothesis, ...] = (Hypothesis.BUDGET,)
    objectives: Objective
    count: int
    base_regret: bool
    budgeted: bool = True
    regret_pairs: float = 0.0
    limits: tuple[float, float] = (0.0, 1.0)
    largest_gain: float = 0.0
    formula: str = "as declared"

    def _check(self) -> None:
        Limits(*self.limits)
        self._need("count", 1)
        self._need("regret_pairs", 0)
        self._need("largest_gain", 0)


@dataclass(frozen=True, kw_only=True)
class CalibratesSteps(Guarantee):
    """The bias on every set {p <= v} and {h <= w} within every subsequence is small (theory, sections 4.1 and 7).

    Attributes
    ----------
    count
        K >= 1, the number of objectives.
    levels, thresholds
        The v, and the w that each base h is compared with.
    """

    hypotheses: tuple[Hypothesis, ...] = (Hypothesis.BUDGET,)
    count: int
    levels: tuple[float, ...]
    thresholds: tuple[float, ...]

    def _check(self) -> None:
        self._need("count", 1)
        self._need("levels", 0)
        self._need("thresholds", 0)


OF_POLICIES = (KeepsBenchmark, BoundsViolation, RegretFromBias, BoundsRegret, BoundsCosts)
OF_FORECASTERS = (CalibratesDecisions, CalibratesSteps)
"""Guarantees that forecasters may declare."""

KINDS: dict[str, type[Guarantee]] = {
    re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in (*OF_POLICIES, *OF_FORECASTERS)
}
"""Kinds of guarantees, by the name that each has in a record."""


def as_json(guarantee: Guarantee) -> dict[str, Any]:
    """A guarantee as plain JSON values: its kind and its fields.

    >>> as_json(BoundsCosts(theorem="Lemma 1", bound=7.0))["kind"]
    'bounds_costs'

    Raises
    ------
    ProblemError
        If it is of no kind that a record can hold.
    """
    kind = next((name for name, cls in KINDS.items() if cls is type(guarantee)), None)
    if kind is None:
        raise ProblemError(f"{guarantee!r} is no statement of {__name__}: the analysis could not check it")
    # Through JSON, so that what is kept in memory is what will be read back: lists and strings.
    fields: dict[str, Any] = json.loads(json.dumps(asdict(guarantee)))
    return {"kind": kind, **fields}


def from_json(value: object) -> Guarantee:
    """The guarantee that :func:`as_json` described.

    Raises
    ------
    ProblemError
        If it is none: the line names the field, its value, and what would be right.
    """
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(kind, str) or kind not in KINDS:
        shown = kind if isinstance(value, Mapping) else value
        raise ProblemError(f"its kind is {shown!r}: it must be one of {', '.join(KINDS)}")
    from pydantic import ValidationError

    fields = {name: each for name, each in value.items() if name != "kind"}
    try:
        guarantee: Guarantee = _reader(kind).validate_json(json.dumps(fields))
    except (ValidationError, TypeError) as cause:
        raise ProblemError(f"a {kind} that says {_first(cause)}") from cause
    return guarantee


@cache
def _reader(kind: str) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(KINDS[kind])


def _first(cause: Exception) -> str:
    """The first thing that is wrong, in one line."""
    from pydantic import ValidationError

    if not isinstance(cause, ValidationError):
        return str(cause)
    found = cause.errors()[0]
    where = ".".join(str(part) for part in found["loc"])
    words = str(found["msg"]).removeprefix("Value error, ")
    return f"{where} = {found['input']!r}: {words}" if where else words
