"""Some rows of the growth, against all of them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import omnisim
from omnisim.comparison.grid import LABELS
from omnisim.errors import OmnisimError
from omnisim.statistics.intervals import intervals
from omnisim.statistics.resampling import Resampler

KEY = [*LABELS, "population", "subsequence", "measure", "rounds"]


class TestGrowthOf:
    @pytest.mark.long
    def test_wanted_rows_are_those_of_the_whole_frame(self, comparison: omnisim.Comparison) -> None:
        growth = comparison.growth
        population, subsequence = growth["population"].iloc[-1], growth["subsequence"].iloc[-1]
        forecasters = comparison.about["forecasters"][1:]
        found = comparison.growth_of(
            ["ccv_positive", "swap_regret"],
            {"forecaster": forecasters, "population": [population], "subsequence": [subsequence]},
        )
        keep = growth["forecaster"].isin(forecasters) & growth["measure"].isin(["ccv_positive", "swap_regret"])
        keep &= (growth["population"] == population) & (growth["subsequence"] == subsequence)
        assert 0 < len(found) == keep.sum() < len(growth)
        expected = growth[keep].set_index(KEY).sort_index()
        pd.testing.assert_frame_equal(found.set_index(KEY).sort_index(), expected, rtol=1e-12)

    def test_without_intervals_the_means_stay(self, comparison: omnisim.Comparison) -> None:
        growth, found = comparison.growth, comparison.growth_of(with_intervals=False)
        kept = [*KEY, "mean", "seeds"]
        pd.testing.assert_frame_equal(found[kept], growth[kept])
        assert growth["low"].notna().any()
        assert found[["low", "high"]].isna().all(axis=None)

    def test_nothing_wanted_is_nothing(self, comparison: omnisim.Comparison) -> None:
        found = comparison.growth_of(among={"forecaster": []})
        assert list(found.columns) == list(comparison.growth.columns)
        assert not len(found)

    def test_unknown_names_are_refused(self, comparison: omnisim.Comparison) -> None:
        with pytest.raises(OmnisimError, match=r"bias.*utility, money"):
            comparison.growth_of(["bias"])
        with pytest.raises(OmnisimError, match=r"agent.*population"):
            comparison.growth_of(among={"agent": ["0"]})
        for wrong in ("persistence", 3):
            with pytest.raises(OmnisimError, match=r"among\['forecaster'\] of growth_of must be a list of names, got"):
                comparison.growth_of(among={"forecaster": wrong})  # type: ignore[dict-item]
        with pytest.raises(OmnisimError, match=r"measures of growth_of must be a list in which each is a text, got 3"):
            comparison.growth_of(3)  # type: ignore[arg-type]
        with pytest.raises(OmnisimError, match=r"measures of growth_of must be some of .*, got none"):
            comparison.growth_of([])
        with pytest.raises(OmnisimError, match=r"name of observed must be a text, got \[\]"):
            comparison.observed([])  # type: ignore[arg-type]


@pytest.mark.long
def test_many_estimates_are_resampled_as_each_alone() -> None:
    rng = np.random.default_rng(5)
    values = rng.standard_normal((7, 1300))
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, ::50] = 3.0
    resampler = Resampler(7)
    together = resampler.over_seeds(values)
    half = intervals(together)
    for k in range(0, 1300, 13):
        alone = resampler.over_seeds(values[:, [k]])
        np.testing.assert_allclose(together.deviations[:, k], alone.deviations[:, 0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(half.alone[k], intervals(alone).alone[0], rtol=1e-9)
    # The largest relative deviation of all, in one go.
    known = np.array([method != "" for method in together.method])
    deviations = together.deviations[:, known]
    error = np.sqrt(np.nanmean(deviations**2, axis=0))
    largest = np.nanmax(np.abs(deviations) / error, axis=1)
    # A deviation as rare for Student's deviate as that is for a normal one; at the least, wider as it is at 95 %.
    reached, freedom = np.quantile(largest, 0.95), together.degrees_of_freedom[known]
    as_rare = stats.t.isf(stats.norm.sf(reached), freedom)
    wider = reached * stats.t.isf(0.025, freedom) / stats.norm.isf(0.025)
    np.testing.assert_allclose(half.simultaneous[known], error * np.maximum(as_rare, wider), rtol=1e-6)
