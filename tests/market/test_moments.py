"""Cells that no format of stamps reads are refused, however long they are, and names of clocks mean what they say."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from omnisim.errors import DataError
from omnisim.market.files import read_prices
from omnisim.market.moments import _ABBREVIATIONS, _LONGEST


@pytest.mark.parametrize("cell", ["9" * 5000, " " * 3000 + "1", "1 " * 2500, "x" * 5000, "12-" * 2000])
def test_cells_that_are_longer_than_any_stamp(tmp_path: Path, cell: str) -> None:
    """Shapes of formats would try every way to cut thousands of digits: this would not end."""
    pd.DataFrame({"time": [cell] * 48, "price": range(48)}).to_parquet(tmp_path / "prices.parquet")
    with pytest.raises(DataError, match=r"row 1: time is '.*it must be a timestamp such as") as refused:
        read_prices(tmp_path / "prices.parquet", time="time", price="price")
    assert "\n" not in str(refused.value)


def test_the_longest_stamps_are_read(tmp_path: Path) -> None:
    stamps = pd.date_range("2023-09-12", periods=48, freq="h")
    text = stamps.strftime("%d %B %Y %I:%M:%S %p")
    pd.DataFrame({"time": text, "price": range(48)}).to_csv(tmp_path / "prices.csv", index=False)
    market = read_prices(tmp_path / "prices.csv", time="time", price="price")
    assert [str(day) for day in market.dates] == ["2023-09-12", "2023-09-13"]
    assert max(map(len, text)) + len(" America/Argentina/Buenos_Aires") <= _LONGEST


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/London", "Europe/Lisbon", "Europe/Berlin", "Europe/Helsinki", "America/New_York", "America/Chicago",
        "America/Denver", "America/Los_Angeles", "Australia/Sydney", "Pacific/Auckland", "Asia/Tokyo",
    ],
)  # fmt: skip
def test_a_name_behind_a_time_is_as_many_hours_from_utc_as_its_zone(zone: str) -> None:
    """In winter and in summer."""
    for month in (1, 7):
        moment = dt.datetime(2023, month, 15, tzinfo=ZoneInfo(zone))
        assert _ABBREVIATIONS[str(moment.tzname())] * 3600 == moment.utcoffset().total_seconds()  # type: ignore[union-attr]


def test_german_names_of_clocks() -> None:
    assert (_ABBREVIATIONS["MEZ"], _ABBREVIATIONS["MESZ"]) == (_ABBREVIATIONS["CET"], _ABBREVIATIONS["CEST"])
