"""Random contexts, outcomes, populations and subsequences for strategies to be tried in."""

from collections.abc import Mapping, Sequence

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.context import Context, Past
from omnisim.problem.population import Population
from omnisim.refusing import MOST_COUNTED, whole
from omnisim.strategies.adversaries import Independent
from omnisim.streams import stream

SUBSEQUENCES = 3
"""Number of subsequences in the contexts."""

SITUATIONS: Mapping[str, frozenset[str]] = {
    "bare context": frozenset(),
    "dates, features and forecasts": frozenset({"calendar"}),
    "past": frozenset({"past"}),
    "registered populations": frozenset({"populations"}),
    "everything": frozenset({"calendar", "past", "populations"}),
}
"""Knowledge in each situation, beside the round and its subsequences."""

_HISTORY = 40


class TestWorld:
    """Random contexts, populations and outcomes."""

    __test__ = False  # for pytest, which collects classes of such names

    def __init__(
        self, dimension: int, rounds: int, features: Sequence[str], forecasts: Sequence[str], extras: frozenset[str]
    ) -> None:
        whole("dimension of a check", dimension, 1, MOST_COUNTED, StrategyError)
        rng = stream(0, "surroundings")
        active = random_activity(rng, rounds, SUBSEQUENCES)
        total = _HISTORY + rounds
        calendar = "calendar" in extras
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(features, (1,))
        if calendar:
            shapes |= {"temperature": (1,), "load": (24,)}
        known = {name: rng.random((total, *shape)) for name, shape in shapes.items()}
        models = [*forecasts, *(["model"] if calendar else [])]
        published = {name: rng.random((total, dimension)) for name in models}
        first = np.datetime64("2024-02-01")
        dates = first + np.arange(total).astype("timedelta64[D]") if calendar else None
        corners = np.stack([np.zeros(dimension), np.ones(dimension)])
        self.market = Independent(np.concatenate([corners, rng.random((3, dimension))]))
        law = self.market.law(Context(round=0), None, None)
        outcomes = np.stack([law.sample(rng) for _ in range(total)])
        self.outcomes = outcomes[_HISTORY:]
        self.past = None
        if "past" in extras:
            self.past = Past(
                outcomes[:_HISTORY],
                None if dates is None else dates[:_HISTORY],
                {name: values[:_HISTORY] for name, values in known.items()},
                {name: values[:_HISTORY] for name, values in published.items()},
            )
        self.populations: list[Population] = []
        if "populations" in extras:
            self.populations = [
                random_population(rng, name, n, a, dimension) for name, n, a in (("p", 3, 4), ("q", 2, 2))
            ]
        self.contexts = [
            Context(
                t,
                active[t],
                None if dates is None else dates[_HISTORY + t],
                {name: values[_HISTORY + t] for name, values in known.items()},
                {name: values[_HISTORY + t] for name, values in published.items()},
                {p.name: _at_least_one(rng.random((p.agents, p.actions)) < 0.6) for p in self.populations},
            )
            for t in range(rounds)
        ]


def random_population(
    rng: np.random.Generator, name: str, agents: int, actions: int, dimension: int, constraints: int = 0
) -> Population:
    """A population of random slopes that pays for its load; the costs of its constraints are not to be asked for."""
    utility = rng.uniform(-0.5, 0.5, (agents, actions, dimension)) / dimension
    return Population(
        name,
        utility,
        np.full((agents, actions), 0.5),
        [_Given((agents, actions)) for _ in range(constraints)],
        load=-utility,
    )


class _Given:
    """Stands for a constraint whose costs the play makes up."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape

    def costs(self, outcomes: FloatArray) -> FloatArray:
        return np.zeros((len(outcomes), *self.shape))


def random_activity(rng: np.random.Generator, rounds: int, subsequences: int) -> BoolArray:
    """Random subsequences (T, L) that cover all rounds; in round 0 all are active."""
    whole("rounds of a check", rounds, 1, MOST_COUNTED, StrategyError)
    active = rng.random((rounds, subsequences)) < 0.5
    active[:, 0] |= ~active.any(axis=1)
    active[0] = True
    return active


def _at_least_one(candidates: BoolArray) -> BoolArray:
    candidates[:, 0] |= ~candidates.any(axis=1)
    return candidates
