"""Panpredictors beside models for one loss, models for one group, a multicalibrated and plain models, held out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omnisim.arrays import BoolArray, FloatArray
from omnisim.batch.cross_fitted_models import cross_fitted_answers
from omnisim.batch.panprediction import (
    Law,
    Sample,
    columns,
    gap_table,
    learn_deterministic,
    learn_randomized,
    product_calibration_error,
    sample,
    step_calibration_error,
)
from omnisim.batch.panprediction.deterministic import default_tolerance
from omnisim.batch.panprediction.multicalibrated import learn_multicalibrated
from omnisim.batch.panprediction.restricted import ForLoss, WithinGroup
from omnisim.batch.panprediction.stepwise import Rules, learn_stepwise
from omnisim.studies.panprediction.prices import spikes
from omnisim.studies.panprediction.problems import Problem, patients

BASE = "logistic regression"
PANPREDICTORS = ("panpredictor", "randomized panpredictor", "panpredictor from the mean outcome")
MULTICALIBRATED = "multicalibrated"
MULTICALIBRATED_MODELS = (MULTICALIBRATED, "multicalibrated from the mean outcome")
"""Multicalibrated models: from the same base as the panpredictors, and from the same constant as the last of them."""
PLAIN = (BASE, "boosting")

_QUICK_DAYS = 260

PROBLEMS: Mapping[str, Callable[[Path | None, bool], Problem]] = {
    "patients": lambda _data, _quick: patients(),
    "prices": lambda data, quick: spikes(data, _QUICK_DAYS) if quick else spikes(data),
}
"""Problems by name, each from the path of the data, if any, and whether few days are enough."""


@dataclass(frozen=True)
class Comparison:
    """All models on one of ``PROBLEMS``; ``quick`` with fewer data and on the first of its masks only."""

    problem: str
    data: Path | None
    seed: int
    quick: bool = False


def measure(case: Comparison) -> list[dict[str, Any]]:
    """One row per model, loss and group.

    Columns: part (the problem), model, kind (panpredictor, multicalibrated, plain, one group, one loss), loss, group,
    those of :func:`~omnisim.batch.panprediction.gap_table`, and the step calibration and multicalibration error of the
    model on all groups.
    """
    problem = PROBLEMS[case.problem](case.data, case.quick)
    masks = problem.held_out[:1] if case.quick else problem.held_out
    parts = [_answers(problem, mask, case.seed) for mask in masks]
    rows = np.concatenate([np.flatnonzero(mask) for mask in masks])
    given = _models(problem)
    comparators = np.concatenate([answers for answers, _ in parts])
    data = sample(columns.table(problem.groups, problem.X.iloc[rows], "group"), comparators, problem.y[rows])
    laws = {name: _joined([made[name] for _, made in parts]) for name in (*PANPREDICTORS, *MULTICALIBRATED_MODELS)}
    laws |= {name: Law.points(comparators[:, k]) for k, name in enumerate(given)}
    found = []
    for name, law in laws.items():
        table = gap_table(
            law,
            data,
            problem.losses,
            list(problem.groups),
            list(given),
            clusters=problem.clusters[rows],
            rng=np.random.default_rng(case.seed),
        )
        kind = (
            given[name][0] if name in given else MULTICALIBRATED if name in MULTICALIBRATED_MODELS else "panpredictor"
        )
        errors = {
            "step_error": step_calibration_error(law, data),
            "multicalibration_error": product_calibration_error(law, data),
        }
        about = {"part": case.problem, "model": name, "kind": kind}
        found += [about | dict(zip(table.columns, row, strict=True)) | errors for row in table.itertuples(index=False)]
    return found


def _models(problem: Problem) -> dict[str, tuple[str, Any]]:
    """The comparators: kind and estimator by name."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    boosting = HistGradientBoostingClassifier(max_iter=50, max_leaf_nodes=8, min_samples_leaf=10, random_state=0)
    tree = DecisionTreeClassifier(max_depth=5, min_samples_leaf=10, random_state=0)
    found: dict[str, tuple[str, Any]] = {BASE: ("plain", logistic), "boosting": ("plain", boosting)}
    found |= {
        f"only {name}": ("one group", WithinGroup(logistic, group))
        for name, group in problem.groups.items()
        if group is not None
    }
    return found | {f"for {name}": ("one loss", ForLoss(tree, loss)) for name, loss in problem.losses.items()}


def _answers(problem: Problem, held_out: BoolArray, seed: int) -> tuple[FloatArray, dict[str, Law]]:
    """Answers of the comparators (n', |H|), and laws of the predictors learnt on the other rows, on rows held out."""
    train, test = problem.X[~held_out], problem.X[held_out]
    y = problem.y[~held_out]
    fitted: dict[str, Any] = {}
    learnt = []
    for name, (_, model) in _models(problem).items():
        fitted[name], answers = cross_fitted_answers(model, train, y, 5, seed)
        learnt.append(answers)
    data: Sample = sample(columns.table(problem.groups, train, "group"), np.column_stack(learnt), y)
    g, h = columns.table(problem.groups, test, "group"), columns.table(fitted, test, "comparator")
    own, base = (answers[:, data.most_accurate()] for answers in (data.comparators, h))
    randomized = learn_randomized(data, base=own, rng=np.random.default_rng(seed))
    ones, rng = np.ones(len(data)), np.random.default_rng(seed)
    corrected = learn_stepwise(data.groups, data.comparators, data.outcomes, own, ones, Rules(), rng)
    tolerance = default_tolerance(len(data), g.shape[1], h.shape[1])
    made = {
        PANPREDICTORS[0]: Law.points(corrected.model.predict(g, h, base)),
        PANPREDICTORS[1]: Law.on_levels(randomized.levels, randomized.laws(g, h, base)),
        PANPREDICTORS[2]: Law.points(learn_deterministic(data).predict(g, h)),
        MULTICALIBRATED: Law.points(learn_multicalibrated(data, tolerance, base=own).predict(g, h, base)),
        MULTICALIBRATED_MODELS[1]: Law.points(learn_multicalibrated(data, tolerance).predict(g, h)),
    }
    return h, made


def _joined(laws: list[Law]) -> Law:
    """The laws of several sets of points one after the other, padded with impossible predictions."""
    most = max(law.support.shape[1] for law in laws)
    pad = [((0, 0), (0, most - law.support.shape[1])) for law in laws]
    support = np.concatenate([np.pad(law.support, width) for law, width in zip(laws, pad, strict=True)])
    weights = np.concatenate([np.pad(law.probabilities, width) for law, width in zip(laws, pad, strict=True)])
    return Law(support, weights)


def losing(rows: pd.DataFrame) -> pd.Series:
    """Mark rows in which acting on the model is worse than the pair's best comparator, by the interval."""
    return rows["low"] > _ROUNDING


def beyond_width(rows: pd.DataFrame) -> pd.Series:
    """Mark rows in which it is worse by more than the width of that interval."""
    return rows["gap"] > rows["high"] - rows["low"] + _ROUNDING


_ROUNDING = 1e-9
