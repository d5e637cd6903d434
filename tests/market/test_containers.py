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
from omnisim.market.excel_files import header_above
from omnisim.market.guessing import guess
from omnisim.market.text_files import MOST_BYTES, decoded, refuse_large

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
    with pytest.raises(DataError, match=r"holds 2 files: set member to one of them: 'deep/2023\.csv', 'README\.txt'"):
        read_prices(path, member="2023.csv")


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


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_a_cell_that_is_no_number_is_told_by_its_line_or_row(tmp_path: Path, form: str) -> None:
    """The tenth price: below two lines of title and a header in text and in a sheet, the tenth row of JSON."""
    cells: list[object] = [*PRICES.tolist()]
    cells[9] = "much"
    path = tmp_path / f"a.{form}"
    stamps = [f"{t:%Y-%m-%d %H:%M}" for t in STAMPS]
    if form == "csv":
        rows = [f"{t},{p}" for t, p in zip(stamps, cells, strict=True)]
        path.write_text("\n".join(["Prices", "", "time,price", *rows]))
    elif form == "json":
        path.write_text(json.dumps({"time": stamps, "price": cells, "unit": "EUR/MWh", "licence": "none"}))
    else:
        pytest.importorskip("openpyxl", reason="reads .xlsx")
        pd.DataFrame([["Prices", None], [None, None], ["time", "price"], *zip(stamps, cells, strict=True)]).to_excel(
            path, index=False, header=False
        )
    place = {"csv": "line 13", "xlsx": "row 13", "json": "row 10"}[form]
    with pytest.raises(DataError, match=rf"a\.{form}: {place}: price is 'much'"):
        read_prices(path, time="time", price="price")


def test_the_header_of_a_sheet_is_its_first_row_that_is_not_empty(tmp_path: Path) -> None:
    """And a column without any cell is none."""
    pytest.importorskip("openpyxl", reason="reads .xlsx")
    path = tmp_path / "a.xlsx"
    rows = [[None, t, None, p] for t, p in zip(STAMPS, PRICES, strict=True)]
    pd.DataFrame([[None] * 4, [None] * 4, [None, "when", None, "paid"], *rows]).to_excel(
        path, index=False, header=False
    )
    np.testing.assert_array_equal(read_prices(path).prices.ravel(), PRICES)
    assert header_above(path) == (2, 2)


def test_forms_of_json(tmp_path: Path) -> None:
    """Lists by name beside constants, records, pairs; eight levels deep and no deeper."""
    path, stamps = tmp_path / "a.json", [f"{t:%Y-%m-%dT%H:%M}" for t in STAMPS]
    forms: list[object] = [
        {"time": stamps, "price": PRICES.tolist(), "unit": "EUR/MWh", "days": 3},
        [{"time": t, "price": p} for t, p in zip(stamps, PRICES, strict=True)],
        [[t, p] for t, p in zip(stamps, PRICES, strict=True)],
    ]
    for form in forms:
        tree = form
        for _ in range(8):
            tree = {"in": tree}
        path.write_text(json.dumps(tree))
        np.testing.assert_array_equal(read_prices(path).prices.ravel(), PRICES)
        path.write_text(json.dumps({"in": tree}))
        with pytest.raises(DataError, match="has no rows: lists of equal length"):
            read_prices(path)
    path.write_text(json.dumps(forms[0]).replace("EUR/MWh", "ct/kWh"))
    with pytest.raises(DataError, match="the header says 'ct/kWh'"):
        read_prices(path)


def test_a_member_is_for_archives_only_and_what_was_passed_over_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text())
    with pytest.raises(DataError, match=r"a\.csv is not a \.zip archive: leave member out"):
        read_prices(path, member="x.csv")
    for above, note in (
        (["Prices"], "1 line above the header was"),
        (["Prices", "of", "Börse"], "3 lines above the hea"),
    ):
        path.write_bytes("\n".join([*above, text()]).encode("cp1252"))
        notes = read_prices(path, time="time", price="price").notes
        assert [each for each in notes if each.startswith(note)]
        assert ("read as cp1252" in notes) == (len(above) == 3)
    path.write_text("sep=;\n" + text().replace(",", "|"))
    np.testing.assert_array_equal(read_prices(path, separator="|").prices.ravel(), PRICES)


@pytest.mark.parametrize("first", ["", "sep=,\n"])
@pytest.mark.parametrize("skipped", [0, 2])
def test_the_line_of_a_cell_counts_all_lines_of_the_file(tmp_path: Path, first: str, skipped: int) -> None:
    path = tmp_path / "a.csv"
    lines = text().replace(str(PRICES[5]), "x", 1).split("\n")
    at = next(k for k, line in enumerate(lines) if line.endswith(",x"))
    path.write_text(first + "title\n" * skipped + "\n".join(lines))
    with pytest.raises(DataError, match=rf"line {at + 1 + skipped + bool(first)}: price is 'x'"):
        read_prices(path, skip_rows=skipped or None)


@pytest.mark.parametrize(
    ("cells", "cause"),
    [
        (lambda k: f"{k},5", "is a decimal comma not in quotes, in a file separated by commas"),
        (lambda k: f"{k},5" if k == 7 else f"{k}", "is the separator part of a value not in quotes"),
    ],
)
def test_cells_beyond_the_header_are_told_with_the_likely_cause(tmp_path: Path, cells: object, cause: str) -> None:
    path = tmp_path / "a.csv"
    rows = [f"{t:%Y-%m-%d %H:%M},{cells(k)},1" for k, t in enumerate(STAMPS)]  # type: ignore[operator]
    path.write_text("\n".join(["time,price,load", *rows]))
    with pytest.raises(DataError, match=rf"has 4 cells, the header 3, with separator ',': {cause}"):
        read_prices(path)


def test_a_file_too_large_for_the_memory_is_refused() -> None:
    refuse_large("a.csv", MOST_BYTES)
    with pytest.raises(DataError, match=r"a\.csv takes more than 2,000 MB of memory"):
        refuse_large("a.csv", MOST_BYTES + 1)


@pytest.mark.parametrize("order", ["little", "big"])
def test_utf_16_without_a_mark(order: str) -> None:
    code = f"utf-16-{order[0]}e"
    assert decoded("Börse".encode(code), "a.csv") == ("Börse", code)
