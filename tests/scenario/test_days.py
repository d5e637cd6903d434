"""The range of a scenario: declared, or chosen from what came before the first day; and what it cuts."""

import dataclasses
import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.commands.validating import _clipped
from omnisim.errors import ScenarioError
from omnisim.market import Market
from omnisim.market.data import Signal
from omnisim.market.distributions import Distribution
from omnisim.market.scaling import Scaling, fitting
from omnisim.problem.clipping import NOTICED, clipping
from omnisim.scenario.days import Days

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


class TestSeries:
    """Prices from -60 to 140, a signal with a forecast and one without, and a cap of 80 on the price, on 30 days."""

    FIRST, DAYS = 10, 30
    RANGES: ClassVar = {
        "price": (0.0, 100.0),
        "co2": (5.0, 45.0),
        "noise": (0.0, 20.0),
        "price capped at 80": (0.0, 80.0),
    }

    @pytest.fixture
    def market(self) -> Market:
        rng = np.random.default_rng(12)
        dates = np.datetime64("2024-01-01") + np.arange(self.DAYS).astype("timedelta64[D]")
        prices, model = rng.uniform(-60, 140, (2, self.DAYS, 24))
        co2, said, noise = rng.uniform(0, 50, (3, self.DAYS, 24))
        signals = {"co2": Signal(co2, "kg/MWh", said), "noise": Signal(noise, "dB/MWh")}
        return Market("toy", dates, prices, "EUR", {"load": co2 + 1}, {"model": model}, signals=signals)

    @pytest.fixture
    def days(self, market: Market) -> Days:
        ranges = {name: SimpleNamespace(low=low, high=high) for name, (low, high) in self.RANGES.items()}
        table = SimpleNamespace(
            low=0.0, high=100.0, first_day=market.dates[self.FIRST].item(), last_day=market.dates[-2].item(),
            signals={name: ranges[name] for name in ("co2", "noise")},
        )  # fmt: skip
        return Days.of(market, table, caps=[80.0])

    def on_the_scale(self, values: dict[str, np.ndarray], days: slice) -> np.ndarray:
        found = []
        for name, (low, high) in self.RANGES.items():
            found.append([[(value - low) / (high - low) for value in row] for row in values[name][days].tolist()])
        return np.concatenate([np.array(each) for each in found], axis=1)

    def test_what_came_and_what_was_known(self, market: Market, days: Days) -> None:
        played, before = slice(self.FIRST, self.DAYS - 1), slice(0, self.FIRST)
        co2, noise = (market.signals[name] for name in ("co2", "noise"))
        came = {"price": market.prices, "co2": co2.series, "noise": noise.series}
        came["price capped at 80"] = np.where(market.prices > 80, 80.0, market.prices)
        model = market.forecasts["model"]
        yesterday = np.concatenate([noise.series[:1], noise.series[:-1]])
        assert co2.forecast is not None
        told = {"price": model, "co2": co2.forecast, "noise": yesterday}
        told["price capped at 80"] = np.where(model > 80, 80.0, model)
        assert [block.name for block in days.blocks] == list(self.RANGES)
        assert [(block.low, block.high) for block in days.blocks] == list(self.RANGES.values())
        for found, values, of in (
            (days.unclipped, came, played),
            (days.unclipped_forecasts["model"], told, played),
            (days.past.unclipped, came, before),
        ):
            np.testing.assert_allclose(found, self.on_the_scale(values, of), atol=1e-12)
        for found, values, of in (
            (days.outcomes, came, played),
            (days.forecasts["model"], told, played),
            (days.past.outcomes, came, before),
            (days.past.forecasts["model"], told, before),
        ):
            np.testing.assert_allclose(found, self.on_the_scale(values, of).clip(0, 1), atol=1e-12)
        np.testing.assert_array_equal(days.dates, market.dates[played])
        np.testing.assert_array_equal(days.features["load"], co2.series[played] + 1)
        np.testing.assert_array_equal(days.past_prices, market.prices[before])

    def test_distributions_are_on_the_scale_of_the_outcomes_played(self, market: Market) -> None:
        """Quantiles of the price, less low and over the span, of the days played and not clipped."""
        levels = [0.1, 0.5, 0.9]
        quantiles = np.sort(np.random.default_rng(3).uniform(-60, 140, (self.DAYS, 24, 3)), axis=2)
        given = Distribution.of_quantiles(levels, quantiles)
        with_law = dataclasses.replace(market, forecasts={"model": given.mean}, distributions={"model": given})
        table = SimpleNamespace(
            low=-20.0, high=60.0, first_day=market.dates[self.FIRST].item(), last_day=market.dates[-2].item(),
            signals={name: SimpleNamespace(low=0.0, high=50.0) for name in ("co2", "noise")},
        )  # fmt: skip
        found = Days.of(with_law, table).distributions["model"].at(levels)
        np.testing.assert_allclose(found, (quantiles[self.FIRST : -1] + 20) / 80, atol=1e-12)

    @pytest.mark.parametrize(("lowest", "highest", "cut"), [(0, 100, False), (-1, 100, True), (0, 101, True)])
    def test_forecasts_that_are_cut_at_either_end_are_kept_as_they_were(
        self, lowest: float, highest: float, cut: bool
    ) -> None:
        dates = np.datetime64("2024-01-01") + np.arange(20)
        said = np.tile(np.linspace(lowest, highest, 24), (20, 1))
        market = Market("flat", dates, np.full((20, 24), 30.0), forecasts={"model": said})
        table = SimpleNamespace(low=0.0, high=100.0, first_day=dates[5].item(), last_day=None, signals={})
        kept = Days.of(market, table).unclipped_forecasts
        assert list(kept) == ["model"] * cut
        if cut:
            np.testing.assert_allclose(kept["model"], said[5:] / 100)

    @pytest.mark.parametrize(("spread", "warned"), [(1.99, True), (2.01, False), (25.0, False)])
    def test_prices_within_a_fiftieth_of_the_scale_are_suspicious(self, spread: float, warned: bool) -> None:
        """Half of them are at either end, where quantiles of 1 % and 99 % are as well."""
        dates = np.datetime64("2024-01-01") + np.arange(20)
        market = Market("narrow", dates, np.tile(30 + spread * (np.arange(24) % 2), (20, 1)))
        table = SimpleNamespace(low=0.0, high=100.0, first_day=None, last_day=None, signals={})
        assert ["nearly all prices" in each for each in Days.of(market, table).warnings] == [True] * warned

    def test_a_scale_that_was_chosen_is_not_suspicious(self) -> None:
        """Prices vary before the first day and not after it: nobody can set what they have left out already."""
        dates = np.datetime64("2024-01-01") + np.arange(20)
        values = np.where(np.arange(20)[:, None] < 10, np.linspace(0, 90, 24), 30.0)
        table = SimpleNamespace(low=None, high=None, first_day=dates[10].item(), last_day=None, signals={})
        chosen = Days.of(Market("calm", dates, values), table)
        assert chosen.scaling.span > 50 * np.ptp(values[10:])
        assert chosen.warnings == []

    @pytest.mark.parametrize(("first", "last", "said"), [
        (0, 19, ""), (19, 19, ""), (0, 0, ""), (19, None, ""), (4, 4, ""),
        (20, None, "first_day is 2024-01-21, outside the data"), (-1, None, "first_day is 2023-12-31, outside the"),
        (0, 20, "last_day is 2024-01-21, outside the data"), (5, 4, "first_day is 2024-01-06, after last_day 2024-01-"),
    ])  # fmt: skip
    def test_days_that_can_be_played(self, first: int, last: int | None, said: str) -> None:
        dates = np.datetime64("2024-01-01") + np.arange(20)
        given = [None if day is None else (dates[0] + day).item() for day in (first, last)]
        table = SimpleNamespace(low=0.0, high=100.0, first_day=given[0], last_day=given[1], signals={})
        market = Market("flat", dates, np.full((20, 24), 30.0))
        if said:
            with pytest.raises(ScenarioError, match=said):
                Days.of(market, table)
            return
        played = Days.of(market, table).dates
        assert [played[0], played[-1]] == [dates[first], dates[19 if last is None else last]]

    @pytest.mark.parametrize(
        ("low", "high", "expected"),
        [
            (None, None, (20.0, 50.0)),
            (None, 30.0, (20.0, 30.0)),
            (None, -40.0, (-70.0, -40.0)),  # as wide as it would have been, below what was declared
            (10.0, None, (10.0, 50.0)),
            (90.0, None, (90.0, 120.0)),
        ],
    )
    def test_an_end_that_is_left_out_is_beyond_the_one_declared(
        self, low: float | None, high: float | None, expected: tuple[float, float]
    ) -> None:
        """Prices of 30 and 40, whose scale is 20 to 50."""
        dates = np.datetime64("2024-01-01") + np.arange(20)
        prices = np.tile(np.repeat([30.0, 40.0], 12), (20, 1))
        table = SimpleNamespace(low=low, high=high, first_day=dt.date(2024, 1, 11), last_day=None, signals={})
        scaling = Days.of(Market("flat", dates, prices), table).scaling
        assert (scaling.low, scaling.high) == expected

    def test_facts_are_of_the_days_played(self, market: Market, days: Days) -> None:
        prices = market.prices[self.FIRST : self.DAYS - 1]
        beyond = (prices < 0) | (prices > 100)
        lost = np.abs(prices - prices.clip(0, 100)).sum()
        told = days.about
        assert (told["values"], told["clipped"]) == (prices.size, beyond.sum())
        assert [told[key] for key in ("cut", "lowest", "highest", "mean")] == pytest.approx(
            [lost / np.abs(prices).sum(), prices.min(), prices.max(), prices.mean()]
        )
        assert told["data"] == {"days": self.DAYS, "first_day": "2024-01-01", "last_day": "2024-01-30"}
