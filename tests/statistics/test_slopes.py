"""Slopes against those the data were made with."""

from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest

from omnisim.statistics.intervals import t_interval
from omnisim.statistics.slopes import fit_slope, slope_of

SIZES = [2**k for k in range(8, 17)]


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 1.7])
def test_an_exact_power_is_found_exactly(exponent: float) -> None:
    """Whatever the factors of the replicates, and whatever of the large sizes they lack."""
    table = np.outer([1.0, 4.0, 70.0], np.array(SIZES) ** exponent)
    table[0, -3:] = np.nan
    table[2, 2] = np.nan
    fitted = fit_slope(SIZES, table)
    assert (fitted.mean, fitted.low, fitted.high) == pytest.approx([exponent] * 3, abs=1e-7)
    assert (fitted.points, fitted.floored) == (3 * len(SIZES) - 4, 0)


def test_the_slope_is_the_weighted_mean_of_the_replicates_slopes() -> None:
    rng = np.random.default_rng(2)
    table = rng.uniform(2, 50, (4, len(SIZES)))
    table[:2, 5:] = np.nan
    parts = []
    for row in table:
        x, y = np.log(np.array(SIZES)[np.isfinite(row)]), np.log(row[np.isfinite(row)])
        parts.append((np.polyfit(x, y, 1)[0], ((x - x.mean()) ** 2).sum()))
    expected = np.average([slope for slope, _ in parts], weights=[weight for _, weight in parts])
    assert fit_slope(SIZES, table).mean == pytest.approx(expected)


@pytest.mark.parametrize("sizes", [0, 1])
def test_a_replicate_without_two_sizes_counts_for_nothing(sizes: int) -> None:
    table = np.random.default_rng(6).uniform(2, 50, (4, len(SIZES)))
    more = np.full((1, len(SIZES)), np.nan)
    more[0, :sizes] = 3.0
    one, other = fit_slope(SIZES, table), fit_slope(SIZES, np.concatenate([table, more]))
    assert astuple(other) == pytest.approx(astuple(one))


def test_replicates_alike_have_the_t_interval_of_their_slopes() -> None:
    table = np.random.default_rng(5).uniform(2, 50, (4, len(SIZES)))
    slopes = np.array([np.polyfit(np.log(SIZES), np.log(row), 1)[0] for row in table])
    expected = t_interval(slopes)
    found = fit_slope(SIZES, table)
    assert (found.mean, found.low, found.high) == pytest.approx((expected.mean, expected.low, expected.high))


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """400 fits of square roots whose replicates differ in factor and slope, under noise; 7 of 10 lack large sizes.

    With coverage 0.93 fewer than 350 of 400 have probability under 1e-4; a cluster-robust interval of 10 unequal
    clusters may cover a little less than 0.95.
    """
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(400):
        exponents = 0.5 + 0.05 * rng.normal(size=(10, 1))
        factors = np.exp(rng.normal(size=(10, 1)))
        table = 50 * factors * np.array(SIZES) ** exponents * np.exp(0.2 * rng.normal(size=(10, len(SIZES))))
        table[3:, 5:] = np.nan
        fitted = fit_slope(SIZES, table)
        covered += fitted.low <= 0.5 <= fitted.high
    assert 350 <= covered < 400


def test_what_is_below_the_floor_is_raised_to_it_and_counted() -> None:
    fitted = fit_slope([1, 10, 100], np.array([[-7.0, 0.4, 1.0], [0.0, 1.0, 1.0]]))
    assert (fitted.mean, fitted.floored) == (0.0, 3)


def test_a_column_is_raised_to_one_unit_unless_told_otherwise() -> None:
    """From 0.25 at 1 to 4 at 4: in logarithms of 4, from 0 to 1, and with a lower floor from -1 to 1."""
    rows = pd.DataFrame({"replicate": [0, 0], "points": [1, 4], "gap": [0.25, 4.0]})
    assert slope_of(rows, "gap", "points").mean == pytest.approx(1.0)
    assert slope_of(rows, "gap", "points", 0.1).mean == pytest.approx(2.0)


def test_one_replicate_gives_no_interval() -> None:
    fitted = fit_slope([1, 2], np.array([[1.0, 2.0]]))
    assert fitted.mean == pytest.approx(1.0)
    assert np.isnan([fitted.low, fitted.high]).all()
    assert str(fitted) == "1.00"
    assert np.isnan([t_interval(np.array([1.0])).low, t_interval(np.array([1.0])).high]).all()


@pytest.mark.parametrize("table", [[[1.0, np.nan], [np.nan, 2.0]], [[np.nan, np.nan]]])
def test_too_little_is_refused(table: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="at least two different sizes"):
        fit_slope([1, 2], np.array(table))
