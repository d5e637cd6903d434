"""Hostile price files: any layout read with any keys, with cells, lines and bytes that were changed."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tomli_w
from fuzz import values
from fuzz.judging import judged
from fuzz.scenarios import BUYERS, chance, fitting
from hypothesis import strategies as st
from scenario_files import prices as made_up_prices

from omnisim.market import read_price_file
from omnisim.scenario.table_models import parameters

Draw = Callable[..., Any]

DAYS = 3

CELLS = [
    *("", " ", "nan", "NaN", "n/a", "-", "--", "inf", "-inf", "1e400", "1e300", "1,5", "1.234,5", "1 234,5", "0x10"),
    *("٣", "１２", "=1+1", '"', "'", "1;2", "24:00", "2021-02-30 00:00", "2021-03-28 02:00", "31.12.2020 23:00"),
    *(
        "2021-01-01T00:00:00Z",
        "2021-01-01T00:00:00+25:00",
        "9999-12-31",
        "0001-01-01",
        "99999999999",
        "-9999",
        "1/1/21",
    ),
    *("\x00", "\x1b[2J", "\u202e", "x" * 3000, "9" * 400, "1_000", "True", "None", "$5", "5 €", "45.3 EUR/MWh"),
]


def layouts() -> dict[str, tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]]:
    """By name a table, how it is written as text, and the keys that read it."""
    hours = pd.date_range("2021-01-01", periods=24 * DAYS, freq="h")
    price = made_up_prices(DAYS).ravel()
    plain = pd.DataFrame({"time": hours.strftime("%Y-%m-%d %H:%M"), "price": price, "load": np.arange(price.size)})
    european = pd.DataFrame({"Datum": hours.strftime("%d.%m.%Y"), "Stunde": hours.hour + 1, "Preis [EUR/MWh]": price})
    offsets = pd.DataFrame({"start": hours.strftime("%Y-%m-%dT%H:%M:%SZ"), "value": price})
    wide = pd.DataFrame(made_up_prices(DAYS), columns=[f"h{i}" for i in range(1, 25)])
    wide.insert(0, "date", hours[::24].strftime("%Y-%m-%d"))
    daily = pd.DataFrame({"date": hours[::24].strftime("%Y-%m-%d"), "price": price[::24]})
    epf = pd.DataFrame({"Date": hours.strftime("%Y-%m-%d %H:%M:%S"), " Price": price, " Load": price, " Wind": price})
    return {
        "plain": (plain, {}, {"time": "time", "price": "price", "features": ["load"]}),
        "european": (
            european,
            {"sep": ";", "decimal": ","},
            {
                "date": "Datum",
                "period": "Stunde",
                "price": "Preis [EUR/MWh]",
                "date_format": "%d.%m.%Y",
                "separator": ";",
                "decimal": ",",
            },
        ),
        "offsets": (
            offsets,
            {},
            {"time": "start", "price": "value", "timezone": "Europe/Berlin", "missing": "drop_day"},
        ),
        "wide": (wide, {}, {"date": "date", "wide": True}),
        "daily": (daily, {}, {"date": "date", "price": "price", "resolution": "day"}),
        "epftoolbox": (epf, {}, {"source": "epftoolbox"}),
    }


def price_case(draw: Draw, folder: Path) -> str:
    """One hostile price file for ``validate``."""
    folder.mkdir(exist_ok=True)
    # Here, not after the case: the files of one that fails are looked at.
    for before in folder.glob("prices.*"):
        before.unlink()
    frame, options, keys = layouts()[draw(st.sampled_from(list(layouts())))]
    ending = draw(st.sampled_from(["csv", "csv", "csv", "csv.gz", "parquet", "json"]))
    frame = _odd(draw, frame)
    content = _written(draw, frame, options, ending)
    if ending == "csv" and chance(draw, 20):
        content = _odd_lines(draw, content)
    if chance(draw, 20):
        content = values.damaged(draw, content)
    others = ["csv", "csv.gz", "parquet", "json", "zip", "txt", "xlsx", "gz"]
    name = f"prices.{draw(st.sampled_from(others)) if chance(draw, 7) else ending}"
    (folder / name).write_bytes(content)
    market = {"source": "file", "path": name, "low": 0.0, "high": 100.0, **keys}
    for parameter in parameters(read_price_file):
        if parameter.name != "path" and chance(draw, 2):
            market[parameter.name] = draw(fitting(parameter.annotation))
    path = folder / "scenario.toml"
    tree = {"market": market, "forecaster": {"kind": "persistence"}, "populations": {"buyers": BUYERS}}
    path.write_text(tomli_w.dumps(tree), encoding="utf-8")
    return judged("validate", path, "--rounds", 1)


def _odd(draw: Draw, frame: pd.DataFrame) -> pd.DataFrame:
    """The table with other cells, other columns, and rows that are gone, twice there or elsewhere."""
    odd = frame.astype(object)
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        row, column = draw(st.integers(0, len(odd) - 1)), draw(st.integers(0, odd.shape[1] - 1))
        match draw(st.sampled_from(["cell", "cell", "cell", "all", "drop", "twice", "shuffle", "rename", "from here"])):
            case "cell":
                odd.iloc[row, column] = draw(st.sampled_from(CELLS))
            case "all":
                odd.iloc[:, column] = draw(st.sampled_from(CELLS))
            case "from here":
                odd.iloc[row:, column] = draw(st.sampled_from(CELLS))
            case "drop" if len(odd) > 1:
                odd = odd.drop(index=odd.index[row])
            case "twice":
                odd = pd.concat([odd.iloc[: row + 1], odd.iloc[row:]])
            case "shuffle":
                odd = odd.iloc[np.random.default_rng(row).permutation(len(odd))]
            case "rename":
                names = list(odd.columns)
                names[column] = draw(st.sampled_from(["", "price", "time", "x", "=1", "\x1b", names[0]]))
                odd.columns = pd.Index(names)
    return odd.reset_index(drop=True)


def _written(draw: Draw, frame: pd.DataFrame, options: dict[str, Any], ending: str) -> bytes:
    if ending == "parquet":
        buffer = io.BytesIO()
        frame.astype(str).set_axis([f"{name}{i}" if list(frame.columns).count(name) > 1 else name
                                    for i, name in enumerate(frame.columns)], axis=1).to_parquet(buffer)  # fmt: skip
        return buffer.getvalue()
    if ending == "json":
        rows = [dict(zip(map(str, frame.columns), row, strict=True)) for row in frame.itertuples(index=False)]
        tree = draw(
            st.sampled_from([rows, {"data": rows}, {"unix_seconds": [1, 2], "price": [1.0, 2.0]}, rows[:1], []])
        )
        if chance(draw, 60):
            tree = values.changed(draw, tree, ["price", "time", "data"])
        return json.dumps(tree, default=str).encode("utf-8", "replace")
    text = frame.to_csv(index=False, **options)
    encoding = draw(st.sampled_from(["utf-8"] * 20 + ["utf-8-sig", "utf-16", "latin-1", "cp1252"]))
    content = text.encode(encoding, "replace")
    return gzip.compress(content, mtime=0) if ending == "csv.gz" else content


def _odd_lines(draw: Draw, content: bytes) -> bytes:
    lines = content.split(b"\n")
    at = draw(st.integers(0, max(0, len(lines) - 1)))
    match draw(
        st.sampled_from(["blank", "comment", "short", "long", "quote", "crlf", "cr", "no header", "only header"])
    ):
        case "blank":
            lines[at:at] = [b"", b""]
        case "comment":
            lines[:0] = [b"# a comment; with, marks", b"unit: EUR/MWh"]
        case "short":
            lines[at] = lines[at][: draw(st.integers(0, 6))]
        case "long":
            lines[at] += b",1,2,3" * draw(st.integers(1, 200))
        case "quote":
            lines[at] = b'"' + lines[at]
        case "crlf":
            return b"\r\n".join(lines)
        case "cr":
            return b"\r".join(lines)
        case "no header":
            del lines[0]
        case "only header":
            del lines[1:]
    return b"\n".join(lines)
