"""Shares of the agents of a run: consecutive agents, population by population, that are decided somewhere else.

A population is divided where each of its agents is decided by itself. One under another rule, such as a learner that
draws for all of its agents, is in one share as a whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from omnisim.errors import ScenarioError
from omnisim.problem.churn import with_rows
from omnisim.problem.population import Population
from omnisim.simulation.cohorts import SHARED
from omnisim.simulation.roster import Part, Roster
from omnisim.strategies.elimination import CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold

DIVISIBLE = (*SHARED, CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold)
"""Rules under which no agent depends on another."""


@dataclass(frozen=True)
class Piece:
    """Agents ``first`` to ``last`` - 1 of a population."""

    population: str
    first: int
    last: int


def shares(roster: Roster, count: int) -> list[list[Piece]]:
    """Divide the agents into so many shares of about the same number of agents.

    Raises
    ------
    ScenarioError
        If there are not so many.

    Examples
    --------
    >>> from omnisim.elimination import BestResponse
    >>> buyers = Population("buyers", np.zeros((5, 2, 1)))
    >>> roster = Roster((buyers,), {"buyers": BestResponse()}, {}, {}, {}, np.ones((1, 1), bool), 5, 0, False, False)
    >>> [(piece.first, piece.last) for share in shares(roster, 2) for piece in share]
    [(0, 2), (2, 5)]
    """
    if count < 1:
        raise ScenarioError(f"the number of shards must be >= 1, got {count}")
    ends = np.cumsum([population.agents for population in roster.populations]).tolist()
    total = ends[-1]
    cuts = {_cut(roster, ends, total * k // count) for k in range(1, count)} - {0, total}
    if len(cuts) < count - 1:
        raise ScenarioError(
            f"{count} shards cannot be made of {total} agents in {len(ends)} populations: {len(cuts) + 1} can; a "
            "population whose agents are not decided one by one is not divided"
        )
    edges = [0, *sorted(cuts), total]
    return [list(_between(roster, *pair)) for pair in pairwise(edges)]


def share_of(roster: Roster, pieces: list[Piece]) -> Roster:
    """The roster of a share."""
    known = {population.name: population for population in roster.populations}
    names = [piece.population for piece in pieces]
    parts = {
        piece.population: Part(piece.first, known[piece.population].agents)
        for piece in pieces
        if piece.last - piece.first < known[piece.population].agents
    }
    return replace(
        roster,
        populations=tuple(_agents(known[piece.population], piece) for piece in pieces),
        rules={name: roster.rules[name] for name in names},
        hears={name: roster.hears[name] for name in names},
        present={
            piece.population: roster.present[piece.population][:, piece.first : piece.last]
            for piece in pieces
            if piece.population in roster.present
        },
        parts=parts,
    )


def _agents(population: Population, piece: Piece) -> Population:
    return with_rows(population, np.arange(piece.first, piece.last))


def _cut(roster: Roster, ends: list[int], place: int) -> int:
    """The place nearest to this one at which the agents may be divided."""
    for population, end in zip(roster.populations, ends, strict=True):
        start = end - population.agents
        if start < place < end and type(roster.rules[population.name]) not in DIVISIBLE:
            return start if place - start <= end - place else end
    return place


def _between(roster: Roster, start: int, end: int) -> Iterator[Piece]:
    passed = 0
    for population in roster.populations:
        first, last = max(0, start - passed), min(population.agents, end - passed)
        if first < last:
            yield Piece(population.name, first, last)
        passed += population.agents
