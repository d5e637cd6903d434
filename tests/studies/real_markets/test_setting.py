"""A market as a problem: what is known when a day begins, and nothing else."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_markets import DAYS, made_up_market, made_up_prices

import omnisim
from omnisim.errors import DataError
from omnisim.market import Market, Scaling
from omnisim.studies.real_markets import setting as module
from omnisim.studies.real_markets.setting import (
    FEBRUARY,
    NEGATIVE,
    PAST_DAYS,
    SPIKE,
    SPIKES,
    WINDOW,
    after_negative,
    after_spike,
    setting,
)
from omnisim.studies.real_markets.sources import EMBEDDED, LOAD, WIND, Source, read


def test_the_days_after(monkeypatch) -> None:
    monkeypatch.setattr(module, "WINDOW", 5)
    prices = made_up_prices(60)
    negative, spike = after_negative(prices), after_spike(prices)
    assert not negative[0]
    assert not spike[0]
    for day in range(1, 60):
        assert negative[day] == any(price < 0 for price in prices[day - 1])
        before = sorted(max(prices[i]) for i in range(max(0, day - 6), day - 1))
        if before:
            middle = (before[(len(before) - 1) // 2] + before[len(before) // 2]) / 2
            assert spike[day] == (max(prices[day - 1]) > SPIKE * middle)
    assert 0 < negative.sum() < 59
    assert 0 < spike.sum() < 59


@pytest.mark.long
@settings(max_examples=15, deadline=None)
@given(day=st.integers(1, DAYS - 1), seed=st.integers(0, 99))
def test_membership_does_not_depend_on_prices_of_the_day_or_later(day: int, seed: int) -> None:
    market = _with_features(made_up_market(seed=seed))
    other = market.prices.copy()
    other[day:] = np.random.default_rng(seed).uniform(-100, 400, other[day:].shape)
    same = replace(market, prices=other)
    scaling = setting(market).scaling
    before, after = (module._memberships(one, scaling) for one in (market, same))
    assert list(before) == list(after)
    for name, (member, _) in before.items():
        np.testing.assert_array_equal(member[: day + 1], after[name][0][: day + 1], err_msg=name)


def test_the_scale_is_read_off_the_past_alone() -> None:
    market = made_up_market()
    later = market.prices.copy()
    later[PAST_DAYS:] *= 3
    first, second = setting(market), setting(replace(market, prices=later))
    assert first.scaling == second.scaling
    price = first.typical_price
    assert price == round(float(np.median(market.prices[:PAST_DAYS])))
    assert (first.scaling.low, first.scaling.high, first.stress_price) == (-2 * price, 5 * price, 2 * price)
    assert first.beyond.clipped == 0
    outside = later[PAST_DAYS:] > 5 * price
    assert second.beyond.clipped == outside.sum() + (later[PAST_DAYS:] < -2 * price).sum() > 0


@pytest.mark.long
def test_subsequences_of_the_embedded_market() -> None:
    known = setting(read(Source(EMBEDDED)))
    assert (known.scaling.low, known.scaling.high) == (-50, 250)
    assert {NEGATIVE, SPIKES, FEBRUARY} < set(known.subsequences)
    assert set(known.left_out) == {"high load", "high wind"}
    days = known.dates[known.subsequences[FEBRUARY]]
    assert (str(days[0]), str(days[-1]), len(days)) == ("2021-02-13", "2021-02-20", 8)
    assert (known.subsequences["summer"] != known.subsequences["winter"]).all()


def test_which_days_are_in_which_subsequence() -> None:
    """By a loop over the days, of a market called as the embedded one; high is among the last 60 days at most."""
    market = replace(
        _with_features(made_up_market()), name=EMBEDDED, dates=np.datetime64("2021-01-25") + np.arange(DAYS)
    )
    found = {name: each for name, (each, _) in module._memberships(market, Scaling(-50.0, 250.0, "EUR")).items()}
    daily = {
        name: [float(np.mean(row)) for row in market.features[of]] for name, of in (("load", LOAD), ("wind", WIND))
    }
    assert (np.array(daily["load"]) != np.array(daily["wind"])).any()
    for t, day in enumerate(market.dates.tolist()):
        assert found["weekend"][t] == (day.isoweekday() > 5)
        assert found["summer"][t] == (4 <= day.month <= 9)
        assert found["winter"][t] == (not 4 <= day.month <= 9)
        assert found[FEBRUARY][t] == (dt.date(2021, 2, 13) <= day <= dt.date(2021, 2, 20))
        for name, values in daily.items():
            before = values[max(0, t - 60) : t]
            assert found[f"high {name}"][t] == (bool(before) and values[t] >= np.quantile(before, 0.8))
    assert 0 < found["summer"].sum() < DAYS


@pytest.mark.parametrize(("members", "left_out"), [(4, "4 days"), (5, None)])
def test_five_days_are_enough_for_a_subsequence(members: int, left_out: str | None) -> None:
    market = _with_features(made_up_market())
    prices = np.maximum(market.prices, 1.0)
    prices[PAST_DAYS : PAST_DAYS + members, 3] = -1.0
    known = setting(replace(market, prices=prices))
    assert known.left_out.get(NEGATIVE) == left_out
    assert (NEGATIVE in known.subsequences) == (left_out is None)


def test_what_a_market_has_too_few_days_of_is_left_out() -> None:
    market = made_up_market()
    known = setting(replace(market, prices=np.maximum(market.prices, 1)))
    assert known.left_out[NEGATIVE] == "0 days"
    assert NEGATIVE not in known.subsequences
    assert known.left_out["high load"] == "no day-ahead forecast of it"
    assert FEBRUARY not in known.left_out
    with_load = setting(_with_features(market))
    assert {"high load", "high wind"} <= set(with_load.subsequences)


def test_the_scenario() -> None:
    market = _with_features(made_up_market())
    known = setting(market, rounds=35)
    scenario = known.scenario((3, 2, 4), omnisim.forecasters.Published(model="sharp"))
    trace = omnisim.simulate(scenario, seed=1)
    assert [record.population.agents for record in trace.records.values()] == [3, 2, 4]
    assert trace.rounds == 35
    buyers, factories, operators = (population.agents for population in scenario.populations)
    price = round(float(np.median(market.prices[:PAST_DAYS])))
    assert {each.typical_price for each in (buyers, factories, operators)} == {price}
    assert buyers.stress_price == factories.curtailment_price == 2 * price
    expected = known.scaling.outcomes(market.prices[PAST_DAYS : PAST_DAYS + 35])[0]
    np.testing.assert_array_equal(trace.outcomes, expected)
    published = known.scaling.outcomes(market.forecasts["sharp"][PAST_DAYS : PAST_DAYS + 35])[0]
    np.testing.assert_array_equal(trace.predictions, published)
    assert scenario.features == {}
    np.testing.assert_array_equal(scenario.past.outcomes, known.scaling.outcomes(market.prices[:PAST_DAYS])[0])


def test_more_rounds_than_days_are_all_days() -> None:
    assert setting(made_up_market(), rounds=10_000).days == DAYS - PAST_DAYS


class TestRefusals:
    def test_too_few_days(self) -> None:
        with pytest.raises(DataError, match="AA has 50 days: the study needs 28 to learn from and 28 to play"):
            setting(made_up_market(days=50))

    def test_a_scale_of_nothing(self) -> None:
        market = made_up_market()
        with pytest.raises(DataError, match="the median price of its first 28 days is 0"):
            setting(replace(market, prices=np.zeros_like(market.prices)))


def _with_features(market: Market) -> Market:
    hours = np.random.default_rng(5).random((2, market.days, 24))
    return replace(market, features={LOAD: hours[0], WIND: hours[1]})


def test_the_window_of_spikes_is_that_of_the_page() -> None:
    highest = np.full((WINDOW + 3, 1), 10.0)
    highest[0] = 1e6  # two days later it has left the window, but one such day moves no median
    highest[-2] = 2 * 10.0 + 0.01
    assert after_spike(highest).tolist() == [False] * (WINDOW + 2) + [True]
