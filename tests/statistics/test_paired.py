"""Paired differences of studies, against the definitions and against what a comparison says of the same numbers."""

import numpy as np
import pytest
from scipy import stats

from omnisim.statistics.intervals import Interval, t_interval
from omnisim.statistics.paired import mean_of, over_market, over_seeds
from omnisim.statistics.resampling import BOTH, DAYS, NONE, SEEDS


def test_over_seeds_is_about_students_interval() -> None:
    sample = np.random.default_rng(1).normal(1.0, 2.0, (60, 1))
    (found,) = over_seeds(sample)
    half = stats.t.ppf(0.975, 59) * sample.std(ddof=1) / np.sqrt(60)
    assert (found.mean, found.method) == (pytest.approx(sample.mean()), SEEDS)
    assert found.high - found.mean == pytest.approx(half, rel=0.1) == found.mean - found.low
    assert (found.alone.low, found.alone.high) == pytest.approx((found.low, found.high))  # a family of one


def test_a_family_is_wider_than_each_alone() -> None:
    found = over_seeds(np.random.default_rng(2).normal(size=(20, 6)))
    for each in found:
        assert each.low < each.alone.low < each.mean < each.alone.high < each.high


class TestMarket:
    def test_sums_are_over_the_days_that_count(self) -> None:
        rng = np.random.default_rng(3)
        by_day = [rng.normal(size=(4, 35)) for _ in range(2)]
        active = [np.ones(35, dtype=bool), rng.random(35) < 0.5]
        found = over_market(by_day, active)
        for each, days, counted in zip(found, by_day, active, strict=True):
            assert each.mean == pytest.approx(days[:, counted].sum(axis=1).mean())
            assert each.method == BOTH

    def test_one_seed_leaves_the_days(self) -> None:
        """Against the standard error of a sum of blocks of a week, with their own degrees of freedom."""
        by_day = np.random.default_rng(4).normal(size=(1, 7 * 40))
        (found,) = over_market([by_day], [np.ones(280, dtype=bool)])
        blocks = by_day.reshape(40, 7).sum(axis=1)
        half = stats.t.ppf(0.975, 39) * blocks.std(ddof=1) * np.sqrt(40)
        assert found.method == DAYS
        assert found.high - found.mean == pytest.approx(half, rel=0.1)

    def test_seeds_alone_judge_nothing(self) -> None:
        """Agents differ, days do not: the interval would take the days of the market for fixed."""
        (found,) = over_market([np.repeat([[1.0], [2.0], [4.0]], 21, axis=1)], [np.ones(21, dtype=bool)])
        assert (found.mean, found.method) == (pytest.approx(49.0), NONE)
        assert np.isnan([found.low, found.high, found.alone.low, found.alone.high]).all()

    def test_agents_and_days_both_count(self) -> None:
        rng = np.random.default_rng(5)
        of_seed, of_day = rng.normal(size=(8, 1)), rng.normal(size=(1, 7 * 30))
        everywhere = [np.ones(210, dtype=bool)]
        both, days = (over_market([days], everywhere)[0] for days in (of_seed + of_day, 0 * of_seed + of_day))
        assert both.high - both.low > 1.2 * (days.high - days.low)


def test_the_mean_of_independent_numbers() -> None:
    found = mean_of([Interval(1.0, 0.0, 2.0), Interval(4.0, 3.0, 5.0), Interval(1.0, -1.0, 3.0)])
    half = np.sqrt(1 + 1 + 4) / 3
    assert (found.mean, found.low, found.high) == pytest.approx((2.0, 2.0 - half, 2.0 + half))
    assert np.isnan(mean_of([Interval(1.0, 0.0, 2.0), Interval(1.0, np.nan, np.nan)]).low)


def test_t_interval_is_the_table() -> None:
    found = t_interval(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert (found.mean, found.high - 3) == pytest.approx((3.0, 2.7764 * np.sqrt(2.5 / 5)), abs=1e-3)
    assert found.low == pytest.approx(6 - found.high)


def test_two_numbers_have_an_interval() -> None:
    found = t_interval(np.array([1.0, 3.0]))  # the table's 12.706 for one degree of freedom, standard error 1
    assert (found.mean, found.low, found.high) == pytest.approx((2.0, 2.0 - 12.7062, 2.0 + 12.7062), abs=1e-3)


@pytest.mark.parametrize(
    ("interval", "said"),
    [((1.236, 1.0, 1.5), "1.24 [1.00, 1.50]"), ((-0.001, -1.0, 1.0), "0.00 [−1.00, 1.00]"),
     ((2.0, np.nan, np.nan), "2.00"), ((np.nan, np.nan, np.nan), "–")],
)  # fmt: skip
def test_intervals_in_words(interval: tuple[float, float, float], said: str) -> None:
    assert str(Interval(*interval)) == said
