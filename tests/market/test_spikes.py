"""Spike contracts and the agents that hedge against them."""

import numpy as np
import pytest

from omnisim.errors import DataError
from omnisim.market import Market, Scaling, SpikeHedgers, load_ercot, load_ercot_spikes, spike_contracts

DAYS, WINDOW = 40, 10


def market(days: int = DAYS, seed: int = 3) -> Market:
    dates = np.datetime64("2021-01-01") + np.arange(days)
    return Market("made up", dates, np.random.default_rng(seed).lognormal(3, 1, (days, 24)))


def test_a_contract_pays_on_days_above_the_quantile_of_the_window() -> None:
    made = market()
    contracts = spike_contracts(made, 0.8, WINDOW, payout=50.0)
    np.testing.assert_array_equal(contracts.dates, made.dates[WINDOW:])
    for k, t in enumerate(range(WINDOW, DAYS)):
        before = [made.prices[s].max() for s in range(t - WINDOW, t)]
        spike = made.prices[t].max() > np.quantile(before, 0.8)
        assert contracts.prices[k] == (50.0 if spike else 0.0)
        unit = np.quantile(before, 0.8) - np.median(before)
        expected = np.arcsinh((made.prices[t - 7].max() - np.median(before)) / max(unit, 1.0))
        assert contracts.features["highest_a_week_ago"][k] == pytest.approx(expected)
    assert 0 < contracts.prices.mean() < 50


def test_a_day_as_dear_as_the_quantile_is_no_spike() -> None:
    prices = np.full((DAYS, 24), 20.0)
    prices[30, 5] = 20.5
    paid = spike_contracts(Market("flat", market().dates, prices), 0.8, WINDOW, payout=50.0).prices[:, 0]
    assert np.flatnonzero(paid).tolist() == [30 - WINDOW]


def test_features_of_a_day_do_not_depend_on_that_day_or_later_ones() -> None:
    made = market()
    changed = made.prices.copy()
    changed[25:] = 1000 * np.random.default_rng(0).random((DAYS - 25, 24))
    first = spike_contracts(made, 0.8, WINDOW)
    second = spike_contracts(Market("changed", made.dates, changed), 0.8, WINDOW)
    known = 25 - WINDOW + 1  # what is known of day 25 is known before it
    for name, values in first.features.items():
        np.testing.assert_array_equal(values[:known], second.features[name][:known], err_msg=name)
        assert (values[known:] != second.features[name][known:]).any()


def test_the_share_of_recent_spikes() -> None:
    contracts = spike_contracts(market(), 0.8, WINDOW)
    spike = contracts.prices[:, 0] > 0
    for k in range(7, contracts.days):
        assert contracts.features["recent_spikes"][k, 0] == pytest.approx(spike[k - 7 : k].mean())
    assert contracts.features["recent_spikes"][0, 0] == 0


@pytest.mark.long
def test_the_embedded_prices_have_spikes() -> None:
    contracts = load_ercot_spikes("hb_houston", window=60)
    highest = load_ercot("hb_houston").prices.max(axis=1)
    expected = [highest[t] > np.quantile(highest[t - 60 : t], 0.9) for t in range(60, len(highest))]
    np.testing.assert_array_equal(contracts.prices[:, 0] > 0, expected)
    assert "of 670 days" in contracts.notes[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"quantile": 1.0}, "quantile of a spike must lie between 0 and 1, both excluded, got 1.0"),
        ({"window": 6}, "window of a spike must be at least 7 days, got 6"),
        ({"payout": 0.0}, "payout of a spike contract must be a finite number > 0, got 0.0"),
        ({"window": 60}, "made up has 40 days: a spike needs more than 67 with window 60"),
    ],
)
def test_bad_parameters_are_named(arguments, message: str) -> None:
    with pytest.raises(DataError, match=message):
        spike_contracts(market(), **arguments)


def test_hedgers_cover_by_their_own_costs() -> None:
    """Brute force over the probability: open below 0.8 theta, covered above 1.2 theta, half covered in between."""
    hedgers = SpikeHedgers(agents=40, premium=0.4).build("hedgers", Scaling(0, 100), np.random.default_rng(5), "day")
    exposure = hedgers.load[:, 0, 0]
    np.testing.assert_allclose(hedgers.load[:, :, 0], exposure[:, None] * [1, 0.5, 0])
    money = hedgers.money
    covered = money.scale * hedgers.offset[:, 2] + money.offset
    theta = -covered / (100 * exposure)  # the premium of full cover
    assert ((theta > 0) & (theta < 1)).all()
    for probability in np.linspace(0.01, 0.99, 50):
        played = hedgers.best_response(np.array([probability]))
        costs = np.stack([0 * theta + probability, 0.4 * theta + probability / 2, theta])
        np.testing.assert_array_equal(played, costs.argmin(axis=0))
        clear = (np.abs(probability - 0.8 * theta) > 1e-9) & (np.abs(probability - 1.2 * theta) > 1e-9)
        rule = np.where(probability < 0.8 * theta, 0, np.where(probability < 1.2 * theta, 1, 2))
        np.testing.assert_array_equal(played[clear], rule[clear])


def test_every_feature_of_a_contract_by_hand() -> None:
    """In units of the distance from the median of the window to the threshold, of which 1 is the least."""
    for scale in (1.0, 0.02):
        made = Market("m", market().dates, scale * market().prices)
        contracts = spike_contracts(made, 0.8, WINDOW)
        spikes = [False] * WINDOW
        for k, t in enumerate(range(WINDOW, DAYS)):
            before = sorted(max(day) for day in made.prices[t - WINDOW : t].tolist())
            middle, place = (before[4] + before[5]) / 2, 0.8 * (WINDOW - 1)
            threshold = before[int(place)] + (place % 1) * (before[int(place) + 1] - before[int(place)])
            unit = max(threshold - middle, 1.0)
            wanted = {
                "highest_yesterday": np.arcsinh((max(made.prices[t - 1]) - middle) / unit),
                "highest_a_week_ago": np.arcsinh((max(made.prices[t - 7]) - middle) / unit),
                "mean_yesterday": np.arcsinh((sum(made.prices[t - 1]) / 24 - middle) / unit),
                "recent_spikes": sum(spikes[-7:]) / 7,
            }
            assert {name: values[k, 0] for name, values in contracts.features.items()} == pytest.approx(wanted)
            spikes.append(max(made.prices[t]) > threshold)
        assert f"{sum(spikes)} of {DAYS - WINDOW} days" in contracts.notes[0]
        assert "above the 80% quantile of the highest prices of the 10 days before" in contracts.notes[0]


@pytest.mark.parametrize("window", [7, DAYS - 8])
def test_the_shortest_and_the_longest_window(window: int) -> None:
    assert spike_contracts(market(), 0.8, window).days == DAYS - window
    for wrong in (6, DAYS - 7):
        with pytest.raises(DataError, match="window"):
            spike_contracts(market(), 0.8, wrong)
