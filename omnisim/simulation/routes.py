"""Times of travel of messages along the paths of a graph, for many messages at once.

All draws of a message are made when it is sent: what becomes of it further on depends on nothing else. So a message
that passes three relays is one computation and not four events, and ten thousand of them are a few arrays.
"""

from collections.abc import Sequence
from itertools import pairwise

import networkx as nx
import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.problem.delays import Delay
from omnisim.problem.network import Channel
from omnisim.streams import stream

LOST = np.inf
"""Arrival time of a lost message."""

_BLOCK = 64
"""Draws made ahead for each channel: asking a generator for one number costs as much as for fifty."""


class Channels:
    """Channels that are crossed side by side.

    Parameters
    ----------
    channels
        One for each of the m messages.
    names
        Of their streams of randomness; one that never draws has none made.
    seed
        Of the run.

    Examples
    --------
    >>> channels = Channels([Channel(delay=2), Channel(loss=1.0), Channel(outages=[(3, 4)])], ["a", "b", "c"], seed=0)
    >>> channels.cross(np.array([3.5, 3.5, 3.5]))
    array([5.5, inf, inf])
    """

    def __init__(self, channels: Sequence[Channel], names: Sequence[str], seed: int) -> None:
        self.ideal = all(channel.ideal for channel in channels)
        self._fixed = np.array([0.0 if c.law.random else c.law.mean for c in channels])
        drawing = [i for i, c in enumerate(channels) if c.law.random or c.loss]
        self._drawing: IntArray = np.array(drawing, dtype=np.int64)
        self._loss = np.array([channels[i].loss for i in drawing])
        laws: dict[Delay, list[int]] = {}
        outages: dict[tuple[int, int], list[int]] = {}
        for position, i in enumerate(drawing):
            if channels[i].law.random:
                laws.setdefault(channels[i].law, []).append(position)
        for i, channel in enumerate(channels):
            for first, last in channel.outages:
                outages.setdefault((first, last), []).append(i)
        self._laws = [(law, np.array(positions)) for law, positions in laws.items()]
        self._outages = [(span, np.array(members)) for span, members in outages.items()]
        self._generators = [stream(seed, names[i]) for i in drawing]
        self._block = np.empty((len(drawing), _BLOCK, 2))
        self._next = _BLOCK

    def cross(self, entered: FloatArray) -> FloatArray:
        """Arrival times of messages that enter at these times (m,); infinite for those that never enter or are lost."""
        arrived: FloatArray = entered + self._fixed
        if len(self._drawing):
            drawn = self._draw()
            late = np.zeros(len(self._drawing))
            for law, positions in self._laws:
                late[positions] = law.quantile(drawn[positions, 1])
            arrived[self._drawing] += late
            arrived[self._drawing[drawn[:, 0] < self._loss]] = LOST
        for (first, last), members in self._outages:
            began = np.floor(entered[members])
            arrived[members[(first <= began) & (began <= last)]] = LOST
        return arrived

    def _draw(self) -> FloatArray:
        # Every channel draws for every message, so that one channel's fate does not shift another's numbers.
        if self._next == _BLOCK:
            for row, generator in zip(self._block, self._generators, strict=True):
                row[...] = generator.random((_BLOCK, 2))
            self._next = 0
        self._next += 1
        return np.asarray(self._block[:, self._next - 1])


class Downlink:
    """Messages from one participant to many: one copy crosses each edge of the tree of its paths.

    Parameters
    ----------
    graph
        Participants and channels.
    paths
        From the sender to each receiver, participants in order.
    kind, seed
        Of the messages, and of the run: for the names of streams.
    """

    def __init__(self, graph: "nx.DiGraph[str]", paths: Sequence[Sequence[str]], kind: str, seed: int) -> None:
        sender = paths[0][0]
        edges: list[dict[str, str]] = []
        for path in paths:
            for depth, (parent, child) in enumerate(pairwise(path)):
                if depth == len(edges):
                    edges.append({})
                edges[depth][child] = parent
        position = {name: i for i, name in enumerate([sender, *(child for level in edges for child in level)])}
        self._size = len(position)
        self._levels = [
            (
                np.array([position[child] for child in level]),
                np.array([position[parent] for parent in level.values()]),
                Channels(
                    [graph.edges[parent, child]["channel"] for child, parent in level.items()],
                    [f"network/{kind}/{sender}/{parent}->{child}" for child, parent in level.items()],
                    seed,
                ),
            )
            for level in edges
        ]
        self._receivers = np.array([position[path[-1]] for path in paths])

    @property
    def ideal(self) -> bool:
        """Whether every message arrives at once."""
        return all(channels.ideal for _, _, channels in self._levels)

    def send(self, now: float) -> FloatArray:
        """Arrival times of a message sent now, one per receiver."""
        reached = np.full(self._size, now)
        for children, parents, channels in self._levels:
            reached[children] = channels.cross(reached[parents])
        return np.asarray(reached[self._receivers])


class Uplink:
    """Messages of many participants to one, each of its own.

    Parameters
    ----------
    graph, kind, seed
        As for :class:`Downlink`.
    paths
        From each sender to the receiver.
    """

    def __init__(self, graph: "nx.DiGraph[str]", paths: Sequence[Sequence[str]], kind: str, seed: int) -> None:
        self._levels: list[tuple[IntArray, Channels]] = []
        for hop in range(max(len(path) for path in paths) - 1):
            members = [i for i, path in enumerate(paths) if len(path) > hop + 1]
            edges = [(paths[i][hop], paths[i][hop + 1]) for i in members]
            names = [f"network/{kind}/{paths[i][0]}/{a}->{b}" for i, (a, b) in zip(members, edges, strict=True)]
            channels = Channels([graph.edges[edge]["channel"] for edge in edges], names, seed)
            self._levels.append((np.array(members), channels))

    @property
    def ideal(self) -> bool:
        """Whether every message arrives at once."""
        return all(channels.ideal for _, channels in self._levels)

    def send(self, sent: FloatArray) -> FloatArray:
        """Arrival times of messages sent at these times, one of each sender."""
        arrived = sent.copy()
        for members, channels in self._levels:
            arrived[members] = channels.cross(arrived[members])
        return arrived
