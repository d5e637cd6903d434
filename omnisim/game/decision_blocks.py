"""Objectives that decision calibration keeps small, block by block of the agents, with their tables and potentials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.game.objectives import BaseRegret, DecisionEvents, Decisions, Objectives, UtilityDirections
from omnisim.game.parts import Terms
from omnisim.game.regret_potential import RegretPotential
from omnisim.game.tables import PotentialTables
from omnisim.problem.context import Context
from omnisim.problem.elsewhere import Block, Pieces, blocks_here
from omnisim.problem.limits import Limits
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population

Families: TypeAlias = list[list[Objectives]]
"""Families of objectives by kind and block."""


@dataclass(frozen=True)
class DecisionObjectives:
    """Facts from which the objectives of any agents are made, wherever they are.

    Attributes
    ----------
    kind
        :class:`~omnisim.game.objectives.DecisionEvents` or :class:`~omnisim.game.objectives.UtilityDirections`.
    blocks
        Of the agents for which they are made.
    subsequences, rounds
        L and T.
    events
        Whose predictions decide the actions that events are about: None for what is broadcast, or the index of a base.
    bases
        B, to which agents shall have no regret (:class:`~omnisim.game.objectives.BaseRegret`); 0 for none.
    unit
        Of the potentials of external and swap regret (:class:`~omnisim.game.regret_potential.RegretPotential`); None
        where there are none.
    limits
        Of outcomes.
    """

    kind: type[DecisionEvents] | type[UtilityDirections]
    blocks: Sequence[Pieces]
    subsequences: int
    rounds: int
    events: tuple[int | None, ...]
    bases: int
    unit: float | None
    limits: Limits

    def __call__(self, populations: Sequence[Population], first: Mapping[str, int] | None = None) -> "DecisionBlocks":
        """Objectives of the blocks of which these are the agents, with these numbers of the first ones (0)."""
        return DecisionBlocks(self, blocks_here(self.blocks, populations, first))

    def families(self, populations: Sequence[Population]) -> Families:
        """The families of agents, by kind and block: the decisions of each event, and regret to bases."""
        decisions = [[self.kind(each, self.subsequences, base) for each in populations] for base in self.events]
        found: Families = [list(each) for each in decisions]
        if self.bases:
            found.append([BaseRegret(own, self.subsequences, self.bases) for own in decisions[0]])
        return found

    def count(self, populations: Sequence[Population]) -> int:
        """Number of objectives in the families of whole populations."""
        return sum(family.count for kind in self.families(populations) for family in kind)

    def mass(self, populations: Sequence[Population]) -> float:
        """The potential of whole populations at first: the number of objectives, and the regrets."""
        unit = self.unit or 0.0
        regrets = sum(float(2 * unit * self.subsequences * population.agents) for population in populations)
        return self.count(populations) + regrets


class DecisionBlocks:
    """The objectives of some blocks: a :class:`~omnisim.game.parts.Part`.

    Parameters
    ----------
    objectives
        Which.
    blocks
        Their agents.

    Attributes
    ----------
    tables
        Of all families, kind by kind, block by block.
    beside
        Potentials of regrets of each block.
    """

    def __init__(self, objectives: DecisionObjectives, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self._families = objectives.families([block.agents for block in blocks])
        self.tables = PotentialTables(self._flat, objectives.rounds)
        self.beside: list[RegretPotential] = []
        self._kinds = len(self._families)
        if objectives.unit is not None:
            self._kinds += 1
            known = objectives.subsequences, objectives.rounds, objectives.unit, objectives.limits
            self.beside = [RegretPotential(own, *known) for own in self._families[0] if isinstance(own, Decisions)]

    @property
    def _flat(self) -> list[Objectives]:
        return [family for kind in self._families for family in kind]

    def prepare(self, context: Context, bases: Sequence[FloatArray]) -> None:
        """See :meth:`~omnisim.game.parts.Part.prepare`."""
        contexts = [_of_block(context, block) for block in self._blocks]
        for kind in self._families:
            for family, own in zip(kind, contexts, strict=True):
                family.prepare(own, bases)
        for potential, own in zip(self.beside, contexts, strict=bool(self.beside)):
            potential.prepare(own)

    def gains(self, predictions: Sequence[FloatArray]) -> list[Terms]:
        """See :meth:`~omnisim.game.parts.Part.gains`."""
        return [self._gain(prediction) for prediction in predictions]

    def _gain(self, prediction: FloatArray) -> Terms:
        found = [family.weighted_gain(net, prediction) for family, net in zip(self._flat, self.tables.net, strict=True)]
        found += [potential.weighted_gain(prediction) for potential in self.beside]
        shape = (self._kinds, len(self._blocks))
        intercepts, slopes = np.array([b for b, _ in found]), np.array([h for _, h in found])
        return intercepts.reshape(shape), slopes.reshape(*shape, len(prediction))

    def learn(self, mixture: Mixture, outcome: FloatArray) -> FloatArray:
        """See :meth:`~omnisim.game.parts.Part.learn`."""
        rises = self.tables.update([family.gains(mixture, outcome) for family in self._flat])
        rises += [potential.learn(mixture, outcome) for potential in self.beside]
        return np.array(rises).reshape(self._kinds, len(self._blocks))


def _of_block(context: Context, block: Block) -> Context:
    """The context with the candidates of the agents of a block only."""
    known = block.candidates(context)
    return replace(context, candidates={} if known is None else {block.agents.name: known})
