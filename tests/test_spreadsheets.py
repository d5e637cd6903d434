"""No cell of a CSV file that the project writes is run by a spreadsheet."""

import ast
import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.spreadsheets import to_csv

RUN = [
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "=cmd|' /C calc'!A0", "＝1+1"),
    *("-", "+49 30 1234", '="a"', "=1,2"),
]
HARMLESS = ["", "a", "a=b", "1-2", "é", "x@y", "'=1", 'a"b', "a,b", "a\nb"]


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


@pytest.mark.parametrize("text", RUN)
@pytest.mark.parametrize("kind", [object, "str", "category"])
def test_a_text_that_would_be_run_is_marked(text: str, kind: str) -> None:
    frame = pd.DataFrame({"name": pd.Series([text, "b"], dtype=kind), "n": [1.5, -2.0]})
    assert rows(to_csv(frame)) == [["name", "n"], [f"'{text}", "1.5"], ["b", "-2.0"]]
    assert rows(to_csv(pd.DataFrame({text: [1]}))) == [[f"'{text}"], ["1"]]


@pytest.mark.parametrize("text", HARMLESS)
def test_another_text_stays(text: str) -> None:
    assert rows(to_csv(pd.DataFrame({"name": [text], "b": ["x"]}))) == [["name", "b"], [text, "x"]]


def test_numbers_and_what_is_missing_stay() -> None:
    frame = pd.DataFrame({"a": [-1, -2], "b": [-0.5, np.nan], "c": ["-x", None], "d": [True, False], "e": [-1.5, "=x"]})
    assert rows(to_csv(frame))[1:] == [["-1", "-0.5", "'-x", "True", "-1.5"], ["-2", "", "", "False", "'=x"]]
    assert frame["c"][0] == "-x"  # a copy was changed


@pytest.mark.long
def test_nothing_else_writes_csv() -> None:
    root = Path(omnisim.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("to_csv", "writer", "DictWriter"):
                assert path.name == "spreadsheets.py", f"{path}:{node.lineno} writes CSV by itself"
