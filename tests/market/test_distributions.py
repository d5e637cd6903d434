"""Quantile functions against closed forms, numerical integration and sums over all pairs of members."""

import numpy as np
import pytest
from scipy import integrate, stats

from omnisim.errors import DataError
from omnisim.market.distributions import Distribution

RNG = np.random.default_rng(5)
LEVELS = [0.05, 0.1, 0.4, 0.5, 0.8, 0.95]


def some_quantiles(days: int = 3, periods: int = 4) -> np.ndarray:
    """With two that are equal, which makes a jump of the distribution function."""
    values = np.sort(RNG.normal(50, 20, (days, periods, len(LEVELS))), axis=2)
    values[0, 0, 3] = values[0, 0, 2]
    return values


def quantile(values: np.ndarray, level: float) -> float:
    """Of one period, by interpolation; flat beyond the outermost levels."""
    return float(np.interp(level, LEVELS, values))


@pytest.mark.parametrize("y", [-30.0, 20.0, 47.3, 50.0, 55.5, 140.0])
def test_crps_is_twice_the_integral_of_the_pinball_loss(y: float) -> None:
    values = some_quantiles()
    found = Distribution.of_quantiles(LEVELS, values).crps(np.full(values.shape[:2], y))
    for t, h in np.ndindex(*found.shape):

        def loss(level: float, own: np.ndarray = values[t, h]) -> float:
            error = y - quantile(own, level)
            return 2 * (level * error if error > 0 else (level - 1) * error)

        expected, _ = integrate.quad(loss, 0, 1, points=LEVELS, limit=400, epsabs=1e-9)
        assert found[t, h] == pytest.approx(expected, abs=1e-6)


def test_crps_of_an_ensemble_is_that_of_all_pairs_of_members() -> None:
    members = RNG.normal(50, 20, (3, 2, 7))
    members[0, 0, :3] = members[0, 0, 3]
    truth = RNG.normal(50, 30, (3, 2))
    truth[1, 1] = members[1, 1, 4]
    found = Distribution.of_members(members).crps(truth)
    for t, h in np.ndindex(3, 2):
        own, y = members[t, h], truth[t, h]
        pairs = sum(abs(a - b) for a in own for b in own) / len(own) ** 2
        assert found[t, h] == pytest.approx(sum(abs(a - y) for a in own) / len(own) - pairs / 2)


@pytest.mark.parametrize("z", [-2.5, -0.3, 0.0, 1.7])
def test_crps_of_a_normal_distribution(z: float) -> None:
    """Gneiting, Raftery, 2007, equation 21; lines between 20,000 levels are as good as the curve."""
    levels = (np.arange(20000) + 0.5) / 20000
    one = Distribution.of_quantiles(list(levels), 40 + 12 * stats.norm.ppf(levels)[None, None])
    expected = 12 * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert one.crps(np.array([[40 + 12 * z]]))[0, 0] == pytest.approx(expected, rel=1e-4)


def test_the_mean_and_what_is_in_doubt_of_it() -> None:
    values = some_quantiles()
    one = Distribution.of_quantiles(LEVELS, values)
    for t, h in np.ndindex(*one.shape):
        own = values[t, h]
        mean, _ = integrate.quad(lambda level, own=own: quantile(own, level), 0, 1, points=LEVELS, limit=400)
        assert one.mean[t, h] == pytest.approx(mean, abs=1e-6)
        # The extremes are steps: all of the probability between two levels at the lower, or at the upper of the two.
        inner = np.diff(LEVELS)
        outer = own[0] * LEVELS[0] + own[-1] * (1 - LEVELS[-1])
        least, most = outer + inner @ own[:-1], outer + inner @ own[1:]
        assert (one.mean - one.mean_between)[t, h] == pytest.approx(least)
        assert (one.mean + one.mean_between)[t, h] == pytest.approx(most)

        def going_on(level: float, own: np.ndarray = own) -> float:
            if level < LEVELS[0]:
                return float(own[0] + (level - LEVELS[0]) * (own[1] - own[0]) / (LEVELS[1] - LEVELS[0]))
            if level > LEVELS[-1]:
                return float(own[-1] + (level - LEVELS[-1]) * (own[-1] - own[-2]) / (LEVELS[-1] - LEVELS[-2]))
            return quantile(own, level)

        longer, _ = integrate.quad(going_on, 0, 1, points=LEVELS, limit=400)
        assert one.mean_of_tails[t, h] == pytest.approx(longer - mean, abs=1e-6)


def test_quantiles_at_other_levels() -> None:
    values = some_quantiles()
    wanted = [0.01, 0.05, 0.3, 0.45, 0.95, 0.99, 1.0]
    found = Distribution.of_quantiles(LEVELS, values).at(wanted)
    for t, h, k in np.ndindex(*found.shape):
        assert found[t, h, k] == pytest.approx(quantile(values[t, h], wanted[k]))


@pytest.mark.parametrize("count", [2, 5, 10, 20])
def test_quantiles_of_an_ensemble_are_the_least_members_that_so_many_do_not_exceed(count: int) -> None:
    members = RNG.normal(size=(2, 3, count))
    levels = [k / 20 for k in range(1, 21)]
    found = Distribution.of_members(members).at(levels)
    for t, h, k in np.ndindex(*found.shape):
        # In whole twentieths, so that no rounding decides.
        enough = [x for x in members[t, h] if 20 * sum(members[t, h] <= x) >= (k + 1) * count]
        assert found[t, h, k] == min(enough)


def test_some_days_another_unit_and_other_periods() -> None:
    members = RNG.normal(size=(4, 24, 5))
    ensemble = Distribution.of_members(members)
    quantiles = Distribution.of_quantiles(LEVELS, some_quantiles(4, 24))
    for one in (ensemble, quantiles):
        np.testing.assert_array_equal(one.of_days(slice(1, 3)).mean, one.mean[1:3])
        np.testing.assert_allclose(one.scaled(2.0, -7.0).at([0.2, 0.7]), 2 * one.at([0.2, 0.7]) - 7)
        np.testing.assert_allclose(one.scaled(2.0, -7.0).mean, 2 * one.mean - 7)
        np.testing.assert_array_equal(one.in_periods(48).at([0.2]), np.repeat(one.at([0.2]), 2, axis=1))
    daily = ensemble.in_periods(1)
    np.testing.assert_allclose(daily.at([0.2, 0.4, 0.6, 0.8, 1.0])[:, 0], np.sort(members.mean(axis=1), axis=1))
    with pytest.raises(DataError, match="an ensemble is needed"):
        quantiles.in_periods(1)


@pytest.mark.parametrize(
    ("levels", "values", "said"),
    [
        ([0.5], [[[1.0]]], "two or more"),
        ([0.0, 0.5], [[[1.0, 2.0]]], "strictly between 0 and 1"),
        ([0.5, 0.5], [[[1.0, 2.0]]], "increase"),
        ([0.2, 0.5], [[[2.0, 1.0]]], "must not decrease"),
        ([0.2, 0.5], [[[1.0, np.nan]]], "finite"),
    ],
)
def test_what_is_no_distribution(levels: list[float], values: list[object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Distribution.of_quantiles(levels, values)


def test_levels_that_are_no_numbers() -> None:
    one = Distribution.of_quantiles([0.2, 0.5], [[[1.0, 2.0]]])
    for call in (one.at, one.judged, lambda levels: Distribution.of_quantiles(levels, [[[1.0, 2.0]]])):
        with pytest.raises(DataError, match="levels must be an array of numbers, got 'half': it holds <U4"):
            call("half")


def test_one_member_is_no_ensemble() -> None:
    with pytest.raises(DataError, match="at least two members, got 1"):
        Distribution.of_members(np.ones((1, 1, 1)))


@pytest.mark.parametrize("count", [2, 3, 7, 20, 51])
def test_an_ensemble_is_held_to_the_nearest_levels_that_its_members_can_have(count: int) -> None:
    """To k / (M + 1), at which the k-th smallest of M members stands; as far above the middle as below it."""
    members = np.random.default_rng(count).normal(size=(2, 3, count))
    one, ordered = Distribution.of_members(members), np.sort(members, axis=2)
    possible = [k / (count + 1) for k in range(1, count + 1)]
    for wanted in (0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95):
        (level,), quantiles = one.judged([wanted])
        assert abs(level - wanted) == pytest.approx(min(abs(each - wanted) for each in possible))
        k = round(level * (count + 1))
        np.testing.assert_array_equal(quantiles[:, :, 0], ordered[:, :, k - 1])
        if wanted != 0.5:
            (other,), _ = one.judged([1 - wanted])
            assert other == pytest.approx(1 - level)


@pytest.mark.parametrize("count", [2, 3, 10, 11, 30])
@pytest.mark.parametrize("tail", [0.02, 0.05, 0.14, 0.25, 0.4])
def test_the_central_interval_of_an_ensemble_leaves_out_as_many_as_come_nearest(count: int, tail: float) -> None:
    """Of all k up to half of the members the one for which k / (M + 1) is nearest, and the k-th from either end."""
    members = np.random.default_rng(count).permutation(count).astype(float)
    share, low, high = Distribution.of_members(members[None, None]).central(tail)
    nearest = min(range(1, count // 2 + 1), key=lambda k: (abs(k / (count + 1) - tail), -k))
    assert share == pytest.approx(1 - 2 * nearest / (count + 1))
    assert (low[0, 0], high[0, 0]) == (sorted(members)[nearest - 1], sorted(members)[-nearest])
