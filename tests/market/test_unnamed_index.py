"""What pandas writes by default: a column of stamps without a name, in text and in Excel files."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from examples import spread
from source_files import EUROPE, days_of, pairs_of

from omnisim.market import read_nordpool, read_prices
from omnisim.market.guessing import guess

BERLIN = "Europe/Berlin"
PAIRS = pairs_of(BERLIN, EUROPE["spring"])
EXPECTED = days_of(PAIRS, BERLIN)


def series(name: str, per_megawatt_hour: float) -> pd.Series:
    index = pd.DatetimeIndex([moment for moment, _ in PAIRS]).tz_convert(BERLIN)
    return pd.Series([price / per_megawatt_hour for _, price in PAIRS], index, name=name)


HEADERS = [("Price ct/kWh", 10, "EUR"), ("GBP/MWh", 1, "GBP"), ("SEK/kWh", 1000, "SEK"), ("price", 1, "EUR")]


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("header", "kind"), spread(HEADERS, ("offsets", "naive", "with a load", "excel")))
def test_its_header_is_no_data(tmp_path: Path, header: tuple[str, int, str], kind: str) -> None:
    name, factor, currency = header
    values = series(name, factor)
    path = tmp_path / ("a.xlsx" if kind == "excel" else "a.csv")
    if kind != "offsets":
        values.index = values.index.tz_localize(None)
    if kind == "excel":
        pytest.importorskip("openpyxl", reason="writes .xlsx")
        values.to_excel(path)
    else:
        (values.to_frame().assign(Load=5000.5) if kind == "with a load" else values).to_csv(path)
    found = guess(path, {"timezone": BERLIN})
    np.testing.assert_allclose(found.market.prices, EXPECTED)
    assert found.market.currency == currency
    assert found.keys["price"] == name
    assert not any("passed over" in note for note in found.market.notes)
    assert any("does not say its currency" in choice for choice in found.choices) == (name == "price")
    np.testing.assert_allclose(read_prices(path, **found.keys).prices, EXPECTED)


@pytest.mark.long
def test_a_workbook_of_nord_pool(tmp_path: Path) -> None:
    """A title, an empty row, a note, and a header whose first cell is empty."""
    openpyxl = pytest.importorskip("openpyxl", reason="writes .xlsx")
    prices = np.random.default_rng(4).uniform(20, 90, (3, 24)).round(2)
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Elspot Prices in SEK/MWh"], [], ["Data was last updated 03-01-2024"], [None, "Hours", "SYS", "SE1"]):
        sheet.append(row)
    for k, day in enumerate(prices):
        for hour, price in enumerate(day):
            date = dt.date(2024, 5, 1 + k)
            sheet.append([f"{date:%d-%m-%Y}", f"{hour:02d} - {hour + 1:02d}", float(price), float(price) + 1])
    path = tmp_path / "a.xlsx"
    book.save(path)
    market = read_nordpool(path)
    np.testing.assert_array_equal(market.prices, prices)
    assert market.currency == "SEK"
    np.testing.assert_array_equal(guess(path, {"price": "SE1"}).market.prices, prices + 1)
    np.testing.assert_array_equal(read_prices(path, date="", period="Hours", price="SYS", skip_rows=3).prices, prices)


@pytest.mark.long
def test_rows_that_are_skipped_in_a_sheet_may_be_empty(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl", reason="writes .xlsx")
    stamps = pd.date_range("2023-06-01", periods=48, freq="h")
    prices = np.random.default_rng(2).uniform(20, 90, 48).round(2)
    path = tmp_path / "a.xlsx"
    with pd.ExcelWriter(path) as writer:
        pd.DataFrame({"when": stamps, "cost": prices}).to_excel(writer, index=False, startrow=2)
        next(iter(writer.sheets.values()))["A1"] = "Prices"
    np.testing.assert_array_equal(read_prices(path, skip_rows=2).prices.ravel(), prices)
    found = guess(path)
    assert found.keys["skip_rows"] == 2
    np.testing.assert_array_equal(found.market.prices.ravel(), prices)


def test_a_sheet_without_a_header(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl", reason="writes .xlsx")
    stamps = pd.date_range("2023-06-01", periods=48, freq="h")
    prices = np.random.default_rng(2).uniform(20, 90, 48).round(2)
    path = tmp_path / "a.xlsx"
    pd.DataFrame({"when": stamps, "cost": prices}).to_excel(path, index=False, header=False)
    np.testing.assert_array_equal(guess(path).market.prices.ravel(), prices)
