"""The page of a study: complete, self-contained, safe, and right for the least of studies."""

import html
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from omnisim.report.drawings import Curve, Drawing, Panel
from omnisim.report.study.page import headline, render, write_study
from omnisim.report.study.results import MOST_ROWS, Chart, Finding, Section, Study, Table

SCRIPT = "</script><script>alert(1)</script>"


def study(text: str = "plain", rows: int = 3, findings: tuple[Finding, ...] = ()) -> Study:
    frame = pd.DataFrame({"name": [text] * rows, "value": np.linspace(-1, 1, rows), "holds": [True] * rows})
    curve = Curve(text, [256, 512], [1.0, -2.0], [0.5, np.nan], [2.0, np.nan])
    drawing = Drawing([Panel(text, text, text, [curve]), Panel(text, text, text, [curve], log_y=False)], text, text)
    return Study(
        name="toy",
        title=text,
        summary=text,
        facts=[(text, text)],
        findings=findings or (Finding(text, text, text, True),),
        sections=[Section("one", text, [text], [Chart("chart", text, {text: drawing, "b": drawing}, text)], ["t"])],
        tables={"t": Table(text, frame, text), "hidden": Table(text, frame, shown=False)},
        about={"command": text, "versions": {text: text}, "seed": 1, text: text},
    )


def test_texts_stay_texts() -> None:
    hostile, plain = render(study(SCRIPT)).decode(), render(study()).decode()
    assert "<script>alert" not in hostile
    assert len(re.findall("<script", hostile)) == len(re.findall("<script", plain))
    assert html.escape(SCRIPT) in hostile


def test_nothing_is_asked_of_the_network() -> None:
    page = render(study()).decode()
    assert "default-src 'none'" in html.unescape(page)
    assert not re.findall(r"<[^>]+ src=", page.split("<script", maxsplit=1)[0])
    assert len(page) < 1_500_000


def test_long_tables_are_cut_and_say_so() -> None:
    page = render(study(rows=MOST_ROWS + 1)).decode()
    assert f"The first {MOST_ROWS} of {MOST_ROWS + 1:,} rows; all are in t.csv beside this page." in page
    assert page.count("<td>plain</td>") == MOST_ROWS


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ([True], "The one finding agrees with theory."),
        ([True, True, None], "All 2 findings agree with theory. 1 more is not judged."),
        ([True, False], "1 of 2 findings disagree with theory."),
        ([True, False, None, None], "1 of 2 findings disagree with theory. 2 more are not judged."),
        ([None], "Nothing was judged."),
        ([], "This study states no findings."),
    ],
)
def test_the_headline(verdicts: list[bool | None], words: str) -> None:
    assert headline([Finding("", "", "", holds) for holds in verdicts]) == words


def test_a_disagreement_is_marked() -> None:
    page = render(study(findings=(Finding("Growth", "flat.", "slope 1.", False),))).decode()
    assert 'class="verdict bad"' in page
    assert "✗ disagrees" in page
    assert "slope 1. <em>Theory: flat.</em>" in page


@pytest.mark.one_in(4)
@pytest.mark.parametrize("warnings", [[], ["Few seeds."]])
@pytest.mark.parametrize(
    ("verdicts", "tone"),
    [
        ([True], "good"),
        ([True, None], "good"),
        ([True, None, None], "fair"),
        ([None], "fair"),
        ([True, None, None, False], "bad"),
        ([], "good"),
    ],
)
def test_amber_where_most_is_not_judged_or_under_a_warning(
    verdicts: list[bool | None], tone: str, warnings: list[str]
) -> None:
    findings = tuple(Finding("", "", "", holds) for holds in verdicts)
    of = replace(study(), findings=findings, warnings=warnings)
    expected = "fair" if warnings and tone == "good" else tone
    assert f'class="verdict {expected}"' in render(of).decode()


def test_the_least_of_studies(tmp_path) -> None:
    least = Study("s", "s", "s", [], [], [], {})
    write_study(least, tmp_path / "a" / "s.html")
    first = (tmp_path / "a" / "s.html").read_bytes()
    write_study(least, tmp_path / "a" / "s.html")
    assert (tmp_path / "a" / "s.html").read_bytes() == first


@pytest.mark.browser
def test_hostile_texts_are_drawn_quietly(drawn, tmp_path) -> None:
    write_study(study(SCRIPT), tmp_path / "s.html")
    assert drawn(tmp_path / "s.html").locator("h1").inner_text() == SCRIPT
