"""The order of events within a round, on which every guarantee turns.

1. the world publishes the context x_t (and with it the active subsequences), and the populations register the
   candidates they will choose from;
2. the forecaster commits to a mixture psi_t; the adversary may read psi_t (a white-box adversary does) and
   commits to the law Y_t; only then is p_t sampled and broadcast;
3. each population chooses its actions from the p_t *it received*; a learner in action space draws its action only now,
   so that neither psi_t nor Y_t can depend on it;
4. y_t is drawn and revealed; utilities and costs settle; forecaster and agents learn.

On a network that delays or loses messages (:mod:`omnisim.simulation.network`) the phases stay where they are. A
prediction that comes after the phase of the actions is acted on in a later round, if no newer one has come by then;
actions that come after the phase of the outcome, when the market closes, are void, and the default action is booked;
outcomes are learnt in the first phase of settlement after they arrive. The calendar is common knowledge, and whatever
the adversary may know it knows at once.

Each phase is one SimPy event that fires at a time of its own. What is said in one phase is heard in the next:
nobody reads what another process says in the same phase, so the order in which SimPy resumes the processes
waiting for an event, which is the order in which they were started, cannot matter.
"""

from collections.abc import Callable, Generator
from enum import IntEnum
from typing import Any, TypeAlias

import simpy

Process: TypeAlias = Generator[simpy.Event, Any, None]


class Phase(IntEnum):
    """The phases of a round, in the order in which they happen."""

    CONTEXT = 0
    """The world publishes the context."""
    REGISTRATION = 1
    """Populations tell the forecaster and the world their candidates."""
    FORECAST = 2
    """The forecaster commits to a mixture."""
    LAW = 3
    """The adversary reads the mixture and commits to the law of the outcome."""
    BROADCAST = 4
    """A prediction is sampled from the mixture and sent out."""
    ACTION = 5
    """Populations choose their actions."""
    OUTCOME = 6
    """The outcome is drawn and revealed."""
    SETTLEMENT = 7
    """Utilities and costs settle; forecaster and populations learn."""


PHASE_LENGTH = 1 / len(Phase)
"""Simulated time between two phases; a round lasts 1. A power of two, so that times add up exactly."""


class Clock:
    """Fires one event per phase, round after round.

    Parameters
    ----------
    environment
        The SimPy environment.
    rounds
        T.
    on_round
        Called with t when round t is over.
    first
        The round to begin with; the environment's time then.
    until
        After those rounds, play the phases of one more that come before this one.
    """

    def __init__(
        self,
        environment: simpy.Environment,
        rounds: int,
        on_round: Callable[[int], None] | None = None,
        first: int = 0,
        until: Phase = Phase.CONTEXT,
    ) -> None:
        self._environment = environment
        self._first, self._rounds, self._until = first, rounds, until
        self._on_round = on_round
        self._next = [environment.event() for _ in Phase]

    def at(self, phase: Phase) -> simpy.Event:
        """The event that fires when the phase begins next; its value is the round t."""
        return self._next[phase]

    def run(self) -> Process:
        """The clock's own process."""
        environment = self._environment
        yield environment.timeout(0)  # every process waits for its first event before any event fires
        for t in range(self._first, self._rounds):
            for phase in Phase:
                self._fire(phase, t)
                yield environment.timeout(PHASE_LENGTH)
            if self._on_round is not None:
                self._on_round(t)
        for phase in Phase:
            if phase < self._until:
                self._fire(phase, self._rounds)
                yield environment.timeout(PHASE_LENGTH)

    def _fire(self, phase: Phase, t: int) -> None:
        event, self._next[phase] = self._next[phase], self._environment.event()
        event.succeed(t)
