"""One market in several files: the prices are those of the files read one by one, and rows are told by their file."""

import datetime as dt
import zoneinfo
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scenario_files import omnisim_command
from source_files import AMERICA, CASES, EUROPE, days_of, pairs_of

import omnisim
from omnisim import market as markets
from omnisim.errors import DataError
from omnisim.market import read_prices
from omnisim.market.guessing import guess
from omnisim.market.preamble import header_of, lines_above_header
from omnisim.market.several_files import expanded, first_file


def spread(folder: Path, case: str) -> tuple[str, np.ndarray]:
    """A pattern of three files of two days, across the autumn clock change, and what all six days must be."""
    _, name, zone, write, _ = CASES[case]
    first = (AMERICA if zone.startswith("America") else EUROPE)["autumn"]
    pairs = pairs_of(zone, first, 6)
    stem, _, suffix = name.partition(".")
    for part in range(3):
        start = first + dt.timedelta(days=2 * part)
        days = [start, start + dt.timedelta(days=1)]
        own = [pair for pair in pairs if pair[0].astimezone(zoneinfo.ZoneInfo(zone)).date() in days]
        (folder / f"{stem}_{part}.{suffix}").write_text(write(own, zone), encoding="utf-8")
    return str(folder / f"{stem}_*.{suffix}"), days_of(pairs, zone)


@pytest.mark.one_in(6)
@pytest.mark.parametrize("case", [case for case in CASES if case != "energy-charts JSON"])
def test_every_layout_spread_over_files(tmp_path: Path, case: str) -> None:
    source, _, _, _, keys = CASES[case]
    pattern, expected = spread(tmp_path, case)
    market = getattr(markets, f"read_{source}")(pattern, **keys)
    np.testing.assert_allclose(market.prices, expected, rtol=0, atol=1e-9)
    assert market.days == 6
    np.testing.assert_allclose(guess(pattern, keys).market.prices, expected, rtol=0, atol=1e-9)


def hours(folder: Path, name: str, first: str, days: int, **more: object) -> Path:
    stamps = pd.date_range(first, periods=24 * days, freq="h")
    values = np.random.default_rng(stamps[0].month).uniform(0, 100, len(stamps)).round(2)
    pd.DataFrame({"time": stamps.strftime("%Y-%m-%d %H:%M"), "price": values, **more}).to_csv(
        folder / name, index=False
    )
    return folder / name


@pytest.mark.long
def test_a_pattern_a_list_and_the_parts_are_one_market(tmp_path: Path) -> None:
    paths = [
        hours(tmp_path, f"{name}.csv", f"2023-0{month}-01", days) for name, month, days in (("b", 3, 31), ("a", 2, 28))
    ]
    parts = np.vstack([read_prices(path).prices for path in reversed(paths)])
    for source in (paths, [str(path) for path in paths], tmp_path / "*.csv", str(tmp_path / "?.csv").replace("?", "*")):
        market = read_prices(source)
        np.testing.assert_array_equal(market.prices, parts)
        assert str(market.dates[0]) == "2023-02-01"
    assert read_prices(tmp_path / "*.csv").name == tmp_path.name
    assert "1 more" in read_prices(paths).attribution


def test_a_row_is_told_by_its_file(tmp_path: Path) -> None:
    hours(tmp_path, "a.csv", "2023-02-01", 28)
    later = hours(tmp_path, "b.csv", "2023-03-01", 31)
    text = later.read_text().splitlines()
    later.write_text("\n".join([*text[:7], text[7].partition(",")[0] + ",oops", *text[8:]]))
    with pytest.raises(DataError, match=r"line 8 of b\.csv: price is 'oops'"):
        read_prices(tmp_path / "*.csv")
    later.write_text("\n".join([*text, text[3]]))
    with pytest.raises(DataError, match=r"occurs 2 times, in lines 4 of b\.csv, 746 of b\.csv"):
        read_prices(tmp_path / "*.csv")


def test_each_file_may_have_lines_below_its_data(tmp_path: Path) -> None:
    paths = [hours(tmp_path, "a.csv", "2023-02-01", 28), hours(tmp_path, "b.csv", "2023-03-01", 31)]
    expected = read_prices(tmp_path / "*.csv").prices
    for path in paths:
        path.write_text(path.read_text() + "Source: nobody,\n")
    market = read_prices(tmp_path / "*.csv")
    np.testing.assert_array_equal(market.prices, expected)
    assert "lines 674 of a.csv, 746 of b.csv passed over: no data" in market.notes
    # In the middle of a file such a line is none of these.
    text = paths[1].read_text().splitlines()
    paths[1].write_text("\n".join([*text[:9], "Source: nobody,", *text[9:]]))
    with pytest.raises(DataError, match=r"line 10 of b\.csv: time is 'Source: nobody'"):
        read_prices(tmp_path / "*.csv")


def test_columns_that_some_files_lack(tmp_path: Path) -> None:
    first = hours(tmp_path, "a.csv", "2023-02-01", 28, load=1.0)
    hours(tmp_path, "b.csv", "2023-03-01", 31)
    market = read_prices(tmp_path / "*.csv")
    assert market.days == 59
    assert "columns that not all files have were left out: load" in market.notes
    with pytest.raises(DataError, match="no column 'load'"):
        read_prices(tmp_path / "*.csv", features=["load"])
    first.write_text(first.read_text().replace("time,price,load", "stamp,value,x"))
    with pytest.raises(
        DataError, match=r"b\.csv has other columns than a\.csv, none in common: time, price, not stamp, "
    ):
        read_prices(tmp_path / "*.csv")


def test_what_was_noticed_in_any_of_them_is_told_once(tmp_path: Path) -> None:
    hours(tmp_path, "a.csv", "2023-02-01", 28, größe=1.0)
    for name, first, days in (("b.csv", "2023-03-01", 31), ("c.csv", "2023-04-01", 30)):
        path = hours(tmp_path, name, first, days, größe=1.0)
        path.write_text(path.read_text(encoding="utf-8"), encoding="cp1252")
    assert [note for note in read_prices(tmp_path / "*.csv").notes if "read as" in note] == ["read as cp1252"]


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\*\.csv: there is no such file"):
        read_prices(tmp_path / "*.csv")
    with pytest.raises(DataError, match="the list of files is empty"):
        read_prices([])
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="there is no such file"):
        expanded(tmp_path / "*.csv")


@pytest.mark.long
def test_from_the_command_line_and_in_a_scenario(tmp_path: Path) -> None:
    pattern, expected = spread(tmp_path, "omie")
    answer = omnisim_command("inspect", pattern)
    assert answer.code == 0, answer.err
    scenario = tmp_path / "s.toml"
    rest = 'low = -60\nhigh = 180\n[forecaster]\nkind = "persistence"\n[populations.b]\nkind = "energy_buyers"\n'
    rest += "agents = 2\n"
    scenario.write_text(answer.out[answer.out.index("[market]") :] + rest)
    loaded = omnisim.load_scenario(scenario)
    np.testing.assert_allclose(-60 + 240 * omnisim.simulate(loaded).outcomes, expected, atol=1e-9)
    # Another file, or another price in one of them, is another scenario.
    (tmp_path / "marginalpdbc_2023_1.1").write_text(
        (tmp_path / "marginalpdbc_2023_1.1").read_text().replace(";1;", ";1;9")
    )
    assert omnisim.load_scenario(scenario).about["digest"] != loaded.about["digest"]
    refused = omnisim_command("inspect", tmp_path / "marginalpdbc_2023_0.1", tmp_path / "marginalpdbc_2023_1.1")
    assert refused.code == 2
    assert "pattern in quotes" in " ".join(refused.err.split())


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("prices_b.csv", "prices_c.csv", "prices_a.csv"):
        hours(tmp_path, name, {"a": "2023-02-01", "b": "2023-02-02", "c": "2023-02-03"}[name[7]], 1)
    pattern = tmp_path / "prices_*.csv"
    assert [path.name for path in expanded(pattern)] == [f"prices_{letter}.csv" for letter in "abc"]
    assert first_file(pattern) == tmp_path / "prices_a.csv"
    assert first_file([pattern, "x.csv"]) == tmp_path / "prices_a.csv"
    assert first_file(tmp_path / "none_*.csv") is None
    market = read_prices(pattern)
    assert (market.name, market.notes) == ("prices", ())


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([["time", "price"], ["UTC", "EUR/MWh"], *[["2021-01-01", "1"]] * 3], (0, 2)),
        ([["Prices", ""], ["time", "price"], *[["2021-01-01", "1"]] * 3], (1, 2)),
        ([["", "price"], *[["2021-01-01", "1"]] * 3], (0, 2)),
        ([["when", "paid", ""], *[["2021-01-01", "1", "2"]] * 3], (0, 3)),
        ([["2021-01-01", "1"]] * 4, (-1, 2)),
        ([["day", *map(str, range(1, 25))], *[["2021-01-01", *["5", "-3"] * 12]] * 3], (0, 25)),
        ([["day", *map(str, range(1, 24))], *[["2021-01-01", *["5", "-3"] * 11, "7"]] * 3], (0, 24)),
        ([["day", *[f"{h:02d}:00" for h in range(1, 24)], "00:00"], *[["2021-01-01", *["5", "-3"] * 12]] * 3], (0, 25)),
        ([["Prices"], ["of nobody"]], (-1, 0)),
    ],
)
def test_the_row_of_the_header_and_the_number_of_columns(rows: list[list[str]], found: tuple[int, int]) -> None:
    assert header_of(rows) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("time;price\n" + "2021-01-01;1,5\n" * 4, (0, ";", 2)),
        ("Prices, of a market\n\ntime\tprice\tload\n" + "2021-01-01\t1,5\t2,5\n" * 4, (2, "\t", 3)),
        ("2021-01-01|1\n" * 4, (-1, "|", 2)),
        # Commas divide the header, and all prices but the first, which has no decimals.
        ("time;price, EUR\n2021-01-01;5\n" + "2021-01-02;3,2\n" * 4, (0, ";", 2)),
    ],
)
def test_lines_above_a_header_by_the_separator_that_leaves_one(
    tmp_path: Path, text: str, found: tuple[int, str, int]
) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert lines_above_header(tmp_path / "a.csv") == found
