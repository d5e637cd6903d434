"""A run whose agents are in shards, in other processes or on other machines.

Adversary, forecasters and clock stay in this process. Agents hear forecasts and outcomes and nothing of each other, so
a shard is told of many rounds at once, after they are over here, and plays them meanwhile. Who looks at what agents
registered, or have played, waits for it: :class:`ShardedAgents` asks for it then, and for nothing that nobody looks at.

What is asked for comes as arrays of all agents, in their order, or as sums of blocks of them that do not depend on the
shards (:mod:`omnisim.problem.loads`): what is added up here is added as in a run of one process, to the last bit.

A forecaster may have objects beside the agents (:mod:`omnisim.problem.elsewhere`), such as the objectives that it keeps
small for them. What is told to these travels with rounds, in its order, so that it is told again when a shard is lost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray, freeze, index_type
from omnisim.errors import ScenarioError, StrategyError
from omnisim.problem.elsewhere import Later, Piece, Pieces
from omnisim.problem.loads import sum_of_blocks
from omnisim.problem.mixture import Mixture
from omnisim.simulation.asking import Asked, Placed
from omnisim.simulation.books import Books
from omnisim.simulation.cohort_record import CohortRecord
from omnisim.simulation.cohorts import Cohort
from omnisim.simulation.messages import Actions, Forecast, Notice, Outcome
from omnisim.simulation.network import Network
from omnisim.simulation.protocol import Clock, Phase, Process
from omnisim.simulation.roster import Roster
from omnisim.simulation.run_agents import Declared, RunAgents
from omnisim.simulation.shard import Call, Event, Left, Maker, Played, PlayedRounds
from omnisim.simulation.shard_proxy import ShardProxy
from omnisim.simulation.shares import share_of, shares
from omnisim.simulation.topology import party
from omnisim.snapshot import Stored
from omnisim.trace import PopulationRecord
from omnisim.trace.checking import check_recorded
from omnisim.workers.actors import Actor

NAME = party("*")
"""The participant that stands for all populations."""

_AHEAD = 16
"""Rounds that shards are told of at once, where nobody asks before."""


@dataclass(frozen=True)
class Sharding:
    """Into how many shards the agents of a run are divided, and where they are.

    Attributes
    ----------
    count
        Of shards, >= 1.
    make
        Makes an actor that is a new :class:`~omnisim.simulation.shard.Shard`.
    """

    count: int
    make: Callable[[], Actor]


@dataclass
class Kept:
    """The states of all shards after the rounds that :meth:`ShardedAgents.keep` was told of last; None before that."""

    states: list[Stored | None]


class ShardedAgents(RunAgents):
    """The agents of a run in shards, as the other participants see them.

    Parameters
    ----------
    roster
        All agents.
    cohorts
        As they would be decided together in one process, for the record.
    sharding
        See there.
    blocks
        Of agents, none of which is divided (:mod:`omnisim.problem.elsewhere`).

    Raises
    ------
    ScenarioError
        If the agents cannot be divided into so many shards.
    WorkersLostError
        If there is nobody to take them.

    Attributes
    ----------
    pieces
        Of populations that each shard has.
    """

    def __init__(
        self, roster: Roster, cohorts: Sequence[Cohort], sharding: Sharding, blocks: Sequence[Pieces] = ()
    ) -> None:
        self.names, self.cohorts = [NAME], {}  # no cohort is decided here
        self._roster, self._cohorts, self.shards = roster, list(cohorts), sharding.count
        self._kept = Kept([None] * sharding.count)
        self.elsewhere = self
        self.pieces = shares(roster, sharding.count, blocks)
        self._places: defaultdict[str, list[tuple[int, Piece]]] = defaultdict(list)
        for shard, pieces in enumerate(self.pieces):
            for piece in pieces:
                self._places[piece.population].append((shard, piece))
        rounds = len(roster.declared_activity)
        self._books = {
            cohort.name: Books(
                rounds,
                cohort.rows,
                len(cohort.whole.constraints),
                np.dtype(np.int64) if roster.seen else index_type(cohort.actions),
            )
            for cohort in self._cohorts
        }
        self._cohort_of = {name: cohort for cohort in self._cohorts for name in cohort.names}
        self._laws: dict[int, Mixture] = {}
        self._round, self._active = -1, np.zeros(0, dtype=np.bool_)
        self._waiting: list[Event] = []
        self._calls: dict[int, list[Any]] = {}
        self._open: list[Call] | None = None
        self._places_taken = 0
        self._known_actions = self._collected = 0
        self._shown: tuple[int, Mapping[str, BoolArray]] = (-1, {})
        self._drawn: tuple[int, list[Any]] = (-1, [])
        self._proxies = [ShardProxy(sharding.make, share_of(roster, pieces)) for pieces in self.pieces]
        for proxy in self._proxies:
            proxy.begin(None)
        for proxy in self._proxies:
            proxy.answer()  # what cannot be made is said now

    def place(self, make: Maker) -> Placed:
        """Objects that are made beside the agents of each shard; before the first round."""
        for proxy in self._proxies:
            proxy.place(make)
        for proxy in self._proxies:
            proxy.answer()
        self._places_taken += 1
        return Placed(self, self._places_taken - 1)

    @property
    def books(self) -> list[Books]:
        """The books of all cohorts, as far as they were collected."""
        return list(self._books.values())

    @property
    def memory(self) -> Mapping[str, object]:
        """States of the shards, from when they were last to be kept."""
        return {"shards": self._kept}

    def listeners(self, _: str) -> list[str]:
        """The one participant that hears all forecasters for them."""
        return [NAME]

    def processes(self, clock: Clock, network: Network) -> list[Process]:
        """The process of that participant."""
        return [self._run(clock, network)]

    def _run(self, clock: Clock, network: Network) -> Process:
        mailbox = network.mailboxes[NAME]
        while True:
            t: int = yield clock.at(Phase.REGISTRATION)
            self._round, self._active = t, mailbox.take_one(Notice).context.active
            yield clock.at(Phase.ACTION)
            forecasts = mailbox.take(Forecast)
            yield clock.at(Phase.SETTLEMENT)
            outcome = mailbox.take_one(Outcome)
            self._waiting.append(Played(t, self._active, forecasts, self._laws.pop(t, None), outcome))
            # The round itself waits: until the next one others may look at what was registered for it.
            if len(self._waiting) > _AHEAD:
                self._tell(t)

    def observe_law(self, t: int, law: Mixture) -> None:
        """Keep the law of round t, for the record."""
        self._laws[t] = law

    def accept(self, t: int, message: Actions, who: BoolArray | None) -> None:
        """Nothing to do: nobody here sends actions."""

    def book(self, t: int, outcome: FloatArray) -> None:
        """Nothing to do: each shard has its own books, which are collected."""

    def candidates(self, _: Mapping[str, BoolArray], names: Sequence[str]) -> Mapping[str, BoolArray]:
        """Candidates (N, A) that agents register for this round, by population, asked for when somebody looks."""
        return Asked(self, "registered", self._round, names)

    def played(self, t: int) -> Mapping[str, IntArray]:
        """Actions of rounds 0 to t - 1, (t, N) by population, asked for when somebody looks."""
        return Asked(self, "actions", t, [population.name for population in self._roster.populations])

    def loads(self, t: int) -> Mapping[str, FloatArray]:
        """Loads of round t - 1, (H,) by population, asked for when somebody looks."""
        return Asked(self, "load", t, [p.name for p in self._roster.populations if p.load is not None])

    def wanted(self, t: int) -> dict[str, IntArray]:
        """Refused: shards are told of rounds that are over."""
        raise ScenarioError(f"round {t} has no outcome yet, and agents in shards play rounds that have one")

    def records(self, law_known: bool) -> dict[str, PopulationRecord]:
        """The record of each population, by name, when all rounds are over."""
        self.collect(self._round + 1)
        left: list[dict[str, Left]] = self._ask(self._round + 1, "left", law_known)
        records: dict[str, PopulationRecord] = {}
        for cohort in self._cohorts:
            parts = list(self._parts(cohort, left))
            expected = [(rows, part.expected_violated_at) for rows, part in parts]
            records |= CohortRecord(
                cohort,
                self._books[cohort.name],
                _joined([(rows, part.violated_at) for rows, part in parts], cohort.rows),
                _joined([(rows, part.eliminated_at) for rows, part in parts], cohort.rows),
                _joined([(rows, array) for rows, array in expected if array is not None], cohort.rows)
                if law_known
                else None,
                self._roster.hears[cohort.names[0]],
                self._roster.present.get(cohort.names[0]),
            ).by_population()
        return records

    def declared(self) -> dict[str, Declared]:
        """Name and promises of the rule of each population."""
        found: dict[str, Declared] = {}
        for each in self._ask(self._round + 1, "declared"):
            found |= each
        return found

    def collect(self, rounds: int) -> None:
        """Put what was done up to this number of rounds into the books."""
        if rounds > self._collected:
            found: list[dict[str, PlayedRounds]] = self._ask(rounds, "rounds", self._collected, rounds)
            for cohort in self._cohorts:
                books, span = self._books[cohort.name], slice(self._collected, rounds)
                for rows, part in self._parts(cohort, found):
                    books.actions[span, rows] = part.actions
                    books.fallback[span, rows] = part.fallback
                    books.costs[span, rows] = part.costs
            self._collected = rounds

    def keep(self, rounds: int) -> None:
        """Keep how shards stand after so many rounds, to go on from there if one is lost, or all of the run.

        Raises
        ------
        TraceError
            If a rule holds what no state can.
        """
        self.collect(rounds)
        self._kept.states[:] = self._ask(rounds, "state")

    def go_on(self, rounds: int) -> None:
        """Begin where shards stood after so many rounds: from what is kept, with the books up to there.

        Raises
        ------
        TraceError
            If either is damaged.
        """
        for cohort in self._cohorts:
            books = self._books[cohort.name]
            recorded = {"actions": books.actions, "fallback": books.fallback, "costs": books.costs}
            sizes = {"N": cohort.rows, "A": cohort.actions, "J": len(cohort.whole.constraints)}
            check_recorded(recorded, {"T": len(books.actions), **sizes}, rounds)
        self._known_actions = self._collected = rounds
        for proxy, state in zip(self._proxies, self._kept.states, strict=True):
            proxy.begin(state)
        for proxy in self._proxies:
            proxy.answer()

    def registered(self, t: int, name: str) -> BoolArray:
        """The candidates that the agents of a population register for round t, (N, A).

        Raises
        ------
        StrategyError
            If that is not this round, and nobody has looked in time.
        """
        if self._shown[0] != t:
            self.check_round(t)
            found = self._ask(t, "candidates", t, self._active)
            self._shown = t, {p.name: self._whole(p.name, p.actions, found) for p in self._roster.populations}
        return self._shown[1][name]

    def check_round(self, t: int) -> None:
        """Refuse to look at candidates of another round than this one."""
        if t != self._round:
            raise StrategyError(
                f"candidates of round {t} are looked at in round {self._round}: in shards there are only those of the "
                "round; look at them in time"
            )

    def actions(self, t: int, name: str) -> IntArray:
        """Actions of the agents of a population in rounds 0 to t - 1, (t, N)."""
        if t > self._known_actions:
            found = self._ask(t, "actions", self._known_actions, t)
            for cohort in self._cohorts:
                for rows, part in self._parts(cohort, found):
                    self._books[cohort.name].actions[self._known_actions : t, rows] = part
            self._known_actions = t
        cohort = self._cohort_of[name]
        return freeze(self._books[cohort.name].actions[:t, cohort.block(cohort.index[name])])

    def load(self, t: int, name: str) -> FloatArray:
        """The load of the agents of a population in round t - 1, (H,)."""
        if self._drawn[0] != t:
            self._drawn = t, self._ask(t, "loads", t - 1)
        _, found = self._drawn
        periods = next(p.load.shape[2] for p in self._roster.populations if p.name == name and p.load is not None)
        return sum_of_blocks([of_shard[name] for _, of_shard in self._pieces_of(name, found)], periods)

    def _whole(self, name: str, actions: int, found: Sequence[Mapping[str, Any]]) -> BoolArray:
        """Candidates of a population (N, A), from those of its pieces."""
        parts = [
            np.unpackbits(packed[name], count=(piece.last - piece.first) * actions).reshape(-1, actions)
            for piece, packed in self._pieces_of(name, found)
        ]
        return freeze(np.concatenate(parts).view(np.bool_))

    def tell(self, place: int, method: str, arguments: tuple[Any, ...]) -> Later:
        """Have a method of objects beside agents called with the next message; what is returned waits for it."""
        call, answers = Call(self._round, place, method, arguments), list[Any]()
        self._waiting.append(call)
        self._calls[id(call)] = answers

        def later() -> list[Any]:
            if not answers:
                self._collect()
            if not answers:
                self._ask(self._round, "")
            return answers

        return later

    def ask(self, place: int, method: str, arguments: tuple[Any, ...]) -> list[Any]:
        """The answers of a method of objects beside agents, by shard."""
        return self._ask(self._round, "call", Call(self._round, place, method, arguments))

    def _tell(self, before: int) -> None:
        """Tell all shards of the rounds before this one, and do not wait for them."""
        self._send(before, "")

    def _ask(self, before: int, question: str, *arguments: Any) -> list[Any]:
        """The answers of all shards, once they have played the rounds before this one."""
        self._send(before, question, *arguments)
        return self._collect()

    def _send(self, before: int, question: str, *arguments: Any) -> None:
        self._collect()
        # Calls of a round come before it is played.
        due = [event for event in self._waiting if isinstance(event, Call) or event.round < before]
        self._waiting = [event for event in self._waiting if not (isinstance(event, Call) or event.round < before)]
        due.sort(key=lambda event: (event.round, isinstance(event, Played)))
        self._open = [event for event in due if isinstance(event, Call)]
        for proxy in self._proxies:
            proxy.send(due, question, *arguments)

    def _collect(self) -> list[Any]:
        """The answers to what was sent last, if they were not collected yet."""
        if self._open is None:
            return []
        found = [proxy.answer() for proxy in self._proxies]
        for number, call in enumerate(self._open):
            self._calls.pop(id(call))[:] = [returned[number] for returned, _ in found]
        self._open = None
        return [answer for _, answer in found]

    def _parts(self, cohort: Cohort, found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[slice, Any]]:
        """Rows in a cohort, and what was found for them by shard and population."""
        for _, name, rows in cohort.each():
            for piece, of_shard in self._pieces_of(name, found):
                yield slice(rows.start + piece.first, rows.start + piece.last), of_shard[name]

    def _pieces_of(self, name: str, found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Piece, Any]]:
        """The pieces of a population, and what was found in the shard of each."""
        return ((piece, found[shard]) for shard, piece in self._places[name])


def _joined(parts: Sequence[tuple[slice, IntArray]], rows: int) -> IntArray:
    """One array of all rows, laid out in memory as in a run of one process: with the agents last."""
    if len(parts) == 1:
        return parts[0][1]
    found = np.empty((rows, *parts[0][1].shape[1:]), dtype=np.int64, order="F")
    for part, array in parts:
        found[part] = array
    return found
