"""The immutable record of a run: everything that was said and done, as arrays.

Shapes: T rounds, d coordinates, L subsequences; per population N agents, A actions, J constraints.

.. code-block:: text

    trace.outcomes        (T, d)   what happened, in [0, 1]
    trace.predictions     (T, d)   what was broadcast (as sampled from the forecaster's mixture)
    trace.mixtures                 the mixtures committed to: ragged, see Mixtures
    trace.bases           (T, B, d) what the bases of the forecaster predicted, or None
    trace.diagnostics              from names to (T,), what the forecaster said about each round
    trace.other_predictions        from names of further forecasters to (T, d), what they broadcast
    trace.messages                 what became of every message, see MessageRecord; None where all was heard at once
    trace.active          (T, L)   which subsequences were active, bool
    trace.subsequences    L names
    trace.dates           (T,)     delivery days, or None
    trace.records[name]            one PopulationRecord per population:
        .population                utilities, money, loads, names (its constraints are not part of the record)
        .actions          (T, N)   the action played, int
        .fallback         (T, N)   whether the agent had no candidate left, bool
        .costs            (T, N, J) cost of the action played
        .violated_at      (N, A, L) first round of the subsequence in which the action violated, or T
        .expected_violated_at (N, A, L) the same for expected costs; None where the adversary's law is not known
        .eliminated_at    (N, A, K) round after which the action left the candidate set, or T; K = L or 1
        .subscriptions    names of the F forecasters whose predictions it averages
        .heard            (T, F)   round of the prediction of each that was acted on, -1 for none; None: always the last
        .defaulted        (T,)     whether the market closed before the actions came: the default was played; or None
        .settled_at       (T,)     round in which it learned the outcome, T if not by the end, -1 if never; or None
        .present          (T, N)   whether the agent was there; its action is -1 where not; None: always
    trace.about                    names, seed and strategies: JSON

``trace.actions[name]``, ``trace.fallback[name]``, ``trace.eliminated_at[name]``, ``trace.costs[name]`` and
``trace.violated_at[name]`` are short for the fields of the records.

On disk it is one ``.npz`` of plain arrays (no pickled objects) with a schema version.
"""

import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.arrays import BoolArray, DateArray, FloatArray, IntArray, freeze
from omnisim.errors import TraceError
from omnisim.files import atomic_write
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Money, Population

SCHEMA_VERSION = 2
"""Version 2 added what a network and agents that come and go leave behind; version 1 is read as a run without."""

FORECASTER = "forecaster"
"""Name of the first forecaster, whose predictions are ``trace.predictions``."""

_DAMAGE = (OSError, EOFError, KeyError, TypeError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a file can raise that is no trace, or no longer one."""

_MIXTURES = ("support", "weights", "starts")
_RECORDED = ("actions", "fallback", "costs", "violated_at", "eliminated_at")
_OPTIONAL = ("expected_violated_at", "heard", "defaulted", "settled_at", "present")
_COUNTED = ("sent", "delivered", "lost", "late", "in_flight")
_EDGES = ("edges", "edge_delay", "edge_loss")
_LOGGED = ("kind", "round", "sender", "receiver", "sent", "arrived")


@dataclass(frozen=True)
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
        for array in (self.support, self.weights, self.starts):
            freeze(array)

    @classmethod
    def of(cls, mixtures: Sequence[Mixture]) -> "Mixtures":
        """Put mixtures in arrays."""
        return cls(
            np.concatenate([m.support for m in mixtures]),
            np.concatenate([m.weights for m in mixtures]),
            np.cumsum([0, *(len(m.weights) for m in mixtures)]),
        )

    def points(self, t: int) -> tuple[FloatArray, FloatArray]:
        """The points (K, d) and their probabilities (K,) in round t."""
        span = slice(int(self.starts[t]), int(self.starts[t + 1]))
        return self.support[span], self.weights[span]


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class MessageRecord:
    """What became of every message that travelled along a channel, and the graph of the channels.

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

    def __post_init__(self) -> None:
        for name in (*_COUNTED, *_EDGES):
            freeze(getattr(self, name))
        for name in _LOGGED:
            freeze(getattr(self.log, name))


@dataclass(frozen=True)
class PopulationRecord:
    """What one population did; the fields are drawn at the top of this file."""

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

    def __post_init__(self) -> None:
        for name in (*_RECORDED, *_OPTIONAL):
            if getattr(self, name) is not None:
                freeze(getattr(self, name))


@dataclass(frozen=True)
class Trace:
    """The record of a run; the fields are drawn at the top of this file."""

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

    def __post_init__(self) -> None:
        arrays = (self.outcomes, self.predictions, self.active)
        for array in (*arrays, *self.diagnostics.values(), *self.other_predictions.values()):
            freeze(array)
        if self.bases is not None:
            freeze(self.bases)

    @property
    def rounds(self) -> int:
        """T."""
        return len(self.outcomes)

    @property
    def actions(self) -> dict[str, IntArray]:
        """Per population, the action each agent played, (T, N)."""
        return {name: record.actions for name, record in self.records.items()}

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
        """The prediction (T, d) that a population acted on; NaN in rounds in which it had none."""
        record = self.records[population]
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
        return np.asarray(np.einsum("tf,ftd->td", weights, newest))

    def policy(self, population: str) -> Mapping[str, Any]:
        """What the policy of a population said of itself (``Policy.facts``): at least its benchmark."""
        facts: Mapping[str, Any] = self.about.get("policies", {}).get(population, {})
        return {"benchmark": "realized", **facts}

    def save(self, path: Path | str) -> None:
        """Write the trace to one ``.npz`` file; an existing file is replaced at once or not at all.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        arrays: dict[str, Any] = {
            "outcomes": self.outcomes,
            "predictions": self.predictions,
            "active": self.active,
        }
        if self.dates is not None:
            arrays["dates"] = self.dates
        if self.mixtures is not None:
            for name in _MIXTURES:
                arrays["mixtures/" + name] = getattr(self.mixtures, name)
        if self.bases is not None:
            arrays["bases"] = self.bases
        arrays |= {"diagnostics/" + name: values for name, values in self.diagnostics.items()}
        arrays |= {"other_predictions/" + name: values for name, values in self.other_predictions.items()}
        header: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "subsequences": self.subsequences,
            "about": self.about,
            "populations": [],
        }
        if self.messages is not None:
            header["messages"] = {
                **{name: getattr(self.messages, name) for name in ("kinds", "parties", "roles")},
                "logged": [self.messages.log.first, self.messages.log.last],
            }
            for name in (*_COUNTED, *_EDGES):
                arrays["messages/" + name] = getattr(self.messages, name)
            for name in _LOGGED:
                arrays["messages/log/" + name] = getattr(self.messages.log, name)
        for index, record in enumerate(self.records.values()):
            population = record.population
            header["populations"].append(
                {
                    "name": population.name,
                    "action_names": population.action_names,
                    "constraint_names": record.constraint_names,
                    "currency": population.money.currency,
                    "subscriptions": record.subscriptions,
                }
            )
            prefix = f"population{index}/"
            arrays[prefix + "utility"] = population.utility
            arrays[prefix + "offset"] = population.offset
            arrays[prefix + "money_scale"] = population.money.scale
            arrays[prefix + "money_offset"] = population.money.offset
            if population.load is not None:
                arrays[prefix + "load"] = population.load
            for name in _RECORDED:
                arrays[prefix + name] = getattr(record, name)
            for name in _OPTIONAL:
                if getattr(record, name) is not None:
                    arrays[prefix + name] = getattr(record, name)
        text = json.dumps(header, sort_keys=True)
        arrays["header"] = np.frombuffer(text.encode(), dtype=np.uint8)
        with atomic_write(Path(path)) as file:
            np.savez_compressed(file, **arrays)


def load_trace(path: Path | str) -> Trace:
    """Read a trace written by :meth:`Trace.save`.

    Raises
    ------
    TraceError
        If the file is missing, damaged, or of another schema version.
    """
    path = Path(path)
    try:
        # numpy does not close a file that it opened and could not read.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = dict(stored)
        header = json.loads(arrays["header"].tobytes())
        version = header["schema_version"]
        trace = _read(header, arrays) if version in range(1, SCHEMA_VERSION + 1) else None
    except FileNotFoundError as cause:
        raise TraceError(f"{path}: there is no such trace") from cause
    except _DAMAGE as cause:
        raise TraceError(f"{path}: the trace is damaged ({cause}): run its scenario.toml again") from cause
    if trace is None:
        raise TraceError(
            f"{path}: the trace has schema version {version}, this omnisim reads {SCHEMA_VERSION} and older: "
            "run its scenario.toml again"
        )
    return trace


def _read(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Trace:
    return Trace(
        outcomes=arrays["outcomes"],
        predictions=arrays["predictions"],
        active=arrays["active"],
        subsequences=tuple(header["subsequences"]),
        dates=arrays.get("dates"),
        records={
            known["name"]: _read_record(known, arrays, f"population{index}/")
            for index, known in enumerate(header["populations"])
        },
        about=header["about"],
        mixtures=Mixtures(*(arrays["mixtures/" + name] for name in _MIXTURES)) if "mixtures/starts" in arrays else None,
        bases=arrays.get("bases"),
        diagnostics={
            name.removeprefix("diagnostics/"): values
            for name, values in arrays.items()
            if name.startswith("diagnostics/")
        },
        other_predictions={
            name.removeprefix("other_predictions/"): values
            for name, values in arrays.items()
            if name.startswith("other_predictions/")
        },
        messages=_read_messages(header["messages"], arrays) if "messages" in header else None,
    )


def _read_messages(known: Mapping[str, Any], arrays: Mapping[str, Any]) -> MessageRecord:
    first, last = known["logged"]
    fields: dict[str, Any] = {name: tuple(known[name]) for name in ("kinds", "parties", "roles")}
    fields |= {name: arrays["messages/" + name] for name in (*_COUNTED, *_EDGES)}
    log = LoggedMessages(**{name: arrays["messages/log/" + name] for name in _LOGGED}, first=first, last=last)
    return MessageRecord(**fields, log=log)


def _read_record(known: Mapping[str, Any], arrays: Mapping[str, Any], prefix: str) -> PopulationRecord:
    population = Population(
        known["name"],
        arrays[prefix + "utility"],
        arrays[prefix + "offset"],
        action_names=known["action_names"],
        money=Money(arrays[prefix + "money_scale"], arrays[prefix + "money_offset"], known["currency"]),
        load=arrays.get(prefix + "load"),
    )
    recorded = {name: arrays[prefix + name] for name in _RECORDED}
    recorded |= {name: arrays.get(prefix + name) for name in _OPTIONAL}
    subscriptions = tuple(known.get("subscriptions", (FORECASTER,)))
    return PopulationRecord(population, tuple(known["constraint_names"]), subscriptions=subscriptions, **recorded)
