"""Slopes against those the data were made with."""

import numpy as np
import pytest

from omnisim.studies.fitting import fit_slope, mean_interval

SIZES = [2**k for k in range(8, 17)]


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 1.7])
def test_an_exact_power_is_found_exactly(exponent: float) -> None:
    samples = [np.full(3, 4.0 * size**exponent) for size in SIZES]
    fitted = fit_slope(SIZES, samples)
    assert (fitted.slope, fitted.low, fitted.high) == pytest.approx([exponent] * 3, abs=1e-12)
    assert (fitted.points, fitted.floored) == (len(SIZES), 0)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """400 fits of a square root under noise of 30 %, with 10 replicates and 3 at the largest sizes.

    The number covered is close to binomial; with p = 0.95 fewer than 360 of 400 have probability under 1e-4 and a
    first-order variance may cost a little more.
    """
    rng = np.random.default_rng(11)
    counts = [10] * 6 + [3] * 3
    covered = 0
    for _ in range(400):
        samples = [
            5 * np.sqrt(size) * (1 + 0.3 * rng.normal(size=number)) for size, number in zip(SIZES, counts, strict=True)
        ]
        fitted = fit_slope(SIZES, samples)
        covered += fitted.low <= 0.5 <= fitted.high
    assert 360 <= covered < 400


def test_what_is_below_the_floor_is_raised_to_it_and_counted() -> None:
    samples = [np.array([-7.0, -3.0]), np.array([0.2, 0.4]), np.array([1.0, 1.0])]
    fitted = fit_slope([1, 10, 100], samples)
    assert (fitted.slope, fitted.floored) == (0.0, 2)


def test_one_replicate_gives_no_interval() -> None:
    fitted = fit_slope([1, 2], [np.array([1.0]), np.array([2.0])])
    assert fitted.slope == pytest.approx(1.0)
    assert np.isnan([fitted.low, fitted.high]).all()
    assert str(fitted) == "1.00"
    assert np.isnan(mean_interval(np.array([1.0]))[1:]).all()


def test_one_size_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two different sizes"):
        fit_slope([4, 4], [np.ones(2), np.ones(2)])
