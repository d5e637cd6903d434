"""A share of the agents of a run, wherever it is: told of rounds that are over elsewhere, it plays them.

What its agents do follows from what it is told, so a share that was lost can be made again: from the state that was
taken of it last, and from the rounds since.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.plug_ins import strategies_named
from omnisim.problem.context import Context
from omnisim.problem.loads import load_by_block
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.simulation.agents import Agents
from omnisim.simulation.books import Books
from omnisim.simulation.identity import BUILT
from omnisim.simulation.messages import Actions, Forecast, Outcome
from omnisim.simulation.roster import Part, Roster
from omnisim.simulation.run_agents import Declared
from omnisim.snapshot import Snapshots, Stored
from omnisim.threads import at_most_threads
from omnisim.trace.checking import check_recorded


@dataclass(frozen=True)
class Played:
    """A round, as far as agents hear of it.

    Attributes
    ----------
    round
        t.
    active : (L,)
        The subsequences it is in.
    forecasts
        Of all forecasters.
    law
        Of its outcome, for the record; None where laws are not known.
    outcome
        What happened.
    """

    round: int
    active: BoolArray
    forecasts: Sequence[Forecast]
    law: Mixture | None
    outcome: Outcome


@dataclass(frozen=True)
class Call:
    """A call of an object beside the agents.

    Attributes
    ----------
    round
        In which it is made, before the round is played.
    place
        Number of the object, in the order in which they were made.
    method
        Its name.
    arguments
        A context among them gets the candidates of the agents here.
    """

    round: int
    place: int
    method: str
    arguments: tuple[Any, ...]


Event: TypeAlias = Played | Call
"""Whatever changes a shard."""

Maker: TypeAlias = Callable[[Sequence[Population], Mapping[str, int]], object]
"""Function that makes an object beside some agents, of which the first ones have these numbers by population."""


@dataclass(frozen=True)
class Left:
    """The rounds after which actions of some agents violated or left, n of them.

    Attributes
    ----------
    violated_at : (n, A, L)
    eliminated_at : (n, A, K)
    expected_violated_at : (n, A, L) or None
        None where laws are not known.
    """

    violated_at: IntArray
    eliminated_at: IntArray
    expected_violated_at: IntArray | None


@dataclass(frozen=True)
class PlayedRounds:
    """Actions, fallbacks and costs of some agents in some rounds: (R, n), (R, n) and (R, n, J)."""

    actions: IntArray
    fallback: BoolArray
    costs: FloatArray


class Shard:
    """Agents of a share, which play rounds when they are told to.

    Nothing is drawn or decided here that depends on who else is there: the agents do what they would do in one process
    with all the others, to the last bit.
    """

    def begin(self, roster: Roster, makers: Sequence[Maker] = (), state: Stored | None = None) -> None:
        """Make the agents, and put a state in place if there is one; before anything else.

        Parameters
        ----------
        roster
            What they are made of.
        makers
            See :meth:`place`.
        state
            As ``state()`` returned it.

        Raises
        ------
        TraceError
            If it is the state of other agents, or damaged.
        """
        self._parts, self._populations = roster.parts, roster.populations
        self._activity = _Known(np.zeros_like(roster.declared_activity))
        with at_most_threads(1), strategies_named():
            self._agents = [roster.agents(cohort, self._activity) for cohort in roster.cohorts()]
        self._roots: dict[str, object] = {"activity": self._activity}
        for agents in self._agents:
            self._roots |= {f"agents {agents.cohort.name!r}": agents, f"rule {agents.cohort.name!r}": agents.policy}
        self._shown: tuple[int, list[BoolArray]] = (-1, [])
        self._placed: list[object] = []
        for make in makers:
            self.place(make)
        self._snapshots = Snapshots(self._roots, (*BUILT, Books))
        if state is not None:
            self._snapshots.put(state)
            for agents in self._agents:
                check_recorded(agents.recorded, agents.symbols, 0)  # the books are elsewhere

    def place(self, make: Maker) -> None:
        """Make an object beside the agents, before the first round."""
        first = {population.name: 0 for population in self._populations}
        first |= {name: part.first for name, part in self._parts.items()}
        self._placed.append(make(self._populations, first))
        self._roots |= {f"placed {len(self._placed)}": self._placed[-1]}
        self._snapshots = Snapshots(self._roots, (*BUILT, Books))

    def play(self, rounds: Sequence[Played]) -> None:
        """Play rounds that follow those played so far.

        Raises
        ------
        OmnisimError
            If a rule breaks its contract.
        """
        for played in rounds:
            t, active = played.round, played.active
            with at_most_threads(1), strategies_named(lambda t=t: f"in round {t}"):  # type: ignore[misc]
                self._activity.active[t] = active
                for agents, shown in zip(self._agents, self._registered(t, active), strict=True):
                    if played.law is not None:
                        agents.observe_law(t, played.law)
                    predictions, _ = agents.hear(t, [(forecast, None) for forecast in played.forecasts])
                    wanted = agents.act(t, active, predictions, shown)
                    agents.accept(t, Actions(agents.cohort.name, t, wanted), None)
                    agents.book(t, played.outcome.outcome)
                    agents.learn(t, [(played.outcome, None)], active)

    def tell(self, events: Sequence[Event], question: str = "", *arguments: Any) -> tuple[list[Any], Any]:
        """Play rounds, make calls, and answer a question, which is the name of a method; one message for all.

        What the calls returned, and the answer.
        """
        found = []
        for event in events:
            if isinstance(event, Played):
                self.play([event])
            else:
                found.append(self.call(event))
        return found, getattr(self, question)(*arguments) if question else None

    def call(self, call: Call) -> Any:
        """Call an object beside the agents.

        Raises
        ------
        OmnisimError
            If a rule breaks its contract.
        """
        with at_most_threads(1), strategies_named(lambda: f"in round {call.round}"):
            arguments = [
                replace(each, candidates=self._registered_by_name(each.round, each.active))
                if isinstance(each, Context)
                else each
                for each in call.arguments
            ]
            return getattr(self._placed[call.place], call.method)(*arguments)

    def candidates(self, t: int, active: BoolArray) -> dict[str, NDArray[np.uint8]]:
        """The actions that agents register for round t, the next one, by population: (n, A), packed in bits.

        Raises
        ------
        OmnisimError
            If a rule breaks its contract.
        """
        with at_most_threads(1), strategies_named(lambda: f"in round {t}"):
            return {name: np.packbits(own) for name, own in self._registered_by_name(t, active).items()}

    def actions(self, first: int, last: int) -> dict[str, IntArray]:
        """Actions of rounds ``first`` to ``last`` - 1, by population: (R, n)."""
        return {name: agents.actions[first:last, rows] for agents, name, rows in self._each()}

    def loads(self, t: int) -> dict[str, dict[int, FloatArray]]:
        """Loads of round t, by population that has them and by block of its agents."""
        found = {}
        for agents, name, rows in self._each():
            population = agents.cohort.populations[agents.cohort.index[name]]
            if population.load is not None:
                part = self._parts.get(name, Part(0, population.agents))
                found[name] = load_by_block(population.load, agents.actions[t, rows], part.first, part.whole)
        return found

    def rounds(self, first: int, last: int) -> dict[str, PlayedRounds]:
        """The books of rounds ``first`` to ``last`` - 1, by population."""
        return {
            name: PlayedRounds(
                agents.actions[first:last, rows], agents.fallback[first:last, rows], agents.costs[first:last, rows]
            )
            for agents, name, rows in self._each()
        }

    def left(self, law_known: bool) -> dict[str, Left]:
        """The rounds after which actions had violated or left by now, by population.

        Raises
        ------
        StrategyError
            If a rule says something else than rounds.
        """
        found = {}
        for agents in self._agents:
            arrays = agents.left(law_known)
            for _, name, rows in agents.cohort.each():
                found[name] = Left(*(_rows(array, rows) for array in arrays))  # type: ignore[arg-type]
        return found

    def declared(self) -> dict[str, Declared]:
        """Name and promises of the rule of each population."""
        return {name: Declared.of(agents.policy) for agents, name, _ in self._each()}

    def state(self) -> Stored:
        """All that the agents remember, but for their books.

        Raises
        ------
        TraceError
            If a rule holds what no state can.
        """
        return self._snapshots.take()

    def _each(self) -> list[tuple[Agents, str, slice]]:
        return [(agents, name, rows) for agents in self._agents for _, name, rows in agents.cohort.each()]

    def _registered_by_name(self, t: int, active: BoolArray) -> dict[str, BoolArray]:
        return {
            name: registered[rows]
            for agents, registered in zip(self._agents, self._registered(t, active), strict=True)
            for _, name, rows in agents.cohort.each()
        }

    def _registered(self, t: int, active: BoolArray) -> list[BoolArray]:
        # Asked for once a round, like everywhere: a rule need not answer twice.
        if self._shown[0] != t:
            self._shown = t, [agents.register(t, active) for agents in self._agents]
        return self._shown[1]


def _rows(array: IntArray | None, rows: slice) -> IntArray | None:
    """Some rows, laid out in memory as all of them are, which is part of what a run leaves."""
    return None if array is None else np.array(array[rows], order="F" if array.flags.f_contiguous else "C")


class _Known:
    """The subsequences of the rounds so far, (T, L)."""

    def __init__(self, active: BoolArray) -> None:
        self.active = active
