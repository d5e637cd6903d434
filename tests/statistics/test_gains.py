"""Who gains and who loses, counted by hand."""

import numpy as np
import pytest

from omnisim.statistics.gains import Gains, change


def test_rounding_is_no_change() -> None:
    before = np.array([1e6, 1.0, 0.0, 100.0])
    after = before + np.array([1e-4, 1e-10, 1e-10, 1.0])
    np.testing.assert_array_equal(change(after, before) != 0, [False, False, False, True])
    assert change(after, before)[3] == pytest.approx(1.0)
    np.testing.assert_array_equal(change(np.array([1.0, 1.0]), np.array([1 - 2e-9, 1 + 2e-9])) != 0, [True, True])


@pytest.mark.parametrize("paid", [True, False])
def test_counts_and_quantiles(paid: bool) -> None:
    more = np.array([-2.0, -0.004, 0.0, 0.004, 0.005, 1.0, 3.0])
    found = Gains.of(more, paid=paid)
    assert (found.wins, found.losses, found.ties) == ((3, 1, 3) if paid else (4, 2, 1))
    kept = np.where(np.abs(more) < 0.005, 0.0, more) if paid else more
    assert found.quantiles["q00"] == -2.0
    assert found.quantiles["q50"] == np.median(kept)
    assert found.quantiles["q95"] == pytest.approx(1.0 + 0.7 * 2.0)  # 0.95 of the 6 steps is 5.7
    np.testing.assert_array_equal(more, [-2.0, -0.004, 0.0, 0.004, 0.005, 1.0, 3.0])  # the numbers given are kept


def test_each_quantile_is_that_of_its_name() -> None:
    """Of 101 agents whose differences, in order, are the squares of 0 to 100: the q-th is q^2, and no two are alike."""
    more = np.random.default_rng(1).permutation(np.arange(101.0)) ** 2
    found = Gains.of(more, paid=False).quantiles
    assert set(found) >= {"q00", "q05", "q25", "q50", "q75", "q95", "q100"}
    for name, value in found.items():
        assert value == pytest.approx(int(name[1:]) ** 2), name
