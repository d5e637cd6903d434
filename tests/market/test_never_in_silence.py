"""Ways to misread a file of prices: what is surely wrong is refused, what is likely is told, and a key settles it."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omnisim.errors import DataError
from omnisim.market import Market, Scaling, read_prices
from omnisim.market.guessing import guess
from omnisim.market.inspection import inspected
from omnisim.market.suspicions import warn_of_values
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
