"""A shard, wherever it is, for the process that plays with it: it is made again when it is lost."""

from collections.abc import Callable, Sequence
from typing import Any

from omnisim.errors import WorkersLostError
from omnisim.simulation.roster import Roster
from omnisim.simulation.shard import Call, Event, Maker
from omnisim.snapshot import Stored
from omnisim.workers.actors import Actor, ActorLostError

_LIVES = 4
"""Workers that may be lost with the same agents, one after the other."""


class ShardProxy:
    """An actor that is a :class:`~omnisim.simulation.shard.Shard`, and what it was told, should it be lost.

    Parameters
    ----------
    make
        Makes such an actor.
    roster
        Of its agents.

    Raises
    ------
    WorkersLostError
        If there is no worker for it.
    """

    def __init__(self, make: Callable[[], Actor], roster: Roster) -> None:
        self._make, self._roster = make, roster
        self._actor = make()
        self._makers: list[Maker] = []
        self._open: tuple[Sequence[Event], str, tuple[Any, ...]] | None = None

    def begin(self, state: Stored | None) -> None:
        """Make the agents, put this state in place, if there is one, and do not wait for it."""
        self._state, self._since = state, list[Event]()
        self._open = [], "", ()
        self._actor.send("begin", self._roster, self._makers, state)

    def place(self, make: Maker) -> None:
        """Make an object beside the agents, and do not wait for it."""
        self._makers.append(make)
        self._open = [], "", ()
        self._actor.send("place", make)

    def send(self, events: Sequence[Event], question: str, *arguments: Any) -> None:
        """Tell of events and ask for something; what was asked before has been answered."""
        self._open = events, question, arguments
        self._actor.send("tell", events, question, *arguments)

    def answer(self) -> tuple[list[Any], Any]:
        """The answer to what was sent last: what calls returned, and what was asked for.

        Raises
        ------
        WorkersLostError
            If one worker after the other was lost with these agents.
        """
        assert self._open is not None  # noqa: S101 (something was asked)
        events, question, arguments = self._open
        for life in range(_LIVES):
            try:
                if life:
                    self._actor = self._make()
                    self._actor.send("begin", self._roster, self._makers, self._state)
                    self._actor.answer()
                    self._actor.send("tell", [*self._since, *events], question, *arguments)
                told = self._actor.answer()
            except ActorLostError as cause:
                lost = cause
            else:
                self._open = None
                if told is None:  # made
                    return [], None
                calls, found = told
                calls = calls[len(calls) - sum(isinstance(event, Call) for event in events) :]
                self._since += events
                if question == "state":
                    self._state, self._since = found, []
                return calls, found
        raise WorkersLostError(
            f"{_LIVES} workers were lost, one after the other, with the same agents: most often for want of memory "
            f"({lost})"
        ) from lost
