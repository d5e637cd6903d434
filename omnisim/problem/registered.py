"""All registered agents together, as few arrays as their shapes allow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, freeze
from omnisim.problem import elsewhere
from omnisim.problem.choices import (
    best_responses,
    slope_of_choices,
    temptation,
    tempting_choices,
    values_of_choices,
)
from omnisim.problem.elsewhere import AgentsElsewhere, Everywhere, Piece, in_blocks
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population

if TYPE_CHECKING:
    from omnisim.problem.context import Context


class RegisteredAgents:
    """Earnings of the agents of a service when they follow a forecast, and the errors of it that cost them.

    They are added up block by block. Populations of the same numbers of actions and coordinates are laid out behind
    each other in a block, as long as it is not too large: thousands of populations of one agent take as long as one of
    thousands.

    Parameters
    ----------
    populations
        Those registered with the service; at least one.
    agents
        Where they are, if they are in other processes: blocks that one of them has as a whole are added up there.

    Attributes
    ----------
    count
        How many agents there are.
    """

    def __init__(self, populations: Sequence[Population], agents: AgentsElsewhere | None = None) -> None:
        self.count = sum(population.agents for population in populations)
        self._layout, self._populations = layout(populations), {each.name: each for each in populations}
        self._sums: BlockSums | None = None
        self._elsewhere: Everywhere | None = None
        if agents is None:
            self._sums = BlockSums(self._layout, populations, dict.fromkeys(self._populations, 0))
        else:
            self._elsewhere = agents.place(SumsOf(self._layout))

    def earnings(self, context: "Context", mixture: Mixture, outcome: FloatArray) -> float:
        """The sum of all agents' utilities, in expectation over the mixture, with the candidates of the round."""
        total = 0.0
        for each in self._found("earned", context, mixture.support, outcome):
            for weight, earned in zip(mixture.weights, each, strict=True):
                total += float(weight) * float(earned.sum())
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
            assert self._sums is not None  # noqa: S101 (one or the other; this tells the type checker)
            answers = [getattr(self._sums, question)(context, *points)]
        else:
            answers = self._elsewhere.ask(question, context, *points)
        whole: dict[int, FloatArray] = {}
        parts: dict[tuple[int, int], Any] = {}
        for of_whole, of_parts in answers:
            whole |= of_whole
            parts |= of_parts
        join = _join_earned if question == "earned" else self._join_tempted
        return [
            whole[number] if number in whole else join(pieces, [parts[number, i] for i in range(len(pieces))])
            for number, pieces in enumerate(self._layout)
        ]

    def _join_tempted(self, pieces: Sequence[Piece], choices: Sequence[Any]) -> FloatArray:
        """The sum over a block whose agents are in several processes, which say what they choose."""
        utility = [self._populations[each.population].utility[each.first : each.last] for each in pieces]
        return slope_of_choices(np.concatenate(utility), np.concatenate(choices, axis=1))


def _join_earned(_: Sequence[Piece], earned: Sequence[FloatArray]) -> FloatArray:
    return np.concatenate(earned, axis=1)


def layout(populations: Sequence[Population]) -> list[tuple[Piece, ...]]:
    """The blocks of all agents: of populations of the same shape behind each other, or of a part of a large one.

    Examples
    --------
    >>> sizes = {"few": 2, "crowd": 5_000, "as few": 2}
    >>> blocks = layout([Population(name, np.zeros((agents, 1, 1))) for name, agents in sizes.items()])
    >>> [[(each.population, each.last - each.first) for each in block] for block in blocks]
    [[('few', 2)], [('crowd', 4096)], [('crowd', 904)], [('as few', 2)]]
    """
    shapes: dict[tuple[int, int], list[Population]] = {}
    for population in populations:
        shapes.setdefault((population.actions, population.dimension), []).append(population)
    found: list[tuple[Piece, ...]] = []
    for alike in shapes.values():
        together: list[Piece] = []
        for population in alike:
            own = [Piece(population.name, rows.start, rows.stop) for rows, _ in in_blocks(population)]
            size = sum(each.last - each.first for each in together)
            if together and size + population.agents > elsewhere.BLOCK:
                found.append(tuple(together))
                together = []
            if len(own) > 1:
                found += [(each,) for each in own]
            else:
                together += own
        found += [tuple(together)] if together else []
    return found


@dataclass(frozen=True)
class SumsOf:
    """Blocks of which some agents may be where this is called."""

    blocks: Sequence[tuple[Piece, ...]]

    def __call__(self, populations: Sequence[Population], first: Mapping[str, int]) -> "BlockSums":
        """The sums over the agents of populations of which the first ones have these numbers."""
        return BlockSums(self.blocks, populations, first)


class BlockSums:
    """Sums over blocks of agents that are here as a whole, and summands of agents of others.

    Parameters
    ----------
    blocks
        All there are.
    populations, first
        The agents that are here; number of the first of them in each population.
    """

    def __init__(
        self, blocks: Sequence[tuple[Piece, ...]], populations: Sequence[Population], first: Mapping[str, int]
    ) -> None:
        known = {each.name: each for each in populations}

        def found(piece: Piece) -> "_Rows | None":
            if piece.population not in known:
                return None
            start, agents = first[piece.population], known[piece.population].agents
            rows = slice(piece.first - start, piece.last - start)
            return _Rows(known[piece.population], rows) if rows.start >= 0 and rows.stop <= agents else None

        self._whole: dict[int, _Part] = {}
        self._parts: dict[tuple[int, int], _Part] = {}
        for number, block in enumerate(blocks):
            here = {i: rows for i, piece in enumerate(block) if (rows := found(piece)) is not None}
            if len(here) == len(block):
                self._whole[number] = _Part.of(list(here.values()))
            else:
                self._parts |= {(number, i): _Part.of([rows]) for i, rows in here.items()}

    def earned(self, context: "Context", predictions: FloatArray, outcome: FloatArray) -> tuple[Any, Any]:
        """Utilities at the outcome of following each prediction: (P, 1) of each block, (P, n) of agents of others."""
        return self._each(
            lambda part: np.array([[each.sum()] for each in part.earned(context, predictions, outcome)]),
            lambda part: part.earned(context, predictions, outcome),
        )

    def tempted(self, context: "Context", prediction: FloatArray, outcome: FloatArray) -> tuple[Any, Any]:
        """The slopes of :func:`temptation` (d,) of each block, and the choices (2, n) of agents of others."""
        points = prediction, outcome
        return self._each(
            lambda part: temptation(part.utility, part.offset, part.candidates(context), *points),
            lambda part: tempting_choices(part.utility, part.offset, part.candidates(context), *points),
        )

    def _each(
        self, of_whole: Callable[["_Part"], FloatArray], of_part: Callable[["_Part"], Any]
    ) -> tuple[dict[int, FloatArray], dict[tuple[int, int], Any]]:
        return (
            {number: of_whole(part) for number, part in self._whole.items()},
            {number: of_part(part) for number, part in self._parts.items()},
        )


@dataclass(frozen=True, eq=False)
class _Rows:
    """Some agents of a population."""

    population: Population
    rows: slice


@dataclass(frozen=True, eq=False)
class _Part:
    """Agents of the same shape: utilities (n, A, d) and offsets (n, A) of all."""

    agents: Sequence[_Rows]
    utility: FloatArray
    offset: FloatArray

    @classmethod
    def of(cls, agents: Sequence[_Rows]) -> "_Part":
        utility = [each.population.utility[each.rows] for each in agents]
        offset = [each.population.offset[each.rows] for each in agents]
        if len(agents) == 1:
            return cls(agents, utility[0], offset[0])
        return cls(agents, freeze(np.concatenate(utility)), freeze(np.concatenate(offset)))

    def candidates(self, context: "Context") -> BoolArray | None:
        """Candidate sets of all agents (n, A), or None where nobody's are known."""
        known = [context.candidates.get(each.population.name) for each in self.agents]
        if all(found is None for found in known):
            return None
        every = [
            np.ones((each.rows.stop - each.rows.start, self.offset.shape[1]), dtype=np.bool_)
            if found is None
            else found[each.rows]
            for found, each in zip(known, self.agents, strict=True)
        ]
        return every[0] if len(every) == 1 else np.concatenate(every)

    def earned(self, context: "Context", predictions: FloatArray, outcome: FloatArray) -> FloatArray:
        """Utility of each agent at the outcome when it follows each prediction, (P, n)."""
        allowed = self.candidates(context)
        found = np.empty((len(predictions), len(self.offset)))
        for place, prediction in enumerate(predictions):
            actions = best_responses(self.utility, self.offset, allowed, prediction[None])
            found[place] = values_of_choices(self.utility, self.offset, actions, outcome)
        return found
