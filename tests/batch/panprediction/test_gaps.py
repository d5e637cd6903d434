"""Gaps against loops over points, and their bound by step calibration on every sample."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.batch.panprediction import (
    Law,
    gap_table,
    group_errors,
    product_calibration_error,
    sample,
    variation,
    worst_sets,
)
from omnisim.errors import ProblemError
from omnisim.problem.losses import LossTable, SquaredLoss


def instance(seed, n=30, groups=3, comparators=2):
    rng = np.random.default_rng(seed)
    g = rng.integers(0, 2, (n, groups)).astype(float)
    g[0] = 1
    h = rng.integers(0, 6, (n, comparators)) / 5
    data = sample(g, h, rng.integers(0, 2, n))
    levels = np.linspace(0, 1, 5)
    law = Law.on_levels(levels, rng.dirichlet(np.full(5, 0.3), n))
    losses = {name: LossTable(rng.random((actions, 2))) for name, actions in (("two", 2), ("four", 4))}
    return rng, data, law, losses


@pytest.mark.long
@settings(deadline=None)
@given(st.integers(0, 100_000))
def test_no_gap_exceeds_what_the_step_calibration_error_allows(seed):
    """The inequality at the top of gaps.py, for random predictions, groups and losses that are far from proper."""
    rng, data, law, losses = instance(seed)
    table = gap_table(law, data, losses, list("abc"), list("hk"), resamples=2, rng=rng)
    assert (table["gap"] <= table["bound"] + 1e-9).all()


@pytest.mark.parametrize("seed", range(4))
def test_every_column_is_what_it_says(seed):
    rng, data, law, losses = instance(seed)
    table = gap_table(law, data, losses, list("abc"), list("hk"), resamples=3, rng=rng)
    assert list(zip(table["loss"], table["group"], strict=True)) == [(a, b) for a in losses for b in "abc"]
    errors = group_errors(law, data)
    every = []
    for row in table.itertuples():
        loss, k = losses[row.loss].table, "abc".index(row.group)

        def best(p, loss=loss):
            return min(range(len(loss)), key=lambda a: (1 - p) * loss[a, 0] + p * loss[a, 1])

        inside = data.groups[:, k]
        own = sum(
            inside[i] * law.probabilities[i, j] * loss[best(law.support[i, j]), int(data.outcomes[i])]
            for i in range(len(data)) for j in range(5)
        )  # fmt: skip
        theirs = [
            sum(inside[i] * loss[best(data.comparators[i, c]), int(data.outcomes[i])] for i in range(len(data)))
            for c in range(2)
        ]
        assert row.panpredictor == pytest.approx(own / inside.sum())
        every.append([each / inside.sum() for each in theirs])
        assert row.best_loss == pytest.approx(min(theirs) / inside.sum())
        assert row.best == "hk"[theirs.index(min(theirs))]
        assert row.gap == pytest.approx(row.panpredictor - row.best_loss)
        assert row.single_loss == pytest.approx(theirs["hk".index(row.single)] / inside.sum())
        assert row.weight == pytest.approx(inside.mean())
        assert row.points == inside.sum()
        assert row.bound == pytest.approx(2 * variation(losses[row.loss]) * errors[k] / inside.mean())
    assert errors.max() == pytest.approx(max(abs(s.bias) for s in worst_sets(law, data)))
    means = [sum(each) / len(every) for each in zip(*every, strict=True)]
    assert set(table["single"]) == {"hk"[means.index(min(means))]}


@pytest.mark.long
def test_the_interval_covers_the_true_difference_about_as_often_as_it_says():
    """200 samples of 150 points: predictions p and a comparator, with the expected difference of losses in closed form.

    With coverage 0.92 (a percentile bootstrap covers a little less than it says), fewer than 170 of 200 have
    probability under 1e-3.
    """
    loss, covered = LossTable([[0, 0.5], [0.5, 0]]), 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        truth = rng.random(150)
        y = rng.random(150) < truth
        # p is right, h says 1 - truth with chance 1/5: the difference is 1/5 of E |1/2 - truth| = 1/20.
        h = np.where(rng.random(150) < 0.2, 1 - truth, truth)
        data = sample(np.ones((150, 1)), h[:, None], y)
        row = gap_table(Law.points(truth), data, {"l": loss}, ["all"], ["h"], resamples=300, rng=rng).iloc[0]
        covered += row["low"] <= -0.05 <= row["high"]
    assert covered >= 170


@pytest.mark.parametrize("seed", range(3))
def test_the_variation_is_the_far_end_and_the_fall_of_what_the_outcome_costs(seed):
    """By hand, of the actions best at 0 and at 1: |D(at 1)| + D(at 0) - D(at 1), D the loss at 1 less that at 0."""
    table = np.random.default_rng(seed).random((4, 2))
    low, high = min(table, key=lambda row: row[0]), min(table, key=lambda row: row[1])
    first, last = low[1] - low[0], high[1] - high[0]
    assert variation(LossTable(table)) == pytest.approx(abs(last) + first - last)
    # A squared error is y - 2 p y + p^2: D is 1 - 2 p, which falls from 1 to -1.
    assert variation(SquaredLoss()) == pytest.approx(3)


@pytest.mark.parametrize("clusters", [None, np.random.default_rng(4).permutation(400), np.arange(800) // 2])
def test_the_interval_is_that_of_a_mean_of_the_group(clusters):
    """A normal mean of the members' differences; ends of 1,000 resamples miss by 20 % in 1 of 500 seeds.

    Points that come in pairs are as many clusters, and pairs of the same make a deviation of half as many points.
    """
    rng = np.random.default_rng(7)
    n = 400 if clusters is None else len(clusters)
    p, h, y = rng.random(400), rng.random((400, 1)), rng.random(400) < 0.4
    member, pairs = (np.arange(400) < 150).astype(float), np.arange(n) * 400 // n
    data = sample(np.column_stack([np.ones(n), member[pairs]]), h[pairs], y[pairs])
    losses, law = {"l": LossTable([[0, 0.6], [0.4, 0]])}, Law.points(p[pairs])
    row = gap_table(law, data, losses, ["all", "some"], ["h"], clusters=clusters, rng=rng).iloc[1]
    each = [np.where(one > 0.4, 0.4 * (1 - y), 0.6 * y)[:150] for one in (p, h[:, 0])]
    half = 1.96 * (each[0] - each[1]).std() / np.sqrt(150)
    assert row["gap"] == pytest.approx((each[0] - each[1]).mean())
    assert (row["high"] - row["gap"], row["gap"] - row["low"]) == pytest.approx((half, half), rel=0.2)


def test_clusters_are_resampled_together():
    """With two clusters that differ, the interval reaches from one cluster's difference to the other's."""
    data = sample(np.ones((40, 1)), np.zeros((40, 1)), np.repeat([0, 1], 20))
    loss = {"l": LossTable([[0, 1], [1, 0]])}
    law, rng = Law.points(np.ones(40)), np.random.default_rng(0)
    row = gap_table(law, data, loss, ["all"], ["h"], clusters=np.repeat([5, 9], 20), rng=rng).iloc[0]
    assert (row["gap"], row["low"], row["high"]) == (0.0, -1.0, 1.0)
    row = gap_table(law, data, loss, ["all"], ["h"], rng=rng).iloc[0]
    assert -0.6 < row["low"] < row["high"] < 0.6


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_multicalibration_is_never_less_than_step_calibration(seed):
    """A step set is a union of cells, where cells are level sets."""
    _, data, law, _ = instance(seed)
    assert max(abs(s.bias) for s in worst_sets(law, data)) <= product_calibration_error(law, data) + 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_multicalibration_of_groups_and_comparators_by_loops(seed):
    """The largest over groups and comparators, the constant among them, of sums over pairs of values."""
    _, data, law, _ = instance(seed)
    sums = []
    for k in range(3):
        for c in range(-1, 2):
            cells = {}
            for i in range(len(data)):
                h = 0.0 if c < 0 else float(data.comparators[i, c])
                for p, chance in zip(law.support[i], law.probabilities[i], strict=True):
                    cell = cells.setdefault((float(p), h), [])
                    cell.append(data.groups[i, k] * chance * (data.outcomes[i] - p))
            sums.append(sum(abs(sum(each)) for each in cells.values()) / len(data))
    assert product_calibration_error(law, data) == pytest.approx(max(sums))


def test_multicalibration_sums_over_cells():
    """Two cells of opposite bias 1/4 that a step set must not add up."""
    data = sample(np.ones((4, 1)), [[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1])
    assert product_calibration_error(Law.points(np.full(4, 0.5)), data) == pytest.approx(0.5)


@pytest.mark.parametrize(("bins", "error"), [(1, 0.35), (2, 0.45), (3, 0.45)])
def test_cells_are_level_sets_where_there_are_as_many_values_as_bins_or_fewer(bins, error):
    """Residuals of -0.1 and 0.8 at two predictions below 1/2: their halves add up where each is a cell of its own.

    With one bin both are in one cell; so they would be in the lower of two intervals.
    """
    data = sample(np.ones((2, 1)), [[0.5], [0.5]], [0, 1])
    assert product_calibration_error(Law.points(np.array([0.1, 0.2])), data, bins) == pytest.approx(error)


def test_beyond_as_many_values_as_bins_cells_are_intervals_of_equal_length():
    """Four bins of many predictions, and of a comparator: [0, 1/4), .., [3/4, 1], pair by pair."""
    rng = np.random.default_rng(3)
    p, h = rng.random(60), rng.random(60)
    h[0], p[1], p[2] = 1.0, 0.25, 1.0
    y = (np.floor(4 * p) + np.floor(4 * h)) % 2  # neighbouring cells are off in opposite directions
    edges = [(0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.1)]
    pairs = [
        abs(sum(y[i] - p[i] for i in range(60) if a <= p[i] < b and c <= h[i] < d)) / 60
        for a, b in edges for c, d in edges
    ]  # fmt: skip
    data = sample(np.ones((60, 1)), h[:, None], y)
    assert product_calibration_error(Law.points(p), data, bins=4) == pytest.approx(sum(pairs))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g, h, y: (g[:, :0], h, y), "at least one point and one group"),
        (lambda g, h, y: (0 * g, h, y), r"groups\[:, 0\] is 0 for every point"),
        (lambda g, h, y: (2 * g, h, y), r"groups\[0, 0\] is 2"),
        (lambda g, h, y: (g, h[1:], y), "comparators must have shape"),
        (lambda g, h, y: (g, h, y - 1), r"outcomes\[0\] is -1"),
    ],
)
def test_bad_samples_are_refused(change, message):
    with pytest.raises(ProblemError, match=message):
        sample(*change(np.ones((3, 1)), np.zeros((3, 2)), np.zeros(3)))


def test_bad_laws_and_reports_are_refused():
    data = sample(np.ones((3, 1)), np.zeros((3, 0)), np.zeros(3))
    with pytest.raises(ProblemError, match="must sum to 1 for every point"):
        Law.on_levels([0.0, 1.0], [[0.5, 0.4]])
    with pytest.raises(ProblemError, match="predictions of 2 points, but the sample has 3"):
        worst_sets(Law.points([0.1, 0.2]), data)
    with pytest.raises(ProblemError, match="at least one loss and one comparator"):
        gap_table(Law.points(np.zeros(3)), data, {"l": LossTable([[0, 1]])}, ["all"], [], rng=np.random.default_rng(0))
