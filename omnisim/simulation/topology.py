"""Graphs of participants: networkx ``DiGraph`` objects with a ``role`` on each node and a channel on each edge.

Forecasts go from a forecaster to the populations, settlements from the world to populations and forecasters, actions
and registrations the other way. A message takes the path of least expected delay through relays. Forecasts, and
registrations on their way back, may also pass through populations, as in a small world: neighbours tell each other
what was predicted, but everyone settles with the market.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from xml.parsers import expat

import networkx as nx
import numpy as np

from omnisim.errors import ProblemError, ScenarioError
from omnisim.problem.network import Channel, GraphML, Network, SmallWorld, Tree
from omnisim.reading import read_bytes, reading
from omnisim.suggest import nearest
from omnisim.trace import FORECASTER


class Role(StrEnum):
    """Role of a participant in the game."""

    WORLD = "world"
    FORECASTER = "forecaster"
    POPULATION = "population"
    RELAY = "relay"


WORLD = "world"
"""Name of the world. Forecasters have their own names; a population is the participant ``population/<name>``."""

MOST_BYTES = 50_000_000
"""Size of the largest GraphML file that is read."""

_HOP = 2.0**-20
"""Weight of a hop, in rounds, when paths are compared: among equally fast ones the shortest is taken."""


def party(population: str) -> str:
    """The participant that stands for a population."""
    return f"population/{population}"


def topology(
    network: Network, populations: Sequence[str], forecasters: Sequence[str], rng: np.random.Generator
) -> "nx.DiGraph[str]":
    """The graph of a network, every edge with its ``channel``.

    Raises
    ------
    ScenarioError
        If the topology does not fit the populations, or a file cannot be read.

    Examples
    --------
    >>> graph = topology(Network(Tree(1)), ["buyers"], ["forecaster"], np.random.default_rng(0))
    >>> nx.shortest_path(graph, "forecaster", "population/buyers")
    ['forecaster', 'retailer/0', 'population/buyers']
    """
    match network.topology:
        case Tree():
            graph = _tree(network.topology, populations, forecasters)
        case SmallWorld():
            graph = _small_world(network.topology, populations, forecasters, rng)
        case GraphML():
            graph = _read(network.topology.path, populations, forecasters)
        case _:
            graph = star(populations, forecasters)
    for channel in network.channels:
        _check_ends(channel, graph)
    for sender, receiver, known in graph.edges(data=True):
        known["channel"] = network.channel(sender, receiver) or known.get("channel") or Channel(sender, receiver)
    return graph


def star(populations: Iterable[str], forecasters: Sequence[str] = (FORECASTER,)) -> "nx.DiGraph[str]":
    """The graph of the theory: world, forecasters and populations, all within earshot of one another.

    >>> sorted(star(["buyers"]).successors("population/buyers"))
    ['forecaster', 'world']
    """
    graph = _centers(forecasters)
    for name in populations:
        graph.add_node(party(name), role=Role.POPULATION)
        for center in (WORLD, *forecasters):
            graph.add_edges_from([(center, party(name)), (party(name), center)])
    return graph


def fastest_paths(graph: "nx.DiGraph[str]", source: str, through: frozenset[Role]) -> dict[str, list[str]]:
    """The paths of least expected delay from a participant to all others, by way of participants of these roles."""

    def cost(sender: str, _: str, known: dict[str, Channel]) -> float | None:
        if sender != source and graph.nodes[sender]["role"] not in through:
            return None
        return float(known["channel"].law.mean) + _HOP

    return dict(nx.single_source_dijkstra_path(graph, source, weight=cost))


def _centers(forecasters: Sequence[str]) -> "nx.DiGraph[str]":
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_node(WORLD, role=Role.WORLD)
    for forecaster in forecasters:
        graph.add_node(forecaster, role=Role.FORECASTER)
        graph.add_edges_from([(WORLD, forecaster), (forecaster, WORLD)])
    return graph


def _tree(tree: Tree, populations: Sequence[str], forecasters: Sequence[str]) -> "nx.DiGraph[str]":
    graph = _centers(forecasters)
    for index in range(tree.retailers):
        relay = f"retailer/{index}"
        graph.add_node(relay, role=Role.RELAY)
        for center in (WORLD, *forecasters):
            graph.add_edges_from([(center, relay), (relay, center)])
    for index, name in enumerate(populations):
        graph.add_node(party(name), role=Role.POPULATION)
        relay = f"retailer/{index % tree.retailers}"
        graph.add_edges_from([(relay, party(name)), (party(name), relay)])
    return graph


def _small_world(
    small: SmallWorld, populations: Sequence[str], forecasters: Sequence[str], rng: np.random.Generator
) -> "nx.DiGraph[str]":
    count = len(populations)
    if count <= small.neighbours:
        raise ScenarioError(
            f"network.topology: a small world with {small.neighbours} neighbours each needs more than "
            f"{small.neighbours} populations, there are {count}"
        )
    if small.hubs > count:
        raise ScenarioError(f"network.topology: hubs is {small.hubs}, but there are only {count} populations")
    ring = nx.connected_watts_strogatz_graph(
        count, small.neighbours, small.rewiring, tries=1000, seed=int(rng.integers(2**31))
    )
    graph = _centers(forecasters)
    for name in populations:
        graph.add_node(party(name), role=Role.POPULATION)
        graph.add_edges_from([(WORLD, party(name)), (party(name), WORLD)])
    for i, j in ring.edges:
        ends = party(populations[i]), party(populations[j])
        graph.add_edges_from([ends, ends[::-1]])
    for hub in np.linspace(0, count, small.hubs, endpoint=False).astype(int):
        for forecaster in forecasters:
            graph.add_edges_from([(forecaster, party(populations[hub])), (party(populations[hub]), forecaster)])
    return graph


def _read(path: Path, populations: Sequence[str], forecasters: Sequence[str]) -> "nx.DiGraph[str]":
    text = _xml(path)
    with reading(path, ScenarioError, "is not a GraphML file that can be read"):
        found = nx.read_graphml(BytesIO(text))
    if found.is_multigraph():
        raise ScenarioError(f"{path}: has several edges between the same nodes: there may be one channel each way")
    directed = found if found.is_directed() else found.to_directed()
    roles = {WORLD: Role.WORLD, **dict.fromkeys(forecasters, Role.FORECASTER)}
    roles |= {party(name): Role.POPULATION for name in populations}
    graph: nx.DiGraph[str] = nx.DiGraph()
    for name, role in roles.items():
        if name not in directed:
            raise ScenarioError(f"{path}: has no node {name!r}{nearest(name, [str(node) for node in directed])}")
        graph.add_node(name, role=role)
    for node in directed:
        if str(node).startswith("population/") and node not in roles:
            raise ScenarioError(f"{path}: the node {node!r} is no population of the scenario{nearest(node, roles)}")
        graph.add_node(str(node), role=roles.get(node, Role.RELAY))
    for sender, receiver, known in directed.edges(data=True):
        if sender == receiver:
            raise ScenarioError(f"{path}: {sender!r} has an edge to itself")
        try:
            channel = Channel(sender, receiver, delay=known.get("delay", 0.0), loss=known.get("loss", 0.0))
        except ProblemError as cause:
            raise ScenarioError(f"{path}: {cause}") from cause
        graph.add_edge(str(sender), str(receiver), channel=channel)
    return graph


def _xml(path: Path) -> bytes:
    """The text of an XML file without a document type, so that no entity can be declared in it."""

    def refuse(*_: object) -> None:
        raise ScenarioError(f"{path}: has a document type declaration (DOCTYPE): GraphML needs none; remove it")

    with reading(path, ScenarioError, "is not valid XML"):
        text = read_bytes(path, MOST_BYTES)
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = refuse
        parser.Parse(text, True)
    return text


def _check_ends(channel: Channel, graph: "nx.DiGraph[str]") -> None:
    probe = Network(channels=[channel])
    if not any(probe.channel(sender, receiver) for sender, receiver in graph.edges):
        raise ScenarioError(
            f"network.channels: {channel.sender!r} -> {channel.receiver!r} fits no edge of the network; "
            f"its parties are {', '.join(list(graph)[:6])}{', ...' if len(graph) > 6 else ''}"
        )
