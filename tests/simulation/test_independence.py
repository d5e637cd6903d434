"""Who draws in a round draws by itself: given the mixture, the prediction says nothing about the outcome.

Every theorem on what was sampled rests on it. Each test looks at sums of products of centred draws, which are
martingales of known variance if the draws are independent; divided by its standard deviation such a sum exceeds
``LIMIT`` = 6 with probability below 2e-9, by the central limit theorem (``ROUNDS`` is large, and the draws have two
values). There are fewer than 100 comparisons, so a correct simulation fails with probability below 2e-7. With the fewer
rounds of the quick suite the theorem is left aside: a sum of products of fair coins exceeds ``LIMIT`` with probability
below 2 exp(-18) = 3.1e-8 by Azuma's inequality, and each of the three sums of coins that are not fair with probability
below 9e-7 by Bernstein's, so that a correct simulation fails with probability below 6e-6.
"""

import itertools
from typing import Any

import numpy as np
import pytest
from examples import Suite

import omnisim
from omnisim.network import Channel, Network
from omnisim.problem.context import Context, History
from omnisim.strategies.adversaries import Adversary
from omnisim.strategies.forecasters.base import Forecaster

pytestmark = pytest.mark.sampled

ROUNDS, LIMIT = 4000 if Suite.long else 1600, 6.0


class Coin(Forecaster):
    """0 or 1, with probability 1/2 each."""

    def _predict(self, context: Context) -> omnisim.Mixture:
        return omnisim.Mixture([[0.0], [1.0]], [0.5, 0.5])


class Swaying(Forecaster):
    """0 or 1, with a probability that moves up and down."""

    @staticmethod
    def probability(t: int) -> float:
        return 0.5 + 0.4 * float(np.sin(t / 7))

    def _predict(self, context: Context) -> omnisim.Mixture:
        probability = self.probability(context.round)
        return omnisim.Mixture([[0.0], [1.0]], [1 - probability, probability])


class Reading(Adversary):
    """Draws 1 with the probability of 0 in the mixture that it read."""

    oblivious = False

    @property
    def dimension(self) -> int:
        return 1

    def _law(self, context: Context, mixture: omnisim.Mixture | None, history: History | None) -> omnisim.Mixture:
        assert mixture is not None
        probability = 1 - float(mixture.mean[0])
        return omnisim.Mixture([[0.0], [1.0]], [1 - probability, probability])


def scenario(**changes: Any) -> omnisim.Scenario:
    given: dict[str, Any] = {
        "populations": [
            omnisim.Population(name, [[[1.0], [0.0]]], [[0.0, 0.5]]) for name in ("followers", "one", "two")
        ],
        "adversary": omnisim.adversaries.Independent([[0.0], [1.0]]),
        "forecaster": Coin(),
        "other_forecasters": {"second": Coin(), "third": Coin()},
        "elimination": {
            "followers": omnisim.elimination.BestResponse(),
            **dict.fromkeys(("one", "two"), omnisim.learners.Hedge(eta=1e-9)),
        },
        "rounds": ROUNDS,
    }
    return omnisim.Scenario(**given | changes)


def strength(first: np.ndarray, second: np.ndarray, variance: float) -> float:
    """How many standard deviations the sum of products of centred draws is away from 0."""
    return float(abs((first * second).sum()) / np.sqrt(variance))


def independent(draws: dict[str, np.ndarray]) -> None:
    """Fair coins that know nothing of each other, in this round, the one before and the one after."""
    centred = {name: values - 0.5 for name, values in draws.items()}
    for name, values in centred.items():
        assert set(np.unique(values)) == {-0.5, 0.5}, name
        assert strength(values, np.ones(ROUNDS), ROUNDS / 4) < LIMIT, name
        assert strength(values[1:], values[:-1], (ROUNDS - 1) / 16) < LIMIT, f"{name}, from round to round"
    for (one, x), (other, y) in itertools.combinations(centred.items(), 2):
        for lag in (-1, 0, 1):
            early, late = (x[: ROUNDS - lag], y[lag:]) if lag >= 0 else (x[-lag:], y[:lag])
            assert strength(early, late, len(early) / 16) < LIMIT, f"{one} and {other}, {lag} rounds later"


@pytest.mark.long
def test_all_that_is_drawn_in_a_round_is_drawn_independently() -> None:
    for seed in (0, 1):
        trace = omnisim.simulate(scenario(), seed=seed)
        independent(
            {
                "outcome": trace.outcomes[:, 0],
                "forecast": trace.predictions[:, 0],
                **{name: values[:, 0] for name, values in trace.other_predictions.items()},
                **{name: trace.actions[name][:, 0].astype(float) for name in ("one", "two")},
            }
        )


@pytest.mark.long
def test_given_the_mixture_the_forecast_says_nothing_about_the_outcome() -> None:
    """Also where the law of the outcome follows from the mixture, so that the two are not independent without it."""
    trace = omnisim.simulate(scenario(forecaster=Swaying(), adversary=Reading()), seed=5)
    probability = np.array([Swaying.probability(t) for t in range(ROUNDS)])
    forecast, outcome = trace.predictions[:, 0], trace.outcomes[:, 0]
    one, other = forecast - probability, outcome - (1 - probability)
    each = probability * (1 - probability)
    assert strength(one, np.ones(ROUNDS), each.sum()) < LIMIT
    assert strength(other, np.ones(ROUNDS), each.sum()) < LIMIT
    assert strength(one, other, (each**2).sum()) < LIMIT
    assert strength(forecast - 0.5, outcome - 0.5, ROUNDS / 16) > LIMIT  # they do depend on the mixture


@pytest.mark.long
def test_nor_does_the_luck_of_the_messages() -> None:
    network = Network(channels=[Channel("forecaster", "population/followers", loss=0.5)], max_age=0)
    trace = omnisim.simulate(scenario(network=network), seed=2)
    heard = trace.records["followers"].heard
    assert heard is not None
    independent(
        {
            "outcome": trace.outcomes[:, 0],
            "forecast": trace.predictions[:, 0],
            "arrival": (heard[:, 0] >= 0).astype(float),
            "one": trace.actions["one"][:, 0].astype(float),
        }
    )


def test_a_shared_stream_would_be_noticed(monkeypatch: Any) -> None:
    """Forecasts sampled from the adversary's stream: the fault that this file is about."""
    from omnisim.simulation import preparing

    drawn = preparing.stream
    monkeypatch.setattr(
        preparing, "stream", lambda seed, name: drawn(seed, "adversary" if name == "forecaster" else name)
    )
    trace = omnisim.simulate(scenario(), seed=0)
    both = trace.outcomes[:, 0] - 0.5, trace.predictions[:, 0] - 0.5
    assert strength(*both, ROUNDS / 16) > LIMIT
