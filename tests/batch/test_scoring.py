"""Measures of plain probabilities, against loops and closed forms."""

import itertools

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from omnisim import batch
from omnisim.errors import ProblemError
from omnisim.problem.losses import LossTable, SquaredLoss


def instance(seed=0, n=300):
    rng = np.random.default_rng(seed)
    p = rng.integers(1, 10, n) / 10
    frame = pd.DataFrame({"sex": rng.choice(["f", "m"], n), "old": rng.random(n) < 0.3})
    return p, (rng.random(n) < np.where(frame["old"], 1 - p, p)).astype(float), frame, rng


LOSSES = {"misses": [[0.0, 0.9], [0.1, 0.0]], "squares": SquaredLoss()}


def law(p):
    return np.column_stack([1 - p, 0 * p, p])


def answers(p):
    return np.column_stack([p > 0.4, p > 0.6])


MEASURES = {
    "expected_calibration_error": lambda p, y, x, w: batch.expected_calibration_error(p, y, w, bins=4),
    "reliability_table": lambda p, y, x, w: batch.reliability_table(p, y, w, bins=4),
    "reliability_table, isotonic": lambda p, y, x, w: batch.reliability_table(p, y, w, bins=None),
    "brier_decomposition": lambda p, y, x, w: list(vars(batch.brier_decomposition(p, y, w)).values()),
    "step_calibration": lambda p, y, x, w: list(steps(batch.step_calibration(p, y, x, w, comparators={"h": 1 - p}))),
    "group_calibration": lambda p, y, x, w: batch.group_calibration(p, y, x, w, depth=2, bins=3),
    "omniprediction_gaps": lambda p, y, x, w: batch.omniprediction_gaps(p, y, {"turned": 1 - p}, w, groups=x),
    "murphy_difference": lambda p, y, x, w: batch.murphy_difference(p, 1 - p, y, w, replicates=20),
    "regret_table": lambda p, y, x, w: batch.regret_table(p, y, LOSSES, {"a": 1 - p, "b": p**2}, x, w, replicates=20),
    "calibration_scorer": lambda p, y, x, w: batch.calibration_scorer()(Known().fit(p[:, None], y), p[:, None], y, w),
    "brier_scorer": lambda p, y, x, w: batch.brier_scorer()(Known().fit(p[:, None], y), p[:, None], y, w),
    "step_calibration_scorer": lambda p, y, x, w: batch.step_calibration_scorer()(
        Known().fit(p[:, None], y), p[:, None], y, w, x
    ),
    "multicalibration_scorer": lambda p, y, x, w: batch.multicalibration_scorer()(
        Known().fit(p[:, None], y), p[:, None], y, w, x
    ),
    "omniprediction_scorer": lambda p, y, x, w: batch.omniprediction_scorer({"same": 0})(
        Known().fit(p[:, None], y), p[:, None], y, w, x
    ),
    "omniprediction_error": lambda p, y, x, w: parts(batch.omniprediction_error(law(p), answers(p), y, w)),
    "class_omniprediction_error": lambda p, y, x, w: parts(
        batch.class_omniprediction_error(law(p), np.column_stack([p, 1 - p]), y, w)
    ),
    "multiaccuracy_error": lambda p, y, x, w: parts(batch.multiaccuracy_error(law(p), answers(p), y, w)),
    "calibration_error": lambda p, y, x, w: parts(batch.calibration_error(law(p), y, w)),
    "multicalibration_error": lambda p, y, x, w: parts(batch.multicalibration_error(law(p), answers(p), y, w)),
}
"""Every public measure that takes weights, of predictions, outcomes, describing columns and weights."""


class Known(DummyClassifier):
    """A classifier whose only feature is the probability."""

    def predict_proba(self, X):
        return np.column_stack([1 - X[:, 0], X[:, 0]])


def steps(found):
    return found.error, found.p_value, *found.sets["bias"].abs()


def parts(estimate):
    return [*estimate.each, estimate.value, *estimate.interval(replicates=20)]


def numbers(found):
    """All numbers of a measure; names of groups and models must agree as they are."""
    if not isinstance(found, pd.DataFrame):
        return np.asarray(found, dtype=float), []
    texts = found.select_dtypes(["object", "string"])
    return found.drop(columns=list(texts)).to_numpy(dtype=float), [texts.to_numpy().tolist(), found.index.tolist()]


def same(one, other):
    (first, names), (second, others) = numbers(one), numbers(other)
    assert names == others
    np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-12)


def test_every_public_measure_is_among_these():
    homes = ("omnisim.batch.scoring", "omnisim.batch.scorers", "omnisim.batch.measures")
    public = {name for name in batch.__all__ if getattr(batch, name).__module__ in homes} - {"Estimate"}
    assert public == {name.split(",")[0] for name in MEASURES}


@pytest.mark.one_in(12)
@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("seed", range(3))
def test_whole_weights_are_rows_repeated_and_those_of_zero_are_absent(name, seed):
    p, y, frame, rng = instance(seed, 90)
    p, frame = np.clip(p + 0.05 * rng.random(90), 0, 1), frame.assign(age=rng.random(90))
    measure, times = MEASURES[name], rng.integers(0, 4, 90)
    rows = np.repeat(np.arange(90), times)
    same(measure(p, y, frame, times), measure(p[rows], y[rows], frame.iloc[rows], None))
    # Beside weights that are no whole numbers; rows of none are far off, and of a kind that is not there otherwise.
    odd, kept = times * 1.25, times > 0
    p[~kept], y[~kept] = 1.0, 0.0
    frame.loc[~kept, ["sex", "age"]] = ["d", 99.0]
    same(measure(p, y, frame, odd), measure(p[kept], y[kept], frame[kept], odd[kept]))


def test_bins_are_of_equal_weight():
    """By hand: of weights 3, 1, 1, 3 the half is reached by the second value, and 7 rows in 8 by the last."""
    p, y = [0.1, 0.2, 0.3, 0.4], [0, 1, 0, 1]
    table = batch.reliability_table(p, y, [3, 1, 1, 3], bins=2)
    assert table["weight"].tolist() == [0.5, 0.5]
    assert table["mean prediction"].tolist() == pytest.approx([0.5 / 4, 1.5 / 4])
    assert table["deviation"].tolist() == pytest.approx([np.sqrt(3 / 16 / 4)] * 2)
    # Scaling moves no bin, and claims another number of rows.
    tenth = batch.reliability_table(p, y, [0.3, 0.1, 0.1, 0.3], bins=2)
    np.testing.assert_allclose(tenth["deviation"], np.sqrt(10) * table["deviation"])
    pd.testing.assert_frame_equal(tenth.drop(columns="deviation"), table.drop(columns="deviation"))


def test_calibration_error_by_hand():
    p, y, _, _ = instance()
    # Nine values of p, in nine bins or more: each is a bin of its own.
    expected = sum(abs(((y - p) * (p == value)).mean()) for value in np.unique(p))
    assert batch.expected_calibration_error(p, y, bins=100) == pytest.approx(expected)
    table = batch.reliability_table(p, y, bins=100)
    assert table["mean prediction"].tolist() == pytest.approx(np.unique(p))
    assert table["rate"].tolist() == pytest.approx([y[p == value].mean() for value in np.unique(p)])
    assert len(batch.reliability_table(p, y, bins=3)) == 3


def test_a_rate_deviates_as_that_of_so_many_rows():
    p, y, _, rng = instance()
    counts = rng.integers(0, 4, len(p)) + rng.random(len(p))
    table = batch.reliability_table(p, y, counts, bins=100)
    for row, value in zip(table.to_dict("records"), np.unique(p), strict=True):
        own = counts[p == value]
        assert row["weight"] == pytest.approx(own.sum() / counts.sum())
        assert row["rate"] == pytest.approx(own @ y[p == value] / own.sum())
        assert row["deviation"] ** 2 == pytest.approx(row["rate"] * (1 - row["rate"]) / own.sum())


@pytest.mark.parametrize("bins", [None, 1, 4, 100])
def test_the_table_holds_the_parts_of_the_score_bin_by_bin(bins):
    """By their definition: in every bin, the squared error of p, of the bin's rate, and of the mean outcome."""
    p, y, _, _ = instance()
    table, parts = batch.reliability_table(p, y, bins=bins), batch.brier_decomposition(p, y, bins=bins)
    assert parts.score == pytest.approx(((y - p) ** 2).mean())
    assert table["miscalibration"].sum() == pytest.approx(parts.miscalibration)
    assert table["discrimination"].sum() == pytest.approx(parts.discrimination)
    edges = np.append(0, np.rint(table["weight"].cumsum() * len(p)).astype(int))
    order = np.argsort(p, kind="stable")
    for row, (first, last) in zip(table.to_dict("records"), itertools.pairwise(edges), strict=True):
        own = order[first:last]
        assert row["rate"] == pytest.approx(y[own].mean())
        assert row["miscalibration"] * len(p) == pytest.approx(
            ((y - p)[own] ** 2).sum() - ((y[own] - row["rate"]) ** 2).sum(), abs=1e-9
        )
        assert row["discrimination"] * len(p) == pytest.approx(len(own) * (row["rate"] - y.mean()) ** 2, abs=1e-9)
    if bins is None:
        assert (np.diff(table["rate"]) > 0).all()


def test_the_parts_of_the_brier_score():
    p, y, _, _ = instance()
    parts = batch.brier_decomposition(p, y)
    assert parts.score == pytest.approx(((y - p) ** 2).mean())
    assert min(parts.miscalibration, parts.discrimination) >= 0
    assert batch.brier_decomposition(y, y).miscalibration == pytest.approx(0)
    assert batch.brier_decomposition(np.full(len(y), y.mean()), y).discrimination == pytest.approx(0)


class TestStepCalibration:
    def test_error_is_the_worst_corner(self):
        p, y, frame, rng = instance(1, 60)
        h = rng.integers(0, 5, 60) / 5
        groups = [np.ones(60), frame["old"], ~frame["old"], frame["sex"] == "f", frame["sex"] == "m"]
        expected = max(
            abs(((y - p) * np.asarray(g, dtype=float) * (p <= v) * (h <= w)).mean())
            for g in groups
            for v in np.unique(p)
            for w in np.unique(h)
        )
        found = batch.step_calibration(p, y, frame, comparators={"h": h}, replicates=0)
        assert found.error == pytest.approx(expected)
        assert found.p_value == 1
        assert found.sets["bias"].abs().max() == pytest.approx(expected)

    def test_sets_of_weighted_rows_by_trying_all(self):
        p, y, counts, frame, described, groups = degrees()
        found = batch.step_calibration(p, y, described, counts, frame=frame, depth=2, replicates=0)
        sets = found.sets.set_index("group")
        assert set(sets.index) == set(groups)
        for name, g in groups.items():
            each = [sum((counts * g * (y - p))[p <= v]) / counts.sum() for v in np.unique(p)]
            assert abs(sets.loc[name, "bias"]) == pytest.approx(max(map(abs, each)))
        assert found.error == pytest.approx(sets["bias"].abs().max())

    @pytest.mark.parametrize(
        ("weight", "y", "chance"), [(16.0, 0.75, 2 * 2517 / 2**16), (2.5, 0.8, 0.5), (1.0, 0.8, 1.0)]
    )
    def test_a_row_of_some_weight_is_drawn_as_so_many(self, weight, y, chance):
        """One row of p = 1/2: how often the mean of so many coins is as far off as y.

        Of 16 coins 4 or fewer are heads in 2517 of 2^16 cases. Two that count 1 and one that counts 1/2, of 2.5, have a
        mean of 0, .2, .4, .6, .8 or 1, of which the middle two, of chance 1/8 each twice over, are nearer than .3.
        999 draws are off by .08 in fewer than one of a million seeds.
        """
        found = batch.step_calibration([0.5], [y], None, [weight], replicates=999, random_state=1)
        assert found.error == pytest.approx(y - 0.5)
        assert found.p_value == pytest.approx(chance, abs=0.08)

    @pytest.mark.long
    def test_p_values_are_uniform_under_the_truth_and_small_where_it_is_missed(self):
        """100 samples drawn from p, 19 draws each: p <= 0.1 has chance 0.1; 30 or more of 100 has chance below 1e-8."""
        rng, small = np.random.default_rng(0), 0
        for seed in range(100):
            p = rng.random(80)
            y = rng.random(80) < p
            small += batch.step_calibration(p, y, replicates=19, random_state=seed).p_value <= 0.1
        assert small < 30
        p, y, frame, _ = instance(2, 1000)
        assert batch.step_calibration(p, y, frame, replicates=99).p_value == 0.01


def test_groups_in_a_table_the_worst_first():
    p, y, frame, _ = instance(3, 2000)
    table = batch.group_calibration(p, y, frame).set_index("group")
    for name, inside in {"old": frame["old"], "sex == 'f'": frame["sex"] == "f"}.items():
        row = table.loc[name]
        assert row["rows"] == inside.sum()
        assert row["bias"] == pytest.approx((y - p)[inside].mean())
        assert row["deviation"] == pytest.approx(np.sqrt((p * (1 - p))[inside].sum()) / inside.sum())
        assert row["calibration error"] == pytest.approx(batch.expected_calibration_error(p[inside], y[inside]))
    ratio = (table["bias"].abs() / table["deviation"]).to_numpy()
    assert (np.diff(ratio) <= 1e-12).all()


def degrees(seed=7, n=90):
    """Rows of weights that are no whole numbers, and groups of degrees by name: everyone, and two of them both."""
    p, y, frame, rng = instance(seed, n)
    counts = rng.integers(0, 4, n) * 0.7 + 0.1
    frame["part"] = rng.integers(0, 3, n) / 2
    described = {"part": "part", "women": "sex == 'f'", "old": "old"}
    columns = {"part": frame["part"].to_numpy(), "women": (frame["sex"] == "f").to_numpy(), "old": frame["old"]}
    found = {"everyone": np.ones(n)} | {name: np.asarray(column, dtype=float) for name, column in columns.items()}
    for one, other in itertools.combinations(described, 2):
        found[f"{one} and {other}"] = found[one] * found[other]
    return p, y, counts, frame, described, found


def test_every_column_of_a_table_of_groups_by_loops_over_weighted_rows():
    """Members of a degree g count w g in means and w g^2 in a variance, and by themselves in the number of rows."""
    p, y, counts, frame, described, groups = degrees()
    table = batch.group_calibration(p, y, described, counts, frame=frame, depth=2, bins=100).set_index("group")
    assert set(table.index) == set(groups)
    for name, g in groups.items():
        mass, row = sum(w * each for w, each in zip(counts, g, strict=True)), table.loc[name]
        rate = sum(w * each * one for w, each, one in zip(counts, g, y, strict=True)) / mass
        mean = sum(w * each * one for w, each, one in zip(counts, g, p, strict=True)) / mass
        variance = sum(w * each**2 * one * (1 - one) for w, each, one in zip(counts, g, p, strict=True))
        bins = [abs(sum(counts[i] * g[i] * (y[i] - p[i]) for i in np.flatnonzero(p == v))) for v in np.unique(p)]
        assert row["rows"] == pytest.approx(sum(w for w, each in zip(counts, g, strict=True) if each > 0))
        assert row["weight"] == pytest.approx(mass / counts.sum())
        assert row[["mean prediction", "rate", "bias"]].tolist() == pytest.approx([mean, rate, rate - mean])
        assert row["deviation"] == pytest.approx(np.sqrt(variance) / mass)
        assert row["calibration error"] == pytest.approx(sum(bins) / mass)


def test_bins_of_weighted_rows_are_those_of_the_best_increasing_function():
    """Its value at the i-th prediction is the largest over a <= i of the least over b >= i of means from a to b."""
    p, y, counts, *_ = degrees()
    values = np.unique(p)
    mass, ones = (np.array([sum(column[p == v]) for v in values]) for column in (counts, counts * y))
    k = len(values)
    fitted = [
        max(min(ones[a : b + 1].sum() / mass[a : b + 1].sum() for b in range(i, k)) for a in range(i + 1))
        for i in range(k)
    ]
    table = batch.reliability_table(p, y, counts, bins=None)
    assert table["rate"].tolist() == pytest.approx(sorted({round(rate, 12) for rate in fitted}))
    after, before = (sum(counts * (y - q) ** 2) for q in (np.array(fitted)[np.searchsorted(values, p)], p))
    mean = counts @ y / counts.sum()
    parts = batch.brier_decomposition(p, y, counts)
    assert parts.miscalibration == pytest.approx((before - after) / counts.sum())
    assert parts.discrimination == pytest.approx((sum(counts * (y - mean) ** 2) - after) / counts.sum())
    assert parts.uncertainty == pytest.approx(mean * (1 - mean))


def test_differences_and_regrets_of_weighted_rows_by_loops():
    p, y, counts, frame, described, groups = degrees()
    thetas, flat = [0.15, 0.5, 0.85], np.full(len(p), 0.45)

    def losses(q, theta):
        return [theta * (1 - o) if each > theta else (1 - theta) * o for each, o in zip(q, y, strict=True)]

    found = batch.murphy_difference(p, 1 - p, y, counts, thetas=thetas, replicates=2)
    expected = [counts @ (np.array(losses(p, at)) - losses(1 - p, at)) / counts.sum() for at in thetas]
    assert found["difference"].tolist() == pytest.approx(expected)
    # Who is wrong pays 0.9 for what is missed and 0.1 for a false alarm, and so acts from 0.1 on.
    table = batch.regret_table(
        p,
        y,
        {"misses": [[0.0, 0.9], [0.1, 0.0]]},
        {"turned": 1 - p, "flat": flat},
        described,
        counts,
        frame=frame,
        depth=2,
    )
    assert table.index.tolist() == list(groups)
    for name, g in groups.items():
        own, *others = (
            sum(w * one for w, one in zip(counts * g, losses(q, 0.1), strict=True)) / (counts @ g)
            for q in (p, 1 - p, flat)
        )
        assert table.loc[name, "misses"] == pytest.approx(own - min(others))


def test_gaps_of_weighted_rows_by_loops():
    p, y, counts, frame, described, groups = degrees()
    found = batch.omniprediction_gaps(
        p, y, {"turned": 1 - p}, counts, groups=described, frame=frame, m=5, depth=2
    ).set_index("group")
    assert set(found.index) == set(groups)
    for name, g in groups.items():

        def loss(q, theta, mass=counts * g):
            each = [w * (theta * (1 - b) if a > theta else (1 - theta) * b) for w, a, b in zip(mass, q, y, strict=True)]
            return sum(each) / mass.sum()

        excess = [loss(p, theta) - loss(1 - p, theta) for theta in (0.1, 0.3, 0.5, 0.7, 0.9)]
        assert found.loc[name, "excess"] == pytest.approx(max(excess))
        assert loss(p, found.loc[name, "threshold"]) - loss(1 - p, found.loc[name, "threshold"]) == pytest.approx(
            max(excess)
        )


def test_the_worst_group_is_the_one_furthest_beyond_its_noise():
    """900 rows 0.1 off are 6 deviations off, of 0.5 / 30; 100 rows 0.2 off only 4, of 0.5 / 10."""
    small = np.arange(1000) >= 900
    y = np.where(small, np.arange(1000) % 10 < 3, np.arange(1000) % 5 < 3).astype(float)
    table = batch.group_calibration(np.full(1000, 0.5), y, pd.DataFrame({"small": small}))
    assert [abs(bias) for bias in table["bias"]] == pytest.approx([0.1, 0.07, 0.2])
    assert (table["bias"].abs() / table["deviation"]).tolist() == pytest.approx([6.0, 0.07 * np.sqrt(4000), 4.0])


def test_gaps_to_models_and_regret_by_hand():
    p, y, frame, _ = instance(4)
    models = {"turned": 1 - p, "flat": np.full(len(p), 0.45)}
    found = batch.omniprediction_gaps(p, y, models, m=8).set_index("model")
    thetas = (np.arange(8) + 0.5) / 8

    def loss(q, theta):
        return np.where(q > theta, theta * (1 - y), (1 - theta) * y).mean()

    for name, other in models.items():
        excess = [loss(p, theta) - loss(other, theta) for theta in thetas]
        assert found.loc[name, "excess"] == pytest.approx(max(excess))
        assert found.loc[name, "threshold"] == thetas[int(np.argmax(excess))]
    misses = LossTable([[0.0, 0.9], [0.1, 0.0]])
    table = batch.regret_table(p, y, {"misses": misses, "squares": SquaredLoss()}, models, frame)
    inside = frame["old"].to_numpy()
    best = min(misses.of_prediction(q[inside], y[inside]).mean() for q in models.values())
    assert table.loc["old", "misses"] == pytest.approx(misses.of_prediction(p[inside], y[inside]).mean() - best)
    best = min(((q - y)[inside] ** 2).mean() for q in models.values())
    assert table.loc["old", "squares"] == pytest.approx(((p - y)[inside] ** 2).mean() - best)


def test_the_band_of_a_murphy_difference():
    """Of two equal predictions it is 0 without width; of a good and a bad one it is below 0 where it matters."""
    p, _, _, rng = instance(5, 2000)
    y = (rng.random(2000) < p).astype(float)
    same = batch.murphy_difference(p, p, y, replicates=20)
    assert (same[["difference", "low", "high"]] == 0).all(axis=None)
    found = batch.murphy_difference(p, np.full(2000, 0.5), y, replicates=200)
    thetas = found["theta"].to_numpy()
    own = [np.where(p > t, t * (1 - y), (1 - t) * y).mean() for t in thetas]
    flat = [np.where(t < 0.5, t * (1 - y), (1 - t) * y).mean() for t in thetas]
    np.testing.assert_allclose(found["difference"], np.array(own) - flat, atol=1e-12)
    assert (found["high"] < 0).any()
    assert (found["low"] <= found["difference"]).all()
    # A single threshold would need 1.96 deviations; all of them together need more, and as many at each.
    each = [np.where(p > t, t * (1 - y), (1 - t) * y) - np.where(t < 0.5, t * (1 - y), (1 - t) * y) for t in thetas]
    half = (found["high"] - found["low"]).to_numpy() / 2
    deviations = [width / (np.std(row, ddof=1) / np.sqrt(2000)) for width, row in zip(half, each, strict=True) if width]
    assert len(deviations) > 50
    assert 2.3 < np.median(deviations) < 3.5


@pytest.mark.parametrize(("level", "deviations"), [(0.5, 0.674), (0.95, 1.960)])
def test_the_band_at_a_single_threshold_is_that_of_a_mean_on_either_side(level, deviations):
    """A normal mean, for which nothing is added; widths of 500 resamples miss by 20 % in 1 of 500 seeds."""
    rng = np.random.default_rng(3)
    p, q, y = rng.random(200), rng.random(200), (rng.random(200) < 0.4).astype(float)
    found = batch.murphy_difference(p, q, y, thetas=[0.3], level=level, replicates=500, random_state=2).loc[0]
    each = [0.3 * (1 - y) * (one > 0.3) + 0.7 * y * (one <= 0.3) for one in (p, q)]
    half = deviations * (each[0] - each[1]).std() / np.sqrt(200)
    assert found["difference"] == pytest.approx((each[0] - each[1]).mean())
    assert found["high"] - found["difference"] == pytest.approx(half, rel=0.2)
    assert found["difference"] - found["low"] == pytest.approx(half, rel=0.2)


def test_gaps_within_groups_are_those_of_their_rows():
    p, y, frame, _ = instance(4)
    inside = frame["old"].to_numpy()
    found = batch.omniprediction_gaps(p, y, {"turned": 1 - p}, groups=frame, m=8).set_index("group")
    alone = batch.omniprediction_gaps(p[inside], y[inside], {"turned": (1 - p)[inside]}, m=8)
    assert found.loc["old", ["threshold", "excess"]].tolist() == pytest.approx(
        alone.loc[0, ["threshold", "excess"]].tolist()
    )
    assert set(found.index) == {"everyone", "old", "old == 0", "sex == 'f'", "sex == 'm'"}


@pytest.mark.parametrize(
    "measure",
    [
        batch.group_calibration,
        lambda p, y, **given: batch.step_calibration(p, y, replicates=0, **given).sets,
        lambda p, y, **given: batch.omniprediction_gaps(p, y, {"turned": 1 - p}, **given),
        lambda p, y, **given: batch.regret_table(p, y, LOSSES, {"turned": 1 - p}, **given).reset_index(),
    ],
)
def test_groups_are_what_a_post_processor_takes(measure):
    p, y, frame, _ = instance(5)
    described = {"old_women": "sex == 'f' and old", "sex": lambda table: (table["sex"] == "f").astype(float)}
    by_hand = {"old_women": (frame["sex"] == "f") & frame["old"], "sex": frame["sex"] == "f"}
    found = measure(p, y, groups=described, frame=frame)
    assert set(found["group"]) == {"everyone", *described}
    columns = measure(p, y, groups=by_hand)
    numeric = [name for name in found.columns if found[name].dtype.kind == "f"]
    for name in described:
        one, other = (table[table["group"] == name][numeric].to_numpy() for table in (found, columns))
        np.testing.assert_allclose(np.sort(one, axis=0), np.sort(other, axis=0), rtol=1e-12)
    for given in (["sex == 'f'"], {"old_women": "sex == 'f' and old"}, "sex"):
        with pytest.raises(ProblemError, match=r"describes a group and is no column of 300 rows: .* as frame="):
            measure(p, y, groups=given)


def test_labels_and_both_columns_of_probabilities():
    p, y, _, _ = instance(6)
    both = np.column_stack([1 - p, p])
    for labels in (
        np.where(y == 1, "yes", "no"),
        pd.Series(np.where(y == 1, "yes", "no"), dtype="category"),
        pd.array(np.where(y == 1, "yes", "no"), dtype="string"),
        y.astype(bool),
        pd.array(y.astype(bool), dtype="boolean"),
    ):
        assert batch.expected_calibration_error(both, labels) == batch.expected_calibration_error(p, y)
    gaps = batch.omniprediction_gaps(both, labels, {"turned": both[:, ::-1]})
    pd.testing.assert_frame_equal(gaps, batch.omniprediction_gaps(p, y, {"turned": 1 - p}))


@pytest.mark.long
def test_intervals_of_regret_cover_as_often_as_they_say():
    """One model and one loss, so that a regret is a mean: 100 samples of 200 rows, level 0.9.

    Fewer than 78 of 100 cover with probability 2e-4, by the binomial; the percentile interval of such a mean is off by
    less than 0.01.
    """
    loss, covered = {"misses": [[0.0, 0.9], [0.1, 0.0]]}, 0
    for seed in range(100):
        rng = np.random.default_rng([seed, 8])
        kind, chance = rng.integers(0, 2, 200), np.array([0.05, 0.3])
        y = (rng.random(200) < chance[kind]).astype(float)
        table = batch.regret_table(
            np.array([0.05, 0.3])[kind], y, loss, {"flat": np.full(200, 0.05)}, level=0.9, replicates=100
        )
        # At 0.1 only rows of 0.3 are acted on: 0.7 * 0.1 - 0.3 * 0.9 each.
        truth = 0.5 * (0.7 * 0.1 - 0.3 * 0.9)
        row = table.loc["everyone", "misses"]
        covered += row["low"] <= truth <= row["high"]
        assert row["low"] <= row["regret"] <= row["high"]
    assert covered >= 78
    wide = batch.regret_table(np.array([0.05, 0.3])[kind], y, loss, {"flat": np.full(200, 0.05)})
    assert wide.loc["everyone", "misses"] == row["regret"]


@pytest.mark.parametrize(("level", "deviations"), [(0.5, 0.674), (0.8, 1.282), (0.95, 1.960)])
def test_intervals_of_regret_reach_as_far_as_their_level_says(level, deviations):
    """One model, so that a regret is a normal mean; by chance, ends of 2,000 miss by 15 % in 1 of 500 seeds."""
    rng = np.random.default_rng(5)
    p, y = rng.random(400), (rng.random(400) < 0.4).astype(float)
    table = batch.regret_table(
        p, y, {"squares": SquaredLoss()}, {"flat": np.full(400, 0.4)}, level=level, replicates=2000, random_state=2
    )
    each = (p - y) ** 2 - (0.4 - y) ** 2
    row, error = table.loc["everyone", "squares"], deviations * each.std() / 20
    assert row["regret"] == pytest.approx(each.mean())
    assert (row["high"] - row["regret"], row["regret"] - row["low"]) == pytest.approx((error, error), rel=0.15)


def test_intervals_of_regret_within_a_group_are_those_of_its_rows():
    """Rows of weight 2 count as two: means of 2 x 150 normal numbers; see the test above."""
    rng = np.random.default_rng(6)
    p, y, rare = rng.random(400), (rng.random(400) < 0.4).astype(float), np.arange(400) < 150
    table = batch.regret_table(
        p, y, {"squares": SquaredLoss()}, {"flat": np.full(400, 0.4)}, {"rare": rare}, np.full(400, 2.0),
        replicates=1000, random_state=2,
    )  # fmt: skip
    each = ((p - y) ** 2 - (0.4 - y) ** 2)[rare]
    row, error = table.loc["rare", "squares"], 1.96 * each.std() / np.sqrt(300)
    assert row["regret"] == pytest.approx(each.mean())
    assert (row["high"] - row["regret"], row["regret"] - row["low"]) == pytest.approx((error, error), rel=0.2)


def scored():
    """Rows, a model, groups, and each scorer with what it says of them, by the measures."""
    rng = np.random.default_rng(0)
    X = rng.random((200, 2))
    y = np.where(rng.random(200) < X[:, 0], "yes", "no")
    model = LogisticRegression().fit(X, y)
    p, ones, groups = model.predict_proba(X)[:, 1], y == "yes", pd.DataFrame({"high": X[:, 1] > 0.5})
    scorers = {
        batch.brier_scorer(): ((p - ones) ** 2).mean(),
        batch.calibration_scorer(bins=5): batch.expected_calibration_error(p, ones, bins=5),
        batch.step_calibration_scorer(): batch.step_calibration(p, ones, groups, replicates=0).error,
        batch.multicalibration_scorer(bins=5): max(
            (g.mean() * batch.expected_calibration_error(p[g], ones[g], bins=5))
            for g in (X[:, 1] > 2, X[:, 1] > 0.5, X[:, 1] <= 0.5, X[:, 1] >= 0)
            if g.any()
        ),
        batch.omniprediction_scorer({"truth": 0}): batch.omniprediction_gaps(p, ones, {"t": X[:, 0]}, groups=groups)[
            "excess"
        ].max(),
    }
    return X, y, model, groups, scorers


def test_scorers_are_minus_the_measures_of_the_second_class():
    X, y, model, groups, scorers = scored()
    for scorer, expected in scorers.items():
        assert scorer(model, X, y, groups=groups) == pytest.approx(-expected)


class Within(Known):
    """A classifier that knows the first feature, and turns it round in the group that it is told of."""

    def predict_proba(self, X, groups=None):
        turned = np.zeros(len(X), dtype=bool) if groups is None else groups["old"].to_numpy()
        p = np.where(turned, 1 - X[:, 0], X[:, 0])
        return np.column_stack([1 - p, p])


@pytest.mark.parametrize(
    ("scorer", "measure"),
    [
        (batch.brier_scorer(), lambda p, y, g, w, h: np.average((y - p) ** 2, weights=w)),
        (batch.calibration_scorer(bins=3), lambda p, y, g, w, h: batch.expected_calibration_error(p, y, w, bins=3)),
        (
            batch.step_calibration_scorer(depth=2),
            lambda p, y, g, w, h: batch.step_calibration(p, y, g, w, depth=2, replicates=0).sets["bias"].abs().max(),
        ),
        (
            batch.multicalibration_scorer(bins=3, depth=2),
            lambda p, y, g, w, h: (
                batch.group_calibration(p, y, g, w, depth=2, bins=3).eval("weight * `calibration error`").max()
            ),
        ),
        (
            batch.omniprediction_scorer({"h": 1}, m=3, depth=2),
            lambda p, y, g, w, h: batch.omniprediction_gaps(p, y, {"h": h}, w, groups=g, m=3, depth=2)["excess"].max(),
        ),
    ],
)
def test_scorers_hand_on_weights_groups_and_options(scorer, measure):
    """To the measure, and groups to a classifier that takes them."""
    p, y, frame, rng = instance(8, 120)
    weights, h = rng.random(120), rng.random(120)
    # What is wrong of the old depends on their sex, so that the worst group is one of two columns.
    y = (frame["old"] ^ (frame["sex"] == "f")).to_numpy().astype(float)
    X = np.column_stack([p, h])
    model = Within().fit(X, y)
    told = np.where(frame["old"], 1 - p, p)
    assert scorer(model, X, y, weights, frame) == pytest.approx(-measure(told, y, frame, weights, h))
    assert scorer(Known().fit(X, y), X, y, weights, frame) == pytest.approx(-measure(p, y, frame, weights, h))
    assert scorer(model, X, y, weights) == pytest.approx(-measure(p, y, None, weights, h))


@pytest.mark.long
def test_scorers_work_in_cross_validation():
    X, y, model, groups, scorers = scored()
    ones = y == "yes"
    for scorer, expected in scorers.items():
        scores = cross_val_score(LogisticRegression(), X, y, scoring=scorer, cv=3)
        assert ((scores < 1) & (scores > -1)).all()
        assert scorer(model, X, y, groups=groups) == pytest.approx(-expected)
        assert clone(scorer).get_params() == scorer.get_params()
        # A fold of one label only is measured as such.
        assert np.isfinite(scorer(model, X[~ones], y[~ones]))
        with sklearn.config_context(enable_metadata_routing=True):
            asked = clone(scorer).set_score_request(groups=True)
            routed = cross_val_score(LogisticRegression(), X, y, scoring=asked, cv=3, params={"groups": groups})
        assert (routed <= scores + 1e-12).all()
    with pytest.raises(ProblemError, match="y has the label 'maybe': fitted with"):
        scorer(model, X, np.full(200, "maybe"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: batch.expected_calibration_error([], []), "p is empty"),
        (
            lambda: batch.expected_calibration_error([0.5], [1], bins=0),
            "bins must be a whole number >= 1, or None, got 0",
        ),
        (lambda: batch.reliability_table([0.5], [1], bins="x"), "bins of reliability_table must be a whole"),
        (lambda: batch.reliability_table([0.5, 0.5], [[1], [1, 0]]), "y must be an array, got .* differ in length"),
        (lambda: batch.reliability_table([[0.5], []], [1, 0]), "p must be an array of numbers, got .* in length"),
        (lambda: batch.expected_calibration_error([1.5], [1]), "p"),
        (lambda: batch.expected_calibration_error(np.ones((2, 3)) / 3, [0, 1]), "p have 3 columns"),
        (lambda: batch.expected_calibration_error([0.5], ["yes"]), "y has the labels 'yes': two are needed"),
        (lambda: batch.expected_calibration_error([0.5] * 2, ["yes", None]), "y is missing in row 1"),
        (lambda: batch.expected_calibration_error([0.5] * 2, [-1, 1]), r"y\[0\] is -1"),
        (lambda: batch.omniprediction_scorer({}), "models must name one model or more"),
        (lambda: batch.calibration_error([0.5], [1]), r"plain probabilities take expected_calibration_error\(p, y\)"),
        (lambda: batch.multicalibration_error([0.5], [[1]], [1]), r"take group_calibration\(p, y, groups\)"),
        (lambda: batch.omniprediction_error([0.5], [[1]], [1]), r"take omniprediction_gaps\(p, y, models\)"),
        (
            lambda: batch.calibration_error(np.eye(2), [0, 1], [0.5, 0.5]).interval(),
            "weights sum to 1 rows, but an interval is of a sample",
        ),
        (lambda: batch.reliability_table([0.5], [1], [-1.0]), "sample_weight must be >= 0"),
        (lambda: batch.omniprediction_gaps([0.5], [1], {}), "models must name one model or more"),
        (lambda: batch.regret_table([0.5], [1], {}, {"a": [0.5]}), "at least one loss and one model"),
        (lambda: batch.murphy_difference([0.5], [0.5], [1], level=1.0), "level of murphy_difference must lie in"),
        (
            lambda: batch.group_calibration([0.5], [1], pd.DataFrame({"a": [1, 2]})),
            "groups have 2 rows and there are 1",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ProblemError, match=message):
        call()
