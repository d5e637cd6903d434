"""Agents, their utilities and their constraints."""

import tracemalloc
from itertools import product
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.errors import ProblemError
from omnisim.market import Scaling, load_ercot
from omnisim.problem import affine
from omnisim.problem.mixture import Mixture


def random_population(seed: int, *constraints: Any) -> omnisim.Population:
    rng = np.random.default_rng(seed)
    return omnisim.Population("p", rng.uniform(-0.1, 0.1, (4, 3, 5)), np.full((4, 3), 0.5), constraints)


def test_utilities_and_best_responses_against_loops() -> None:
    rng = np.random.default_rng(1)
    p = random_population(1)
    for _ in range(50):
        y, candidates = rng.random(5), rng.random((4, 3)) < 0.5
        candidates[np.arange(4), rng.integers(0, 3, 4)] = True
        expected = [[sum(p.utility[n, a, i] * y[i] for i in range(5)) + 0.5 for a in range(3)] for n in range(4)]
        np.testing.assert_allclose(p.utilities(y), expected, rtol=0, atol=1e-12)
        chosen = [max(np.flatnonzero(candidates[n]), key=lambda a, n=n: expected[n][a]) for n in range(4)]
        assert p.best_response(y, candidates).tolist() == chosen
        assert p.best_response(y).tolist() == [int(np.argmax(row)) for row in expected]


def test_ties_go_to_the_lowest_candidate() -> None:
    p = omnisim.Population("p", [[[0.5], [0.5], [0.5]]])
    y = np.array([0.5])
    assert p.best_response(y).tolist() == [0]
    assert p.best_response(y, np.array([[False, True, True]])).tolist() == [1]


def test_lipschitz_constant_is_attained_at_corners() -> None:
    p = random_population(2)
    corners = [np.array(c) for c in product([0.0, 1.0], repeat=5)]
    for n in range(4):
        steps = [abs(p.utilities(x)[n] - p.utilities(y)[n]).max() for x in corners for y in corners]
        assert p.lipschitz[n] == pytest.approx(max(steps), abs=1e-12)


class Jump:
    """Costs 1/2 beyond a price, -1/2 below."""

    name = "jump"

    def costs(self, outcomes: Any) -> Any:
        beyond = outcomes.mean(axis=1)[:, None, None] > 0.5
        return np.where(beyond, 0.5, -0.5) * np.ones((1, 4, 3))


def test_costs_of_linear_and_other_constraints_keep_their_order() -> None:
    rng = np.random.default_rng(3)
    first, last = (
        omnisim.LinearConstraint(rng.uniform(-0.1, 0.1, (4, 3, 5)), rng.uniform(-0.4, 0.4, (4, 3)), name)
        for name in ("budget", "limit")
    )
    p = random_population(3, first, Jump(), last, object_without_name := Plain())
    assert p.constraint_names == ("budget", "jump", "limit", "constraint 3")
    for y in rng.random((20, 5)):
        costs = p.costs(y)
        assert costs.shape == (4, 3, 4)
        for j, constraint in ((0, first), (2, last)):
            loops = [
                [sum(constraint.slope[n, a, i] * y[i] for i in range(5)) + constraint.offset[n, a] for a in range(3)]
                for n in range(4)
            ]
            np.testing.assert_allclose(costs[:, :, j], loops, rtol=0, atol=1e-12)
            np.testing.assert_allclose(constraint.costs(y[None])[0], loops, rtol=0, atol=1e-12)
        assert (costs[:, :, 1] == (0.5 if y.mean() > 0.5 else -0.5)).all()
        assert (costs[:, :, 3] == object_without_name.cost).all()


class Plain:
    def __init__(self, cost: float = 0.25, shape: tuple[int, ...] = (4, 3)) -> None:
        self.cost, self.shape = cost, shape

    def costs(self, outcomes: Any) -> Any:
        return np.full((len(outcomes), *self.shape), self.cost)


def test_expected_costs_are_the_mean_over_the_support() -> None:
    rng = np.random.default_rng(4)
    p = random_population(4, Jump(), omnisim.LinearConstraint(rng.uniform(-0.1, 0.1, (4, 3, 5))))
    law = Mixture(rng.random((6, 5)), rng.dirichlet(np.ones(6)))
    expected = sum(w * p.costs(y) for w, y in zip(law.weights, law.support, strict=True))
    np.testing.assert_allclose(p.expected_costs(law), expected, rtol=0, atol=1e-12)


def test_a_population_without_constraints_has_no_costs() -> None:
    p = random_population(5)
    assert p.costs(np.zeros(5)).shape == (4, 3, 0)
    assert p.constraint_names == ()


def test_without_constraints_leaves_the_original_alone() -> None:
    p = random_population(6, Jump())
    bare = p.without_constraints()
    assert bare.costs(np.zeros(5)).shape == (4, 3, 0)
    assert p.costs(np.zeros(5)).shape == (4, 3, 1)
    assert bare.utility is p.utility


def test_money_is_one_to_one_if_not_given() -> None:
    money = random_population(7).money
    assert (money.scale.tolist(), money.offset.tolist(), money.currency) == ([1.0] * 4, [0.0] * 4, "utility")


U = np.full((1, 2, 1), 0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": ""}, "a population needs a name that is not empty"),
        ({"utility": [[[0.5], [np.nan]]]}, r"utility of population 'p'\[0, 1, 0\] is nan"),
        ({"utility": [[0.5]]}, r"utility of population 'p' must have shape \(N, A, d\), got \(1, 1\)"),
        ({"utility": np.empty((0, 2, 1))}, "needs at least one agent, one action and one coordinate"),
        ({"utility": np.empty((1, 0, 1))}, "needs at least one agent, one action and one coordinate"),
        ({"utility": np.empty((1, 2, 0))}, "needs at least one agent, one action and one coordinate"),
        (
            {"utility": [[[0.5], [1.5]]]},
            r"utility of action 1 of agent 0 ranges over \[0, 1.5\] .*must stay in \[0, 1\]",
        ),
        ({"utility": [[[0.5], [-0.5]]]}, r"utility of action 1 of agent 0 ranges over \[-0.5, 0\]"),
        ({"offset": [[0.5, 0.75]]}, r"utility of action 1 of agent 0 ranges over \[0.75, 1.25\]"),
        ({"offset": [[0.5, np.inf]]}, r"offset of population 'p'\[0, 1\] is inf"),
        ({"offset": [0.5, 0.5]}, r"offset of population 'p' must have shape \(1, 2\), got \(2,\)"),
        ({"constraints": [3]}, r"constraint 3 of population 'p' has no method costs\(outcomes\)"),
        (
            {"constraints": [omnisim.LinearConstraint([[[0.5]]], name="budget")]},
            r"constraint 'budget' of population 'p': slope must have the shape .*\(1, 2, 1\), got \(1, 1, 1\)",
        ),
        ({"action_names": ["a"]}, r"action_names of population 'p' must be 2 different names, got \['a'\]"),
        ({"action_names": ["a", "a"]}, "must be 2 different names"),
        ({"load": np.zeros((1, 2))}, r"load of population 'p' must have shape \(1, 2, 1\), got \(1, 2\)"),
        (
            {"load": [[[1.0], []]]},
            r"load of population 'p' must be an array of numbers .*, got \[\[\[1.0\], \[\]\]\]: its lists differ",
        ),
        (
            {"money": omnisim.Money(np.array([0.0]), np.array([1.0]), "EUR")},
            "money scale of population 'p' must be > 0, got 0",
        ),
        (
            {"money": omnisim.Money(np.array([1.0]), np.array([np.nan]), "EUR")},
            r"money offset of population 'p'\[0\] is nan",
        ),
        (
            {"money": omnisim.Money(np.array([1.0, 2.0]), np.array([0.0]), "EUR")},
            r"money scale of population 'p' must have shape \(1,\), got \(2,\)",
        ),
    ],
)
def test_bad_populations_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        omnisim.Population(**{"name": "p", "utility": U} | arguments)


@pytest.mark.parametrize(
    ("slope", "offset", "message"),
    [
        ([[[0.5]]], [[0.75]], r"constraint 'c': the cost of action 0 of agent 0 ranges over \[0.75, 1.25\]"),
        ([[[-0.5, -0.75]]], None, r"ranges over \[-1.25, 0\] for outcomes in \[0, 1\]\^2: it must stay in \[-1, 1\]"),
        ([[[np.nan]]], None, r"slope of constraint 'c'\[0, 0, 0\] is nan"),
        ([[0.5]], None, r"slope of constraint 'c' must have shape \(N, A, d\), got \(1, 1\)"),
        ([[[0.5]]], [[np.inf]], r"offset of constraint 'c'\[0, 0\] is inf"),
        ([[[0.5]]], [0.0], r"offset of constraint 'c' must have shape \(1, 1\), got \(1,\)"),
    ],
)
def test_bad_linear_constraints_are_refused(slope: Any, offset: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        omnisim.LinearConstraint(slope, offset, name="c")


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (Plain(cost=1.5), r"constraint 0 of population 'p': the cost of action 0 of agent 0 is 1.5: costs must lie in"),
        (Plain(cost=-1.5), r"the cost of action 0 of agent 0 is -1.5: costs must lie in \[-1, 1\]"),
        (Plain(cost=np.nan), r"the cost of action 0 of agent 0 is nan: costs must lie in \[-1, 1\]"),
        (Plain(shape=(4, 2)), r"costs of one outcome must have shape \(1, 4, 3\), got \(1, 4, 2\)"),
    ],
)
def test_bad_costs_are_refused_when_they_appear(constraint: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        random_population(8, constraint).costs(np.zeros(5))


def test_range_errors_of_rounding_size_are_forgiven() -> None:
    third = 1 / 3
    omnisim.Population("p", [[[third, third, third]]], [[1e-12]])
    omnisim.LinearConstraint([[[third, third, third]]], [[1e-12]])


class TestFromSchedules:
    def test_utilities_fill_the_unit_interval_and_money_is_the_bill(self) -> None:
        """Against the bill in loops, for agents of different sizes, on days inside the range of prices."""
        rng = np.random.default_rng(0)
        energy, value = rng.normal(size=(3, 4, 24)) * [[[1.0]], [[10.0]], [[0.01]]], rng.uniform(-50, 300, (3, 4))
        made = omnisim.Population.from_schedules(
            energy, value, Scaling(-20.0, 180.0, "EUR"), name="mine", weights=[1, 2, 3]
        )
        assert made.money.currency == "EUR"
        for prices in rng.uniform(-20, 180, (5, 24)):
            earned = made.utilities((prices + 20) / 200) * made.money.scale[:, None] + made.money.offset[:, None]
            for n in range(3):
                for a in range(4):
                    bill = sum(energy[n, a, hour] * prices[hour] for hour in range(24))
                    np.testing.assert_allclose(earned[n, a], value[n, a] - bill, rtol=1e-9, atol=1e-9)
        # The dearest and the cheapest day of some action are 0 and 1.
        extremes = [made.utilities((sign * energy[n, a] > 0).astype(float))[n, a]
                    for n in range(3) for a in range(4) for sign in (1, -1)]  # fmt: skip
        np.testing.assert_allclose([min(extremes), max(extremes)], [0, 1], atol=1e-12)

    def test_one_agent_on_a_market(self) -> None:
        market = load_ercot()
        night, day = np.zeros(24), np.zeros(24)
        night[:6], day[12:18] = 1.0, 1.0
        made = omnisim.Population.from_schedules([night, day], [0.0, 50.0], market, action_names=["night", "day"])
        scenario = omnisim.Scenario(
            populations=[made],
            adversary=omnisim.adversaries.Replay(market.scaling.outcomes(market.prices[:30])[0]),
            forecaster=omnisim.forecasters.Persistence(),
        )
        trace = omnisim.simulate(scenario)
        chosen = trace.actions["schedules"][:, 0]
        by_hand = sum(
            50.0 * a - (market.prices[t, 12:18].sum() if a else market.prices[t, :6].sum())
            for t, a in enumerate(chosen)
        )
        np.testing.assert_allclose(omnisim.analyze(trace).agents["money"], by_hand, rtol=1e-9)

    @pytest.mark.parametrize(
        ("schedules", "value", "market", "says"),
        [
            (np.zeros((2, 24)), np.zeros(3), Scaling(0, 1), r"value must have shape \(1, 2\), as the schedules have"),
            (np.zeros((2, 23)), np.zeros(2), load_ercot(), "schedules have 23 periods a day, the market 24"),
            (np.zeros((2, 24)), np.zeros(2), "ercot", "market must be a Market or a Scaling, got str"),
            (np.full((2, 24), np.nan), np.zeros(2), Scaling(0, 1), "every entry must be a finite number"),
            (np.zeros(24), np.zeros(1), Scaling(0, 1), "schedules must have shape"),
            (np.zeros((2, 24)), 1.0, Scaling(0, 1), "value must have shape"),
            (
                [[1.0, 2.0], [1.0]],
                [0.0, 0.0],
                Scaling(0, 1),
                r"schedules must be an array of numbers, got \[\[1.0, 2.0\], \[1.0\]\]: its lists differ in length",
            ),
        ],
    )
    def test_what_does_not_fit_is_refused(self, schedules: Any, value: Any, market: Any, says: str) -> None:
        with pytest.raises(ProblemError, match=says):
            omnisim.Population.from_schedules(schedules, value, market)


@pytest.mark.parametrize(
    ("candidates", "said"),
    [
        (3, "a boolean array of shape (1, 2), got 3"),
        ("all", "a boolean array of shape (1, 2), got 'all'"),
        ([[1, 0]], "a boolean array of shape (1, 2), got dtype int64"),
        (
            [[True], [True, False]],
            "a boolean array of shape (1, 2), got [[True], [True, False]]: its lists differ in length",
        ),
    ],
)
def test_candidates_that_are_none(candidates: Any, said: str) -> None:
    population = omnisim.Population("p", [[[0.1], [0.9]]])
    assert population.best_response(np.array([0.5]), [[True, False]]).tolist() == [0]  # type: ignore[arg-type]
    with pytest.raises(ProblemError) as refused:
        population.best_response(np.array([0.5]), candidates)
    assert str(refused.value) == f"candidates of population 'p' must be {said}"


def test_slopes_are_held_once_and_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affine, "_BLOCK", 1 << 12)
    slope = np.random.default_rng(4).uniform(0, 1 / 24, (2_000, 8, 24))
    population = omnisim.Population("few", slope[:1], constraints=[omnisim.LinearConstraint(slope[:1])])
    population.costs(population.utilities(slope[0, 0])[0, :1].repeat(24))  # compiles
    tracemalloc.start()
    try:
        population = omnisim.Population("many", slope, constraints=[omnisim.LinearConstraint(slope)])
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        steepest = population.lipschitz
        population.costs(population.utilities(slope[0, 0])[0, :1].repeat(24))
        later = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Those of the utility and of the constraint, one after the other, and little beside.
    assert 2 * slope.nbytes <= held <= peak < 2.4 * slope.nbytes
    assert later - held < 0.4 * slope.nbytes
    np.testing.assert_allclose(steepest, [max(map(sum, each)) for each in slope.tolist()])
