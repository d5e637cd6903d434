"""Cost-sensitive classifiers and cross-fitting."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from omnisim.batch import classifier_minimizers, cross_fitted, empirical_minimizers, finite_minimizers
from omnisim.errors import ProblemError
from omnisim.problem.losses import Mean, thresholds


def sample(n=120, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 5, (n, 1)) / 5
    return x, (rng.random(n) < 0.2 + 0.6 * x[:, 0]).astype(int)


def test_a_full_tree_answers_by_the_mean_of_each_cell():
    # With a leaf per distinct x the weighted majority is high where the cell's mean outcome exceeds theta.
    x, y = sample()
    base = classifier_minimizers(DecisionTreeClassifier(random_state=0), x, y, 8)
    means = np.array([y[x[:, 0] == value].mean() for value in x[:, 0]])
    assert (base.exceeds(x) == (means[:, None] > thresholds(8))).all()
    values = thresholds(8) - y[:, None]
    assert base.risk == pytest.approx(np.minimum(thresholds(8) - means[:, None], 0).mean(axis=0))
    assert base.risk == pytest.approx((values * base.exceeds(x)).mean(axis=0))


def test_other_targets_are_fitted_by_their_signs():
    x = np.array([[0.0], [0.0], [1.0], [1.0]])
    base = classifier_minimizers(DecisionTreeClassifier(random_state=0), x, [0.1, 0.3, 0.7, 0.9], 2, Mean())
    # Means 0.2 and 0.8 against 1/4 and 3/4.
    assert base.exceeds([[0.0], [1.0]]).tolist() == [[False, False], [True, True]]


def test_one_class_needs_no_classifier():
    x = np.zeros((3, 1))
    for outcome in (0, 1):
        for method in ("weights", "probabilities"):
            base = classifier_minimizers(LogisticRegression(), x, [outcome] * 3, 2, method=method)
            assert (base.exceeds(x) == bool(outcome)).all()


def test_probabilities_for_classifiers_without_weights():
    x, y = sample()
    base = classifier_minimizers(make_pipeline(StandardScaler(), LogisticRegression()), x, y, 8, method="probabilities")
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    assert (base.exceeds(x) == (fitted.predict_proba(x)[:, [1]] > thresholds(8))).all()


def test_the_classifier_given_is_left_alone():
    x, y = sample()
    given = DecisionTreeClassifier(random_state=0)
    classifier_minimizers(given, x, y, 2)
    assert not hasattr(given, "tree_")


def test_refusals():
    x, y = sample()
    with pytest.raises(ProblemError, match="fit takes no sample_weight, which"):
        classifier_minimizers(KNeighborsClassifier(), x, y, 2)
    with pytest.raises(ProblemError, match="got 'both'"):
        classifier_minimizers(KNeighborsClassifier(), x, y, 2, method="both")
    with pytest.raises(ProblemError, match="folds must be >= 2 and at most the number of rows, 3, got 4"):
        cross_fitted(lambda x, y: empirical_minimizers(x, y, 2), [1, 2, 3], [0, 1, 1], folds=4)


def test_cross_fitting_answers_no_row_by_itself():
    # A class that remembers: the mean outcome of equal x on the fitting sample, 1/2 where there is none. Each x occurs
    # once, so that any answer made with the row itself would be its own outcome.
    x = np.arange(40)
    y = np.random.default_rng(1).integers(0, 2, 40)

    def columns(sample_x, sample_y, x):
        known = dict(zip(sample_x.tolist(), sample_y.tolist(), strict=True))
        return np.array([[known.get(int(value), 0.4)] for value in x])

    class Memory:
        m = 2

        def __init__(self, x, y):
            self.sample = x, y
            self.base = finite_minimizers(columns(x, y, x), y, 2)

        def exceeds(self, x):
            return self.base.exceeds(columns(*self.sample, x))

    exceeds, base = cross_fitted(Memory, x, y, folds=4, random_state=3)
    assert (exceeds == [True, False]).all()
    assert (base.exceeds(x)[:, 1] == (y == 1)).all()


def test_cross_fitting_is_repeatable():
    x, y = sample()
    first, second = (
        cross_fitted(lambda x, y: empirical_minimizers(x[:, 0], y, 4), x, y, random_state=1)[0] for _ in range(2)
    )
    assert (first == second).all()
