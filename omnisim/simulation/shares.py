"""Shares of the agents of a run: consecutive agents, population by population, that are decided somewhere else.

A population is divided where each of its agents is decided by itself. One under another rule, such as a learner that
draws for all of its agents, is in one share as a whole, and so is a block of agents that somebody adds up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from omnisim.errors import ScenarioError
from omnisim.problem import elsewhere
from omnisim.problem.churn import with_rows
from omnisim.problem.elsewhere import Piece, Pieces
from omnisim.problem.population import Population
from omnisim.simulation.cohorts import SHARED
from omnisim.simulation.roster import Part, Roster
from omnisim.strategies.elimination import CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold

DIVISIBLE = (*SHARED, CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold)
"""Rules under which no agent depends on another."""


def shares(roster: Roster, count: int, blocks: Sequence[Pieces] = ()) -> list[list[Piece]]:
    """Divide the agents into so many shares of about the same number of agents.

    Parameters
    ----------
    blocks
        Of agents that are in one share (:mod:`omnisim.problem.elsewhere`).

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
    whole = _undivided(roster, blocks)
    total = sum(population.agents for population in roster.populations)
    most = total - sum(last - first - 1 for first, last in whole)
    if most < count:
        between = f", and those that a forecaster calibrates for only between blocks of up to {elsewhere.BLOCK:,}"
        raise ScenarioError(
            f"{count} shards cannot be made of {total} agents in {len(roster.populations)} populations: {most} can; "
            f"agents that are not decided one by one are not divided{between if blocks else ''}"
        )
    cuts = [0]
    for k in range(1, count):
        below, above = _around(whole, total * k // count)
        nearest = below if total * k // count - below <= above - total * k // count else above
        cuts.append(nearest if nearest > cuts[-1] else _around(whole, cuts[-1] + 1)[1])
    cuts.append(total)
    for k in range(count - 1, 0, -1):  # where the last ones had no place left
        if cuts[k] >= cuts[k + 1]:
            cuts[k] = _around(whole, cuts[k + 1] - 1)[0]
    return [list(_between(roster, *pair)) for pair in pairwise(cuts)]


def _undivided(roster: Roster, blocks: Sequence[Pieces]) -> list[tuple[int, int]]:
    """Agents that are in one share, numbered through: from the first to the one behind the last, in their order."""
    start, passed = {}, 0
    spans = []
    for population in roster.populations:
        start[population.name] = passed
        if type(roster.rules[population.name]) not in DIVISIBLE:
            spans.append((passed, passed + population.agents))
        passed += population.agents
    for block in blocks:
        ends = [(start[each.population] + each.first, start[each.population] + each.last) for each in block]
        spans.append((min(first for first, _ in ends), max(last for _, last in ends)))
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first < found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def _around(undivided: Sequence[tuple[int, int]], place: int) -> tuple[int, int]:
    """The nearest places at which agents may be divided: the last one up to this one, the first one from it on."""
    for first, last in undivided:
        if first < place < last:
            return first, last
    return place, place


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


def _between(roster: Roster, start: int, end: int) -> Iterator[Piece]:
    passed = 0
    for population in roster.populations:
        first, last = max(0, start - passed), min(population.agents, end - passed)
        if first < last:
            yield Piece(population.name, first, last)
        passed += population.agents
