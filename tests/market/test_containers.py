"""Excel files and archives hold the same prices as text, and ask which sheet or file where there are several."""

import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omnisim.errors import DataError
from omnisim.market import read_prices
from omnisim.market.guessing import guess

PRICES = np.random.default_rng(2).uniform(20, 90, 72).round(2)
STAMPS = pd.date_range("2023-06-01", periods=72, freq="h")


def text() -> str:
    return "time,price\n" + "\n".join(f"{t:%Y-%m-%d %H:%M},{p}" for t, p in zip(STAMPS, PRICES, strict=True))


def workbook(path: Path, sheets: list[str], above: int = 0) -> Path:
    pytest.importorskip("openpyxl", reason="reads .xlsx")
    with pd.ExcelWriter(path) as writer:
        for k, sheet in enumerate(sheets):
            frame = pd.DataFrame({"time": STAMPS, "price": PRICES + k})
            frame.to_excel(writer, sheet_name=sheet, index=False, startrow=above)
            if above:
                writer.sheets[sheet]["A1"] = "Prices of a market"
    return path


@pytest.mark.long
def test_a_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["DAM"])
    np.testing.assert_array_equal(read_prices(path).prices.ravel(), PRICES)
    np.testing.assert_array_equal(guess(path).market.prices.ravel(), PRICES)


@pytest.mark.long
def test_a_sheet_with_a_title(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["DAM"], above=3)
    np.testing.assert_array_equal(read_prices(path, time="time", price="price").prices.ravel(), PRICES)
    found = guess(path)
    np.testing.assert_array_equal(found.market.prices.ravel(), PRICES)
    np.testing.assert_array_equal(read_prices(path, **found.keys).prices.ravel(), PRICES)


def test_one_of_several_sheets(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["Jan", "Feb"])
    with pytest.raises(DataError, match="set sheet to one of 'Jan', 'Feb'"):
        read_prices(path)
    np.testing.assert_array_equal(read_prices(path, sheet="Feb").prices.ravel(), PRICES + 1)
    with pytest.raises(DataError, match="'Mar'"):
        read_prices(path, sheet="Mar")


def test_without_the_library_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a.xlsx", ["DAM"])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"openpyxl \(pip install 'omnisim-lab\[excel\]'\)"):
        read_prices(path)


def test_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("deep/2023.csv", text())
    np.testing.assert_array_equal(read_prices(path).prices.ravel(), PRICES)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("README.txt", "about")
    with pytest.raises(DataError, match=r"set member to one of them: 'deep/2023\.csv', 'README\.txt'"):
        read_prices(path)
    np.testing.assert_array_equal(read_prices(path, member="deep/2023.csv").prices.ravel(), PRICES)


@pytest.mark.parametrize(
    ("encoding", "first"), [("utf-16", ""), ("utf-8-sig", ""), ("cp1252", ""), ("utf-8", "sep=,\n"), ("utf-16-le", "")]
)
def test_encodings_and_the_line_of_excel(tmp_path: Path, encoding: str, first: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((first + text().replace("price", "Börsenpreis")).encode(encoding))
    np.testing.assert_array_equal(read_prices(path, price="Börsenpreis").prices.ravel(), PRICES)


@pytest.mark.parametrize("at", [0, 5, 65, 72])
def test_a_quote_that_is_not_closed_is_told_without_what_follows(tmp_path: Path, at: int) -> None:
    lines = text().split("\n")
    lines[at] = '"' + lines[at]
    path = tmp_path / "a.csv"
    path.write_text("\n".join([*lines, ""]))
    with pytest.raises(DataError, match=rf"a.csv: line {at + 1} opens a quote that is not closed") as caught:
        read_prices(path)
    assert len(str(caught.value)) < 120


def test_a_cell_of_two_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text().replace("time,price", 'time,"price\nEUR/MWh"'))
    np.testing.assert_array_equal(read_prices(path).prices.ravel(), PRICES)


def test_rows_deep_inside_of_json(tmp_path: Path) -> None:
    nodes = [{"energy": p, "startsAt": f"{t:%Y-%m-%dT%H:%M:%S}.000+00:00"} for t, p in zip(STAMPS, PRICES, strict=True)]
    homes = [{"currentSubscription": {"priceInfo": {"range": {"nodes": nodes}}}}]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"data": {"viewer": {"homes": homes}}}))
    np.testing.assert_array_equal(guess(path).market.prices.ravel(), PRICES)


@pytest.mark.long
def test_a_row_of_types_and_a_trailer_around_the_data(tmp_path: Path) -> None:
    rows = [f'"D","{t:%m/%d/%Y}","{t.hour + 1:02d}","HUB",{p}' for t, p in zip(STAMPS, PRICES, strict=True)]
    above = ['"C","Day-ahead prices"', '"C","Report of 02/29/2024"', '"H","Date","Hour Ending","Name","Marginal Price"',
             '"H","mm/dd/yyyy","HE","","$/MWh"']  # fmt: skip
    path = tmp_path / "a.csv"
    path.write_text("\n".join([*above, *rows, f'"T",{len(rows)}']))
    for given in ({}, {"price": "Marginal Price", "timezone": "America/New_York"}):
        np.testing.assert_array_equal(guess(path, given).market.prices.ravel(), PRICES)
