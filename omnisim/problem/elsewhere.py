"""Agents in blocks, here or in other processes: for whoever adds something up over all of them.

A sum over agents is the sum of its blocks, each at most ``BLOCK`` consecutive agents of a population, in their order.
So it does not depend on where blocks are, to the last bit; for a population of one block it is the sum over its agents.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, TypeAlias

from omnisim.problem.population import Population

BLOCK = 4096
"""Agents of a population that are added to each other before others are."""


@dataclass(frozen=True)
class Piece:
    """Agents ``first`` to ``last`` - 1 of a population."""

    population: str
    first: int
    last: int


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


def in_blocks(population: Population) -> list[tuple[slice, Population]]:
    """Rows of the blocks of agents of which the first begins a block, and their agents in the same memory.

    Examples
    --------
    >>> import numpy as np
    >>> [rows for rows, _ in in_blocks(Population("crowd", np.zeros((10_000, 1, 1))))]
    [slice(0, 4096, None), slice(4096, 8192, None), slice(8192, 10000, None)]
    """
    agents = population.agents
    edges = [*range(0, agents, BLOCK), agents]
    return [(slice(*pair), population.between(*pair)) for pair in pairwise(edges)]
