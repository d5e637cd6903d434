"""A network as a scenario describes it: its topology, and what its channels do to messages.

The graph itself is built by the simulation. Participants are called ``world``, ``forecaster`` (or the name of another
forecaster), ``population/<name>``, and ``retailer/<i>`` or whatever a GraphML file calls its relays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.problem.delays import Constant, Delay
from omnisim.refusing import one_of
from omnisim.signatures import check_fields
from omnisim.wording import in_short

MOST_RETAILERS = 100_000
"""Largest number of retailers of a tree; each is a node of the graph, whether it serves a population or not."""


@dataclass(frozen=True, eq=False, repr=False)
class Channel(ByValue):
    """Delays, losses and outages on some edges of the network.

    Parameters
    ----------
    sender, receiver
        The two ends, as patterns: ``*`` stands for any text, ``population/*`` for every population.
    delay
        In rounds, a number >= 0 or a law.
    loss
        Probability in [0, 1] that a message is lost, each by itself.
    outages
        Pairs of the first and the last round of an outage; messages that enter the channel in between are lost.

    Raises
    ------
    ProblemError
        If a number is out of range.
    """

    sender: str = "*"
    receiver: str = "*"
    delay: float | Delay = 0.0
    loss: float = 0.0
    outages: Sequence[Sequence[int]] = ()

    def __post_init__(self) -> None:
        check_fields(self, ProblemError)
        where = f"channel {self.sender!r} -> {self.receiver!r}"
        if not isinstance(self.delay, Delay):
            try:
                object.__setattr__(self, "delay", Constant(self.delay))
            except ProblemError as cause:
                said = str(cause).removeprefix("rounds of a constant ")
                raise ProblemError(f"{where}: {said}") from cause
        if not 0 <= self.loss <= 1:
            raise ProblemError(f"{where}: loss must be a probability in [0, 1], got {in_short(self.loss)}")
        for outage in self.outages:
            if len(outage) != 2 or not 0 <= outage[0] <= outage[1]:
                raise ProblemError(
                    f"{where}: an outage is a pair of its first and last round, 0 <= first <= last, got {list(outage)}"
                )
        object.__setattr__(self, "outages", tuple((int(first), int(last)) for first, last in self.outages))

    @property
    def law(self) -> Delay:
        """The law of the delay."""
        assert isinstance(self.delay, Delay)  # noqa: S101 (made one on construction; this tells the type checker)
        return self.delay

    @property
    def ideal(self) -> bool:
        """Whether every message arrives at once."""
        return not (self.law.random or self.law.mean or self.loss or self.outages)


@dataclass(frozen=True)
class Star:
    """Every population hears the forecaster and the world directly."""


@dataclass(frozen=True)
class Tree:
    """Populations hear forecaster and world through retailers, and are heard through them.

    Parameters
    ----------
    retailers
        How many, from 1 to 100,000; populations are given to ``retailer/0``, ``retailer/1``, ... in turn.
    """

    retailers: int = 2

    def __post_init__(self) -> None:
        check_fields(self, ProblemError)
        if self.retailers < 1:
            raise ProblemError(f"retailers of a tree must be at least 1, got {self.retailers}")
        if self.retailers > MOST_RETAILERS:
            raise ProblemError(f"retailers of a tree must be at most {MOST_RETAILERS:,}, got {self.retailers}")


@dataclass(frozen=True)
class SmallWorld:
    """Populations on a ring with shortcuts pass forecasts on to one another; the world hears and tells all directly.

    Watts and Strogatz (Nature 393, 1998), conditioned on being connected.

    Parameters
    ----------
    neighbours
        On the ring, of each population, >= 2.
    rewiring
        Probability in [0, 1] that an edge becomes a shortcut.
    hubs
        How many populations hear the forecaster directly, >= 1.
    """

    neighbours: int = 4
    rewiring: float = 0.1
    hubs: int = 1

    def __post_init__(self) -> None:
        check_fields(self, ProblemError)
        if self.neighbours < 2:
            raise ProblemError(f"neighbours of a small world must be at least 2, got {self.neighbours}")
        if not 0 <= self.rewiring <= 1:
            raise ProblemError(f"rewiring of a small world must be a probability in [0, 1], got {self.rewiring}")
        if self.hubs < 1:
            raise ProblemError(
                f"hubs of a small world must be at least 1, got {self.hubs}: nobody hears the forecaster"
            )


@dataclass(frozen=True)
class GraphML:
    """A graph from a GraphML file.

    Nodes are named as in this module; those of other names are relays. Edges may carry ``delay`` and ``loss``; an
    undirected edge is a channel both ways. What ``channels`` of the network say goes before what the file says.

    Parameters
    ----------
    path
        Of the file.
    """

    path: Path

    def __post_init__(self) -> None:
        check_fields(self, ProblemError)


Topology: TypeAlias = Star | Tree | SmallWorld | GraphML


@dataclass(frozen=True, eq=False, repr=False)
class Network(ByValue):
    """Graph of senders and receivers, with the channels on its edges.

    Forecasts, actions, settlements and registrations travel along the path of least expected delay; relays pass them on
    at once. The calendar of a round is known to all, and what the theory lets the adversary read (candidates, mixture,
    prediction) it reads at once.

    Parameters
    ----------
    topology
        The graph.
    channels
        What edges do to messages; the last one that fits an edge counts, and one that no rule fits is ideal.
    max_age
        A population whose newest forecast is more than this many rounds old plays its default action; None: it acts
        on the last forecast it received, however old.

    Raises
    ------
    ProblemError
        If ``max_age`` is negative.

    Examples
    --------
    >>> late = Network(channels=[Channel("world", "*", delay=5)])
    >>> late.channel("world", "population/buyers").law.mean
    5
    >>> late.channel("population/buyers", "world") is None
    True
    """

    topology: Topology = field(default_factory=Star)
    channels: Sequence[Channel] = ()
    max_age: int | None = None

    def __post_init__(self) -> None:
        check_fields(self, ProblemError)
        if self.max_age is not None and self.max_age < 0:
            raise ProblemError(f"max_age of a network must be >= 0 rounds, got {self.max_age}")
        object.__setattr__(self, "channels", tuple(self.channels))

    def channel(self, sender: str, receiver: str) -> Channel | None:
        """The last channel given for this edge, or None.

        Raises
        ------
        ProblemError
            If a name is no text.
        """
        for what, name in (("sender", sender), ("receiver", receiver)):
            one_of(f"{what} of channel", name, str, "a text", ProblemError)
        return next((c for c in reversed(self.channels) if _fits(c, sender, receiver)), None)


def _fits(channel: Channel, sender: str, receiver: str) -> bool:
    return _matches(channel.sender, sender) and _matches(channel.receiver, receiver)


def _matches(pattern: str, name: str) -> bool:
    # Only * is special: names may hold any other character, brackets and question marks too.
    if "*" not in pattern:
        return pattern == name
    first, *middle, last = pattern.split("*")
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    place, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True
