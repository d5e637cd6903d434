"""Elimination driven by hand: bad parameters, and the action of last resort."""

from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.errors import EmptyCandidatesError, StrategyError
from omnisim.strategies.elimination import (
    BestResponse,
    CumulativeThreshold,
    FirstViolation,
    PerSubsequenceThreshold,
    SubsequenceFirstViolation,
    SubsequenceThreshold,
)
from omnisim.strategies.elimination.base import Elimination

ALWAYS = np.array([True])


def started(rule: Elimination, constraints: int = 2, rounds: int = 9) -> Elimination:
    """One agent with three actions."""
    limit = omnisim.LinearConstraint(np.zeros((1, 3, 1)))
    population = omnisim.Population("p", np.full((1, 3, 1), 0.5), constraints=[limit] * constraints)
    rule.start(population, np.ones((rounds, 1), dtype=bool))
    return rule


def play(rule: Elimination, action: int, costs: Any) -> None:
    rule.update(np.array([action]), np.array([costs]), ALWAYS)


def test_the_fallback_has_the_smallest_worst_violation() -> None:
    rule = started(FirstViolation())
    play(rule, 0, [[0.5, -0.5], [0.25, 0.25], [0.125, 0.75]])
    candidates, fallback = rule.playable(ALWAYS)
    assert fallback.tolist() == [True]
    assert candidates.tolist() == [[False, True, False]]
    play(rule, 1, [[-0.5, 0.5], [0.25, 0.25], [-0.5, -0.5]])  # sums (0, 0), (.5, .5), (-.375, .25)
    assert rule.playable(ALWAYS)[0].tolist() == [[True, False, False]]


def test_with_played_feedback_only_played_actions_have_violated() -> None:
    rule = started(FirstViolation("played"))
    for action, cost in ((0, 0.5), (1, 0.25), (2, 0.25)):
        assert not rule.playable(ALWAYS)[1].any()
        play(rule, action, [[cost, cost]] * 3)
    assert rule.playable(ALWAYS)[0].tolist() == [[False, True, False]]


def test_a_cost_of_zero_is_no_violation() -> None:
    for rule in (FirstViolation(), SubsequenceFirstViolation()):
        play(started(rule), 0, np.zeros((3, 2)))
        assert rule.candidates(ALWAYS).all()
        play(rule, 0, np.full((3, 2), 1e-16))  # rounding of an action that is exactly feasible
        assert rule.candidates(ALWAYS).all()
        play(rule, 0, np.full((3, 2), 1e-6))
        assert not rule.candidates(ALWAYS).any()


def test_a_threshold_may_be_reached_but_not_passed() -> None:
    for rule in (CumulativeThreshold(0.5), SubsequenceThreshold(0.5)):
        started(rule)
        for _ in range(2):
            play(rule, 1, np.full((3, 2), 0.25))
        assert rule.candidates(ALWAYS).tolist() == [[True, True, True]]
        play(rule, 1, np.full((3, 2), 0.25))
        assert rule.candidates(ALWAYS).tolist() == [[True, False, True]]
        assert rule.eliminated_at[0, :, 0].tolist() == [9, 2, 9]


def test_an_agent_with_nothing_left_may_stop_the_run() -> None:
    rule = started(FirstViolation(on_empty="error"))
    play(rule, 0, np.full((3, 2), 0.5))
    with pytest.raises(EmptyCandidatesError, match="agent 0 has eliminated all its 3 actions by round 1"):
        rule.playable(ALWAYS)


def test_best_response_never_eliminates() -> None:
    rule = started(BestResponse())
    play(rule, 0, np.ones((3, 2)))
    assert rule.candidates(ALWAYS).all()
    assert (rule.eliminated_at == 9).all()


def test_thresholds_of_the_theory() -> None:
    # One agent, three actions, two constraints, nine rounds of one subsequence, so L = 1: sqrt(2 T ln(N A J / delta)).
    expected = np.sqrt(2 * 9 * np.log(1 * 3 * 2 / 0.05))
    for rule in (CumulativeThreshold(), SubsequenceThreshold()):
        assert started(rule).threshold.largest == pytest.approx([expected], rel=1e-12)
    three = SubsequenceThreshold(delta=0.01)
    limit = omnisim.LinearConstraint(np.zeros((2, 3, 1)))
    population = omnisim.Population("p", np.full((2, 3, 1), 0.5), constraints=[limit])
    active = np.arange(12)[:, None] % np.array([1, 2, 3]) == 0  # 12, 6 and 4 rounds
    three.start(population, active)
    log = np.log(2 * 3 * 1 * 3**2 / 0.01)
    assert three.threshold.largest == pytest.approx([np.sqrt(2 * size * log) for size in (12, 6, 4)], rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FirstViolation("partial"), "feedback is 'partial': it must be 'full' or 'played'"),  # type: ignore[arg-type]
        (lambda: SubsequenceFirstViolation("none"), "feedback is 'none': it must be 'full' or 'played'"),  # type: ignore[arg-type]
        (lambda: FirstViolation(on_empty="skip"), "on_empty is 'skip': it must be 'fallback' or 'error'"),  # type: ignore[arg-type]
        (lambda: CumulativeThreshold(0.0), "gamma must be > 0, got 0.0: a threshold <= 0 removes benchmark actions"),
        (lambda: CumulativeThreshold(-1.0), "gamma must be > 0, got -1.0"),
        (lambda: SubsequenceThreshold(np.nan), "gamma must be > 0, got nan"),
        (lambda: SubsequenceThreshold("loose"), "gamma is 'loose': it must be a number > 0"),  # type: ignore[arg-type]
        (lambda: CumulativeThreshold(delta=0.0), r"delta must lie in \(0, 1\), got 0.0"),
        (lambda: SubsequenceThreshold(delta=1.0), r"delta must lie in \(0, 1\), got 1.0"),
        (lambda: CumulativeThreshold(delta=np.nan), r"delta must lie in \(0, 1\), got nan"),
    ],
)
def test_bad_parameters_are_refused(make: Any, message: str) -> None:
    with pytest.raises(StrategyError, match=message):
        make()


LOG = np.log(3 * 1 / 0.05)
"""ln(K / delta) of the agent below: three actions, one constraint, one subsequence."""

LEAVES: dict[Any, Any] = {
    "tight": lambda n, T: n > np.sqrt(2 * T * LOG),
    "plain": lambda n, T: n > np.sqrt(8 * T * (LOG + np.log(T))),
    "anytime": lambda n, T: n > np.sqrt((n + 1) * (np.log(n + 1) + 2 * LOG)),
    7.5: lambda n, T: n > 7.5,
}
"""Whether n plays that cost 1 each are too many, by the formulas of the theory."""


@pytest.mark.parametrize("gamma", LEAVES)
@pytest.mark.parametrize("rule", [CumulativeThreshold, SubsequenceThreshold, PerSubsequenceThreshold])
def test_an_action_leaves_with_the_first_play_that_is_too_much(rule: Any, gamma: Any) -> None:
    rounds = 150
    driven = started(rule(gamma), constraints=1, rounds=rounds)
    first = next(n for n in range(1, rounds) if LEAVES[gamma](n, rounds))
    assert 5 < first < rounds - 1
    for n in range(1, first + 1):
        assert driven.candidates(ALWAYS).all()
        play(driven, 1, [[0.0], [1.0], [0.0]])
        assert driven.candidates(ALWAYS)[0, 1] == (n < first)
    assert driven.eliminated_at[0, :, 0].tolist() == [rounds, first - 1, rounds]


@pytest.mark.parametrize("gamma", ["tight", "plain", "anytime", 100.0, 1.0])
def test_what_the_threshold_rules_say_of_themselves(gamma: Any) -> None:
    active = np.arange(60)[:, None] % np.array([1, 2, 3]) == 0
    limit = omnisim.LinearConstraint(np.zeros((2, 3, 1)))
    population = omnisim.Population("p", np.full((2, 3, 1), 0.5), constraints=[limit, limit])
    for rule, squared, theorem in ((CumulativeThreshold, 1, "Theorem 2"), (SubsequenceThreshold, 9, "Theorem 6")):
        driven = rule(gamma, delta=0.1)
        driven.start(population, active)
        log = np.log(2 * 3 * 2 * squared / 0.1)
        sizes = np.array([60.0]) if squared == 1 else np.array([60.0, 30.0, 20.0])
        largest = {
            "tight": np.sqrt(2 * sizes * log),
            "plain": np.sqrt(8 * sizes * (log + np.log(sizes))),
            "anytime": np.sqrt((sizes + 1) * (np.log(sizes + 1) + 2 * log)),
        }.get(gamma, np.full(len(sizes), gamma))
        keeps, bounds, _ = driven.declared()
        assert bounds.theorem == theorem
        assert bounds.thresholds == pytest.approx(largest.tolist(), rel=1e-12)
        assert keeps.delta == 0.1
        assert keeps.unmet == ("gamma is smaller than the theorem asks for" if gamma == 1.0 else "")


def test_a_threshold_that_is_just_the_tight_one_suffices() -> None:
    tight = started(CumulativeThreshold(), constraints=1).threshold.largest[0]  # type: ignore[attr-defined]
    for gamma, words in ((tight, ""), (np.nextafter(tight, 0), "gamma is smaller than the theorem asks for")):
        keeps = started(CumulativeThreshold(gamma), constraints=1).declared()[0]
        assert keeps.unmet == words
