"""Days and moments written as one number, and pandas objects whose index is no DatetimeIndex."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from source_files import EUROPE, days_of, local, pairs_of

from omnisim.errors import DataError
from omnisim.market import read_prices
from omnisim.market.guessing import guess
from omnisim.market.moments import read_moments

BERLIN = "Europe/Berlin"
PAIRS = pairs_of(BERLIN, EUROPE["autumn"])
EXPECTED = days_of(PAIRS, BERLIN)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_days_as_whole_numbers(tmp_path: Path, kind: str) -> None:
    counts: dict[dt.date, int] = {}
    rows = []
    for moment, price in PAIRS:
        day = local(moment, BERLIN).date()
        counts[day] = counts.get(day, 0) + 1
        rows.append((int(f"{day:%Y%m%d}"), counts[day], price))
    frame = pd.DataFrame(rows, columns=["Data/Date (YYYYMMDD)", "Ora /Hour", "PUN"])
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        frame.to_csv(path, sep=";", index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        pytest.importorskip("openpyxl", reason="writes .xlsx")
        frame.to_excel(path, index=False)
    np.testing.assert_allclose(guess(path, {"timezone": BERLIN}).market.prices, EXPECTED)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("ending", [False, True])
@pytest.mark.parametrize("numeric", [False, True])
@pytest.mark.parametrize("more", ["", "00", "0000"])
def test_the_hour_behind_the_day(tmp_path: Path, ending: bool, numeric: bool, more: str) -> None:
    """And minutes and seconds behind the hour; the last hour of a day may end at 24 of it."""
    stamps = [local(moment, BERLIN) for moment, _ in PAIRS]
    cells = [f"{t:%Y%m%d}{t.hour + ending:02d}{more}" for t in stamps]
    frame = pd.DataFrame({"when": cells, "price": [price for _, price in PAIRS]})
    if numeric:
        frame["when"] = frame["when"].astype(int)
        np.testing.assert_allclose(read_prices(frame, timezone=BERLIN).prices, EXPECTED)
    path = tmp_path / "a.csv"
    frame.to_csv(path, index=False)
    np.testing.assert_allclose(guess(path, {"timezone": BERLIN}).market.prices, EXPECTED)


@pytest.mark.parametrize("form", ["%Y%m%d%H%M", "%Y%m%d%H%M%S"])
def test_quarters_of_an_hour(tmp_path: Path, form: str) -> None:
    start = dt.datetime(2024, 2, 28, tzinfo=dt.UTC)
    moments = [start + dt.timedelta(minutes=15 * k) for k in range(3 * 96)]
    prices = 20 + np.arange(3 * 96) % 83 / 8
    path = tmp_path / "a.csv"
    path.write_text("t,price\n" + "".join(f"{m:{form}},{p}\n" for m, p in zip(moments, prices, strict=True)))
    found = guess(path, {}).market
    np.testing.assert_array_equal(found.prices, prices.reshape(3, 96))
    assert [str(day)[:10] for day in found.dates] == ["2024-02-28", "2024-02-29", "2024-03-01"]
    again = read_prices(path, time="t", time_format=form, price="price", resolution="15min")
    np.testing.assert_array_equal(again.prices, found.prices)


@pytest.mark.parametrize("cell", ["202413010000", "202402300000", "202401012500", "202401010060"])
def test_what_is_no_moment_is_not_read_as_one(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "a.csv"
    rows = [f"202401{day:02d}{hour:02d}00,20" for day in (1, 2) for hour in range(24)]
    path.write_text("\n".join(["t,price", *rows[:30], f"{cell},20", *rows[31:]]))
    with pytest.raises(DataError):
        read_prices(path, time="t", price="price")


def test_seconds_since_1970_are_still_such(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("when,price\n" + "\n".join(f"{m.timestamp():.0f},{p}" for m, p in PAIRS))
    np.testing.assert_allclose(guess(path, {"timezone": BERLIN}).market.prices, EXPECTED)


@pytest.mark.parametrize("kind", ["naive", "aware", "text"])
def test_an_index_of_objects(kind: str) -> None:
    zone = dt.UTC if kind == "aware" else None
    start = dt.datetime(2023, 6, 1, tzinfo=zone)
    moments = [start + dt.timedelta(hours=k) for k in range(48)]
    index = pd.Index([m.isoformat() for m in moments] if kind == "text" else moments, dtype=object)
    prices = np.arange(48.0) + 20
    np.testing.assert_array_equal(read_prices(pd.Series(prices, index), timezone="UTC").prices.ravel(), prices)


def test_an_index_that_counts_is_told() -> None:
    with pytest.raises(DataError, match="set time to the column of stamps"):
        read_prices(pd.DataFrame({"price": np.arange(48.0) + 18.44}))


def test_seconds_are_kept() -> None:
    found = read_moments(pd.Series(["20240101005959", "20240229240000"]), "time_format", None).stamps
    assert [str(moment) for moment in found] == ["2024-01-01 00:59:59", "2024-03-01 00:00:00"]
