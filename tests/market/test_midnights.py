"""Clocks on which 00:00 closes the date that stands beside it: told by the order of the rows, or asked about."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from examples import spread
from source_files import EUROPE, days_of, local, pairs_of

from omnisim.errors import DataError
from omnisim.market import read_prices
from omnisim.market.guessing import guess
from omnisim.market.midnights import closing_midnights

BERLIN = "Europe/Berlin"
DAYS = {"summer": dt.date(2023, 6, 13), **EUROPE}
Row = Callable[[dt.datetime, dt.datetime, float], str]
"""What stands in the row of a period, from its begin and its end on the clock."""

FORMS: dict[str, tuple[str, Row]] = {
    "day and time": ("Date,Time,price", lambda t, end, p: f"{t:%Y-%m-%d},{end:%H:%M},{p}"),
    "hour ending": ("Date,Hour Ending,price", lambda t, end, p: f"{t:%d.%m.%Y},{end:%H:%M:%S},{p}"),
    "twelve hours": ("Date,Hour,price", lambda t, end, p: f"{t:%m/%d/%Y},{end:%I:%M %p},{p}"),
    "number": ("Date,Hour,price", lambda t, end, p: f"{t:%Y-%m-%d},{end.hour},{p}"),
    "one column": ("time,price", lambda t, end, p: f"{t:%Y-%m-%d} {end:%H:%M},{p}"),
    "one column, twelve hours": ("time,price", lambda t, end, p: f"{t:%m/%d/%Y} {end:%I:%M %p},{p}"),
}


def rows(form: str, season: str, newest_first: bool = False) -> tuple[str, np.ndarray]:
    """A file of that form, and what its days must be."""
    pairs = pairs_of(BERLIN, DAYS[season])
    head, row = FORMS[form]
    hour = dt.timedelta(hours=1)
    lines = [row(local(m, BERLIN), local(m + hour, BERLIN), p) for m, p in pairs]
    return "\n".join([head, *(reversed(lines) if newest_first else lines)]), days_of(pairs, BERLIN)


@pytest.mark.one_in(8)
@pytest.mark.parametrize(("form", "season", "newest_first"), spread(FORMS, DAYS, (False, True)))
def test_midnight_behind_the_other_hours_closes_its_date(
    tmp_path: Path, form: str, season: str, newest_first: bool
) -> None:
    text, expected = rows(form, season, newest_first)
    path = tmp_path / "a.csv"
    path.write_text(text)
    found = guess(path, {"timezone": BERLIN})
    np.testing.assert_allclose(found.market.prices, expected)
    assert any("00:00" in note and "close their period" in note for note in found.market.notes)
    columns: dict[str, Any] = (
        {"time": "time"} if "one column" in form else {"date": "Date", "period": text.split(",")[1]}
    )
    for stamp in ("end", None):
        np.testing.assert_allclose(read_prices(path, timezone=BERLIN, stamp=stamp, **columns).prices, expected)
    with pytest.raises(DataError, match="set stamp = 'end'"):
        read_prices(path, timezone=BERLIN, stamp="start", **columns)


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", ["{:%H:%M}", "{:%I:%M %p}", "{:%I %p}", "{0.hour}", "{:%H:%M:%S}"])
def test_the_last_column_of_a_wide_table_may_be_midnight(tmp_path: Path, name: str) -> None:
    pairs = pairs_of(BERLIN, DAYS["summer"])
    heads = [name.format(dt.datetime(2023, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=k)) for k in range(1, 25)]
    days = days_of(pairs, BERLIN)
    body = [f"{DAYS['summer'] + dt.timedelta(days=k)}," + ",".join(map(str, day)) for k, day in enumerate(days)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["Date," + ",".join(heads), *body]))
    np.testing.assert_allclose(read_prices(path, wide=True, date="Date").prices, days)
    for given in ({}, {"wide": True, "date": "Date"}):
        np.testing.assert_allclose(guess(path, given).market.prices, days)


def test_midnight_that_opens_the_next_date_is_read_as_before(tmp_path: Path) -> None:
    pairs = pairs_of(BERLIN, DAYS["summer"])
    ends = [local(m + dt.timedelta(hours=1), BERLIN) for m, _ in pairs]
    path = tmp_path / "a.csv"
    lines = [f"{e:%Y-%m-%d},{e:%H:%M},{p}" for e, (_, p) in zip(ends, pairs, strict=True)]
    path.write_text("\n".join(["Date,Time,price", *lines]))
    market = read_prices(path, date="Date", period="Time", stamp="end")
    np.testing.assert_allclose(market.prices, days_of(pairs, BERLIN))


def test_midnight_on_either_side_is_asked_about(tmp_path: Path) -> None:
    text, _ = rows("day and time", "summer")
    head, *lines = text.split("\n")
    lines[24:48] = [lines[47], *lines[24:47]]  # on the second of three days it stands first
    path = tmp_path / "a.csv"
    path.write_text("\n".join([head, *lines]))
    with pytest.raises(DataError, match=r"behind the other rows of 2 dates, and before those of 1: set stamp"):
        read_prices(path, date="Date", period="Time")
    assert read_prices(path, date="Date", period="Time", stamp="start").days == 3


@pytest.mark.parametrize("form", ["day and time", "one column"])
def test_a_trading_day_is_not_the_day_of_the_clock(tmp_path: Path, form: str) -> None:
    pairs = pairs_of(BERLIN, DAYS["summer"], days=5)
    head, row = FORMS[form]
    path = tmp_path / "a.csv"
    shifted = [(local(m - dt.timedelta(hours=4), BERLIN), local(m, BERLIN), p) for m, p in pairs]
    path.write_text("\n".join([head, *(row(*each) for each in shifted)]))
    with pytest.raises(DataError, match="trading day") as caught:
        guess(path)
    assert "\n" not in str(caught.value)


def closing(days: list[list[int]], stamp: str | None = None, newest_first: bool = False) -> list[bool]:
    """Which rows of dates with these values, in the order of the file, close their date."""
    rows = [(day, value) for day, values in enumerate(days) for value in values]
    rows = rows[::-1] if newest_first else rows
    found = closing_midnights("a.csv", "Hour", *(np.array(each) for each in zip(*rows, strict=True)), stamp)
    return found.tolist()


ENDING, OPENING, TRADING = [*range(1, 24), 0], [*range(24)], [*range(6, 24), *range(6)]


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_order_of_the_rows_of_a_date_tells_what_its_zero_is(newest_first: bool) -> None:
    marked = [value == 0 for value in ENDING] * 3
    assert closing([ENDING] * 3, None, newest_first) == (marked[::-1] if newest_first else marked)
    assert closing([OPENING] * 3, None, newest_first) == [False] * 72
    assert not any(closing([OPENING, ENDING, OPENING], "start", newest_first))
    assert sum(closing([OPENING, ENDING, ENDING], "end", newest_first)) == 2
    jumbled = [0, 5, 3, 9, 7, 8]  # tells nothing
    assert sum(closing([ENDING, jumbled, ENDING], None, newest_first)) == 2
    with pytest.raises(DataError, match="behind the other rows of 2 dates, and before those of 1: set stamp = 'start'"):
        closing([OPENING, ENDING, ENDING], None, newest_first)
    with pytest.raises(DataError, match="behind all other rows of its date, where no period begins: set stamp = 'end'"):
        closing([ENDING] * 2, "start", newest_first)


@pytest.mark.parametrize(("trading", "opening", "refused"), [(1, 0, False), (2, 0, True), (3, 3, False), (4, 3, True)])
def test_dates_that_go_over_midnight_and_on_are_refused_where_they_are_the_most(
    trading: int, opening: int, refused: bool
) -> None:
    """One alone may be a slip."""
    days = [TRADING] * trading + [OPENING] * opening
    if refused:
        with pytest.raises(
            DataError, match="go on beyond 00:00 in column 'Hour', so the date is not the one of the clock"
        ):
            closing(days)
    else:
        assert not any(closing(days))


def test_a_period_from_midnight_behind_all_others_of_its_date_is_the_first_of_the_next_day() -> None:
    """01 to 02 first, 00 to 01 last: told by both ends."""
    rows = [(f"2023-06-{day:02d}", f"{k % 24:02d} - {(k + 1) % 24:02d}", 24.0 * day + k)
            for day in (1, 2, 3) for k in range(1, 25)]  # fmt: skip
    market = read_prices(pd.DataFrame(rows, columns=["day", "hours", "price"]), date="day", period="hours")
    assert [str(day) for day in market.dates] == ["2023-06-02", "2023-06-03"]
    assert market.prices.tolist() == [[24.0 * day + k for k in range(24)] for day in (2, 3)]


def test_a_column_that_the_header_lacks_is_named(tmp_path: Path) -> None:
    text, _ = rows("day and time", "summer")
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(DataError, match="has no column 'Datum'"):
        guess(path, {"wide": True, "date": "Datum"})
