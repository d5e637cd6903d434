"""One price a day: the reader on tiny files, by hand-computed values and by the message of every refusal."""

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omnisim.errors import DataError
from omnisim.market import Market, read_prices

ROWS = [("2015-01-01", 25.6), ("2015-01-02", 33.1), ("2015-01-03", -6.0), ("2015-01-04", 4549.6)]


def write(folder: Path, rows: Iterable[Sequence[object]], header: str = "date,price") -> Path:
    path = folder / "p.csv"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def daily(path: Path, **options: Any) -> Market:
    return read_prices(path, resolution="day", **options)


def test_a_row_is_a_day(tmp_path: Path) -> None:
    market = daily(write(tmp_path, ROWS))
    np.testing.assert_array_equal(market.prices, [[25.6], [33.1], [-6.0], [4549.6]])
    assert [str(day) for day in market.dates] == [day for day, _ in ROWS]
    assert (market.resolution, market.days, market.notes) == ("day", 4, ())
    part = market.between("2015-01-02", "2015-01-03")
    np.testing.assert_array_equal(part.prices, [[33.1], [-6.0]])


def test_features_and_forecasts_are_columns(tmp_path: Path) -> None:
    rows = [(day, price, 20 + i, price / 2) for i, (day, price) in enumerate(ROWS)]
    market = daily(write(tmp_path, rows, "date,price,tmax_c,model"), features=["tmax_c"], forecasts=["model"])
    np.testing.assert_array_equal(market.feature("tmax_c")[:, 0], [20, 21, 22, 23])
    np.testing.assert_array_equal(market.forecast("model"), market.prices / 2)


@pytest.mark.parametrize(("yes", "no"), [("True", "False"), ("Y", "N"), ("yes", "no")])
def test_flags_are_one_and_zero(tmp_path: Path, yes: str, no: str) -> None:
    rows = [(*row, yes if i == 0 else no) for i, row in enumerate(ROWS)]
    market = daily(write(tmp_path, rows, "date,price,holiday"), features=["holiday"])
    np.testing.assert_array_equal(market.feature("holiday")[:, 0], [1, 0, 0, 0])
    path = write(tmp_path, [*rows[:3], (*ROWS[3], "maybe")], "date,price,holiday")
    with pytest.raises(DataError, match=rf"p.csv: line 2: holiday is '{yes}': it must be a finite number"):
        daily(path, features=["holiday"])
    with pytest.raises(DataError, match=rf"p.csv: line 2: holiday is '{yes}'"):
        daily(write(tmp_path, rows, "date,price,holiday"), price="holiday")  # a price is never a flag


def test_an_empty_flag_is_missing(tmp_path: Path) -> None:
    rows = [(*row, "" if i == 1 else "Y") for i, row in enumerate(ROWS)]
    path = write(tmp_path, rows, "date,price,holiday")
    with pytest.raises(DataError, match=r"p.csv: day 2015-01-02 has no holiday \(1 such day\)"):
        daily(path, features=["holiday"])


def test_flags_of_a_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    days = pd.to_datetime([day for day, _ in ROWS])
    pd.DataFrame({"date": days, "price": 1.0, "holiday": [True, False, False, True]}).to_parquet(path)
    np.testing.assert_array_equal(daily(path, features=["holiday"]).feature("holiday")[:, 0], [1, 0, 0, 1])


def test_compressed_and_mixed_rows(tmp_path: Path) -> None:
    text = "\n".join(["date,price", *(f"{day},{price}" for day, price in reversed(ROWS))])
    path = tmp_path / "p.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    market = daily(path)
    np.testing.assert_array_equal(market.prices[:, 0], [price for _, price in ROWS])
    assert market.notes == ("the rows were not in the order of time and were sorted",)


def test_other_ways_to_write_a_day(tmp_path: Path) -> None:
    expected = [price for _, price in ROWS]
    midnights = [(f"{day} 00:00", price) for day, price in ROWS]
    written = [(f"{day[8:]}.{day[5:7]}.{day[:4]}", price) for day, price in ROWS]
    # Midnight in Melbourne is 13:00 UTC of the day before in summer.
    aware = [(f"{np.datetime64(day) - 1}T13:00:00Z", price) for day, price in ROWS]
    for rows, options in (
        (midnights, {}),
        (written, {"time_format": "%d.%m.%Y"}),
        (aware, {"timezone": "Australia/Melbourne"}),
    ):
        market = daily(write(tmp_path, rows), **options)
        np.testing.assert_array_equal(market.prices[:, 0], expected)
        assert str(market.dates[0]) == "2015-01-01"


def test_days_whose_midnight_does_not_exist(tmp_path: Path) -> None:
    # Clocks in Sao Paulo went from 23:59 on the 17th to 01:00 on the 18th: no matter where a row is a day.
    rows = [(f"2015-10-{day}", day) for day in (17, 18, 19)]
    market = daily(write(tmp_path, rows), timezone="America/Sao_Paulo")
    assert (market.prices[:, 0].tolist(), market.notes) == ([17, 18, 19], ())


# Missing days.

GAP = [*ROWS, ("2015-01-07", 10.0), ("2015-01-08", 20.0)]


def test_missing_days_follow_the_policy(tmp_path: Path) -> None:
    path = write(tmp_path, GAP)
    with pytest.raises(DataError, match=r"p.csv: day 2015-01-05 has no price \(2 such days\): set missing to") as said:
        daily(path)
    assert "timezone" not in str(said.value)  # clock changes explain no missing day
    filled = daily(path, missing="interpolate")
    np.testing.assert_allclose(filled.prices[3:7, 0], np.linspace(4549.6, 10.0, 4))
    assert filled.notes == ("2 missing days of price filled by interpolation: 2015-01-05, 2015-01-06",)
    dropped = daily(path, missing="drop_day")
    np.testing.assert_array_equal(dropped.prices[:, 0], [price for _, price in GAP])
    assert dropped.notes == ("2 days with missing values dropped: 2015-01-05, 2015-01-06",)


def test_long_gaps_and_edges_are_not_interpolated(tmp_path: Path) -> None:
    path = write(tmp_path, [*ROWS, ("2015-01-09", 1.0)])
    with pytest.raises(DataError, match=r"4 days without price from 2015-01-05: missing 'interpolate' fills at most 3"):
        daily(path, missing="interpolate")
    path = write(tmp_path, [("2015-01-01", ""), *ROWS[1:]])
    with pytest.raises(DataError, match=r"day 2015-01-01 has no price and lies at the edge of the data"):
        daily(path, missing="interpolate")
    with pytest.raises(DataError, match=r"every day has a missing value: nothing remains"):
        daily(write(tmp_path, [("2015-01-01", "")]), missing="drop_day")


# Refusals.

HOURLY = [(f"2015-01-01 {hour:02d}:00", hour) for hour in range(24)]


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (HOURLY, {}, "line 3: 2015-01-01 01:00:00 is not the beginning of a day .*or resolution 'hour'"),
        ([*ROWS, ROWS[1]], {}, "day 2015-01-02 occurs 2 times, in lines 3, 6: one row a day is needed"),
        ([("2015-01-01", "x"), *ROWS[1:]], {}, "line 2: price is 'x': it must be a finite number"),
        ([("soon", 1.0)], {}, "line 2: date is 'soon': it must be a timestamp"),
        ([("2015-01-01T00:00Z", 1.0)], {}, "column 'date' carries UTC offsets, so timezone must name"),
        ([("2015-01-01T00:00Z", 1.0)], {"timezone": "Australia/Melbourne"}, "11:00:00 is not the beginning of a day"),
        (ROWS, {"timezone": "Australia/Melborne"}, "unknown: did you mean 'Australia/Melbourne'"),
        (ROWS, {"clock_change": "first"}, "clock_change is 'first': daily prices have no repeated hour"),
        (ROWS, {"resolution": "dayly"}, "resolution is 'dayly': did you mean 'day'[?] available: hour, 30min, .*, day"),
        (ROWS, {"resolution": "hour"}, "every row from 2015-01-01 to 2015-01-04 begins a day: .*or resolution 'day'"),
    ],
)  # fmt: skip
def test_refusals_are_one_line(tmp_path: Path, rows: list[Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as refusal:
        read_prices(write(tmp_path, rows), **{"resolution": "day", **options})
    assert str(refusal.value).startswith(("p.csv", "timezone", "clock_change", "resolution"))
    assert "\n" not in str(refusal.value)


def test_a_market_does_not_mix_resolutions() -> None:
    dates = np.arange("2015-01-01", "2015-01-03", dtype="datetime64[D]")
    with pytest.raises(DataError, match=r"features 'load' of mixed"):
        Market("mixed", dates, np.ones((2, 1)), features={"load": np.ones((2, 24))})
    with pytest.raises(DataError, match=r"prices of mixed"):
        Market("mixed", dates, np.ones((2, 12)))
