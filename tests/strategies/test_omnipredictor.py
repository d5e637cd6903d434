"""The omnipredictor in the simulator: what it learns from, and whom it serves."""

import numpy as np
import pytest

import omnisim
from omnisim.batch import cross_fitted, direct_ensemble, finite_minimizers, two_player
from omnisim.errors import StrategyError
from omnisim.forecasters import Climatology, Omnipredictor, Persistence, RidgeAutoregression
from omnisim.problem.context import Context, Past, Service
from omnisim.problem.losses import Mean

OUTCOMES = (np.random.default_rng(11).random(80) < 0.3).astype(float)


def played(forecaster, outcomes, past=None):
    """The mixtures of all rounds, and that of the round after the last."""
    forecaster.start(Service(1, past=past))
    found = []
    for t, y in enumerate(outcomes):
        found.append(forecaster.predict(Context(t)))
        forecaster.update(np.array([y]))
    return [*found, forecaster.predict(Context(len(outcomes)))]


@pytest.mark.parametrize("method", ["two_player", "direct"])
def test_it_is_the_functions_put_together(method: str) -> None:
    forecaster = Omnipredictor([Persistence(), Climatology(5)], method, m=8, warm_up=40, refit_every=40, seed=3)
    last = played(forecaster, OUTCOMES)[-1]
    bases = [played(base, OUTCOMES) for base in (Persistence(), Climatology(5))]
    columns = np.array([[float(mixture.mean[0]) for mixture in base] for base in bases]).T
    rng = np.random.default_rng(3)
    exceeds, base = cross_fitted(lambda x, y: finite_minimizers(x, y, 8, Mean()), columns[:80], OUTCOMES, 5, rng)
    order = rng.permutation(80)
    combine = two_player if method == "two_player" else direct_ensemble
    law = combine(exceeds[order], OUTCOMES[order], target=Mean()).mixture(base.exceeds(columns[80:]))[0]
    found = np.zeros(9)
    found[np.rint(last.support[:, 0] * 8).astype(int)] = last.weights
    np.testing.assert_allclose(found, law, atol=1e-12)


def test_before_the_warm_up_it_says_what_the_first_base_says() -> None:
    forecaster = Omnipredictor([Climatology(), Persistence()], warm_up=30)
    mixtures, base = played(forecaster, OUTCOMES[:31]), played(Climatology(), OUTCOMES[:31])
    for t in range(30):
        np.testing.assert_array_equal(mixtures[t].mean, base[t].mean)
    assert forecaster.fitted
    assert len(mixtures[30].support) > 0


@pytest.mark.long
def test_rounds_before_round_0_count_like_rounds_played() -> None:
    """Refitted in every round, it cannot tell them apart."""
    forecaster = Omnipredictor(warm_up=10, refit_every=1, m=4)
    whole = played(forecaster, OUTCOMES)
    split = played(forecaster, OUTCOMES[50:], past=Past(OUTCOMES[:50, None]))
    for first, second in zip(whole[50:], split, strict=True):
        np.testing.assert_array_equal(first.support, second.support)
        np.testing.assert_array_equal(first.weights, second.weights)


@pytest.mark.long
def test_it_learns_anew_every_so_many_rounds_and_not_in_between() -> None:
    """From round to round it is one that learnt once, in the last of the rounds 20, 27, 34, ..."""

    def mixtures(**given: int) -> list[dict[float, float]]:
        forecaster = Omnipredictor([Persistence(), Climatology(5), Climatology(20)], m=16, **given)
        found = played(forecaster, OUTCOMES)
        return [dict(zip(law.support[:, 0].tolist(), law.weights.tolist(), strict=True)) for law in found]

    found, once = mixtures(warm_up=20, refit_every=7), {t: mixtures(warm_up=t, refit_every=99) for t in range(20, 81)}
    assert all(found[t] == once[t - (t - 20) % 7][t] for t in range(20, 81))
    assert sum(found[t] != once[t][t] for t in range(20, 81)) > 5  # so that it matters when


def test_only_the_window_is_learnt_from() -> None:
    """What the memoryless base said and what happened before the window make no difference."""
    make = lambda: Omnipredictor([Persistence(), Persistence(2)], warm_up=20, refit_every=1, window=20, m=4)  # noqa: E731
    other = np.concatenate([1 - OUTCOMES[:50], OUTCOMES[50:]])
    first, second = played(make(), OUTCOMES)[-1], played(make(), other)[-1]
    np.testing.assert_array_equal(first.support, second.support)
    np.testing.assert_array_equal(first.weights, second.weights)


@pytest.mark.long
def test_it_serves_cautious_and_bold_hedgers_of_price_spikes_alike() -> None:
    """On the shipped scenario: for both, above most of its bases and within 1 % of a round's money of the best."""
    scenario = omnisim.load_scenario("price_spikes")
    bases = [Climatology(28), Climatology(7), Persistence(), RidgeAutoregression(transform="none", refit_every=7)]

    def utilities(forecaster) -> np.ndarray:
        agents = omnisim.analyze(omnisim.simulate(scenario.replace(forecaster=forecaster), seed=0)).agents
        return agents[agents["subsequence"] == "all"].groupby("population")["utility"].mean().to_numpy()

    rounds = scenario.rounds
    own = utilities(Omnipredictor(bases))
    each = np.stack([utilities(base) for base in bases])
    assert (own > np.sort(each, axis=0)[-2]).all()
    assert (own > each.max(axis=0) - 0.01 * rounds).all()


def test_certificates_hold_where_it_forecasts() -> None:
    certificates = omnisim.analyze(omnisim.simulate(omnisim.load_scenario("price_spikes", {"rounds": 60}))).certificates
    assert len(certificates) > 0
    assert certificates["holds"].all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "merge"}, "method of Omnipredictor is 'merge': it must be 'two_player' or 'direct'"),
        ({"m": 0}, "m of Omnipredictor must be >= 1, got 0"),
        ({"warm_up": 1}, "warm_up of Omnipredictor must be >= 2, got 1"),
        ({"refit_every": 0}, "refit_every of Omnipredictor must be >= 1, got 0"),
        ({"window": 1}, "window of Omnipredictor must be >= 2, got 1"),
        ({"seed": -1}, "seed of Omnipredictor must be >= 0, got -1"),
    ],
)
def test_bad_parameters_are_named(parameters, message: str) -> None:
    with pytest.raises(StrategyError, match=message):
        Omnipredictor(**parameters)


def test_several_coordinates_are_refused() -> None:
    with pytest.raises(StrategyError, match="Omnipredictor predicts one coordinate, outcomes have 2"):
        Omnipredictor().start(Service(2))
