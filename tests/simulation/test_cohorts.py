"""Populations that are decided together: who is, and that errors name the one at fault."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.errors import ProblemError
from omnisim.problem.mixture import Mixture
from omnisim.products import affine
from omnisim.simulation.cohorts import Cohort, by_population, cohorts

A, D = 2, 3


class Given:
    """Costs that somebody else says."""

    def __init__(self, costs: Callable[[np.ndarray], Any]) -> None:
        self.costs = costs


def population(name: str, *constraints: Any, agents: int = 2) -> omnisim.Population:
    return omnisim.Population(name, np.zeros((agents, A, D)), constraints=constraints)


def zeros(agents: int) -> Given:
    return Given(lambda outcomes: np.zeros((len(outcomes), agents, A)))


@pytest.mark.parametrize("method", ["costs", "expected_costs"])
@pytest.mark.parametrize(
    ("costs", "message"),
    [
        (lambda y: np.full((len(y), 3, A), 1.5), "the cost of action 0 of agent 0 is 1.5"),
        (lambda y: np.zeros((len(y), 2, A)), r"costs of one outcome must have shape \(1, 3, 2\), got \(1, 2, 2\)"),
        (lambda y: np.full((len(y), 3, A), "none"), "costs must be an array of numbers"),
    ],
    ids=["too large", "too few", "text"],
)
def test_wrong_costs_are_said_to_be_those_of_their_population(method: str, costs: Any, message: str) -> None:
    cohort = Cohort([population("few", zeros(2)), population("wrong", Given(costs), agents=3)])
    point = np.full(D, 0.5)
    with pytest.raises(ProblemError, match=f"constraint 0 of population 'wrong': {message}"):
        getattr(cohort, method)(point if method == "costs" else Mixture(point[None], [1.0]))


def test_an_expected_cost_is_rounded_as_alone_beside_a_constraint_of_another_kind() -> None:
    """Costs that are expected to be as large as what counts as 0: one more rounding, and an action violates or not."""
    rng, agents = np.random.default_rng(3), 60
    law = Mixture(rng.random((4, D)), [0.1, 0.2, 0.3, 0.4])
    slope = rng.uniform(-0.3, 0.3, (agents, A, D))
    linear = omnisim.LinearConstraint(slope, 1e-9 - affine(slope, np.zeros((agents, A)), law.mean))
    alone = population("linear", linear, agents=agents)

    def violates(*populations: omnisim.Population) -> np.ndarray:
        return omnisim.simulate(
            omnisim.Scenario(
                populations=populations,
                adversary=omnisim.adversaries.Independent(law.support, law.weights),
                forecaster=omnisim.forecasters.Persistence(),
                elimination=omnisim.elimination.FirstViolation(),
                rounds=2,
            )
        ).records["linear"].expected_violated_at  # fmt: skip

    np.testing.assert_array_equal(violates(alone, population("other", zeros(2))), violates(alone))


def test_who_is_decided_together() -> None:
    linear = omnisim.LinearConstraint(np.zeros((2, A, D)))
    played = omnisim.elimination.FirstViolation(feedback="played")
    strict = omnisim.elimination.FirstViolation(on_empty="error")
    first, other = omnisim.elimination.FirstViolation(), omnisim.elimination.SubsequenceFirstViolation()
    given: dict[str, tuple[tuple[Any, ...], Any, str]] = {
        "a": ((linear,), first, "all"),
        "played": ((linear,), played, "all"),
        "b": ((linear,), first, "all"),
        "not linear": ((zeros(2),), first, "all"),
        "other rule": ((linear,), other, "all"),
        "strict": ((linear,), strict, "all"),
        "strict too": ((linear,), strict, "all"),
        "apart": ((linear,), first, "other"),
        "played too": ((linear,), played, "all"),
        "free": ((), first, "all"),
    }
    found = cohorts(
        [population(name, *constraints) for name, (constraints, _, _) in given.items()],
        {name: rule for name, (_, rule, _) in given.items()},
        {name: apart for name, (_, _, apart) in given.items()},
    )
    assert [each.names for each in found] == [
        ("a", "b"), ("played", "played too"), ("not linear",), ("other rule",), ("strict",), ("strict too",),
        ("apart",), ("free",),
    ]  # fmt: skip


@pytest.mark.parametrize("order", ["abcde", "edcba", "bad"])
def test_parts_of_cohorts_come_in_the_order_that_is_asked_for(order: str) -> None:
    sizes = {"a": 2, "b": 1, "c": 3, "d": 2, "e": 4}
    each = {name: population(name, agents=agents) for name, agents in sizes.items()}
    several = {cohort.name: cohort for cohort in (Cohort([each[name] for name in names]) for names in ("ad", "bec"))}
    whose = {"ad": [0, 0, 3, 3], "bec": [1, 4, 4, 4, 4, 2, 2, 2]}
    arrays = {
        cohort.name: np.array(whose["".join(cohort.names)])[:, None] == np.arange(5) for cohort in several.values()
    }
    found = by_population(several, arrays, list(order))
    assert "".join(found) == order
    assert len(found) == len(order)
    for name, part in found.items():
        np.testing.assert_array_equal(part, np.tile(np.arange(5) == "abcde".index(name), (sizes[name], 1)))


def test_the_record_of_a_population_has_its_own_names_and_forecasters() -> None:
    """Both orders of two forecasters, and limits in two units, of agents who would be decided together."""
    subscriptions = {"a": ["forecaster", "other"], "b": ["other", "forecaster"], "c": ["forecaster", "other"]}
    units = {"a": "MW", "b": "MW", "c": "EUR"}
    populations = [
        population(
            name, omnisim.LinearConstraint(np.zeros((2, A, D)), name=f"limit of {name}", unit=unit, scale=[2.0, 3.0])
        )
        for name, unit in units.items()
    ]
    found = omnisim.simulate(
        omnisim.Scenario(
            populations=populations,
            adversary=omnisim.adversaries.Replay(np.full((3, D), 0.5)),
            forecaster=omnisim.forecasters.Persistence(),
            other_forecasters={"other": omnisim.forecasters.Climatology()},
            subscriptions=subscriptions,
            elimination=omnisim.elimination.FirstViolation(),
            rounds=3,
        )
    ).records
    assert {name: list(record.subscriptions) for name, record in found.items()} == subscriptions
    assert {name: record.limits[0].unit for name, record in found.items()} == units
    assert {name: record.constraint_names for name, record in found.items()} == {
        name: (f"limit of {name}",) for name in units
    }
