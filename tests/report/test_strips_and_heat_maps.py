"""Strips and heat maps of studies: the numbers they were given, and texts that stay texts."""

import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest

from omnisim.report.drawings import HeatMap, Strip, StripPanel, Strips
from omnisim.report.figures.heat_map import heat_map
from omnisim.report.figures.strips import strips
from omnisim.report.study.page import render
from omnisim.report.study.results import Chart, Section, Study

HOSTILE = "<img src=x onerror=alert(1)>%{x}</script>"


def some_strips(text: str = "plain") -> Strips:
    rows = [Strip(text, 1.5, (1, 2), (0, 4)), Strip("bare", -1.0), Strip("thin", 3.0, outer=(2, 5), colour=1)]
    return Strips([StripPanel(text, text, rows), StripPanel("none", "unit", [])], text, text)


def some_map(text: str = "plain") -> HeatMap:
    return HeatMap([text, "b"], [text, "d", "e"], [[0.0, 0.25, math.nan], [1.0, 4.0, 9.0]], text, text, text, digits=1)


def lines(figure: go.Figure) -> list[tuple[list[float], float]]:
    return [(list(trace.x), trace.line.width) for trace in figure.data if trace.mode == "lines"]


def test_strips_are_points_with_the_lines_that_are_known() -> None:
    figure = strips("title", some_strips())
    points = [trace for trace in figure.data if trace.mode == "markers"]
    assert [list(trace.x) for trace in points] == [[1.5, -1, 3], []]
    assert list(points[0].y) == [0, 1, 2]
    assert [ends for ends, _ in lines(figure)] == [[0, 4], [1, 2], [2, 5]]
    thin, thick, other = (width for _, width in lines(figure))
    assert thin == other < thick
    assert points[0].marker.color[0] == points[0].marker.color[1] != points[0].marker.color[2]
    assert list(figure.layout.yaxis.ticktext) == ["plain", "bare", "thin"]
    assert figure.layout.xaxis2.title.text == "unit"


def test_the_first_strip_is_on_top() -> None:
    low, high = strips("title", some_strips()).layout.yaxis.range
    assert low > high


def test_a_heat_map_shows_its_numbers() -> None:
    figure = heat_map("title", some_map())
    (drawn,) = figure.data
    assert [list(row) for row in drawn.text] == [["0.0", "0.2", ""], ["1.0", "4.0", "9.0"]]
    # Shades follow the square root.
    np.testing.assert_allclose(np.array([list(row) for row in drawn.z], dtype=float), [[0, 0.5, np.nan], [1, 2, 3]])
    assert list(figure.layout.xaxis.ticktext) == ["plain", "d", "e"]
    assert list(figure.layout.yaxis.ticktext) == ["plain", "b"]


@pytest.mark.parametrize("figure", [strips(HOSTILE, some_strips(HOSTILE)), heat_map(HOSTILE, some_map(HOSTILE))])
def test_texts_stay_texts(figure: go.Figure) -> None:
    figure.update_layout(meta=None, title=None)  # plain text, which the page escapes
    written = json.dumps(json.loads(figure.to_json()))
    assert "<img" not in written
    assert "%{x}" not in written


def a_study(text: str) -> Study:
    charts = [Chart("strips", text, {"a": some_strips(text)}), Chart("map", text, {"a": some_map(text)})]
    return Study("s", text, text, [], [], [Section("one", text, [text], charts)], {}, yardstick=text)


def test_they_have_a_place_on_the_page() -> None:
    hostile = render(a_study(HOSTILE)).decode()
    assert "<img src=x" not in hostile
    assert 'id="figure-strips"' in hostile
    assert 'id="figure-map"' in hostile


@pytest.mark.browser
def test_they_are_drawn_quietly(drawn, tmp_path) -> None:
    path = tmp_path / "study.html"
    path.write_bytes(render(a_study(HOSTILE)))
    drawn(path)
