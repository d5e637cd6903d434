"""Defaults of what learns from samples and measures it stand here a second time: none moves by a slip."""

import dataclasses
import inspect
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from omnisim import batch
from omnisim.batch import panprediction
from omnisim.batch.cross_fitted_models import Calibrated
from omnisim.batch.default_models import Sampled
from omnisim.batch.panprediction.grouping import Grouping
from omnisim.batch.panprediction.measures import product_calibration_error
from omnisim.batch.panprediction.stepwise import Rules
from omnisim.problem.losses import Mean, SquaredLoss

ENSEMBLE = {
    "base": None,
    "m": None,
    "c": None,
    "folds": 5,
    "base_share": None,
    "time_limit": 10.0,
    "random_state": None,
}
REGRESSOR = ENSEMBLE | {"quantile": None, "low": None, "high": None}
ESTIMATORS: dict[str, dict[str, Any]] = {
    "TwoPlayerOmnipredictor": ENSEMBLE | {"method": None},
    "DirectOmnipredictor": ENSEMBLE | {"method": None, "start": "max_low"},
    "CalibratedMultiaccuracy": ENSEMBLE | {"method": None},
    "TwoPlayerRegressor": REGRESSOR,
    "DirectRegressor": REGRESSOR,
    "Panpredictor": {
        "groups": None,
        "comparators": None,
        "method": "deterministic",
        "base": "combined",
        "tolerance": None,
        "depth": 1,
        "found": 0,
        "smallest": 30,
        "max_corrections": 100,
        "shrinkage": 1.0,
        "levels": None,
        "thresholds": 16,
        "rounds_kept": 64,
        "folds": 5,
        "random_state": None,
    },
    "Postprocessor": {
        "groups": None,
        "depth": 1,
        "found": 0,
        "smallest": 30,
        "tolerance": 2.0,
        "max_corrections": 100,
        "shrinkage": 1.0,
        "folds": 5,
        "ridge": 300.0,
        "ranges": False,
        "column": None,
        "random_state": None,
    },
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimators(name: str) -> None:
    assert getattr(batch, name)().get_params() == ESTIMATORS[name]


def test_models_within() -> None:
    assert Calibrated(None).get_params() == {"estimator": None, "folds": 5, "random_state": 0}
    assert Sampled(None, 9).get_params() == {"estimator": None, "most": 9, "random_state": 0}


RNG = np.random.default_rng(0)
P, Q = RNG.random(150), RNG.random(150)
Y = (RNG.random(150) < P).astype(float)
FRAME = {"old": RNG.random(150) < 0.4, "rich": RNG.random(150) < 0.5}
EXCEEDS = RNG.random((150, 4)) < 0.5
COARSE = RNG.integers(0, 3, (150, 4)) / 2
SAMPLE = panprediction.sample(np.ones((150, 1)), (COARSE[:, :2] + P[:, None]) / 2, Y)
ESTIMATE = batch.calibration_error(np.column_stack([1 - P, P]), Y)


def law(**given: Any) -> Any:
    learnt = panprediction.learn_randomized(SAMPLE, rng=np.random.default_rng(1), **given)
    return learnt.laws(SAMPLE.groups, SAMPLE.comparators)


def level(**given: Any) -> Any:
    learnt = panprediction.learn_derandomized(SAMPLE, rng=np.random.default_rng(1), **given)
    return [*learnt.predict(SAMPLE.groups, SAMPLE.comparators), learnt.bound]


def gaps(**given: Any) -> Any:
    prediction, losses = panprediction.Law.points(P), {"squares": SquaredLoss()}
    rng = np.random.default_rng(1)
    return batch.gap_table(prediction, SAMPLE, losses, ["all"], ["a", "b"], rng=rng, **given)[["low", "high"]]


FUNCTIONS: dict[str, tuple[Any, dict[str, tuple[Any, Any]]]] = {
    "two_player": (
        lambda **given: batch.two_player(EXCEEDS, Y / 2, target=Mean(), rounds_kept=9, **given).log_weights,
        {"c": (32.0, 31.0), "random_state": (0, 1)},
    ),
    "direct_ensemble": (
        lambda **given: [merged.follows_high.ravel().tolist() for merged in _merges(**given)],
        {"c": (0.0, 1.0), "start": ("max_low", "min_high"), "split": (False, True)},
    ),
    "calibrated_multiaccuracy": (
        lambda **given: batch.calibrated_multiaccuracy(EXCEEDS, Y, **given).mean(EXCEEDS),
        {"c": (0.5, 0.1)},
    ),
    "two_player_calibrated_multiaccuracy": (
        lambda **given: batch.two_player_calibrated_multiaccuracy(EXCEEDS, Y, **given).rate,
        {"c": (1.0, 1.3)},
    ),
    "cross_fitted": (
        lambda **given: batch.cross_fitted(
            lambda x, y, w=None: batch.empirical_minimizers(x, y, 4, sample_weight=w), Q, Y, **given
        )[0],
        {"folds": (5, 6), "random_state": (0, 1)},
    ),
    "interval": (
        ESTIMATE.interval,
        {"level": (0.95, 0.9), "replicates": (1000, 1001), "random_state": (0, 1)},
    ),
    "murphy_difference": (
        lambda **given: batch.murphy_difference(P, Q, Y, **given),
        {"thetas": (np.arange(1, 100) / 100, np.arange(99) / 100), "level": (0.95, 0.9)}
        | {"replicates": (500, 501), "random_state": (0, 1)},
    ),
    "step_calibration": (
        lambda **given: batch.step_calibration(P, Y, **given).p_value,
        {"replicates": (99, 9), "random_state": (0, 1)},
    ),
    "step_calibration, groups": (
        lambda **given: len(batch.step_calibration(P, Y, FRAME, replicates=0, **given).sets),
        {"depth": (1, 2)},
    ),
    "group_calibration": (
        lambda **given: batch.group_calibration(P, Y, FRAME, **given)["calibration error"],
        {"bins": (10, 11), "depth": (1, 2)},
    ),
    "regret_table": (
        lambda **given: batch.regret_table(P, Y, {"squares": SquaredLoss()}, {"q": Q}, FRAME, **given),
        {"depth": (1, 2)},
    ),
    "expected_calibration_error": (
        lambda **given: batch.expected_calibration_error(P, Y, **given),
        {"bins": (10, 11)},
    ),
    "reliability_table": (lambda **given: batch.reliability_table(P, Y, **given), {"bins": (10, 11)}),
    "calibration_scorer": (
        lambda **given: batch.calibration_scorer(**given)(Known().fit(P[:, None], Y), P[:, None], Y),
        {"bins": (10, 11)},
    ),
    "omniprediction_gaps": (
        lambda **given: batch.omniprediction_gaps(P, Y, {"q": Q}, **given)["threshold"],
        {"m": (32, 33)},
    ),
    "product_calibration_error": (
        lambda **given: product_calibration_error(panprediction.Law.points(P), SAMPLE, **given),
        {"bins": (10, 11)},
    ),
    "learn_randomized": (law, {"thresholds": (16, 3), "rounds_kept": (64, 65)}),
    "learn_derandomized": (level, {"thresholds": (16, 3), "rounds_kept": (64, 65), "delta": (0.05, 0.06)}),
    "gap_table": (gaps, {"resamples": (1000, 1001)}),
}
"""Of each function, what it returns, and of its parameters the default and another value."""


class Known(DummyClassifier):
    """A classifier whose only feature is the probability."""

    def predict_proba(self, X: Any) -> Any:
        return np.column_stack([1 - X[:, 0], X[:, 0]])


def _merges(**given: Any) -> list[Any]:
    """Merges of answers of which the upper ones are as often right as wrong."""
    answers = np.random.default_rng(0).random((40, 8)) < 0.5
    return [merged for merges in batch.direct_ensemble(answers, np.arange(40) % 2, **given).rounds for merged in merges]


def numbers(found: Any) -> list[Any]:
    return np.asarray(found, dtype=object).ravel().tolist()


def test_signatures_have_these_defaults() -> None:
    """What all of them do is tried by the long suite; None stands for what is computed when it is known what from."""
    elsewhere = {"interval": ESTIMATE.interval, "product_calibration_error": product_calibration_error}
    computed = []
    for name, (_, parameters) in FUNCTIONS.items():
        place = name.partition(",")[0]
        function = elsewhere.get(place) or getattr(batch, place, None) or getattr(panprediction, place)
        for parameter, (default, _) in parameters.items():
            found = inspect.signature(function).parameters[parameter].default
            if found is None and default is not None:
                computed.append((name, parameter))
            else:
                assert (type(found), found) == (type(default), default), (name, parameter)
    groups = inspect.signature(Grouping).parameters
    assert {name: given.default for name, given in groups.items()} == {"groups": None, "depth": 1, "smallest": 30}
    assert computed == [("murphy_difference", "thetas")]


def test_a_murphy_diagram_is_drawn_at_the_hundredths() -> None:
    found = batch.murphy_difference(P, Q, Y, replicates=2)["theta"].tolist()
    assert found == [index / 100 for index in range(1, 100)]


def test_rules_of_stepwise_correction() -> None:
    assert dataclasses.asdict(Rules()) == {
        "tolerance": 2.0,
        "most": 100,
        "shrinkage": 1.0,
        "folds": 5,
        "patience": 10,
        "doubt": 1.0,
    }


@pytest.mark.one_in(10)
@pytest.mark.parametrize(("name", "parameter"), [(name, of) for name, (_, given) in FUNCTIONS.items() for of in given])
def test_functions(name: str, parameter: str) -> None:
    function, parameters = FUNCTIONS[name]
    default, other = parameters[parameter]
    assert numbers(function()) == numbers(function(**{parameter: default}))
    assert numbers(function()) != numbers(function(**{parameter: other}))
