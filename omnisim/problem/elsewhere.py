"""Agents in blocks, here or in other processes: for whoever adds something up over all of them.

A sum over agents is the sum of its blocks, each at most ``BLOCK`` agents, in their order. Small populations of the same
numbers of actions and coordinates are together in a block: thousands of populations of one agent then take as long as
one of thousands. A sum does not depend on where blocks are, to the last bit, as long as none is divided.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from omnisim.arrays import BoolArray
from omnisim.errors import ProblemError
from omnisim.problem.joining import joined
from omnisim.problem.population import Population

if TYPE_CHECKING:
    from omnisim.problem.context import Context

BLOCK = 4096
"""Agents of a population that are added to each other before others are."""

TOGETHER = 1024
"""Agents of several populations that are."""


@dataclass(frozen=True)
class Piece:
    """Agents ``first`` to ``last`` - 1 of a population."""

    population: str
    first: int
    last: int


Pieces: TypeAlias = tuple[Piece, ...]
"""Agents of a block."""

Later: TypeAlias = Callable[[], list[Any]]
"""Function that waits for answers, one of each part, in the order of the agents."""


class Everywhere(Protocol):
    """Objects beside their agents, one in each process that has some.

    A :class:`~omnisim.problem.context.Context` among the arguments of a method arrives with its round, its
    subsequences, and the candidates of the agents that are there.
    """

    def tell(self, method: str, *arguments: Any) -> Later:
        """Call a method of all that changes them, when they are asked for something; what is returned waits for it."""
        ...

    def ask(self, method: str, *arguments: Any) -> list[Any]:
        """Answers of a method that changes nothing, after those that were told."""
        ...


class AgentsElsewhere(Protocol):
    """The agents of a run, which are in other processes, divided between blocks of populations."""

    def place(self, make: Callable[[Sequence[Population], Mapping[str, int]], object]) -> Everywhere:
        """Objects that are made in each process of the agents there, population by population.

        Parameters
        ----------
        make
            Function of the agents in a process, and of the number of the first of them in each population. It travels
            there, and what it makes is part of the state of the run.

        Raises
        ------
        OmnisimError
            If one cannot be made.
        """
        ...


def blocks(populations: Sequence[Population]) -> list[Pieces]:
    """Blocks of all agents, in the order of their first ones.

    A population of more than ``BLOCK`` agents is divided; smaller ones between two of those are together, by shape, as
    long as they have at most ``TOGETHER``.

    Examples
    --------
    >>> sizes = {"few": 2, "as few": 2, "crowd": 5_000, "others": 2}
    >>> found = blocks([Population(name, np.zeros((agents, 1, 1))) for name, agents in sizes.items()])
    >>> [[(each.population, each.last - each.first) for each in block] for block in found]
    [[('few', 2), ('as few', 2)], [('crowd', 4096)], [('crowd', 904)], [('others', 2)]]
    """
    found: list[list[Piece]] = []
    growing: dict[tuple[int, int], tuple[list[Piece], int]] = {}
    for population in populations:
        agents, shape = population.agents, (population.actions, population.dimension)
        if agents > BLOCK:
            edges = [*range(0, agents, BLOCK), agents]
            found += [[Piece(population.name, *pair)] for pair in pairwise(edges)]
            growing.clear()
            continue
        block, size = growing.get(shape, ([], 0))
        if not block or size + agents > min(BLOCK, TOGETHER):
            block, size = [], 0
            found.append(block)
        block.append(Piece(population.name, 0, agents))
        growing[shape] = block, size + agents
    return [tuple(block) for block in found]


@dataclass(frozen=True, eq=False)
class Block:
    """The agents of a block, in this process.

    Attributes
    ----------
    rows
        Names of populations, and which of the agents that are here.
    agents
        All of them, without constraints.
    """

    rows: Sequence[tuple[str, slice]]
    agents: Population

    def candidates(self, context: "Context") -> BoolArray | None:
        """Candidate sets of all agents (N, A), or None where nobody's are known."""
        known = [context.candidates.get(name) for name, _ in self.rows]
        if all(found is None for found in known):
            return None
        every = [
            np.ones((rows.stop - rows.start, self.agents.actions), dtype=np.bool_) if found is None else found[rows]
            for found, (_, rows) in zip(known, self.rows, strict=True)
        ]
        return every[0] if len(every) == 1 else np.concatenate(every)


def blocks_here(
    pieces: Sequence[Pieces], populations: Sequence[Population], first: Mapping[str, int] | None = None
) -> list[Block]:
    """The agents of those blocks that are here.

    Parameters
    ----------
    pieces
        Of all blocks.
    populations, first
        The agents that are here; number of the first of them in each population, 0 by default.

    Raises
    ------
    ProblemError
        If only some agents of a block are.
    """
    known = {each.name: each for each in populations}
    start = dict.fromkeys(known, 0) if first is None else first
    found = []
    for block in pieces:
        rows = [(each.population, own) for each in block if (own := _here(each, known, start)) is not None]
        agents = [known[name].between(own.start, own.stop).without_constraints() for name, own in rows]
        if sum(each.agents for each in agents) == sum(each.last - each.first for each in block):
            found.append(Block(rows, joined(agents)))
        elif agents:
            raise ProblemError(
                f"agents of a block are in several places: {', '.join(each.population for each in block)}"
            )
    return found


def _here(piece: Piece, known: Mapping[str, Population], start: Mapping[str, int]) -> slice | None:
    """Rows of those agents of a piece that are here, or None where none is."""
    if piece.population not in known:
        return None
    passed, agents = start[piece.population], known[piece.population].agents
    rows = slice(max(0, piece.first - passed), min(agents, piece.last - passed))
    return rows if rows.start < rows.stop else None
