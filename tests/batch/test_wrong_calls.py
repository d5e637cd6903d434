"""What was fitted to samples, and scorers, are called with wrong rows, labels, groups and weights, and before the fit.

Which methods there are is found in the classes. What scikit-learn says of features is for its users to read; all else
is said by the package itself, in one line.
"""

import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.tree import DecisionTreeClassifier

import omnisim
from omnisim import batch
from omnisim.batch import panprediction
from omnisim.batch.default_models import plain_table
from omnisim.batch.panprediction.restricted import ForLoss, WithinGroup
from omnisim.errors import OmnisimError
from omnisim.problem.losses import LossTable
from tests.batch.test_wrong_samples import ANSWERS, FRAME, LAW, MADE, RNG, SAMPLE, X, Y, sample_of
from tests.public_methods import arguments, public_methods
from tests.test_wrong_arguments import WRONG, attempts

NAMED = pd.DataFrame(X, columns=["a", "b"])

TREE = DecisionTreeClassifier(max_depth=1)

ROWS: dict[str, Any] = {
    "without axes": np.array(0.5),
    "one row": X[0],
    "no rows": X[:0],
    "a row less": X[1:],
    "no columns": X[:, :0],
    "a column less": X[:, :1],
    "a column more": np.column_stack([X, X[:, 0]]),
    "complex": X * 1j,
    "dates": np.full(X.shape, np.datetime64("2021-01-01")),
    "a NaN in it": np.where(np.eye(6, 2) > 0, np.nan, X),
    "infinite": np.where(np.eye(6, 2) > 0, np.inf, X),
    "masked": np.ma.masked_array(X, np.median(X) < X),
    "objects": np.full(X.shape, object()),
    "negative": -Y,
    "zeros": np.zeros(6),
    "NaN everywhere": np.full(6, np.nan),
    "above 1": np.full(6, 2.0),
    "renamed": NAMED.rename(columns={"b": "c"}),
    "a name twice": pd.DataFrame(X, columns=["a", "a"]),
    "words": pd.DataFrame({"a": ["u"] * 6, "b": ["v"] * 6}),
    "groups renamed": FRAME.rename(columns={"old": "young"}),
    "groups of a row less": FRAME[1:],
    "a group missing": FRAME[["x"]],
    "a series": pd.Series(Y),
}
"""Rows, groups and weights that are wrong for most methods."""

KNOWN: dict[str, Any] = {
    "X": X, "y": Y, "x": X, "p": X[:, 0], "exceeds": ANSWERS, "columns": X, "rng": RNG, "loss": [[0, 4], [1, 1]],
    "losses": {"l": LossTable([[0, 4], [1, 1]])}, "groups": np.ones((6, 1)), "comparators": X, "predictions": X[:, 0],
    "estimator": DummyClassifier().fit(X, Y), "levels": [0.0, 1.0], "probabilities": LAW[:, :2] * 1.5,
    "mixture": LAW,
}  # fmt: skip
"""Right arguments, by the names of parameters."""


def models() -> Iterator[tuple[str, BaseEstimator, dict[str, Any]]]:
    """Estimators, and what they are fitted to."""
    for name, options in MADE.items():
        yield name, getattr(batch, name)(**options), sample_of(name)
    frame = {"X": NAMED, "y": Y}
    for method in ("randomized", "derandomized"):
        yield f"{method} Panpredictor", batch.Panpredictor(comparators=[0], method=method), {"X": X, "y": Y}
    yield "Panpredictor of names", batch.Panpredictor(["b"], ["a"], found=1, smallest=2), frame
    yield "DirectOmnipredictor of columns", batch.DirectOmnipredictor("columns", m=2), {"X": X, "y": Y}
    yield "DirectRegressor of columns", batch.DirectRegressor("columns", m=2), {"X": X, "y": Y}
    described = {"p": X[:, 0], "y": Y, "groups": FRAME}
    yield "Postprocessor of groups", batch.Postprocessor(smallest=1), described
    yield "Postprocessor of found groups", batch.Postprocessor(found=2, smallest=1), described
    yield "Postprocessor of a column", batch.Postprocessor(column="x"), {"p": FRAME, "y": Y}
    yield "DirectOmnipredictor of a tree", batch.DirectOmnipredictor(TREE, m=2), frame
    yield "WithinGroup", WithinGroup(TREE, 0), {"X": np.column_stack([Y * 0 + 1, X[:, 1]]), "y": Y}
    yield "ForLoss", ForLoss(TREE, [[0, 4], [1, 1]]), {"X": X, "y": Y}
    yield "DirectOmnipredictor by default", batch.DirectOmnipredictor(m=2), frame
    yield "DirectRegressor by default", batch.DirectRegressor(m=2), {"X": X, "y": Y}
    yield "Panpredictor by default", batch.Panpredictor(), {"X": X, "y": Y}


LEARNT: dict[str, Callable[[], Any]] = {
    "HalfLines": lambda: batch.empirical_minimizers(X[:, 0], Y, 2),
    "Selected": lambda: batch.finite_minimizers(X, Y, 2),
    "Halfspaces": lambda: batch.linear_minimizers(X, Y, 2),
    "classifiers by weights": lambda: batch.classifier_minimizers(TREE, X, Y, 2, method="weights"),
    "classifiers by probabilities": lambda: batch.classifier_minimizers(TREE, X, Y, 2, method="probabilities"),
    "DirectEnsemble": lambda: batch.direct_ensemble(ANSWERS, Y),
    "TwoPlayer": lambda: batch.two_player(ANSWERS, Y),
    "CalibratedEnsemble": lambda: batch.calibrated_multiaccuracy(ANSWERS, Y),
    "CalibratedGame": lambda: batch.two_player_calibrated_multiaccuracy(ANSWERS, Y),
    "BestSingle": lambda: batch.best_single(X, ANSWERS, Y),
    "Sample": lambda: SAMPLE,
    "Law": lambda: panprediction.Law.points(X[:, 0]),
    "Deterministic": lambda: batch.learn_deterministic(SAMPLE, tolerance=0.01),
    "Randomized": lambda: batch.learn_randomized(SAMPLE, rng=np.random.default_rng(0)),
    "Derandomized": lambda: batch.learn_derandomized(SAMPLE, rng=np.random.default_rng(0)),
    "Estimate": lambda: batch.calibration_error(LAW, Y),
    "Brier scorer": batch.brier_scorer,
    "calibration scorer": batch.calibration_scorer,
    "multicalibration scorer": batch.multicalibration_scorer,
    "step calibration scorer": batch.step_calibration_scorer,
    "omniprediction scorer": lambda: batch.omniprediction_scorer({"a": 0}),
}
"""Other objects that the functions of the package make of samples."""


def is_told(error: Exception) -> bool:
    """Whether an error tells a user something: in one line of the package, or by scientific convention of sklearn."""
    if isinstance(error, OmnisimError):
        return bool(str(error)) and "\n" not in str(error)
    frames = [Path(each.filename).parts for each in traceback.extract_tb(error.__traceback__)]
    own = max((k for k, parts in enumerate(frames) if omnisim.__name__ in parts), default=0)
    said = any("sklearn" in parts for parts in frames[own:]) or own == len(frames) - 1
    return isinstance(error, ValueError | TypeError) and bool(str(error)) and said


def raw(name: str, called: Callable[..., Any], given: dict[str, Any]) -> Iterator[str]:
    """What is raised for wrong arguments that tells a user nothing."""
    for words, arguments_ in attempts(called, given, WRONG | ROWS):
        try:
            called(**arguments_)
        except Exception as error:  # noqa: BLE001 (any of them is what is looked for)
            if not is_told(error):
                yield f"{name}({words}): {type(error).__name__}: {str(error)[:200]}"
        else:
            parameter, _, how = words.partition(" = ")
            if parameter in TABLES and how in NO_TABLE and not name.startswith(ANYTHING):
                yield f"{name}({words}) is taken"


TABLES = ("X", "exceeds", "columns", "comparators")

NO_TABLE = (
    "a text", "None", "an object", "a class", "a function", "a table", "ragged", "texts", "three axes", "without axes",
    "one row", "no columns", "a column less", "a column more", "complex", "dates", "masked", "objects", "words",
)  # fmt: skip
"""What nobody can mean by a table of numbers of two columns."""

ANYTHING = ("Brier", "calibration", "multicalibration", "step", "omniprediction", "WithinGroup", "ForLoss",
            "DirectOmnipredictor of a tree", "Deterministic")  # fmt: skip
"""Where rows are handed to a model of the user's, which decides about them, or the number of columns is not kept."""


def methods_of(one: Any) -> list[str]:
    """Names of its methods but the fit, and one of two names of the same."""
    found = [name for name in public_methods(one) if name != "fit"]
    return [name for name in found if not (name == "score" and "__call__" in found)]


def called_right(one: Any, method: str, known: dict[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """A method and arguments that it is content with."""
    called = getattr(one, method)
    given = arguments(called, KNOWN | known)
    if method == "predict" or method == "predict_proba":
        given |= {key: known[key] for key in ("groups",) if known.get(key) is not None}
    if method == "gap_report":
        given["resamples"] = 5
    return called, given


LONG = (
    "by default", "randomized", "found groups", "of names", "of columns", "of a tree", "TwoPlayerO", "TwoPlayerR",
    "CalibratedM", "Brier", "multicalibration", "step", "omniprediction", "a column", "WithinGroup", "ForLoss",
)  # fmt: skip
"""Parts of the names of what takes long."""


def cases(found: Iterable[tuple[Any, ...]], long: Sequence[str] = LONG) -> list[Any]:
    return [
        pytest.param(*each, id=each[0], marks=[pytest.mark.long] if any(word in each[0] for word in long) else [])
        for each in found
    ]


QUIET = pytest.mark.filterwarnings(
    "ignore::omnisim.errors.CorrectionWarning",
    "ignore::UserWarning:sklearn",
    "ignore::RuntimeWarning",
)


@QUIET
@pytest.mark.parametrize(("name", "model", "sample"), cases(models()))
def test_estimators(name: str, model: BaseEstimator, sample: dict[str, Any]) -> None:
    fitted = model.fit(**sample)
    known = {key: value for key, value in sample.items() if value is not None}
    found = []
    for method in methods_of(fitted):
        called, given = called_right(fitted, method, known)
        called(**given)
        found += raw(f"{name}.{method}", called, given)
    assert found == []


@pytest.mark.parametrize(("name", "model", "sample"), cases(models(), ()))
def test_before_the_fit(name: str, model: BaseEstimator, sample: dict[str, Any]) -> None:
    for method in methods_of(model):
        called, given = called_right(model, method, {key: each for key, each in sample.items() if each is not None})
        with pytest.raises(NotFittedError, match="not fitted yet"):
            called(**given)


def test_every_class_is_swept() -> None:
    objects = [model for _, model, _ in models()] + [make() for make in LEARNT.values()]
    classes = [each for name in batch.__all__ if isinstance(each := getattr(batch, name), type)]
    assert [each.__name__ for each in classes if not any(isinstance(one, each) for one in objects)] == []


@QUIET
@pytest.mark.parametrize(("name", "make"), cases(LEARNT.items()))
def test_what_was_learnt(name: str, make: Callable[[], Any]) -> None:
    one, found = make(), []
    for method in methods_of(one):
        called, given = called_right(one, method, {"x": X[:, 0]} if name == "HalfLines" else {})
        called(**given)
        found += raw(f"{name}.{method}", called, given)
    assert found == []


def panpredictor() -> batch.Panpredictor:
    return batch.Panpredictor(comparators=[0], method="randomized").fit(X, Y)


def single() -> batch.DirectOmnipredictor:
    return batch.DirectOmnipredictor("single_feature", m=2).fit(X, Y)


@QUIET
@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: batch.brier_scorer()(3, X, Y), "estimator must be a classifier with predict_proba, got 3"),
        (lambda: batch.brier_scorer()(DUMMY, X, Y[1:]), "y must have a label for each of 6 rows, got <array (5,)>"),
        (lambda: batch.brier_scorer()(DUMMY, X, Y, -Y), "sample_weight must be >= 0, got -1 in row 1"),
        (lambda: batch.brier_scorer()(DUMMY, X, Y, 0 * Y), "not all of the weights may be zero"),
        (lambda: panpredictor().gap_report(X, Y, 3), "losses of gap_report must be a mapping from names, got 3"),
        (lambda: panpredictor().gap_report(X, Y + 1, {}), "y has the label 2.0: fitted with [0.0, 1.0]"),
        (lambda: batch.Postprocessor().fit(X[:, 0], Y).predict(X[:, :0]), "scores have 0 columns"),
        (lambda: batch.group_calibration(X[:, 0], Y, ROWS["a name twice"]), "groups have two columns named 'a'"),
        (lambda: plain_table(X), "X must be a data frame of the columns that were fitted"),
        (lambda: single().predict(ROWS["dates"]), "X holds dates or times"),
        (lambda: single().predict(ROWS["masked"]), "X of DirectOmnipredictor must have no masked entries"),
        (lambda: batch.direct_ensemble(ANSWERS, Y).level(ANSWERS[:, :1]), "exceeds has 1 columns: fitted with m = 2"),
        (lambda: LEARNT["Randomized"]().laws(np.ones((6, 1)), X[:, :1]), "comparators must have shape (6, 2), got"),
        (lambda: LEARNT["Deterministic"]().predict(np.ones((6, 1)), X, X[:, 0] + 1), "base[0] is 1.6"),
    ],
)  # fmt: skip
def test_words(call: Callable[[], Any], says: str) -> None:
    with pytest.raises((ValueError, TypeError), match=re.escape(says)) as told:
        call()
    assert "\n" not in str(told.value)


DUMMY = DummyClassifier().fit(X, Y)
