"""The features of rules, against pandas, and against the rule that nothing is known before its day."""

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.errors import ScenarioError
from omnisim.market import Market, Scaling
from omnisim.scenario.rule_features import PRICE_FORECAST, YESTERDAY_PRICE, rule_features

SCALING = Scaling(0.0, 100.0)


def market(days: int, first: str = "2019-12-25", **more: object) -> Market:
    dates = np.datetime64(first) + np.arange(days).astype("timedelta64[D]")
    rng = np.random.default_rng(11)
    return Market("toy", dates, rng.uniform(5, 95, (days, 24)), **more)  # type: ignore[arg-type]


def test_the_calendar() -> None:
    toy = market(800)  # through a leap year and across two new years
    found = rule_features(toy, SCALING, {"weekday"})
    days = pd.DatetimeIndex(toy.dates)
    np.testing.assert_array_equal(found["weekday"], days.day_of_week)
    np.testing.assert_array_equal(found["month"], days.month)
    np.testing.assert_array_equal(found["day_of_year"], days.day_of_year)
    assert found["day_of_year"].max() == 366


def test_the_price_of_yesterday() -> None:
    toy = market(30)
    by_day = pd.Series(toy.prices.ravel(), pd.date_range("2019-12-25", periods=720, freq="h")).resample("D").mean()
    found = rule_features(toy, SCALING, {YESTERDAY_PRICE})[YESTERDAY_PRICE]
    np.testing.assert_allclose(found, by_day.shift(1).to_numpy(), rtol=1e-12)
    assert np.isnan(found[0])


def test_features_and_forecasts_of_the_market_are_daily_means() -> None:
    load, model = np.random.default_rng(3).uniform(0, 90, (2, 30, 24))
    found = rule_features(market(30, features={"load": load}, forecasts={"model": model}), SCALING, {"load"})
    np.testing.assert_allclose(found["load"], pd.DataFrame(load).mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found["model"], pd.DataFrame(model).mean(axis=1), rtol=1e-12)


class TestPriceForecast:
    def of(self, toy: Market) -> np.ndarray:
        return rule_features(toy, SCALING, {PRICE_FORECAST})[PRICE_FORECAST]

    def test_is_the_mean_of_published_forecasts(self) -> None:
        one, two = np.random.default_rng(3).uniform(0, 90, (2, 30, 24))
        found = self.of(market(30, forecasts={"one": one, "two": two}))
        np.testing.assert_allclose(found, ((one + two) / 2).mean(axis=1), rtol=1e-12)

    def test_is_the_file_s_own_where_it_has_that_column(self) -> None:
        own = np.random.default_rng(3).uniform(0, 90, (30, 24))
        np.testing.assert_allclose(self.of(market(30, features={PRICE_FORECAST: own})), own.mean(axis=1), rtol=1e-12)

    def test_is_else_what_the_ridge_baseline_would_have_said(self) -> None:
        toy = market(60)
        scenario = omnisim.Scenario(
            populations=[omnisim.Population("idle", np.zeros((1, 1, 24)))],
            adversary=omnisim.adversaries.Replay(SCALING.outcomes(toy.prices)[0]),
            forecaster=omnisim.forecasters.RidgeAutoregression(refit_every=7),
            dates=toy.dates,
        )
        simulated = SCALING.prices(omnisim.simulate(scenario).predictions).mean(axis=1)
        np.testing.assert_allclose(self.of(toy), simulated, rtol=1e-9)

    @pytest.mark.parametrize("changed", [0, 1, 20, 37])
    def test_does_not_know_the_future(self, changed: int) -> None:
        # Prices from day `changed` on are others: no forecast up to and including that day's may differ.
        toy = market(40)
        prices = toy.prices.copy()
        prices[changed:] = 100 - prices[changed:]
        other = Market("toy", toy.dates, prices)
        before, after = self.of(toy), self.of(other)
        np.testing.assert_array_equal(before[: changed + 1], after[: changed + 1])
        assert (before[changed + 1 :] != after[changed + 1 :]).any()

    @pytest.mark.parametrize("changed", [5, 20, 37])
    def test_and_neither_do_the_rounds_of_a_rule(self, changed: int) -> None:
        toy = market(40)
        prices = toy.prices.copy()
        prices[changed:] = 100 - prices[changed:]
        rule = omnisim.Rule(PRICE_FORECAST, ">=", quantile=0.6, window=10)
        active = [rule.rounds({PRICE_FORECAST: self.of(Market("toy", toy.dates, p))}) for p in (toy.prices, prices)]
        np.testing.assert_array_equal(active[0][: changed + 1], active[1][: changed + 1])

    def test_is_computed_only_if_wanted(self) -> None:
        assert len(rule_features(market(30), SCALING, {"weekday"})[PRICE_FORECAST]) == 0


def test_a_market_without_days_has_none() -> None:
    assert rule_features(None, SCALING, set()) == {}
    with pytest.raises(ScenarioError, match="a rule names the feature 'load', but a synthetic market has no calendar"):
        rule_features(None, SCALING, {"load", "month"})
