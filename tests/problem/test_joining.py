"""Populations as one: what each agent does and is charged is what it does and is charged in its own."""

import numpy as np
import pytest

import omnisim
from omnisim.errors import ProblemError
from omnisim.market.agents.limits import StressedLoad
from omnisim.problem.joining import joined
from omnisim.problem.mixture import Mixture

A, D = 3, 4
SIZES = (2, 1, 5)


class Steep:
    """Costs that are not linear, in a class that says nothing of how to join several."""

    def __init__(self, agents: int, seed: int) -> None:
        self.shares = np.random.default_rng(seed).random((agents, A))

    def costs(self, outcomes: np.ndarray) -> np.ndarray:
        return outcomes.max(axis=1)[:, None, None] ** 2 * self.shares[None]


def several(kinds: tuple[str, ...], seed: int, sizes: tuple[int, ...] = SIZES) -> list[omnisim.Population]:
    rng = np.random.default_rng(seed)

    def constraint(kind: str, agents: int, which: int) -> object:
        if kind == "linear":
            return omnisim.LinearConstraint(rng.uniform(-0.2, 0.2, (agents, A, D)), rng.uniform(-0.1, 0.1, (agents, A)))
        if kind == "steep":
            return Steep(agents, int(rng.integers(99)))
        return StressedLoad(
            rng.random((agents, A, D)), rng.uniform(0.5, 1.0, agents), 0.5 + (kind == "apart") * which / 9
        )

    return [
        omnisim.Population(
            f"p{i}",
            rng.random((agents, A, D)) / D / 2,
            rng.random((agents, A)) / 2,
            [constraint(kind, agents, i) for kind in kinds],
        )
        for i, agents in enumerate(sizes)
    ]


@pytest.mark.parametrize(
    "kinds", [(), ("linear",), ("alike", "linear"), ("apart",), ("steep", "linear", "steep")], ids="-".join
)
def test_agents_are_what_they_are_alone_to_the_last_bit(kinds: tuple[str, ...]) -> None:
    populations = several(kinds, 1)
    whole, rng = joined(populations), np.random.default_rng(2)
    assert (whole.agents, whole.actions, whole.dimension, len(whole.constraints)) == (8, A, D, len(kinds))
    for _ in range(20):
        outcome, law = rng.random(D), Mixture(rng.random((3, D)), [0.2, 0.3, 0.5])
        allowed = rng.random((8, A)) < 0.5
        allowed[:, 1] = True
        cuts = np.split(allowed, np.cumsum(SIZES)[:-1])
        parts = [each.best_response(outcome, own) for each, own in zip(populations, cuts, strict=True)]
        np.testing.assert_array_equal(whole.best_response(outcome, allowed), np.concatenate(parts))
        for method, point in (("costs", outcome), ("expected_costs", law)):
            alone = np.concatenate([getattr(each, method)(point) for each in populations])
            np.testing.assert_array_equal(getattr(whole, method)(point), alone)


def test_one_population_is_itself() -> None:
    (alone,) = several(("linear",), 3, (4,))
    assert joined([alone]) is alone


def test_costs_of_another_shape_are_not_made_up_for_by_those_of_the_next() -> None:
    """Of 2 agents too few, of 2 too many: together they have the right number."""
    few, many = several(("steep",), 4, (3, 2))
    few.constraints[0].shares = few.constraints[0].shares[:2]
    many.constraints[0].shares = np.ones((3, A))
    outcomes = np.full((2, D), 0.5)
    with pytest.raises(ProblemError, match=r"constraint 0 of population 'p0': .* \(1, 3, 3\), got \(1, 2, 3\)"):
        joined([few, many]).costs(outcomes[0])
    with pytest.raises(ProblemError, match=r"costs of 2 outcomes must have shape \(2, 3, 3\), got \(2, 2, 3\)"):
        joined([few, many]).costs_under(0, outcomes)


class Together(Steep):
    """The same in a class that says how to join several."""

    @staticmethod
    def joined(limits: list["Together"]) -> "Together":
        found = Together(1, 0)
        found.shares = np.concatenate([each.shares for each in limits])
        return found


@pytest.mark.parametrize("shape", [(2, A), (3, A + 1)])
def test_nor_are_they_where_a_class_joins_its_own(shape: tuple[int, int]) -> None:
    few, many = several((), 5, (3, 2))
    constraints = [Together(1, 0), Together(1, 0)]
    constraints[0].shares, constraints[1].shares = np.ones(shape), np.ones((5 - shape[0], A))
    few.constraints, many.constraints = (constraints[0],), (constraints[1],)
    whole = joined([few, many])
    with pytest.raises(ProblemError, match=rf"constraint 0 of population 'p0': .* \(1, 3, 3\), got \(1, {shape[0]}, "):
        whole.costs_under(0, np.full((1, D), 0.5))
