"""Files of known sources are read as an independent parse reads them, price for price, across both clock changes."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from source_files import (
    AMERICA,
    BERLIN,
    BRUSSELS,
    CASES,
    CHICAGO,
    EUROPE,
    NEW_YORK,
    days_of,
    elspot,
    end_of,
    entsoe_new,
    ercot_of_a_year,
    local,
    pairs_of,
)  # fmt: skip

from omnisim import market as markets
from omnisim.errors import DataError
from omnisim.market.layouts import SOURCES
from omnisim.market.moments import first_end
from omnisim.market.sources import read_source, recognized


@pytest.mark.one_in(8)
@pytest.mark.parametrize("season", ["spring", "autumn"])
@pytest.mark.parametrize("case", CASES)
def test_every_price_is_that_of_an_independent_parse(tmp_path: Path, case: str, season: str) -> None:
    source, name, zone, write, keys = CASES[case]
    first = (AMERICA if zone.startswith("America") else EUROPE)[season]
    pairs = pairs_of(zone, first)
    path = tmp_path / name
    path.write_text(write(pairs, zone), encoding="utf-8")
    market = getattr(markets, f"read_{source}")(path, **keys)
    np.testing.assert_allclose(market.prices, days_of(pairs, zone), rtol=0, atol=1e-9)
    assert [str(day) for day in market.dates] == [str(first + dt.timedelta(days=n)) for n in range(3)]
    assert market.currency == ("USD" if zone.startswith("America") else "EUR")
    assert market.warnings == ()


@pytest.mark.parametrize("case", CASES)
def test_each_layout_is_recognized_and_no_other_is(tmp_path: Path, case: str) -> None:
    """And the day of 25 hours is that of its zone, in its money."""
    source, name, zone, write, keys = CASES[case]
    first = (AMERICA if zone.startswith("America") else EUROPE)["autumn"] + dt.timedelta(days=1)
    pairs = pairs_of(zone, first, days=1)
    path = tmp_path / name
    path.write_text(write(pairs, zone), encoding="utf-8")
    found = recognized(path)
    assert found is not None
    assert found[0].source == source
    market = getattr(markets, f"read_{source}")(path, **keys)
    np.testing.assert_allclose(market.prices, days_of(pairs, zone), rtol=0, atol=1e-9)
    assert (str(market.dates[0]), market.currency) == (str(first), "USD" if zone.startswith("America") else "EUR")


@pytest.mark.parametrize("case", [case for case in CASES if any(each.formats for each in SOURCES[CASES[case][0]])])
def test_stamps_of_a_layout_are_days_of_their_month_and_not_the_other_way_round(tmp_path: Path, case: str) -> None:
    """June 1 could be January 6."""
    _, name, zone, write, given = CASES[case]
    path = tmp_path / name
    path.write_text(write(pairs_of(zone, dt.date(2023, 6, 1), days=1), zone), encoding="utf-8")
    layout, table = recognized(path) or (None, None)
    assert layout is not None
    keys = layout.keys_for(table, given)
    form = keys.get("time_format") or keys.get("date_format")
    if layout.formats and form is not None:
        told = table.text(keys.get("date") or keys["time"])
        days = {dt.datetime.strptime(first_end(cell), form).date() for cell in told if any(map(str.isdigit, cell))}  # noqa: DTZ007
        assert days <= {dt.date(2023, 5, 31), dt.date(2023, 6, 1), dt.date(2023, 6, 2)}


def test_every_source_has_a_file_here() -> None:
    assert {case[0] for case in CASES.values()} | {"epftoolbox", "epftoolbox_forecasts"} == set(SOURCES)


def test_quarters_after_the_change_of_the_european_auction(tmp_path: Path) -> None:
    """Hours until 2025-09-30 and quarters from then on, in one export."""
    hours = pairs_of(BRUSSELS, dt.date(2025, 9, 29), days=2)
    quarters = pairs_of(BRUSSELS, dt.date(2025, 10, 1), days=2, minutes=15)
    rows = [entsoe_new(hours, BRUSSELS)]
    for m, price in quarters:
        start, stop = local(m, BRUSSELS), end_of(m, BRUSSELS, 15)
        rows.append(f"{start:%d/%m/%Y %H:%M:%S} - {stop:%d/%m/%Y %H:%M:%S},BZN|DE-LU,Sequence Sequence 1,{price},,")
    path = tmp_path / "a.csv"
    path.write_text("\n".join(rows))
    market = markets.read_entsoe(path, resolution="15min")
    expected = np.vstack([np.repeat(days_of(hours, BRUSSELS), 4, axis=1), days_of(quarters, BRUSSELS, 96)])
    np.testing.assert_allclose(market.prices, expected, atol=1e-9)
    assert any("were repeated" in note for note in market.notes)


def test_a_file_of_several_markets_asks_which(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(ercot_of_a_year(pairs_of(CHICAGO, dt.date(2023, 6, 1)), CHICAGO))
    with pytest.raises(DataError, match=r'select = \{ "Settlement Point" = .LZ_WEST. \}: .LZ_WEST., .HB_PAN.'):
        markets.read_ercot(path)


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,price\n2023-01-01 00:00,1\n")
    with pytest.raises(DataError, match=r"a\.csv is not of SMARD.*omnisim inspect"):
        markets.read_smard(path)


def test_frames_of_entsoe_py_and_gridstatus() -> None:
    pairs = pairs_of(BERLIN, EUROPE["autumn"])
    index = pd.DatetimeIndex([m for m, _ in pairs]).tz_convert(BERLIN)
    series = pd.Series([price for _, price in pairs], index=index)
    np.testing.assert_allclose(markets.read_prices(series).prices, days_of(pairs, BERLIN), atol=1e-9)
    pairs = pairs_of(NEW_YORK, AMERICA["spring"])
    start = pd.DatetimeIndex([m for m, _ in pairs]).tz_convert(NEW_YORK)
    frame = pd.DataFrame({"Time": start, "Interval Start": start, "Interval End": start + pd.Timedelta(hours=1),
                          "Market": "DAY_AHEAD_HOURLY", "Location": "CAPITL", "Location Type": "Zone",
                          "LMP": [price for _, price in pairs]})  # fmt: skip
    np.testing.assert_allclose(read_source("gridstatus", frame).prices, days_of(pairs, NEW_YORK), atol=1e-9)
    both = pd.concat([frame.assign(Market="REAL_TIME_HOURLY", LMP=frame["LMP"] + 7), frame])
    np.testing.assert_allclose(read_source("gridstatus", both).prices, days_of(pairs, NEW_YORK), atol=1e-9)


def test_the_currency_above_the_header_is_that_of_the_prices(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(elspot(pairs_of("Europe/Oslo", dt.date(2023, 6, 1)), "Europe/Oslo").replace("EUR", "DKK"))
    assert markets.read_nordpool(path).currency == "DKK"
    with pytest.raises(DataError, match="currency"):
        markets.read_nordpool(path, currency="EUR")
