"""Instances, outcome sequences and a hand-driven loop for the tests of learners."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import omnisim
from omnisim.learners import Learner

Opponent = Callable[[int, np.ndarray], np.ndarray]
"""From the round and the learners' distributions (N, A) to the outcome (d,)."""


@dataclass(frozen=True)
class Driven:
    """Distributions (T, N, A), utilities (T, N, A) and costs (T, N, A, J) of all actions."""

    weights: np.ndarray
    utilities: np.ndarray
    costs: np.ndarray

    def external_regret(self, t: int) -> np.ndarray:
        """Against the best fixed action after t rounds, (N,)."""
        earned = np.einsum("tna,tna->n", self.weights[:t], self.utilities[:t])
        return self.utilities[:t].sum(axis=0).max(axis=1) - earned

    def swap_regret(self, t: int) -> np.ndarray:
        """Sum over a of the most that playing b in place of a would have earned more, (N,)."""
        pairs = np.einsum("tna,tnb->nab", self.weights[:t], self.utilities[:t])
        return (pairs.max(axis=2) - np.diagonal(pairs, axis1=1, axis2=2)).sum(axis=1)

    def expected_costs(self, t: int) -> np.ndarray:
        """c_j . x in each of the first t rounds, (t, N, J)."""
        return np.einsum("tna,tnaj->tnj", self.weights[:t], self.costs[:t])


def drive(learner: Learner, population: omnisim.Population, opponent: Opponent, rounds: int) -> Driven:
    """Play the learner by hand against outcomes that may depend on its distributions."""
    learner.start(population, np.ones((rounds, 1), dtype=bool), np.random.default_rng(0))
    agents, actions, constraints = population.agents, population.actions, len(population.constraints)
    weights, utilities = np.empty((2, rounds, agents, actions))
    costs = np.empty((rounds, agents, actions, constraints))
    for t in range(rounds):
        weights[t] = learner.weights
        outcome = opponent(t, learner.weights)
        utilities[t], costs[t] = population.utilities(outcome), population.costs(outcome)
        learner.settle(np.zeros(agents, dtype=np.int64), outcome, costs[t], np.ones(1, dtype=bool))
    return Driven(weights, utilities, costs)


def experts(agents: int, actions: int) -> omnisim.Population:
    """Action a earns y_a."""
    return omnisim.Population("experts", np.tile(np.eye(actions), (agents, 1, 1)))


def constrained(agents: int, actions: int, constraints: int, dimension: int, seed: int) -> omnisim.Population:
    """Random utilities and costs; the last action never violates, and the first earns most and often does."""
    rng = np.random.default_rng(seed)
    utility = rng.uniform(-0.5, 0.5, (agents, actions, dimension)) / dimension
    bonus = np.linspace(0.25, -0.25, actions)
    limits = []
    for _ in range(constraints):
        slope = rng.uniform(-1, 1, (agents, actions, dimension)) / dimension
        offset = rng.uniform(-0.3, 0.1, (agents, actions)) - slope.sum(axis=2) / 2
        offset[:, 0] += 0.2
        offset[:, -1] = -np.maximum(slope[:, -1], 0).sum(axis=1)
        highest = offset + np.maximum(slope, 0).sum(axis=2)
        lowest = offset + np.minimum(slope, 0).sum(axis=2)
        scale = np.maximum(1, np.maximum(highest, -lowest))
        limits.append(omnisim.LinearConstraint(slope / scale[:, :, None], offset / scale))
    return omnisim.Population("agents", utility, 0.5 - utility.sum(axis=2) / 2 + bonus, limits)


def at_random(dimension: int, seed: int) -> Opponent:
    """Independent corners of the cube."""
    rng = np.random.default_rng(seed)
    return lambda _t, _weights: rng.integers(0, 2, dimension).astype(float)


def in_phases(dimension: int, rounds: int, seed: int) -> Opponent:
    """Corners that stay for an eighth of the run."""
    corners = np.random.default_rng(seed).integers(0, 2, (8, dimension)).astype(float)
    return lambda t, _weights: corners[min(7, 8 * t // rounds)]


def spiteful(dimension: int) -> Opponent:
    """Pays what the first agent plays least, for as many actions as there are coordinates."""

    def outcome(_t: int, weights: np.ndarray) -> np.ndarray:
        paid = np.zeros(dimension)
        paid[weights[0, :dimension].argmin()] = 1.0
        return paid

    return outcome


def opponents(dimension: int, rounds: int) -> dict[str, Opponent]:
    """All of the above."""
    return {
        "random": at_random(dimension, seed=1),
        "phases": in_phases(dimension, rounds, seed=2),
        "spiteful": spiteful(dimension),
    }
