"""The defaults that a file of prices is played with, from its first days, which are not played."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omnisim.errors import OmnisimError
from omnisim.scenario.own_file import scenario_of_prices


def tree_of(folder: Path, prices: np.ndarray) -> Any:
    """The resolved scenario of a file of hourly prices from June 1 on, of 24 days: the first six are past."""
    path = folder / "mine.csv"
    stamps = pd.date_range("2023-06-01", periods=prices.size, freq="h")
    pd.DataFrame({"time": stamps, "price EUR/MWh": prices.ravel()}).to_csv(path, index=False)
    few = {f"populations.{name}.agents": 2 for name in ("buyers", "plants", "operators")}
    scenario, _ = scenario_of_prices(path, few)
    return scenario.source


def two_digits(value: float) -> float:
    return float(f"{value:.2g}")


@pytest.mark.parametrize(("spread", "negative"), [(200.0, 0.0), (200.0, 0.45), (20.0, 0.0)])
def test_what_customers_expect_comes_from_the_days_before(tmp_path: Path, spread: float, negative: float) -> None:
    """The median of the prices above 0, and the 90 % quantile of all, or a fifth above the first if that is more."""
    rng = np.random.default_rng(6)
    prices = rng.uniform(40, 40 + spread, (24, 24)).round(2)
    prices[rng.random(prices.shape) < negative] = -10.0
    prices[6::2] += 500.0  # of days that are played nothing is known
    tree = tree_of(tmp_path, prices)
    past = sorted(prices[:6].ravel())
    above = [price for price in past if price > 0]
    typical = two_digits((above[(len(above) - 1) // 2] + above[len(above) // 2]) / 2)
    place = 0.9 * (len(past) - 1)
    high = past[int(place)] + (place - int(place)) * (past[int(place) + 1] - past[int(place)])
    stress = two_digits(max(high, 1.2 * typical))
    assert {each["typical_price"] for each in tree["populations"].values()} == {typical}
    assert tree["populations"]["buyers"]["stress_price"] == stress
    assert tree["populations"]["plants"]["curtailment_price"] == stress
    assert (stress != two_digits(high)) == (spread < 30)
    assert str(tree["market"]["first_day"]) == "2023-06-07"
    assert tree["market"]["high"] < 500


@pytest.mark.parametrize("spread", [0.0, 4.0])
def test_days_that_are_all_alike_have_a_stress_price_inside_their_scale(tmp_path: Path, spread: float) -> None:
    """A fifth above the usual price is beyond a scale that fits days without any other."""
    prices = 40.0 + spread * np.random.default_rng(2).random((24, 24)).round(2)
    tree = tree_of(tmp_path, prices)
    low, high = tree["market"]["low"], tree["market"]["high"]
    stress = tree["populations"]["buyers"]["stress_price"]
    assert low < tree["populations"]["buyers"]["typical_price"] < stress < high
    assert stress > prices.max()
    assert tree["populations"]["plants"]["curtailment_price"] == stress
    # A day like all before it is as dear as the dearest of them, and as cheap as the cheapest.
    assert {"dear yesterday", "cheap yesterday"} < set(tree["subsequences"])


@pytest.mark.parametrize(
    ("days", "falling", "left_out"),
    [
        (6, False, {"weekend", "cheap yesterday"}),
        (6, True, {"weekend", "dear yesterday"}),
        (24, False, {"cheap yesterday"}),
    ],
)
def test_default_subsequences_without_a_day_are_left_out_and_told(
    tmp_path: Path, days: int, falling: bool, left_out: set[str]
) -> None:
    """Prices that rise from a Monday on: no day follows one that is cheaper than those before it."""
    path = tmp_path / "mine.csv"
    stamps = pd.date_range("2023-06-05", periods=24 * days, freq="h")
    prices = np.repeat(np.arange(days, dtype=float), 24) * (-1 if falling else 1) + 90.0
    pd.DataFrame({"time": stamps, "price EUR/MWh": prices}).to_csv(path, index=False)
    few = {f"populations.{name}.agents": 2 for name in ("buyers", "plants", "operators")}
    # Of six days the first is past, and the last a Saturday unless it is left out.
    scenario, choices = scenario_of_prices(path, few | ({"market.last_day": date(2023, 6, 9)} if days == 6 else {}))
    assert set(scenario.subsequences) == {"all", "weekend", "dear yesterday", "cheap yesterday"} - left_out
    assert {line for line in choices if "left out" in line} == {
        f"subsequence {name!r} is left out: no day of the run would be in it" for name in left_out
    }
    # One that somebody changed is theirs: it is not left out behind their back.
    key, quantile = ("dear", 0.999) if falling else ("cheap", 0.001)
    with pytest.raises(OmnisimError, match=f"subsequence '{key} yesterday' is empty"):
        scenario_of_prices(path, few | {f'subsequences."{key} yesterday".quantile': quantile})
