"""All registered agents together, as few arrays as their shapes allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.problem.choices import best_responses, temptation, values_of_choices
from omnisim.problem.elsewhere import AgentsElsewhere, Block, Everywhere, Pieces, blocks, blocks_here
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population

if TYPE_CHECKING:
    from omnisim.problem.context import Context


class RegisteredAgents:
    """Earnings of the agents of a service when they follow a forecast, and the errors of it that cost them.

    They are added up block by block (:mod:`omnisim.problem.elsewhere`).

    Parameters
    ----------
    populations
        Those registered with the service; at least one.
    agents
        Where they are, if they are in other processes, which divide none of their blocks.

    Attributes
    ----------
    count
        How many agents there are.
    """

    def __init__(self, populations: Sequence[Population], agents: AgentsElsewhere | None = None) -> None:
        self.count = sum(population.agents for population in populations)
        sums = SumsOf(blocks(populations))
        self._sums: BlockSums | None = sums(populations) if agents is None else None
        self._elsewhere: Everywhere | None = None if agents is None else agents.place(sums)

    def earnings(self, context: "Context", mixture: Mixture, outcome: FloatArray) -> float:
        """The sum of all agents' utilities, in expectation over the mixture, with the candidates of the round."""
        total = 0.0
        for each in self._found("earned", context, mixture.support, outcome):
            for weight, earned in zip(mixture.weights, each, strict=True):
                total += float(weight) * float(earned)
        return total

    def decision_slope(self, context: "Context", prediction: FloatArray, outcome: FloatArray) -> FloatArray:
        """A subgradient in the prediction of what its errors cost the agents, (d,), the mean over all of them.

        The cost is the SPO+ loss of Elmachtoub and Grigas (Management Science 68, 2022), here for utilities: with a*
        the best candidate at the outcome y, max over a of {2 u(a, p) - u(a, y)} - 2 u(a*, p) + u(a*, y). It is convex
        in p, 0 at p = y, and at least what the agent loses by the best response to p. The maximum is attained by the
        best response to 2 p - y.
        """
        slope = np.zeros(len(outcome))
        for each in self._found("tempted", context, prediction, outcome):
            slope += 2 * each
        return np.asarray(slope / self.count)

    def _found(self, question: str, context: "Context", *points: FloatArray) -> list[FloatArray]:
        """An answer of each block, in their order."""
        if self._elsewhere is None:
            found: list[FloatArray] = getattr(self._sums, question)(context, *points)
            return found
        return [each for answers in self._elsewhere.ask(question, context, *points) for each in answers]


@dataclass(frozen=True)
class SumsOf:
    """Blocks of which some may be where this is called."""

    blocks: Sequence[Pieces]

    def __call__(self, populations: Sequence[Population], first: Mapping[str, int] | None = None) -> "BlockSums":
        """The sums over the agents of populations of which the first ones have these numbers."""
        return BlockSums(blocks_here(self.blocks, populations, first))


class BlockSums:
    """Sums over blocks of agents that are here.

    Parameters
    ----------
    blocks
        Their agents.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks

    def earned(self, context: "Context", predictions: FloatArray, outcome: FloatArray) -> list[FloatArray]:
        """Utilities at the outcome of following each prediction, (P,) of each block."""
        return [_earned(block, block.candidates(context), predictions, outcome) for block in self._blocks]

    def tempted(self, context: "Context", prediction: FloatArray, outcome: FloatArray) -> list[FloatArray]:
        """The slopes of :func:`temptation` (d,) of each block."""
        return [
            temptation(block.agents.utility, block.agents.offset, block.candidates(context), prediction, outcome)
            for block in self._blocks
        ]


def _earned(block: Block, candidates: BoolArray | None, predictions: FloatArray, outcome: FloatArray) -> FloatArray:
    utility, offset = block.agents.utility, block.agents.offset
    found = np.empty(len(predictions))
    for place, prediction in enumerate(predictions):
        actions = best_responses(utility, offset, candidates, prediction[None])
        found[place] = values_of_choices(utility, offset, actions, outcome).sum()
    return found
