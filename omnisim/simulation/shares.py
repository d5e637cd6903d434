"""Shares of the agents of a run: consecutive agents, population by population, that are decided somewhere else.

A population is divided where each of its agents is decided by itself. One under another rule, such as a learner that
draws for all of its agents, is in one share as a whole.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from omnisim.errors import ScenarioError
from omnisim.problem import elsewhere
from omnisim.problem.churn import with_rows
from omnisim.problem.elsewhere import Piece
from omnisim.problem.population import Population
from omnisim.simulation.cohorts import SHARED
from omnisim.simulation.roster import Part, Roster
from omnisim.strategies.elimination import CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold

DIVISIBLE = (*SHARED, CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold)
"""Rules under which no agent depends on another."""


def shares(roster: Roster, count: int, by_blocks: Collection[str] = ()) -> list[list[Piece]]:
    """Divide the agents into so many shares of about the same number of agents.

    Parameters
    ----------
    by_blocks
        Names of populations that are divided between blocks of agents only (:mod:`omnisim.problem.elsewhere`).

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
    units = [_Units(population.agents, _step(roster, population, by_blocks)) for population in roster.populations]
    total, most = sum(each.agents for each in units), sum(each.count for each in units)
    if most < count:
        between = f", one that a forecaster calibrates for only between blocks of {elsewhere.BLOCK:,}" * bool(by_blocks)
        raise ScenarioError(
            f"{count} shards cannot be made of {total} agents in {len(units)} populations: {most} can; a population "
            f"whose agents are not decided one by one is not divided{between}"
        )
    cuts = [0]
    for k in range(1, count):
        below, above = _around(units, total * k // count)
        nearest = below if total * k // count - below <= above - total * k // count else above
        cuts.append(nearest if nearest > cuts[-1] else _around(units, cuts[-1] + 1)[1])
    cuts.append(total)
    for k in range(count - 1, 0, -1):  # where the last ones had no place left
        if cuts[k] >= cuts[k + 1]:
            cuts[k] = _around(units, cuts[k + 1] - 1)[0]
    return [list(_between(roster, *pair)) for pair in pairwise(cuts)]


@dataclass(frozen=True)
class _Units:
    """Agents of a population that may be divided after every ``step`` of them."""

    agents: int
    step: int

    @property
    def count(self) -> int:
        return -(-self.agents // self.step)


def _step(roster: Roster, population: Population, by_blocks: Collection[str]) -> int:
    if type(roster.rules[population.name]) not in DIVISIBLE:
        return int(population.agents)
    return elsewhere.BLOCK if population.name in by_blocks else 1


def _around(units: list[_Units], place: int) -> tuple[int, int]:
    """The nearest places at which agents may be divided: the last one up to this one, the first one from it on."""
    start = 0
    for each in units:
        if place <= start + each.agents:
            end, steps = start + each.agents, (place - start) // each.step
            below = place if place == end else start + steps * each.step
            return below, below if below == place else min(end, start + (steps + 1) * each.step)
        start += each.agents
    return start, start


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
