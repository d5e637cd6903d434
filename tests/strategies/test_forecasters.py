"""Each forecaster against an independent computation of what it should predict."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from omnisim.errors import StrategyError
from omnisim.problem.context import Context, Past, Service
from omnisim.problem.mixture import Mixture
from omnisim.strategies.forecasters import (
    Climatology,
    ConditionalMean,
    Persistence,
    Published,
    RidgeAutoregression,
)
from omnisim.strategies.forecasters.base import Forecaster

OUTCOMES = np.random.default_rng(8).random((60, 2))
LOAD = np.random.default_rng(9).random((60, 3))
DATES = np.datetime64("2024-02-26") + np.arange(60).astype("timedelta64[D]")  # a Monday


def predicted(forecaster: Forecaster, rounds: int = 60, past: Past | None = None, context: Any = None) -> np.ndarray:
    """What it predicts for each round if told the outcomes of the rounds before."""
    first = 0 if past is None else len(past.outcomes)
    forecaster.start(Service(dimension=2, rounds=rounds - first, past=past))
    means = []
    for t in range(first, rounds):
        means.append(forecaster.predict(context(t) if context else Context(round=t - first)).mean)
        forecaster.update(OUTCOMES[t])
    return np.array(means)


@pytest.mark.parametrize("lag", [1, 3, 7])
def test_persistence(lag: int) -> None:
    expected = [OUTCOMES[t - lag] if t >= lag else OUTCOMES[0] if t else [0.5, 0.5] for t in range(60)]
    np.testing.assert_array_equal(predicted(Persistence(lag)), expected)


@pytest.mark.parametrize("window", [None, 1, 5, 100])
def test_climatology(window: int | None) -> None:
    expected = [[0.5, 0.5]]
    for t in range(1, 60):
        recent = OUTCOMES[:t] if window is None else OUTCOMES[max(0, t - window) : t]
        expected.append([sum(y[i] for y in recent) / len(recent) for i in range(2)])
    np.testing.assert_allclose(predicted(Climatology(window)), expected, rtol=0, atol=1e-12)


def test_climatology_stays_in_the_box_over_many_additions_and_subtractions() -> None:
    forecaster = Climatology(window=3)
    forecaster.start(Service(dimension=1))
    for outcome in [1.0, 0.1, 0.7, 1 / 3, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]:
        forecaster.update(np.array([outcome]))
    assert forecaster.predict(Context(round=10)).mean[0] == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("make", [lambda: Persistence(3), Climatology, lambda: Climatology(4)])
def test_simple_forecasters_learn_from_the_past(make: Any) -> None:
    whole = predicted(make())
    np.testing.assert_array_equal(predicted(make(), past=Past(OUTCOMES[:20])), whole[20:])


@dataclass
class Ridges:
    """Ridge autoregression by scikit-learn, fitted anew in every round."""

    lags: Sequence[int] = (1, 2, 3, 7)
    window: int = 365
    penalty: float = 30.0
    load: bool = False
    weekday: bool = False
    transform: str = "asinh"

    def predict(self, t: int, fitted: int | None = None) -> np.ndarray:
        """The prediction of round t, fitted before round ``fitted`` on the last rounds that have all lags."""
        fitted = t if fitted is None else fitted
        rounds = list(range(max(*self.lags, fitted - self.window), fitted))
        if len(rounds) < 14:
            return OUTCOMES[t - 1] if t else np.full(2, 0.5)
        targets = OUTCOMES[rounds]
        center = median(targets.ravel())
        scale = median(abs(targets - center).ravel()) / NormalDist().inv_cdf(0.75)

        def there(outcomes: np.ndarray) -> np.ndarray:
            return np.arcsinh((outcomes - center) / scale) if self.transform == "asinh" else outcomes

        def regressors(s: int) -> np.ndarray:
            parts = [there(OUTCOMES[s - lag]) for lag in self.lags]
            parts += [LOAD[s]] if self.load else []
            return np.concatenate([*parts, np.eye(7)[s % 7]] if self.weekday else parts)

        rows = np.stack([regressors(s) for s in rounds])
        scaler = StandardScaler().fit(rows)
        model = Ridge(alpha=self.penalty).fit(scaler.transform(rows), there(targets))
        predicted = model.predict(scaler.transform(regressors(t)[None]))[0]
        back = np.sinh(predicted) * scale + center if self.transform == "asinh" else predicted
        return np.clip(back, 0, 1)


def near(found: np.ndarray, expected: Sequence[np.ndarray]) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


@pytest.mark.one_in(10)
@pytest.mark.parametrize("transform", ["asinh", "none"])
@pytest.mark.parametrize("weekday", [False, True])
@pytest.mark.parametrize("load", [False, True])
@pytest.mark.parametrize(("lags", "window", "penalty"), [([1, 2, 3, 7], 365, 30.0), ([2], 20, 0.5)])
def test_ridge_against_scikit_learn(
    lags: list[int], window: int, penalty: float, load: bool, weekday: bool, transform: Any
) -> None:
    def context(t: int) -> Context:
        return Context(t, date=DATES[t] if weekday else None, features={"load": LOAD[t]} if load else {})

    ridges = Ridges(lags, window, penalty, load, weekday, transform)
    forecaster = RidgeAutoregression(window, penalty, lags, transform=transform)
    near(predicted(forecaster, context=context), [ridges.predict(t) for t in range(60)])


def test_ridge_learns_from_the_past() -> None:
    past = Past(OUTCOMES[:40], DATES[:40], {"load": LOAD[:40]})

    def context(t: int) -> Context:
        return Context(t - 40, date=DATES[t], features={"load": LOAD[t]})

    ridges = Ridges(load=True, weekday=True)
    near(predicted(RidgeAutoregression(), past=past, context=context), [ridges.predict(t) for t in range(40, 60)])


def test_ridge_uses_only_the_features_named() -> None:
    def context(t: int) -> Context:
        return Context(t, features={"load": LOAD[t], "noise": np.array([float(t % 3)])})

    found = predicted(RidgeAutoregression(features=["load"]), context=context)
    near(found, [Ridges(load=True).predict(t) for t in range(60)])


def test_ridge_refits_only_as_often_as_told() -> None:
    # The first fit is in the round that has 14 rounds with their lag behind it.
    found = predicted(RidgeAutoregression(lags=[2], refit_every=5))
    near(found[16:], [Ridges(lags=[2]).predict(t, fitted=t - (t - 16) % 5) for t in range(16, 60)])


@pytest.mark.parametrize(("spread", "carries"), [(1.001e-9, True), (0.999e-9, False)])
def test_ridge_takes_no_notice_of_a_feature_whose_spread_is_below_a_billionth(spread: float, carries: bool) -> None:
    """The feature is +-spread in turn within shuffled pairs, 28 rounds in all, and says what the outcome is."""
    signs = np.random.default_rng(3).permuted(np.tile([1.0, -1.0], (14, 1)), axis=1).ravel()
    forecaster = RidgeAutoregression(window=28, lags=[1], penalty=0.01, transform="none")
    forecaster.start(Service(dimension=1))
    for t in range(29):
        forecaster.predict(Context(t, features={"sign": spread * signs[t - 1 : t]} if t else {"sign": np.zeros(1)}))
        forecaster.update(np.array([0.5 + 0.4 * signs[t - 1] if t else 0.5]))
    said = [forecaster.predict(Context(29, features={"sign": np.array([spread * s])})).mean[0] for s in (1.0, -1.0)]
    np.testing.assert_allclose(said[0] - said[1], 0.8 if carries else 0.0, atol=0.01)


@pytest.mark.parametrize(("deviation", "carries"), [(1e-9, True), (0.999e-9, False)])
def test_ridge_scales_outcomes_unless_they_hardly_differ(deviation: float, carries: bool) -> None:
    """0, c and 2c in turn have the median absolute deviation c; hardly differing, they are predicted by their mean."""
    unit = deviation * NormalDist().inv_cdf(0.75)
    forecaster = RidgeAutoregression(lags=[3], penalty=0.01)
    forecaster.start(Service(dimension=1))
    for t in range(48):
        forecaster.predict(Context(t))
        forecaster.update(np.array([unit * (t % 3)]))
    said = [forecaster.predict(Context(48)).mean[0] / unit]
    for t in (48, 49):
        forecaster.update(np.array([unit * (t % 3)]))
        said.append(forecaster.predict(Context(t + 1)).mean[0] / unit)
    np.testing.assert_allclose(said, [0, 1, 2] if carries else [1, 1, 1], atol=0.05)


def test_published_array() -> None:
    np.testing.assert_array_equal(predicted(Published(OUTCOMES)), OUTCOMES)


def test_published_model_of_the_context() -> None:
    def context(t: int) -> Context:
        return Context(t, forecasts={"lasso": OUTCOMES[t] / 2, "dnn": OUTCOMES[t]})

    np.testing.assert_array_equal(predicted(Published(model="lasso"), context=context), OUTCOMES / 2)


def test_conditional_mean_reads_the_law() -> None:
    laws = [Mixture(OUTCOMES[t : t + 3], [0.5, 0.25, 0.25]) for t in range(50)]
    forecaster = ConditionalMean()
    forecaster.start(Service(dimension=2, law=lambda context: laws[context.round]))
    for t in range(50):
        expected = 0.5 * OUTCOMES[t] + 0.25 * OUTCOMES[t + 1] + 0.25 * OUTCOMES[t + 2]
        np.testing.assert_allclose(forecaster.predict(Context(round=t)).mean, expected, rtol=0, atol=1e-15)


def started(forecaster: Forecaster, **service: Any) -> Forecaster:
    forecaster.start(Service(**{"dimension": 2, "rounds": 60} | service))
    return forecaster


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Persistence(0), "lag of Persistence must be at least 1 round, got 0"),
        (lambda: Climatology(0), "window of Climatology must be at least 1 round, got 0"),
        (lambda: RidgeAutoregression(window=13), "window of RidgeAutoregression must be at least 14, got 13"),
        (lambda: RidgeAutoregression(penalty=0), "penalty of RidgeAutoregression must be > 0, got 0"),
        (lambda: RidgeAutoregression(penalty=np.nan), "penalty of RidgeAutoregression must be > 0, got nan"),
        (lambda: RidgeAutoregression(lags=[]), r"lags of RidgeAutoregression must be rounds >= 1, got \[\]"),
        (lambda: RidgeAutoregression(lags=[1, 0]), r"lags of RidgeAutoregression must be rounds >= 1, got \[1, 0\]"),
        (lambda: RidgeAutoregression(refit_every=0), "refit_every of RidgeAutoregression must be >= 1, got 0"),
        (lambda: RidgeAutoregression(transform="log"), "transform of RidgeAutoregression is 'log'"),  # type: ignore[arg-type]
        (Published, "Published needs exactly one of predictions and model, got none"),
        (lambda: Published([[0.5]], model="a"), "exactly one of .*, got predictions and model"),
        (lambda: Published([[0.5], [np.nan]]), r"predictions of Published\[1, 0\] is nan"),
        (
            lambda: Published([[0.5], [1.5]]),
            r"predictions of Published\[1, 0\] is 1.5: every entry must lie in \[0, 1\]",
        ),
        (lambda: Published([0.5]), r"predictions of Published must have shape \(T, d\), got \(1,\)"),
        (lambda: Published(np.empty((0, 2))), r"predictions of Published has shape \(0, 2\)"),
        (lambda: started(Published(OUTCOMES[:59])), "Published has predictions for 59 rounds: the run has 60"),
        (lambda: started(Published(OUTCOMES), dimension=3), "predictions of 2 coordinates: outcomes have 3"),
        (lambda: started(ConditionalMean()), "ConditionalMean needs an adversary whose law depends on the context"),
        (lambda: Climatology().predict(Context(round=0)), "Climatology was not started"),
        (
            lambda: started(Published(model="laso")).predict(Context(0, forecasts={"lasso": OUTCOMES[0]})),
            r"names the model 'laso', of which there is no forecast: did you mean 'lasso'\?",
        ),
        (
            lambda: predicted(RidgeAutoregression(features=["wind"])),
            "RidgeAutoregression names the feature 'wind': the context has none",
        ),
    ],
)
def test_bad_parameters_are_refused(make: Any, message: str) -> None:
    with pytest.raises(StrategyError, match=message):
        make()
