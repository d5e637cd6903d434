"""The scikit-learn contract of the omnipredictors, and that they are the functions underneath, put together."""

import numpy as np
import pandas as pd
import pytest
from examples import spread
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import mean_pinball_loss, mean_squared_error
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from omnisim import batch
from omnisim.batch import (
    CalibratedMultiaccuracy,
    DirectOmnipredictor,
    DirectRegressor,
    Panpredictor,
    TwoPlayerOmnipredictor,
    TwoPlayerRegressor,
)
from omnisim.batch.cross_fitted_models import cross_fitted_numbers
from omnisim.batch.default_models import Sampled, default_regressors
from omnisim.batch.models import check_kind, checked_table
from omnisim.batch.panprediction.restricted import ForLoss, WithinGroup
from omnisim.batch.weighting import rows_to_learn_from
from omnisim.errors import ProblemError, StrategyError
from omnisim.problem.losses import Mean, Quantile

CLASSIFIERS = (TwoPlayerOmnipredictor, DirectOmnipredictor, CalibratedMultiaccuracy)
REGRESSORS = (TwoPlayerRegressor, DirectRegressor)


def keeps(estimator, check) -> None:
    # This one skips itself unless scipy was imported with this set, which concerns arrays of other libraries.
    if "array_api" not in getattr(check.func, "__name__", ""):
        check(estimator)


@pytest.mark.one_in(9)
@parametrize_with_checks([
    DirectOmnipredictor(DecisionTreeClassifier(max_depth=2, random_state=0), folds=2),
    DirectRegressor("single_feature"),
])  # fmt: skip
def test_scikit_learn(estimator, check) -> None:
    keeps(estimator, check)


@pytest.mark.long
@parametrize_with_checks([
    DirectOmnipredictor(),
    TwoPlayerOmnipredictor(),
    CalibratedMultiaccuracy(),
    TwoPlayerRegressor("single_feature"),
    DirectRegressor(m=8, folds=2),
    DirectRegressor(quantile=0.5, m=8, folds=2),
])  # fmt: skip
def test_scikit_learn_of_slower_ones(estimator, check) -> None:
    keeps(estimator, check)


def sample(n: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.random((n, 3))
    return x, (rng.random(n) < 0.1 + 0.8 * (x[:, 1] > 0.4)).astype(int)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("make", CLASSIFIERS)
@pytest.mark.parametrize("base", ["single_feature", "columns", DecisionTreeClassifier(max_depth=2, random_state=0)])
def test_laws_means_and_draws_agree(make, base) -> None:
    x, y = sample(300)
    model = make(base, m=8, random_state=3).fit(x, y)
    law = model.mixture(x)
    assert law.shape == (300, 9)
    np.testing.assert_allclose(law.sum(axis=1), 1)
    np.testing.assert_allclose(model.predict_proba(x)[:, 1], law @ np.arange(9) / 8, atol=1e-12)
    # Any of 20 x 9 shares of 2,000 draws is off by 0.085 or more with chance < 2 exp(-28.9): 1e-10 in all (Hoeffding).
    draws = model.sample(np.tile(x[:20], (2000, 1)), random_state=1).reshape(2000, 20)
    for level in range(9):
        np.testing.assert_allclose((draws == level / 8).mean(axis=0), law[:20, level], atol=0.085)
    np.testing.assert_array_equal(model.sample(x[:5], random_state=1), model.sample(x[:5], random_state=1))


@pytest.mark.long
@pytest.mark.parametrize("make", CLASSIFIERS)
def test_the_same_seed_gives_the_same_model(make) -> None:
    x, y = sample(200)
    first, second = (make(random_state=7).fit(x, y).mixture(x) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(clone(make(random_state=7).fit(x, y)).fit(x, y).mixture(x), first)


def test_a_sample_of_its_own_is_what_base_predictors_see() -> None:
    """With ``base_share`` the parts are put together by hand, from what the model says it drew."""
    others = 0
    for seed in range(8):
        x, y = sample(300, seed)
        model = DirectOmnipredictor("columns", m=16, base_share=0.4, random_state=seed).fit(x, y)
        rng = np.random.default_rng(int(np.random.RandomState(seed).randint(2**31 - 1)))
        order = rows_to_learn_from(x, y, None, "")[0][rng.permutation(300)]
        base = batch.finite_minimizers(x[order[:120]], y[order[:120]], 16)
        ensemble, shown_all = (batch.direct_ensemble(base.exceeds(x[rows]), y[rows]) for rows in (order[120:], order))
        np.testing.assert_array_equal(model.mixture(x), ensemble.mixture(base.exceeds(x)))
        others += not np.array_equal(model.mixture(x), shown_all.mixture(base.exceeds(x)))
    assert others > 1, "the rows of base predictors make hardly a difference, so this tests less than it should"


@pytest.mark.long
def test_the_number_of_thresholds_follows_the_rows_of_the_ensemble() -> None:
    x, y = sample(600)
    assert DirectOmnipredictor(random_state=0).fit(x, y).grid_.size == 16 + 1
    assert DirectOmnipredictor(base_share=0.8, random_state=0).fit(x, y).grid_.size == 8 + 1  # 120 rows


@pytest.mark.parametrize(("weight", "share", "m"), [(2.5, None, 16), (0.25, None, 4), (2.5, 0.5, 8)])
def test_the_number_of_thresholds_follows_what_weights_sum_to(weight, share, m) -> None:
    """Of 120 rows: of 300 the root is 17.3, of 30 it is 5.5, and of the other half of 300 it is 12.2."""
    x = np.random.default_rng(0).random((120, 1))
    model = DirectOmnipredictor("single_feature", folds=2, base_share=share, random_state=0)
    assert model.fit(x, x[:, 0] > 0.5, sample_weight=np.full(120, weight)).ensemble_.m == m


@pytest.mark.parametrize("m", [49, 98])
def test_draws_of_a_deterministic_law_are_its_predictions_whatever_the_grid(m) -> None:
    """Also at levels k of which k / m times m is rounded to less than k."""
    x = np.linspace(0, 1, 300)[:, None]
    y = np.random.default_rng(1).random(300) < x[:, 0]
    model = DirectOmnipredictor("columns", m=m, folds=2, random_state=0).fit(x, y)
    told = model.predict_proba(x)[:, 1]
    assert any(k / m * m < k for k in np.unique(np.rint(told * m)))
    np.testing.assert_allclose(model.sample(x, 0), told, atol=1e-12)


def test_the_best_feature_is_the_best_of_all_half_lines() -> None:
    x, y = sample(150)
    x = np.round(x, 1)
    base = TwoPlayerOmnipredictor("single_feature", m=4, base_share=0.999, random_state=0).fit(x, y).base_predictors_
    kept = np.random.default_rng(int(np.random.RandomState(0).randint(2**31 - 1))).permutation(150)[:149]
    kept = rows_to_learn_from(x, y, None, "")[0][kept]
    x, y = x[kept], y[kept]
    for i in range(4):
        theta = (i + 0.5) / 4
        best = min(
            ((theta - y) * side).mean()
            for j in range(3)
            for cut in [-1, *np.unique(x[:, j])]
            for side in (x[:, j] > cut, x[:, j] <= cut)
        )
        assert ((theta - y) * base.exceeds(x)[:, i]).mean() == pytest.approx(best)


def test_linear_functions_of_several_features() -> None:
    """Y = 1 above a slanted line: no single feature separates, a linear function does."""
    rng = np.random.default_rng(2)
    x = rng.random((60, 2))
    y = (x.sum(axis=1) > 1).astype(int)
    model = DirectOmnipredictor("linear", m=2, base_share=0.5, random_state=0, time_limit=60).fit(x, y)
    assert (model.base_predictors_.gap == 0).all()
    assert model.score(x, y) > DirectOmnipredictor("single_feature", m=2, base_share=0.5, random_state=0).fit(
        x, y
    ).score(x, y)


def test_in_a_pipeline_on_real_data() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(MinMaxScaler(), TwoPlayerOmnipredictor(LogisticRegression(), m=4, random_state=0))
    assert model.fit(x[::2], y[::2]).score(x[1::2], y[1::2]) > 0.9


@pytest.mark.parametrize("base", [None, "single_feature"])
@pytest.mark.parametrize("make", [*CLASSIFIERS, *REGRESSORS])
def test_what_is_not_fitted_says_so(make, base) -> None:
    model = make(base)
    for method in ("predict", "predict_proba", "predict_law"):
        if hasattr(model, method):
            with pytest.raises(NotFittedError, match=f"This {make.__name__} instance is not fitted yet"):
                getattr(model, method)(np.zeros((2, 3)))


@pytest.mark.long
@pytest.mark.parametrize("make", REGRESSORS)
def test_means_and_quantiles_in_the_units_of_the_outcome(make) -> None:
    """A finite law, y in {10, 20, 30}: the mean by x is known, and so is the 0.8-quantile.

    Cells have about 1,500 rows, so empirical chances are within 0.08 of the true ones except with chance < 1e-8 each
    (Hoeffding): within one step of the grid for means, and exactly right for quantiles.
    """
    rng = np.random.default_rng(8)
    x = rng.integers(0, 2, size=(3000, 1)).astype(float)
    chance = np.where(x == 1, [[0.1, 0.2, 0.7]], [[0.6, 0.35, 0.05]])
    y = 10.0 * (1 + (rng.random((3000, 1)) > chance.cumsum(axis=1)).sum(axis=1))
    mean = make(m=16, random_state=0).fit(x, y)
    step = 20 / 16
    np.testing.assert_allclose(mean.predict([[0.0], [1.0]]), [14.5, 26.0], atol=2 * step)
    high = make(quantile=0.8, m=16, random_state=0).fit(x, y)
    np.testing.assert_allclose(high.predict([[0.0], [1.0]]), [20.0, 30.0], atol=1.5 * step)
    assert (high.low_, high.high_, high.grid_[0], high.grid_[-1]) == (10.0, 30.0, 10.0, 30.0)
    assert set(high.sample(x[:50], random_state=0)) <= set(high.grid_)


def test_columns_of_a_regressor_have_the_units_of_the_outcome() -> None:
    rng = np.random.default_rng(4)
    truth = rng.uniform(100, 200, size=400)
    columns = np.column_stack([np.full(400, 150.0), truth])
    model = DirectRegressor("columns", m=16, random_state=0).fit(columns, truth)
    assert (model.base_predictors_.index == 1).all()
    np.testing.assert_allclose(model.predict(columns), truth, atol=100 / 16)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"base": "lineer"}, "base is 'lineer': it must be one of 'single_feature', 'linear', 'columns', or a class"),
        ({"base": DecisionTreeClassifier}, "or a classifier"),
        ({"m": 0}, "m of DirectOmnipredictor must be >= 1, got 0"),
        ({"folds": 1}, "folds of DirectOmnipredictor must be >= 2, got 1"),
        ({"base_share": 1.0}, "base_share of DirectOmnipredictor must lie between 0 and 1, both excluded, got 1.0"),
    ],
)
def test_bad_parameters_are_named(parameters, message: str) -> None:
    with pytest.raises(StrategyError, match=message):
        DirectOmnipredictor(**parameters).fit(*sample(20))


@pytest.mark.parametrize("frame", [False, True])
def test_new_rows_need_the_columns_that_were_fitted_and_change_nothing(frame: bool) -> None:
    x, y = sample(40)
    x = np.column_stack([x, x[:, 0] ** 2])
    made = pd.DataFrame(x, columns=[f"column {k}" for k in range(x.shape[1])]) if frame else x
    model = DirectOmnipredictor(DecisionTreeClassifier(max_depth=2, random_state=0), random_state=0).fit(made, y)
    fewer = made.iloc[:, :-1] if frame else made[:, :-1]
    for _ in range(2):
        with pytest.raises(ValueError, match=r"expecting 4 features|feature names should match"):
            model.predict_proba(fewer)
    assert model.n_features_in_ == x.shape[1]


def test_a_bad_constant_and_bad_columns_are_refused() -> None:
    with pytest.raises(ProblemError, match="c of direct_ensemble must be a finite number >= 0, got -1"):
        DirectOmnipredictor(c=-1).fit(*sample(20))
    x, y = sample(20)
    with pytest.raises(ProblemError, match="every entry must lie in"):
        DirectOmnipredictor("columns").fit(x + 1, y)
    with pytest.raises(StrategyError, match="low of DirectRegressor must be below high, got 2 and 1"):
        DirectRegressor(low=2, high=1).fit(x, y)
    with pytest.raises(ProblemError, match="level of a quantile must lie in"):
        TwoPlayerRegressor(quantile=1.5).fit(x, y)


def test_one_class_only_is_refused() -> None:
    with pytest.raises(ValueError, match="y has one class only, 1"):
        DirectOmnipredictor().fit([[0.0], [1.0]], [1, 1])


class Remembering(DirectOmnipredictor):
    """Keeps what its ensemble was shown."""

    def _combine(self, exceeds, y, target):
        self.shown_ = exceeds, y
        return super()._combine(exceeds, y, target)


@pytest.mark.parametrize("share", [None, 0.3])
def test_the_ensemble_sees_no_row_answered_by_base_predictors_fitted_on_it(share) -> None:
    """Trees that remember every row, on labels of coins: of rows they have seen their answers are right, always."""
    rng = np.random.default_rng(0)
    x, y = rng.random((400, 2)), rng.integers(0, 2, 400)
    model = Remembering(DecisionTreeClassifier(random_state=0), m=2, base_share=share, random_state=0).fit(x, y)
    exceeds, shown = model.shown_
    assert len(shown) == (400 if share is None else 280)
    # Any of two shares of 280 coins or more beyond 1/2 by 0.2: chance < 4 exp(-22) (Hoeffding); remembered rows: 1.
    assert np.abs((exceeds == (shown == 1)[:, None]).mean(axis=0) - 0.5).max() < 0.2


class TestRegressorsOfModels:
    """Without a base, regressors start from a linear model and gradient boosting of all features."""

    def sample(self, n=300, seed=11):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, 3))
        return X, 3 * X[:, 0] - 2 * X[:, 1] + rng.normal(size=n)

    @pytest.mark.long
    @pytest.mark.parametrize(("quantile", "most"), [(None, 1.5), (0.9, 0.3)])
    def test_a_sum_of_two_features_is_found(self, quantile, most):
        # Of one feature alone the error is at least that of the other: a variance of 1 + 4 for the mean, and of the
        # 0.9-quantile of N(0, 5) a pinball loss of phi(1.28) sqrt(5) = 0.39. Known, the sum leaves 1 and 0.175.
        (X, y), (new, truth) = self.sample(), self.sample(2000, seed=12)
        p = DirectRegressor(quantile=quantile, random_state=0).fit(X, y).predict(new)
        loss = mean_squared_error(truth, p) if quantile is None else mean_pinball_loss(truth, p, alpha=quantile)
        assert loss < most

    def test_each_row_is_answered_by_models_that_did_not_see_it(self):
        rng = np.random.default_rng(13)
        X, y = rng.random((60, 2)), rng.random(60)
        _, answers = cross_fitted_numbers(KNeighborsRegressor(1), X, y, 5, 0)
        assert (answers != y).all()
        assert np.isin(answers, y).all()

    @pytest.mark.long
    def test_frames_with_text_and_missing_values(self):
        X, y = self.sample()
        frame = pd.DataFrame({"kind": np.where(X[:, 0] > 0, "up", "down"), "size": X[:, 1]})
        frame.loc[::7, "size"] = np.nan
        p = DirectRegressor(random_state=0, m=16).fit(frame, y).predict(frame)
        assert p.shape == (300,)
        assert np.corrcoef(p, y)[0, 1] > 0.7

    def test_grids_are_no_coarser_than_64_parts(self):
        X, y = self.sample(80)
        assert DirectRegressor(random_state=0).fit(X, y).ensemble_.m == 64
        assert DirectRegressor("single_feature", random_state=0).fit(X, y).ensemble_.m == 8

    @pytest.mark.parametrize(("base", "rows", "m"), [(None, 100, 64), (None, 2**14, 128), ("columns", 100, 8)])
    def test_thresholds_are_64_at_least_where_models_are_of_all_of_y(self, base, rows, m):
        assert DirectRegressor(base)._thresholds(rows) == m

    @pytest.mark.long
    def test_quantiles_are_carried_along_by_an_increasing_function(self):
        # Thresholds are ranks, of outcomes and of their cubes, whose largest are far from the others: equally spaced,
        # most would lie where no outcome does. 0.01 is for the interpolation between outcomes.
        X, y = self.sample()
        plain, cubed = (DirectRegressor(quantile=0.5, m=50, random_state=0).fit(X, some) for some in (y, y**3))
        order = np.sort(y)
        for grid, outcomes in ((plain.grid_, order), (cubed.grid_, order**3)):
            rank = np.searchsorted(outcomes, grid, side="right") / 300
            np.testing.assert_allclose(rank, np.arange(51) / 50, atol=0.01)

    @pytest.mark.long
    def test_a_few_huge_outcomes_do_not_coarsen_a_quantile(self):
        # 0.5-quantiles of the sum plus noise: known, they leave E|N(0, 1)| / 2 = 0.40.
        (X, y), (new, truth) = self.sample(), self.sample(2000, seed=12)
        y[:3] = 10_000.0
        p = DirectRegressor(quantile=0.5, random_state=0).fit(X, y).predict(new)
        assert mean_pinball_loss(truth, p, alpha=0.5) < 0.7

    @pytest.mark.long
    def test_the_law_is_on_the_grid_in_units_of_y(self):
        X, y = self.sample(100)
        model = TwoPlayerRegressor(quantile=0.5, m=8, random_state=0).fit(X, y)
        assert (model.grid_[0], model.grid_[-1]) == (y.min(), y.max())
        assert np.isin(model.sample(X, random_state=1), model.grid_).all()
        assert ((model.predict(X) >= y.min()) & (model.predict(X) <= y.max())).all()

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("quantile", [None, 0.3])
    @pytest.mark.parametrize("make", REGRESSORS)
    def test_predictions_lie_where_the_law_says_and_are_the_models_there(self, make, quantile):
        """Law, cell by cell: the best model's answer moved to the nearer end of the cell, weighted by the law."""
        X, y = self.sample(200)
        model = make(quantile=quantile, m=8, random_state=0).fit(X, y)
        base, law = model.base_predictors_, model.mixture(X)
        # The scale, read off the grid and what lies between: halves of steps are the thresholds.
        ends = np.interp([0, *(np.arange(8) + 0.5) / 8, 1], model._levels, model._knots)
        answer = np.interp(base.models[base.best].predict(X).clip(0, 1), model._levels, model._knots)
        by_hand = [
            sum(row[k] * min(max(a, ends[k]), ends[k + 1]) for k in range(9))
            for row, a in zip(law, answer, strict=False)
        ]
        np.testing.assert_allclose(model.predict(X), by_hand)

    def test_the_grid_of_a_quantile_is_where_weighted_outcomes_are(self):
        """At level k / 256 the least outcome up to which so much of the weight is, and straight lines between."""
        rng = np.random.default_rng(4)
        x, y = rng.random((600, 1)), rng.exponential(size=600)
        weights = np.where(y < 0.5, 0.1, 1.3)

        class Flat(DirectRegressor):
            def _models(self, X, target, rows, seed):
                return {"flat": DummyRegressor()}

        model = Flat(quantile=0.5, m=10, folds=2, random_state=0).fit(x, y, sample_weight=weights)
        order, knots = np.argsort(y), {y.min(), y.max()}
        for k in range(1, 257):
            upto = 0.0
            for i in order:
                upto += weights[i]
                if upto >= k / 256 * weights.sum() - 1e-9:
                    knots.add(y[i])
                    break
        places = np.linspace(0, len(knots) - 1, 11)
        assert model.grid_ == pytest.approx(np.interp(places, np.arange(len(knots)), sorted(knots)))
        assert len(knots) > 200

    def test_one_model_is_given_back_as_it_is(self):
        """Where there is nothing to choose, neither thresholds nor their number cost anything."""

        class Single(DirectRegressor):
            def _models(self, X, target, rows, seed):
                return {"linear": Ridge()}

        X, y = self.sample()
        new, _ = self.sample(seed=12)
        alone = Ridge().fit(X, (y - y.min()) / np.ptp(y)).predict(new).clip(0, 1) * np.ptp(y) + y.min()
        # Beyond the answers on the sample an ensemble has seen nothing, and may decide as it likes.
        seen = (alone > np.quantile(alone, 0.03)) & (alone < np.quantile(alone, 0.97))
        for m in (1, 2, 64):
            np.testing.assert_allclose(Single(m=m, random_state=0).fit(X, y).predict(new[seen]), alone[seen], atol=1e-9)

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("quantile", [None, 0.1])
    @pytest.mark.parametrize("curved", [False, True])
    def test_the_best_model_is_surely_better_or_the_simplest_in_units_of_y(self, quantile, curved):
        """Losses out of fold, recomputed: boosting, the second, if it is better by more than a standard error."""
        X, y = self.sample(250)
        y = X[:, 0] ** 2 if curved else y
        model = DirectRegressor(quantile=quantile, random_state=0).fit(X, y)
        rows = rows_to_learn_from(X, y, None, "")[0]
        seed = int(np.random.RandomState(0).randint(2**31 - 1))
        rng = np.random.default_rng(seed)
        rng.permutation(250)
        seed = int(rng.integers(2**31 - 1))
        target, found = Mean() if quantile is None else Quantile(quantile), {}
        for name, made in model._models(X[rows], target, 250, seed).items():
            _, answers = cross_fitted_numbers(made, X[rows], np.interp(y[rows], model._knots, model._levels), 5, seed)
            p = np.interp(answers, model._levels, model._knots)
            off = y[rows] - p
            found[name] = off**2 if quantile is None else np.where(off > 0, quantile * off, (quantile - 1) * off)
        gain = found["linear"] - found["gradient boosting"]
        sure = bool(gain.sum() > np.sqrt((gain**2).sum()))
        assert sure == curved
        assert model.base_predictors_.best == ("gradient boosting" if sure else "linear")

    @pytest.mark.long
    def test_an_outlier_does_not_make_ordinary_means_coarse(self):
        """One outcome a thousand times the others: 64 equal parts of the range are 150 each, y is within 10."""
        (X, y), (new, truth) = self.sample(), self.sample(2000, seed=12)
        y[0] = 10_000.0
        p = DirectRegressor(random_state=0, high=100.0, low=-10.0).fit(X, y).predict(new)
        fine = DirectRegressor(random_state=0).fit(X, y).predict(new)
        # Each of 64 grid points is 156 from the next; a root mean square error below 60 is not on a grid.
        assert len(np.unique(fine.round(6))) > 64
        assert mean_squared_error(truth, p) < 30

    def test_missing_outcomes_are_refused(self):
        X, y = self.sample(30)
        y[3] = np.nan
        with pytest.raises(ValueError, match="y contains NaN"):
            DirectRegressor().fit(pd.DataFrame(X), y)

    def test_a_program_sees_4000_rows_at_most(self):
        frame = np.zeros((2, 1))
        for quantile in (None, 0.5):
            assert list(default_regressors(frame, quantile, 0)) == ["linear", "gradient boosting"]
        assert default_regressors(frame, 0.5, 0)["linear"][-1].most == 4000

    @pytest.mark.parametrize("level", [0.2, 0.5, 0.9])
    def test_the_linear_model_of_a_quantile_has_the_least_pinball_loss_of_all_lines(self, level):
        """A best line passes through two of the points: all of them are tried."""
        rng = np.random.default_rng(6)
        x = rng.random((25, 1))
        y = x[:, 0] + rng.normal(0, 0.2, 25)

        def loss(line):
            return np.where(y > line, level * (y - line), (1 - level) * (line - y)).mean()

        slopes = [((y[i] - y[j]) / (x[i, 0] - x[j, 0]), i) for i in range(25) for j in range(i)]
        least = min(loss(y[i] + slope * (x[:, 0] - x[i, 0])) for slope, i in slopes)
        linear = default_regressors(x, level, 0)["linear"]
        assert loss(linear.fit(x, y).predict(x)) == pytest.approx(least)

    def test_rows_beyond_a_number_are_left_out_at_random(self):
        """Which they are is what a model of constants is told: the mean of those drawn, with their weights."""
        y, x, w = np.arange(50.0), np.zeros((50, 1)), np.arange(50.0) % 3
        drawn = np.sort(np.random.default_rng(7).permutation(50)[:20])
        for weights, expected in ((None, y[drawn].mean()), (w, np.average(y[drawn], weights=w[drawn]))):
            assert Sampled(DummyRegressor(), 20, 7).fit(x, y, weights).predict(x)[0] == pytest.approx(expected)
        assert Sampled(DummyRegressor(), 50).fit(x, y).predict(x)[0] == pytest.approx(y.mean())


@pytest.mark.parametrize(
    ("model", "instead"),
    [
        *((make(base), "the scores of a model") for make in CLASSIFIERS for base in (None, "columns")),
        *((make(base), "the predictions of models") for make in REGRESSORS for base in (None, "single_feature")),
    ],
    ids=str,
)
def test_sparse_features_are_refused_with_a_way_out(model, instead: str) -> None:
    x, y = sample(40)
    sparse = csr_matrix(x)
    with pytest.raises(TypeError, match=f"{type(model).__name__} takes no sparse X: give X.toarray.*{instead}"):
        model.fit(sparse, y)
    model = clone(model).set_params(base="columns", m=4).fit(x, y)
    with pytest.raises(TypeError, match="takes no sparse X"):
        model.predict(sparse)


NULLABLE = {
    "Int64": lambda values: pd.array([None if v == 0 else int(9 * v) for v in values], dtype="Int64"),
    "Float64": lambda values: pd.array([None if v == 0 else v for v in values], dtype="Float64"),
    "boolean": lambda values: pd.array([None if v == 0 else v > 0.5 for v in values], dtype="boolean"),
    "string": lambda values: pd.array([None if v == 0 else "ab"[int(v > 0.5)] for v in values], dtype="string"),
}
"""Columns of pandas' own types, with missing values, from numbers."""


def plainly(column):
    """The same column as numpy keeps it."""
    kind = str if column.dtype == "string" else float
    found = [np.nan if pd.isna(value) else kind(value) for value in column]
    return np.array(found, dtype=object if kind is str else float)


@pytest.mark.one_in(6)
@pytest.mark.parametrize(
    ("model", "kind"),
    spread(
        [
            DirectOmnipredictor(m=4, folds=2, random_state=0),
            DirectRegressor(m=4, folds=2, random_state=0),
            Panpredictor(folds=2, max_corrections=0, random_state=0),
        ],
        NULLABLE,
    ),
)
@pytest.mark.filterwarnings("ignore::omnisim.errors.CorrectionWarning")
def test_columns_of_pandas_own_types_are_what_they_hold(model, kind) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 5, 120) / 4
    y = (rng.random(120) < 0.2 + 0.6 * (values > 0.5)).astype(int)
    other = rng.random(120)
    kept = pd.DataFrame({"column": NULLABLE[kind](values), "other": other})
    plain = pd.DataFrame({"column": plainly(kept["column"].array), "other": other})
    answer = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    found, expected = (getattr(clone(model).fit(X, y), answer)(X) for X in (kept, plain))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    labels = pd.array(y, dtype="Int64")
    np.testing.assert_allclose(getattr(clone(model).fit(kept, labels), answer)(kept), expected, rtol=1e-9)


DATES = {
    "dates": pd.date_range("2024-01-01", periods=60),
    "days of Python": pd.Series(pd.date_range("2024-01-01", periods=60).date),
    "periods": pd.period_range("2024-01-01", periods=60, freq="D"),
    "durations": pd.timedelta_range("1h", periods=60),
}


@pytest.mark.parametrize("kind", DATES)
@pytest.mark.parametrize(
    "model",
    [
        DirectOmnipredictor(),
        TwoPlayerOmnipredictor("single_feature"),
        CalibratedMultiaccuracy("linear"),
        DirectRegressor(),
        TwoPlayerRegressor("columns"),
        Panpredictor(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_columns_of_dates_are_refused(model, kind) -> None:
    X = pd.DataFrame({"size": np.arange(60.0), "seen on": DATES[kind]})
    with pytest.raises(ProblemError, match="column 'seen on' holds dates or times: give the year"):
        model.fit(X, np.arange(60) % 2)


@pytest.mark.parametrize(
    ("base", "name"),
    [
        (Ridge(), "is a regressor, Ridge"),
        (make_pipeline(StandardScaler(), Ridge()), "is a regressor, Pipeline of Ridge"),
        (GridSearchCV(Ridge(), {"alpha": [1, 2]}), "is a regressor, GridSearchCV of Ridge"),
        (make_pipeline(GridSearchCV(Ridge(), {"alpha": [1]})), "is a regressor, Pipeline of GridSearchCV of Ridge"),
        (TransformedTargetRegressor(Ridge()), "is a regressor, TransformedTargetRegressor of Ridge"),
        (KMeans(2), "is a clusterer, KMeans"),
    ],
    ids=str,
)
@pytest.mark.parametrize("make", [DirectOmnipredictor, TwoPlayerOmnipredictor, DirectRegressor])
def test_a_base_that_is_no_classifier_is_refused(make, base, name) -> None:
    X = np.random.default_rng(0).random((60, 2))
    with pytest.raises(ProblemError, match=f"base {name}: it must be a classifier"):
        make(base).fit(X, np.arange(60) % 2)


def test_models_of_another_kind_are_refused_where_they_are_due() -> None:
    X, y = np.random.default_rng(0).random((60, 2)), np.arange(60) % 2
    with pytest.raises(ProblemError, match="comparator or base is a clusterer, KMeans: it must be a classifier or"):
        Panpredictor(comparators={"k": KMeans(2)}).fit(X, y)
    with pytest.raises(ProblemError, match="a model of numbers is a classifier, LogisticRegression: it must be a"):
        cross_fitted_numbers(LogisticRegression(), X, y * 1.0, 2, 0)
    for restricted in (WithinGroup(Ridge(), None), ForLoss(Ridge(), [[0, 1], [1, 0]])):
        with pytest.raises(ProblemError, match="is a regressor, Ridge: it must be a classifier"):
            restricted.fit(X, y)
    # A search among classifiers, and a model that says nothing of itself, are taken.
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2)
    assert DirectOmnipredictor(search, method="probabilities", m=2, folds=2).fit(X, y).predict_proba(X).shape == (60, 2)
    check_kind(object(), "classifier", "base")


class Named:
    """A table of another library: its columns have names, and it can be told as numbers."""

    columns = ("a", "b")

    def __init__(self, values):
        self.values = np.asarray(values)

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)

    def __len__(self):
        return len(self.values)

    @property
    def shape(self):
        return self.values.shape


class Placed(Named):
    """One that knows places as well, and no names."""

    iloc = None

    def __getattribute__(self, name):
        if name == "columns":
            raise AttributeError(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize("kind", [Named, Placed])
def test_only_what_is_a_data_frame_stays_one(kind):
    numbers = [[1, 2], [3, 4], [5, 6]]
    rows, outcomes = checked_table(DummyRegressor(), kind(numbers), [0, 1, 0])
    assert type(rows) is np.ndarray
    assert rows.tolist() == numbers
    assert list(outcomes) == [0, 1, 0]
    frame = pd.DataFrame({"a": ["x", "y", "x"], "b": [1, 2, 3]})
    kept, _ = checked_table(DummyRegressor(), frame, [0, 1, 0])
    assert kept is frame
