"""Combinations of comparators: their optimum by another route, and what they are worth on new rows."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from omnisim.batch import Panpredictor
from omnisim.batch.cross_fitted_models import cross_fitted_answers
from omnisim.batch.panprediction import sample
from omnisim.batch.panprediction.combination import RIDGE, combine
from omnisim.batch.panprediction.stepwise import deal
from omnisim.batch.weighting import rows_to_learn_from

pytestmark = pytest.mark.filterwarnings("ignore::omnisim.errors.CorrectionWarning")


def log_odds(p):
    return np.log(p / (1 - p))


def searched(h, y, w, ridge, most_accurate):
    """Predictions of new comparators by a search of the coefficients that does not know where they are."""

    def odds(at, table):
        s = log_odds(table)
        own = s[:, most_accurate]
        others = [at[2 + i] * (s[:, k] - own) for i, k in enumerate(k for k in range(s.shape[1]) if k != most_accurate)]
        return own + at[0] + at[1] * own + sum(others)

    def objective(at):
        q = 1 / (1 + np.exp(-odds(at, h)))
        return -(w * (y * np.log(q) + (1 - y) * np.log(1 - q))).sum() + ridge / 2 * (at**2).sum()

    found = minimize(objective, np.zeros(1 + h.shape[1]), options={"gtol": 1e-7})
    return lambda table: 1 / (1 + np.exp(-odds(found.x, table)))


@pytest.mark.parametrize("ridge", [0.5, RIDGE, 50.0])
def test_it_is_the_least_of_the_penalized_loss(ridge):
    rng = np.random.default_rng(0)
    h, w = rng.uniform(0.05, 0.95, (300, 3)), rng.uniform(0, 2, 300)
    y = (rng.random(300) < 0.2 * h[:, 0] + 0.8 * h[:, 1]).astype(float)
    found = combine(sample(np.ones((300, 1)), h, y), w, ridge)
    assert found.most_accurate == 1
    new = rng.uniform(0.05, 0.95, (50, 3))
    np.testing.assert_allclose(found(new), searched(h, y, w, ridge, 1)(new), atol=1e-5)
    by_weights = 1 / (1 + np.exp(-(log_odds(new) @ found.weights + found.change.shifts[0])))
    np.testing.assert_allclose(found(new), by_weights)


def table(n, seed):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["left", "right", "none"])
    truth = 1 / (1 + np.exp(-1.5 * (X["left"] + X["right"]).to_numpy()))
    return X, (rng.random(n) < truth).astype(int), truth


HALVES = {
    "left": lambda X: 1 / (1 + np.exp(-X["left"])),
    "right": lambda X: 1 / (1 + np.exp(-X["right"])),
    "none": lambda X: 1 / (1 + np.exp(-X["none"])),
}


def test_comparators_that_know_a_half_each_say_nearly_all_together():
    """Truth is that log-odds are 1.5 times theirs. Four coefficients add about 4 / 2000 / 2 v at most, of v < 1/4."""
    X, y, _ = table(2000, 0)
    new, _, truth = table(20_000, 1)
    errors = {}
    for base in ("combined", "most accurate"):
        model = Panpredictor(None, HALVES, base=base, max_corrections=0, random_state=0).fit(X, y)
        errors[base] = np.mean((model.predict_proba(new)[:, 1] - truth) ** 2)
    assert errors["combined"] < 0.002
    assert errors["most accurate"] > 0.02


def test_panpredictor_combines_answers_out_of_fold_and_holds_out_rows_from_it():
    """A tree and a linear model, cross-fitted; the error held out is of combinations of other folds."""
    X, y, _ = table(400, 2)
    models = {"tree": DecisionTreeClassifier(max_depth=2, random_state=0), "linear": LogisticRegression()}
    model = Panpredictor(None, models, max_corrections=0, random_state=0).fit(X, y)
    rows, _ = rows_to_learn_from(X, y, None, "it")
    X, y = X.iloc[rows], y[rows].astype(float)
    seed = int(np.random.RandomState(0).randint(2**31 - 1))
    fitted, h = zip(*(cross_fitted_answers(each, X, y, 5, seed, None) for each in models.values()), strict=True)
    h, ones = np.column_stack(h), np.ones(400)
    new, _, _ = table(100, 3)
    said = np.column_stack([each.predict_proba(new)[:, 1] for each in fitted])
    best = int(((h - y[:, None]) ** 2).mean(axis=0).argmin())
    np.testing.assert_allclose(model.predict_proba(new)[:, 1], searched(h, y, ones, RIDGE, best)(said), atol=1e-5)
    fold, elsewhere = deal(y, 5, np.random.default_rng(seed)), np.empty(400)
    for k in range(5):
        own, rest = fold == k, fold != k
        best = int(((h[rest] - y[rest, None]) ** 2).mean(axis=0).argmin())
        elsewhere[own] = searched(h[rest], y[rest], ones[rest], RIDGE, best)(h[own])
    assert model.held_out_[0] == pytest.approx(np.mean((elsewhere - y) ** 2), abs=1e-5)


def test_of_one_comparator_nothing_is_made():
    X, y, _ = table(200, 4)
    model = Panpredictor(None, {"left": HALVES["left"]}, max_corrections=0, random_state=0).fit(X, y)
    assert model.base_ == "left"
    np.testing.assert_array_equal(model.predict_proba(X)[:, 1], HALVES["left"](X))
