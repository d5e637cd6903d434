"""Who hears whom: a directed graph of parties, each with a mailbox.

The graph of the theory is the ideal broadcast: every message arrives at once. It is a networkx ``DiGraph``
whose nodes are parties with a ``role`` and whose edges are channels.
"""

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

import networkx as nx

from omnisim.simulation.messages import Actions, Commitment, Forecast, Notice, Outcome, Registration

_Message = TypeVar("_Message")


class Role(StrEnum):
    """What a party is in the game."""

    WORLD = "world"
    FORECASTER = "forecaster"
    POPULATION = "population"


AUDIENCE: dict[type, frozenset[Role]] = {
    Notice: frozenset({Role.FORECASTER, Role.POPULATION}),
    Registration: frozenset({Role.WORLD, Role.FORECASTER}),
    Commitment: frozenset({Role.WORLD}),
    Forecast: frozenset({Role.WORLD, Role.POPULATION}),
    Actions: frozenset({Role.WORLD}),
    Outcome: frozenset({Role.FORECASTER, Role.POPULATION}),
}
"""Which parties each kind of message is for; a party hears it if there is a channel to it."""

WORLD, FORECASTER = "world", "forecaster"
"""Names of the two parties there is one of. A population is the party ``population/<name>``."""


def party(population: str) -> str:
    """The party that stands for a population."""
    return f"population/{population}"


def broadcast(populations: Iterable[str]) -> "nx.DiGraph[str]":
    """The graph of the theory: world, forecaster and populations, all within earshot of one another.

    >>> sorted(broadcast(["buyers"]).successors("population/buyers"))
    ['forecaster', 'world']
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_node(WORLD, role=Role.WORLD)
    graph.add_node(FORECASTER, role=Role.FORECASTER)
    graph.add_edges_from([(WORLD, FORECASTER), (FORECASTER, WORLD)])
    for name in populations:
        graph.add_node(party(name), role=Role.POPULATION)
        for center in (WORLD, FORECASTER):
            graph.add_edges_from([(center, party(name)), (party(name), center)])
    return graph


class Mailbox:
    """What a party has received and not yet read, by kind."""

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


class Network:
    """Delivers messages along the channels of a graph."""

    def __init__(self, graph: "nx.DiGraph[str]") -> None:
        self.mailboxes = {name: Mailbox() for name in graph}
        self._audience = {
            (sender, kind): [
                self.mailboxes[receiver]
                for receiver in graph.successors(sender)
                if graph.nodes[receiver]["role"] in roles
            ]
            for sender in graph
            for kind, roles in AUDIENCE.items()
        }

    def send(self, sender: str, message: object) -> None:
        """Deliver a message to everyone it is for and whom a channel from ``sender`` reaches."""
        for mailbox in self._audience[sender, type(message)]:
            mailbox.put(message)
