"""What all learners share: they are policies, draw from their weights, and keep the draw to themselves."""

import copy

import numpy as np
import pytest
from strategies.learners.driving import constrained

import omnisim
from omnisim.scenario import registry

NAMES = sorted(registry.KINDS["learners"])
ROUND = np.ones(1, dtype=bool)


def make(name: str) -> omnisim.learners.Learner:
    return registry.find("learners", name)()


def started(name: str, population: omnisim.Population, rounds: int = 50, seed: int = 0) -> omnisim.learners.Learner:
    learner = make(name)
    learner.start(population, np.ones((rounds, 1), dtype=bool), np.random.default_rng(seed))
    return learner


def learn(learner: omnisim.learners.Learner, population: omnisim.Population, outcome: np.ndarray) -> None:
    learner.settle(np.zeros(population.agents, dtype=int), outcome, population.costs(outcome), ROUND)


def test_every_learner_is_registered() -> None:
    public = {getattr(omnisim.learners, name) for name in omnisim.learners.__all__} - {omnisim.learners.Learner}
    assert public == {registry.find("learners", name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_one_action_is_playable_and_any_is_registered(name: str) -> None:
    population = constrained(7, 4, 2, 3, seed=1)
    learner = started(name, population)
    for _ in range(5):
        np.testing.assert_array_equal(learner.registered(ROUND), np.ones((7, 4), dtype=bool))
        playable, fallback = learner.playable(ROUND)
        assert (playable.sum(axis=1) == 1).all()
        assert not fallback.any()
        np.testing.assert_array_equal(learner.playable(ROUND)[0], playable)
        assert (learner.weights >= 0).all()
        np.testing.assert_allclose(learner.weights.sum(axis=1), 1, rtol=1e-12)
        learn(learner, population, np.array([0.2, 0.9, 0.4]))
    assert (learner.eliminated_at == np.full((7, 4, 1), 50)).all()


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_drawn_from_the_weights(name: str) -> None:
    """20,000 agents alike; each frequency within 6 standard deviations: false alarms below 4 * 4 * 2e-9."""
    agents = 20_000
    one = constrained(1, 4, 2, 3, seed=1)
    population = omnisim.Population(
        "many",
        np.tile(one.utility, (agents, 1, 1)),
        np.tile(one.offset, (agents, 1)),
        [
            omnisim.LinearConstraint(np.tile(c.slope, (agents, 1, 1)), np.tile(c.offset, (agents, 1)))
            for c in one.constraints
        ],
    )
    learner = started(name, population, rounds=10)
    for _ in range(2):
        learn(learner, population, np.array([0.2, 0.9, 0.4]))
    weights = learner.weights[0]
    frequency = learner.playable(ROUND)[0].mean(axis=0)
    assert (np.abs(frequency - weights) <= 6 * np.sqrt(weights * (1 - weights) / agents)).all()


@pytest.mark.parametrize("name", NAMES)
def test_restarts_copies_and_inputs(name: str) -> None:
    population = constrained(4, 3, 2, 2, seed=2)
    outcomes = np.random.default_rng(3).random((20, 2))

    def play(learner: omnisim.learners.Learner, begin: int = 0) -> list[np.ndarray]:
        found = []
        for outcome in outcomes[begin:]:
            found += [learner.weights.copy(), learner.playable(ROUND)[0]]
            costs = population.costs(outcome).copy()
            costs.setflags(write=False)
            frozen = outcome.copy()
            frozen.setflags(write=False)
            learner.settle(np.zeros(4, dtype=int), frozen, costs, ROUND)
        return found

    learner = started(name, population)
    first = play(learner)
    learner.start(population, np.ones((50, 1), dtype=bool), np.random.default_rng(0))
    np.testing.assert_array_equal(play(learner), first)
    half = started(name, population)
    for outcome in outcomes[:10]:
        half.playable(ROUND)
        learn(half, population, outcome)
    copied = copy.deepcopy(half)
    play(half, 10)
    np.testing.assert_array_equal(play(copied, 10), first[20:])


def test_without_a_generator_it_cannot_draw() -> None:
    learner = omnisim.learners.Hedge()
    learner.start(constrained(1, 2, 0, 1, seed=0), np.ones((5, 1), dtype=bool))
    with pytest.raises(omnisim.OmnisimError, match=r"Hedge draws its actions: start it with a generator \(rng\)"):
        learner.playable(ROUND)


@pytest.mark.parametrize("name", NAMES)
def test_in_a_run_the_actions_are_those_drawn(name: str) -> None:
    """The best response to any prediction is the one action offered; other populations' draws do not change it."""
    population = constrained(5, 3, 1, 2, seed=4)
    other = omnisim.Population("other", population.utility, population.offset)

    def run(populations: list[omnisim.Population], forecaster) -> omnisim.Trace:
        return omnisim.simulate(
            omnisim.Scenario(
                populations=populations,
                adversary=omnisim.adversaries.Independent([[0.0, 1.0], [1.0, 0.3]]),
                forecaster=forecaster,
                elimination=make(name),
                rounds=40,
            ),
            seed=2,
        )

    first = run([population], omnisim.forecasters.Climatology())
    second = run([other, population], omnisim.forecasters.Persistence())
    np.testing.assert_array_equal(first.actions["agents"], second.actions["agents"])
    assert (first.eliminated_at["agents"] == 40).all()
    assert not first.fallback["agents"].any()
    assert omnisim.analyze(first).certificates["holds"].all()


def test_beside_elimination_agents_from_a_file(tmp_path) -> None:
    path = tmp_path / "mixed.toml"
    path.write_text(
        """
        rounds = 20
        [market]
        source = "synthetic"
        low = 0.0
        high = 120.0
        [adversary]
        kind = "worst_case"
        [forecaster]
        kind = "climatology"
        [elimination]
        kind = "per_subsequence_threshold"
        [populations.buyers]
        kind = "energy_buyers"
        agents = 3
        stress_price = 85.0
        [populations.operators]
        kind = "budgeted_operators"
        agents = 2
        [populations.operators.elimination]
        kind = "hedge"
        eta = "anytime"
        [populations.factories]
        kind = "manufacturers"
        agents = 2
        curtailment_price = 85.0
        [populations.factories.elimination]
        kind = "drift_plus_penalty"
        V = 3.0
        """
    )
    scenario = omnisim.load_scenario(path)
    trace = omnisim.simulate(scenario)
    assert trace.about["elimination"] == {
        "buyers": "PerSubsequenceThreshold",
        "operators": "Hedge",
        "factories": "DriftPlusPenalty",
    }
    assert scenario.elimination["operators"].eta == "anytime"
    assert (scenario.elimination["factories"].V, scenario.elimination["factories"].alpha) == (3.0, None)
    assert set(np.unique(trace.outcomes)) <= {0.0, 1.0}
    assert omnisim.analyze(trace).certificates["holds"].all()


def test_a_misspelt_learner_is_refused(tmp_path) -> None:
    path = tmp_path / "misspelt.toml"
    path.write_text(
        """
        rounds = 20
        [market]
        source = "synthetic"
        low = 0.0
        high = 120.0
        [adversary]
        kind = "worst_case"
        [forecaster]
        kind = "climatology"
        [elimination]
        kind = "hegde"
        [populations.operators]
        kind = "budgeted_operators"
        agents = 2
        """
    )
    with pytest.raises(omnisim.OmnisimError, match=r"elimination.kind: is 'hegde': did you mean 'hedge'\?"):
        omnisim.load_scenario(path)
