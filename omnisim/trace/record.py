"""The arrays of a run, as immutable records; the docstring of the package draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.arrays import BoolArray, DateArray, FloatArray, IntArray, freeze, freeze_fields
from omnisim.errors import OutputError, TraceError
from omnisim.problem.blocks import Block, blocks_of
from omnisim.problem.constraints import Limit
from omnisim.problem.context import FORECASTER
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.refusing import among, path_of
from omnisim.trace.checking import check_trace
from omnisim.trace.declarations import Declaration, of_forecaster, of_policy
from omnisim.trace.writing import write_trace
from omnisim.wording import count, in_short


@dataclass(frozen=True, eq=False, repr=False)
class Mixtures:
    """The mixtures of all rounds in three arrays: round t has the points ``starts[t]`` to ``starts[t + 1]``.

    Attributes
    ----------
    support : (S, d)
    weights : (S,)
    starts : (T + 1,)
    """

    support: FloatArray
    weights: FloatArray
    starts: IntArray

    def __post_init__(self) -> None:
        freeze_fields(self)

    @classmethod
    def of(cls, mixtures: Sequence[Mixture]) -> "Mixtures":
        """Put mixtures in arrays."""
        return cls(
            np.concatenate([m.support for m in mixtures]),
            np.concatenate([m.weights for m in mixtures]),
            np.cumsum([0, *(len(m.weights) for m in mixtures)]),
        )

    def __repr__(self) -> str:
        return f"<Mixtures of {count(len(self.starts) - 1, 'round')}: {count(len(self.weights), 'point')}>"

    def points(self, t: int) -> tuple[FloatArray, FloatArray]:
        """The points (K, d) and their probabilities (K,) in round t."""
        span = slice(int(self.starts[t]), int(self.starts[t + 1]))
        return self.support[span], self.weights[span]


@dataclass(frozen=True, eq=False, repr=False)
class LoggedMessages:
    """Single messages of some rounds, in the order of sending; M of them.

    Attributes
    ----------
    kind, sender, receiver : (M,)
        Indices into ``kinds`` and ``parties`` of the record.
    round : (M,)
        The round that the message is about.
    sent, arrived : (M,)
        Times in rounds; ``arrived`` is infinite for a lost message.
    first, last
        The rounds that are logged.
    """

    kind: IntArray
    round: IntArray
    sender: IntArray
    receiver: IntArray
    sent: FloatArray
    arrived: FloatArray
    first: int
    last: int

    def __repr__(self) -> str:
        return f"<LoggedMessages of rounds {self.first} to {self.last}: {count(len(self.kind), 'message')}>"

    def __post_init__(self) -> None:
        freeze_fields(self)


@dataclass(frozen=True, eq=False, repr=False)
class MessageRecord:
    """Fates of the messages that travelled along channels, and the graph of the channels.

    Attributes
    ----------
    kinds
        Of messages, M names.
    sent, delivered, lost, late, in_flight : (M, T)
        Numbers of messages by kind and the round in which they were sent: sent = delivered + lost + in flight, at the
        end of the run. Late ones are among the delivered: they came after the phase in which they were wanted.
    parties, roles
        Names, and what each is: ``world``, ``forecaster``, ``population`` or ``relay``.
    edges : (E, 2)
        Indices of sender and receiver.
    edge_delay, edge_loss : (E,)
        Expected delay in rounds, and probability of loss.
    log
        Single messages of some rounds.
    """

    kinds: tuple[str, ...]
    sent: IntArray
    delivered: IntArray
    lost: IntArray
    late: IntArray
    in_flight: IntArray
    parties: tuple[str, ...]
    roles: tuple[str, ...]
    edges: IntArray
    edge_delay: FloatArray
    edge_loss: FloatArray
    log: LoggedMessages

    def __repr__(self) -> str:
        return f"<MessageRecord of {len(self.parties)} parties: {count(int(self.sent.sum()), 'message')}>"

    def __post_init__(self) -> None:
        freeze_fields(self)


@dataclass(frozen=True, eq=False, repr=False)
class PopulationRecord:
    """Record of one population's play; the fields are drawn in the docstring of :mod:`omnisim.trace`."""

    population: Population
    constraint_names: tuple[str, ...]
    actions: IntArray
    fallback: BoolArray
    costs: FloatArray
    violated_at: IntArray
    eliminated_at: IntArray
    expected_violated_at: IntArray | None = None
    subscriptions: tuple[str, ...] = (FORECASTER,)
    heard: IntArray | None = None
    defaulted: BoolArray | None = None
    settled_at: IntArray | None = None
    present: BoolArray | None = None
    true_costs: FloatArray | None = None
    limits: tuple[Limit, ...] = ()

    def __repr__(self) -> str:
        rounds, agents, constraints = self.costs.shape
        return (
            f"<PopulationRecord of {in_short(self.population.name)}: {count(rounds, 'round')}, "
            f"{count(agents, 'agent')}, {count(self.population.actions, 'action')}, "
            f"{count(constraints, 'constraint')}>"
        )

    def __post_init__(self) -> None:
        freeze_fields(self)


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """The record of a run; the fields are drawn in the docstring of :mod:`omnisim.trace`.

    Raises
    ------
    TraceError
        If an array is not what :mod:`omnisim.trace.description` says of it: compiled loops count on that.
    """

    outcomes: FloatArray
    predictions: FloatArray
    active: BoolArray
    subsequences: tuple[str, ...]
    dates: DateArray | None
    records: Mapping[str, PopulationRecord]
    about: Mapping[str, Any]
    mixtures: Mixtures | None = None
    bases: FloatArray | None = None
    diagnostics: Mapping[str, FloatArray] = field(default_factory=dict)
    other_predictions: Mapping[str, FloatArray] = field(default_factory=dict)
    messages: MessageRecord | None = None
    unclipped_outcomes: FloatArray | None = None
    unclipped_predictions: FloatArray | None = None
    before: FloatArray | None = None

    def __post_init__(self) -> None:
        freeze_fields(self)
        for array in (*self.diagnostics.values(), *self.other_predictions.values()):
            freeze(array)
        check_trace(self)

    def __repr__(self) -> str:
        agents = sum(record.population.agents for record in self.records.values())
        return (
            f"<Trace of {in_short(self.about.get('scenario', 'a scenario'))}: {count(self.rounds, 'round')}, "
            f"{count(self.outcomes.shape[1], 'coordinate')}, {count(agents, 'agent')} in "
            f"{count(len(self.records), 'population')}, {count(len(self.subsequences), 'subsequence')}, "
            f"seed {self.about.get('seed')}>"
        )

    def _repr_html_(self) -> str:
        """Table of who played, for notebooks."""
        import pandas as pd

        from omnisim.display import as_html

        rows = [
            (name, each.population.agents, each.population.actions, ", ".join(each.constraint_names) or "none")
            for name, each in self.records.items()
        ]
        days = "" if self.dates is None or not len(self.dates) else f", {self.dates[0]} to {self.dates[-1]}"
        sentence = (
            f"Trace of {self.about.get('scenario', 'a scenario')}: {self.rounds:,} rounds{days}, seed "
            f"{self.about.get('seed')}. omnisim.analyze measures it."
        )
        return as_html(sentence, pd.DataFrame(rows, columns=["population", "agents", "actions", "limits"]))

    @property
    def rounds(self) -> int:
        """Number of rounds."""
        return len(self.outcomes)

    @property
    def horizon(self) -> int:
        """T, the number of rounds that the strategies were told there would be: more than there are, if declared so."""
        return int(self.about.get("horizon", self.rounds))

    @property
    def adaptive(self) -> frozenset[str]:
        """Names of the subsequences that depend on what happened: nobody knew their rounds before the run."""
        return frozenset(self.about.get("adaptive", ()))

    @property
    def true_outcomes(self) -> FloatArray:
        """Outcomes before they were clipped, (T, d): money is settled at these."""
        return self.outcomes if self.unclipped_outcomes is None else self.unclipped_outcomes

    @property
    def true_predictions(self) -> FloatArray:
        """Predictions, (T, d), before they were clipped where the forecaster can say so."""
        return self.predictions if self.unclipped_predictions is None else self.unclipped_predictions

    @property
    def scale(self) -> tuple[float, float]:
        """Numbers (low, span) such that a price y stands for low + span y; (0, 1) where the scenario states none."""
        market = self.about.get("market")
        low, high = (market.get(end) if isinstance(market, Mapping) else None for end in ("low", "high"))
        if isinstance(low, int | float) and isinstance(high, int | float) and high > low:
            return float(low), float(high) - float(low)
        return 0.0, 1.0

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Blocks of an outcome's coordinates: the prices first, then the signals that there are.

        Raises
        ------
        TraceError
            If the scenario lists blocks of other coordinates than outcomes have.
        """
        market, dimension = self.about.get("market"), self.outcomes.shape[1]
        listed = market.get("blocks") if isinstance(market, Mapping) else None
        if listed is None:
            low, span = self.scale
            unit = market.get("currency") if isinstance(market, Mapping) else None
            return (Block("price", f"{unit}/MWh" if unit else "", low, low + span, 0, dimension),)
        try:
            found = blocks_of(listed)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as cause:
            raise TraceError(f"about.market.blocks cannot be read: {cause}") from cause
        if not found or found[-1].stop != dimension:
            raise TraceError(f"about.market.blocks must be of {dimension} coordinates in all, as outcomes are")
        return found

    @property
    def prices(self) -> FloatArray:
        """Prices paid, (T, d): the true outcomes in units of the market, or of outcomes where there is none.

        Where outcomes have signals behind the prices, these are not in it; ``blocks[k].values(true_outcomes)`` are.
        """
        low, span = self.scale
        return np.asarray(low + span * self.blocks[0].part(self.true_outcomes))

    @property
    def actions(self) -> dict[str, IntArray]:
        """Per population, the action each agent played, (T, N), as int64: sums and products of them are exact.

        A copy, made when first asked for, of what ``records[name].actions`` holds in an eighth of the memory.
        """
        return dict(self._actions)

    @cached_property
    def _actions(self) -> dict[str, IntArray]:
        return {name: freeze(record.actions.astype(np.int64, copy=False)) for name, record in self.records.items()}

    @property
    def fallback(self) -> dict[str, BoolArray]:
        """Per population, the rounds in which an agent had no candidate left, (T, N)."""
        return {name: record.fallback for name, record in self.records.items()}

    @property
    def costs(self) -> dict[str, FloatArray]:
        """Per population, the cost of the action played under each constraint, (T, N, J)."""
        return {name: record.costs for name, record in self.records.items()}

    @property
    def violated_at(self) -> dict[str, IntArray]:
        """Per population, the round of each action's first violation on each subsequence, (N, A, L), or T."""
        return {name: record.violated_at for name, record in self.records.items()}

    @property
    def eliminated_at(self) -> dict[str, IntArray]:
        """Per population, the round after which each action left each candidate set, (N, A, K), or T."""
        return {name: record.eliminated_at for name, record in self.records.items()}

    def acted_on(self, population: str) -> FloatArray:
        """The prediction (T, d) that a population acted on; NaN in rounds in which it had none.

        Raises
        ------
        TraceError
            If there is no such population.
        """
        record = self.records[among("population of acted_on", population, self.records, TraceError)]
        all_predictions = {FORECASTER: self.predictions, **self.other_predictions}
        told = [all_predictions[name] for name in record.subscriptions]
        if record.heard is None:
            return told[0] if len(told) == 1 else np.asarray(sum(told) / len(told))
        used = record.heard >= 0
        with np.errstate(invalid="ignore"):
            weights = used / used.sum(axis=1, keepdims=True)
        if len(told) == 1:
            return np.where(used, told[0][record.heard[:, 0]], np.nan)
        newest = np.stack([predictions[record.heard[:, f]] for f, predictions in enumerate(told)])
        return np.asarray((weights.T[:, :, None] * newest).sum(axis=0))

    def policy(self, population: str) -> Declaration:
        """Declaration of the policy of a population: its benchmark and its guarantees.

        Raises
        ------
        TraceError
            If there is no such population, or ``about`` holds something else.
        """
        among("population of policy", population, self.records, TraceError)
        return of_policy(self.about, population, len(self.subsequences))

    def forecaster(self) -> Declaration:
        """Declaration of the first forecaster: its guarantees.

        Raises
        ------
        TraceError
            If ``about`` holds something else.
        """
        return of_forecaster(self.about)

    def save(self, path: Path | str) -> None:
        """Write the trace to one ``.npz`` file; an existing file is replaced at once or not at all.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        write_trace(self, path_of("path of a trace", path, OutputError))
