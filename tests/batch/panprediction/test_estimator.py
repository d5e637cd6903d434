"""The scikit-learn contract, sources of groups and comparators, and the report of gaps."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from omnisim.batch import Panpredictor, Postprocessor
from omnisim.batch.cross_fitted_models import cross_fitted_answers
from omnisim.batch.panprediction import Law, estimator, gap_table, learn_deterministic, sample
from omnisim.batch.panprediction.estimator import METHODS, _drawn
from omnisim.batch.panprediction.restricted import ForLoss, WithinGroup
from omnisim.batch.panprediction.stepwise import deal
from omnisim.batch.weighting import rows_to_learn_from
from omnisim.errors import CorrectionWarning, ProblemError, StrategyError
from omnisim.problem.losses import LossTable

pytestmark = pytest.mark.filterwarnings("ignore::omnisim.errors.CorrectionWarning")

LOSSES = {"misses": [[0.0, 0.9], [0.1, 0.0]], "three": LossTable([[0, 1], [0.2, 0.3], [0.6, 0]])}


TREE = {"tree": DecisionTreeClassifier(max_depth=2, random_state=0)}
"""A comparator that is quick to fit."""


def keeps(estimator, check) -> None:
    # This one skips itself unless scipy was imported with this set, which concerns arrays of other libraries.
    if "array_api" not in getattr(check.func, "__name__", ""):
        check(estimator)


@pytest.mark.one_in(6)
@parametrize_with_checks([
    Panpredictor(comparators=TREE, folds=2, random_state=0),
    Panpredictor(comparators=TREE, folds=2, method="randomized", random_state=0),
    Panpredictor(comparators=TREE, folds=2, method="derandomized", random_state=0),
])  # fmt: skip
def test_scikit_learn_contract(estimator, check):
    keeps(estimator, check)


@pytest.mark.long
@parametrize_with_checks([Panpredictor(method=method, random_state=0) for method in METHODS])
def test_scikit_learn_contract_with_every_default(estimator, check):
    keeps(estimator, check)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.random((500, 3)), columns=["age", "dose", "old"])
    X["old"] = (X["age"] > 0.6).astype(float)
    truth = np.where(X["old"] > 0, X["dose"], X["age"])
    return X, np.where(rng.random(500) < truth, "ill", "healthy")


GROUPS = {"everyone": None, "old": "old", "high dose": lambda X: X["dose"] > 0.5}
COMPARATORS = {"tree": DecisionTreeClassifier(max_depth=3), "dose": "dose", "linear": LinearRegression()}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("method", METHODS)
def test_it_starts_from_the_most_accurate_comparator(table, method):
    X, y = table
    columns = {"dose": "dose", "truth": lambda X: np.where(X["old"] > 0, X["dose"], X["age"]), "age": "age"}
    model = Panpredictor(GROUPS, columns, method=method, base="most accurate", random_state=1).fit(X, y)
    assert model.base_ == "truth"
    same = Panpredictor(GROUPS, columns, method=method, base="truth", random_state=1).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), same.predict_proba(X))
    assert Panpredictor(GROUPS, {}, method=method, random_state=1).fit(X, y).base_ is None


@pytest.mark.one_in(12)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("base", ["combined", "most accurate", None, "tree", LogisticRegression()])
def test_sources_by_name_and_the_report(table, method, base):
    X, y = table
    model = Panpredictor(GROUPS, COMPARATORS, method=method, base=base, random_state=1).fit(X, y)
    assert model.classes_.tolist() == ["healthy", "ill"]
    chances = model.predict_proba(X)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert (model.predict(X) == np.where(chances[:, 1] > 0.5, "ill", "healthy")).all()
    report = model.gap_report(X, y, LOSSES)
    assert list(zip(report["loss"], report["group"], strict=True)) == [(a, b) for a in LOSSES for b in GROUPS]
    assert set(report["best"]) <= set(COMPARATORS)
    assert (report["low"] <= report["high"]).all()
    by_hand = gap_table(
        model.law(X),
        sample(
            np.column_stack([np.ones(500), X["old"], X["dose"] > 0.5]),
            np.column_stack([
                model.comparators_["tree"].predict_proba(X)[:, 1],
                X["dose"],
                np.clip(model.comparators_["linear"].predict(X), 0, 1),
            ]),
            y == "ill",
        ),
        {"misses": LossTable(LOSSES["misses"]), "three": LOSSES["three"]},
        list(GROUPS),
        list(COMPARATORS),
        rng=np.random.default_rng(0),
    )  # fmt: skip
    compared = [c for c in report.columns if c not in ("low", "high")]
    pd.testing.assert_frame_equal(report[compared], by_hand[compared])
    sets = model.calibration_report(X, y)
    assert list(sets.columns) == ["group", "comparator", "v", "w", "bias"]
    assert len(sets) == 3 * (1 + 3)
    other = model.gap_report(X, y, LOSSES, groups=["dose"])
    assert set(other["group"]) == {"everyone", "dose"}


@pytest.mark.long
def test_tolerances_say_their_unit_and_errors_where_they_are_measured(table):
    X, y = table
    steps = Panpredictor(GROUPS, COMPARATORS, random_state=0).fit(X, y)
    assert (steps.model_.tolerance, steps.model_.tolerance_unit) == (2.0, "standard deviations")
    assert steps.held_out_error_ > 0
    paper = Panpredictor(GROUPS, COMPARATORS, tolerance=0.02, random_state=0).fit(X, y)
    assert (paper.model_.tolerance, paper.model_.tolerance_unit) == (0.02, "bias")
    assert paper.model_.in_sample_error <= 0.02 < paper.held_out_error_
    drawn = Panpredictor(GROUPS, COMPARATORS, method="randomized", random_state=0).fit(X, y)
    assert drawn.held_out_error_ is None


def test_rows_are_drawn_in_proportion_to_their_weights_and_as_many_as_these_sum_to():
    """4,000 draws, three of four of which are of the heavier row: 120 are more than four deviations."""
    weights = np.array([7.0, 3000.0, 9.0, 1000.25])
    drawn = np.bincount(_drawn(np.array([1, 3]), weights, np.random.default_rng(0)), minlength=4)
    assert drawn.sum() == 4000
    assert drawn[[0, 2]].tolist() == [0, 0]
    assert abs(drawn[1] - 3000) < 120


def test_with_weights_the_error_held_out_is_a_mean_of_weighted_rows(table, monkeypatch):
    """Where each row is drawn once: the largest bias of all groups and sides {p <= v}, of rows by their weights."""
    X, y = (part[:60] for part in table)
    monkeypatch.setattr(estimator, "_drawn", lambda rows, weights, rng: rows)
    counts = np.random.default_rng(1).integers(1, 20, 60) / 4
    groups = {"old": "old", "high dose": lambda X: X["dose"] > 0.5}
    model = Panpredictor(groups, {}, tolerance=0.03, base=None, folds=3, random_state=0).fit(X, y, counts)
    rows, weights = rows_to_learn_from(X, y, counts, "it")
    X, outcomes = X.iloc[rows], (y[rows] == "ill").astype(float)
    g, h = np.column_stack([np.ones(60), X["old"], X["dose"] > 0.5]).astype(float), np.zeros((60, 0))
    fold = deal(outcomes, 3, np.random.default_rng(int(np.random.RandomState(0).randint(2**31 - 1))))
    p = np.empty(60)
    for k in range(3):
        own, rest = fold == k, fold != k
        learnt = learn_deterministic(sample(g[rest], h[rest], outcomes[rest]), tolerance=0.03)
        p[own] = learnt.predict(g[own], h[own])
    biases = [
        sum(w * each * (o - q) for w, each, o, q in zip(weights, member, outcomes, p, strict=True) if q <= v)
        for member in g.T for v in np.unique(p)
    ]  # fmt: skip
    assert model.held_out_error_ == pytest.approx(max(map(abs, biases)) / weights.sum())


def test_corrections_name_the_comparator_that_they_are_on(table):
    X, y = table
    sources = {"age": "age", "dose": "dose"}
    model = Panpredictor(None, sources, tolerance=0.02, base=None, random_state=0).fit(X, y)
    named = [each.step_set.comparator for each in model.model_.corrections]
    assert set(named) >= {0, 1}
    for where, comparator in zip(model.corrections_["where"], named, strict=True):
        assert [name for name in sources if name in where] == ([] if comparator < 0 else [list(sources)[comparator]])


def test_a_tolerance_below_the_noise_of_everyone_is_told_with_it(table):
    """The deviation of a mean residual of what it starts from: the root of their mean square over n."""
    X, y = (part[:200] for part in table)
    noise = np.sqrt(np.mean(((y == "ill") - X["dose"]) ** 2) / 200)
    with pytest.warns(CorrectionWarning, match=f"is {0.9 * noise:g}, below the noise of {noise:.2g}: most corrections"):
        Panpredictor(None, {"dose": "dose"}, tolerance=0.9 * noise, random_state=0).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CorrectionWarning)
        Panpredictor(None, {"dose": "dose"}, tolerance=1.1 * noise, random_state=0).fit(X, y)


def test_reports_are_of_the_law_within_groups_that_there_are(table):
    """A randomized prediction: the largest |E g (y - p) 1[p <= v]| in the mean over its law; names of groups stay."""
    X, y = (part[:150] for part in table)
    groups = {"old": "old", "high dose": lambda X: X["dose"] > 0.5}
    model = Panpredictor(groups, {"dose": "dose"}, method="randomized", levels=6, base=None, random_state=0).fit(X, y)
    new, ill = X[X["old"] == 0], (y == "ill")[X["old"] == 0]
    law, sets = model.law(new), model.calibration_report(new, y[X["old"] == 0])
    assert (law.probabilities > 0).sum(axis=1).max() > 1
    assert list(zip(sets["group"], sets["comparator"], strict=True)) == [
        (group, h) for group in ("everyone", "high dose") for h in ("constant", "dose")
    ]
    members = {"everyone": np.ones(len(new)), "high dose": (new["dose"] > 0.5).to_numpy()}
    for row in sets[sets["comparator"] == "constant"].itertuples():
        biases = [
            sum(
                g * chance * (outcome - level)
                for g, chances, outcome in zip(members[row.group], law.probabilities, ill, strict=True)
                for level, chance in zip(law.support[0], chances, strict=True)
                if level <= v
            ) / len(new)
            for v in law.support[0]
        ]  # fmt: skip
        assert abs(row.bias) == pytest.approx(np.abs(biases).max())
    report = model.gap_report(new, y[X["old"] == 0], {"misses": LOSSES["misses"]}, resamples=2)
    assert report["group"].tolist() == list(members)
    assert report["points"].tolist() == [len(new), members["high dose"].sum()]


@pytest.mark.parametrize("weights", [None, 2.5])
@pytest.mark.parametrize("base", [None, "dose"])
def test_with_a_tolerance_the_error_held_out_is_of_what_other_folds_say(table, base, weights):
    """Learnt fold by fold, and the largest bias of all groups and corners {p <= v, h <= w}, all tried.

    With weights rows are drawn: then only that it is by far not met.
    """
    X, y = (part[:200] for part in table)
    counts = None if weights is None else np.full(200, weights)
    model = Panpredictor(GROUPS, {"dose": "dose"}, tolerance=0.01, base=base, folds=4, random_state=0)
    model.fit(X, y, counts)
    if weights is not None:
        assert model.held_out_error_ > 2 * model.model_.in_sample_error
        return
    rows, _ = rows_to_learn_from(X, y, None, "it")
    X, outcomes, n = X.iloc[rows], (y[rows] == model.classes_[1]).astype(float), len(rows)
    g = np.column_stack([np.ones(n), X["old"], X["dose"] > 0.5]).astype(float)
    h, predictions = X[["dose"]].to_numpy(), np.empty(n)
    fold = deal(outcomes, 4, np.random.default_rng(int(np.random.RandomState(0).randint(2**31 - 1))))
    for k in range(4):
        own, rest = fold == k, fold != k
        start = (None, None) if base is None else (h[rest, 0], h[own, 0])
        learnt = learn_deterministic(sample(g[rest], h[rest], outcomes[rest]), base=start[0], tolerance=0.01)
        predictions[own] = learnt.predict(g[own], h[own], start[1])
    below, left = predictions[:, None] <= np.unique(predictions), h <= np.unique(h)
    biases = [below.T @ (left * (group * (outcomes - predictions))[:, None]) / n for group in g.T]
    assert model.held_out_error_ == pytest.approx(np.abs(biases).max())
    assert model.held_out_error_ > 2 * model.model_.in_sample_error


@pytest.mark.long
def test_it_learns_and_can_be_cloned_searched_and_piped(table):
    X, y = table
    X = X.to_numpy()
    model = Panpredictor(groups=[None, 2], random_state=0)
    assert clone(model).get_params()["groups"] == [None, 2]
    assert cross_val_score(model, X, y, cv=3).mean() > 0.6
    piped = make_pipeline(MinMaxScaler(), model).fit(X, y)
    assert piped.predict_proba(X).shape == (500, 2)
    again = make_pipeline(MinMaxScaler(), clone(model)).fit(X, y)
    np.testing.assert_array_equal(piped.predict_proba(X), again.predict_proba(X))


@pytest.mark.long
def test_decisions_are_best_responses_to_the_law(table):
    X, y = table
    model = Panpredictor(GROUPS, random_state=0).fit(X, y)
    loss = LOSSES["three"]
    np.testing.assert_array_equal(model.decide(X, loss), loss.best_response(model.law(X).mean))
    drawn = Panpredictor(GROUPS, method="randomized", random_state=0).fit(X, y)
    law = drawn.law(X)
    decisions = drawn.decide(X, loss)
    possible = loss.best_response(law.support)
    for i, action in enumerate(decisions):
        assert law.probabilities[i][possible[i] == action].sum() > 0


@pytest.mark.long
def test_decisions_are_drawn_as_often_as_the_law_says(table):
    """4,000 copies of each of three rows, nine actions: six standard deviations of a share, all fail below 1e-7."""
    X, y = table
    model = Panpredictor(GROUPS, method="randomized", base=None, random_state=0).fit(X, y)
    answers = np.arange(9) / 8
    loss = LossTable(np.column_stack([answers**2, (1 - answers) ** 2]))
    law = model.law(X)
    taken = loss.best_response(law.support)
    chances = np.array([np.bincount(a, q, minlength=9) for a, q in zip(taken, law.probabilities, strict=True)])
    rows = chances.max(axis=1).argsort()[:3]
    assert chances[rows].max() < 0.95
    decided = model.decide(X.iloc[np.repeat(rows, 4000)], loss).reshape(3, 4000)
    shares = np.array([np.bincount(actions, minlength=9) for actions in decided]) / 4000
    assert (np.abs(shares - chances[rows]) <= 6 * np.sqrt(chances[rows] * (1 - chances[rows]) / 4000) + 1e-9).all()


def test_every_random_state_draws_other_decisions(monkeypatch):
    """Of 64 fair coins seventy states have seventy draws, as any two are the same with a probability of 2^-64."""
    coins = Law.on_levels(np.array([0.0, 1.0]), np.full((64, 2), 0.5))
    monkeypatch.setattr(Panpredictor, "law", lambda self, X: coins)
    drawn = [Panpredictor(random_state=state).decide(None, [[0, 1], [1, 0]]).tobytes() for state in [*range(70), 0]]
    assert len(set(drawn)) == 70
    assert drawn[-1] == drawn[0]


def test_cross_fitting_shows_each_row_a_model_that_has_not_seen_it():
    """A tree of full depth says of its own rows what they are; held out it is wrong on half of random labels."""
    rng = np.random.default_rng(0)
    X, y = rng.random((300, 2)), rng.integers(0, 2, 300).astype(float)
    fitted, answers = cross_fitted_answers(DecisionTreeClassifier(random_state=0), X, y, 5, 0)
    assert (fitted.predict_proba(X)[:, 1] == y).all()
    assert 0.35 < np.mean(answers == y) < 0.65


class TestRestricted:
    def test_within_group_sees_the_group_only(self, table):
        X, y = table
        model = WithinGroup(LogisticRegression(), "old").fit(X, y)
        alone = LogisticRegression().fit(X[X["old"] > 0], y[X["old"] > 0])
        np.testing.assert_array_equal(model.predict_proba(X), alone.predict_proba(X))
        assert (model.predict(X) == alone.predict(X)).all()
        with pytest.raises(ProblemError, match="the group has 0 rows, not of both classes"):
            WithinGroup(LogisticRegression(), lambda X: np.zeros(len(X))).fit(X, y)

    def test_within_group_weights_the_rows_of_the_group(self, table):
        X, y = table
        weights, old = np.random.default_rng(2).integers(1, 9, 500) / 4, X["old"].to_numpy() > 0
        told = WithinGroup(DummyClassifier(), "old").fit(X, y, weights).predict_proba(X)[:, 1]
        assert told == pytest.approx(weights[old] @ (y[old] == "ill") / weights[old].sum())

    def test_for_loss_minimizes_the_loss(self):
        """On one binary feature: the decision of each value is the best response to its frequency."""
        rng = np.random.default_rng(1)
        X = rng.integers(0, 2, (2000, 1))
        y = (rng.random(2000) < np.where(X[:, 0] == 1, 0.4, 0.15)).astype(int)
        loss = LossTable([[0.0, 0.75], [0.25, 0.0]])
        model = ForLoss(DecisionTreeClassifier(), loss).fit(X, y)
        frequency = [y[X[:, 0] == value].mean() for value in (0, 1)]
        assert model.predict([[0], [1]]).tolist() == loss.best_response(frequency).tolist() == [0, 1]
        np.testing.assert_array_equal(model.predict_proba([[1]]), [[0.0, 1.0]])


@pytest.mark.long
@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        (
            {"method": "best"},
            StrategyError,
            "method of Panpredictor is 'best': it must be one of deterministic, random",
        ),
        ({"method": "randomized", "rounds_kept": None}, StrategyError, "rounds_kept of Panpredictor is None: the rand"),
        ({"folds": 1}, StrategyError, "folds of Panpredictor must be >= 2, got 1"),
        (
            {"base": "forest"},
            StrategyError,
            "base of Panpredictor is 'forest': it must be 'combined', 'most",
        ),
        ({"groups": ["sex"]}, ProblemError, "group 'sex' is column 'sex', which is not there"),
        ({"groups": [7]}, ProblemError, "group 'group 0' is column 7, but X has 3 columns"),
        (
            {"groups": ["old > 2"]},
            ProblemError,
            "group 'old > 2' has no row: nothing can be promised",
        ),
        ({"found": -1}, StrategyError, "found of Panpredictor must be a whole number >= 0, got -1"),
        ({"groups": ["old", "old"]}, ProblemError, "there are two groups named 'old'"),
        ({"comparators": [lambda X: ["a"] * len(X)]}, ProblemError, "comparator 'comparator 0' must be numbers in"),
        ({"groups": {"g": lambda X: 2 * X["old"]}}, ProblemError, "group 'g'.* is 2"),
        ({"tolerance": 0.0}, StrategyError, "tolerance must be > 0"),
    ],
)
def test_bad_parameters_are_refused(table, parameters, error, message):
    with pytest.raises(error, match=message):
        Panpredictor(**parameters).fit(*table)


def with_sex(seed=0, n=600):
    """The score knows the dose only and is wrong for old women: features, outcomes."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"dose": rng.random(n), "sex": rng.choice(["f", "m"], n), "old": rng.random(n) < 0.5})
    wrong = (X["sex"] == "f") & X["old"]
    return X, (rng.random(n) < np.where(wrong, 1 - X["dose"], X["dose"])).astype(int), wrong.to_numpy()


def test_groups_are_made_as_those_of_a_post_processor():
    X, y, _ = with_sex()
    model = Panpredictor(["sex", "old"], ["dose"], depth=2, random_state=0).fit(X, y)
    sides = ["sex == 'f'", "sex == 'm'", "old"]
    assert model.groups_ == ["everyone", *sides, "sex == 'f' and old", "sex == 'm' and old"]
    corrector = Postprocessor(["sex", "old"], depth=2, random_state=0).fit(X["dose"], y, X[["sex", "old"]])
    assert corrector.groups_ == model.groups_
    assert set(model.corrections_["group"]) <= set(model.groups_)
    # A value that is new belongs to no group of its column; one that is missing among those to report is left out.
    new = X.assign(sex="d")
    assert np.isfinite(model.predict_proba(new)).all()
    assert set(model.gap_report(new, y, LOSSES)["group"]) == {"everyone", "old"}


@pytest.mark.one_in(4)
@pytest.mark.parametrize("parameters", [{"groups": ["sex", "old"], "depth": 2}, {"found": 6}])
@pytest.mark.parametrize("method", ["deterministic", "randomized"])
def test_what_is_wrong_within_groups_is_repaired_on_new_rows(parameters, method):
    """The score is off by |1 - 2 dose| for a quarter of the rows: a squared error of 1 / 12 on average."""
    X, y, _ = with_sex(0, 3000)
    new, _, wrong = with_sex(1, 3000)
    truth = np.where(wrong, 1 - new["dose"], new["dose"])
    model = Panpredictor(comparators=["dose"], method=method, random_state=0, **parameters).fit(X, y)
    before, after = (np.mean((q - truth) ** 2) for q in (new["dose"], model.predict_proba(new)[:, 1]))
    assert after < 0.5 * before
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 (its own)
    np.testing.assert_array_equal(again.predict_proba(new), model.predict_proba(new))


@pytest.mark.long
def test_random_states_are_as_many_models():
    """Seventy states have seventy hashes: of all seeds of 31 bits any two are alike with a probability of 1e-6."""
    X, y = np.linspace(0, 1, 8)[:, None], np.arange(8) % 2
    given = {"method": "derandomized", "base": None, "levels": 2, "thresholds": 2}
    hashes = {Panpredictor(comparators=[0], random_state=state, **given).fit(X, y).model_._seed for state in range(70)}
    assert len(hashes) == 70


@pytest.mark.long
def test_bad_uses_are_refused(table):
    X, y = table
    with pytest.raises(NotFittedError):
        Panpredictor().gap_report(X, y, LOSSES)
    model = Panpredictor().fit(X, y)
    with pytest.raises(ProblemError, match="y has the label 'dead'"):
        model.gap_report(X, np.full(500, "dead"), LOSSES)
    with pytest.raises(ValueError, match="y has one class only"):
        Panpredictor().fit(X, np.ones(500))
    with pytest.raises(ValueError, match="Only binary classification"):
        Panpredictor().fit(X, np.arange(500) % 3)


@pytest.mark.parametrize("groups", [{}, []])
def test_no_groups_at_all_are_refused_in_words(table, groups):
    X, y = table
    with pytest.raises(ProblemError, match="give one or more, or None for the one group of everyone"):
        Panpredictor(groups, ["age"]).fit(X, y)
