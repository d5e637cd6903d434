"""An hour in one column and the part of it in another, and columns of periods that autumn adds."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from examples import spread
from source_files import AMERICA, EUROPE, days_of, local, pairs_of

from omnisim.errors import DataError
from omnisim.market import read_prices
from omnisim.market.guessing import guess
from omnisim.market.parts_of_hours import parts_of_hours
from omnisim.market.table_files import read_table

CHICAGO, BERLIN = "America/Chicago", "Europe/Berlin"


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("season", "parts", "written"), spread(("spring", "autumn"), (4, 2, 12), ("number", "minute")))
def test_an_hour_and_its_part(tmp_path: Path, season: str, parts: int, written: str) -> None:
    length = 60 // parts
    pairs = pairs_of(CHICAGO, AMERICA[season], minutes=length)
    rows = []
    for moment, price in pairs:
        t = local(moment, CHICAGO)
        part = t.minute // length + 1 if written == "number" else t.minute
        rows.append(f"{t:%m/%d/%Y},{t.hour + 1},{part},{'Y' if t.fold else 'N'},HB_NORTH,{price}")
    path = tmp_path / "a.csv"
    head = (
        "Delivery Date,Delivery Hour,Delivery Interval,Repeated Hour Flag,Settlement Point Name,Settlement Point Price"
    )
    path.write_text("\n".join([head, *rows]))
    expected = days_of(pairs, CHICAGO, 24 * parts)
    found = guess(path, {"timezone": CHICAGO})
    assert found.keys["period"] == ["Delivery Hour", "Delivery Interval"]
    np.testing.assert_allclose(found.market.prices, expected)
    np.testing.assert_allclose(read_prices(path, **found.keys).prices, expected)


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("Hour", [str(k) for k in range(1, 25)]),
        ("Hour", [str(k) for k in range(1, 24)]),  # numbers count from 1 unless there is a 0
        ("Hour", [str(k) for k in range(24)]),
        ("Hour", [f"{k:02d}:00" for k in range(24)]),
        ("Hour", [f"{k:02d}:00" for k in range(1, 25)]),
        ("Hour Ending", [f"{k:02d}:00" for k in range(1, 24)]),
        ("Hour", [f"{k:02d}:00 - {k + 1:02d}:00" for k in range(24)]),
    ],
)
@pytest.mark.parametrize("parts", [2, 4])
def test_a_row_is_told_from_when_to_when_it_is(name: str, hours: list[str], parts: int) -> None:
    """Every list of hours begins at midnight."""
    rows = [(hour, str(part)) for hour in hours for part in range(1, parts + 1)]
    table = read_table(pd.DataFrame(rows, columns=[name, "Part"]))
    found, column = parts_of_hours(table, [name, "Part"])
    length = 60 // parts
    begins = [60 * hour + length * part for hour in range(len(hours)) for part in range(parts)]
    assert column == f"{name} and Part"
    assert found.frame[column].tolist() == [
        f"{b // 60:02d}:{b % 60:02d} - {(b + length) // 60:02d}:{(b + length) % 60:02d}" for b in begins
    ]


def test_parts_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Date,Hour,Quarter,price\n2023-01-01,1,1,5\n2023-01-01,1,7,5\n")
    with pytest.raises(DataError, match="'Quarter' holds '1', '7': it must count the parts of an hour"):
        read_prices(path, date="Date", period=["Hour", "Quarter"], price="price")
    path.write_text("Date,Hour,Half,price\n2023-01-01,25,1,5\n2023-01-01,1,2,5\n")
    with pytest.raises(DataError, match="Hour is '25'"):
        read_prices(path, date="Date", period=["Hour", "Half"], price="price")


@pytest.mark.parametrize("mark", ["B", " B", " (B)"])
def test_the_second_pass_of_autumn_in_a_column_of_its_own(tmp_path: Path, mark: str) -> None:
    pairs = pairs_of(BERLIN, EUROPE["autumn"])
    names = [f"{k:02d} - {k + 1:02d}" for k in range(24)]
    names.insert(3, names[2] + mark)
    days: dict[dt.date, dict[str, float]] = {}
    for moment, price in pairs:
        t = local(moment, BERLIN)
        days.setdefault(t.date(), {})[f"{t.hour:02d} - {t.hour + 1:02d}" + mark * t.fold] = price
    path = tmp_path / "a.csv"
    rows = [f"{day}," + ",".join(str(row.get(name, "")) for name in names) for day, row in days.items()]
    path.write_text("\n".join(["Date," + ",".join(names), *rows]))
    market = read_prices(path, wide=True, date="Date", timezone=BERLIN)
    np.testing.assert_allclose(market.prices, days_of(pairs, BERLIN))


def test_columns_of_a_wide_table_that_are_left_out_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    names = [*map(str, range(1, 25)), "3 again"]
    path.write_text("Date," + ",".join(names) + "\n2023-01-01," + ",".join(map(str, range(20, 45))))
    market = read_prices(path, wide=True, date="Date")
    assert "columns that name no period were left out: 3 again" in market.notes
