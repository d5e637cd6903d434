"""Sums of products against exact sums, and against their order written out in plain Python."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnisim import threads
from omnisim.errors import ProblemError
from omnisim.problem.choices import best_responses
from omnisim.products import affine, inner, products, times, weighted_sums


def in_order(x: list[float], y: list[float]) -> float:
    """The order that the module promises."""
    whole = len(x) // 8 * 8
    sums = [0.0] * 8
    for i in range(whole):
        sums[i % 8] += x[i] * y[i]
    halves = [sums[i] + sums[i + 4] for i in range(4)]
    total = (halves[0] + halves[2]) + (halves[1] + halves[3])
    for i in range(whole, len(x)):
        total += x[i] * y[i]
    return total


@given(st.integers(0, 70), st.integers(0, 2**32 - 1))
def test_a_sum_over_the_last_axis_has_its_order(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, size)) * 10.0 ** rng.integers(-9, 9, size)
    found = inner(x, y)
    assert found == in_order(x.tolist(), y.tolist())
    exact = math.fsum(a * b for a, b in zip(x.tolist(), y.tolist(), strict=True))
    assert abs(found - exact) <= 2.0**-50 * (size + 1) * np.abs(x * y).sum()


@given(st.integers(1, 6), st.integers(1, 5), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_rows_are_multiplied_as_each_would_be_alone(m: int, n: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(m, size)), rng.normal(size=(n, size))
    expected = [[inner(a, b) for b in y] for a in x]
    assert products(x, y).tolist() == expected
    assert times(y, x[0]).tolist() == expected[0]
    assert times(np.stack([y, y]), x[0]).tolist() == [expected[0], expected[0]]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 30])
@pytest.mark.parametrize("width", [1, 3, 24, 600])
def test_a_sum_of_rows_has_the_same_order(width: int, count: int) -> None:
    rng = np.random.default_rng(width)
    rows, weights = rng.normal(size=(count, width)), rng.random((4, count)) * (rng.random((4, count)) < 0.7)
    expected = [[in_order(each.tolist(), column.tolist()) for column in rows.T] for each in weights]
    assert weighted_sums(weights, rows).tolist() == expected
    assert weighted_sums(weights[0], rows).tolist() == expected[0]
    assert weighted_sums(weights[0], rows.reshape(count, width, 1, 1)).ravel().tolist() == expected[0]


def test_views_booleans_and_integers_are_taken_as_they_are() -> None:
    table = np.arange(48.0).reshape(6, 8)
    mask = np.array([True, False, True, True, False, False])
    assert times(table.T, np.arange(6)).tolist() == (table.T * np.arange(6)).sum(axis=1).tolist()
    assert times(table[::2, ::3], [1, 2, 3]).tolist() == (table[::2, ::3] * [1, 2, 3]).sum(axis=1).tolist()
    assert weighted_sums(mask, table).tolist() == table[mask].sum(axis=0).tolist()
    table.setflags(write=False)
    assert inner(table[0], table[1]) == float((table[0] * table[1]).sum())


def test_nothing_sums_to_nothing() -> None:
    assert inner([], []) == 0.0
    assert products(np.empty((2, 0)), np.empty((3, 0))).tolist() == [[0.0] * 3] * 2
    assert times(np.empty((0, 4)), np.ones(4)).shape == (0,)
    assert times(np.empty((2, 0, 4)), np.ones(4)).shape == (2, 0)
    assert weighted_sums(np.empty(0), np.empty((0, 3))).tolist() == [0.0] * 3
    assert weighted_sums(np.ones(2), np.empty((2, 0, 3))).shape == (0, 3)


def test_an_impossible_number_is_not_hidden() -> None:
    assert math.isnan(inner([math.nan, 1.0], [0.0, 1.0]))
    assert inner([math.inf], [1.0]) == math.inf


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ProblemError, match="rows of 3 and of 2 numbers cannot be multiplied"):
        products(np.ones((1, 3)), np.ones((1, 2)))
    with pytest.raises(ProblemError, match="rows of 2 and of 3 numbers cannot be multiplied"):
        times(np.ones((4, 3)), np.ones(2))
    with pytest.raises(ProblemError, match="2 weights do not fit 3 rows"):
        weighted_sums(np.ones(2), np.ones((3, 4)))


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_affine_values_are_a_sum_in_order_and_then_the_offset(agents: int, actions: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    slope, offset, point = (
        rng.normal(size=(agents, actions, size)),
        rng.normal(size=(agents, actions)),
        rng.random(size),
    )
    expected = [
        [in_order(row.tolist(), point.tolist()) + float(add) for row, add in zip(rows, adds, strict=True)]
        for rows, adds in zip(slope, offset, strict=True)
    ]
    found = affine(slope, offset, point)
    assert found.tolist() == expected
    assert found.T.flags.c_contiguous
    place = np.full((2, actions, agents), np.nan)
    assert affine(slope, offset, point, place[1]).base is not None
    assert place[1].T.tolist() == expected
    assert np.isnan(place[0]).all()


@pytest.mark.parametrize(("offset", "point", "found"), [((2, 3), 4, (3, 2)), ((3, 2), 5, (3, 2)), ((3, 2), 4, (3, 2))])
def test_affine_values_of_other_shapes_are_refused(offset: tuple[int, int], point: int, found: tuple[int, int]) -> None:
    with pytest.raises(ProblemError, match="do not fit"):
        affine(np.ones((3, 2, 4)), np.ones(offset), np.ones(point), np.ones(found))


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_ranges_of_agents_are_all_of_them(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def sharing(work: Callable[[int, int], None], entries: int) -> None:
        assert entries == 7 * 3 * 32 // 16
        for share in reversed(range(workers)):
            work(share, workers)

    rng = np.random.default_rng(workers)
    slope, offset, point = rng.normal(size=(7, 3, 32)), rng.normal(size=(7, 3)), rng.random(32)
    expected = times(slope, point) + offset
    monkeypatch.setattr(threads, "in_shares", sharing)
    np.testing.assert_array_equal(affine(slope, offset, point), expected)
    allowed, points = rng.random((7, 3)) < 0.5, rng.random((7, 32))
    allowed[:, 1] = True
    scores = np.stack([times(rows, each) for rows, each in zip(slope, points, strict=True)]) + offset
    best = np.where(allowed, scores, -np.inf).argmax(axis=1)
    np.testing.assert_array_equal(best_responses(slope, offset, allowed, points), best)
    allowed[[2, 5]] = False
    with pytest.raises(ProblemError, match="agent 2 has no candidate action"):
        best_responses(slope, offset, allowed, points)
