"""The range of a scenario: declared, or chosen from what came before the first day; and what it cuts."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.commands.validating import _clipped
from omnisim.errors import ScenarioError
from omnisim.market.scaling import Scaling, fitting
from omnisim.problem.clipping import NOTICED, clipping

TOML = """
[market]
source = "file"
path = "prices.csv"
{market}
[forecaster]
kind = "persistence"
[populations.pumps]
kind = "deferrable_loads"
agents = 2
curtailment_price = 60.0
"""


def written(folder: Path, prices: np.ndarray, market: str = "") -> Path:
    stamps = pd.date_range("2023-01-01", periods=prices.size, freq="h")
    pd.DataFrame({"time": stamps, "price": prices.ravel()}).to_csv(folder / "prices.csv", index=False)
    path = folder / "mine.toml"
    path.write_text(TOML.format(market=market))
    return path


@pytest.fixture
def prices() -> np.ndarray:
    return np.random.default_rng(2).uniform(10, 90, (60, 24))


class TestLeftOut:
    def test_the_range_comes_from_the_days_before_the_first(self, tmp_path: Path, prices: np.ndarray) -> None:
        first = dt.date(2023, 2, 1)
        path = written(tmp_path, prices, f"first_day = {first}")
        scenario = omnisim.load_scenario(path)
        market = scenario.about["market"]
        changed = prices.copy()
        changed[31:] *= 100  # what comes later changes nothing
        later = omnisim.load_scenario(written(tmp_path, changed, f"first_day = {first}")).about["market"]
        assert (market["low"], market["high"]) == (later["low"], later["high"]) == fitting(prices[:31])
        low, high = np.quantile(prices[:31], [0.005, 0.995])
        assert market["low"] <= low - (high - low)
        assert market["high"] >= high + (high - low)
        assert "chosen from the 31 days before 2023-02-01" in market["notes"][0]
        assert (scenario.source["market"]["low"], scenario.source["market"]["high"]) == (market["low"], market["high"])

    def test_days_are_set_aside_where_nothing_came_before(self, tmp_path: Path, prices: np.ndarray) -> None:
        scenario = omnisim.load_scenario(written(tmp_path, prices[:40]))
        assert str(scenario.dates[0]) == "2023-01-11"  # a quarter of 40 days
        assert scenario.horizon == 30
        assert "the run begins on 2023-01-11" in scenario.about["market"]["notes"][0]
        assert scenario.source["market"]["first_day"] == dt.date(2023, 1, 11)

    @pytest.mark.parametrize(("given", "end"), [("low = -500.0", "low"), ("high = 500.0", "high")])
    def test_one_end_may_be_declared(self, tmp_path: Path, prices: np.ndarray, given: str, end: str) -> None:
        market = omnisim.load_scenario(written(tmp_path, prices, given)).about["market"]
        assert market[end] == float(given.partition("= ")[2])
        assert market["low"] < prices.min() < prices.max() < market["high"]

    def test_too_few_days_to_choose_from(self, tmp_path: Path, prices: np.ndarray) -> None:
        with pytest.raises(ScenarioError, match=r"low and high can be left out where .* the market has 3 days in all"):
            omnisim.load_scenario(written(tmp_path, prices[:3]))

    def test_running_the_resolved_scenario_gives_the_same_run(self, tmp_path: Path, prices: np.ndarray) -> None:
        from omnisim.scenario.toml import to_toml

        first = omnisim.load_scenario(written(tmp_path, prices))
        (tmp_path / "again.toml").write_text(to_toml(first.source))
        second = omnisim.load_scenario(tmp_path / "again.toml")
        assert first.about["digest"] == second.about["digest"]
        one, two = omnisim.simulate(first), omnisim.simulate(second)
        assert one.outcomes.tobytes() == two.outcomes.tobytes()
        assert one.actions["pumps"].tobytes() == two.actions["pumps"].tobytes()


class TestClipping:
    @pytest.mark.parametrize("seed", range(20))
    def test_what_is_suggested_cuts_less_than_is_noticed(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        prices = 40 + 30 * rng.standard_t(1.5, size=500)
        found = clipping(prices, 0.0, 80.0)
        assert found.share >= NOTICED
        assert found.suggested is not None
        low, high = found.suggested
        again = clipping(prices, low, high)
        assert again.share < NOTICED
        assert low <= 0.0
        assert high >= 80.0
        # Nor is it wider than needed: two digits are what it was rounded to.
        for narrower in ((low * 0.8 if low < -1 else low, high), (low, high * 0.8)):
            if narrower != (low, high) and narrower[1] > 80.0:
                assert clipping(prices, *narrower).share > 0.2 * NOTICED

    def test_shares_are_of_the_sum_and_not_of_hours(self) -> None:
        found = clipping([50.0] * 99 + [5050.0], 0.0, 50.0)
        assert (found.clipped, found.count) == (1, 100)
        assert found.share == 5000 / 10000

    def test_nothing_is_suggested_where_little_is_cut(self) -> None:
        assert clipping([50.0] * 999 + [80.0], 0.0, 60.0).suggested is None

    def test_of_a_scaling(self) -> None:
        assert Scaling(0, 100).clipping([-50.0, 50.0, 200.0]).share == 150 / 300

    def test_of_prices_that_are_all_0_there_is_no_share(self) -> None:
        outside, inside = clipping([0.0, 0.0], 10.0, 80.0), clipping([0.0, 0.0], 0.0, 80.0)
        assert (outside.clipped, outside.suggested, outside.about["cut"]) == (2, None, None)
        assert np.isnan(outside.share)
        assert (inside.clipped, inside.share, inside.about["cut"]) == (0, 0.0, 0.0)
        assert _clipped(outside.about) == "; 2 prices beyond, and clipping cuts prices that are all 0"
