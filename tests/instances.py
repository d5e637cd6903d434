"""Random small instances for property tests, as omnisim objects and as the plain lists of the oracle.

All numbers are multiples of 1/8: ties and costs of exactly 0 are common, and sums are exact in floating point.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import oracle
from hypothesis import strategies as st

import omnisim
from omnisim.problem.context import Context, History
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.elimination import (
    BestResponse,
    CumulativeThreshold,
    FirstViolation,
    SubsequenceFirstViolation,
    SubsequenceThreshold,
)
from omnisim.strategies.elimination.base import Elimination
from omnisim.strategies.forecasters.base import Forecaster

GRID = 8

GAMMA = 0.5

RULES: dict[str, tuple[Callable[[], Elimination], tuple[str, str, float]]] = {
    "best response": (BestResponse, (oracle.BEST_RESPONSE, "full", 0)),
    "first violation, full": (FirstViolation, (oracle.FIRST_VIOLATION, "full", 0)),
    "first violation, played": (partial(FirstViolation, "played"), (oracle.FIRST_VIOLATION, "played", 0)),
    "subsequence first violation, full": (
        SubsequenceFirstViolation,
        (oracle.SUBSEQUENCE_FIRST_VIOLATION, "full", 0),
    ),
    "subsequence first violation, played": (
        partial(SubsequenceFirstViolation, "played"),
        (oracle.SUBSEQUENCE_FIRST_VIOLATION, "played", 0),
    ),
    "cumulative threshold": (
        partial(CumulativeThreshold, GAMMA),
        (oracle.CUMULATIVE_THRESHOLD, "played", GAMMA),
    ),
    "subsequence threshold": (
        partial(SubsequenceThreshold, GAMMA),
        (oracle.SUBSEQUENCE_THRESHOLD, "played", GAMMA),
    ),
}
"""A name for each rule: how to make it, and what the oracle calls it, with feedback and threshold."""


@dataclass(frozen=True)
class Instance:
    """A population with outcomes (T, d), predictions (T, d) and subsequences (T, L), in both forms."""

    population: omnisim.Population
    agents: oracle.Agents
    outcomes: np.ndarray
    predictions: np.ndarray
    active: np.ndarray
    seed: int

    @property
    def rounds(self) -> int:
        return len(self.outcomes)

    @property
    def subsequences(self) -> dict[str, np.ndarray]:
        return {f"part {k}": self.active[:, k] for k in range(self.active.shape[1])}

    def scenario(
        self, rule: str, adversary: Adversary | None = None, forecaster: Forecaster | None = None
    ) -> omnisim.Scenario:
        return omnisim.Scenario(
            populations=[self.population],
            adversary=adversary or omnisim.adversaries.Replay(self.outcomes),
            forecaster=forecaster or omnisim.forecasters.Published(self.predictions),
            elimination=RULES[rule][0](),
            subsequences=self.subsequences,
            rounds=self.rounds,
        )


@dataclass
class PlainConstraint:
    """A cost function of one agent, action and outcome, as omnisim wants it."""

    cost: oracle.Cost
    agents: int
    actions: int
    name: str = field(default="plain", kw_only=True)

    def costs(self, outcomes: np.ndarray) -> np.ndarray:
        return np.array(
            [[[self.cost(n, a, y) for a in range(self.actions)] for n in range(self.agents)] for y in outcomes.tolist()]
        )


@st.composite
def instances(draw: st.DrawFn, rounds: int = 12, constraints: int = 3) -> Instance:
    """Up to ``rounds`` rounds, 3 agents, 4 actions, ``constraints`` constraints, 3 coordinates, 3 subsequences.

    Sizes are drawn, and shrunk, by hypothesis. The numbers come from a seed that it draws: drawn one by one
    they would mostly be 0.
    """
    largest = {"T": rounds, "N": 3, "A": 4, "d": 3, "L": 3}
    T, N, A, d, L = (draw(st.sampled_from(range(1, most + 1)), label=name) for name, most in largest.items())
    J = draw(st.sampled_from(range(constraints + 1)), label="J")
    seed = draw(st.integers(0, 2**32 - 1), label="seed")
    rng = np.random.default_rng(seed)
    utility, offset = _affine(rng, (N, A, d), slope=2, low=0, high=GRID)
    described = [_constraint(rng, N, A, d) for _ in range(J)]
    active = rng.random((T, L)) < rng.random(L)
    for k in range(L):
        active[k % T, k] |= not active[:, k].any()
    active[~active.any(axis=1), 0] = True
    return Instance(
        omnisim.Population("agents", utility, offset, [constraint for constraint, _ in described]),
        oracle.Agents(utility.tolist(), offset.tolist(), [cost for _, cost in described]),
        rng.integers(0, GRID + 1, (T, d)) / GRID,
        rng.integers(0, GRID + 1, (T, d)) / GRID,
        active,
        seed,
    )


def _affine(
    rng: np.random.Generator, shape: tuple[int, int, int], slope: int, low: int, high: int, safe: float = 0
) -> tuple[np.ndarray, np.ndarray]:
    # Slopes within +-slope, and an offset that keeps the values in [low, high]; all in units of 1/8. A share
    # ``safe`` of the offsets is at the lower end, where hardly any outcome makes the value positive.
    slopes = rng.integers(-slope, slope + 1, shape)
    least, most = np.minimum(slopes, 0).sum(axis=2), np.maximum(slopes, 0).sum(axis=2)
    slack = rng.integers(0, high - low - (most - least) + 1)
    slack[rng.random(slack.shape) < safe] = 0
    return slopes / GRID, (low - least + slack) / GRID


def _constraint(
    rng: np.random.Generator, N: int, A: int, d: int
) -> tuple[omnisim.LinearConstraint | PlainConstraint, oracle.Cost]:
    slopes, offsets = _affine(rng, (N, A, d), slope=4, low=-GRID, high=GRID, safe=rng.choice([0, 0.5, 0.8]))
    slope, offset = slopes.tolist(), offsets.tolist()
    level = np.clip(offsets, -1, 1).tolist()
    threshold = (rng.integers(0, d * GRID + 1, (N, A)) / GRID).tolist()

    def affine(n: int, a: int, y: Sequence[float]) -> float:
        return sum(v * x for v, x in zip(slope[n][a], y, strict=True)) + offset[n][a]

    def jump(n: int, a: int, y: Sequence[float]) -> float:
        return level[n][a] if sum(y) > threshold[n][a] else min(level[n][a], 0.0)

    if rng.random() < 0.5:
        return omnisim.LinearConstraint(slopes, offsets), affine
    return PlainConstraint(jump, N, A), jump


class Restless(Forecaster):
    """Random mixtures of up to three grid points, whatever happens."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def _start(self) -> None:
        self._rng = np.random.default_rng(self.seed)

    def _predict(self, context: Context) -> omnisim.Mixture:
        points = int(self._rng.integers(1, 4))
        support = self._rng.integers(0, GRID + 1, size=(points, self.service.dimension)) / GRID
        return omnisim.Mixture(support, np.full(points, 1 / points))


class Contrary(Adversary):
    """Reads the mixture and plays the corner farthest from its mean."""

    oblivious = False

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension

    @property
    def dimension(self) -> int:
        return self._dimension

    def _law(self, context: Context, mixture: omnisim.Mixture | None, history: History | None) -> np.ndarray:
        assert mixture is not None
        return np.where(mixture.mean > 0.5, 0.0, 1.0)


class Fickle(Adversary):
    """A random law on the grid in every round."""

    WEIGHTS = (0.25, 0.25, 0.5)

    def __init__(self, dimension: int, rounds: int, seed: int) -> None:
        self._dimension, self.horizon = dimension, rounds
        shape = (rounds, len(self.WEIGHTS), dimension)
        self.support = np.random.default_rng(seed).integers(0, GRID + 1, shape) / GRID

    @property
    def dimension(self) -> int:
        return self._dimension

    def _law(self, context: Context, mixture: omnisim.Mixture | None, history: History | None) -> omnisim.Mixture:
        return omnisim.Mixture(self.support[context.round], self.WEIGHTS)


@dataclass(frozen=True)
class Run:
    """A run, and its agents replayed by hand on what was predicted and what happened in it."""

    instance: Instance
    rule: str
    trace: omnisim.Trace
    laws: Sequence[oracle.Law] | None = None
    """Of every round, where they are known."""

    @cached_property
    def outcomes(self) -> list[list[float]]:
        return self.trace.outcomes.tolist()

    @cached_property
    def predictions(self) -> list[list[float]]:
        return self.trace.predictions.tolist()

    @cached_property
    def active(self) -> list[list[bool]]:
        return self.instance.active.tolist()

    @cached_property
    def replayed(self) -> oracle.Replayed:
        described = RULES[self.rule][1]
        return oracle.replay(self.instance.agents, self.outcomes, self.predictions, self.active, *described)

    @property
    def agents(self) -> range:
        return range(len(self.instance.agents))

    @property
    def actions(self) -> int:
        return self.instance.agents.actions

    @property
    def parts(self) -> range:
        return range(self.instance.active.shape[1])

    @property
    def expected(self) -> bool:
        """Whether the agents are measured against BE."""
        return RULES[self.rule][1][0] in oracle.COMPETE_IN_EXPECTATION and self.laws is not None

    def members(self, k: int | None, end: int | None = None) -> list[int]:
        """The rounds of subsequence k, or all; those before ``end``."""
        return [t for t in range(self.instance.rounds)[:end] if k is None or self.active[t][k]]

    def benchmark(self, n: int, k: int | None, end: int | None = None) -> list[int]:
        if self.expected:
            assert self.laws is not None
            return oracle.expected_benchmark(self.instance.agents, n, self.laws, self.members(k, end))
        return oracle.benchmark(self.instance.agents, n, self.outcomes, self.members(k, end))

    def violation(self, n: int, k: int | None, least: float = -np.inf) -> float:
        """CCV of agent n on subsequence k, or on all rounds, counting costs as at least ``least``."""
        played = [(t, self.replayed.actions[t][n]) for t in self.members(k)]
        costs = self.instance.agents.costs
        return max((sum(max(least, cost(n, a, self.outcomes[t])) for t, a in played) for cost in costs), default=0.0)

    def positive(self, n: int, k: int | None) -> float:
        """CCV+."""
        return self.violation(n, k, least=0.0)

    def measured(self, n: int, k: int, end: int | None = None) -> dict[str, float]:
        """The measures after the rounds before ``end``."""
        return oracle.measures(
            self.instance.agents,
            n,
            self.outcomes[:end],
            self.predictions[:end],
            self.active[:end],
            self.replayed,
            k,
            self.benchmark(n, k, end),
        )

    def regret_bound(self, n: int, k: int) -> float:
        """2 L times the sum of the biases."""
        agents, members = self.instance.agents, self.members(k)
        biases = oracle.biases(agents, n, self.outcomes, self.predictions, self.replayed, members)
        return 2 * agents.lipschitz(n) * sum(biases)

    def kept(self, n: int, k: int) -> bool:
        """Whether the benchmark is not empty and could be played in every round of subsequence k."""
        allowed = set(self.benchmark(n, k))
        return bool(allowed) and all(allowed <= self.replayed.candidates[t][n] for t in self.members(k))

    def fell_back(self, n: int) -> bool:
        return any(row[n] for row in self.replayed.fallback)


@st.composite
def runs(draw: st.DrawFn, *rules: str) -> Run:
    """Runs against replayed, random and contrary outcomes, with published and with random predictions."""
    instance = draw(instances())
    rule = draw(st.sampled_from(rules))
    d, T = instance.population.dimension, instance.rounds
    adversary = draw(st.sampled_from([None, Contrary(d), Fickle(d, T, instance.seed)]))
    forecaster = draw(st.sampled_from([None, Restless(instance.seed)]))
    trace = omnisim.simulate(instance.scenario(rule, adversary, forecaster), seed=instance.seed)
    laws: Sequence[oracle.Law] | None = None
    if isinstance(adversary, Contrary):
        laws = [[(1.0, y)] for y in trace.outcomes.tolist()]
    if isinstance(adversary, Fickle):
        laws = [list(zip(Fickle.WEIGHTS, support, strict=True)) for support in adversary.support.tolist()]
    return Run(instance, rule, trace, laws)
