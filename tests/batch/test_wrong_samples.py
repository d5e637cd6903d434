"""Whatever learns from samples or measures them refuses wrong arguments in one line that says what would be right."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from omnisim import batch
from omnisim.batch import panprediction
from omnisim.batch.panprediction import Law
from omnisim.errors import OmnisimError
from omnisim.problem.losses import LossTable
from tests.test_wrong_arguments import attempts, complaints

X = np.random.default_rng(0).random((6, 2))
Y = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])
P = np.full(6, 0.5)
M = 2
ANSWERS = X > 0.5
LAW = np.full((6, 3), 1 / 3)
FRAME = pd.DataFrame({"old": Y[::-1], "x": X[:, 0]})
SAMPLE = panprediction.sample(np.ones((6, 1)), X, Y)
RNG = np.random.default_rng(0)

MADE: dict[str, dict[str, Any]] = {
    "CalibratedMultiaccuracy": {"base": "single_feature", "m": 2},
    "DirectOmnipredictor": {"base": "single_feature", "m": 2},
    "TwoPlayerOmnipredictor": {"base": "single_feature", "m": 2},
    "DirectRegressor": {"base": "single_feature", "m": 2},
    "TwoPlayerRegressor": {"base": "single_feature", "m": 2},
    "Panpredictor": {"comparators": [0]},
    "Postprocessor": {},
}
"""Estimators, and options with which a fit takes no time."""

CALLS: dict[str, dict[str, Any]] = {
    "empirical_minimizers": {"x": X[:, 0], "y": Y, "m": M},
    "finite_minimizers": {"columns": X, "y": Y, "m": M},
    "linear_minimizers": {"x": X, "y": Y, "m": M},
    "classifier_minimizers": {"classifier": DecisionTreeClassifier(max_depth=1), "x": X, "y": Y, "m": M},
    "cross_fitted": {"fit": lambda x, y: batch.empirical_minimizers(x, y, M), "x": X[:, 0], "y": Y, "folds": 2},
    "two_player_calibrated_multiaccuracy": {"exceeds": ANSWERS, "y": Y},
    "calibrated_multiaccuracy": {"exceeds": ANSWERS, "y": Y},
    "loss_differences": {"exceeds": ANSWERS},
    "direct_ensemble": {"exceeds": ANSWERS, "y": Y},
    "two_player": {"exceeds": ANSWERS, "y": Y},
    "best_single": {"columns": X, "exceeds": ANSWERS, "y": Y},
    "calibration_error": {"mixture": LAW, "y": Y},
    "class_omniprediction_error": {"mixture": LAW, "columns": X, "y": Y},
    "multiaccuracy_error": {"mixture": LAW, "functions": X, "y": Y},
    "multicalibration_error": {"mixture": LAW, "functions": X, "y": Y},
    "omniprediction_error": {"mixture": LAW, "exceeds": ANSWERS, "y": Y},
    "gap_table": {"law": Law.points(P), "sample": SAMPLE, "losses": {"l": LossTable([[0, 4], [1, 1]])},
                  "group_names": ["everyone"], "comparator_names": ["a", "b"], "resamples": 5, "rng": RNG},
    "learn_derandomized": {"sample": SAMPLE, "rng": RNG},
    "learn_deterministic": {"sample": SAMPLE},
    "learn_randomized": {"sample": SAMPLE, "rng": RNG},
    "step_calibration_error": {"law": Law.points(P), "sample": SAMPLE},
    "brier_scorer": {},
    "calibration_scorer": {},
    "multicalibration_scorer": {},
    "omniprediction_scorer": {"models": {"a": 0}},
    "step_calibration_scorer": {},
    "brier_decomposition": {"p": P, "y": Y},
    "expected_calibration_error": {"p": P, "y": Y},
    "group_calibration": {"p": P, "y": Y, "groups": FRAME},
    "murphy_difference": {"p": P, "q": X[:, 0], "y": Y, "replicates": 5},
    "omniprediction_gaps": {"p": P, "y": Y, "models": {"a": X[:, 0]}, "groups": FRAME},
    "regret_table": {"p": P, "y": Y, "losses": {"l": [[0, 4], [1, 1]]}, "models": {"a": X[:, 0]}, "replicates": 5},
    "reliability_table": {"p": P, "y": Y},
    "step_calibration": {"p": P, "y": Y, "groups": FRAME, "replicates": 5},
}  # fmt: skip
"""Functions, and arguments that they are content with."""


def methods() -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    """Methods of what was fitted, and arguments that they are content with."""
    base, selected = batch.empirical_minimizers(X[:, 0], Y, M), batch.finite_minimizers(X, Y, M)
    ensemble = batch.direct_ensemble(ANSWERS, Y)
    yield base.exceeds, {"x": X[:, 0]}
    yield selected.exceeds, {"x": X}
    yield batch.linear_minimizers(X, Y, M).exceeds, {"x": X}
    yield batch.best_single(X, ANSWERS, Y).mixture, {"columns": X}
    yield batch.calibration_error(LAW, Y).interval, {"replicates": 5}
    yield ensemble.mixture, {"exceeds": ANSWERS}
    yield ensemble.mean, {"exceeds": ANSWERS}
    yield ensemble.sample, {"exceeds": ANSWERS, "rng": RNG}
    yield Law.points, {"predictions": P}
    yield Law.on_levels, {"levels": [0.0, 1.0], "probabilities": X[:, :1] * [1, -1] + [0, 1]}
    yield panprediction.sample, {"groups": np.ones((6, 1)), "comparators": X, "outcomes": Y}


def test_all_are_called() -> None:
    classes = {name for name in batch.__all__ if isinstance(getattr(batch, name), type)}
    assert set(CALLS) == set(batch.__all__) - classes
    assert {name for name in classes if hasattr(getattr(batch, name), "fit")} == set(MADE)


@pytest.mark.parametrize("name", CALLS)
def test_functions(name: str) -> None:
    called, given = getattr(batch, name), CALLS[name]
    called(**given)
    assert list(complaints(name, called, given)) == []


@pytest.mark.parametrize(("called", "given"), [pytest.param(*each, id=each[0].__qualname__) for each in methods()])
def test_methods(called: Callable[..., Any], given: dict[str, Any]) -> None:
    called(**given)
    assert list(complaints(called.__qualname__, called, given)) == []


ALIKE = ("CalibratedMultiaccuracy", "DirectOmnipredictor", "DirectRegressor")
"""Estimators whose options are checked where those of the two-player ones are."""


def sample_of(name: str) -> dict[str, Any]:
    """What an estimator is fitted to."""
    return {"p": X[:, 0], "y": Y, "groups": None} if name == "Postprocessor" else {"X": X, "y": Y}


def fits(name: str) -> Callable[..., Any]:
    """Function of the options of an estimator that fits it."""
    made = getattr(batch, name)

    def fitted(**options: Any) -> Any:
        return made(**options).fit(**sample_of(name))

    known = inspect.signature(made).parameters.values()
    fitted.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [each for each in known if each.name != "random_state"]  # of which scikit-learn says what is right
    )
    return fitted


@pytest.mark.filterwarnings("ignore::omnisim.errors.CorrectionWarning", "ignore::UserWarning:sklearn")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name in ALIKE else name for name in MADE]
)
def test_options(name: str) -> None:
    fits(name)(**MADE[name])
    assert list(complaints(name, fits(name), MADE[name])) == []


@pytest.mark.filterwarnings("ignore::omnisim.errors.CorrectionWarning", "ignore::UserWarning:sklearn")
@pytest.mark.parametrize("name", MADE)
def test_fits(name: str) -> None:
    """What scikit-learn says of features and outcomes is for its users to read."""
    fit = getattr(batch, name)(**MADE[name]).fit
    for words, arguments in attempts(fit, sample_of(name)):
        try:
            fit(**arguments)
        except (OmnisimError, ValueError, TypeError) as error:
            assert str(error), words


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: batch.empirical_minimizers([0.5], [1], 2, "mean"), "target must be a Target, such as .*, got 'mean'"),
        (lambda: batch.group_calibration(P, Y, depth="x"), "depth of group_calibration must be a whole .*, got 'x'"),
        (lambda: batch.step_calibration(P, Y, replicates=-1), "replicates of step_calibration .* >= 0, got -1"),
        (lambda: batch.two_player(ANSWERS, Y, random_state=-1, rounds_kept=1), "random_state of two_player .*, got -1"),
        (lambda: batch.step_calibration(P, Y, {"a": 1}), r"groups\['a'\] has shape \(\) and there are 6 predictions"),
        (lambda: batch.Panpredictor(folds="x").fit(X, Y), "folds of Panpredictor must be a whole number, got 'x'"),
        (lambda: batch.Panpredictor(groups=0.5).fit(X, Y), "groups must be a list of sources, or a mapping"),
    ],
)  # fmt: skip
def test_words(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(OmnisimError, match=says):
        call()


def test_models_are_taken_as_a_data_frame_too() -> None:
    models = {"a": X[:, 0], "b": X[:, 1]}
    found = batch.omniprediction_gaps(P, Y, pd.DataFrame(models))
    pd.testing.assert_frame_equal(found, batch.omniprediction_gaps(P, Y, models))
