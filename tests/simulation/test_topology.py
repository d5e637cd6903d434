"""Graphs of parties: who can reach whom, and files that describe them."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from network_instances import population

import omnisim
from omnisim.errors import ProblemError, ScenarioError
from omnisim.problem.delays import Constant
from omnisim.problem.network import Channel, GraphML, Network, SmallWorld, Star, Tree
from omnisim.simulation.topology import Role, fastest_paths, topology

NAMES = [f"p{i}" for i in range(8)]
RNG = np.random.default_rng


def build(network: Network) -> "nx.DiGraph[str]":
    return topology(network, NAMES, ["forecaster"], RNG(0))


@pytest.mark.parametrize("shape", [Star(), Tree(3), SmallWorld(4, 0.2, 2)])
def test_everyone_is_reached_from_forecaster_and_world_and_answers(shape: object) -> None:
    graph = build(Network(shape))  # type: ignore[arg-type]
    through = frozenset({Role.RELAY, Role.POPULATION})
    for source in ("world", "forecaster"):
        for one_way in (graph, graph.reverse()):
            assert set(fastest_paths(one_way, source, through)) >= {f"population/{name}" for name in NAMES}
    assert all("channel" in known for _, _, known in graph.edges(data=True))


def test_a_tree_has_no_shortcuts() -> None:
    graph = build(Network(Tree(3)))
    paths = fastest_paths(graph, "forecaster", frozenset({Role.RELAY}))
    for i, name in enumerate(NAMES):
        assert paths[f"population/{name}"] == ["forecaster", f"retailer/{i % 3}", f"population/{name}"]


def test_a_small_world_is_a_ring_with_shortcuts() -> None:
    graph = build(Network(SmallWorld(2, 0.0, 2)))
    between = [(a, b) for a, b in graph.edges if a.startswith("population") and b.startswith("population")]
    ring = {(f"population/p{i}", f"population/p{(i + 1) % 8}") for i in range(8)}
    assert set(between) == ring | {(b, a) for a, b in ring}
    assert [n for n in graph.successors("forecaster") if n != "world"] == ["population/p0", "population/p4"]
    paths = fastest_paths(graph, "forecaster", frozenset({Role.POPULATION}))
    assert max(map(len, paths.values())) == 4  # two hops along the ring from the nearer hub


def test_a_message_takes_the_fastest_path() -> None:
    slow = Channel("forecaster", "population/p1", delay=2.0)
    network = Network(SmallWorld(2, 0.0, 8), [Channel("population/*", "population/*", delay=0.1), slow])
    paths = fastest_paths(build(network), "forecaster", frozenset({Role.POPULATION}))
    assert len(paths["population/p1"]) == 3
    assert len(paths["population/p2"]) == 2


@pytest.mark.parametrize(("delay", "direct"), [(0.99, True), (1.01, False)])
def test_a_hop_weighs_a_millionth_of_a_round(delay: float, direct: bool) -> None:
    """Of two ways the one with fewer channels is taken, unless each that it saves makes it 2^-20 of a round slower."""
    channel = Channel("forecaster", "population/p1", delay=delay * 2.0**-20)
    paths = fastest_paths(build(Network(SmallWorld(2, 0.0, 8), [channel])), "forecaster", frozenset({Role.POPULATION}))
    assert (len(paths["population/p1"]) == 2) == direct


def test_the_last_channel_that_fits_counts() -> None:
    graph = build(
        Network(channels=[Channel(delay=1.0), Channel("world", "*", delay=2.0, loss=0.5), Channel("w*", "*p3")])
    )
    assert graph.edges["forecaster", "population/p0"]["channel"].law == Constant(1.0)
    assert graph.edges["world", "population/p0"]["channel"].loss == 0.5
    assert graph.edges["world", "population/p3"]["channel"].ideal


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*", "anything", True),
        ("population/*", "population/[a]?", True),
        ("population/*", "world", False),
        ("*/a*b", "population/axxb", True),
        ("*/a*b", "population/ab", True),
        ("ab*ba", "aba", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "a-c", False),
        ("[ab]", "a", False),
    ],
)
def test_patterns(pattern: str, name: str, fits: bool) -> None:
    assert (Network(channels=[Channel(pattern, "*")]).channel(name, "x") is not None) == fits


def write(path: Path, body: str, head: str = "", default: str = "directed") -> Path:
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?>{head}
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d" for="edge" attr.name="delay" attr.type="double"/>
<key id="l" for="edge" attr.name="loss" attr.type="double"/>
<graph edgedefault="{default}">{body}</graph></graphml>"""
    )
    return path


def nodes(*names: str) -> str:
    return "".join(f'<node id="{name}"/>' for name in names)


def edge(sender: str, receiver: str, **data: float) -> str:
    inner = "".join(f'<data key="{name[0]}">{value}</data>' for name, value in data.items())
    return f'<edge source="{sender}" target="{receiver}">{inner}</edge>'


PARTIES = ("world", "forecaster", "population/a", "hub")


def run(path: Path, *channels: Channel) -> omnisim.Trace:
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[population("a", 2, 1)],
            adversary=omnisim.adversaries.Replay(RNG(1).random((12, 2))),
            forecaster=omnisim.forecasters.Persistence(),
            network=Network(GraphML(path), channels),
        )
    )


def test_a_graph_from_a_file(tmp_path: Path) -> None:
    body = nodes(*PARTIES) + edge("world", "forecaster") + edge("world", "hub", delay=2) + edge("hub", "population/a")
    body += edge("forecaster", "hub", delay=1)
    trace = run(write(tmp_path / "g.graphml", body, default="undirected"))
    record = trace.records["a"]
    assert record.heard is not None
    assert record.settled_at is not None
    assert record.heard[:, 0].tolist() == [-1, *range(11)]
    # Actions go back over the same slow edge, so the market never hears them.
    assert record.defaulted is not None
    assert record.defaulted.all()
    assert record.settled_at.tolist() == [min(t + 2, 12) for t in range(12)]
    assert trace.messages is not None
    assert sorted(trace.messages.roles) == ["forecaster", "population", "relay", "world"]


def test_what_the_scenario_says_goes_before_the_file(tmp_path: Path) -> None:
    body = nodes(*PARTIES) + "".join(edge(a, b, delay=1, loss=0.5) for a, b in nx.complete_graph(PARTIES).edges)
    trace = run(write(tmp_path / "g.graphml", body, default="undirected"), Channel())
    assert trace.messages is None


GOOD = nodes(*PARTIES) + edge("world", "population/a") + edge("population/a", "world") + edge("world", "forecaster")
GOOD += edge("population/a", "forecaster")

BOMB = '<!DOCTYPE g [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("body", "head", "message"),
    [
        pytest.param(GOOD, BOMB, r"has a document type declaration \(DOCTYPE\)", id="entities"),
        pytest.param(GOOD, '<!DOCTYPE g SYSTEM "file:///etc/passwd">', "DOCTYPE", id="external"),
        pytest.param(GOOD, "", "no path to 'population/a' for its forecast messages", id="unreachable"),
        pytest.param(nodes("world"), "", "has no node 'forecaster'", id="no forecaster"),
        pytest.param(
            nodes(*PARTIES, "population/b"), "", "'population/b' is no population of the scenario", id="unknown"
        ),
        pytest.param(GOOD + edge("hub", "hub"), "", "'hub' has an edge to itself", id="loop"),
        pytest.param(
            GOOD + edge("hub", "world", loss=1.5), "", r"loss must be a probability in \[0, 1\], got 1.5", id="loss"
        ),
        pytest.param(GOOD + edge("hub", "world", delay=-1), "", "delay must be a number of rounds >= 0", id="delay"),
        pytest.param(GOOD + edge("world", "forecaster"), "", "several edges between the same nodes", id="several"),
        pytest.param("<node>", "", "is not valid XML", id="not XML"),
    ],
)
def test_files_that_are_refused(body: str, head: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "g.graphml", body, head)
    with pytest.raises(ScenarioError, match=message) as raised:
        run(path)
    assert "\n" not in str(raised.value)


def test_xml_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "page.graphml"
    path.write_text("<html><body>No graph</body></html>")
    with pytest.raises(ScenarioError, match="is not a GraphML file that can be read"):
        run(path)


@pytest.mark.parametrize("more", [0, 1])
def test_a_file_has_fifty_million_bytes_at_most(more: int, tmp_path: Path) -> None:
    path = tmp_path / "large.graphml"
    with path.open("wb") as file:
        file.truncate(50_000_000 + more)  # a hole, which takes no room and is no XML
    with pytest.raises(ScenarioError, match="is not valid XML") as raised:
        run(path)
    told = "it has 50,000,001 bytes, more than the 50,000,000 that such a file can have"
    assert (told in str(raised.value)) == bool(more)


def test_topologies_that_do_not_fit(tmp_path: Path) -> None:
    for shape, message in (
        (SmallWorld(8), "needs more than 8 populations, there are 8"),
        (SmallWorld(4, 0.1, 9), "hubs is 9, but there are only 8 populations"),
        (GraphML(tmp_path / "none.graphml"), "there is no such file"),
    ):
        with pytest.raises(ScenarioError, match=message):
            build(Network(shape))


def test_a_tree_has_no_more_retailers_than_a_graph_can_hold() -> None:
    with pytest.raises(ProblemError, match="retailers of a tree must be at most 100,000, got 9223372036854775807"):
        Tree(2**63 - 1)
    assert Tree(100_000).retailers == 100_000
