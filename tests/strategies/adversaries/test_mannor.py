"""No policy has both small violation and small regret against what satisfies its constraints on average."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from examples import Suite
from scipy.optimize import linprog

import omnisim
from omnisim import elimination, forecasters, learners
from omnisim.adversaries import Mannor
from omnisim.strategies.policy import Policy

POLICIES: dict[str, Callable[[], Policy]] = {
    "best response": elimination.BestResponse,
    "Algorithm 1": elimination.FirstViolation,
    "Algorithm 2": elimination.CumulativeThreshold,
    "Algorithm 3": elimination.SubsequenceFirstViolation,
    "Algorithm 4": elimination.SubsequenceThreshold,
    "Hedge": learners.Hedge,
    "Blum-Mansour": learners.BlumMansour,
    "Sinha-Vaze": learners.SinhaVaze,
    "drift plus penalty": learners.DriftPlusPenalty,
}
FORECASTERS = {"persistence": forecasters.Persistence, "conditional mean": forecasters.ConditionalMean}
HORIZONS = (128, 512, 2048) if Suite.long else (128, 512)


def run(policy: str, forecaster: str, rounds: int, continuation: str) -> omnisim.Trace:
    instance = Mannor(rounds, continuation)
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[instance.population()],
            adversary=instance,
            forecaster=FORECASTERS[forecaster](),
            elimination=POLICIES[policy](),
        ),
        seed=5,
    )


def best_on_average(trace: omnisim.Trace) -> float:
    """The most that a fixed distribution over actions earns whose costs add up to at most 0, by linear programming."""
    population = Mannor(2).population()
    utility = sum(population.utilities(y)[0] for y in trace.outcomes)
    costs = population.constraints[0].costs(trace.outcomes).sum(axis=0)
    found = linprog(-utility, A_ub=costs, b_ub=[0.0], A_eq=[[1.0, 1.0]], b_eq=[1.0], bounds=(0, 1))
    return -float(found.fun)


@pytest.mark.one_in(20)
@pytest.mark.sampled
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("forecaster", "horizons"), [("persistence", HORIZONS), ("conditional mean", HORIZONS[:1])], ids=FORECASTERS
)
def test_regret_and_violation_add_up_to_half_the_rounds(policy: str, forecaster: str, horizons: Sequence[int]) -> None:
    rows = []
    for rounds in horizons:
        relief, none = (run(policy, forecaster, rounds, continuation) for continuation in ("relief", "none"))
        first = rounds // 2
        np.testing.assert_array_equal(relief.actions["agents"][:first], none.actions["agents"][:first])
        earned = omnisim.analyze(relief).agents["utility"].item()
        regret = best_on_average(relief) - earned
        violation = omnisim.analyze(none).agents["ccv"].item()
        assert regret + violation == pytest.approx(first, abs=1e-6)
        assert max(regret, violation) >= first / 2 - 1e-6
        rows.append((rounds, round(regret, 1), round(violation, 1)))
    print(f"{policy}, {forecaster}: T, regret with relief, CCV with none:", *rows, sep="\n  ")  # noqa: T201


def test_the_benchmark_is_what_the_docstring_says() -> None:
    assert best_on_average(run("Algorithm 1", "persistence", 101, "relief")) == pytest.approx(50)
    assert best_on_average(run("Algorithm 1", "persistence", 101, "none")) == pytest.approx(0)


def test_no_guarantee_of_the_rules_is_contradicted() -> None:
    for continuation in ("relief", "none"):
        agents = omnisim.analyze(run("Algorithm 1", "persistence", 200, continuation)).agents
        assert agents["benchmark_size"].item() == 1
        assert agents["ccv_positive"].item() <= 1


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(omnisim.OmnisimError, match="rounds of Mannor must be >= 2, got 1"):
        Mannor(1)
    with pytest.raises(omnisim.OmnisimError, match="continuation of Mannor is 'pain': it must be 'relief' or 'none'"):
        Mannor(10, "pain")
