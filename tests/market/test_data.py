import datetime as dt
from typing import Any

import numpy as np
import pytest

from omnisim.errors import DataError
from omnisim.market import Market
from omnisim.market.data import Signal
from omnisim.market.distributions import Distribution


def days(first: str, last: str) -> Any:
    return np.arange(first, np.datetime64(last) + np.timedelta64(1, "D"), dtype="datetime64[D]")


def market(**changes: Any) -> Market:
    dates = days("2021-01-01", "2021-01-05")
    table = np.arange(120.0).reshape(5, 24)
    fields: dict[str, Any] = {
        "name": "toy", "dates": dates, "prices": table, "features": {"load_mw": table + 1},
        "forecasts": {"lear": table + 2}, "notes": ("kept",),
    }  # fmt: skip
    return Market(**{**fields, **changes})


def test_between_keeps_both_ends_and_every_table() -> None:
    part = market().between("2021-01-02", dt.date(2021, 1, 3))
    assert list(part.dates) == list(days("2021-01-02", "2021-01-03"))
    np.testing.assert_array_equal(part.prices, np.arange(24.0, 72.0).reshape(2, 24))
    np.testing.assert_array_equal(part.feature("load_mw"), part.prices + 1)
    np.testing.assert_array_equal(part.forecast("lear"), part.prices + 2)
    assert part.notes == ("kept",)
    assert market().between(None, None).days == 5
    assert market().between(np.datetime64("2021-01-05"), None).days == 1


@pytest.mark.parametrize(("start", "end"), [(1, 3), (0, 2), (2, 5), (0, 5)])
def test_signals_distributions_and_the_next_day_are_those_of_the_days(start: int, end: int) -> None:
    """What is known of the day after the last one goes with the last one."""
    table = np.arange(120.0).reshape(5, 24)
    spread = table[:, :, None] + np.array([1.0, 3.0])
    found = market(
        signals={"co2": Signal(2 * table, "kg/MWh", 3 * table), "noise": Signal(4 * table, "dB/MWh")},
        distributions={"lear": Distribution.of_quantiles([0.25, 0.75], spread)},
        next_day={"lear": np.full(24, 7.0)},
    )
    part = found.between(found.dates[start], found.dates[end - 1])
    kept = table[start:end]
    np.testing.assert_array_equal(part.signals["co2"].series, 2 * kept)
    np.testing.assert_array_equal(part.signals["co2"].told, 3 * kept)
    # Without a forecast, those of the day before are known; of the first day, its own stand in.
    np.testing.assert_array_equal(part.signals["noise"].told, 4 * np.concatenate([kept[:1], kept[:-1]]))
    np.testing.assert_array_equal(part.distributions["lear"].mean, kept + 2)
    assert list(part.next_day) == (["lear"] if end == 5 else [])


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (
            "2020-12-31",
            None,
            "start 2020-12-31 is outside the data; days 2021-01-01 to 2021-01-05 are available",
        ),
        (None, "2021-01-06", "end 2021-01-06 is outside the data; days 2021-01-01 to 2021-01-05 are"),
        ("2021-01-04", "2021-01-02", "start 2021-01-04 comes after end 2021-01-02"),
        ("soon", None, "start is 'soon': a day such as 2021-12-31 is needed"),
        (None, "NaT", "end is 'NaT': a day such as 2021-12-31 is needed"),
    ],
)
def test_between_names_what_is_available(start: str | None, end: str | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        market().between(start, end)


def test_between_days_that_were_dropped() -> None:
    gapped = Market("toy", np.array(["2021-01-01", "2021-01-05"], "datetime64[D]"), np.ones((2, 24)))
    with pytest.raises(DataError, match=r"every day from 2021-01-02 to 2021-01-03 was dropped"):
        gapped.between("2021-01-02", "2021-01-03")


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(DataError, match=r"no feature 'load_mv': did you mean 'load_mw'"):
        market().feature("load_mv")
    with pytest.raises(DataError, match=r"no forecast 'dnn': available: lear"):
        market().forecast("dnn")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prices": np.ones((5, 23))}, "prices of toy must have shape"),
        ({"prices": np.full((5, 24), np.nan)}, "is nan"),
        ({"features": {"load": np.ones((4, 24))}}, "features 'load' of toy must have shape"),
        ({"forecasts": {"x": np.full((5, 24), np.inf)}}, "forecasts 'x' of toy"),
        ({"dates": days("2021-01-01", "2021-01-05")[::-1]}, "dates must increase"),
        ({"dates": np.array([], "datetime64[D]")}, "at least one day"),
    ],
)
def test_inconsistent_records_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        market(**changes)


def test_arrays_are_read_only_copies() -> None:
    prices = np.ones((5, 24))
    record = market(prices=prices)
    prices[0, 0] = 7
    assert record.prices[0, 0] == 1
    with pytest.raises(ValueError, match=r"read-only"):
        record.prices[0, 0] = 2
    with pytest.raises(TypeError):
        record.features["new"] = prices  # type: ignore[index]
