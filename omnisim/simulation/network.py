"""Delivery of messages: their receivers, and the times of arrival.

Without a network everything is heard at once, the ideal broadcast of the theory. With one, forecasts, actions,
settlements and registrations travel along the channels of a graph (:mod:`omnisim.simulation.topology`), and are read by
their receivers in the first phase in which they want them after they have arrived. What arrives between two phases
changes nothing before the next, so an arrival is a time to compare with and not an event of its own.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import networkx as nx
import numpy as np
import simpy

from omnisim.arrays import BoolArray
from omnisim.errors import ScenarioError
from omnisim.simulation.cohorts import Cohort
from omnisim.simulation.delay_lines import KINDS, DelayLine, Ledger
from omnisim.simulation.messages import Actions, Commitment, Forecast, Notice, Outcome, Registration
from omnisim.simulation.routes import Downlink, Uplink
from omnisim.simulation.topology import WORLD, Role, fastest_paths, party
from omnisim.trace import FORECASTER, MessageRecord

_Message = TypeVar("_Message")

Received: TypeAlias = Sequence[tuple[_Message, BoolArray | None]]
"""Messages that have reached a participant, and which of its P populations each did (None: all)."""

AUDIENCE: dict[type, frozenset[Role]] = {
    Notice: frozenset({Role.FORECASTER, Role.POPULATION}),
    Registration: frozenset({Role.WORLD, Role.FORECASTER}),
    Commitment: frozenset({Role.WORLD}),
    Forecast: frozenset({Role.WORLD, Role.POPULATION}),
    Actions: frozenset({Role.WORLD}),
    Outcome: frozenset({Role.FORECASTER, Role.POPULATION}),
}
"""Roles that each kind of message is for."""

OVERHEARD = frozenset({(Registration, Role.WORLD), (Forecast, Role.WORLD)})
"""Messages that the world reads at once on any network: the adversary of the theory may know them."""


_SETTLED_THROUGH = frozenset({Role.RELAY})
_TOLD_THROUGH = frozenset({Role.RELAY, Role.POPULATION})
"""Roles that pass on settlements and actions, and roles that pass on forecasts and registrations."""


class Mailbox:
    """Messages that a participant received at once and has not yet read, by kind."""

    def __init__(self) -> None:
        self._waiting: defaultdict[type, list[Any]] = defaultdict(list)

    def put(self, message: object) -> None:
        """Leave a message."""
        self._waiting[type(message)].append(message)

    def take(self, kind: type[_Message]) -> list[_Message]:
        """All waiting messages of one kind, in the order of arrival."""
        messages = self._waiting[kind]
        self._waiting[kind] = []
        return messages

    def take_one(self, kind: type[_Message]) -> _Message:
        """The one waiting message of a kind that is sent once a round."""
        (message,) = self.take(kind)
        return message


class Transport:
    """The delay lines of all messages that travel, and the routes that say when each arrives.

    Parameters
    ----------
    graph
        Of participants and channels.
    cohorts
        By name.
    subscriptions
        From forecasters to the names of the cohorts that hear them.
    rounds
        T.
    seed
        Of the run.
    """

    def __init__(
        self,
        graph: "nx.DiGraph[str]",
        cohorts: Mapping[str, Cohort],
        subscriptions: Mapping[str, Sequence[str]],
        rounds: int,
        seed: int,
    ) -> None:
        self.graph = graph
        members = {name: [party(p) for p in cohort.names] for name, cohort in cohorts.items()}
        total = sum(map(len, members.values()))
        self.ledger = Ledger(rounds, list(graph), 2 * total * (1 + len(subscriptions)))
        self._delay_lines: defaultdict[tuple[str, type], list[DelayLine]] = defaultdict(list)
        self._down: dict[tuple[str, type], list[tuple[Downlink, list[tuple[slice, DelayLine]]]]] = {}
        self._up: defaultdict[tuple[str, type], list[tuple[Uplink, DelayLine]]] = defaultdict(list)
        backwards = graph.reverse(copy=False)
        from_world, to_world = (fastest_paths(g, WORLD, _SETTLED_THROUGH) for g in (graph, backwards))
        settlements = [
            self._downlink(from_world, members, Outcome, seed),
            self._downlink(from_world, {name: [name] for name in subscriptions}, Outcome, seed),
        ]
        self._down[WORLD, Outcome] = settlements
        for name, names in members.items():
            self._uplink(to_world, name, names, WORLD, Actions, seed)
        for forecaster, heard_by in subscriptions.items():
            chosen = {name: members[name] for name in heard_by}
            paths = fastest_paths(graph, forecaster, _TOLD_THROUGH)
            self._down[forecaster, Forecast] = [self._downlink(paths, chosen, Forecast, seed)] if chosen else []
            back = fastest_paths(backwards, forecaster, _TOLD_THROUGH)
            for name, names in chosen.items():
                self._uplink(back, name, names, forecaster, Registration, seed)

    @property
    def ideal(self) -> bool:
        """Whether every message arrives at once."""
        down = [route.ideal for routes in self._down.values() for route, _ in routes]
        return all(down) and all(route.ideal for routes in self._up.values() for route, _ in routes)

    def post(self, sender: str, message: Any, now: float) -> None:
        """Put a message on its way to everyone it is for."""
        kind = type(message)
        for downlink, parts in self._down.get((sender, kind), ()):
            arrives = downlink.send(now)
            for members, line in parts:
                line.post(message.round, message, now, arrives[members])
        for uplink, line in self._up.get((sender, kind), ()):
            arrives = uplink.send(np.full(line.size, now))
            line.post(message.round, message, now, arrives, getattr(message, "acting", None))

    def collect(self, receiver: str, kind: type, now: float) -> list[tuple[Any, BoolArray]]:
        """Take the messages that have arrived for a participant; see :meth:`DelayLine.collect`."""
        return [found for line in self._delay_lines[receiver, kind] for found in line.collect(now)]

    def in_flight(self, receiver: str, kind: type) -> list[tuple[Any, BoolArray]]:
        """Messages in flight to a participant, and its populations that they are for."""
        lines = self._delay_lines[receiver, kind]
        return [(envelope.message, envelope.waiting) for line in lines for envelope in line.envelopes]

    def record(self) -> MessageRecord:
        """The account of all messages, and the graph."""
        counts = self.ledger.counts.values()
        nodes = list(self.graph)
        position = {name: i for i, name in enumerate(nodes)}
        edges = [(position[a], position[b], known["channel"]) for a, b, known in self.graph.edges(data=True)]
        return MessageRecord(
            kinds=tuple(self.ledger.counts),
            sent=np.stack([count.sent for count in counts]),
            delivered=np.stack([count.delivered for count in counts]),
            lost=np.stack([count.lost for count in counts]),
            late=np.stack([count.late for count in counts]),
            in_flight=np.stack([count.in_flight for count in counts]),
            parties=tuple(nodes),
            roles=tuple(str(self.graph.nodes[name]["role"]) for name in nodes),
            edges=np.array([(a, b) for a, b, _ in edges], dtype=np.int64),
            edge_delay=np.array([channel.law.mean for _, _, channel in edges], dtype=np.float64),
            edge_loss=np.array([channel.loss for _, _, channel in edges], dtype=np.float64),
            log=self.ledger.logged(),
        )

    def _downlink(
        self, paths: Mapping[str, list[str]], groups: Mapping[str, list[str]], kind: type, seed: int
    ) -> tuple[Downlink, list[tuple[slice, DelayLine]]]:
        """A route to all members of the groups, and for each group its part of them and its delay line."""
        chosen: list[list[str]] = []
        parts: list[tuple[slice, DelayLine]] = []
        for name, members in groups.items():
            own = [_path(paths, member, KINDS[kind][0], to=True) for member in members]
            line = DelayLine(self.ledger, kind, [path[0] for path in own], members)
            parts.append((slice(len(chosen), len(chosen) + len(own)), line))
            self._delay_lines[name, kind].append(line)
            chosen += own
        return Downlink(self.graph, chosen, KINDS[kind][0], seed), parts

    def _uplink(
        self, paths: Mapping[str, list[str]], name: str, members: list[str], receiver: str, kind: type, seed: int
    ) -> None:
        own = [_path(paths, member, KINDS[kind][0], to=False)[::-1] for member in members]
        line = DelayLine(self.ledger, kind, members, [receiver] * len(members))
        self._delay_lines[receiver, kind].append(line)
        self._up[name, kind].append((Uplink(self.graph, own, KINDS[kind][0], seed), line))


class Network:
    """Delivers messages between participants.

    Parameters
    ----------
    environment
        For the time.
    roles
        Of the participants that speak: world, forecasters and cohorts.
    subscriptions
        From forecasters to the cohorts that hear them.
    transport
        Of messages that travel; None where everything is heard at once.
    """

    def __init__(
        self,
        environment: simpy.Environment,
        roles: Mapping[str, Role],
        subscriptions: Mapping[str, Sequence[str]],
        transport: Transport | None = None,
    ) -> None:
        self._environment, self._transport = environment, transport
        self.mailboxes = {name: Mailbox() for name in roles}
        self._audience: dict[tuple[str, type], list[Mailbox]] = {}
        for sender, role in roles.items():
            for kind, wanted in AUDIENCE.items():
                self._audience[sender, kind] = [
                    self.mailboxes[receiver]
                    for receiver, own in roles.items()
                    if own in wanted
                    and own != role
                    and _within_earshot(sender, role, receiver, own, subscriptions)
                    and (transport is None or kind not in KINDS or (kind, own) in OVERHEARD)
                ]

    def send(self, sender: str, message: object) -> None:
        """Deliver a message to everyone it is for, or put it on its way."""
        for mailbox in self._audience[sender, type(message)]:
            mailbox.put(message)
        if self._transport is not None and type(message) in KINDS:
            self._transport.post(sender, message, self._environment.now)

    def receive(self, receiver: str, kind: type[_Message]) -> Received[_Message]:
        """The messages of a kind that have reached a participant, and which of its populations."""
        if self._transport is None:
            return [(message, None) for message in self.mailboxes[receiver].take(kind)]
        return list(self._transport.collect(receiver, kind, self._environment.now))


def _within_earshot(
    sender: str, role: Role, receiver: str, own: Role, subscriptions: Mapping[str, Sequence[str]]
) -> bool:
    if role == Role.FORECASTER and own == Role.POPULATION:
        return receiver in subscriptions[sender]
    if role == Role.POPULATION and own == Role.FORECASTER:
        return sender in subscriptions[receiver]
    # What is committed to and predicted by the first forecaster is what the adversary reads.
    return not (role == Role.FORECASTER and own == Role.WORLD) or sender == FORECASTER


def _path(paths: Mapping[str, list[str]], member: str, kind: str, *, to: bool) -> list[str]:
    if member not in paths:
        word = "to" if to else "from"
        raise ScenarioError(f"network: no path {word} {member!r} for its {kind} messages: add an edge, or a relay")
    return paths[member]
