"""Verdicts follow from intervals alone: against a table of what lies where."""

import math

import numpy as np
import pytest

from omnisim.statistics.intervals import Interval
from omnisim.statistics.verdicts import at_least, at_most, everywhere, least, separated, verdicts, within

ENDS = [(-3.0, -2.0), (-2.0, -1.0), (-1.5, 0.5), (-0.5, 0.5), (0.0, 1.0), (0.5, 1.5), (1.0, 2.0), (2.0, 3.0)]


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("threshold", [-1.0, 0.0, 1.0])
def test_a_side_is_taken_as_a_whole(ends: tuple[float, float], threshold: float) -> None:
    """By points of the interval: all above, all below, or neither; one that ends at the threshold takes no side."""
    points = np.linspace(*ends, 101)
    above, below = bool((points > threshold).all()), bool((points < threshold).all())
    interval = Interval(float(points.mean()), *ends)
    assert at_least(interval, threshold) is (True if above else False if below else None)
    assert at_most(interval, threshold) is (True if below else False if above else None)
    assert separated(np.array(ends[:1]), np.array(ends[1:]), threshold) == (above, below)


def test_what_is_unknown_takes_no_side() -> None:
    unknown = Interval(5.0, math.nan, math.nan)
    assert (at_least(unknown), at_most(unknown), within(unknown, -9, 9)) == (None, None, None)
    assert verdicts(np.array([5.0, np.nan]), np.array([np.nan, 1.0]), larger_is_better=True) == ["", ""]


@pytest.mark.parametrize("larger", [True, False])
def test_better_and_worse(larger: bool) -> None:
    value, half = np.array([2.0, -2.0, 1.0, -1.0, 1.0]), np.array([1.0, 1.0, 2.0, 2.0, 1.0])
    words = ["better", "worse"] if larger else ["worse", "better"]
    assert verdicts(value, half, larger_is_better=larger) == [*words, *["not separated"] * 3]


def test_within() -> None:
    inside, low, high, open_ = Interval(0, -0.5, 0.5), Interval(-3, -4, -2), Interval(3, 2, 4), Interval(0.8, 0.5, 1.1)
    assert [within(each, -1, 1) for each in (inside, low, high, open_)] == [True, False, False, None]


def test_everything_must_hold() -> None:
    assert everywhere([True, True]) is True
    assert everywhere([True, None]) is None
    assert everywhere([None, False, True]) is False
    assert everywhere(iter([None, False])) is False


def test_the_least_is_known() -> None:
    nan = Interval(math.nan, math.nan, math.nan)
    assert least({"nan": nan, "one": Interval(1, 0, 2), "minus": Interval(-1, -9, 9)}) == "minus"
