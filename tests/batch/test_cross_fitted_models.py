"""Answers of models to rows that they have not seen, and the line that corrects their log-odds."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.dummy import DummyClassifier, DummyRegressor

from omnisim.batch.cross_fitted_models import cross_fitted_answers, cross_fitted_numbers, sigmoid_curve
from omnisim.batch.models import answers_of


@pytest.mark.parametrize("weighted", [False, True])
def test_the_line_in_log_odds_is_the_least_of_the_penalized_loss(weighted: bool) -> None:
    """By a search over both numbers: the loss of as many rows as the weights say, and a pull towards (1, 0) of one."""
    rng = np.random.default_rng(3)
    answers, y = rng.random(60), (rng.random(60) < 0.3).astype(float)
    weights = np.where(y > 0, 0.25, rng.integers(1, 9, 60) / 4) if weighted else None
    counts, odds = np.ones(60) if weights is None else weights, np.log(answers / (1 - answers))

    def objective(line: Any) -> float:
        p = 1 / (1 + np.exp(-(line[0] * odds + line[1])))
        losses = -(y * np.log(p) + (1 - y) * np.log(1 - p))
        return float(sum(counts * losses) + ((line[0] - 1) ** 2 + line[1] ** 2) / 2)

    best = minimize(objective, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert sigmoid_curve(answers, y, weights) == pytest.approx(tuple(best.x), abs=1e-5)


@pytest.mark.parametrize("answer", [cross_fitted_answers, cross_fitted_numbers])
def test_copies_that_have_not_seen_a_row_are_given_the_weights_of_the_others(answer: Any) -> None:
    """A mean of outcomes: each row is told the weighted mean of the other fold, and a new one that of all rows."""
    rng = np.random.default_rng(5)
    y, weights = np.tile([0.0, 1.0], 10), rng.integers(1, 9, 20) / 4
    model: Any = DummyClassifier() if answer is cross_fitted_answers else DummyRegressor()
    fitted, told = answer(model, np.zeros((20, 1)), y, 2, 0, weights)
    assert len(set(told.tolist())) == 2
    for value in set(told.tolist()):
        others = ~np.isclose(told, value)
        assert value == pytest.approx(weights[others] @ y[others] / weights[others].sum())
    assert answers_of(fitted, np.zeros((1, 1)))[0] == pytest.approx(weights @ y / weights.sum())
