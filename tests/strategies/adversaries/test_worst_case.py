from itertools import product

import numpy as np
import pytest
from examples import Suite

import omnisim
from omnisim import elimination, forecasters, learners
from omnisim.adversaries import WorstCase
from omnisim.analysis.regret import regret
from omnisim.analysis.sums import played_sums
from omnisim.errors import StrategyError
from omnisim.problem.context import Context, History, Service
from omnisim.strategies.forecasters.base import Forecaster

HORIZONS = 2 ** np.arange(*((7, 12) if Suite.long else (6, 10)))
FOOLED = {
    "persistence": forecasters.Persistence,
    "climatology": forecasters.Climatology,
    "ridge autoregression": forecasters.RidgeAutoregression,
}


def random_population(
    seed: int, agents: int, actions: int, dimension: int, limited: bool = False
) -> omnisim.Population:
    """Utilities that cross in the middle of the cube; the last action is safe where there is a constraint."""
    rng = np.random.default_rng(seed)
    utility = rng.uniform(-0.5, 0.5, (agents, actions, dimension)) / dimension
    offset = 0.5 - utility.sum(axis=2) / 2
    constraints = []
    if limited:
        slope = rng.uniform(-0.5, 0.5, (agents, actions, dimension)) / dimension
        level = -np.maximum(slope, 0).sum(axis=2) + rng.choice([0.0, 0.2], (agents, actions), p=[0.6, 0.4])
        constraints = [omnisim.LinearConstraint(slope, level)]
    return omnisim.Population("agents", utility, offset, constraints)


def run(population: omnisim.Population, forecaster: Forecaster, rounds: int, rule=None, seed: int = 0) -> omnisim.Trace:
    scenario = omnisim.Scenario(
        populations=[population],
        adversary=WorstCase(),
        forecaster=forecaster,
        elimination=rule or elimination.BestResponse(),
        rounds=rounds,
    )
    return omnisim.simulate(scenario, seed=seed)


def regrets(trace: omnisim.Trace) -> tuple[float, float]:
    """External and swap regret, mean over the agents."""
    agents = omnisim.analyze(trace).agents
    return agents["external_regret"].mean(), agents["swap_regret"].mean()


def slopes(measured: list[tuple[float, float]]) -> np.ndarray:
    return np.polyfit(np.log(HORIZONS), np.log(np.array(measured)), 1)[0]


@pytest.mark.one_in(6)
@pytest.mark.sampled
@pytest.mark.parametrize(("agents", "actions", "dimension"), [(1, 2, 1), (10, 4, 3)])
@pytest.mark.parametrize("name", FOOLED)
def test_regret_of_a_fooled_forecaster_grows_linearly(name: str, agents: int, actions: int, dimension: int) -> None:
    population = random_population(5, agents, actions, dimension)
    measured = [regrets(run(population, FOOLED[name](), rounds)) for rounds in HORIZONS]
    print(name, HORIZONS, np.round(measured, 1).T, sep="\n")  # noqa: T201
    external, swap = slopes(measured)
    assert external >= 0.9
    assert swap >= 0.9


@pytest.mark.long
@pytest.mark.sampled
def test_regret_grows_linearly_where_actions_are_eliminated() -> None:
    population = random_population(5, agents=10, actions=6, dimension=3, limited=True)
    trace = run(population, forecasters.Climatology(), int(HORIZONS[-1]), elimination.FirstViolation())
    record = trace.records["agents"]
    benchmark = (record.violated_at == trace.rounds)[None, :, :, 0]
    assert 1 < benchmark.sum() < benchmark.size
    measured = []
    for t in HORIZONS:
        sums = played_sums(record.actions[:t], 6, trace.active[:t], trace.outcomes[:t], trace.predictions[:t])
        found = regret(population, sums, benchmark)
        met = benchmark.any(axis=2)
        measured.append((found.external[met].mean(), found.swap[met].mean()))
    assert (slopes(measured) >= 0.9).all()


@pytest.mark.long
def test_the_trace_is_deterministic() -> None:
    population = random_population(2, agents=4, actions=3, dimension=2)
    first, second = (run(population, forecasters.Climatology(), 200, seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(first.outcomes, second.outcomes)
    np.testing.assert_array_equal(first.actions["agents"], second.actions["agents"])


def test_the_outcome_maximizes_the_weighted_regret() -> None:
    """Against the definition, with loops over agents, support, actions and all corners of the cube."""
    rng = np.random.default_rng(8)
    agents, actions, dimension, start = 3, 4, 3, 0.25
    population = random_population(3, agents, actions, dimension)
    utility = population.utility
    adversary = WorstCase(start=start)
    adversary.start(np.random.default_rng(0), [population])
    past = np.zeros((agents, actions, actions))
    outcomes, played = np.empty((30, dimension)), np.empty((30, agents), dtype=np.int64)
    for t in range(30):
        mixture = omnisim.Mixture(rng.random((2, dimension)), [0.3, 0.7])
        candidates = rng.random((agents, actions)) < 0.7
        candidates[:, 0] |= ~candidates.any(axis=1)
        history = History(outcomes[:t], outcomes[:t], {"agents": played[:t]})
        law = adversary.law(Context(t, candidates={"agents": candidates}), mixture, history)

        corners = dict.fromkeys(product((0.0, 1.0), repeat=dimension), 0.0)
        for n in range(agents):
            allowed = [a for a in range(actions) if candidates[n, a]]
            for point, probability in zip(mixture.support, mixture.weights, strict=True):
                promised = population.utilities(point)[n]
                a = max(allowed, key=promised.__getitem__)
                for b in allowed:
                    weight = start + max(0.0, past[n, a, b])
                    for y in corners:
                        corners[y] += probability * weight * (utility[n, b] - utility[n, a]) @ np.array(y)
        assert corners[tuple(law.mean)] == pytest.approx(max(corners.values()))
        outcomes[t] = law.mean
        played[t] = rng.integers(0, actions, agents)
        for n in range(agents):
            for b in range(actions):
                earned = population.utilities(outcomes[t])[n]
                past[n, played[t, n], b] += earned[b] - earned[played[t, n]]


@pytest.mark.long
def test_it_does_not_see_what_a_learner_draws() -> None:
    """Seeing it, it could take 1/2 from an agent of two opposite actions in every round."""
    population = omnisim.Population("agents", np.tile([[[0.5], [-0.5]]], (20, 1, 1)), np.tile([[0.25, 0.75]], (20, 1)))
    rounds, failure = 1024, 1e-9
    trace = run(population, forecasters.Climatology(), rounds, learners.Hedge())
    # In expectation at most sqrt(T ln 2 / 2); the draws add a martingale of increments in an interval of width 1/2.
    bound = np.sqrt(rounds * np.log(2) / 2) + np.sqrt(rounds * np.log(20 / failure) / 8)
    assert omnisim.analyze(trace).agents["external_regret"].max() <= bound < rounds / 8


def test_what_is_registered_reaches_the_adversary() -> None:
    seen: list[Context] = []

    class Watching(WorstCase):
        def _law(self, context, mixture, history):
            seen.append(context)
            return super()._law(context, mixture, history)

    population = random_population(5, agents=3, actions=6, dimension=3, limited=True)
    scenario = omnisim.Scenario(
        populations=[population, omnisim.Population("learners", population.utility, population.offset)],
        adversary=Watching(),
        forecaster=forecasters.Climatology(),
        elimination={"agents": elimination.FirstViolation(), "learners": learners.Hedge()},
        rounds=40,
    )
    left_at = omnisim.simulate(scenario).eliminated_at["agents"][:, :, 0]
    assert (left_at < 40).any()
    for t, context in enumerate(seen):
        assert list(context.candidates) == ["agents", "learners"]
        np.testing.assert_array_equal(context.candidates["agents"], left_at >= t)
        assert context.candidates["learners"].all()


def test_it_takes_its_dimension_from_the_populations() -> None:
    adversary = WorstCase()
    with pytest.raises(omnisim.OmnisimError, match="start it with some, or give dimension"):
        _ = adversary.dimension
    assert run(random_population(0, 2, 2, 4), forecasters.Persistence(), 3).outcomes.shape == (3, 4)
    with pytest.raises(omnisim.OmnisimError, match="has utilities of 2 coordinates: the adversary WorstCase plays 3"):
        omnisim.simulate(
            omnisim.Scenario(
                populations=[random_population(0, 2, 2, 2)],
                adversary=WorstCase(dimension=3),
                forecaster=forecasters.Persistence(),
                rounds=3,
            )
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"dimension": 0}, "dimension of WorstCase must be >= 1"), ({"start": 0.0}, "start of WorstCase must be > 0")],
)
def test_bad_parameters_are_refused(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(omnisim.OmnisimError, match=message):
        WorstCase(**arguments)


@pytest.mark.long
def test_it_plays_the_best_reply_to_the_weights_of_a_calibrated_forecaster() -> None:
    rng = np.random.default_rng(4)
    utility = rng.random((5, 3, 3)) / 3
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("agents", utility)],
        adversary=WorstCase(reads="weights"),
        forecaster=omnisim.forecasters.DecisionCalibrated(),
        elimination=omnisim.elimination.BestResponse(),
        rounds=80,
    )
    trace = omnisim.simulate(scenario)
    forecaster = omnisim.forecasters.DecisionCalibrated()
    forecaster.start(Service(3, 80, scenario.populations))
    for t, outcome in enumerate(trace.outcomes):
        everything = {"agents": np.ones((5, 3), dtype=bool)}
        forecaster.predict(Context(t, candidates=everything))
        gains = [forecaster.gain_gradient() @ np.array(corner) for corner in product((0.0, 1.0), repeat=3)]
        assert forecaster.gain_gradient() @ outcome == pytest.approx(max(gains))
        forecaster.update(outcome)


@pytest.mark.long
def test_it_looks_at_regrets_only_unless_told_otherwise() -> None:
    weights, regret = (
        omnisim.simulate(
            omnisim.Scenario(
                populations=[omnisim.Population("agents", np.random.default_rng(4).random((5, 3, 3)) / 3)],
                adversary=WorstCase(reads=reads),
                forecaster=omnisim.forecasters.DecisionCalibrated(),
                rounds=40,
            )
        )
        for reads in ("weights", "regret")
    )
    assert (weights.outcomes != regret.outcomes).any()
    with pytest.raises(StrategyError, match="reads of WorstCase is 'x': it must be 'weights' or 'regret'"):
        WorstCase(reads="x")
