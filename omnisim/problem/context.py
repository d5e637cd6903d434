"""Information that each side of a round may have: the context, the past, the service, the history.

They are plain records. Strategies are given them; the simulation fills them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from omnisim.arrays import BoolArray, DateArray, FloatArray, IntArray, within
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.problem.elsewhere import AgentsElsewhere
from omnisim.problem.limits import BOX, Limits
from omnisim.problem.mixture import Mixture, before_clipping
from omnisim.problem.population import Population
from omnisim.problem.registered import RegisteredAgents
from omnisim.refusing import whole

FORECASTER = "forecaster"
"""Name of the first forecaster, of all that a run may have."""

_KINDS = ("features", "forecasts")


@dataclass(frozen=True, eq=False, repr=False)
class Context(ByValue):
    """Common knowledge at the beginning of a round.

    Attributes
    ----------
    round
        t, from 0.
    active : (L,) bool
        The subsequences this round belongs to.
    date
        The delivery day, where rounds are days of a calendar.
    features
        Numbers known beforehand, each (k,): a day's 24 hourly load forecasts, a temperature, ...
    forecasts
        Predictions of the outcome that others published, each (d,) in [0, 1], by the name of the model.
    candidates
        For each registered population, (N, A) bool: the actions it will choose from in this round.
    gain_gradient
        For a white-box adversary, (d,): how the weighted gain that the forecaster tries to keep small grows with each
        coordinate of the outcome, given the mixture committed to; None from a forecaster that keeps no weights.
    unclipped_forecasts
        The published forecasts before they were clipped to [0, 1], for the models of which something was.
    answering
        For an adversary: the populations that will best-respond to the mixture committed to, among ``candidates``.
        Others draw their actions, or act on other forecasts or on older ones. None where nothing is known of that.
    """

    round: int
    active: BoolArray = field(default_factory=lambda: np.ones(1, dtype=np.bool_))
    date: np.datetime64 | None = None
    features: Mapping[str, FloatArray] = field(default_factory=dict)
    forecasts: Mapping[str, FloatArray] = field(default_factory=dict)
    candidates: Mapping[str, BoolArray] = field(default_factory=dict)
    gain_gradient: FloatArray | None = None
    unclipped_forecasts: Mapping[str, FloatArray] = field(default_factory=dict)
    answering: Collection[str] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Past(ByValue):
    """Events before round 0, oldest first: the training data of a forecaster.

    Attributes
    ----------
    outcomes : (H, d)
    dates : (H,) datetime64[D], optional
    features, forecasts
        Each (H, k), under the names the contexts use.
    unclipped : (H, d), optional
        The outcomes before they were clipped to [0, 1].
    """

    outcomes: FloatArray
    dates: DateArray | None = None
    features: Mapping[str, FloatArray] = field(default_factory=dict)
    forecasts: Mapping[str, FloatArray] = field(default_factory=dict)
    unclipped: FloatArray | None = None

    def __post_init__(self) -> None:
        outcomes = within("past outcomes", self.outcomes, ("H", "d"), 0, 1)
        object.__setattr__(self, "outcomes", outcomes)
        if self.unclipped is not None:
            object.__setattr__(self, "unclipped", before_clipping("past outcomes", self.unclipped, outcomes))
        lengths = {
            f"past {kind} {name!r}": len(values) for kind in _KINDS for name, values in getattr(self, kind).items()
        }
        if self.dates is not None:
            lengths["past dates"] = len(self.dates)
        for what, length in lengths.items():
            if length != len(outcomes):
                raise ProblemError(f"{what}: {length} rounds, past outcomes have {len(outcomes)}")

    @property
    def last(self) -> FloatArray:
        """The last outcome before round 0, (d,), before it was clipped."""
        last: FloatArray = (self.outcomes if self.unclipped is None else self.unclipped)[-1]
        return last

    def context(self, h: int) -> Context:
        """The context of past round h: its round is negative, counted from round 0.

        Raises
        ------
        ProblemError
            If there is no such round.
        """
        whole("h, the past round,", h, 0, len(self.outcomes) - 1, ProblemError)
        return Context(
            h - len(self.outcomes),
            date=None if self.dates is None else self.dates[h],
            features={name: values[h] for name, values in self.features.items()},
            forecasts={name: values[h] for name, values in self.forecasts.items()},
        )


@dataclass(frozen=True, eq=False, repr=False)
class Service(ByValue):
    """Facts that a forecaster is given once, before round 0.

    Attributes
    ----------
    dimension
        d, the number of coordinates of an outcome.
    rounds
        T, or None if unknown.
    populations
        The agents registered with the service.
    subsequences
        Names, in the order of ``Context.active``.
    past
        What happened before round 0, if anything is known.
    law
        The adversary's law as a function of the context, where it does not depend on what others do; only
        :class:`~omnisim.strategies.forecasters.ConditionalMean` is meant to look.
    models
        Names of the published forecasts that every context will have, or None if unknown.
    limits
        The range in which outcomes are expected: what is promised may be conditional on it.
    elsewhere
        Where the agents of ``populations`` are, if they are in other processes and the forecaster says that it adds
        them up ``by_blocks``; None if whatever is added up is added up here.

    Raises
    ------
    ProblemError
        If ``dimension`` is no whole number >= 1, or ``rounds`` is neither one nor None.
    """

    dimension: int
    rounds: int | None = None
    populations: Sequence[Population] = ()
    subsequences: Sequence[str] = ("all",)
    past: Past | None = None
    law: Callable[[Context], Mixture] | None = None
    models: Collection[str] | None = None
    limits: Limits = BOX
    elsewhere: AgentsElsewhere | None = None

    def __post_init__(self) -> None:
        whole("dimension of a Service", self.dimension, 1, None, ProblemError)
        if self.rounds is not None:
            whole("rounds of a Service", self.rounds, 1, None, ProblemError)

    @cached_property
    def agents(self) -> RegisteredAgents | None:
        """All registered agents together, laid out once for whoever asks; None if there are none."""
        return RegisteredAgents(self.populations, self.elsewhere) if self.populations else None


@dataclass(frozen=True, eq=False, repr=False)
class History(ByValue):
    """Record of earlier rounds that an adversary and a subsequence may read, as read-only arrays.

    Attributes
    ----------
    outcomes : (t, d)
    predictions : (t, d)
        As sampled.
    actions
        For each population, (t, N); -1 for an agent that was not there.
    loads
        For each population that has loads, what its agents drew together in the last round, (H,) in MWh, as
        :func:`~omnisim.problem.loads.total_load` says; None where nobody has added it up.
    """

    outcomes: FloatArray
    predictions: FloatArray
    actions: Mapping[str, IntArray]
    loads: Mapping[str, FloatArray] | None = None


FIXED: tuple[type, ...] = (Population, Past, RegisteredAgents, Service)
"""Types that never change in a run: they need not be stored to go on with one, since they are built again."""
