"""Weights of rows: whole ones repeat rows, those of 0 leave rows out, and where no size enters scaling is nothing.

Hypothesis draws samples and weights; both fits are of the same code, but on two samples that must mean the same.
"""

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from omnisim import batch
from omnisim.batch import (
    CalibratedMultiaccuracy,
    DirectOmnipredictor,
    DirectRegressor,
    Panpredictor,
    Postprocessor,
    TwoPlayerOmnipredictor,
    TwoPlayerRegressor,
)
from omnisim.batch.panprediction.restricted import ForLoss, WithinGroup
from omnisim.batch.weighting import check_counts, in_rounds, rows_to_learn_from
from omnisim.errors import ProblemError
from omnisim.problem.losses import Mean, Probability, Quantile

pytestmark = pytest.mark.filterwarnings("ignore::omnisim.errors.CorrectionWarning")

FEW, SOME = settings(max_examples=5), settings(max_examples=20)

TREE = DecisionTreeClassifier(max_depth=2, random_state=0)
CLASSIFIERS = {
    "direct": DirectOmnipredictor("single_feature", random_state=0),
    "direct, buffer": DirectOmnipredictor("single_feature", c=0.5, start="min_high", random_state=0),
    "direct, share": DirectOmnipredictor("columns", base_share=0.5, random_state=0),
    "game": TwoPlayerOmnipredictor("single_feature", random_state=0),
    "game, trees": TwoPlayerOmnipredictor(TREE, folds=2, random_state=0),
    "game, forests": TwoPlayerOmnipredictor(RandomForestClassifier(3, random_state=0), folds=2, m=2, random_state=0),
    "CalMA": CalibratedMultiaccuracy("columns", random_state=0),
    "panpredictor": Panpredictor([None, 1], {"first": 0, "tree": TREE}, folds=2, tolerance=0.02, random_state=0),
    "panpredictor, steps": Panpredictor([None, 1], {"first": 0}, base=None, random_state=0),
    "panpredictor, randomized": Panpredictor([None, 1], [0], method="randomized", random_state=0),
    "panpredictor, derandomized": Panpredictor([None, 1], [0], method="derandomized", random_state=0),
}
REGRESSORS = {
    "direct mean": DirectRegressor("single_feature", random_state=0),
    "direct quantile": DirectRegressor("single_feature", quantile=0.3, random_state=0),
    "game mean": TwoPlayerRegressor("columns", low=0, high=1, random_state=0),
    "game quantile": TwoPlayerRegressor("single_feature", quantile=0.7, random_state=0),
}


def drawn(seed: int, n: int, most: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features on a coarse grid, so that some rows are alike, outcomes of both classes, and whole weights."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 8, (n, 2)) / 8
    y = (rng.random(n) < 0.2 + 0.6 * x[:, 0]).astype(int)
    times = rng.integers(0, most + 1, n)
    y[:4], times[:4] = [0, 1, 0, 1], 1
    return x, y, times


def predicted(model, x: np.ndarray) -> np.ndarray:
    return model.predict_proba(x)[:, 1] if hasattr(model, "predict_proba") else model.predict(x)


def outcomes(name: str, y: np.ndarray, seed: int) -> np.ndarray:
    return y if name in CLASSIFIERS else np.round(y * 0.5 + np.random.default_rng(seed).integers(0, 5, len(y)) / 10, 1)


ALL = {**CLASSIFIERS, **REGRESSORS}


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", ALL)
@FEW
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(12, 40))
def test_whole_weights_are_rows_repeated_in_any_order(name: str, seed: int, n: int) -> None:
    x, y, times = drawn(seed, n)
    y = outcomes(name, y, seed)
    rows = np.random.default_rng(seed).permutation(np.repeat(np.arange(n), times))
    weighted = sklearn.clone(ALL[name]).fit(x, y, sample_weight=times)
    repeated = sklearn.clone(ALL[name]).fit(x[rows], y[rows])
    np.testing.assert_array_equal(predicted(weighted, x), predicted(repeated, x))


@pytest.mark.one_in(7)
@pytest.mark.parametrize("name", ALL)
@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_rows_of_weight_zero_are_absent(name: str, seed: int) -> None:
    """Beside weights that are no whole numbers, so that nothing is repeated."""
    x, y, times = drawn(seed, 30)
    y = outcomes(name, y, seed)
    weights = times * 1.25
    kept = weights > 0
    all_rows = sklearn.clone(ALL[name]).fit(x, y, sample_weight=weights)
    without = sklearn.clone(ALL[name]).fit(x[kept], y[kept], sample_weight=weights[kept])
    np.testing.assert_array_equal(predicted(all_rows, x), predicted(without, x))


@pytest.mark.long
@pytest.mark.parametrize("ranges", [False, True])
@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_a_post_processor(ranges: bool, seed: int) -> None:
    x, y, times = drawn(seed, 60)
    frame = pd.DataFrame({"first": x[:, 1], "kind": np.where(x[:, 0] > 0.5, "up", "down")})
    p = np.round(0.3 + 0.3 * x[:, 0], 1)
    made = Postprocessor(smallest=3, tolerance=1.2, ranges=ranges, random_state=0)
    rows = np.random.default_rng(seed).permutation(np.repeat(np.arange(60), times))
    weighted = sklearn.clone(made).fit(p, y, frame, times)
    repeated = sklearn.clone(made).fit(p[rows], y[rows], frame.iloc[rows])
    np.testing.assert_array_equal(weighted.predict(p, frame), repeated.predict(p, frame))
    kept = times > 0
    fractions = (
        sklearn.clone(made).fit(p[some], y[some], frame[some], 1.25 * times[some]) for some in (kept, kept | True)
    )
    np.testing.assert_array_equal(*(each.predict(p, frame) for each in fractions))


@pytest.mark.parametrize("weights", [[2.5, 0.5, 1.0], [3.0, 1.0, 2.0]])
def test_noise_of_a_set_is_that_of_as_many_rows(weights) -> None:
    """By hand: 3 rows of weights w and residuals r: bias sum w r / W, noise sqrt(sum w r^2) / W."""
    from omnisim.batch.panprediction.furthest_set import Search

    p, y, w = np.full(3, 0.5), np.array([1.0, 0.0, 1.0]), np.array(weights)
    found = Search(np.ones((3, 1)), np.zeros((3, 0)), w)(p, y - p)
    assert found.step_set.bias == pytest.approx((w[0] - w[1] + w[2]) / 2 / w.sum())
    assert found.ratio == pytest.approx(found.step_set.bias / np.sqrt(0.25 / w.sum()))


class TestFunctions:
    """The algorithms themselves, on answers of base predictors in any order."""

    def sample(self, seed, n=40, m=6):
        rng = np.random.default_rng(seed)
        exceeds = rng.random((n, m)) < np.linspace(0.8, 0.2, m)
        y, times = rng.integers(0, 2, n), rng.integers(0, 4, n)
        times[0] = 1
        return exceeds, y, times, np.repeat(np.arange(n), times)

    @pytest.mark.one_in(2)
    @pytest.mark.parametrize(
        "fit",
        [
            batch.two_player,
            lambda *a, **k: batch.two_player(*a, rounds_kept=7, **k),
            batch.direct_ensemble,
            lambda *a, **k: batch.direct_ensemble(*a, c=0.3, start="middle", **k),
            batch.calibrated_multiaccuracy,
            batch.two_player_calibrated_multiaccuracy,
        ],
    )
    @SOME
    @given(seed=st.integers(0, 2**32 - 1))
    def test_whole_weights_are_rows_repeated(self, fit, seed):
        exceeds, y, times, rows = self.sample(seed)
        weighted, repeated = fit(exceeds, y, sample_weight=times), fit(exceeds[rows], y[rows])
        np.testing.assert_allclose(weighted.mixture(exceeds), repeated.mixture(exceeds), atol=1e-9)
        kept = times > 0
        fractions = [fit(exceeds[some], y[some], sample_weight=times[some] * 0.3) for some in (kept, ...)]
        np.testing.assert_allclose(*(each.mixture(exceeds) for each in fractions), atol=1e-12)

    @pytest.mark.one_in(3)
    @pytest.mark.parametrize("target", [Probability(), Mean(), Quantile(0.3)])
    @SOME
    @given(seed=st.integers(0, 2**32 - 1), factor=st.floats(1e-6, 1e6))
    def test_scaling_is_nothing_where_no_size_enters(self, target, seed, factor):
        exceeds, y, times, rows = self.sample(seed)
        y = y.astype(float)
        x = np.random.default_rng(seed).integers(0, 6, (len(y), 2)) / 6
        for fit in (batch.empirical_minimizers, batch.linear_minimizers, batch.finite_minimizers):
            points = x[:, 0] if fit is batch.empirical_minimizers else x
            scaled, weighted = (fit(points, y, 4, target, sample_weight=times * k) for k in (factor, 1))
            repeated = fit(points[rows], y[rows], 4, target)
            for other in (scaled, repeated):
                np.testing.assert_allclose(other.risk, weighted.risk, atol=1e-12)
                # Of equally good half-planes any is taken.
                if fit is not batch.linear_minimizers:
                    np.testing.assert_array_equal(other.exceeds(points), weighted.exceeds(points))
        scaled, weighted = (
            batch.direct_ensemble(exceeds, y, 0.0, target, sample_weight=times * k) for k in (factor, 1)
        )
        np.testing.assert_array_equal(scaled.level(exceeds), weighted.level(exceeds))
        np.testing.assert_allclose(scaled.excess, weighted.excess, atol=1e-12)
        singles = [batch.best_single(x, exceeds, y, target, sample_weight=w) for w in (times, factor * times)]
        np.testing.assert_allclose(singles[0].errors, singles[1].errors, atol=1e-12)
        repeated = batch.best_single(x[rows], exceeds[rows], y[rows], target)
        np.testing.assert_allclose(singles[0].errors, repeated.errors, atol=1e-12)

    def test_a_game_of_fractions_keeps_its_bound(self):
        """Regret of the play, recomputed from its law: no threshold's excess is above ln(m) / (eta W) + eta / 2."""
        exceeds, y, times, _ = self.sample(3, n=200)
        weights = times * 0.7
        for c in (0.5, 2.0, 32.0):
            fitted = batch.two_player(exceeds, y, c, sample_weight=weights)
            assert fitted.rate == pytest.approx(c * np.sqrt(np.log(6) / weights.sum()))
            assert fitted.excess.max() <= fitted.bound
            assert fitted.counts.sum() == pytest.approx(weights.sum())

    def test_fractions_count_in_the_mixture(self):
        """Two rounds that count 1 and 1/2: the law is 2/3 of the first step and 1/3 of the second."""
        exceeds, y = np.array([[False, True], [True, False]]), np.array([1, 0])
        fitted = batch.two_player(exceeds, y, sample_weight=[1.0, 0.5])
        alone = [batch.TwoPlayer(fitted.log_weights[t : t + 1], 1, 0, np.zeros(2), 0).mixture(exceeds) for t in (0, 1)]
        np.testing.assert_allclose(fitted.mixture(exceeds), (2 * alone[0] + alone[1]) / 3)

    def test_rounds_are_kept_in_proportion_to_what_they_count(self):
        """10,000 stretches of half a count: each round of 1 is kept twice, each of 1/2 once, within one."""
        from omnisim.batch.two_player_game import _drawn

        counts = np.tile([1.0, 0.5, 0.5, 1.0], 1000)
        kept = np.bincount(_drawn(4000, 3000, 0, counts), minlength=4000)
        assert np.abs(kept - counts).max() <= 1
        assert kept.sum() == 3000
        assert abs(kept[::4].sum() + kept[3::4].sum() - 2000) <= 2

    @pytest.mark.parametrize("method", ["weights", "probabilities"])
    def test_classifiers(self, method):
        x, y, times = drawn(4, 40)
        rows = np.repeat(np.arange(40), times)
        for model in (TREE, make_pipeline(StandardScaler(), TREE)):
            weighted = batch.classifier_minimizers(model, x, y, 4, method=method, sample_weight=times)
            repeated = batch.classifier_minimizers(model, x[rows], y[rows], 4, method=method)
            np.testing.assert_allclose(weighted.risk, repeated.risk)
            np.testing.assert_array_equal(weighted.exceeds(x), repeated.exceeds(x))

    def test_cross_fitting_leaves_out_rows_of_weight_zero(self):
        x, y, times = drawn(5, 40)
        kept = times > 0

        def fit(points, labels, weights):
            return batch.empirical_minimizers(points[:, 0], labels, 4, sample_weight=weights)

        class Both:
            def __init__(self, *given):
                self.base = fit(*given)
                self.m = 4

            def exceeds(self, points):
                return self.base.exceeds(points[:, 0])

        all_rows, base = batch.cross_fitted(Both, x, y, 4, 0, sample_weight=times)
        without, other = batch.cross_fitted(Both, x[kept], y[kept], 4, 0, sample_weight=times[kept])
        np.testing.assert_array_equal(all_rows[kept], without)
        np.testing.assert_array_equal(all_rows[~kept], base.exceeds(x[~kept]))
        np.testing.assert_array_equal(base.exceeds(x), other.exceeds(x))

    def test_models_for_one_user(self):
        x, y, times = drawn(6, 40)
        rows = np.repeat(np.arange(40), times)
        for make in (lambda: WithinGroup(TREE, 1), lambda: ForLoss(TREE, [[0, 1], [0.2, 0.3]])):
            weighted, repeated = make().fit(x, y, sample_weight=times), make().fit(x[rows], y[rows])
            np.testing.assert_allclose(weighted.predict_proba(x), repeated.predict_proba(x))


def test_large_whole_weights_are_not_repeated_and_mean_the_same() -> None:
    """Above 2^20 rows there are no copies: halves are taken of weights that are, and the sums agree."""
    x, y, times = drawn(7, 60)
    made = DirectOmnipredictor("columns", m=4, folds=2, random_state=0)
    large, half = (sklearn.clone(made).fit(x, y, sample_weight=times * k) for k in (10**6, 0.5))
    assert rows_to_learn_from(x, y, times * 10**6, "it")[1] is not None
    np.testing.assert_array_equal(predicted(large, x), predicted(half, x))


def test_content_orders_rows_whatever_holds_them() -> None:
    """A frame, its columns as an array, and lists in cells; equal rows are next to each other."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 1.0, 2.0], "b": ["x", "y", "x", "z"], "c": [[1], [2], [1], [2]]})
    rows, _ = rows_to_learn_from(frame, ["u", "v", "u", "v"], None, "it")
    assert abs(int(np.flatnonzero(rows == 0)[0]) - int(np.flatnonzero(rows == 2)[0])) == 1
    swapped = np.array([[1.0, 2.0], [2.0, 1.0]])
    (first, _), (second, _) = (rows_to_learn_from(swapped[order], [0, 0], None, "it") for order in ([0, 1], [1, 0]))
    np.testing.assert_array_equal(swapped[first], swapped[[1, 0]][second])


@pytest.mark.parametrize("kind", ["int64", "int8", "float32", "float64", "object", "Int64", "category of text"])
def test_the_same_numbers_are_the_same_rows_whatever_their_type(kind: str) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.integers(-9, 9, (80, 3)), rng.integers(0, 2, 80)
    expected, _ = rows_to_learn_from(x.astype(float), y, None, "it")
    if kind == "category of text":
        found, _ = rows_to_learn_from(x, pd.Series(np.array(["no", "yes"])[y]).astype("category"), None, "it")
    else:
        found, _ = rows_to_learn_from(pd.DataFrame(x).astype(kind), y.astype(float), None, "it")
    np.testing.assert_array_equal(x[found], x[expected])
    np.testing.assert_array_equal(y[found], y[expected])


def test_rounding_moves_no_row() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(500, 4)) * 10.0 ** rng.integers(-9, 9, 4), rng.integers(0, 2, 500)
    expected, _ = rows_to_learn_from(x, y, None, "it")
    for factor in (1 + 1e-15, 1 - 1e-14):
        np.testing.assert_array_equal(rows_to_learn_from(x * factor, y, None, "it")[0], expected)
    # Rows that differ further behind are still told apart, so that the order of the sample has no part.
    x[1:] = x[0] * (1 + 1e-9 * np.arange(1, 500)[:, None])
    order = rng.permutation(500)
    first, second = (
        x[rows_to_learn_from(x, y, None, "it")[0]],
        x[order][rows_to_learn_from(x[order], y[order], None, "it")[0]],
    )
    np.testing.assert_array_equal(first, second)


def test_labels_of_no_weight_have_no_part() -> None:
    x = np.arange(12.0)[:, None] % 5
    labels = np.array(["b", "c"])[np.arange(12) % 2]
    more = np.concatenate([["a"], labels])
    found, _ = rows_to_learn_from(np.concatenate([[[3.0]], x]), more, [0, *[1] * 12], "it")
    expected, _ = rows_to_learn_from(x, labels, None, "it")
    np.testing.assert_array_equal(found - 1, expected)


BAD = [
    ([-1.0, *[1.0] * 19], r"sample_weight must be >= 0, got -1 in row 0"),
    ([np.nan, *[1.0] * 19], r"sample_weight\[0\] is nan: every entry must be a finite number"),
    ([1.0] * 7, r"sample_weight must have shape \(20\,\)"),
    ([0.0] * 20, "not all of the weights may be zero"),
    ([1e308] * 20, "sample_weight sums to infinity"),
    (["a"] * 20, "sample_weight must be an array of numbers"),
]


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("weights", BAD)
@pytest.mark.parametrize("model", [*CLASSIFIERS.values(), *REGRESSORS.values(), Postprocessor()], ids=str)
def test_bad_weights_are_told_in_one_line(weights, model) -> None:
    x, y = drawn(0, 20)[:2]
    with pytest.raises(ProblemError, match=weights[1]) as told:
        model.fit(x[:, 0] if isinstance(model, Postprocessor) else x, y, sample_weight=weights[0])
    assert "\n" not in str(told.value)


def test_weights_that_sum_to_less_than_two_rows_are_no_counts() -> None:
    x, y = drawn(0, 20)[:2]
    with pytest.raises(ProblemError, match="sums to 1, but weights count rows, and at least 2 are needed: scale them"):
        DirectOmnipredictor("columns").fit(x, y, sample_weight=np.full(20, 1 / 20))


def test_games_that_would_never_end_are_refused() -> None:
    with pytest.raises(ProblemError, match=r"sample_weight of two_player sums to 1e\+09: a row is played as often as"):
        batch.two_player([[True], [False]], [0, 1], sample_weight=[1e9, 1])
    with pytest.raises(ProblemError, match="split=True of direct_ensemble takes no sample_weight"):
        batch.direct_ensemble([[True], [False]], [0, 1], split=True, sample_weight=[1, 1])


def test_a_base_that_takes_no_weights() -> None:
    """Whole ones are served, since rows are repeated; fractions are not."""
    x, y, times = drawn(1, 60)
    made = DirectOmnipredictor(KNeighborsClassifier(3), m=4, folds=2, random_state=0)
    rows = np.repeat(np.arange(60), times)
    whole, repeated = made.fit(x, y, sample_weight=times), sklearn.clone(made).fit(x[rows], y[rows])
    np.testing.assert_array_equal(predicted(whole, x), predicted(repeated, x))
    with pytest.raises(ProblemError, match=r"KNeighborsClassifier.fit takes no sample_weight"):
        made.fit(x, y, sample_weight=times * 1.25)


@pytest.mark.long
@pytest.mark.parametrize("quantile", [None, 0.5])
def test_regressors_of_models_take_weights(quantile) -> None:
    """A linear outcome for rows of weight, and nonsense for those of almost none, also in a program and pipelines."""
    rng = np.random.default_rng(2)
    x = rng.random((400, 2))
    nonsense = np.arange(400) % 2 == 0
    y = np.where(nonsense, 5 * rng.random(400), x[:, 0])
    model = DirectRegressor(quantile=quantile, low=0, high=5, random_state=0)
    near = model.fit(x, y, sample_weight=np.where(nonsense, 1e-3, 1.5)).predict(x)
    assert np.abs(near - x[:, 0]).mean() < 0.15
    # Without, the mean of the two is (x + 2.5) / 2, and half of the outcomes below the median are x itself.
    if quantile is None:
        assert np.abs(model.fit(x, y).predict(x) - x[:, 0]).mean() > 0.3


class TestRouting:
    """scikit-learn's metadata routing: weights arrive if they are requested, and only then."""

    @pytest.fixture(autouse=True)
    def enabled(self):
        with sklearn.config_context(enable_metadata_routing=True):
            yield

    def sample(self):
        x = drawn(3, 90)[0]
        # Rows of weight 0 say the opposite: a fit that does not see the weights is another one.
        weights = np.tile([1.0, 0.0, 1.5], 30)
        return x, np.where(weights > 0, x[:, 0] > 0.4, x[:, 0] < 0.4).astype(int), weights

    @pytest.mark.one_in(10)
    @pytest.mark.parametrize("name", CLASSIFIERS)
    def test_pipelines_and_searches(self, name):
        x, y, weights = self.sample()
        asked = (
            sklearn.clone(CLASSIFIERS[name]).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        )
        piped = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), asked)
        if "columns" not in str(asked.get_params().get("base")) and "pan" not in name:
            direct = sklearn.clone(CLASSIFIERS[name]).fit(StandardScaler().fit_transform(x), y, sample_weight=weights)
            fitted = piped.fit(x, y, sample_weight=weights)
            np.testing.assert_array_equal(
                fitted.predict_proba(x), direct.predict_proba(StandardScaler().fit_transform(x))
            )
        key = next(key for key in ("m", "tolerance", "rounds_kept") if key in asked.get_params())
        search = GridSearchCV(asked, {key: [asked.get_params()[key] or 2]}, cv=2).fit(x, y, sample_weight=weights)
        alone = sklearn.clone(CLASSIFIERS[name]).set_params(**search.best_params_).fit(x, y, sample_weight=weights)
        np.testing.assert_array_equal(search.predict_proba(x), alone.predict_proba(x))
        found = cross_val_score(asked, x, y, cv=2, params={"sample_weight": weights})
        assert np.isfinite(found).all()

    @pytest.mark.parametrize("name", REGRESSORS)
    def test_regressors(self, name):
        x, y, weights = self.sample()
        y = y * 0.5 + 0.25
        asked = (
            sklearn.clone(REGRESSORS[name]).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        )
        made = cross_validate(asked, x, y, cv=[(np.arange(60), np.arange(60, 90))], params={"sample_weight": weights})
        alone = sklearn.clone(REGRESSORS[name]).fit(x[:60], y[:60], sample_weight=weights[:60])
        assert made["test_score"][0] == alone.score(x[60:], y[60:], sample_weight=weights[60:])

    @pytest.mark.long
    def test_a_base_that_is_a_pipeline_is_given_them(self):
        """Also where its own steps have requested nothing, and by the models that are fitted by default."""
        x, y, weights = self.sample()
        base = make_pipeline(StandardScaler(), LogisticRegression())
        for method in ("weights", "probabilities"):
            made = DirectOmnipredictor(base, method=method, m=2, folds=2, random_state=0)
            # Odd rows that say the opposite have no weight: who is given the weights is right about all others.
            fitted = made.fit(x, y, sample_weight=weights)
            assert (fitted.predict(x) == (x[:, 0] > 0.4))[weights > 0].mean() > 0.9
        for quantile in (None, 0.5):
            DirectRegressor(quantile=quantile, random_state=0).fit(x, y * 1.0, sample_weight=weights)

    def test_who_asks_for_nothing_is_given_nothing(self):
        x, y, weights = self.sample()
        silent = sklearn.clone(CLASSIFIERS["direct"]).set_fit_request(sample_weight=False)
        fitted = make_pipeline(silent).fit(x, y)
        np.testing.assert_array_equal(fitted.predict(x), sklearn.clone(CLASSIFIERS["direct"]).fit(x, y).predict(x))
        with pytest.raises(TypeError, match="sample_weight"):
            make_pipeline(silent).fit(x, y, sample_weight=weights)

    def test_a_post_processor_requests_groups_too(self):
        request = Postprocessor().set_fit_request(groups=True, sample_weight=True).get_metadata_routing()
        assert request.fit.requests["groups"] is True
        assert request.fit.requests["sample_weight"] is True


def test_rounds_of_a_row() -> None:
    rows, counts = in_rounds(np.array([0.25, 2.0, 1.5]), "it")
    np.testing.assert_array_equal(rows, [0, 1, 1, 2, 2])
    np.testing.assert_array_equal(counts, [0.25, 1, 1, 1, 0.5])
    assert check_counts(None, 3) is None
