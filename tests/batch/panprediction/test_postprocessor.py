"""Corrections of given scores: that they matter on new rows, leave alone what is right, and mirror with the classes."""

import itertools
import pickle
import warnings
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.sparse import csr_matrix
from sklearn.base import clone, is_classifier
from sklearn.model_selection import StratifiedKFold, cross_val_score, cross_validate
from sklearn.tree import DecisionTreeRegressor

from omnisim import batch
from omnisim.batch import Postprocessor
from omnisim.batch.panprediction import postprocessor
from omnisim.batch.panprediction.deterministic import Correction
from omnisim.batch.panprediction.furthest_set import Search
from omnisim.batch.panprediction.postprocessor import correction_table
from omnisim.batch.panprediction.recalibration import recalibrate
from omnisim.batch.panprediction.residual_tree import ResidualTree
from omnisim.batch.panprediction.stepwise import Rules, deal, learn_stepwise
from omnisim.batch.panprediction.worst_set import StepSet
from omnisim.batch.weighting import rows_to_learn_from
from omnisim.errors import CorrectionWarning, ProblemError, StrategyError


def people(n, seed):
    """Scores that know the income only, and are wrong for old women: columns, scores, outcomes, truth."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"sex": rng.choice(["f", "m"], n), "age": rng.integers(18, 90, n), "rich": rng.random(n) < 0.5}
    )
    p = np.where(frame["rich"], 0.5, 0.2)
    truth = np.where((frame["sex"] == "f") & (frame["age"] > 75), 0.8, p)
    return frame, p, (rng.random(n) < truth).astype(int), truth


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "parameters",
    [
        {"groups": ["sex == 'f' and age > 75"]},
        {"groups": {"old women": lambda frame: (frame["sex"] == "f") & (frame["age"] > 75)}},
        {"depth": 2, "ridge": None},
        {"found": 8},
        {"depth": 2, "ranges": True, "ridge": None},
    ],
)
def test_a_wrong_group_is_repaired_on_new_rows(parameters):
    """Where the change of log-odds leaves little to correct (thirds of the age), corrections do all of it."""
    frame, p, y, _ = people(3000, 0)
    new, scores, _, truth = people(20_000, 1)
    model = Postprocessor(random_state=0, **parameters).fit(p, y, frame)
    before, after = (np.mean((q - truth) ** 2) for q in (scores, model.predict(scores, new)))
    assert model.n_corrections_ == len(model.corrections_) > 0
    assert after < 0.5 * before
    assert model.held_out_[model.n_corrections_] <= model.held_out_[0]
    assert model.worst_[1] < model.worst_[0]
    if not callable(next(iter(parameters.get("groups", [0])), None)) and not isinstance(parameters.get("groups"), dict):
        again = pickle.loads(pickle.dumps(model))  # noqa: S301 (its own)
        np.testing.assert_array_equal(again.predict(scores, new), model.predict(scores, new))
    np.testing.assert_array_equal(clone(model).fit(p, y, frame).predict(scores, new), model.predict(scores, new))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("deal", range(3))
def test_what_groups_can_tell_is_repaired(deal):
    """Ages from 66 are the upper third, of which 14 in 24 are above 75: of the error, 10 / 24 cannot be told from it.

    The error repaired is a mean over rows of that group, 2,000 to learn from and 3,333 new ones. The share of both that
    is above 75 has a standard deviation of sqrt(.24 / 2000 + .24 / 3333) = .014, and the rate learnt one of
    sqrt(.22 / 2000) = .011 for a shift of .26, of which the square is left: .05 are more than three of them.
    """
    frame, p, y, _ = people(12_000, deal)
    new, scores, _, truth = people(20_000, 10_000 + deal)
    model = Postprocessor(depth=2, random_state=deal).fit(p, y, frame)
    before, after = (np.mean((q - truth) ** 2) for q in (scores, model.predict(scores, new)))
    assert abs(after / before - 10 / 24) < 0.05


def test_a_rare_group_far_off_is_not_left_as_it_is():
    """3 % of 1,500 rows with rate 0.73, predicted 0.22: the one eps of (ln / n)^(1/3) / 8 is above its whole weight."""
    rng = np.random.default_rng(0)
    rare = rng.random(1500) < 0.03
    y = rng.random(1500) < np.where(rare, 0.73, 0.22)
    model = Postprocessor(random_state=0).fit(np.full(1500, 0.22), y, groups={"rare": rare})
    found = model.predict([0.22, 0.22], {"rare": [True, False]})
    # About 45 rows: their rate has a standard deviation of 0.066, and half of a bias of 0.5 is nearly 4 of them away.
    assert found[0] > 0.48
    assert abs(found[1] - 0.22) < 0.06


@pytest.mark.long
def test_what_is_right_is_left_alone():
    """Scores that are the truth, 20 samples: corrections add less than 1e-3 to the squared error in the mean.

    One correction that is noise adds about its own variance, P(u) v / (n P(u)) = 2e-4; more than five in every sample
    would be needed.
    """
    added = []
    for seed in range(20):
        frame, p, _, _ = people(1000, seed)
        y = np.random.default_rng([seed, 1]).random(1000) < p
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CorrectionWarning)
            model = Postprocessor(depth=2, random_state=0).fit(p, y, frame)
        added.append(np.mean((model.predict(p, frame) - p) ** 2))
    assert np.mean(added) < 1e-3


def test_swapping_the_classes_mirrors_it():
    frame, p, y, _ = people(2000, 3)
    p = np.clip(p + 0.1 * np.random.default_rng(0).random(2000), 0, 1)
    for parameters in ({"depth": 2}, {"ranges": True}):
        model = Postprocessor(folds=None, random_state=0, **parameters).fit(p, y, frame)
        turned = Postprocessor(folds=None, random_state=0, **parameters).fit(1 - p, 1 - y, frame)
        assert model.n_corrections_ > 2
        np.testing.assert_allclose(turned.predict(1 - p, frame), 1 - model.predict(p, frame), atol=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_the_set_found_is_the_worst_by_its_own_noise(seed):
    """Of every group, comparator and direction the corner of largest bias, by trying all; of these the largest.

    Without a comparator, all of a group stands for itself beside what is below, and what is above, a prediction.
    """
    rng = np.random.default_rng(seed)
    n = 40
    g = np.column_stack([np.ones(n), rng.random(n) < 0.4]).astype(float)
    h, p = rng.integers(0, 4, (n, 1)) / 4, rng.integers(1, 5, n) / 5
    residuals = (rng.random(n) < 0.6) - p + 1e-9 * rng.normal(size=n)  # no two sets have the same bias
    found = Search(g, h)(p, residuals)
    levels, below = np.unique(p), {False: [*np.unique(h)], True: [-1.0, *np.unique(h)[:-1]]}
    best = 0.0

    def largest(k, sets):
        biases = {}
        for inside in sets:
            own = residuals[inside & (g[:, k] > 0)]
            biases[abs(own.sum())] = abs(own.sum()) / np.sqrt((own**2).sum()) if len(own) else 0.0
        return biases[max(biases)]

    for k in range(2):
        best = max(best, largest(k, [np.ones(n, dtype=bool)]))
        best = max(best, largest(k, [p <= v for v in levels[:-1]]), largest(k, [p > v for v in levels[:-1]]))
        for p_above, h_above in itertools.product((False, True), repeat=2):
            lows = [-1.0, *levels[:-1]] if p_above else levels
            corners = [((p <= v) != p_above) & ((h[:, 0] <= w) != h_above) for v in lows for w in below[h_above]]
            best = max(best, largest(k, corners))
    assert abs(found.ratio) == pytest.approx(best)
    inside = found.step_set.weights(p, g, h) > 0
    assert found.step_set.bias == pytest.approx(residuals[inside].sum() / n)


@pytest.mark.parametrize("seed", range(4))
def test_degrees_and_weights_count_in_a_bias_and_in_its_noise(seed):
    """A corner that is off: E u (y - p) over the root of E u^2 (y - p)^2 / W, of rows as many as their weights say."""
    rng = np.random.default_rng(seed)
    n = 80
    g, weights = rng.integers(1, 5, (n, 1)) / 4, rng.integers(1, 9, n) / 4
    h, p = rng.integers(0, 4, (n, 1)) / 4, rng.integers(1, 5, n) / 5
    residuals = np.where(p <= 0.4, np.where(h[:, 0] <= 0.5, 0.5, -0.5), 0.02) * rng.uniform(0.8, 1.2, n)
    found = Search(g, h, weights)(p, residuals)
    assert found.step_set.comparator == 0
    u = found.step_set.weights(p, g, h)
    bias = sum(w * each * r for w, each, r in zip(weights, u, residuals, strict=True)) / weights.sum()
    square = sum(w * (each * r) ** 2 for w, each, r in zip(weights, u, residuals, strict=True))
    assert found.step_set.bias == pytest.approx(bias)
    assert found.ratio == pytest.approx(bias / (np.sqrt(square) / weights.sum()))
    assert found.largest >= abs(bias) - 1e-12


@pytest.mark.parametrize(
    ("ranges", "where", "shift"),
    [(False, "prediction <= 0.5", 0.175 * (1 - 38 / 35**2)), (True, "original score", 0.4 * (1 - 25 / 40**2))],
)
def test_ranges_are_those_of_the_original_score(ranges, where, shift):
    """Of 100 rows each of scores 0.2, 0.5 and 0.8, 15, 90 and 75 are 1: sums of residuals of -5, 40 and -5, by hand.

    The sums of their squares are 13, 25 and 19. With ranges the middle is a set of its own, of bias 40 / 100 and 8
    standard deviations; without, what is below and above it is joined to it, and {p <= 0.5} with 35 is the best known.
    """
    p = np.repeat([0.2, 0.5, 0.8], 100)
    y = (np.tile(np.arange(100), 3) < np.repeat([15, 90, 75], 100)).astype(int)
    model = Postprocessor(ranges=ranges, ridge=None, folds=None, max_corrections=1, random_state=0).fit(p, y)
    (correction,) = model.corrections_.to_dict("records")
    assert where in correction["where"]
    assert correction["shift"] == pytest.approx(shift)
    moved = [0.0, shift, 0.0] if ranges else [shift, shift, 0.0]
    np.testing.assert_allclose(model.predict([0.2, 0.5, 0.8]) - [0.2, 0.5, 0.8], moved, atol=1e-12)


@pytest.mark.parametrize(("first", "last"), [(0, 2), (1, 3), (1, 2), (2, 3), (0, 1)])
def test_below_or_above_another_groups_predictions_stands_all_of_a_group(first, last):
    """A group that has some of four predictions: of the sets below each but the highest, and above, the largest.

    These hold all of the group where it ends before the highest, or begins after the lowest. Smaller sets are further
    beyond their noise, but have a smaller bias.
    """
    p = np.repeat([0.2, 0.4, 0.6, 0.8], 3)
    member = (p >= 0.2 * (first + 1) - 0.1) & (p <= 0.2 * (last + 1) + 0.1)
    residuals = np.array([0.3, 0.3, 0.3, 0.9, -0.8, 0.05, -0.8, 0.9, 0.05, 0.3, 0.3, 0.3])
    found = Search(member[:, None].astype(float), np.zeros((12, 0)))(p, residuals)
    sides = [[p <= v for v in (0.2, 0.4, 0.6)], [p > v for v in (0.2, 0.4, 0.6)], [p > 0]]
    ratios = []
    for sets in sides:
        own = max((residuals[each & member] for each in sets), key=lambda rows: abs(rows.sum()))
        ratios.append(abs(own.sum()) / np.sqrt((own**2).sum()))
    assert abs(found.ratio) == pytest.approx(max(ratios))


@pytest.mark.parametrize("seed", range(6))
def test_errors_are_those_of_the_worst_of_all_sets_in_the_sample_and_held_out(seed):
    """By trying every group, level, comparator and direction; held out, each fold is corrected by the others' steps."""
    rng = np.random.default_rng(seed)
    n = 120
    g = np.column_stack([np.ones(n), rng.random(n) < 0.2, rng.random(n) < 0.6]).astype(float)
    h, base = rng.integers(0, 4, (n, 1)) / 4, rng.integers(2, 9, n) / 10
    y = (rng.random(n) < np.where(g[:, 1] > 0, 0.9, base)).astype(float)
    rules = Rules(tolerance=1.2, folds=3, doubt=0.0)
    learnt = learn_stepwise(g, h, y, base, np.ones(n), rules, np.random.default_rng(seed))

    def worst(p):
        levels, values = np.append(-1, np.unique(p)), np.append(-1, np.unique(h))
        signs = itertools.product((1, -1), repeat=2)
        corners = ((a * p <= a * v) & (b * h[:, 0] <= b * w) for a, b in signs for v in levels for w in values)
        above = ((p > v) & (h[:, 0] > w) for v in levels for w in values)
        mixed = ((p > v) & (h[:, 0] <= w) for v in levels for w in values)
        inside = np.array([*corners, *above, *mixed])
        return np.abs(inside @ (g * (y - p)[:, None])).max() / n

    assert learnt.model.in_sample_error == pytest.approx(worst(learnt.model.predict(g, h, base)))
    fold, elsewhere = deal(y, 3, np.random.default_rng(seed)), base.copy()
    for k in range(3):
        own, rest = fold == k, fold != k
        steps = Rules(tolerance=1.2, most=len(learnt.model.corrections), folds=None)
        made = learn_stepwise(g[rest], h[rest], y[rest], base[rest], np.ones(rest.sum()), steps, rng).model
        elsewhere[own] = made.predict(g[own], h[own], base[own])
    assert learnt.held_out_error == pytest.approx(worst(elsewhere))
    assert learnt.model.tolerance_unit == "standard deviations"


def test_found_groups_are_leaves_of_a_tree_of_what_the_change_of_log_odds_left():
    """With weights: predictions asked for afresh have the largest bias that was said, of all sides of all groups.

    Leaves are those of scikit-learn's tree over the original score and the columns, the change of log-odds is the one
    of the weighted rows; both are fitted here again.
    """
    rng = np.random.default_rng(12)
    n = 500
    frame = pd.DataFrame({"age": rng.random(n), "sex": rng.choice(["f", "m"], n)})
    woman, age, p = (frame["sex"] == "f").to_numpy(), frame["age"].to_numpy(), 0.2 + 0.6 * rng.random(n)
    y = (rng.random(n) < np.where(woman & (age > 0.7), 0.95, np.where(woman, p + 0.15, p - 0.15))).astype(float)
    weights = np.where(woman == (y > 0), rng.integers(1, 4, n), rng.integers(3, 9, n)) / 4
    model = Postprocessor(["sex == 'f'"], found=4, smallest=40, ridge=1.0, folds=None, random_state=0).fit(
        p, y, frame, weights
    )
    assert model.groups_ == ["everyone", "sex == 'f'", "found 0", "found 1", "found 2", "found 3"]
    g = np.column_stack([np.ones(n), woman]).astype(float)
    changed = recalibrate(p, g, y, weights, 1.0)(p, g)
    columns = np.column_stack([p, age, woman])
    tree = DecisionTreeRegressor(max_leaf_nodes=4, min_samples_leaf=40, random_state=0)
    leaf = tree.fit(columns, y - changed, sample_weight=weights).apply(columns)
    assert len(set(leaf)) == 4
    groups = np.column_stack([g, *(leaf == one for one in np.unique(leaf))])

    def worst(q):
        """The largest bias of any side."""
        below = q <= np.append(np.unique(q), -1.0)[:, None]
        return np.abs(np.vstack([below, ~below]) @ (groups * (weights * (y - q))[:, None])).max() / weights.sum()

    corrected = model.predict(p, frame)
    assert {"found 0", "found 1", "found 2", "found 3"} & set(model.corrections_["group"])
    assert model.model_.in_sample_error == pytest.approx(worst(corrected))
    none = Postprocessor(["sex == 'f'"], found=4, smallest=40, ridge=1.0, folds=None, max_corrections=0, random_state=0)
    started = none.fit(p, y, frame, weights)
    np.testing.assert_allclose(started.predict(p, frame), changed, atol=1e-9)
    assert started.model_.in_sample_error == pytest.approx(worst(changed))


@pytest.mark.parametrize("most", [0, 3])
def test_rows_held_out_have_no_part_in_the_change_of_log_odds(most):
    """Fold by fold: what others' rows say of them, and the largest bias of sides of all groups, one by one."""
    frame, p, y, _ = people(1000, 11)
    p = np.clip(p + 0.1 * np.random.default_rng(0).random(1000), 0, 1)
    groups = ["sex == 'f' and age > 75", "rich", "age < 40", "age < 30"]
    settings = {"ridge": 300.0, "tolerance": 0.5, "folds": 4, "max_corrections": most}
    with pytest.warns(CorrectionWarning, match="below the noise"):
        model = Postprocessor(groups, **settings, random_state=0).fit(p, y, frame)
    rows, _ = rows_to_learn_from(frame.assign(**{"the score": p}), y, None, "it")
    p, y, frame = p[rows], y[rows].astype(float), frame.iloc[rows]
    g = np.column_stack([np.ones(1000), *(frame.eval(group) for group in groups)]).astype(float)
    rng = np.random.default_rng(int(np.random.RandomState(0).randint(2**31 - 1)))
    rng.integers(2**31 - 1)  # of the tree
    fold, elsewhere, nothing, ones = deal(y, 4, rng), np.empty(1000), np.zeros((1000, 0)), np.ones(1000)
    for k in range(4):
        own, rest = fold == k, fold != k
        changed = recalibrate(p[rest], g[rest], y[rest], ones[rest], 300.0)
        steps = Rules(tolerance=0.5, most=model.n_corrections_, folds=None)
        base = changed(p[rest], g[rest])
        made = learn_stepwise(g[rest], nothing[rest], y[rest], base, ones[rest], steps, rng).model
        elsewhere[own] = made.predict(g[own], nothing[own], changed(p[own], g[own]))
    sides = (elsewhere[:, None] <= np.append(np.unique(elsewhere), -1.0)).T
    biases = [side @ (g * (y - elsewhere)[:, None]) for side in (*sides, *~sides)]
    assert model.held_out_error_ == pytest.approx(np.abs(biases).max() / 1000)
    assert model.held_out_[model.n_corrections_] == pytest.approx(np.mean((y - elsewhere) ** 2))
    assert (model.n_corrections_ > 0) == (most > 0)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_correction_is_shrunk_by_its_noise_and_lowers_the_error_by_what_is_said(weighted):
    """Means are of as many rows as the weights say, and the noise is that of their sum."""
    rng = np.random.default_rng(6)
    n = 200
    y, base = (rng.random(n) < 0.7).astype(float), np.full(n, 0.4)
    g, nothing = rng.choice([0.5, 1.0], (n, 1)), np.zeros((n, 0))
    weights = np.where(g[:, 0] == 1, 0.25, rng.integers(2, 9, n) / 4) if weighted else np.ones(n)
    rules = Rules(tolerance=2.0, most=1, shrinkage=0.8, folds=None)
    learnt = learn_stepwise(g, nothing, y, base, weights, rules, rng)
    (correction,) = learnt.model.corrections
    u, residual = g[:, 0], y - base
    bias, square = np.average(u * residual, weights=weights), np.average(u**2, weights=weights)
    noise = np.sqrt(np.average((u * residual) ** 2, weights=weights) / weights.sum())
    shrunk = 0.8 * (1 - (noise / bias) ** 2)
    assert correction.shift == pytest.approx(shrunk * bias / square)
    after = y - learnt.model.predict(g, nothing, base)
    lowered = np.average(residual**2 - after**2, weights=weights)
    assert lowered == pytest.approx(shrunk * (2 - shrunk) * bias**2 / square)


@pytest.mark.parametrize("patience", [1, 2, 10])
@pytest.mark.parametrize("seed", range(2))
def test_errors_held_out_are_means_of_weighted_rows_fold_by_fold(seed, patience):
    """After each number of steps that the other folds make, while one of the last ``patience`` lowered the error."""
    rng = np.random.default_rng(seed)
    n = 90
    g = np.column_stack([np.ones(n), *(rng.random((4, n)) < 0.3)]).astype(float)
    nothing, base, weights = np.zeros((n, 0)), rng.integers(2, 9, n) / 10, rng.integers(1, 9, n) / 4
    y = (rng.random(n) < np.where(g[:, 1] > 0, 0.9, base)).astype(float)
    rules = Rules(tolerance=0.6, folds=3, patience=patience, doubt=0.0)
    learnt = learn_stepwise(g, nothing, y, base, weights, rules, np.random.default_rng(seed))
    fold, errors = deal(y, 3, np.random.default_rng(seed)), []
    for k in range(3):
        own, rest = fold == k, fold != k
        each: list[float] = []
        while len(each) < 101 and len(each) - 1 - int(np.argmin(each or [0.0])) < patience:
            steps = Rules(tolerance=0.6, most=len(each), folds=None)
            made = learn_stepwise(g[rest], nothing[rest], y[rest], base[rest], weights[rest], steps, rng).model
            if len(made.corrections) < len(each):
                break
            q = made.predict(g[own], nothing[own], base[own])
            each.append(sum(w * (a - b) ** 2 for w, a, b in zip(weights[own], y[own], q, strict=True)))
        errors.append(each)
    longest = max(map(len, errors))
    sums = [sum(each[min(j, len(each) - 1)] for each in errors) for j in range(longest)]
    assert len({len(each) for each in errors}) > 1
    assert learnt.held_out == pytest.approx(np.array(sums) / weights.sum())


@pytest.mark.parametrize(("smallest", "leaves"), [(30, 3), (5, 5)])
def test_a_tree_is_grown_on_the_rows_that_it_is_given(smallest, leaves):
    """As scikit-learn's of those rows, with their weights; leaves that were not grown are nobody's."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"age": rng.random(200)})
    residuals, base, weights, rows = rng.normal(size=200), rng.random(200), rng.random(200), np.arange(0, 200, 2)
    columns = np.column_stack([base, frame["age"]])
    grown = DecisionTreeRegressor(max_leaf_nodes=5, min_samples_leaf=smallest, random_state=3)
    leaf = grown.fit(columns[rows], residuals[rows], sample_weight=weights[rows]).apply(columns)
    tree = ResidualTree(5, smallest, 3).fit(frame, residuals, base, weights, rows)
    assert len(np.unique(leaf)) <= leaves
    assert (len(np.unique(leaf)) == 5) == (leaves == 5)
    members = tree.table(frame, base)
    assert tree.names == ["found 0", "found 1", "found 2", "found 3", "found 4"]
    for k in range(5):
        expected = leaf == np.unique(leaf)[k] if k < len(np.unique(leaf)) else np.zeros(200)
        np.testing.assert_array_equal(members[:, k], expected)


@pytest.mark.parametrize(("tolerance", "corrections"), [(2.0, 1), (9.0, 0)])
def test_errors_held_out_are_those_of_as_many_corrections_as_a_fold_makes(tolerance, corrections):
    """Three quarters of the outcomes are 1, and 1/4 is predicted of all: one correction, and the rest is noise.

    Dealt by their outcomes, the two folds are alike: 100 rows of bias b = 1/2 and variance v = (3 * 9 + 1) / 64 of the
    residuals. So b / s = 10 b / sqrt(v) = 7.6, and shrinking takes s^2 / b^2 of the bias; of all rows b / s is 10.7.
    """
    y, nothing = np.repeat([0.0, 1.0], [50, 150]), np.zeros((200, 0))
    rules = Rules(folds=2, tolerance=tolerance)
    learnt = learn_stepwise(
        np.ones((200, 1)), nothing, y, np.full(200, 0.25), np.ones(200), rules, np.random.default_rng(0)
    )
    bias, variance = 1 / 2, 28 / 64
    left = 1 / 4 + bias * (1 - variance / (100 * bias**2))
    errors = [variance, 3 / 4 * (1 - left) ** 2 + 1 / 4 * left**2]
    np.testing.assert_allclose(learnt.held_out, errors[: corrections + 1], rtol=1e-12)
    assert len(learnt.model.corrections) == corrections


@pytest.mark.parametrize(("doubt", "corrections"), [(4.0, 0), (3.999, 1)])
def test_corrections_are_kept_only_if_they_gain_more_than_the_doubt(doubt, corrections):
    """By hand, in numbers that are exact: what they gain is four standard deviations of it.

    Of 16 rows 8 belong to the group, of outcome 1 where 1/2 is predicted. Of a fold that is learnt from, 4 do: their
    bias is two standard deviations of its noise, so that 3/4 of it is corrected, to 7/8, and on rows held out the
    squared error falls by c = 1/4 - 1/64. Over all rows it falls by c / 2, with a variance of c^2 / 4, over 16.
    """
    group, nothing = np.repeat([[1.0], [0.0]], 8, axis=0), np.zeros((16, 0))
    rules = Rules(tolerance=1.5, most=1, folds=2, doubt=doubt)
    y, base = group[:, 0], np.full(16, 0.5)
    learnt = learn_stepwise(group, nothing, y, base, np.ones(16), rules, np.random.default_rng(0))
    np.testing.assert_array_equal(learnt.held_out, [1 / 4, 1 / 4 - (1 / 4 - 1 / 64) / 2])
    assert len(learnt.model.corrections) == corrections


def test_corrections_of_noise_show_in_the_error_held_out_and_not_in_the_sample():
    """Scores that are the truth, twelve groups of chance: of 300 rows each step follows noise.

    A bias of a set of P(u) n rows has a standard deviation of at most sqrt(P(u) / 4 / n) = 0.03; of the largest of some
    thousand sets three or four of these are expected, and the sample shows a third of that after steps to the end.
    """
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.random((300, 6)) < 0.5, columns=list("abcdef"))
    p = rng.random(300)
    y = rng.random(300) < p
    model = Postprocessor(ridge=None, folds=None, tolerance=0.1, ranges=True, random_state=0)
    with pytest.warns(CorrectionWarning, match="below the noise"):
        model.fit(p, y, frame)
    assert model.held_out_error_ is None
    kept = Postprocessor(ridge=None, ranges=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorrectionWarning)
        kept.fit(p, y, frame)
    assert model.model_.in_sample_error < 0.5 * kept.held_out_error_


def test_weights_are_rows_repeated():
    frame, p, y, _ = people(400, 7)
    times = np.random.default_rng(0).integers(0, 3, 400)
    rows = np.repeat(np.arange(400), times)
    groups = ["sex == 'f' and age > 75", "rich", "age < 40"]
    weighted = Postprocessor(groups, folds=None, tolerance=3.0).fit(p, y, frame, times)
    repeated = Postprocessor(groups, folds=None, tolerance=3.0).fit(p[rows], y[rows], frame.iloc[rows])
    assert weighted.n_corrections_ > 0
    pd.testing.assert_frame_equal(weighted.corrections_, repeated.corrections_)


class TestToolsOfScikitLearn:
    """A classifier whose features are scores: against the same folds by hand."""

    def by_hand(self, cv):
        frame, p, y, _ = people(900, 0)
        scores = []
        for train, test in cv.split(p, y):
            model = Postprocessor(random_state=0).fit(p[train], y[train], frame.iloc[train])
            q = model.predict(p[test], frame.iloc[test])
            scores.append(-np.mean((q - y[test]) ** 2))
            np.testing.assert_allclose(model.predict_proba(p[test], frame.iloc[test]), np.column_stack([1 - q, q]))
        return frame, p, y, scores

    @pytest.mark.filterwarnings("ignore::omnisim.errors.CorrectionWarning")
    def test_cross_validation(self):
        cv = StratifiedKFold(3)
        frame, p, y, expected = self.by_hand(cv)
        assert is_classifier(Postprocessor())
        table = Postprocessor(column="score", random_state=0)
        found = cross_val_score(table, frame.assign(score=p), y, scoring="neg_brier_score", cv=cv)
        np.testing.assert_allclose(found, expected)
        plain = cross_val_score(Postprocessor(random_state=0), p, y, scoring="neg_brier_score", cv=cv)
        assert (plain < expected).any()
        with sklearn.config_context(enable_metadata_routing=True):
            asked = Postprocessor(random_state=0).set_fit_request(groups=True).set_predict_proba_request(groups=True)
            assert asked.get_metadata_routing().predict_proba.requests["groups"] is True
            routed = cross_validate(
                asked,
                p,
                y,
                cv=cv,
                params={"groups": frame},
                scoring={
                    "brier": batch.brier_scorer().set_score_request(groups=True),
                    "worst": batch.multicalibration_scorer().set_score_request(groups=True),
                },
                error_score="raise",
            )
        np.testing.assert_allclose(routed["test_brier"], expected)
        assert (routed["test_worst"] < 0).all()

    def test_a_table_without_the_column_is_refused(self):
        with pytest.raises(ProblemError, match="column of Postprocessor is 'score': give p as a data frame with it"):
            Postprocessor(column="score").fit(np.full(4, 0.5), [0, 1, 0, 1])


class TestRefusals:
    def test_parameters(self):
        p, y = np.full(60, 0.5), np.arange(60) % 2
        for parameters, message in (
            ({"tolerance": 0.0}, "tolerance of Postprocessor must be > 0"),
            ({"max_corrections": -1}, "max_corrections of Postprocessor must be >= 0"),
            ({"shrinkage": 1.5}, r"shrinkage of Postprocessor must lie in \(0, 1\], got 1.5"),
            ({"folds": 1}, "folds of Postprocessor must be >= 2, got 1"),
            ({"found": -1}, "found of Postprocessor must be a whole number >= 0, got -1"),
        ):
            with pytest.raises(StrategyError, match=message):
                Postprocessor(**parameters).fit(p, y)

    def test_data(self):
        p, y = np.full(60, 0.5), np.arange(60) % 2
        for given, message in (
            ((p, np.arange(60) % 3), "y must have two labels, got 3: of several classes, correct one against the rest"),
            ((p, y[:9]), "y has 9 rows and there are 60 scores"),
            ((p + 1, y), "scores"),
            ((np.ones((60, 3)) / 3, y), "scores have 3 columns: give those of one class against the rest"),
            ((p, y, np.ones(59)), "groups have 59 rows and there are 60 predictions"),
            ((p, y, None, -np.ones(60)), "sample_weight must be >= 0"),
            ((p, y, {}), "groups hold no columns: give those that describe the rows, or None for everyone"),
            ((p, y, csr_matrix(np.ones((60, 2)))), "groups are sparse: give a table"),
        ):
            with pytest.raises(ProblemError, match=message):
                Postprocessor().fit(*given)
        with pytest.raises(ProblemError, match="the columns that they are made of are not given"):
            Postprocessor(groups=["age > 3"]).fit(p, y)

    def test_warnings(self):
        p, y = np.full(60, 0.5), np.arange(60) % 2
        with pytest.warns(CorrectionWarning, match="corrected nothing: no correction was sure to lower the error"):
            Postprocessor().fit(p, y)
        frame, p, y, _ = people(2000, 0)
        with pytest.warns(CorrectionWarning, match="tolerance of Postprocessor is 0.5, below the noise of 1"):
            Postprocessor(tolerance=0.5).fit(p, y, frame)

    def test_the_columns_are_needed_again(self):
        frame, p, y, _ = people(2000, 0)
        model = Postprocessor(random_state=0).fit(p, y, frame)
        with pytest.raises(ProblemError, match="was fitted with groups: give their columns"):
            model.predict(p)


def test_corrections_matter_on_patients_who_were_not_learnt_from():
    """The example of the README, on five splits: a score by size alone, corrected by texture and smoothness."""
    from sklearn.compose import make_column_transformer
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline

    from omnisim.batch import Panpredictor

    data = load_breast_cancer(as_frame=True)
    columns = data.data[["mean radius", "mean texture", "mean smoothness"]]
    by_size = make_pipeline(make_column_transformer(("passthrough", ["mean radius"])), LogisticRegression())
    groups = {"everyone": None, "coarse": "`mean texture` > 20", "rough": "`mean smoothness` > 0.1"}
    gains = []
    for seed in range(5):
        X, new, y, y_new = train_test_split(columns, data.target == 0, test_size=0.4, random_state=seed)
        model = Panpredictor(groups, {"by size": by_size}, random_state=0).fit(X, y)
        assert model.n_corrections_ > 0
        before, after = (
            np.mean((one.predict_proba(new)[:, 1] - y_new) ** 2) for one in (model.comparators_["by size"], model)
        )
        gains.append(1 - after / before)
    # On every split, and in the mean by more than a tenth.
    assert min(gains) > 0
    assert np.mean(gains) > 0.1


@pytest.mark.parametrize(("p_above", "h_above"), [*itertools.product([False, True], repeat=2)])
@pytest.mark.parametrize(("v", "comparator"), [(0.3, -1), (0.3, 1), (1.0, 0), (1.0, -1)])
def test_a_table_of_corrections_says_which_rows_are_corrected(v, comparator, p_above, h_above):
    """Read as it is written, a set has the rows that its correction moves."""
    rng = np.random.default_rng(2)
    predictions, comparators = rng.random(60), rng.random((60, 2))
    found = StepSet(1, comparator, v, 0.4, 0.0, None, p_above, h_above)
    row = correction_table([Correction(found, 0.25)], ["everyone", "old"], ["first", "second"]).iloc[0]
    assert (row["group"], row["shift"]) == ("old", 0.25)
    columns = {"prediction": predictions, "first": comparators[:, 0], "second": comparators[:, 1]}
    inside = np.ones(60, dtype=bool)
    for part in row["where"].split(" and ") if row["where"] != "everywhere" else ():
        name, side, threshold = part.split()
        inside &= (columns[name] > float(threshold)) == (side == ">")
    old = np.column_stack([np.ones(60), rng.random(60) < 0.5])
    np.testing.assert_array_equal(found.weights(predictions, old, comparators), old[:, 1] * inside)


def test_corrections_must_lower_the_error_by_more_than_chance():
    """The rules that corrections are learnt by ask for a deviation at least: of many numbers one looks good by luck."""
    rng = np.random.default_rng(0)
    p, frame = rng.random(60), pd.DataFrame({"old": rng.random(60) < 0.5})
    asked = []

    def learn(*arguments):
        asked.append(next(each for each in arguments if isinstance(each, Rules)))
        return learn_stepwise(*arguments)

    with mock.patch.object(postprocessor, "learn_stepwise", learn), warnings.catch_warnings(action="ignore"):
        Postprocessor(tolerance=1.75, random_state=0).fit(p, rng.random(60) < p, groups=frame)
    assert [(rules.doubt >= 1, rules.tolerance) for rules in asked] == [(True, 1.75)]
