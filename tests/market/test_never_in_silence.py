"""Ways to misread a file of prices: what is surely wrong is refused, what is likely is told, and a key settles it."""

import datetime as dt
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from omnisim.errors import DataError
from omnisim.market import Market, Scaling, read_prices
from omnisim.market.guessing import guess
from omnisim.market.inspection import inspected
from omnisim.market.moments import _ABBREVIATIONS
from omnisim.market.numbers import signs_of
from omnisim.market.suspicions import warn_of_values
from omnisim.market.zones import _MEANT, checked_zone, clocks_like, zone_of_offsets
from omnisim.scenario.days import Days

HOURS = 24 * 10


def prices(hours: int = HOURS, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).uniform(20, 120, hours).round(2)


def file_of(folder: Path, columns: dict[str, Any], start: str = "2023-01-01", form: str = "%Y-%m-%d %H:%M") -> Path:
    length = len(next(iter(columns.values())))
    stamps = pd.date_range(start, periods=length, freq="h").strftime(form)
    path = folder / "a.csv"
    pd.DataFrame({"time": stamps, **columns}).to_csv(path, index=False, sep=";")
    return path


def refused(path: Path, **keys: Any) -> str:
    with pytest.raises(DataError) as caught:
        read_prices(path, **keys)
    message = str(caught.value)
    assert "\n" not in message
    return message


def silent(market: Market) -> np.ndarray:
    assert market.warnings == ()
    return market.prices.ravel()


def test_dots_of_thousands_are_no_decimals(tmp_path: Path) -> None:
    cells = [f"{p:.3f}" for p in prices()]
    cells[7] = "45.001"
    path = file_of(tmp_path, {"price": [cell.replace(".", ",") for cell in cells[:7]] + ["45.001"] + cells[8:]})
    assert "declare decimal and thousands" in refused(path)
    path = file_of(tmp_path, {"price": cells})
    message = refused(path, decimal=",")
    assert "thousands = '.'" in message
    assert "decimal = '.'" in message
    assert silent(read_prices(path, decimal="."))[7] == 45.001
    assert read_prices(path, decimal=",", thousands=".").prices.ravel()[7] == 45001


def test_a_literal_z_is_no_offset(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"price": prices()}, form="%Y-%m-%dT%H:%MZ")
    message = refused(path, time_format="%Y-%m-%dT%H:%MZ", timezone="Europe/Oslo")
    assert "'%Y-%m-%dT%H:%M%z'" in message
    assert "file_timezone" in message
    moved = silent(read_prices(path, time_format="%Y-%m-%dT%H:%M%z", timezone="Europe/Oslo"))
    np.testing.assert_array_equal(moved, prices()[23:-1])
    same = silent(read_prices(path, time_format="%Y-%m-%dT%H:%MZ", timezone="Europe/Oslo", file_timezone="Europe/Oslo"))
    np.testing.assert_array_equal(same, prices())


@pytest.mark.parametrize("start", ["2023-03-20", "2023-10-25"])
def test_naive_utc_under_a_zone_with_summer_time(tmp_path: Path, start: str) -> None:
    path = file_of(tmp_path, {"price": prices()}, start)
    (warning,) = read_prices(path, timezone="Europe/Berlin").warnings
    assert "file_timezone = 'UTC'" in warning
    assert "file_timezone = 'Europe/Berlin'" in warning
    np.testing.assert_array_equal(silent(read_prices(path, timezone="Europe/Berlin", file_timezone="Europe/Berlin")),
                                  prices())  # fmt: skip
    shifted = read_prices(path, timezone="Europe/Berlin", file_timezone="UTC")
    assert shifted.warnings == ()
    assert shifted.days == HOURS // 24 - 1


def test_stamps_that_close_their_hour(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"price": prices()}, "2023-01-01 01:00")
    (warning,) = read_prices(path).warnings
    assert "stamp = 'end'" in warning
    assert "stamp = 'start'" in warning
    np.testing.assert_array_equal(silent(read_prices(path, stamp="end")), prices())
    np.testing.assert_array_equal(silent(read_prices(path, stamp="start")), prices()[23:-1])


def test_prices_per_kwh(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"price": prices() / 1000})
    (warning,) = read_prices(path).warnings
    assert "unit = 'EUR/kWh'" in warning
    assert "unit = 'EUR/MWh'" in warning
    np.testing.assert_allclose(silent(read_prices(path, unit="EUR/kWh")), prices())
    np.testing.assert_allclose(silent(read_prices(path, unit="EUR/MWh")), prices() / 1000)


def test_a_header_in_another_currency_or_unit(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"Price [NOK/MWh]": prices()})
    message = refused(path, currency="EUR")
    assert "currency = 'NOK'" in message
    assert "unit = 'EUR/MWh'" in message
    assert read_prices(path).currency == "NOK"
    assert read_prices(path, unit="EUR/MWh").currency == "EUR"
    path = file_of(tmp_path, {"Price [ct/kWh]": prices() / 10})
    message = refused(path)
    assert "unit = 'ct/kWh'" in message
    assert "unit = 'EUR/MWh'" in message
    np.testing.assert_allclose(silent(read_prices(path, unit="ct/kWh")), prices())


@pytest.mark.parametrize("number", [-9999, 9999, -999, 99999, -99999.0])
def test_numbers_that_stand_for_nothing(tmp_path: Path, number: float) -> None:
    values = prices()
    values[[30, 31]] = number
    path = file_of(tmp_path, {"price": values})
    message = refused(path)
    assert "missing_values = ['" in message
    assert "missing_values = []" in message
    np.testing.assert_array_equal(read_prices(path, missing_values=[]).prices.ravel(), values)
    filled = read_prices(path, missing_values=[f"{number:g}"], missing="interpolate").prices.ravel()
    assert 20 < filled[30] < 120


@pytest.mark.one_in(13)
@pytest.mark.parametrize("kind", ["forecasts", "features"])
@pytest.mark.parametrize("shift", [0, 1, -1, 24, -23, 48])
@pytest.mark.parametrize(
    "changed",
    [
        lambda x: x,
        lambda x: 2 * x + 5,
        lambda x: (0.93 * x + 2).round(),
        lambda x: (x / 7.45).round(2),
        lambda x: x + np.random.default_rng(2).normal(0, 0.01, x.size),
        lambda x: np.where(np.arange(x.size) % 8 == 3, 50.0, (1.19 * x + 3).round(1)),
        lambda x: np.where(np.arange(x.size) % 3 == 1, 50.0, x),
    ],
    ids=["copy", "multiple", "rounded", "in another currency", "noisy", "wrong here and there", "wrong in every third"],
)
def test_the_price_itself_is_known_to_nobody(tmp_path: Path, kind: str, shift: int, changed: Any) -> None:
    """``shift``: by how many hours later the price is that the column shows."""
    values = prices()
    path = file_of(tmp_path, {"price": values, "model": changed(np.roll(values, -shift))})
    message = refused(path, **{kind: ["model"]})
    assert "leaks = 'allow'" in message
    assert "'model' is the price" in message
    assert read_prices(path, leaks="allow", **{kind: ["model"]}).days == 10


def test_the_column_of_prices_as_its_own_forecast(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"price": prices()})
    assert "leaks = 'allow'" in refused(path, forecasts=["price"])


def test_yesterday_as_a_feature_is_no_leak_and_as_a_forecast_is_told(tmp_path: Path) -> None:
    values = prices()
    path = file_of(tmp_path, {"price": values, "model": np.roll(values, 24)})
    assert silent(read_prices(path, features=["model"])).size == HOURS
    (warning,) = read_prices(path, forecasts=["model"]).warnings
    assert "1 day before" in warning
    assert "leaks = 'allow'" in warning
    assert read_prices(path, forecasts=["model"], leaks="allow").warnings == ()


def test_a_good_forecast_is_no_leak(tmp_path: Path) -> None:
    values = prices()
    near = values + np.random.default_rng(1).normal(0, 1, HOURS)
    for given in (near, near.round(), near.round(1), (near / 3).round()):
        assert silent(read_prices(file_of(tmp_path, {"price": values, "m": given}), forecasts=["m"])).size == HOURS


def test_a_gap_outside_the_days_that_are_played(tmp_path: Path) -> None:
    values = prices().astype(object)
    values[30] = ""
    path = file_of(tmp_path, {"price": values})
    assert "missing" in refused(path)
    market = read_prices(path, first_day=dt.date(2023, 1, 4))
    assert "2023-01-02" not in map(str, market.dates)
    assert any("outside the days played" in note for note in market.notes)
    assert "missing" in refused(path, first_day=dt.date(2023, 1, 1))


@pytest.mark.parametrize(
    ("rows", "keys", "said"),
    [
        ("time,price\n2023-01-01 00:00,1\n", {"time_format": "%Y-%m-%d %H:%M %Y"}, "time_format"),
        ("time,price\n2023-01-01 00:00+01:00,1\n2023-01-01 01:00+02:00,1\n2023-07-01 01:00,3\n", {}, "offset"),
        ("title\nsubtitle\ntime;price;x\n2023-01-01 00:00;1;2\n", {}, "skip_rows"),
        ("time,price\n2023-01-01 00:00,1,5\n2023-01-01 01:00,2,5\n", {}, "decimal comma"),
    ],
)
def test_errors_of_libraries_become_one_line(tmp_path: Path, rows: str, keys: dict[str, Any], said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(rows)
    message = refused(path, **keys)
    assert said in message
    for raw in ("redefinition", "Mixed timezones", "tokenizing", "Traceback", "pandas"):
        assert raw not in message


@pytest.mark.parametrize(
    ("zone", "meant"),
    [
        ("CET/CEST", "Europe/Berlin"), ("CEST", "Europe/Berlin"), ("AEST", "Australia/Brisbane"),
        ("AEDT", "Australia/Sydney"), ("EPT", "America/New_York"), ("Berlin", "Europe/Berlin"),
        ("Europe/Olso", "Europe/Oslo"),
    ],
)  # fmt: skip
def test_suggestions_of_zones(tmp_path: Path, zone: str, meant: str) -> None:
    path = file_of(tmp_path, {"price": prices()})
    for key in ("timezone", "file_timezone"):
        assert f"'{meant}'" in refused(path, **{key: zone})


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("mark", "separator"), [(".", ";"), (",", ";"), (",", ",")])
def test_three_digits_behind_every_sign_are_asked_about(tmp_path: Path, mark: str, separator: str) -> None:
    """Whole numbers with signs of thousands, or numbers with three decimals."""
    whole = np.random.default_rng(6).integers(300, 30_000, HOURS)
    stamps = pd.date_range("2023-01-01", periods=HOURS, freq="h").strftime("%Y-%m-%d %H:%M")
    path = tmp_path / "a.csv"

    def write(cells: list[str]) -> None:
        rows = [f'{t}{separator}"{cell}"' for t, cell in zip(stamps, cells, strict=True)]
        path.write_text("\n".join([f"time{separator}price", *rows]))

    for least in (300, 10_000):  # some without a sign, and none
        values = np.maximum(whole, least)
        write(cells_of(values, mark))
        message = refused(path)
        assert f"thousands = {mark!r}" in message
        assert f"decimal = {mark!r}" in message
        np.testing.assert_array_equal(silent(read_prices(path, thousands=mark)), values)
        found = guess(path)
        assert any("can be two numbers" in choice for choice in found.choices)
        np.testing.assert_allclose(found.market.prices.ravel(), values if least == 300 else values / 1000)
    np.testing.assert_allclose(read_prices(path, decimal="." if mark == "." else ",").prices.ravel(), values / 1000)
    write(["1234567", *cells_of(values[1:], mark)])
    np.testing.assert_allclose(read_prices(path).prices.ravel()[1:], values[1:] / 1000)
    write(["0" + mark + "250", *cells_of(values[1:], mark)])
    np.testing.assert_allclose(silent(read_prices(path))[1:], values[1:] / 1000)


def cells_of(values: np.ndarray, mark: str) -> list[str]:
    return [f"{value:,}".replace(",", mark) for value in values]


def test_a_price_that_is_stuck_is_told_from_its_first_day_on() -> None:
    dates = np.arange("2023-01-01", "2023-01-11", dtype="datetime64[D]")
    stuck = prices().reshape(10, 24)
    stuck[5, 20:], stuck[6:9], stuck[9, :3] = 17.5, 17.5, 17.5
    (warning,) = warn_of_values(Market("m", dates, stuck), "a.csv", "EUR/MWh")
    assert f"the price is 17.5 for {4 + 3 * 24 + 3} periods from 2023-01-06 on" in warning
    assert "missing_values = ['17.5']" in warning
    stuck[7, 7] = 18.0
    assert warn_of_values(Market("m", dates, stuck), "a.csv", "EUR/MWh") == []


def test_days_that_repeat_the_day_before_are_counted() -> None:
    dates = np.arange("2023-01-01", "2023-01-11", dtype="datetime64[D]")
    copied = prices().reshape(10, 24)
    copied[3], copied[8] = copied[2], copied[7]
    (warning,) = warn_of_values(Market("m", dates, copied), "a.csv", "EUR/MWh")
    assert "2 days have the prices of the day before, hour by hour, the first on 2023-01-04" in warning


def test_a_file_is_told_with_its_lowest_median_and_highest_price(tmp_path: Path) -> None:
    paid = prices()
    paid[[5, 50, 77]] = [-4.25, -31.5, 812.75]
    lines, _ = inspected(file_of(tmp_path, {"price": paid}))
    ranked = sorted(paid.tolist())
    middle = (ranked[HOURS // 2 - 1] + ranked[HOURS // 2]) / 2
    (told,) = [line for line in lines if line.startswith("  prices")]
    assert told.endswith(f"lowest -31.5, median {middle:.6g}, highest 812.75, 2 below 0")
    (days,) = [line for line in lines if line.startswith("  days")]
    assert days.split(maxsplit=1)[1] == "2023-01-01 to 2023-01-10, 10 days"


@pytest.mark.parametrize(("high", "narrow"), [(4000.0, False), (60000.0, True)])
def test_a_scale_far_wider_than_nearly_all_prices_is_told(high: float, narrow: bool) -> None:
    """Whatever a single spike of the year is."""
    dates = np.arange("2023-01-01", "2023-04-11", dtype="datetime64[D]")
    paid = prices(24 * 100).reshape(100, 24)
    paid[60, 18:20] = 3900.0
    days = Days(Market("m", dates, paid), "hour", Scaling(0.0, high, "EUR"), slice(0, 100))
    ranked = sorted(paid.ravel().tolist())
    wide = [each for each in days.warnings if "nearly all prices lie between" in each]
    assert len(wide) == narrow
    if narrow:
        low, top = ranked[24 - 1], ranked[-25]  # the 24 lowest and the 24 highest are one in a hundred
        assert float(wide[0].split()[5]) == pytest.approx(low, abs=0.2)
        assert float(wide[0].split()[7]) == pytest.approx(top, abs=0.2)
        assert "less than 2% of low = 0 to high = 60000" in wide[0]


def test_fixed_offsets_are_whole_hours_from_12_west_to_14_east() -> None:
    for hours in range(-13, 16):
        for written in (f"{hours:+03d}:00", f"UTC{hours:+d}", f"GMT {hours:+03d}00"):
            if -12 <= hours <= 14:
                zone = ZoneInfo(checked_zone("timezone", written))
                assert dt.datetime(2023, 7, 1, tzinfo=zone).utcoffset() == dt.timedelta(hours=hours)
            else:
                with pytest.raises(DataError, match="fixed offsets are whole hours"):
                    checked_zone("timezone", written)


def test_zones_that_are_suggested_for_a_name_have_its_clock() -> None:
    """In January or in July, as far as the name is one behind a stamp."""
    checked = 0
    for name, words in _MEANT.items():
        for zone in re.findall(r"'(\w+/[\w+-]+)'", words):
            place, hours = ZoneInfo(zone), _ABBREVIATIONS.get(name.upper())
            seen = {dt.datetime(2023, month, 15, tzinfo=place).utcoffset() for month in (1, 7)}
            assert hours is None or dt.timedelta(hours=hours) in seen, (name, zone)
            checked += hours is not None
    assert checked > 15


@pytest.mark.parametrize(
    ("clock", "first", "zones"),
    [
        ("Europe/Berlin", "2023-03-25", ["Europe/Berlin"]),
        ("Europe/London", "2023-10-28", ["Europe/London"]),
        ("America/New_York", "2023-03-11", ["America/New_York", "America/Chicago", "America/Denver",
                                            "America/Los_Angeles"]),
        ("UTC", "2023-03-25", []),
        ("UTC", "2023-10-28", []),
    ],
)  # fmt: skip
def test_the_clock_that_stamps_show(clock: str, first: str, zones: list[str]) -> None:
    """Berlin changes at 02 of its clock, London at 01, all of North America at 02 on a day of its own."""
    start = pd.Timestamp(first, tz=clock)
    shown = pd.Series(pd.date_range(start, start + pd.DateOffset(days=3), freq="h", inclusive="left").tz_localize(None))
    found, evidence = clocks_like(shown)
    season = "spring" if "-03-" in first else "autumn"
    if zones:
        words = "leaves out is not there" if season == "spring" else "repeats is there twice"
        assert (found, evidence) == (zones, f"what the {season} change of {zones[0]} {words}")
    else:
        words = "leaves out is present" if season == "spring" else "repeats is there once"
        assert (found, evidence) == ([], f"the hour that {season} {words}")


@pytest.mark.parametrize(
    ("zone", "month", "told"),
    [
        ("Europe/London", 1, None), ("Europe/London", 7, "Europe/London"), ("UTC", 7, None),
        ("Europe/Madrid", 1, "Europe/Berlin"), ("America/Chicago", 1, "America/Chicago"),
        ("Asia/Kathmandu", 1, None),
    ],
)  # fmt: skip
def test_offsets_tell_a_zone_unless_they_are_those_of_utc(zone: str, month: int, told: str | None) -> None:
    """In winter London's clock is that of UTC, which need not be a market's."""
    instants = pd.Series(pd.date_range(f"2023-{month:02d}-10", periods=48, freq="h", tz="UTC"))
    assert zone_of_offsets(instants, instants.dt.tz_convert(zone).dt.tz_localize(None)) == told


def test_a_clock_with_one_of_two_changes_of_its_zone_is_that_of_no_zone() -> None:
    whole = pd.date_range("2023-03-20", "2023-11-01", freq="h", tz="Europe/Berlin", inclusive="left").tz_localize(None)
    assert clocks_like(pd.Series(whole))[0] == ["Europe/Berlin"]
    assert "Europe/Berlin" not in clocks_like(pd.Series(whole[~whole.duplicated()]))[0]


@pytest.mark.parametrize("minutes", [60, 15])
def test_stamps_that_look_like_ends_are_told_by_their_first_and_last(minutes: int) -> None:
    times = pd.date_range("2023-01-01", periods=2 * 1440 // minutes, freq=f"{minutes}min") + pd.Timedelta(
        minutes=minutes
    )
    frame = pd.DataFrame({"time": times, "price": prices(len(times))})
    keys: dict[str, Any] = {"resolution": "hour" if minutes == 60 else "15min"}
    (warning,) = read_prices(frame, **keys).warnings
    word = "hour" if minutes == 60 else "period"
    assert f"stamps run from {times[0]:%H:%M} to 00:00, as those do that close their {word}" in warning
    assert silent(read_prices(frame.rename(columns={"time": "hour beginning"}), **keys)).size
    assert silent(read_prices(frame[:-1], **keys)).size  # the last is no midnight


@pytest.mark.parametrize(
    ("first", "kept", "seen"),
    [
        ("2023-03-25", "all", "2023-03-26 02:00, which does not exist there, is present"),
        ("2023-10-28", "all", "2023-10-29 02:00, which occurs twice there, is present once"),
        ("2023-03-25", "no price", ""),
    ],
)
def test_the_stamp_that_shows_another_clock_is_named(first: str, kept: str, seen: str) -> None:
    """A row without a price is there for the sake of the form."""
    paid: list[Any] = [*prices(72)]
    if kept == "no price":
        paid[24 + 2] = ""
    frame = pd.DataFrame({"time": pd.date_range(first, periods=72, freq="h"), "price": paid})
    warnings = read_prices(frame, timezone="Europe/Berlin").warnings
    assert len(warnings) == bool(seen)
    assert not seen or f"of Europe/Berlin ({seen})" in warnings[0]


@pytest.mark.parametrize("minutes", [60, 30])
def test_an_autumn_night_that_is_there_in_part_shows_no_other_clock(minutes: int) -> None:
    """Of the periods that occur twice one is there once, and all others twice."""
    night = pd.date_range("2023-10-28", "2023-10-31", freq=f"{minutes}min", tz="Europe/Berlin", inclusive="left")
    clock = night.tz_localize(None)
    twice = [k for k, t in enumerate(clock) if clock.tolist().count(t) == 2]
    frame = pd.DataFrame({"time": clock, "price": prices(len(clock))}).drop(index=twice[-1])
    resolution: Any = "hour" if minutes == 60 else "30min"
    warnings = read_prices(frame, timezone="Europe/Berlin", resolution=resolution).warnings
    assert len(warnings) == (minutes == 60)  # of hours there is only one that occurs twice


@pytest.mark.parametrize(
    ("of", "told"),
    [
        (lambda paid: paid / 1000, "prices lie between {low:.4g} and {high:.4g} EUR/MWh, as prices per kWh do"),
        (lambda paid: paid / 41, "prices lie between {low:.4g} and {high:.4g} EUR/MWh"),  # below 3
        (lambda paid: paid / 39, ""),
        (lambda paid: np.where(np.arange(paid.size) % 50, paid / 1000, 40.0), ""),  # 2 % of them are ordinary prices
        (lambda paid: np.sort(paid) + np.arange(paid.size) / 100, "prices rise in every row, as a counter does"),
        (lambda paid: np.where(np.arange(paid.size) == 5, np.sort(paid)[4], np.sort(paid)), ""),
        (lambda paid: np.where((np.arange(paid.size) >= 90) & (np.arange(paid.size) < 138), 7.0, paid),
         "the price is 7 for 48 periods from 2023-01-04 on: set missing_values = ['7']"),
        (lambda paid: np.where((np.arange(paid.size) >= 90) & (np.arange(paid.size) < 137), 7.0, paid), ""),
    ],
)  # fmt: skip
def test_prices_that_are_no_prices_are_told_from_those_that_are(of: Any, told: str) -> None:
    paid = of(prices(24 * 60))
    dates = np.arange("2023-01-01", "2023-03-02", dtype="datetime64[D]")
    found = warn_of_values(Market("m", dates, paid.reshape(60, 24)), "a.csv", None)
    assert len(found) == bool(told)
    assert not told or told.format(low=paid.min(), high=paid.max()) in found[0]


@pytest.mark.parametrize(("copies", "told"), [(1, False), (2, True)])
def test_two_days_in_a_hundred_that_were_copied_are_told(copies: int, told: bool) -> None:
    dates = np.arange("2023-01-01", "2023-04-11", dtype="datetime64[D]")
    copied = prices(2400).reshape(100, 24)
    for t in (70, 90)[:copies]:
        copied[t] = copied[t - 1]
    found = warn_of_values(Market("m", dates, copied), "a.csv", "EUR/MWh")
    assert len(found) == told
    assert not told or "2 days have the prices of the day before, hour by hour, the first on 2023-03-12" in found[0]


@pytest.mark.parametrize(
    ("number", "others", "refused_"),
    [
        (-999.0, (20.0, 120.0), True), (-999.0, (-998.0, 3000.0), False), (999.0, (20.0, 120.0), False),
        (9999.0, (20.0, 120.0), True), (9999.0, (20.0, 9000.0), False), (-9999999.0, (20.0, 120.0), True),
        (9999999.0, (20.0, 120.0), True), (-9999.0, (-9000.0, 9000.0), False), (-9999.0, (-4000.0, 15000.0), True),
    ],
)  # fmt: skip
def test_a_number_of_nines_stands_for_nothing_where_it_is_far_from_all_others(
    number: float, others: tuple[float, float], refused_: bool
) -> None:
    """Farther below them than a tenth of their range, or farther above than the range; 999 is an ordinary price."""
    values = np.linspace(*others, 48)
    values[[30, 31]] = number
    frame = pd.DataFrame({"time": pd.date_range("2023-01-01", periods=48, freq="h"), "price": values})
    if refused_:
        with pytest.raises(DataError) as caught:
            read_prices(frame)
        range_ = f"far from all others ({others[0]:g} to {others[1]:g})"
        assert f"row 31: price is {number:g} (2 times), {range_}" in str(caught.value)
    else:
        assert read_prices(frame).prices[1, 6] == number


def test_a_number_of_nines_in_a_feature(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"price": prices(48), "wind": np.where(np.arange(48) == 40, -9999, 5.0)})
    assert "line 42: wind is -9999 (1 time), far" in refused(path, features=["wind"])
    cents = np.where(np.arange(48) == 40, -999, prices(48) / 10)
    path = file_of(tmp_path, {"price": cents})  # as it stands in the file, whatever its unit
    assert "line 42: price is -999 (1 time), far" in refused(path, unit="ct/kWh")
    path = file_of(tmp_path, {"price": np.where(np.arange(48) == 40, -9999, prices(48)), "wind": prices(48, 6)})
    assert "line 42: price is -9999 (1 time), far" in refused(path, features=["wind"])


@pytest.mark.parametrize(
    ("columns", "keys", "said"),
    [
        ({"price": 1.0, "currency": "NOK"}, {"currency": "EUR"}, "column of currencies says 'NOK', but currency is"),
        ({"SpotPriceDKK": 1.0}, {"currency": "EUR"}, "says 'DKK' .*but currency is 'EUR': set currency = 'DKK', or un"),
        ({"price": 1.0}, {"currency": "EUR", "unit": "NOK/MWh"}, "unit is 'NOK/MWh', but currency is 'EUR'"),
        ({"price kr/MWh": 1.0}, {"currency": "EUR"}, "no unit of EUR: set currency = 'SEK', or 'NOK', 'DKK', 'ISK', "),
        ({"price": 1.0, "unit": "ct/kWh"}, {}, "the header says 'ct/kWh' .*set unit = 'ct/kWh' to convert"),
        ({"price [GWh]": 1.0, "currency": ["EUR", "NOK"] * 12}, {}, "column 'currency' has EUR, NOK: select one"),
    ],
)  # fmt: skip
def test_money_that_contradicts_itself_is_refused(columns: dict[str, Any], keys: dict[str, Any], said: str) -> None:
    frame = pd.DataFrame({"time": pd.date_range("2023-01-01", periods=24, freq="h"), **columns})
    with pytest.raises(DataError, match=said):
        read_prices(frame, price=next(iter(columns)), **keys)


@pytest.mark.parametrize(
    ("columns", "keys", "currency", "notes"),
    [
        ({"price": 5.0, "currency": "NOK"}, {}, "NOK", ()),
        ({"price $/MWh": 5.0}, {}, "USD", ()),
        ({"price $/MWh": 5.0}, {"currency": "AUD"}, "AUD", ()),
        ({"price $/MWh": 5.0, "currency": "CAD"}, {}, "CAD", ()),
        ({"price": 0.5, "unit": "ct/kWh"}, {"unit": "ct/kWh"}, "EUR",
         ("prices in ct/kWh were multiplied by 10, to be per MWh",)),
        ({"price": 0.5}, {"unit": "ct/kWh", "currency": "USD"}, "USD",
         ("prices in ct/kWh were multiplied by 10, to be per MWh",)),
    ],
)  # fmt: skip
def test_money_that_a_file_says_in_one_place(
    columns: dict[str, Any], keys: dict[str, Any], currency: str, notes: tuple[str, ...]
) -> None:
    frame = pd.DataFrame({"time": pd.date_range("2023-01-01", periods=24, freq="h"), **columns})
    market = read_prices(frame, price=next(iter(columns)), **keys)
    assert (market.currency, market.notes) == (currency, notes)
    np.testing.assert_allclose(market.prices, 5.0)


@pytest.mark.parametrize(
    ("cells", "signs"),
    [
        (["1.234.567"], ",."), (["1,234,567", "2"], ".,"), (["1.234,5"], ",."), (["1,234.5"], ".,"), (["12,5"], ","),
        (["0,250", "1,234"], ","), (["1 234,5"], ", "), (["1'234"], ".'"), (["1,234", "12345"], ","),
        (["12.5", "1 000"], ". "), (["€ 12,50", "7"], ","),
    ],
)  # fmt: skip
def test_signs_that_cells_leave_no_doubt_of(cells: list[str], signs: str) -> None:
    """The decimal sign and that of thousands, if there is one."""
    found = signs_of(cells, None, None)
    assert (found.decimal, found.thousands) == (signs[0], signs[1:])


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["12,5", "12.5"], "'12.5' and '12,5' have different decimal signs"),
        (["1,234", "1.234"], "have different decimal signs"),
        (["1,234", "-123"], "can be two numbers, .*: set thousands = ',' .1234, as '-123' without a sign suggests"),
        (["1,234"], "can be two numbers, .*: set decimal = ',' .1.234. or thousands = ',' .1234."),
        (["1,234", "56"], "can be two numbers, .*: set thousands = ',' .1234, as '56' without a sign suggests. or"),
        (["12,5", "1.234"], "'1.234' beside '12,5' is either grouped by thousands or has another decimal sign"),
    ],
)
def test_signs_that_cells_leave_in_doubt(cells: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        signs_of(cells, None, None)


@pytest.mark.parametrize(
    ("cell", "decimal", "hint"),
    [
        ("1,234", ".", r"is 1234 with thousands = ',', or 1.234 with decimal = ',': declare which"),
        ("12,5", ".", r"with decimal = ',' it would be one"), ("1,234.5", ".", r"with thousands = ',' it would be one"),
        ("1 234", ".", r"with thousands = ' ' it would be one"), ("(12)", ".", "parentheses are not read as a minus"),
    ],
)  # fmt: skip
def test_a_cell_that_is_no_number_is_told_how_it_would_be(cell: str, decimal: Any, hint: str) -> None:
    frame = pd.DataFrame({"time": pd.date_range("2023-01-01", periods=2, freq="h"), "price": ["5", cell]})
    with pytest.raises(DataError, match=rf"row 2: price is '.*'.*{hint}"):
        read_prices(frame, decimal=decimal)


@pytest.mark.parametrize(
    ("decimal", "thousands", "signs"),
    [(None, ".", (",", ".")), (None, ",", (".", ",")), (",", None, (",", "")), (".", " ", (".", " "))],
)
def test_signs_that_are_declared(decimal: Any, thousands: str | None, signs: tuple[str, str]) -> None:
    found = signs_of(["1"], decimal, thousands)
    assert (found.decimal, found.thousands) == signs


def test_dashes_are_missing_or_a_minus() -> None:
    """Alone, or before a number."""
    day = pd.date_range("2023-01-01", periods=24, freq="h")
    cells = ["–", "—", "---", "n/e", "-", *["\N{EN DASH}5", "\N{MINUS SIGN}5", "-5"] * 6, "1"]
    frame = pd.DataFrame({"time": day, "price": cells})
    with pytest.raises(DataError, match=r"hour 2023-01-01 00:00 has no price \(5 such hours\)"):
        read_prices(frame)
    with pytest.raises(DataError, match="thousands is ',', as is decimal: they must differ"):
        read_prices(frame, decimal=",", thousands=",")
    frame = pd.DataFrame({"time": day, "price": ["\N{EN DASH}5", "\N{MINUS SIGN}5", "-5"] * 8})
    assert read_prices(frame).prices[0].tolist() == [-5.0] * 24
