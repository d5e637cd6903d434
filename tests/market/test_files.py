"""Loaders on tiny files: every policy by hand-computed values, every refusal by its message."""

import datetime as dt
import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from source_files import AMERICA, EUROPE, days_of, pairs_of

from omnisim.errors import DataError
from omnisim.market import read_prices

Row = tuple[str, Any]


def write(folder: Path, rows: Iterable[Sequence[object]], header: str = "time,price", name: str = "p.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def naive(start: str, periods: int, first: float = 0.0) -> list[Row]:
    hours = pd.date_range(start, periods=periods, freq="h")
    return [(f"{hour:%Y-%m-%d %H:%M}", first + i) for i, hour in enumerate(hours)]


def utc(start: str, periods: int) -> list[Row]:
    hours = pd.date_range(start, periods=periods, freq="h", tz="UTC")
    return [(hour.isoformat(), float(i)) for i, hour in enumerate(hours)]


def test_plain_days(tmp_path: Path) -> None:
    market = read_prices(write(tmp_path, naive("2021-01-01", 48)))
    np.testing.assert_array_equal(market.prices, np.arange(48.0).reshape(2, 24))
    assert [str(day) for day in market.dates] == ["2021-01-01", "2021-01-02"]
    assert (market.name, market.currency, market.notes) == ("p", "EUR", ())


def test_features_forecasts_and_spaces_in_the_header(tmp_path: Path) -> None:
    rows = [(stamp, value, value * 2, value * 3) for stamp, value in naive("2021-01-01", 24, 1.0)]
    path = write(tmp_path, rows, "time, price , load_mw, lear")
    market = read_prices(path, features=["load_mw"], forecasts=["lear"], currency="USD", name="toy")
    np.testing.assert_array_equal(market.feature("load_mw"), market.prices * 2)
    np.testing.assert_array_equal(market.forecast("lear"), market.prices * 3)
    assert (market.name, market.currency) == ("toy", "USD")


def test_rows_out_of_order_are_sorted_and_noted(tmp_path: Path) -> None:
    market = read_prices(write(tmp_path, reversed(naive("2021-01-01", 24))))
    np.testing.assert_array_equal(market.prices[0], np.arange(24.0))
    assert market.notes == ("the rows were not in the order of time and were sorted",)


def test_european_csv(tmp_path: Path) -> None:
    path = tmp_path / "eu.csv"
    rows = [f"01.02.2021 {hour:02d}:00;{hour},5" for hour in range(24)]
    path.write_text("\n".join(["Zeit;Preis", *rows]))
    market = read_prices(path, price="Preis", separator=";", decimal=",", time_format="%d.%m.%Y %H:%M")
    np.testing.assert_array_equal(market.prices[0], np.arange(24) + 0.5)
    assert str(market.dates[0]) == "2021-02-01"


def test_select_picks_one_market(tmp_path: Path) -> None:
    rows = [(stamp, value, zone) for zone in ("A", "B") for stamp, value in naive("2021-01-01", 24, ord(zone))]
    path = write(tmp_path, rows, "time,price,zone")
    assert read_prices(path, select={"zone": "B"}).prices[0, 0] == ord("B")
    with pytest.raises(DataError, match=r"p.csv: no row has zone 'C': available: A, B"):
        read_prices(path, select={"zone": "C"})
    with pytest.raises(DataError, match=r"hour 2021-01-01 00:00 occurs 2 times, in lines 2, 26"):
        read_prices(path)


def test_compressed_csv(tmp_path: Path) -> None:
    plain = write(tmp_path, naive("2021-01-01", 24))
    packed = tmp_path / "p.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    np.testing.assert_array_equal(read_prices(packed).prices, read_prices(plain).prices)


# Clock changes. Berlin, 2021-03-28: hour 02 is skipped; 2021-10-31: hour 02 occurs twice.


def test_spring_hour_of_utc_file_is_interpolated(tmp_path: Path) -> None:
    # 23 UTC hours make the local day; local hour 01 is value 1 and local hour 03 is value 2.
    path = write(tmp_path, utc("2021-03-27 23:00", 23))
    market = read_prices(path, timezone="Europe/Berlin")
    assert list(market.prices[0]) == [0.0, 1.0, 1.5, *np.arange(2.0, 22.0), 22.0]
    assert market.notes == ("2021-03-28: hour 02 does not exist (clock change), filled by interpolation",)
    with pytest.raises(DataError, match=r"hour 02 does not exist.*set clock_change to 'average' or 'first'"):
        read_prices(path, timezone="Europe/Berlin", clock_change="error")


@pytest.mark.parametrize(
    ("policy", "expected", "done"), [("average", 2.5, "averaged"), ("first", 2.0, "the first was kept")]
)
@pytest.mark.parametrize("clock", ["utc", "naive"])
def test_autumn_hour(tmp_path: Path, clock: str, policy: Any, expected: float, done: str) -> None:
    rows = utc("2021-10-30 22:00", 25)
    if clock == "naive":
        local = [*range(3), *range(2, 24)]
        rows = [(f"2021-10-31 {hour:02d}:00", value) for hour, (_, value) in zip(local, rows, strict=True)]
    path = write(tmp_path, rows)
    market = read_prices(path, timezone="Europe/Berlin", clock_change=policy)
    assert list(market.prices[0]) == [0.0, 1.0, expected, *np.arange(4.0, 25.0)]
    assert market.notes == (f"2021-10-31: hour 02 occurs twice (clock change), {done}",)
    with pytest.raises(DataError, match=r"hour 2021-10-31 02:00 occurs twice"):
        read_prices(path, timezone="Europe/Berlin", clock_change="error")


def test_naive_spring_day_needs_the_zone_or_the_value(tmp_path: Path) -> None:
    rows = naive("2021-03-28", 24)
    without = write(tmp_path, rows[:2] + rows[3:])
    assert read_prices(without, timezone="Europe/Berlin").prices[0, 2] == 2.0
    with pytest.raises(DataError, match=r"hour 2021-03-28 02:00 has no price.*declare timezone"):
        read_prices(without)
    whole = write(tmp_path, rows, name="whole.csv")
    assert read_prices(whole).notes == ()
    (note,) = read_prices(whole, timezone="Europe/Berlin").notes
    assert note == "2021-03-28: hour 02 does not exist (clock change), the file's own value was kept"


def test_offsets_that_change_over_the_year(tmp_path: Path) -> None:
    hours = pd.date_range("2021-10-31", periods=25, freq="h", tz="Europe/Berlin")
    path = write(tmp_path, [(hour.isoformat(), i) for i, hour in enumerate(hours)])
    assert read_prices(path, timezone="Europe/Berlin").prices[0, 2] == 2.5


def test_incomplete_first_and_last_days_are_left_out_and_noted(tmp_path: Path) -> None:
    market = read_prices(write(tmp_path, utc("2021-01-01 00:00", 48)), timezone="Europe/Berlin")
    assert [str(day) for day in market.dates] == ["2021-01-02"]
    np.testing.assert_array_equal(market.prices[0], np.arange(23.0, 47.0))
    assert market.notes == (
        "2021-01-01: the first day begins at 01:00 and was left out",
        "2021-01-03: the last day ends after hour 00 and was left out",
    )


# Missing values.


def holed(hours: Iterable[int]) -> list[Row]:
    rows = naive("2021-01-01", 72)
    return [(stamp, "" if i in set(hours) else value) for i, (stamp, value) in enumerate(rows)]


@pytest.mark.parametrize("absent", [False, True])
def test_interpolation_of_short_gaps(tmp_path: Path, absent: bool) -> None:
    rows = holed([30, 31, 32, 40])
    path = write(tmp_path, [row for row in rows if not (absent and row[1] == "")])
    market = read_prices(path, missing="interpolate")
    np.testing.assert_allclose(market.prices.ravel(), np.arange(72.0), atol=1e-12)
    (note,) = market.notes
    start = "4 missing hours of price filled by interpolation: "
    assert note == start + "2021-01-02 06:00, 2021-01-02 07:00, 2021-01-02 08:00, 2021-01-02 16:00"
    with pytest.raises(DataError, match=r"hour 2021-01-02 06:00 has no price \(4 such hours\): set missing"):
        read_prices(path)


def test_gaps_too_long_or_at_the_edge_are_not_interpolated(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"4 hours without price from 2021-01-02 06:00.*at most 3 in a row"):
        read_prices(write(tmp_path, holed(range(30, 34))), missing="interpolate")
    for hour in (0, 71):
        with pytest.raises(DataError, match=r"lies at the edge of the data"):
            read_prices(write(tmp_path, holed([hour])), missing="interpolate")


def test_drop_day(tmp_path: Path) -> None:
    market = read_prices(write(tmp_path, holed([30, 31])), missing="drop_day")
    assert [str(day) for day in market.dates] == ["2021-01-01", "2021-01-03"]
    np.testing.assert_array_equal(market.prices[1], np.arange(48.0, 72.0))
    assert market.notes == ("1 day with missing hours dropped: 2021-01-02",)
    with pytest.raises(DataError, match=r"every day has a missing hour"):
        read_prices(write(tmp_path, holed([5, 30, 60])), missing="drop_day")


def test_long_lists_in_notes_are_counted(tmp_path: Path) -> None:
    market = read_prices(write(tmp_path, holed(range(2, 16, 2))), missing="interpolate")
    (note,) = market.notes
    assert note.startswith("7 missing hours of price")
    assert note.endswith("10:00 and 2 more")


def test_spring_hour_beside_a_gap_follows_the_policy_for_gaps(tmp_path: Path) -> None:
    rows = naive("2021-03-28", 24)
    path = write(tmp_path, rows[:2] + rows[4:])
    market = read_prices(path, timezone="Europe/Berlin", missing="interpolate")
    np.testing.assert_allclose(market.prices[0], np.arange(24.0), atol=1e-12)
    with pytest.raises(DataError, match=r"hour 2021-03-28 02:00 has no price"):
        read_prices(path, timezone="Europe/Berlin")


# Refusals.


def change(rows: list[Row], at: int, row: Sequence[object]) -> list[Sequence[object]]:
    return [*rows[:at], row, *rows[at + 1 :]]


DAY = naive("2021-01-01", 24)

# Libraries that count nanoseconds do not read years far away at all.
REFUSED: list[tuple[list[Any], dict[str, Any], str]] = [
    (change(DAY, 3, ("2021-01-01 03:00", "abc")), {}, "p.csv: line 5: price is 'abc': it must be a"),
    (change(DAY, 3, ("2021-01-01 03:00", "inf")), {}, "p.csv: line 5: price is 'inf'"),
    (change(DAY, 3, ("2021-01-01 03:00", "")), {}, "p.csv: hour 2021-01-01 03:00 has no price"),
    (change(DAY, 3, ("2021-01-01 03:00", "NaN")), {}, "p.csv: hour 2021-01-01 03:00 has no price"),
    (change(DAY, 3, ("2021-01-01 02:00", 1)), {}, "hour 2021-01-01 02:00 occurs 2 times, in lines 4, 5"),
    (change(DAY, 3, ("03/01/2021", 1)), {}, "line 5: time is '03/01/2021': it must be a timestamp such"),
    (change(DAY, 3, ("", 1)), {}, "p.csv: line 5: time is '': it must be a timestamp"),
    (change(DAY, 3, ("2021-01-01 03:15", 1)), {}, "line 5: 2021-01-01 03:15:00 is not a full hour"),
    (change(DAY, 3, ("2021-01-01 03:00", 1, 2)), {}, "p.csv is not a readable CSV file: .*line 5"),
    (DAY[:23], {}, "p.csv: no whole day between 2021-01-01 00:00:00 and 2021-01-01 22:00:00"),
    (DAY, {"price": "prise"}, "p.csv has no column 'prise': did you mean 'price'[?] available: time, price"),
    (DAY, {"time": "tine"}, "p.csv has no column 'tine': did you mean 'time'"),
    (DAY, {"time": "price"}, "line 2: price is '0.0': it must be a timestamp"),
    (DAY, {"features": ["load"]}, "p.csv has no column 'load': available: time, price"),
    (DAY, {"timezone": "Europe/Olso"}, "timezone 'Europe/Olso' is unknown: did you mean 'Europe/Oslo'"),
    (DAY, {"time_format": "%d.%m.%Y %H:%M"}, "it must be a timestamp in %d.%m.%Y"),
    (DAY, {"missing": "interpolated"}, "missing is 'interpolated': did you mean 'interpolate'"),
    (DAY, {"clock_change": "mean"}, "clock_change is 'mean': .*average, first, error"),
    (DAY, {"separator": "."}, "separator is '.'"),
    (utc("2021-01-01", 24), {}, "column 'time' carries UTC offsets, so timezone must name"),
    (change(utc("2021-01-01", 24), 3, ("2021-01-01 03:00", 1)), {}, "line 5: time is .*without a UTC offset"),
    (change(utc("2021-01-01", 24), 3, ("2021-01-01T02:00Z", 1)), {"timezone": "UTC"}, "02:00 occurs 2 times"),
    ([("2021-01-01 02:00", 1), *DAY], {"timezone": "Europe/Berlin"}, "02:00 occurs 2 times, in lines 2, 5"),
    ([], {}, "p.csv has no rows"),
    (change(DAY, 3, ("9999-12-31 03:00", 1)), {}, "line 5: (column 'time' is read as the year 9999: it|time is '9999)"),
    (change(DAY, 3, ("0001-01-01 03:00", 1)), {}, "line 5: (column 'time' is read as the year 1: it|time is '0001)"),
    ([("2021-01-01", 1), ("3021-01-02", 1)], {"date": "time", "time": None, "resolution": "day"}, "3: column|2: time"),
    ([(i * 3600, 1) for i in range(23)] + [(1e300, 1)], {"time_format": "unix"}, "line 25: time is 1e[+]300: as unix"),
    ([(44197 + i / 24, 1) for i in range(9)] + [(3e6, 1)], {"time_format": "excel"}, "11: time is 3000000.0: as ex"),
    ([(-1e15, 1)] * 24, {"time_format": "unix_ms"}, "line 2: time is -1000000000000000.0: as unix_ms time it must be"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "options", "message"), REFUSED)
def test_refusals_are_one_line_and_name_the_place(
    tmp_path: Path, rows: list[Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as refusal:
        read_prices(write(tmp_path, rows), **options)
    assert "\n" not in str(refusal.value)


def test_a_wide_table_without_any_price(tmp_path: Path) -> None:
    path = write(tmp_path, [("2021-01-01", *[""] * 24)], header=",".join(["date", *map(str, range(1, 25))]))
    with pytest.raises(DataError, match=r"p\.csv: its 24 columns of periods are empty: prices are needed"):
        read_prices(path, wide=True)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere.csv does not exist"):
        read_prices(tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match=r"is a folder"):
        read_prices(tmp_path)
    word = tmp_path / "p.docx"
    word.write_text("x")
    with pytest.raises(DataError, match=r"suffix must be .csv, .txt, .*\.xlsx or .zip, got '.docx'"):
        read_prices(word)
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(DataError, match=r"empty.csv is empty"):
        read_prices(empty)
    latin = tmp_path / "latin.csv"
    latin.write_bytes(b"time,price\n\xe9\xff,1\n")
    with pytest.raises(DataError, match=r"latin.csv is not a readable CSV file"):
        read_prices(latin, encoding="utf-8")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"not parquet")
    with pytest.raises(DataError, match=r"broken.parquet: is not a readable Parquet file"):
        read_prices(broken)
    twins = write(tmp_path, [(*row, 1) for row in DAY], "time,price,price")
    with pytest.raises(DataError, match=r"2 columns named 'price'"):
        read_prices(twins)


# Parquet, and blank lines.


@pytest.mark.parametrize("in_index", [False, True])
def test_parquet_with_zone_and_index(tmp_path: Path, in_index: bool) -> None:
    hours = pd.date_range("2021-10-30", "2021-11-01", freq="h", tz="Europe/Berlin", inclusive="left")
    frame = pd.DataFrame({"start": hours, "price": np.arange(49.0)})
    path = tmp_path / "p.parquet"
    (frame.set_index("start") if in_index else frame).to_parquet(path)
    market = read_prices(path, time="start", timezone="Europe/Berlin")
    assert market.prices.shape == (2, 24)
    assert market.prices[1, 2] == (26 + 27) / 2


def test_parquet_refusals_name_the_row(tmp_path: Path) -> None:
    hours = pd.date_range("2021-01-01", periods=24, freq="h")
    path = tmp_path / "p.parquet"
    pd.DataFrame({"t": hours, "price": ["1"] * 5 + ["x"] + ["1"] * 18}).to_parquet(path)
    with pytest.raises(DataError, match=r"p.parquet: row 6: price is 'x'"):
        read_prices(path)
    pd.DataFrame({"t": np.arange(24), "price": 1.0}).to_parquet(path)
    with pytest.raises(DataError, match=r"column 't' holds numbers such as 0: it must hold timestamps"):
        read_prices(path)
    pd.DataFrame({"t": [pd.NaT, *hours[1:]], "price": 1.0}).to_parquet(path)
    with pytest.raises(DataError, match=r"p.parquet: row 1: t is '': it must be a timestamp"):
        read_prices(path)


def test_blank_lines_are_passed_over_without_shifting_line_numbers(tmp_path: Path) -> None:
    lines = ["time,price", *(f"{stamp},{value}" for stamp, value in DAY)]
    path = tmp_path / "p.csv"
    path.write_text("\n".join([*lines[:3], "", *lines[3:], "", ""]))
    assert read_prices(path).prices.shape == (1, 24)
    path.write_text("\n".join([*lines[:3], "", *lines[3:-1], "2021-01-01 23:00,x"]))
    with pytest.raises(DataError, match=r"line 26: price is 'x'"):
        read_prices(path)


def test_values_of_pandas_and_numpy_are_taken() -> None:
    index = pd.date_range("2021-01-01", periods=48, freq="h")
    table = pd.DataFrame({"price": np.arange(48.0), "load": np.sin(np.arange(48)), "zone": 1}, index=index)
    table.iloc[30, 0] = -9999.0
    given: dict[str, Any] = {"price": "price", "missing": "interpolate", "missing_values": ["-9999"]}
    expected = read_prices(table, **given, features=["load"], select={"zone": "1"}, first_day=dt.date(2021, 1, 1))
    several = (table.columns[1:2], pd.Series(["load"]), {"load": 1}.keys(), iter(["load"]))
    for features, day in zip(
        several, ("2021-01-01", np.datetime64("2021-01-01"), index[0], index[0].date()), strict=True
    ):
        found = read_prices(
            table, **given | {"missing_values": [-9999]}, features=features, select={"zone": np.int64(1)},
            first_day=day, resolution=np.str_("hour"),
        )  # fmt: skip
        np.testing.assert_array_equal(found.prices, expected.prices)
        assert list(found.features) == ["load"]
    for day in ("3 Jan 2021", pd.NaT, 3):
        with pytest.raises(DataError, match="first_day of read_prices must be a date or None, got"):
            read_prices(table, **given, first_day=day)
    with pytest.raises(DataError, match=r"features of read_prices must be a list .*, got {'load'}"):
        read_prices(table, **given, features={"load"})


# Days and gaps, by hand.


def series(first: str, values: Sequence[Any], minutes: int = 60, **columns: Sequence[Any]) -> pd.DataFrame:
    stamps = pd.date_range(first, periods=len(values), freq=f"{minutes}min")
    return pd.DataFrame({"time": stamps, "price": values, **columns})


@pytest.mark.parametrize(("gap", "filled"), [(range(30, 33), True), (range(30, 34), False), (range(3), False),
                                             (range(69, 72), False)])  # fmt: skip
def test_three_hours_between_two_that_are_known_are_filled_with_a_line(gap: range, filled: bool) -> None:
    values: list[Any] = [float(k * k) for k in range(72)]
    for k in gap:
        values[k] = np.nan
    if not filled:
        edge = gap[0] == 0 or gap[-1] == 71
        words = "lies at the edge of the data" if edge else r"4 hours without price from 2021-01-02 06:00"
        with pytest.raises(DataError, match=words):
            read_prices(series("2021-01-01", values), missing="interpolate")
        return
    market = read_prices(series("2021-01-01", values), missing="interpolate")
    before, after = values[gap[0] - 1], values[gap[-1] + 1]
    for i, k in enumerate(gap, start=1):
        assert market.prices.ravel()[k] == pytest.approx(before + (after - before) * i / (len(gap) + 1))


def test_gaps_of_all_days_are_told_although_none_is_played() -> None:
    values: list[Any] = [*range(48)]
    values[5] = values[30] = np.nan
    with pytest.raises(DataError, match=r"hour 2021-01-01 05:00 has no price \(2 such hours\)"):
        read_prices(series("2021-01-01", values), first_day=dt.date(2021, 2, 1))


def test_a_day_is_dropped_where_any_column_lacks_any_hour() -> None:
    load: list[Any] = [5.0] * 96
    load[30] = np.nan
    prices: list[Any] = [*range(96)]
    prices[70] = np.nan
    frame = series("2021-01-01", prices, load=load)
    market = read_prices(frame, features=["load"], missing="drop_day")
    assert [str(day) for day in market.dates] == ["2021-01-01", "2021-01-04"]
    assert market.notes == ("2 days with missing hours dropped: 2021-01-02, 2021-01-03",)
    with pytest.raises(DataError, match=r"hour 2021-01-02 06:00 has no load \(2 such hours\)"):
        read_prices(frame, features=["load"])


@pytest.mark.parametrize("bad", [0, 1, 2, 3, 4])
def test_gaps_count_on_the_first_and_the_last_day_played_and_between(bad: int) -> None:
    values: list[Any] = [*range(5 * 24)]
    values[24 * bad + 5] = np.nan
    played = {"first_day": dt.date(2021, 1, 2), "last_day": dt.date(2021, 1, 4)}
    frame = series("2021-01-01", values)
    if bad in (1, 2, 3):
        with pytest.raises(DataError, match=f"hour 2021-01-0{bad + 1} 05:00 has no price"):
            read_prices(frame, **played)
    else:
        market = read_prices(frame, **played)
        assert market.notes == (f"1 day with gaps outside the days played left out: 2021-01-0{bad + 1}",)
        assert market.days == 4


@pytest.mark.parametrize(
    ("coming", "note"),
    [
        (1, "2021-01-04: the day has no price yet and was left out"),
        (2, "2021-01-04: 2 days have no price yet and were left out"),
    ],
)
def test_days_to_come_have_no_price_and_the_first_is_what_is_known_next(coming: int, note: str) -> None:
    days = 3 + coming
    prices: list[Any] = [*map(float, range(72)), *[np.nan] * 24 * coming]
    wind: list[Any] = [100.0 + k for k in range(24 * days)]
    sun: list[Any] = [float(k) for k in range(24 * days)]
    sun[24 * 3 + 20] = np.nan  # known in part
    market = read_prices(series("2021-01-01", prices, wind=wind, sun=sun), features=["wind", "sun"], leaks="allow")
    assert market.days == 3
    assert market.notes == (note,)
    assert {name: values.tolist() for name, values in market.next_day.items()} == {"wind": wind[72:96]}


def test_a_last_day_with_some_prices_and_a_gap_before_it_are_not_to_come() -> None:
    prices: list[Any] = [*map(float, range(72))]
    for k in range(30, 72):
        prices[k] = np.nan
    frame = series("2021-01-01", prices, wind=[1.0] * 72)
    with pytest.raises(DataError, match=r"hour 2021-01-02 06:00 has no price \(18 such hours\)"):
        read_prices(frame, features=["wind"])
    prices[71] = 5.0
    with pytest.raises(DataError, match=r"hour 2021-01-02 06:00 has no price \(41 such hours\)"):
        read_prices(series("2021-01-01", prices, wind=[1.0] * 72), features=["wind"])


@pytest.mark.parametrize(
    ("first", "minutes", "count", "notes"),
    [
        ("2021-01-01 05:00", 60, 43, ["2021-01-01: the first day begins at 05:00 and was left out"]),
        ("2021-01-01", 60, 30, ["2021-01-02: the last day ends after hour 05 and was left out"]),
        ("2021-01-01", 15, 96 + 30, ["2021-01-02: the last day ends after 07:15 and was left out"]),
    ],
)
def test_days_that_are_cut_short_are_told_by_where(first: str, minutes: int, count: int, notes: list[str]) -> None:
    resolution: Any = {60: "hour", 15: "15min"}[minutes]
    market = read_prices(series(first, range(count), minutes), resolution=resolution)
    assert list(market.notes) == notes
    assert market.days == 1
    skipped = 19 if "05:00" in first else 0
    assert market.prices[0].tolist() == [*range(skipped, skipped + 1440 // minutes)]


@pytest.mark.parametrize("zone", ["Europe/Berlin", None])
def test_a_missing_hour_may_be_a_clock_change_where_no_zone_is_declared(zone: str | None) -> None:
    frame = series("2021-01-01", range(48)).drop(index=7)
    with pytest.raises(DataError, match="hour 2021-01-01 07:00 has no price") as refused:
        read_prices(frame, timezone=zone)
    assert ("if this is a clock change, declare timezone" in str(refused.value)) == (zone is None)
    twice = series("2021-01-01", range(48)).iloc[[*range(8), 7, *range(8, 48)]]
    with pytest.raises(
        DataError, match="hour 2021-01-01 07:00 occurs 2 times, in rows 8, 9: one row an hour"
    ) as refused:
        read_prices(twice, timezone=zone)
    assert ("if this is a clock change, declare timezone" in str(refused.value)) == (zone is None)
    assert "several markets" not in str(refused.value)
    thrice = series("2021-01-01", range(48)).iloc[[*range(8), 7, 7, *range(8, 48)]]
    with pytest.raises(DataError, match=r"occurs 3 times, .*if the file holds several markets, select one"):
        read_prices(thrice, timezone=zone)


def test_an_hour_that_exists_twice_in_autumn_and_is_there_three_times_is_refused() -> None:
    frame = series("2021-10-31", range(24)).iloc[[0, 1, 2, 2, 2, *range(3, 24)]]
    with pytest.raises(DataError, match="hour 2021-10-31 02:00 occurs 3 times"):
        read_prices(frame, timezone="Europe/Berlin")


@pytest.mark.parametrize("resolution", ["hour", "30min"])
def test_what_spring_skips_lies_on_the_line_between_its_neighbours(resolution: Any) -> None:
    """Periods of 02 to 03 that do not exist; where the file has values for them they are kept, and that is told."""
    minutes = {"hour": 60, "30min": 30}[resolution]
    per = 60 // minutes
    values = [float(k * k) for k in range(24 * per)]
    frame = series("2021-03-28", values, minutes)
    skipped = range(2 * per, 3 * per)
    market = read_prices(frame.drop(index=[*skipped]), timezone="Europe/Berlin", resolution=resolution)
    before, after = values[skipped[0] - 1], values[skipped[-1] + 1]
    for i, k in enumerate(skipped, start=1):
        assert market.prices[0, k] == pytest.approx(before + (after - before) * i / (per + 1))
    which = "hour 02" if per == 1 else "02:00 to 03:00"
    assert market.notes == (f"2021-03-28: {which} does not exist (clock change), filled by interpolation",)
    kept = read_prices(frame, timezone="Europe/Berlin", file_timezone="Europe/Berlin", resolution=resolution)
    assert kept.prices[0].tolist() == values
    assert kept.notes == (f"2021-03-28: {which} does not exist (clock change), the file's own value was kept",)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(("policy", "wanted"), [("first", 2.0), ("average", 2.5)])
def test_of_what_autumn_repeats_the_first_in_time_is_the_first(newest_first: bool, policy: Any, wanted: float) -> None:
    frame = series("2021-10-31", [0, 1, 2, 4, *range(5, 25)])
    again = pd.DataFrame({"time": [pd.Timestamp("2021-10-31 02:00")], "price": [3]})
    frame = pd.concat([frame[:3], again, frame[3:]])
    market = read_prices(frame[::-1] if newest_first else frame, timezone="Europe/Berlin", clock_change=policy)
    assert market.prices[0, :5].tolist() == [0, 1, wanted, 4, 5]
    assert any("sorted" in note for note in market.notes) == newest_first


# Rows that are not as far apart as is declared.


@pytest.mark.parametrize(
    ("minutes", "resolution", "said"),
    [
        (
            15,
            "hour",
            r"15 minutes apart, but resolution is 'hour': set resolution = '15min', or resample = true to ave",
        ),
        (60, "15min", r"an hour apart, but resolution is '15min': set resolution = 'hour', or resample = true to rep"),
        (60, "day", r"row 2: 2021-01-01 01:00:00 is not the beginning of a day .* or resample = true for their mean"),
        (10, "hour", r"10 minutes apart, but resolution is 'hour': set resample = true to average"),
        (20, "30min", r"20 minutes apart, but resolution is '30min': set resample = true to average"),
        (
            1440,
            "hour",
            r"every row from 2021-01-01 to 2021-01-06 begins a day: one row an hour is needed, or resolution",
        ),
        (1440, "15min", r"begins a day: one row a 15-minute period is needed"),
    ],
)
def test_a_resolution_that_is_not_the_file_s_is_told_with_what_would_make_it_so(
    minutes: int, resolution: Any, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        read_prices(series("2021-01-01", range(6 * 1440 // minutes), minutes), resolution=resolution)


@pytest.mark.parametrize(
    ("minutes", "resolution"), [(15, "hour"), (10, "hour"), (5, "15min"), (20, "hour"), (30, "day")]
)
def test_resampled_rows_are_means_in_loops(minutes: int, resolution: Any) -> None:
    long = {"hour": 60, "15min": 15, "day": 1440}[resolution]
    values = np.random.default_rng(minutes).uniform(0, 90, 2 * 1440 // minutes)
    market = read_prices(series("2021-01-01", values, minutes), resolution=resolution, resample=True)
    per = long // minutes
    assert market.prices.ravel().tolist() == pytest.approx(
        [sum(values[k : k + per]) / per for k in range(0, len(values), per)]
    )
    apart = f"{minutes} minutes"
    number = 1440 // long
    a_day = f"{number} price{'s' * (number > 1)} a day"
    assert market.notes == (f"its rows are {apart} apart: to have {a_day}, those {apart} long were averaged",)


def test_a_price_a_day_is_no_price_an_hour_even_where_rows_may_be_resampled() -> None:
    for resample in (None, False, True):
        with pytest.raises(
            DataError, match="begins a day: one row an hour is needed, or resolution 'day' for one price"
        ):
            read_prices(series("2021-01-01", range(6), 1440), resample=resample)


def test_rows_that_make_no_periods_are_refused() -> None:
    with pytest.raises(DataError, match="20 minutes apart, which does not make periods of 30 minutes"):
        read_prices(series("2021-01-01", range(144), 20), resolution="30min", resample=True)


def test_rows_two_hours_apart_on_one_of_several_days_are_hours_of_which_some_are_missing() -> None:
    frame = series("2021-01-01", range(72))
    few = frame[(frame.index // 24 != 1) | (frame.index % 2 == 0)]
    with pytest.raises(DataError, match=r"hour 2021-01-02 01:00 has no price \(12 such hours\)"):
        read_prices(few)
    with pytest.raises(
        DataError, match=r"rows are 2 hours apart, but resolution is 'hour': set resample = true to repeat"
    ):
        read_prices(frame[frame.index % 2 == 0])


def test_days_around_a_clock_change_are_days() -> None:
    """In UTC midnight is an hour earlier from the change on: 23 hours lie between two of them."""
    midnights = pd.date_range("2021-03-27", periods=4, freq="D", tz="Europe/Berlin").tz_convert("UTC")
    frame = pd.DataFrame({"time": midnights, "price": [1.0, 2.0, 3.0, 4.0]})
    market = read_prices(frame, timezone="Europe/Berlin", resolution="day")
    assert (str(market.dates[0]), market.prices.ravel().tolist()) == ("2021-03-27", [1.0, 2.0, 3.0, 4.0])
    market = read_prices(frame[:2], timezone="Europe/Berlin", resolution="day")
    assert market.prices.ravel().tolist() == [1.0, 2.0]
    market = read_prices(frame[1:3], timezone="Europe/Berlin", resolution="day")
    assert market.prices.ravel().tolist() == [2.0, 3.0]


@pytest.mark.one_in(5)
@pytest.mark.parametrize("stamp", ["end", "start"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("season", ["spring", "autumn"])
@pytest.mark.parametrize("clock", ["UTC", "zone", "offsets", "a fixed offset"])
def test_prices_by_the_clock_and_the_edge_of_their_stamps(stamp: Any, zone: str, season: str, clock: str) -> None:
    """Three days across a change of the clock, written in four ways, of the beginnings or of the ends."""
    first = {"Europe/Berlin": EUROPE, "America/New_York": AMERICA}[zone][season]
    pairs = pairs_of(zone, first)
    moved = dt.timedelta(hours=stamp == "end")
    instants = pd.DatetimeIndex([moment + moved for moment, _ in pairs])
    keys: dict[str, Any] = {"timezone": zone, "stamp": stamp}
    if clock == "UTC":
        times, keys["file_timezone"] = instants.tz_localize(None), "UTC"
    elif clock == "zone":
        times = instants.tz_convert(zone).tz_localize(None)
    elif clock == "offsets":
        times = [str(each) for each in instants.tz_convert(zone)]
    else:
        times, keys["file_timezone"] = instants.tz_convert("Etc/GMT-5").tz_localize(None), "+05:00"
    market = read_prices(pd.DataFrame({"time": times, "price": [price for _, price in pairs]}), **keys)
    np.testing.assert_allclose(market.prices, days_of(pairs, zone), atol=1e-9)
    assert [str(day) for day in market.dates] == [str(first + dt.timedelta(days=n)) for n in range(3)]
    assert market.warnings == ()


@pytest.mark.parametrize("season", ["spring", "autumn"])
@pytest.mark.parametrize(("newest_first", "stamp"), [(False, "end"), (True, "start"), (True, "end")])
@pytest.mark.parametrize("zone", ["Europe/London", "UTC"])
def test_hours_on_the_clock_of_another_place(season: str, newest_first: bool, stamp: Any, zone: str) -> None:
    """The clock of Berlin, whose two passes of autumn are different hours in UTC."""
    pairs = pairs_of(zone, EUROPE[season])
    shown = pd.DatetimeIndex([moment + dt.timedelta(hours=stamp == "end") for moment, _ in pairs])
    frame = pd.DataFrame({"time": shown.tz_convert("Europe/Berlin").tz_localize(None), "price": [p for _, p in pairs]})
    market = read_prices(
        frame[::-1] if newest_first else frame, timezone=zone, file_timezone="Europe/Berlin", stamp=stamp
    )
    np.testing.assert_allclose(market.prices, days_of(pairs, zone), atol=1e-9)


@pytest.mark.parametrize("season", ["spring", "autumn"])
def test_ends_that_are_written_an_hour_later_than_the_beginnings(season: str) -> None:
    """In spring one is 02:00, which does not exist; in autumn two are 03:00, which occurs once."""
    pairs = pairs_of("Europe/Berlin", EUROPE[season])
    begins = pd.DatetimeIndex([moment for moment, _ in pairs]).tz_convert("Europe/Berlin").tz_localize(None)
    frame = pd.DataFrame({"time": begins + pd.Timedelta(hours=1), "price": [p for _, p in pairs]})
    market = read_prices(frame, timezone="Europe/Berlin", stamp="end")
    np.testing.assert_allclose(market.prices, days_of(pairs, "Europe/Berlin"), atol=1e-9)


def test_dates_that_are_kept_as_midnights_in_utc_are_those_of_the_market() -> None:
    """As databases write them: June 2 of Berlin begins at 22:00 of June 1."""
    midnights = pd.date_range("2023-06-02", periods=2, freq="D", tz="Europe/Berlin").tz_convert("UTC")
    rows = [(midnight, hour + 1, 100.0 * d + hour) for d, midnight in enumerate(midnights) for hour in range(24)]
    frame = pd.DataFrame(rows, columns=["day", "hour", "price"])
    market = read_prices(frame, date="day", period="hour", timezone="Europe/Berlin")
    assert [str(day) for day in market.dates] == ["2023-06-02", "2023-06-03"]
    assert market.prices.tolist() == [[100.0 * d + hour for hour in range(24)] for d in range(2)]


def test_a_date_with_a_time_of_the_day_is_refused() -> None:
    frame = series("2021-01-01 05:00", range(24)).rename(columns={"time": "day"})
    with pytest.raises(
        DataError, match="row 1: day is 2021-01-01 05:00:00, no whole day: give it as time, and leave date"
    ):
        read_prices(frame, date="day")


@pytest.mark.parametrize(("stamp", "first"), [("start", "2021-01-05"), ("end", "2021-01-04"), (None, "2021-01-05")])
def test_a_date_that_ends_its_day_is_that_of_the_day_before(stamp: Any, first: str) -> None:
    frame = pd.DataFrame({"day": pd.date_range("2021-01-05", periods=9).strftime("%Y-%m-%d"), "price": range(9)})
    market = read_prices(frame, date="day", resolution="day", stamp=stamp)
    assert (str(market.dates[0]), market.prices.ravel().tolist()) == (first, [*range(9)])


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("offsets", [False, True])
def test_ends_of_hours_that_become_quarters_at_midnight(newest_first: bool, offsets: bool) -> None:
    """Of Berlin, two hours before that of UTC; and across the autumn change, where an hour ends at 02:00 twice."""
    starts = [*pd.date_range("2025-09-30", periods=24, freq="h", tz="Europe/Berlin"),
              *pd.date_range("2025-10-01", periods=96, freq="15min", tz="Europe/Berlin")]  # fmt: skip
    ends = [t + pd.Timedelta(minutes=60 if k < 24 else 15) for k, t in enumerate(starts)]
    frame = pd.DataFrame({"time": [str(t if offsets else t.tz_localize(None)) for t in ends], "price": range(120)})
    market = read_prices(
        frame[::-1] if newest_first else frame, timezone="Europe/Berlin", resolution="15min", stamp="end"
    )
    assert market.prices[0].tolist() == [hour for hour in range(24) for _ in range(4)]
    assert market.prices[1].tolist() == [*range(24, 120)]
    night = pd.date_range("2025-10-26", "2025-10-27", freq="h", tz="Europe/Berlin", inclusive="left")
    shown = [t + pd.Timedelta(hours=1) for t in night]
    frame = pd.DataFrame({"time": [str(t if offsets else t.tz_localize(None)) for t in shown], "price": range(25)})
    market = read_prices(frame[::-1] if newest_first else frame, timezone="Europe/Berlin", stamp="end")
    assert market.prices[0].tolist() == [0, 1, 2.5, *range(4, 25)]


@pytest.mark.parametrize(("below", "told"), [(5, "lines 26, 27, 28, 29, 30 passed"), (6, "28, 29, 30 and more passed")])
def test_rows_that_are_no_data_are_counted_up_to_five(tmp_path: Path, below: int, told: str) -> None:
    path = write(tmp_path, [*naive("2021-01-01", 24), *[("Source: nobody", "")] * below])
    (note,) = read_prices(path).notes
    assert f"{told} over: no data" in note


@pytest.mark.parametrize(("zone", "known"), [("Europe/Oslo", True), ("Etc/GMT-1", False), ("UTC", False)])
def test_an_index_with_a_place_tells_the_zone_of_the_market_and_one_with_an_offset_does_not(
    zone: str, known: bool
) -> None:
    frame = pd.DataFrame({"price": range(24)}, index=pd.date_range("2021-01-01", periods=24, freq="h", tz=zone))
    if known:
        assert read_prices(frame).prices[0].tolist() == [*range(24)]
    else:
        with pytest.raises(DataError, match="carries UTC offsets, so timezone must name the market's zone"):
            read_prices(frame)
