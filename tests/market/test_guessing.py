"""Files of no known source: what is found out without any key, price for price."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from examples import spread
from source_files import AMERICA, EUROPE, comma, days_of, local, pairs_of

from omnisim.errors import DataError
from omnisim.market import read_prices
from omnisim.market.columns import is_wide, likely_columns
from omnisim.market.guessing import Guess, guess
from omnisim.market.table_files import read_table

Rows = list[tuple[dt.datetime, float]]
LONDON, BERLIN, NEW_YORK = "Europe/London", "Europe/Berlin", "America/New_York"
SUMMER = dt.date(2023, 6, 13)


def on_clock(pairs: Rows, zone: str) -> list[tuple[dt.datetime, float]]:
    return [(local(m, zone).replace(tzinfo=None), price) for m, price in pairs]


def plain(pairs: Rows, zone: str) -> str:
    return "time,price\n" + "\n".join(f"{t:%Y-%m-%d %H:%M},{p}" for t, p in on_clock(pairs, zone))


def newest_first(pairs: Rows, zone: str) -> str:
    return "time,price\n" + "\n".join(f"{t:%Y-%m-%d %H:%M},{p}" for t, p in reversed(on_clock(pairs, zone)))


def no_header(pairs: Rows, zone: str) -> str:
    return "\n".join(f"{t:%Y-%m-%d %H:%M:%S},{p}" for t, p in on_clock(pairs, zone))


def ending(pairs: Rows, zone: str) -> str:
    hour = dt.timedelta(hours=1)
    return "Hour Ending;Price (EUR/MWh)\n" + "\n".join(
        f"{t + hour:%d/%m/%Y %H:%M};{comma(p)}" for t, p in on_clock(pairs, zone)
    )


def until_midnight(pairs: Rows, zone: str) -> str:
    hour = dt.timedelta(hours=1)
    return "when,price\n" + "\n".join(f"{t + hour:%Y-%m-%d %H:%M},{p}" for t, p in on_clock(pairs, zone))


def twenty_four(pairs: Rows, zone: str) -> str:
    return "when,price\n" + "\n".join(f"{t:%Y-%m-%d} {t.hour + 1:02d}:00,{p}" for t, p in on_clock(pairs, zone))


def day_and_number(pairs: Rows, zone: str) -> str:
    return "Date,Hour,HOEP\n" + "\n".join(f"{t:%Y-%m-%d},{t.hour + 1},{p}" for t, p in on_clock(pairs, zone))


def preamble_and_footer(pairs: Rows, zone: str) -> str:
    rows = [f"{t:%d.%m.%Y};{t.hour:02d}-{t.hour + 1:02d};{comma(p)} €" for t, p in on_clock(pairs, zone)]
    return "\n".join(
        ["Börsenpreise", "Stand: 01.07.2023 12:00", "", "Datum;Stunde;Preis [EUR/MWh]", *rows, "", "Quelle: erfunden"]
    )


def wide(pairs: Rows, zone: str) -> str:
    days: dict[dt.date, list[float]] = {}
    for t, price in on_clock(pairs, zone):
        days.setdefault(t.date(), []).append(price)
    width = max(map(len, days.values()))
    rows = [f"{day:%Y-%m-%d};" + ";".join([*map(str, row), *[""] * (width - len(row))]) for day, row in days.items()]
    return "Date;" + ";".join(f"H{k + 1:02d}" for k in range(width)) + "\n" + "\n".join(rows)


def settlement_periods(pairs: Rows, zone: str) -> str:
    rows, count = ["settlementDate,settlementPeriod,systemSellPrice"], {}
    for t, price in on_clock(pairs, zone):
        count[t.date()] = count.get(t.date(), 0) + 1
        rows.append(f"{t:%Y-%m-%d},{count[t.date()]},{price}")
    return "\n".join(rows)


def with_offsets(pairs: Rows, zone: str) -> str:
    return "start,end,price_eur_mwh\n" + "\n".join(
        f"{local(m, zone).isoformat()},{local(m + dt.timedelta(hours=1), zone).isoformat()},{p}" for m, p in pairs
    )


def american(pairs: Rows, zone: str) -> str:
    return "Local Time,LMP ($/MWh)\n" + "\n".join(
        f'{t:%m/%d/%Y %I:%M %p},"{p + 1500:,.2f}"' for t, p in on_clock(pairs, zone)
    )


def kilowatt_hours(pairs: Rows, zone: str) -> str:
    return "Timestamp\tct/kWh\n" + "\n".join(f"{t:%Y-%m-%dT%H:%M}\t{p / 10:.3f}" for t, p in on_clock(pairs, zone))


def several_columns(pairs: Rows, zone: str) -> str:
    return "datetime,load_mw,price,wind_forecast\n" + "\n".join(
        f"{t:%Y-%m-%d %H:%M},5000,{p},700" for t, p in on_clock(pairs, zone)
    )


def pairs_in_json(pairs: Rows, zone: str) -> str:
    return json.dumps({"data": [[int(1000 * m.timestamp()), p] for m, p in pairs]})


def in_utc_beside_local(pairs: Rows, zone: str) -> str:
    return "HourUTC;HourDK;PriceArea;SpotPriceEUR\n" + "\n".join(
        f"{m:%Y-%m-%d %H:%M};{local(m, zone):%Y-%m-%d %H:%M};DK1;{comma(p)}" for m, p in pairs
    )


def day_hour_price(pairs: Rows, zone: str) -> str:
    """Date and Price as in epftoolbox, but with the hour in a column of its own."""
    return "Date\tHour\tPrice\n" + "\n".join(f"{t:%d.%m.%Y}\t{t.hour + 1}\t{p}" for t, p in on_clock(pairs, zone))


def two_markets(pairs: Rows, zone: str) -> str:
    return "Zone;Datetime;EUR/MWh\n" + "\n".join(
        f"{name};{t:%d-%m-%Y %H:%M};{comma(p + k)}"
        for k, name in enumerate(("NA", "NO2"))
        for t, p in on_clock(pairs, zone)
    )


def wide_by_the_clock(pairs: Rows, zone: str) -> str:
    days: dict[dt.date, list[float]] = {}
    for t, price in on_clock(pairs, zone):
        days.setdefault(t.date(), []).append(price)
    head = ";".join(f"{k // 2:02d}:{30 * (k % 2):02d}" for k in range(48))
    return f"Fecha;{head}\n" + "\n".join(f"{day:%d/%m/%Y};" + ";".join(map(comma, row)) for day, row in days.items())


def wide_with_3a_and_3b(pairs: Rows, zone: str) -> str:
    days: dict[dt.date, dict[str, float]] = {}
    for t, price in on_clock(pairs, zone):
        day, name = days.setdefault(t.date(), {}), f"{t.hour + 1}" + "A" * (t.hour == 2)
        day["3B" if name in day else name] = price
    names = ["1", "2", "3A", "3B", *map(str, range(4, 25))]
    return (
        "Delivery day,"
        + ",".join(f"Hour {name}" for name in names)
        + "\n"
        + "\n".join(
            f"{day:%d/%m/%Y}," + ",".join(str(row.get(name, "")) for name in names) for day, row in days.items()
        )
    )


CASES: dict[str, tuple[Callable[[Rows, str], str], str, str, int, dict[str, Any]]] = {
    "plain": (plain, BERLIN, "utf-8", 60, {}),
    "newest first": (newest_first, BERLIN, "utf-8", 60, {}),
    "no header": (no_header, BERLIN, "utf-8", 60, {}),
    "hour ending": (ending, BERLIN, "utf-16", 60, {}),
    "24:00": (twenty_four, BERLIN, "utf-8", 60, {}),
    "day and number": (day_and_number, NEW_YORK, "utf-8", 60, {}),
    "preamble and footer": (preamble_and_footer, BERLIN, "cp1252", 60, {}),
    "wide": (wide, BERLIN, "utf-8-sig", 60, {}),
    "settlement periods": (settlement_periods, LONDON, "utf-8", 30, {"timezone": LONDON}),
    "quarters": (plain, BERLIN, "utf-8", 15, {}),
    "five minutes": (plain, NEW_YORK, "utf-8", 5, {}),
    "offsets": (with_offsets, BERLIN, "utf-8", 60, {}),
    "American": (american, NEW_YORK, "utf-8", 60, {}),
    "ct/kWh": (kilowatt_hours, BERLIN, "utf-8", 60, {}),
    "several columns": (several_columns, BERLIN, "utf-8", 60, {}),
    "UTC beside local": (in_utc_beside_local, BERLIN, "utf-8", 60, {}),
    "day, hour and price": (day_hour_price, BERLIN, "utf-8", 60, {}),
    "two markets": (two_markets, BERLIN, "utf-8", 60, {}),
    "wide, half-hours": (wide_by_the_clock, BERLIN, "utf-8", 30, {}),
    "wide, 3A and 3B": (wide_with_3a_and_3b, BERLIN, "utf-8", 60, {}),
    "pairs in JSON": (pairs_in_json, BERLIN, "utf-8", 60, {"timezone": BERLIN}),
}
LEFT_OUT = {("wide, half-hours", "spring"), ("wide, half-hours", "autumn")}
"""Forms that cannot show a day of a clock change."""


@pytest.mark.one_in(10)
@pytest.mark.parametrize(("case", "season"), spread(CASES, ("summer", "spring", "autumn")))
def test_every_price_is_found_without_a_key(tmp_path: Path, case: str, season: str) -> None:
    write, zone, encoding, minutes, given = CASES[case]
    if (case, season) in LEFT_OUT:
        return
    first = {"summer": SUMMER, **(AMERICA if zone.startswith("America") else EUROPE)}[season]
    pairs = pairs_of(zone, first, minutes=minutes)
    path = tmp_path / ("a.json" if "JSON" in case else "a.csv")
    path.write_bytes(write(pairs, zone).encode(encoding))
    if season != "summer":
        given = {"timezone": zone, **given}
    found = guess(path, given)
    expected = days_of(pairs, zone, 1440 // minutes) + (1500 if case == "American" else 0)
    np.testing.assert_allclose(found.market.prices, expected, atol=0.006 if case == "ct/kWh" else 1e-9)
    assert str(found.market.dates[0]) == str(first)
    again = read_prices(path, **found.keys)
    np.testing.assert_array_equal(again.prices, found.market.prices)


@pytest.mark.long
def test_a_zone_is_found_by_the_day_it_changes(tmp_path: Path) -> None:
    pairs = pairs_of(BERLIN, EUROPE["autumn"])
    path = tmp_path / "a.csv"
    path.write_text(wide_with_3a_and_3b(pairs, BERLIN))
    found = guess(path)
    assert found.keys["timezone"] == BERLIN
    assert any("timezone = 'Europe/Berlin' here" in choice for choice in found.choices)
    np.testing.assert_allclose(found.market.prices, days_of(pairs, BERLIN))


@pytest.mark.long
def test_a_market_called_na_can_be_selected(tmp_path: Path) -> None:
    pairs = pairs_of(BERLIN, SUMMER)
    path = tmp_path / "a.csv"
    path.write_text(two_markets(pairs, BERLIN))
    found = guess(path)
    assert found.keys["select"] == {"Zone": "NA"}
    assert any("'NA', 'NO2'" in choice for choice in found.choices)
    np.testing.assert_allclose(guess(path, {"select": {"Zone": "NO2"}}).market.prices, days_of(pairs, BERLIN) + 1)


def test_the_currency_in_the_name_of_a_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(in_utc_beside_local(pairs_of(BERLIN, SUMMER), BERLIN).replace("SpotPriceEUR", "SpotPriceDKK"))
    found = guess(path)
    assert found.market.currency == "DKK"
    assert found.keys["timezone"] == BERLIN


def test_rows_of_one_day_are_told_apart_by_all_columns_that_say_when(tmp_path: Path) -> None:
    """Tariffs that take turns within the day are no markets of their own."""
    rows = [
        f"2023-03-{day:02},{hour},{'peak' if hour in range(8, 20) else 'base'},{day + hour / 8}"
        for day in range(1, 11)
        for hour in range(24)
    ]
    path = tmp_path / "tariffs.csv"
    path.write_text("\n".join(["date,hour,tariff,price", *rows]), encoding="utf-8")
    found = guess(path)
    assert "select" not in found.keys
    assert found.market.prices[0].tolist() == [1 + hour / 8 for hour in range(24)]


def guessed(folder: Path, text: str, given: dict[str, Any] | None = None, name: str = "a.csv") -> Guess:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return guess(path, given)


def choices(found: Guess) -> str:
    return "\n".join(found.choices)


def test_what_the_file_does_not_say_is_left_to_choose(tmp_path: Path) -> None:
    """The currency of a naive file, the zone of one in UTC, the unit of another."""
    pairs = pairs_of(BERLIN, SUMMER, days=2)
    found = guessed(tmp_path, plain(pairs, BERLIN))
    assert choices(found) == "the file does not say its currency: set currency ('EUR' here)"
    found = guessed(tmp_path, "time,price EUR/MWh\n" + "\n".join(f"{m:%Y-%m-%dT%H:%MZ},{p}" for m, p in pairs))
    assert found.keys["timezone"] == "UTC"
    assert "stamps are in UTC, and do not tell the market's zone: set timezone" in choices(found)
    found = guessed(tmp_path, "time,price EUR/MWh\n" + "\n".join(f"{m.timestamp():.0f},{p}" for m, p in pairs))
    assert (found.keys["timezone"], found.keys["time_format"]) == ("UTC", "unix")
    assert "stamps count seconds in UTC: set timezone to the market's (timezone = 'UTC' here)" in choices(found)
    found = guessed(tmp_path, "time utc,price EUR/MWh\n" + "\n".join(f"{m:%Y-%m-%d %H:%M},{p}" for m, p in pairs))
    assert (found.keys["timezone"], found.keys["file_timezone"]) == ("UTC", "UTC")
    assert "column 'time utc' is in UTC, and does not tell the market's zone" in choices(found)


def test_utc_beside_the_local_clock_tells_both(tmp_path: Path) -> None:
    pairs = pairs_of(BERLIN, EUROPE["autumn"])
    found = guessed(tmp_path, in_utc_beside_local(pairs, BERLIN))
    assert (found.keys["file_timezone"], found.keys["timezone"]) == ("UTC", BERLIN)
    np.testing.assert_allclose(found.market.prices, days_of(pairs, BERLIN))
    assert read_prices(tmp_path / "a.csv", **found.keys).notes == found.market.notes


def test_of_several_markets_the_first_is_selected_and_all_are_told(tmp_path: Path) -> None:
    pairs = pairs_of(BERLIN, SUMMER, days=1)
    rows = [(t, zone, kind, p + k) for t, p in on_clock(pairs, BERLIN) for k, (zone, kind) in enumerate(MARKETS)]
    lines = [f"{t:%Y-%m-%d %H:%M},{'light' if 6 < t.hour < 20 else 'dark'},{k},{z},{p:.2f}" for t, z, k, p in rows]
    text = "\n".join(["time,sky,kind,zone,price EUR/MWh", *lines])
    found = guessed(tmp_path, text)
    assert found.keys["select"] == {"zone": "DE", "kind": "DAM"}
    assert "each stamp stands there for 3 values of 'zone': select one of 'DE', 'FR', 'AT' ('DE' here)" in choices(
        found
    )
    assert "each stamp stands there for 2 values of 'kind': select one of 'DAM', 'IDA' ('DAM' here)" in choices(found)
    np.testing.assert_allclose(found.market.prices, days_of(pairs, BERLIN), atol=0.006)
    other = guessed(tmp_path, text, {"select": {"zone": "FR"}})
    assert other.keys["select"] == {"zone": "FR", "kind": "DAM"}
    np.testing.assert_allclose(other.market.prices, days_of(pairs, BERLIN) + 2, atol=0.006)


MARKETS = [("DE", "DAM"), ("DE", "IDA"), ("FR", "DAM"), ("FR", "IDA"), ("AT", "DAM"), ("AT", "IDA")]


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("minutes", "resolution"), [(20, "hour"), (30, "30min"), (10, "30min")])
def test_rows_that_are_no_period_of_a_market_are_averaged_to_one_that_is(
    tmp_path: Path, minutes: int, resolution: str
) -> None:
    """The shortest they make where they are a quarter of an hour apart or less, and else the longest."""
    found = guessed(tmp_path, plain(pairs_of(BERLIN, SUMMER, days=1, minutes=minutes), BERLIN))
    assert found.keys["resolution"] == resolution
    assert found.keys.get("resample", False) == (minutes != 30)


def test_a_key_that_a_refusal_names_is_told_as_a_scenario_has_it(tmp_path: Path) -> None:
    pairs = pairs_of(BERLIN, SUMMER, days=1, minutes=10)
    found = guessed(tmp_path, plain(pairs, BERLIN), {"resolution": "hour", "currency": "EUR"})
    assert found.keys["resample"] is True
    assert choices(found).endswith("set resample = true to average them (resample = true here)")
    with pytest.raises(DataError, match="set resample = true to average"):  # what the user says stays as it is
        guess(tmp_path / "a.csv", {"resolution": "hour", "resample": False})


@pytest.mark.parametrize(("name", "last", "closing"), [("time", 48, True), ("time", 49, False), ("start", 48, False)])
def test_stamps_from_the_first_hour_to_midnight_close_theirs(
    tmp_path: Path, name: str, last: int, closing: bool
) -> None:
    """Unless the name of the column says that they do not, or they go on."""
    first = dt.datetime.combine(SUMMER, dt.time())
    stamps = [first + dt.timedelta(hours=hour) for hour in range(1, last + 1)]
    text = f"{name},price EUR/MWh\n" + "\n".join(f"{t:%Y-%m-%d %H:%M},{k}" for k, t in enumerate(stamps))
    found = guessed(tmp_path, text)
    assert found.keys.get("stamp") == ("end" if closing else None)
    assert ("stamps run from 01:00 to 00:00, as those do that close their period" in choices(found)) == closing
    assert found.market.prices.ravel()[0] == (0 if closing else 23)


def test_gaps_are_filled_where_they_are_short_and_else_their_days_are_dropped(tmp_path: Path) -> None:
    lines = plain(pairs_of(BERLIN, SUMMER), BERLIN).split("\n")
    for gap, missing, days in ((2, "interpolate", 3), (7, "drop_day", 2)):
        path = tmp_path / "a.csv"
        path.write_text("\n".join(lines[:30] + lines[30 + gap :]))
        found = guess(path, {"currency": "EUR", "resolution": "hour", "timezone": BERLIN})
        assert (found.keys["missing"], found.market.days) == (missing, days)
        told = [choice.rpartition("(")[2] for choice in found.choices]
        assert told == ["missing = 'interpolate' here)", "missing = 'drop_day' here)"][: 1 + (gap > 3)]


HOURS = pd.date_range("2023-06-01", periods=48, freq="h")


@pytest.mark.parametrize(
    ("others", "price"),
    [
        ({"load": 5000, "wind forecast": 700, "value": 1.5}, "value"), ({"Price": 1.5, "price_spread": 1.0}, "Price"),
        ({"volume": 5000, "x": 1.5}, "x"), ({"x [EUR/MWh]": 1.5, "y": 1.0}, "x [EUR/MWh]"),
    ],
)  # fmt: skip
def test_the_column_that_is_likely_the_price(others: dict[str, float], price: str) -> None:
    table = read_table(pd.DataFrame({"time": HOURS, **others}))
    assert likely_columns(table, {}) == {"time": "time", "price": price}
    with pytest.raises(DataError, match="2 columns may be the price: set price to one of 'volume', 'load'"):
        likely_columns(read_table(pd.DataFrame({"time": HOURS, "volume": 1.0, "load": 2.0})), {})


def test_columns_that_are_likely_the_stamps() -> None:
    """Not the one that is called an end, wherever it stands; or the parts of a date and the hour."""
    end = HOURS + pd.Timedelta(hours=1)
    frame = pd.DataFrame({"Ende": end, "Beginn": HOURS, "Preis": 1.5})
    assert likely_columns(read_table(frame), {}) == {"time": "Beginn", "price": "Preis"}
    for names in (("Jahr", "Monat", "Tag"), ("year", "month", "day"), ("año", "mes", "dia")):
        cells = zip(names, (HOURS.year, HOURS.month, HOURS.day), strict=True)
        frame = pd.DataFrame({**dict(cells), "hour": HOURS.hour + 1, "price": 1.5})
        assert likely_columns(read_table(frame), {}) == {"date": [*names], "period": "hour", "price": "price"}
    quarters = pd.date_range("2023-06-01", periods=192, freq="15min")
    frame = pd.DataFrame({"date": quarters.strftime("%Y-%m-%d"), "quarter": quarters.minute // 15 + 1,
                          "hour": quarters.hour + 1, "price": 1.5})  # fmt: skip
    assert likely_columns(read_table(frame), {})["period"] == ["hour", "quarter"]


@pytest.mark.parametrize(("first", "step", "form"), [("1990-01-01", 1, "unix"), ("2060-01-01", 1000, "unix_ms")])
def test_a_column_that_counts_from_1970(first: str, step: int, form: str) -> None:
    """Whole numbers of seconds or of thousandths, long ago and to come."""
    start = int(dt.datetime.fromisoformat(f"{first}T00:00+00:00").timestamp())
    frame = pd.DataFrame({"t": [step * (start + 3600 * k) for k in range(48)], "price": 1.5})
    assert likely_columns(read_table(frame), {}) == {"time": "t", "time_format": form, "price": "price"}


@pytest.mark.parametrize("columns", [22, 23, 24, 25])
def test_a_table_of_days_has_23_columns_of_periods_or_more(columns: int) -> None:
    frame = pd.DataFrame({"day": ["2023-06-01", "2023-06-02"]} | {f"H{k}": [1.0, 2.0] for k in range(1, columns + 1)})
    assert is_wide(read_table(frame)) == (columns >= 23)
    if columns >= 23:
        frame.insert(1, "published", "2023-05-31 12:00")
        frame.insert(0, "area", "NO1")
        assert likely_columns(read_table(frame), {}) == {"wide": True, "date": "day"}


@pytest.mark.parametrize(
    ("given", "key", "names"),
    [({}, "skip_rows", ["time", "price"]), ({"columns": ["when", "paid"]}, None, ["when", "paid"])],
)
def test_lines_above_a_header_and_a_header_that_is_not_there(
    tmp_path: Path, given: dict[str, Any], key: str | None, names: list[str]
) -> None:
    rows = "\n".join(f"{t:%Y-%m-%d %H:%M};{p}" for t, p in on_clock(pairs_of(BERLIN, SUMMER, days=1), BERLIN))
    found = guessed(tmp_path, ("Prices\nof a market\n\ntime;price\n" if key else "") + rows, given)
    assert (found.keys.get("skip_rows"), found.keys.get("separator")) == ((3, ";") if key else (None, None))
    assert (found.keys["time"], found.keys["price"]) == (names[0], names[1])
    if key is None:
        bare = guessed(tmp_path, rows)
        assert (bare.keys["columns"], bare.keys["price"]) == (["time", "price"], "price")
        np.testing.assert_array_equal(bare.market.prices, found.market.prices)
