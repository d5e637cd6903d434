"""Candidate sets against sets of Python, and what is remembered beside them."""

from collections.abc import Callable

import numpy as np
import pytest

import omnisim
from omnisim.strategies.elimination import base
from omnisim.strategies.elimination.candidate_sets import CandidateSets


@pytest.mark.parametrize("rounds", [20, 127, 128, 40_000])
def test_actions_leave_the_active_sets_and_stay_in_the_others(rounds: int) -> None:
    rng = np.random.default_rng(rounds)
    sets = CandidateSets(sets=3, agents=5, actions=4, rounds=rounds)
    alive = {(k, n): set(range(4)) for k in range(3) for n in range(5)}
    left = {(k, n, a): rounds for k in range(3) for n in range(5) for a in range(4)}
    for t in [*sorted(rng.choice(rounds, 12, replace=False).tolist()), rounds - 1]:
        active, marked = rng.random(3) < 0.6, rng.random((5, 4)) < 0.1
        sets.remove(active, marked, t)
        for (k, n), there in alive.items():
            for a in [a for a in there if active[k] and marked[n, a]]:
                there.remove(a)
                left[k, n, a] = t
        for mask in ([True, False, False], [False, True, True], [True, True, True]):
            expected = [[any(a in alive[k, n] for k in range(3) if mask[k]) for a in range(4)] for n in range(5)]
            assert sets.union(np.array(mask)).tolist() == expected
    assert len(set(left.values())) > 4
    assert sets.left_at.tolist() == [[[left[k, n, a] for k in range(3)] for a in range(4)] for n in range(5)]
    assert sets.left_at.dtype == np.int64


def test_rounds_take_no_more_room_than_they_need() -> None:
    kept = [
        sum(
            value.nbytes for value in vars(CandidateSets(2, 1_000, 3, rounds)).values() if isinstance(value, np.ndarray)
        )
        for rounds in (126, 365, 100_000)
    ]
    # Flags of every set and of all together, and a round of 8, 16 and 32 bits.
    assert kept == [1_000 * 3 * (3 + 2 * width) for width in (1, 2, 4)]


def changing(rule: omnisim.elimination.Elimination, look: Callable[[], None]) -> list[list[list[bool]]]:
    """Candidates in rounds after each of which an action of another agent leaves."""
    limit = omnisim.LinearConstraint(np.ones((9, 2, 1)), np.zeros((9, 2)))
    rule.start(omnisim.Population("nine", np.ones((9, 2, 1)), constraints=[limit]), np.ones((20, 1), dtype=np.bool_))
    active, found = np.ones(1, dtype=np.bool_), []
    for t in range(9):
        costs = np.where(np.arange(9)[:, None, None] == t, 1.0, 0.0) * np.ones((1, 2, 1))
        found.append(rule.playable(active)[0].tolist())
        rule.update(np.zeros(9, dtype=np.int64), costs, active)
        look()
    return found


def test_few_large_arrays_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [omnisim.elimination.FirstViolation(), omnisim.elimination.FirstViolation()]
    most = [0, 0]

    def look(i: int) -> None:
        most[i] = max(most[i], len(rules[i]._known_rows))

    many = changing(rules[0], lambda: look(0))
    monkeypatch.setattr(base, "_MOST_KNOWN_BYTES", 3 * 9 * 2)
    few = changing(rules[1], lambda: look(1))
    assert few == many
    assert most == [9, 3]
