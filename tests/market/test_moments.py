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


EPOCHS = {
    "unix": (dt.datetime.fromisoformat("1970-01-01"), dt.timedelta(seconds=1)),
    "unix_ms": (dt.datetime.fromisoformat("1970-01-01"), dt.timedelta(milliseconds=1)),
    "excel": (dt.datetime.fromisoformat("1899-12-30"), dt.timedelta(days=1)),
}


@pytest.mark.parametrize("form", [*EPOCHS, None])
def test_stamps_of_the_years_in_which_there_are_markets(form: str | None) -> None:
    """Counted from an epoch, or as text."""
    zone = None if form in (None, "excel") else "UTC"
    for first, read in (("1899-12-31", False), ("1900-01-01", True), ("2199-12-31", True), ("2200-01-01", False)):
        hours = [dt.datetime.fromisoformat(first) + dt.timedelta(hours=k) for k in range(24)]
        cells = [str(t) if form is None else (t - EPOCHS[form][0]) / EPOCHS[form][1] for t in hours]
        frame = pd.DataFrame({"time": cells, "price": range(24)})
        if read:
            market = read_prices(frame, time="time", time_format=form, timezone=zone)
            assert (str(market.dates[0]), market.prices[0].tolist()) == (first, [*range(24)])
        else:
            with pytest.raises(DataError, match=r"row 1: .*(1900 to 2199|from 1900 to 2199)"):
                read_prices(frame, time="time", time_format=form, timezone=zone)


@pytest.mark.parametrize("form", EPOCHS)
@pytest.mark.parametrize("first", ["1990-01-01", "2060-01-01"])
def test_numbers_that_count_from_an_epoch_are_told_with_their_key(form: str, first: str) -> None:
    start = (dt.datetime.fromisoformat(first) - EPOCHS[form][0]) / EPOCHS[form][1]
    step = dt.timedelta(hours=1) / EPOCHS[form][1]
    frame = pd.DataFrame({"time": [start + k * step for k in range(24)], "price": range(24)})
    with pytest.raises(DataError, match=rf"set time_format = '{form}'\)"):
        read_prices(frame, time="time")


@pytest.mark.parametrize(("month", "days"), [("01", range(2, 6)), ("11", range(9, 13))])
def test_year_month_and_day_in_columns_of_their_own_are_in_no_doubt(month: str, days: range) -> None:
    """Nothing is found out about their order, and so nothing is told."""
    rows = [(2023, int(month), day, hour + 1, 10.0 * day + hour) for day in days for hour in range(24)]
    frame = pd.DataFrame(rows, columns=["y", "m", "d", "hour", "price"])
    market = read_prices(frame, date=["y", "m", "d"], period="hour", price="price")
    assert [str(day) for day in market.dates] == [f"2023-{month}-{day:02d}" for day in days]
    assert market.notes == ()
    assert market.prices[1, 7] == 10.0 * days[1] + 7


@pytest.mark.parametrize("name", ["ts_utc", "MTU (GMT)"])
def test_a_column_that_is_called_utc_beside_a_zone(name: str) -> None:
    """London has the clock of UTC in winter only."""
    frame = pd.DataFrame({name: pd.date_range("2023-01-10", periods=24, freq="h"), "price": range(24)})
    for zone in ("Europe/London", "Europe/Berlin"):
        with pytest.raises(DataError, match=r"says UTC, but its stamps carry no offset .* set file_timezone = 'UTC'"):
            read_prices(frame, timezone=zone)
    for zone in ("UTC", "Etc/UTC", "GMT"):
        assert read_prices(frame, timezone=zone).prices[0].tolist() == [*range(24)]


@pytest.mark.parametrize(
    ("zone", "clocks"),
    [
        ("America/New_York", "EST EDT"), ("America/Chicago", "CST CDT"), ("Europe/Berlin", "CET CEST"),
        ("Europe/Berlin", "MEZ MESZ"), ("Australia/Sydney", "AEST AEDT"),
    ],
)  # fmt: skip
def test_names_of_clocks_behind_the_stamps_of_a_file(zone: str, clocks: str) -> None:
    """The day of 25 hours: what occurs twice is told apart by the name behind it."""
    day = {"America": "2023-11-05", "Europe": "2023-10-29", "Australia": "2023-04-02"}[zone.partition("/")[0]]
    starts = pd.date_range(day, pd.Timestamp(day) + pd.Timedelta(days=1), freq="h", tz=zone, inclusive="left")
    assert len(starts) == 25
    names = dict(zip((False, True), clocks.split(), strict=True))
    cells = [f"{t:%d.%m.%Y %H:%M} {names[bool(t.dst())]}" for t in starts]
    market = read_prices(pd.DataFrame({"time": cells, "price": range(25)}), time_format=None, timezone=zone)
    by_hour: dict[int, list[int]] = {}
    for k, t in enumerate(starts):
        by_hour.setdefault(t.hour, []).append(k)
    assert market.prices[0].tolist() == [sum(by_hour[hour]) / len(by_hour[hour]) for hour in range(24)]


@pytest.mark.parametrize("literal", ["Z", "UTC", "GMT", "+00:00", "-0000"])
def test_a_literal_for_utc_at_the_end_of_a_format_is_asked_about(literal: str) -> None:
    frame = pd.DataFrame({"time": [f"2023-01-10T{hour:02d}:00{literal}" for hour in range(24)], "price": range(24)})
    with pytest.raises(DataError, match=r"ends with a literal .* write '%Y-%m-%dT%H:%M%z'"):
        read_prices(frame, time_format=f"%Y-%m-%dT%H:%M{literal}")


def test_how_stamps_with_an_offset_were_read_is_told_where_it_is_no_standard() -> None:
    cells = [f"13/01/2023 {hour:02d}:00+00:00" for hour in range(24)]
    market = read_prices(pd.DataFrame({"time": cells, "price": range(24)}), timezone="UTC")
    assert (str(market.dates[0]), market.notes) == ("2023-01-13", ("stamps were read as %d/%m/%Y %H:%M%z",))


def test_stamps_with_an_offset_need_no_zone_of_the_file() -> None:
    cells = [f"2023-01-10T{hour:02d}:00Z" for hour in range(24)]
    with pytest.raises(DataError, match="column 'time' carries UTC offsets: leave file_timezone out"):
        read_prices(pd.DataFrame({"time": cells, "price": range(24)}), timezone="UTC", file_timezone="UTC")


def test_a_cell_without_an_offset_among_others_that_have_one() -> None:
    cells = [f"2023-01-10T{hour:02d}:00{'Z' if hour != 7 else ''}" for hour in range(24)]
    with pytest.raises(DataError, match=r"row 8: time is '2023-01-10T07:00'.*without a UTC offset: other rows have"):
        read_prices(pd.DataFrame({"time": cells, "price": range(24)}), timezone="UTC")


@pytest.mark.one_in(2)
@pytest.mark.parametrize("sign", "/-")
@pytest.mark.parametrize(("form", "other"), [("%d{0}%m{0}%Y", "%m{0}%d{0}%Y"), ("%m{0}%d{0}%Y", "%d{0}%m{0}%Y")])
def test_of_two_orders_of_day_and_month_the_one_in_which_days_follow(form: str, other: str, sign: str) -> None:
    """March 1 to 4, which are January 3 to April 3 the other way round; hours follow each other in either order."""
    form, other = form.format(sign), other.format(sign)
    stamps = pd.date_range("2023-03-01", periods=4 * 24, freq="h")
    frame = pd.DataFrame({"day": stamps.strftime(form), "hour": stamps.hour + 1, "price": range(96)})
    market = read_prices(frame, date="day", period="hour")
    assert [str(day) for day in market.dates] == [f"2023-03-{day:02d}" for day in range(1, 5)]
    assert market.notes == (f"dates were read as {form}",)
    frame = pd.DataFrame({"time": stamps.strftime(f"{form} %H:%M"), "price": range(96)})
    with pytest.raises(DataError, match=r"can be read as .* declare time_format") as asked:
        read_prices(frame)
    assert f"{form} %H:%M" in str(asked.value)
    assert f"{other} %H:%M" in str(asked.value)
    market = read_prices(frame, time_format=f"{form} %H:%M")
    assert (str(market.dates[3]), market.prices[3, 5]) == ("2023-03-04", 77)
