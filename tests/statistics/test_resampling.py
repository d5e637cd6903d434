"""Intervals: against closed forms, and how often they cover what they should."""

import numpy as np
import pytest
from scipy import stats

from omnisim.statistics.intervals import intervals
from omnisim.statistics.resampling import BOTH, DAYS, NONE, SEEDS, Estimates, Resampler, variance

RESAMPLES = 4000


class TestClosedForms:
    @pytest.mark.parametrize("seeds", [3, 10, 40])
    def test_seeds_have_the_standard_error_of_a_mean(self, seeds: int) -> None:
        values = np.random.default_rng(1).normal(size=(seeds, 3))
        found = Resampler(seeds, RESAMPLES).over_seeds(values)
        np.testing.assert_allclose(found.value, values.mean(axis=0))
        # The resampling error of a standard deviation is about 1 / sqrt(2 * RESAMPLES) of it: six of those.
        error = values.std(axis=0, ddof=1) / np.sqrt(seeds)
        np.testing.assert_allclose(found.deviations.std(axis=0), error, rtol=6 / np.sqrt(2 * RESAMPLES))
        assert found.method == (SEEDS,) * 3
        assert (found.degrees_of_freedom == seeds - 1).all()

    def test_many_seeds_give_the_interval_of_students_t(self) -> None:
        values = np.random.default_rng(2).normal(size=(60, 1))
        half = intervals(Resampler(60, 20_000).over_seeds(values)).alone
        expected = stats.t.ppf(0.975, 59) * values.std(ddof=1) / np.sqrt(60)
        np.testing.assert_allclose(half, expected, rtol=0.05)

    @pytest.mark.parametrize("blocks", [5, 50])
    def test_blocks_have_the_standard_error_of_a_sum(self, blocks: int) -> None:
        sums = np.random.default_rng(3).normal(size=(1, blocks, 2))
        rounds = np.full((blocks, 2), 8.0)
        found = Resampler(1, RESAMPLES).over_days(sums, rounds)
        np.testing.assert_allclose(found.value, sums[0].sum(axis=0))
        error = sums[0].std(axis=0, ddof=1) * np.sqrt(blocks)
        np.testing.assert_allclose(found.deviations.std(axis=0), error, rtol=6 / np.sqrt(2 * RESAMPLES))
        assert found.method == (DAYS, DAYS)
        assert (found.degrees_of_freedom == blocks - 1).all()

    def test_seeds_and_days_add_up(self) -> None:
        rng = np.random.default_rng(4)
        of_seed, of_day = rng.normal(size=(12, 1, 1)), rng.normal(size=(1, 40, 1))
        found = Resampler(12, RESAMPLES).over_days(of_seed / 40 + of_day, np.full((40, 1), 8.0))
        variance = of_seed.var(ddof=1) / 12 + of_day.var(ddof=1) * 40
        np.testing.assert_allclose(found.deviations.var(), variance, rtol=12 / np.sqrt(2 * RESAMPLES))
        assert found.method == (BOTH,)
        parts = np.array([of_seed.var(ddof=1) / 12, of_day.var(ddof=1) * 40])
        satterthwaite = parts.sum() ** 2 / (parts**2 / [11, 39]).sum()
        np.testing.assert_allclose(found.degrees_of_freedom, satterthwaite, rtol=0.1)
        assert 11 < satterthwaite < 11 + 39

    @pytest.mark.parametrize(("seeds", "blocks"), [(3, 5), (3, 40), (20, 6)])
    def test_sources_that_vary_alike_share_their_degrees_of_freedom(self, seeds: int, blocks: int) -> None:
        """Both with variance 1: Satterthwaite's are 4 / (1 / (seeds - 1) + 1 / (blocks - 1))."""
        rng = np.random.default_rng(14)
        of_seed, of_day = rng.normal(size=(seeds, 1, 1)), rng.normal(size=(1, blocks, 1))
        of_seed *= np.sqrt(seeds) / of_seed.std(ddof=1)
        of_day *= 1 / np.sqrt(blocks) / of_day.std(ddof=1)
        found = Resampler(seeds, RESAMPLES).over_days(of_seed / blocks + of_day, np.full((blocks, 1), 8.0))
        expected = 4 / (1 / (seeds - 1) + 1 / (blocks - 1))
        np.testing.assert_allclose(found.degrees_of_freedom, expected, rtol=12 / np.sqrt(2 * RESAMPLES))

    @pytest.mark.parametrize("unit", [1e-6, 1e6])
    def test_units_do_not_matter(self, unit: float) -> None:
        rng = np.random.default_rng(15)
        values, sums, rounds = rng.normal(size=(6, 2)), rng.normal(size=(6, 9, 2)), np.full((9, 2), 7.0)
        holed = np.where([[True], [False], [True], [True], [True], [True]], values, np.nan)
        resampler = Resampler(6, 200)
        for one, other in (
            (resampler.over_seeds(values), resampler.over_seeds(unit * values)),
            (resampler.over_seeds(holed), resampler.over_seeds(unit * holed)),
            (resampler.over_days(sums, rounds), resampler.over_days(unit * sums, rounds)),
        ):
            assert one.method == other.method
            assert NONE not in one.method
            np.testing.assert_allclose(other.value, unit * one.value)
            np.testing.assert_allclose(other.deviations, unit * one.deviations, atol=1e-9 * unit)
            np.testing.assert_allclose(other.degrees_of_freedom, one.degrees_of_freedom)

    def test_rounds_outside_the_subsequence_do_not_count(self) -> None:
        sums = np.random.default_rng(5).normal(size=(1, 30, 1))
        padded = np.concatenate([sums, np.zeros((1, 30, 1))], axis=1)
        rounds = np.concatenate([np.full((30, 1), 8.0), np.zeros((30, 1))])
        one, two = (
            Resampler(1, RESAMPLES).over_days(sums, rounds[:30]),
            Resampler(1, RESAMPLES).over_days(padded, rounds),
        )
        assert one.degrees_of_freedom == two.degrees_of_freedom
        np.testing.assert_allclose(one.value, two.value)


def test_resamples_without_a_round_of_the_subsequence_have_no_part_in_its_variance() -> None:
    deviations = np.random.default_rng(16).normal(size=(30, 4))
    deviations[np.random.default_rng(17).random((30, 4)) < [0.0, 0.3, 0.7, 1.0]] = np.nan
    for column, found in zip(deviations.T, variance(deviations), strict=True):
        squares = [x**2 for x in column if not np.isnan(x)]
        np.testing.assert_allclose(found, np.mean(squares) if squares else np.nan)


class TestNothingToSay:
    def test_one_seed_or_no_variation_has_no_interval(self) -> None:
        for values in (np.array([[1.0]]), np.full((5, 1), 0.1), np.array([[np.nan], [2.0]]), np.full((2, 1), np.nan)):
            found = Resampler(len(values), 50).over_seeds(values)
            assert found.method == (NONE,)
            assert np.isnan(intervals(found).alone).all()
            assert np.isnan(intervals(found).simultaneous).all()

    def test_a_single_resample_that_deviates_to_either_side_is_variation(self) -> None:
        values = np.array([[0.0], [1.0]])
        signs = set()
        for random_state in range(40):
            found = Resampler(2, 1, random_state).over_seeds(values)
            assert found.method == ((NONE,) if np.isnan(found.deviations).all() else (SEEDS,))
            signs |= set(np.sign(found.deviations[~np.isnan(found.deviations)]).tolist())
        assert signs == {-1.0, 1.0}  # each has one chance in four: neither is missed but with probability 2e-5

    def test_missing_seeds_are_left_out(self) -> None:
        values = np.random.default_rng(6).normal(size=(9, 1))
        holed = np.concatenate([values[:4], [[np.nan]], values[4:]])
        found = Resampler(10, RESAMPLES).over_seeds(holed)
        np.testing.assert_allclose(found.value, values.mean(axis=0))
        assert found.degrees_of_freedom == 8

    def test_seeds_that_are_missing_leave_the_days_of_the_others(self) -> None:
        rng = np.random.default_rng(18)
        sums, rounds = rng.normal(size=(4, 20, 2)), np.full((20, 2), 8.0)
        holed = np.insert(sums, 2, np.nan, axis=0)
        found, expected = (
            Resampler(5, RESAMPLES).over_days(holed, rounds),
            Resampler(4, RESAMPLES).over_days(sums, rounds),
        )
        assert found.method == expected.method == (BOTH, BOTH)
        np.testing.assert_allclose(found.value, sums.sum(axis=1).mean(axis=0))
        np.testing.assert_allclose(
            found.deviations.std(axis=0), expected.deviations.std(axis=0), rtol=12 / np.sqrt(2 * RESAMPLES)
        )
        nobody = Resampler(2, 50).over_days(np.full((2, 20, 1), np.nan), rounds[:, :1])
        assert nobody.method == (NONE,)
        assert np.isnan(nobody.value).all()

    @pytest.mark.parametrize(("block", "place"), [(0, 0), (19, 1), (7, slice(None)), (slice(3, 9), 0)])
    def test_a_seed_of_which_something_is_missing_is_missing(self, block: int | slice, place: int | slice) -> None:
        """A sum that lacks some days is no sum over the run, and what is compared is of the same seeds."""
        rng = np.random.default_rng(19)
        sums, rounds = rng.normal(size=(5, 20, 2)), np.full((20, 2), 8.0)
        partly, wholly = sums.copy(), sums.copy()
        partly[2, block, place] = np.nan
        wholly[2] = np.nan
        found, expected = (Resampler(5, 50).over_days(each, rounds) for each in (partly, wholly))
        np.testing.assert_array_equal(found.value, expected.value)
        np.testing.assert_allclose(found.value, np.delete(sums, 2, axis=0).sum(axis=1).mean(axis=0))
        np.testing.assert_array_equal(found.deviations, expected.deviations)
        np.testing.assert_array_equal(found.degrees_of_freedom, expected.degrees_of_freedom)
        assert found.method == expected.method == (BOTH, BOTH)

    @pytest.mark.parametrize("value", [True, False])
    def test_what_is_made_unknown_has_no_interval_and_a_value_only_where_it_may(self, value: bool) -> None:
        given = Estimates(
            np.array([1.0, 2.0, 3.0]),
            np.array([[0.5, 0.25, 0.125], [-0.5, -0.25, -0.125]]),
            np.array([4.0, 5.0, 6.0]),
            (SEEDS, DAYS, BOTH),
        )
        found = given.unknown(np.array([False, True, False]), value=value)
        np.testing.assert_array_equal(found.value, [1.0, np.nan if value else 2.0, 3.0])
        np.testing.assert_array_equal(found.deviations, [[0.5, np.nan, 0.125], [-0.5, np.nan, -0.125]])
        np.testing.assert_array_equal(found.degrees_of_freedom, [4.0, np.nan, 6.0])
        assert found.method == (SEEDS, NONE, BOTH)
        assert given.value.tolist() == [1.0, 2.0, 3.0]

    def test_days_that_are_all_the_same_have_no_interval(self) -> None:
        sums = np.full((2, 7, 1), 0.1 * 7)
        found = Resampler(2, 50).over_days(sums, np.full((7, 1), 7.0))
        assert found.method == (NONE,)

    def test_one_block_has_no_interval(self) -> None:
        found = Resampler(3, 50).over_days(np.arange(3.0).reshape(3, 1, 1), np.full((1, 1), 8.0))
        assert found.method == (NONE,)


class TestFamilies:
    def test_together_is_wider_than_alone(self) -> None:
        values = np.random.default_rng(7).normal(size=(15, 6))
        half = intervals(Resampler(15, 1000).over_seeds(values))
        assert (half.simultaneous >= half.alone).all()

    def test_copies_cost_nothing(self) -> None:
        # Comparisons that always agree are one comparison: Bonferroni's would be wider.
        values = np.random.default_rng(8).normal(size=(15, 1))
        one = intervals(Resampler(15, 1000).over_seeds(values))
        many = intervals(Resampler(15, 1000).over_seeds(np.repeat(values, 50, axis=1)))
        np.testing.assert_allclose(many.simultaneous, one.alone[0])

    def test_parts_share_their_resamples(self) -> None:
        values = np.random.default_rng(9).normal(size=(15, 4))
        resampler = Resampler(15, 500)
        whole = resampler.over_seeds(values)
        parts = Estimates.together([resampler.over_seeds(values[:, :1]), resampler.over_seeds(values[:, 1:])])
        np.testing.assert_allclose(whole.deviations, parts.deviations, atol=1e-12)


class TestFewUnits:
    """Normal deviations, whose quantiles are known: against tables of Student's distribution."""

    @staticmethod
    def normal(scale: float, degrees: float) -> Estimates:
        column = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
        return Estimates(np.zeros(1), scale * column[:, None], np.array([degrees]), (SEEDS,))

    @pytest.mark.parametrize(("degrees", "quantile"), [(4.0, 2.7764), (9.0, 2.2622), (1e9, 1.95996)])
    def test_alone(self, degrees: float, quantile: float) -> None:
        found = intervals(self.normal(3.0, degrees))
        np.testing.assert_allclose(found.alone, [3 * quantile], rtol=2e-3)

    def test_rare_deviations_leave_the_interval_of_the_others(self) -> None:
        # Of 100 resamples 97 deviate by 0.1: that is the 95 % quantile, and with many degrees the half of the interval,
        # of the estimate alone as of the family that it is.
        column = np.full((100, 1), 0.1)
        column[[4, 50, 77]] = -5.0
        found = intervals(Estimates(np.zeros(1), column, np.array([1e9]), (SEEDS,)))
        np.testing.assert_allclose([found.alone, found.simultaneous], 0.1, rtol=1e-6)

    def test_another_confidence(self) -> None:
        found = intervals(self.normal(1.0, 9.0), confidence=0.99)
        np.testing.assert_allclose(found.alone, [3.2498], rtol=5e-3)

    def test_a_family_is_as_rare_as_its_largest(self) -> None:
        # Two that never deviate at once: together 95 % is 97.5 % each, and t of 9 degrees at 98.75 % is 2.6850.
        column = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
        order = np.argsort(np.abs(column))
        first = column[order]
        second = first[::-1]
        made = Estimates(np.zeros(2), np.column_stack([first, 5 * second]), np.array([9.0, 9.0]), (SEEDS, SEEDS))
        np.testing.assert_allclose(intervals(made).simultaneous, [2.6850, 5 * 2.6850], rtol=3e-3)

    def test_where_resamples_say_little_the_ratio_counts(self) -> None:
        # Two seeds have three different resamples: none deviates by more than the root of 2 standard errors.
        found = Resampler(2, 4000).over_seeds(np.array([[0.0], [1.0]]))
        error = np.sqrt((found.deviations**2).mean())
        reached = np.abs(found.deviations).max() / error
        assert found.method == (SEEDS,)
        assert error > 0
        np.testing.assert_allclose(intervals(found).alone, [error * reached * 12.7062 / 1.95996], rtol=1e-4)


class TestCoverage:
    """At least 95 of 100 intervals must cover; the tests allow for what the resampling itself costs.

    Each counts misses in independent replications. A count as high as the one refused has probability below 1e-4 if an
    interval misses with the probability stated, which is 5 % plus the allowance.
    """

    @staticmethod
    def most(replications: int, misses: float) -> int:
        return int(stats.binom.ppf(1 - 1e-4, replications, misses))

    @pytest.mark.parametrize("draw", ["normal", "exponential"])
    def test_over_seeds(self, draw: str) -> None:
        rng = np.random.default_rng(10)
        replications, seeds = 600, 10
        values = getattr(rng, f"standard_{draw}")((seeds, replications))
        truth = 0.0 if draw == "normal" else 1.0
        found = Resampler(seeds, 1000).over_seeds(values)
        missed = int((np.abs(found.value - truth) > intervals(found).alone).sum())
        # Means of ten exponentials are skewed: the t interval itself misses about 10 %.
        assert missed <= self.most(replications, 0.06 if draw == "normal" else 0.11)
        assert missed >= replications * 0.01, "far too wide"

    def test_over_days_that_depend_on_each_other(self) -> None:
        rng = np.random.default_rng(11)
        replications, days, block = 600, 360, 8
        noise = rng.normal(size=(days + 50, replications))
        series = np.zeros_like(noise)
        for day in range(1, len(noise)):
            series[day] = 0.4 * series[day - 1] + noise[day]
        sums = series[50:].reshape(days // block, block, replications).sum(axis=1)
        found = Resampler(1, 1000).over_days(sums[None], np.full(sums.shape, float(block)))
        missed = int((np.abs(found.value) > intervals(found).alone).sum())
        # Blocks cut dependence at their ends: theory says 5 % becomes about 7 % here.
        assert missed <= self.most(replications, 0.08)
        assert missed >= replications * 0.01

    @pytest.mark.long
    def test_a_family_holds_together(self) -> None:
        rng = np.random.default_rng(12)
        replications, seeds, family = 300, 12, 20
        missed = 0
        for _ in range(replications):
            common = rng.normal(size=(seeds, 1))
            values = 0.6 * common + 0.8 * rng.normal(size=(seeds, family))
            found = Resampler(seeds, 300).over_seeds(values)
            missed += bool((np.abs(found.value) > intervals(found).simultaneous).any())
        # Alone, twenty such intervals would all hold in about half of the replications.
        assert missed <= self.most(replications, 0.09)

    @pytest.mark.long
    def test_a_family_of_few_seeds(self) -> None:
        """2,000 families of 8 over 10 seeds: with Student’s quantile at the level of one alone 11.7 % miss.

        If 8 % did, more than 200 would miss with a probability below 1e-3.
        """
        rng = np.random.default_rng(14)
        missed = 0
        for _ in range(2000):
            found = Resampler(10, 300).over_seeds(rng.normal(size=(10, 8)))
            missed += bool((np.abs(found.value) > intervals(found).simultaneous).any())
        assert missed <= 2000 * 0.1

    @pytest.mark.long
    def test_market_and_agents_both_vary(self) -> None:
        rng = np.random.default_rng(13)
        replications, seeds, blocks = 400, 8, 40
        missed = 0
        for _ in range(replications):
            sums = (
                rng.normal(size=(seeds, 1, 1)) / 6
                + rng.normal(size=(1, blocks, 1))
                + rng.normal(size=(seeds, blocks, 1))
            )
            found = Resampler(seeds, 200).over_days(sums, np.full((blocks, 1), 8.0))
            missed += int(np.abs(found.value[0]) > intervals(found).alone[0])
        assert missed <= self.most(replications, 0.06)
