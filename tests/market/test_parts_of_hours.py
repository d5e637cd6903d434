"""An hour in one column and the part of it in another, and columns of periods that autumn adds."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from examples import spread
from source_files import AMERICA, EUROPE, days_of, local, pairs_of

from omnisim.errors import DataError
from omnisim.market import read_prices
from omnisim.market.guessing import guess
from omnisim.market.parts_of_hours import parts_of_hours
from omnisim.market.period_codes import is_beginning, is_ending, parse_period
from omnisim.market.table_files import read_table

CHICAGO, BERLIN = "America/Chicago", "Europe/Berlin"


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("season", "parts", "written"), spread(("spring", "autumn"), (4, 2, 12), ("number", "minute")))
def test_an_hour_and_its_part(tmp_path: Path, season: str, parts: int, written: str) -> None:
    length = 60 // parts
    pairs = pairs_of(CHICAGO, AMERICA[season], minutes=length)
    rows = []
    for moment, price in pairs:
        t = local(moment, CHICAGO)
        part = t.minute // length + 1 if written == "number" else t.minute
        rows.append(f"{t:%m/%d/%Y},{t.hour + 1},{part},{'Y' if t.fold else 'N'},HB_NORTH,{price}")
    path = tmp_path / "a.csv"
    head = (
        "Delivery Date,Delivery Hour,Delivery Interval,Repeated Hour Flag,Settlement Point Name,Settlement Point Price"
    )
    path.write_text("\n".join([head, *rows]))
    expected = days_of(pairs, CHICAGO, 24 * parts)
    found = guess(path, {"timezone": CHICAGO})
    assert found.keys["period"] == ["Delivery Hour", "Delivery Interval"]
    np.testing.assert_allclose(found.market.prices, expected)
    np.testing.assert_allclose(read_prices(path, **found.keys).prices, expected)


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("Hour", [str(k) for k in range(1, 25)]),
        ("Hour", [str(k) for k in range(1, 24)]),  # numbers count from 1 unless there is a 0
        ("Hour", [str(k) for k in range(24)]),
        ("Hour", [f"{k:02d}:00" for k in range(24)]),
        ("Hour", [f"{k:02d}:00" for k in range(1, 25)]),
        ("Hour Ending", [f"{k:02d}:00" for k in range(1, 24)]),
        ("Hour", [f"{k:02d}:00 - {k + 1:02d}:00" for k in range(24)]),
    ],
)
@pytest.mark.parametrize("parts", [2, 4])
def test_a_row_is_told_from_when_to_when_it_is(name: str, hours: list[str], parts: int) -> None:
    """Every list of hours begins at midnight."""
    rows = [(hour, str(part)) for hour in hours for part in range(1, parts + 1)]
    table = read_table(pd.DataFrame(rows, columns=[name, "Part"]))
    found, column = parts_of_hours(table, [name, "Part"])
    length = 60 // parts
    begins = [60 * hour + length * part for hour in range(len(hours)) for part in range(parts)]
    assert column == f"{name} and Part"
    assert found.frame[column].tolist() == [
        f"{b // 60:02d}:{b % 60:02d} - {(b + length) // 60:02d}:{(b + length) % 60:02d}" for b in begins
    ]


def test_parts_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Date,Hour,Quarter,price\n2023-01-01,1,1,5\n2023-01-01,1,7,5\n")
    with pytest.raises(DataError, match="'Quarter' holds '1', '7': it must count the parts of an hour"):
        read_prices(path, date="Date", period=["Hour", "Quarter"], price="price")
    path.write_text("Date,Hour,Half,price\n2023-01-01,25,1,5\n2023-01-01,1,2,5\n")
    with pytest.raises(DataError, match="Hour is '25'"):
        read_prices(path, date="Date", period=["Hour", "Half"], price="price")


@pytest.mark.parametrize("mark", ["B", " B", " (B)"])
def test_the_second_pass_of_autumn_in_a_column_of_its_own(tmp_path: Path, mark: str) -> None:
    pairs = pairs_of(BERLIN, EUROPE["autumn"])
    names = [f"{k:02d} - {k + 1:02d}" for k in range(24)]
    names.insert(3, names[2] + mark)
    days: dict[dt.date, dict[str, float]] = {}
    for moment, price in pairs:
        t = local(moment, BERLIN)
        days.setdefault(t.date(), {})[f"{t.hour:02d} - {t.hour + 1:02d}" + mark * t.fold] = price
    path = tmp_path / "a.csv"
    rows = [f"{day}," + ",".join(str(row.get(name, "")) for name in names) for day, row in days.items()]
    path.write_text("\n".join(["Date," + ",".join(names), *rows]))
    market = read_prices(path, wide=True, date="Date", timezone=BERLIN)
    np.testing.assert_allclose(market.prices, days_of(pairs, BERLIN))


def test_columns_of_a_wide_table_that_are_left_out_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    names = [*map(str, range(1, 25)), "3 again"]
    path.write_text("Date," + ",".join(names) + "\n2023-01-01," + ",".join(map(str, range(20, 45))))
    market = read_prices(path, wide=True, date="Date")
    assert "columns that name no period were left out: 3 again" in market.notes


@pytest.mark.parametrize(
    ("cells", "minutes"),
    [
        (["00:30", "0:30", "00.30", "00h30", "00:30:00", "HB 00:30"], 30),
        (["12 am", "12:00 AM", "00:00"], 0),
        (["12 pm", "12:00 PM", "12:00"], 720),
        (["1 pm", "01:00 PM", "13:00", "HE 13:00"], 780),
        (["24:00"], 1440),
    ],
)
def test_times_of_the_clock(cells: list[str], minutes: int) -> None:
    for cell in cells:
        code = parse_period(cell)
        assert code is not None, cell
        assert (code.kind, code.value, code.end, code.later) == ("clock", minutes, None, False)


@pytest.mark.parametrize("cell", ["24:01", "24:30", "25:00", "12:60", "0 - 25", "-1", "x", ""])
def test_what_is_no_period(cell: str) -> None:
    code = parse_period(cell)
    assert code is None or (cell in ("24:01", "24:30") and code.value > 1440)


@pytest.mark.parametrize(
    ("cell", "begins", "ends"),
    [("00 - 01", 0, 60), ("23 - 24", 1380, 1440), ("23:00-00:00", 1380, 1440), ("22:45 to 23:00", 1365, 1380),
     ("23 bis 0", 1380, 1440), ("11 am - 12 pm", 660, 720)],
)  # fmt: skip
def test_periods_by_both_ends(cell: str, begins: int, ends: int) -> None:
    code = parse_period(cell)
    assert code is not None
    assert (code.kind, code.value, code.end) == ("clock", begins, ends)


@pytest.mark.parametrize(
    ("cell", "number", "later", "marked"),
    [
        ("3", 3, False, False), ("HE 3", 3, False, False), ("3A", 3, False, True), ("3B", 3, True, True),
        ("3X", 3, True, True), ("HE02*", 2, True, True), ("2 h", 2, False, False), ("03.0", 3, False, False),
        ("H01Q1", 1, False, False), ("H01Q4", 4, False, False), ("H03Q2", 10, False, False), ("H3AQ1", 9, False, True),
        ("H3BQ4", 12, True, True),
    ],
)  # fmt: skip
def test_numbers_of_periods_and_marks_of_what_autumn_repeats(cell: str, number: int, later: bool, marked: bool) -> None:
    code = parse_period(cell)
    assert code is not None
    assert (code.kind, code.value, code.later, code.marked) == ("number", number, later, marked)
    assert code.quarter == ("Q" in cell)


@pytest.mark.parametrize(
    ("names", "ending", "beginning"),
    [
        (["Hour Ending", "datetime_ending_ept", "Ende", "bis", "heure fin", "HE", "interval_end", "HourEnded"], 1, 0),
        (["Start", "time_from", "von", "Beginn", "HB", "datetime_beginning_utc", "IntervalStart"], 0, 1),
        (["time", "weekend", "spending", "hour", "sender", "forum"], 0, 0),
    ],
)
def test_names_that_say_which_end_stamps_are(names: list[str], ending: int, beginning: int) -> None:
    for name in names:
        assert (is_ending(name), is_beginning(name)) == (bool(ending), bool(beginning)), name


def periods_of_days(counts: dict[str, int], first: int = 1) -> pd.DataFrame:
    """So many periods on each day, with a price that tells them apart."""
    rows = [(day, k + first, 100.0 * d + k) for d, (day, count) in enumerate(counts.items()) for k in range(count)]
    return pd.DataFrame(rows, columns=["day", "number", "price"])


SPRING, AUTUMN = {"2023-03-25": 24, "2023-03-26": 23, "2023-03-27": 24}, {"2023-10-28": 24, "2023-10-29": 25}


@pytest.mark.parametrize("counts", [SPRING, AUTUMN], ids=["spring", "autumn"])
@pytest.mark.one_in(2)
@pytest.mark.parametrize(("minutes", "first"), [(60, 1), (30, 1), (15, 1), (15, 0)])
def test_numbers_count_the_periods_that_a_day_has(counts: dict[str, int], minutes: int, first: int) -> None:
    """By loops: the first two hours stand where they do, what follows an hour later or earlier on the day of change."""
    per, resolution = 60 // minutes, {60: "hour", 30: "30min", 15: "15min"}[minutes]
    frame = periods_of_days({day: count * per for day, count in counts.items()}, first)
    market = read_prices(frame, date="day", period="number", timezone=BERLIN, resolution=resolution)  # type: ignore[arg-type]
    for d, (day, count) in enumerate(counts.items()):
        for k in range(24 * per):
            hour, before = k // per, 100.0 * d
            if count == 24:
                wanted = before + k
            elif count == 23 and hour == 2:  # on the line between the last before and the first after
                wanted = before + 2 * per - 1 + (k - 2 * per + 1) / (per + 1)
            elif count == 25 and hour == 2:
                wanted = before + k + per / 2
            else:
                wanted = before + k + per * (count - 24) * (hour > 2)
            assert market.prices[d, k] == pytest.approx(wanted), (day, k)


def test_all_24_numbers_on_a_day_of_23_hours_are_those_of_the_clock() -> None:
    """And a day that leaves one out."""
    frame = periods_of_days(dict.fromkeys(SPRING, 24))
    kept = read_prices(frame, date="day", period="number", timezone=BERLIN)
    assert kept.prices.ravel().tolist() == frame["price"].tolist()
    left_out = frame[~((frame["day"] == "2023-03-26") & (frame["number"] == 3))]
    market = read_prices(left_out, date="day", period="number", timezone=BERLIN)
    assert market.prices[1].tolist() == [100, 101, 102, *range(103, 124)]


@pytest.mark.parametrize(
    ("counts", "keys", "said"),
    [
        (SPRING | {"2023-03-27": 25}, {"timezone": BERLIN}, "has 24 periods in Europe/.* goes to 25: is time"),
        (AUTUMN, {}, "2023-10-29 has a period 25 in column 'number': on the day of a clock change timezone must name"),
        (AUTUMN | {"2023-10-29": 26}, {"timezone": BERLIN}, "has 25 periods in Europe/Berlin, but .* goes to 26"),
    ],
)  # fmt: skip
def test_numbers_that_a_day_does_not_have(counts: dict[str, int], keys: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_prices(periods_of_days(counts), date="day", period="number", **keys)


@pytest.mark.parametrize("last", [24, 48, 96])
def test_numbers_from_0_to_as_many_as_a_day_has_are_refused(last: int) -> None:
    frame = periods_of_days({"2023-06-01": last + 1, "2023-06-02": last + 1}, 0)
    with pytest.raises(DataError, match=f"counts from 0 and to {last}: it must be one of both"):
        read_prices(frame, date="day", period="number")


@pytest.mark.parametrize("first", [0, 1])
def test_hundreds_are_times_of_the_clock(first: int) -> None:
    rows = [("2023-06-01", 100 * hour, float(hour)) for hour in range(first, first + 24)]
    market = read_prices(pd.DataFrame(rows, columns=["day", "time", "price"]), date="day", period="time", price="price")
    assert (str(market.dates[0]), market.prices[0].tolist()) == ("2023-06-01", [first + hour for hour in range(24)])


def test_a_zero_behind_the_other_numbers_of_a_day_is_its_last_hour() -> None:
    rows = [(f"2023-06-{day:02d}", hour % 24, 100.0 * day + hour) for day in (1, 2) for hour in range(1, 25)]
    market = read_prices(pd.DataFrame(rows, columns=["day", "number", "price"]), date="day", period="number")
    assert market.prices.tolist() == [[100.0 * day + hour for hour in range(1, 25)] for day in (1, 2)]


def test_a_file_whose_numbers_become_quarters_keeps_its_hours_before() -> None:
    """A last day that is cut short is one of quarters too, and its rows are left out."""
    frame = periods_of_days({"2023-06-01": 24, "2023-06-02": 24, "2023-06-03": 96, "2023-06-04": 96, "2023-06-05": 48})
    market = read_prices(frame, date="day", period="number")
    assert market.prices[1].tolist() == [100.0 + hour for hour in range(24)]
    assert market.prices[3].tolist() == [300 + 4 * hour + 1.5 for hour in range(24)]
    assert market.days == 4


def test_only_what_is_empty_behind_the_last_price_of_a_day_is_no_period(tmp_path: Path) -> None:
    """A gap before it is one; and so is the second pass of what autumn repeats on any other day, wherever it stands."""
    names = ["day", *map(str, range(1, 4)), "3B", *map(str, range(4, 25))]
    rows = [[f"2023-06-{d:02d}", *(100 * d + k for k in range(3)), "", *(100 * d + k for k in range(3, 24))]
            for d in (1, 2)]  # fmt: skip
    path = tmp_path / "a.csv"

    def write() -> None:
        path.write_text("\n".join(",".join(map(str, row)) for row in [names, *rows]))

    write()
    market = read_prices(path, wide=True, date="day", timezone=BERLIN)
    assert market.prices.tolist() == [[100 * d + k for k in range(24)] for d in (1, 2)]
    rows[0][7] = ""
    write()
    with pytest.raises(DataError, match="hour 2023-06-01 05:00 has no price"):
        read_prices(path, wide=True, date="day", timezone=BERLIN)
    for columns, fewest in ((23, False), (22, True)):
        frame = pd.DataFrame([["2023-06-01", *range(columns)]], columns=["day", *map(str, range(1, columns + 1))])
        with pytest.raises(
            DataError, match=f"{columns} of its columns are named so" if fewest else "no price|whole day"
        ):
            read_prices(frame, wide=True, date="day")


def test_the_25th_column_of_a_wide_table_is_there_for_autumn_only() -> None:
    days = {"2023-10-28": 24, "2023-10-29": 25, "2023-10-30": 24}
    rows = [
        [day, *(100 * d + k if k < count else "" for k in range(25))] for d, (day, count) in enumerate(days.items())
    ]
    frame = pd.DataFrame(rows, columns=["day", *(f"H{k}" for k in range(1, 26))])
    market = read_prices(frame, wide=True, date="day", timezone=BERLIN)
    assert market.prices[[0, 2]].tolist() == [[100 * d + k for k in range(24)] for d in (0, 2)]
    assert market.prices[1].tolist() == [100, 101, 102.5, *range(104, 125)]
