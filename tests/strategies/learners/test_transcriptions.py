"""Each learner beside its definition written as plain loops for one agent."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from strategies.learners.driving import at_random, constrained, drive

from omnisim.learners import BlumMansour, DriftPlusPenalty, Hedge, Learner, SinhaVaze

T, N, A, J, D = 60, 3, 4, 2, 3

Rows = Sequence[Sequence[float]]
Transcription = Callable[[list[list[float]], list[list[list[float]]]], list[list[float]]]
"""From the utilities [t][a] and the costs [t][a][j] of one agent to its distributions [t][a]."""


def normalized(weights: Sequence[float]) -> list[float]:
    return [w / sum(weights) for w in weights]


def projected(point: Sequence[float]) -> list[float]:
    """On the simplex, by bisection on the threshold."""
    low, high = min(point) - 1, max(point)
    for _ in range(200):
        middle = (low + high) / 2
        if sum(max(0.0, x - middle) for x in point) > 1:
            low = middle
        else:
            high = middle
    return [max(0.0, x - high) for x in point]


def hedge(eta_of: Callable[[int], float]) -> Transcription:
    def play(utilities: Rows, costs: object) -> list[list[float]]:
        played = []
        for t in range(1, T + 1):
            earned = [sum(utilities[s][a] for s in range(t - 1)) for a in range(A)]
            played.append(normalized([math.exp(eta_of(t) * e) for e in earned]))
        return played

    return play


def blum_mansour(eta_of: Callable[[int], float]) -> Transcription:
    def play(utilities: Rows, costs: object) -> list[list[float]]:
        earned = [[0.0] * A for _ in range(A)]
        played: list[list[float]] = []
        for t in range(1, T + 1):
            chain = [normalized([math.exp(eta_of(t) * e) for e in earned[i]]) for i in range(A)]
            p = [1 / A] * A
            for _ in range(5000):
                before, p = p, [sum(p[i] * chain[i][a] for i in range(A)) for a in range(A)]
                if p == before:  # to the last bit, so it would stay there
                    break
            played.append(p)
            for i in range(A):
                for a in range(A):
                    earned[i][a] += p[i] * utilities[t - 1][a]
        return played

    return play


def sinha_vaze(utilities: Rows, costs: Sequence[Rows]) -> list[list[float]]:
    beta, lam = 1 / (2 * math.sqrt(A) * math.sqrt(2)), 1 / (2 * math.sqrt(T))
    x, queue, squares, played = [1 / A] * A, 0.0, 0.0, []
    for t in range(T):
        played.append(x)
        violations = [sum(costs[t][a][j] * x[a] for a in range(A)) for j in range(J)]
        j = violations.index(max(violations))
        queue += beta * max(0.0, violations[j])
        slope = lam * math.exp(lam * queue)
        gradient = [
            beta * -utilities[t][a] + slope * beta * (costs[t][a][j] if violations[j] > 0 else 0.0) for a in range(A)
        ]
        squares += sum(g * g for g in gradient)
        step = math.sqrt(2) * math.sqrt(2) / (2 * math.sqrt(squares))
        x = projected([x[a] - step * gradient[a] for a in range(A)])
    return played


def drift_plus_penalty(utilities: Rows, costs: Sequence[Rows]) -> list[list[float]]:
    x, queue, played = [1 / A] * A, [0.0] * J, []
    for t in range(T):
        played.append(x)
        gradient = [
            -math.sqrt(T) * utilities[t][a] + sum(queue[j] * costs[t][a][j] for j in range(J)) for a in range(A)
        ]
        following = projected([x[a] - gradient[a] / (2 * T) for a in range(A)])
        for j in range(J):
            now = sum(costs[t][a][j] * x[a] for a in range(A))
            move = sum(costs[t][a][j] * (following[a] - x[a]) for a in range(A))
            queue[j] = max(0.0, queue[j] + now + move)
        x = following
    return played


CASES: dict[str, tuple[Learner, Transcription]] = {
    "hedge, tuned": (Hedge(), hedge(lambda t: math.sqrt(8 * math.log(A) / T))),
    "hedge, anytime": (Hedge("anytime"), hedge(lambda t: 2 * math.sqrt(math.log(A) / t))),
    "hedge, number": (Hedge(0.3), hedge(lambda t: 0.3)),
    "blum-mansour, tuned": (BlumMansour(), blum_mansour(lambda t: math.sqrt(8 * A * math.log(A) / T))),
    "blum-mansour, anytime": (
        BlumMansour("anytime"),
        blum_mansour(lambda t: 2 * math.sqrt(A * math.log(A) / t)),
    ),
    "sinha-vaze": (SinhaVaze(), sinha_vaze),
    "drift plus penalty": (DriftPlusPenalty(), drift_plus_penalty),
}


@pytest.mark.parametrize("name", CASES)
def test_the_vectorized_learner_does_what_the_loops_do(name: str) -> None:
    learner, transcription = CASES[name]
    driven = drive(learner, constrained(N, A, J, D, seed=9), at_random(D, seed=10), T)
    for n in range(N):
        expected = transcription(driven.utilities[:, n].tolist(), driven.costs[:, n].tolist())
        np.testing.assert_allclose(driven.weights[:, n], expected, atol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_agents_do_not_disturb_one_another(name: str) -> None:
    learner, _ = CASES[name]
    together = drive(learner, constrained(N, A, J, D, seed=9), at_random(D, seed=10), T)
    assert np.abs(np.diff(together.weights, axis=1)).max() > 0.01
    again = drive(learner, constrained(N, A, J, D, seed=9), at_random(D, seed=10), T)
    np.testing.assert_array_equal(together.weights, again.weights)
