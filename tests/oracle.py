"""Agents replayed by hand: the rules and measures of the theory as plain loops over lists.

Nothing here calls omnisim. Each function is one sentence of the theory, written for reading, so that the
vectorized code has something independent to agree with.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Cost = Callable[[int, int, Sequence[float]], float]
"""Maps agent, action and outcome to a cost."""

BEST_RESPONSE = "best response"
FIRST_VIOLATION = "first violation"
SUBSEQUENCE_FIRST_VIOLATION = "subsequence first violation"
CUMULATIVE_THRESHOLD = "cumulative threshold"
SUBSEQUENCE_THRESHOLD = "subsequence threshold"

PER_SUBSEQUENCE = (SUBSEQUENCE_FIRST_VIOLATION, SUBSEQUENCE_THRESHOLD)
COMPETE_IN_EXPECTATION = (CUMULATIVE_THRESHOLD, SUBSEQUENCE_THRESHOLD)

Law = Sequence[tuple[float, Sequence[float]]]
"""Pairs of a probability and an outcome."""


@dataclass(frozen=True)
class Agents:
    """Slopes utility[n][a][i], offsets offset[n][a], and one cost function for each constraint."""

    utility: Sequence[Sequence[Sequence[float]]]
    offset: Sequence[Sequence[float]]
    costs: Sequence[Cost]

    def __len__(self) -> int:
        return len(self.offset)

    @property
    def actions(self) -> int:
        return len(self.offset[0])

    def earns(self, n: int, a: int, y: Sequence[float]) -> float:
        return sum(slope * value for slope, value in zip(self.utility[n][a], y, strict=True)) + self.offset[n][a]

    def violates(self, n: int, a: int, y: Sequence[float]) -> bool:
        return any(cost(n, a, y) > 0 for cost in self.costs)

    def lipschitz(self, n: int) -> float:
        return max(sum(abs(slope) for slope in slopes) for slopes in self.utility[n])


@dataclass(frozen=True)
class Replayed:
    """candidates[t][n] is the set before the fallback; eliminated_at[n][a][k] is T for what stayed."""

    actions: list[list[int]]
    fallback: list[list[bool]]
    candidates: list[list[set[int]]]
    eliminated_at: list[list[list[int]]]


def replay(
    agents: Agents,
    outcomes: Sequence[Sequence[float]],
    predictions: Sequence[Sequence[float]],
    active: Sequence[Sequence[bool]],
    rule: str,
    feedback: str = "full",
    gamma: float = 0.0,
) -> Replayed:
    rounds, subsequences = len(outcomes), len(active[0])
    sets = subsequences if rule in PER_SUBSEQUENCE else 1
    alive = [[set(range(agents.actions)) for _ in range(sets)] for _ in range(len(agents))]
    eliminated_at = [[[rounds] * sets for _ in range(agents.actions)] for _ in range(len(agents))]
    total = [[[0.0] * len(agents.costs) for _ in range(agents.actions)] for _ in range(len(agents))]
    # V[n, a, k, s, j]: costs of a over rounds of s for which k was responsible.
    attributed: defaultdict[tuple[int, int, int, int, int], float] = defaultdict(float)
    actions, fallback, candidates = [], [], []
    for t in range(rounds):
        together = [k for k in range(subsequences) if active[t][k]]
        now = together if rule in PER_SUBSEQUENCE else [0]
        actions.append([])
        fallback.append([])
        candidates.append([])
        for n in range(len(agents)):
            considered = set.union(*(alive[n][k] for k in now))
            candidates[t].append(considered)
            fallback[t].append(not considered)
            if considered:
                best = max(agents.earns(n, a, predictions[t]) for a in considered)
                played = min(a for a in considered if agents.earns(n, a, predictions[t]) == best)
            else:
                least = min(max(total[n][a]) for a in range(agents.actions))
                played = min(a for a in range(agents.actions) if max(total[n][a]) == least)
            actions[t].append(played)
            seen = range(agents.actions) if feedback == "full" else [played]
            leaving = []  # pairs of an action and a set
            for a in seen:
                for j, cost in enumerate(agents.costs):
                    total[n][a][j] += cost(n, a, outcomes[t])
                if rule in (FIRST_VIOLATION, SUBSEQUENCE_FIRST_VIOLATION) and agents.violates(n, a, outcomes[t]):
                    leaving += [(a, k) for k in now]
                if rule == CUMULATIVE_THRESHOLD and any(v > gamma for v in total[n][a]):
                    leaving.append((a, 0))
            if rule == SUBSEQUENCE_THRESHOLD and considered:
                responsible = min(k for k in now if played in alive[n][k])
                for s in together:
                    for j, cost in enumerate(agents.costs):
                        attributed[n, played, responsible, s, j] += cost(n, played, outcomes[t])
                        if attributed[n, played, responsible, s, j] > gamma:
                            leaving.append((played, responsible))
            for a, k in leaving:
                if a in alive[n][k]:
                    alive[n][k].remove(a)
                    eliminated_at[n][a][k] = t
    return Replayed(actions, fallback, candidates, eliminated_at)


def benchmark(agents: Agents, n: int, outcomes: Sequence[Sequence[float]], members: Sequence[int]) -> list[int]:
    """B(S): the actions that violate no constraint in any round of S."""
    return [a for a in range(agents.actions) if not any(agents.violates(n, a, outcomes[t]) for t in members)]


def expected_benchmark(agents: Agents, n: int, laws: Sequence[Law], members: Sequence[int]) -> list[int]:
    """BE(S): the actions whose expected costs are <= 0 in every round of S."""
    return [
        a
        for a in range(agents.actions)
        if not any(
            sum(probability * cost(n, a, y) for probability, y in laws[t]) > 0 for t in members for cost in agents.costs
        )
    ]


def biases(
    agents: Agents,
    n: int,
    outcomes: Sequence[Sequence[float]],
    predictions: Sequence[Sequence[float]],
    replayed: Replayed,
    members: Sequence[int],
) -> list[float]:
    """For each action: the largest coordinate of the summed error of prediction where it was played."""
    found = []
    for a in range(agents.actions):
        played = [t for t in members if replayed.actions[t][n] == a]
        found.append(max(abs(sum(predictions[t][i] - outcomes[t][i] for t in played)) for i in range(len(outcomes[0]))))
    return found


def measures(
    agents: Agents,
    n: int,
    outcomes: Sequence[Sequence[float]],
    predictions: Sequence[Sequence[float]],
    active: Sequence[Sequence[bool]],
    replayed: Replayed,
    k: int,
    allowed: Sequence[int],
) -> dict[str, float]:
    """Every measure of agent n on subsequence k against the allowed actions, by the columns of the analysis."""
    rounds = len(outcomes)
    members = [t for t in range(rounds) if active[t][k]]
    actions = [replayed.actions[t][n] for t in range(rounds)]
    external = swap = math.nan
    if allowed:
        external = max(
            sum(agents.earns(n, b, outcomes[t]) - agents.earns(n, actions[t], outcomes[t]) for t in members)
            for b in allowed
        )
        swap = 0.0
        for a in {actions[t] for t in members}:
            swap += max(
                sum(
                    agents.earns(n, b, outcomes[t]) - agents.earns(n, a, outcomes[t])
                    for t in members
                    if actions[t] == a
                )
                for b in allowed
            )
    paid = [[cost(n, actions[t], outcomes[t]) for t in members] for cost in agents.costs]
    left = replayed.eliminated_at[n]
    own = k if len(left[0]) > 1 else 0
    return {
        "rounds": len(members),
        "utility": sum(agents.earns(n, actions[t], outcomes[t]) for t in members),
        "external_regret": external,
        "swap_regret": swap,
        "benchmark_size": len(allowed),
        "ccv": max((sum(costs) for costs in paid), default=0.0),
        "ccv_positive": max((sum(max(0.0, c) for c in costs) for costs in paid), default=0.0),
        "bias": max(biases(agents, n, outcomes, predictions, replayed, members)),
        "eliminated": sum(left[a][own] < rounds for a in range(agents.actions)),
        "fallback_rounds": sum(replayed.fallback[t][n] for t in members),
    }
