"""The script that compares the pages of two checkouts sees what changed, and only that."""

import base64
import gzip
import json

import numpy as np
import pytest
from pages_unchanged import Page, differences, told

SPECS = base64.b64encode(gzip.compress(json.dumps({"figures": {"a": [1.5]}}).encode())).decode()
PAGE = f"""<html><style>p {{}}</style><body><p>It took 3.2 s, and 2 of 3 agree.</p>
<table><tr><th>name</th><th>seconds</th><th>value</th></tr><tr><td>a <b>bold</b></td><td>9</td><td>0.5</td></tr></table>
<dl><dt>time taken</dt><dd>8</dd></dl>
<script>code()</script><script type="text/plain" id="specs">{SPECS}</script></body></html>"""


def array(*values: float) -> dict[str, str]:
    return {"dtype": "f8", "bdata": base64.b64encode(np.array(values).tobytes()).decode()}


def test_a_page_is_its_words_tables_and_figures_without_costs() -> None:
    page = Page(PAGE)
    assert list(page.told()) == ["It took #, and 2 of 3 agree."]
    assert page.tables == [[["name", "value"], ["a bold", "0.5"]]]
    assert page.drawn == [{"figures": {"a": [1.5]}}]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1.0}, {"a": 1.0 + 1e-12}, []),
        ({"a": 1.0}, {"a": 1.001}, ["/a: 1.0 -> 1.001"]),
        ({"a": "1.0"}, {"a": "1.1"}, ['/a: "1.0" -> "1.1"']),
        ({"a": True}, {"a": False}, ["/a: true -> false"]),
        ({"a": 1.0}, {"a": None}, ["/a: 1.0 -> null"]),
        ({"a": 1}, {"b": 1}, ["/a: is gone", "/b: is new"]),
        ([1, 2], [1], [": 2 entries, now 1: [1, 2] -> [1]"]),
        (array(1.0, np.nan), array(1.0, np.nan), []),
        (array(1.0, np.nan), array(1.5, np.nan), ["/bdata/0: 1.0 -> 1.5"]),
        ({}, {"refused": "no such file"}, [": was not made: no such file", "/refused: is new"]),
    ],
)
def test_differences(before, after, found) -> None:
    assert list(differences(before, after)) == found


def test_the_answer_is_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert told({"page": {"a": 1}}, {"page": {"a": 1}}) == 0
    assert told({"page": {"a": 1}}, {"page": {"a": 2}}) == 1
    assert capsys.readouterr().out == "page: unchanged\npage: 1 differences\n    /a: 1 -> 2\n"
