"""Thresholds by betting against exact capital in fractions, and what they imply for sums of costs."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnisim
from omnisim.elimination import CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold
from omnisim.strategies.elimination.thresholds import Threshold

AGENTS, ACTIONS, LIMITS, DELTA = 2, 3, 2, 0.2


def exact_rates(rounds: int) -> list[Fraction]:
    """9/10, and the root of 18 / T doubled while it is below 9/10 by a root of 2 at least; exactly what floats hold."""
    found, rate = [Fraction(0.9)], Fraction(math.sqrt(18 / rounds))
    while 2 * rate**2 < Fraction(81, 100):
        found.insert(1, rate)
        rate *= 2
    return found


def exact_capital(costs: list[Fraction], rounds: int) -> Fraction:
    products = []
    for rate in exact_rates(rounds):
        product = Fraction(1)
        for cost in costs:
            product *= 1 + rate * cost
        products.append(product)
    return sum(products, Fraction(0)) / len(products)


def population() -> omnisim.Population:
    limit = omnisim.LinearConstraint(np.zeros((AGENTS, ACTIONS, 1)))
    return omnisim.Population("p", np.full((AGENTS, ACTIONS, 1), 0.5), constraints=[limit] * LIMITS)


def random_run(seed: int, rounds: int, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Actions (T, N), and costs (T, N, A, J) in sixteenths whose mean is high for action 1 and low for action 2."""
    rng = np.random.default_rng(seed)
    actions = rng.integers(0, ACTIONS, (rounds, AGENTS)) * (rng.random((rounds, AGENTS)) < 0.7)
    shift = np.array([0, 8, -8])[:, None]
    costs = (rng.integers(-8, 17, (rounds, AGENTS, ACTIONS, LIMITS)) + shift).clip(-16, 16) / 16
    return actions, costs


def sets_by_hand(rule: Any, actions: np.ndarray, costs: np.ndarray, active: np.ndarray) -> np.ndarray:
    """The last round before each action left each set, (N, A, sets), from Algorithms 2 and 4 and exact capital."""
    rounds, subsequences = active.shape
    alone = rule is CumulativeThreshold
    sets = 1 if alone else subsequences
    sums = AGENTS * ACTIONS * LIMITS * {CumulativeThreshold: 1, PerSubsequenceThreshold: sets}.get(rule, sets**2)
    stake = Fraction(sums) / Fraction(DELTA)
    left = np.full((AGENTS, ACTIONS, sets), rounds)
    played: dict[tuple[int, ...], list[list[Fraction]]] = {}
    for t in range(rounds):
        for n in range(AGENTS):
            a = int(actions[t, n])
            inside = [0] if alone else np.flatnonzero(active[t]).tolist()
            holding = [k for k in inside if left[n, a, k] == rounds]
            if rule is SubsequenceThreshold:
                places = [(holding[0], s) for s in inside] if holding else []
            else:
                places = [(k, k) for k in inside]
            for k, s in places:
                lists = played.setdefault((n, a, k, s), [[] for _ in range(LIMITS)])
                for j in range(LIMITS):
                    lists[j].append(Fraction(costs[t, n, a, j]))
            for k, s in places:
                if left[n, a, k] == rounds and any(exact_capital(each, rounds) >= stake for each in played[n, a, k, s]):
                    left[n, a, k] = t
    return left


@pytest.mark.one_in(2)
@pytest.mark.parametrize("rule", [CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold])
@pytest.mark.parametrize("seed", range(4))
def test_actions_leave_when_the_exact_capital_reaches_the_stake(rule: Any, seed: int) -> None:
    rounds = 90
    active = np.arange(rounds)[:, None] % np.array([1, 2, 3]) == 0
    actions, costs = random_run(seed, rounds, active)
    driven = rule("betting", DELTA)
    driven.start(population(), active)
    for t in range(rounds):
        driven.update(actions[t], costs[t], active[t])
    expected = sets_by_hand(rule, actions, costs, active)
    np.testing.assert_array_equal(driven.eliminated_at, expected)
    assert (expected < rounds).any()
    assert (expected == rounds).any()


@pytest.mark.long
@given(
    costs=st.lists(st.integers(-16, 16).map(lambda x: x / 16), min_size=1, max_size=60),
    rounds=st.integers(60, 3000),
    sums=st.integers(1, 10_000),
)
def test_what_has_not_left_is_below_the_envelope(costs: list[float], rounds: int, sums: int) -> None:
    """V < min over eta of (ln(m K / delta) + k eta^2 Q) / eta, as long as the capital is below K / delta.

    And, with n plays, V < min over eta of (ln(m K / delta) - n ln(1 - eta^2) / 2) / artanh(eta).
    """
    rates = exact_rates(rounds)
    stake = Fraction(sums) / Fraction(DELTA)
    threshold = Threshold("betting", DELTA)
    threshold.start(sums, np.array([rounds, 1]), rounds)
    envelope = [(math.log(len(rates) * stake) / eta, (-eta - math.log(1 - eta)) / eta) for eta in map(float, rates)]
    np.testing.assert_allclose(threshold.envelope, envelope, rtol=1e-12)

    def before_the_run(plays: int) -> float:
        stakes, odds = (
            math.log(len(rates) * stake),
            [(math.log(1 - eta**2), math.atanh(eta)) for eta in map(float, rates)],
        )
        return min((stakes - plays * lost / 2) / each for lost, each in odds)

    np.testing.assert_allclose(threshold.largest, [before_the_run(rounds), before_the_run(1)], rtol=1e-12)
    for n in range(1, len(costs) + 1):
        if exact_capital([Fraction(cost) for cost in costs[:n]], rounds) >= stake:
            return
        total, squares = sum(costs[:n]), sum(cost**2 for cost in costs[:n])
        assert total < min(start + slope * squares for start, slope in envelope)
        assert total < before_the_run(n)


def test_small_costs_are_found_out_long_before_any_other_threshold() -> None:
    """A tenth over the limit on every day of a year: a bet sees it in autumn, the other thresholds never."""
    rounds, population_ = 365, population()
    active = np.ones((rounds, 1), dtype=bool)
    costs = np.full((AGENTS, ACTIONS, LIMITS), 0.1)
    left = {}
    for gamma in ("betting", "tight", "plain", "anytime"):
        rule = CumulativeThreshold(gamma, DELTA)
        rule.start(population_, active)
        for _ in range(rounds):
            rule.update(np.zeros(AGENTS, dtype=int), costs, active[0])
        left[gamma] = int(rule.eliminated_at[0, 0, 0])
    # By the best of the rates alone, 9/10, after ln(m K / delta) / ln(1.09) plays; the others add to it.
    assert left["betting"] <= math.log(4 * 12 / DELTA) / math.log1p(0.09) < 65
    assert left["betting"] >= math.log(12 / DELTA) / math.log1p(0.09) - 1
    assert {left[name] for name in ("tight", "plain", "anytime")} == {rounds}


def test_a_bet_wins_when_it_reaches_the_stake_and_is_sufficient_whatever_it_promises() -> None:
    threshold = Threshold("betting", 0.05)
    threshold.start(4, np.array([20]), 20)
    assert len(threshold.rates) == 1
    stake = math.log(4 / 0.05)
    assert threshold.won(np.array([[stake], [np.nextafter(stake, 0)]])).tolist() == [True, False]
    threshold.start(10**5, np.array([30]), 30)
    assert threshold.largest[0] < math.sqrt(2 * 30 * math.log(10**5 / 0.05))
    assert threshold.sufficient
    threshold.start(0, np.array([30]), 30)  # without a constraint nothing leaves
    assert not threshold.won(np.zeros((1, len(threshold.rates)))).any()


def test_it_says_what_it_guarantees() -> None:
    rule = SubsequenceThreshold("betting", DELTA)
    rule.start(population(), np.arange(60)[:, None] % np.array([1, 2]) == 0)
    keeps, bounds, _ = rule.declared()
    assert keeps.unmet == ""
    assert keeps.delta == DELTA
    assert len(bounds.thresholds) == 2
    assert bounds.envelope == rule.threshold.envelope


def certified(seed: int, rule: Any) -> tuple[Any, Any, Any]:
    """A run on random limits that are often exceeded, and its certificates of violation from the record."""
    rng = np.random.default_rng(seed)
    rounds = 240
    limits = [omnisim.LinearConstraint(rng.uniform(-0.3, 0.5, (3, 4, 2)), rng.uniform(-0.3, 0.1, (3, 4))) for _ in "ab"]
    agents = omnisim.Population("agents", rng.uniform(0, 0.5, (3, 4, 2)), np.zeros((3, 4)), limits)
    scenario = omnisim.Scenario(
        name="limits",
        rounds=rounds,
        populations=[agents],
        adversary=omnisim.adversaries.Replay(rng.random((rounds, 2))),
        forecaster="climatology",
        elimination=rule,
        subsequences={"all": None, "thirds": np.arange(rounds) % 3 == 0},
    )
    trace = omnisim.simulate(scenario)
    table = omnisim.analyze(trace).certificates
    return (
        trace,
        limits,
        table[table["theorem"].isin(["Theorem 2", "Theorem 6"]) & (table["basis"] == "from the record")],
    )


@pytest.mark.one_in(2)
@pytest.mark.parametrize("rule", [CumulativeThreshold, SubsequenceThreshold])
@pytest.mark.parametrize("seed", range(3))
def test_the_bound_from_the_record_is_recomputed_by_loops(rule: Any, seed: int) -> None:
    trace, limits, table = certified(seed, rule("betting", DELTA))
    record, rounds = trace.records["agents"], trace.rounds
    assert (record.eliminated_at < rounds).any()
    active = trace.active if rule is SubsequenceThreshold else np.ones((rounds, 1), dtype=bool)
    stake = 3 * 4 * 2 * active.shape[1] ** 2 / DELTA
    rates = [float(rate) for rate in exact_rates(rounds)]
    assert len(table) == active.shape[1]
    for k, row in enumerate(table.to_dict("records")):
        found = {}
        for n in range(3):
            places = 0
            for j in range(active.shape[1]):
                inside = [t for t in range(rounds) if active[t, j]]
                if not any(active[t, k] for t in inside):
                    continue
                for a in range(4):
                    places += any(
                        limit.costs(trace.outcomes[t][None])[0, n, a] > 1e-9 for limit in limits for t in inside
                    )
            total, squares = (
                max(sum(record.costs[t, n, j] ** power for t in range(rounds) if active[t, k]) for j in range(2))
                for power in (1, 2)
            )
            lines = [
                (math.log(len(rates) * stake) + (-eta - math.log(1 - eta)) * squares / max(places, 1)) / eta
                for eta in rates
            ]
            found[n] = (total, places * (1 + min(lines)))
            assert total <= found[n][1]
        assert row["hypotheses_met"] > 0
        assert any((row["measured"], row["bound"]) == pytest.approx(each) for each in found.values())
