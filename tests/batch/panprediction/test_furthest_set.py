"""Sets of groups with many different predictions, whose ends are those of bins, against tables made with numpy."""

import numpy as np
import pytest

from omnisim.batch.panprediction.furthest_set import BINS, MOST_EXACT, Search


def instance(seed, n=6000):
    """Everyone and half of them, two comparators, predictions and residuals, all numbers of which are different."""
    rng = np.random.default_rng(seed)
    groups = np.column_stack([np.ones(n), rng.choice([0.0, 0.5, 1.0], n, p=[0.1, 0.2, 0.7])])
    numbers = rng.permuted(np.tile(np.arange(1, n + 1) / 2**14, (3, 1)), axis=1)
    residuals = rng.normal(0.1 * (numbers[0] < numbers[1]) - 0.05, 0.3).clip(-1, 1)
    return groups, numbers[1:].T, numbers[0], residuals


def in_bins(numbers):
    """A 256th of the numbers each, by the middle of the place that each has among them."""
    places = numbers.argsort().argsort()
    return np.floor(BINS * (places + 0.5) / len(numbers)).astype(int)


def corners(first, second, values, size):
    """Sums over the four kinds of corners of a table, (4, size, size)."""
    table = np.zeros((size, size))
    np.add.at(table, (first, second), values)
    turned = [table[::a, ::b] for a in (1, -1) for b in (1, -1)]
    return np.array([each.cumsum(axis=0).cumsum(axis=1) for each in turned])


@pytest.mark.parametrize("seed", range(3))
def test_sets_are_all_sides_and_all_corners_of_bins(seed):
    """The largest bias of all, and the ratio of the set found, each summed up anew."""
    groups, h, p, residuals = instance(seed)
    found = Search(groups, h)(p, residuals)
    largest, n = 0.0, len(p)
    for group in groups.T:
        inside = group > 0
        assert len(np.unique(p[inside])) > MOST_EXACT
        own = (group * residuals)[inside]
        up = own[p[inside].argsort()].cumsum()
        largest = max(largest, np.abs(up).max(), np.abs(up[-1] - up).max())
        for comparator in h.T:
            sums = corners(in_bins(p[inside]), in_bins(comparator[inside]), own, BINS)
            largest = max(largest, np.abs(sums).max())
    assert found.largest == pytest.approx(largest / n)
    own = found.step_set.weights(p, groups, h) * residuals
    assert found.step_set.bias == pytest.approx(own.mean())
    assert found.ratio == pytest.approx(own.sum() / np.sqrt((own**2).sum()))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("seed", range(3))
def test_what_bins_miss_is_less_than_a_256th_of_a_group_at_either_end(seed):
    """Against all corners at places of every fifth prediction and value, 1,200 x 1,200 of them: residuals are <= 1."""
    groups, h, p, residuals = instance(seed)
    found = Search(groups, h)(p, residuals)
    places = [numbers.argsort().argsort() // 5 for numbers in (p, *h.T)]
    for group in groups.T:
        for k in (1, 2):
            finer = corners(places[0], places[k], group * residuals, 1200)
            assert np.abs(finer).max() / len(p) <= found.largest + 2 / BINS


@pytest.mark.parametrize(("different", "largest"), [(MOST_EXACT, 2.0), (MOST_EXACT + 1, 1.0)])
def test_few_different_predictions_are_all_tried(different, largest):
    """Residuals of 2, -1 and -1, of three rows next to each other in p and in h, of which one corner holds the first.

    Bins of a 256th hold all three or none, and up to a prediction they add up to -1, 1 or 0.
    """
    p, h = np.arange(different) / 2**13, np.arange(different) / 2**13
    h[[4, 5, 6]] = h[[6, 5, 4]]
    residuals = np.zeros(different)
    residuals[[5, 4, 6]] = 2.0, -1.0, -1.0
    found = Search(np.ones((different, 1)), h[:, None])(p, residuals)
    assert found.largest == pytest.approx(largest / different)


def test_weights_are_rows_repeated_in_bins():
    groups, h, p, residuals = instance(5)
    times = np.random.default_rng(0).integers(1, 4, len(p))
    rows = np.repeat(np.arange(len(p)), times)
    weighted = Search(groups, h, times.astype(float))(p, residuals)
    repeated = Search(groups[rows], h[rows])(p[rows], residuals[rows])
    for one, other in zip(vars(weighted.step_set).values(), vars(repeated.step_set).values(), strict=True):
        assert one == (pytest.approx(other) if isinstance(other, float) else other)
    assert (weighted.ratio, weighted.largest) == pytest.approx((repeated.ratio, repeated.largest))


@pytest.mark.parametrize("seed", range(3))
def test_swapping_the_classes_mirrors_bins(seed):
    groups, h, p, residuals = instance(seed)
    found, turned = Search(groups, h)(p, residuals), Search(groups, 1 - h)(1 - p, -residuals)
    assert (found.ratio, found.largest) == pytest.approx((-turned.ratio, turned.largest))
    sets = found.step_set.weights(p, groups, h), turned.step_set.weights(1 - p, groups, 1 - h)
    np.testing.assert_array_equal(*sets)
