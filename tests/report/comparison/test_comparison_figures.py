"""Figures of the page of a comparison: the numbers they were given, and texts that stay texts."""

import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest

from omnisim.report.figures import difference_map as maps
from omnisim.report.figures import plane, winners

HOSTILE = "<img src=x onerror=alert(1)>%{x}</script>"
NOTHING = (math.nan, math.nan)


def some_winners(text: str = "plain") -> go.Figure:
    rows = [winners.Row(text, 3, 1, 0), winners.Row("even", 0, 0, 5), winners.Row("nobody", 0, 0, 0)]
    return winners.winners("title", [winners.Panel("<b>a</b>", rows), winners.Panel("b", [])], "caption", "alt")


def some_planes(text: str = "plain") -> go.Figure:
    points = [
        plane.Point(text, text, 0.5, 0.25, (0.25, 1.0), (0.125, 0.5)),
        plane.Point(text, "other", -1.0, 0.0, NOTHING, NOTHING),
    ]
    panels = [plane.Plane("<b>a</b>", points), plane.Plane("b", [])]
    return plane.planes("title", panels, {text: 2}, [text, "other"], ("x", "y"), ("caption", "alt"))


def some_maps(text: str = "plain", values: list[float] | None = None) -> go.Figure:
    differences = np.array([values or [0.25, -1.0, math.nan]])
    panel = maps.Panel("<b>a</b>", differences, np.array([[False, True, False]]), [[text.replace("%", ""), "", ""]])
    return maps.difference_map("title", [panel], ["row"], ["a", "b", "c"], ("", ""), larger_is_better=True)


def test_losers_are_left_and_winners_right() -> None:
    lose, gain, *_ = some_winners().data
    assert list(lose.x) == [-25, 0, 0]
    assert list(gain.x) == [75, 0, 0]
    assert list(gain.text) == ["75 %", "", ""]
    assert lose.customdata[1] == "even: 0 % gain, 0 % lose, 100 % neither"
    panels = [winners.Panel("a", [winners.Row("one", 1, 0, 0)])]
    assert winners.winners("t", panels, "c", "a", "customer").layout.xaxis.title.text == "share of the customers"


def test_points_have_the_intervals_that_are_known() -> None:
    *legend, points = some_planes().data
    assert [entry.name for entry in legend] == ["plain", "plain", "other"]
    assert (list(points.x), list(points.y)) == ([0.5, -1], [0.25, 0])
    assert (list(points.error_x.array), list(points.error_x.arrayminus)) == ([0.5, 0], [0.25, 0])
    assert (list(points.error_y.array), list(points.error_y.arrayminus)) == ([0.25, 0], [0.125, 0])
    assert points.marker.symbol[0] != points.marker.symbol[1]


@pytest.mark.parametrize("larger_is_better", [True, False])
def test_what_is_better_has_the_colour_of_better(larger_is_better: bool) -> None:
    """A gain of utility and a loss of regret have the same colour, which the page calls better."""
    panel = maps.Panel("a", np.array([[0.25, -1.0]]), np.zeros((1, 2), dtype=bool), [["", ""]])
    (drawn,) = maps.difference_map("t", [panel], ["r"], ["a", "b"], ("", ""), larger_is_better=larger_is_better).data
    colours = dict(drawn.colorscale)
    assert colours[1.0 if larger_is_better else 0.0] == maps.BETTER != maps.WORSE
    assert colours[0.0 if larger_is_better else 1.0] == maps.WORSE
    assert drawn.z[0][0] > 0 > drawn.z[0][1]


def test_only_what_is_separated_is_bold() -> None:
    (drawn,) = some_maps().data
    assert list(drawn.text[0]) == ["+0.2", "<b>−1.0</b>", ""]
    assert (drawn.zmin, drawn.zmax) == (-1, 1)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.3456, 0.001, 0.0], ["+0.35", "<b>0</b>", "0"]),
        ([123.0, 4.0, -5.5], ["+123", "<b>+4</b>", "−6"]),
        ([-14_000.0, 900.0, 0.0], ["−14k", "<b>+1k</b>", "0"]),
        ([0.0, -0.0, 3e-16], ["0", "<b>0</b>", "0"]),
        ([0.2, -7.6e-5, -3e-16], ["+0.20", "<b>0</b>", "0"]),
    ],
)
def test_cells_of_a_map_are_short(values: list[float], shown: list[str]) -> None:
    (drawn,) = some_maps(values=values).data
    assert list(drawn.text[0]) == shown


@pytest.mark.parametrize("figure", [some_winners(HOSTILE), some_planes(HOSTILE)], ids=["winners", "planes"])
def test_texts_stay_texts(figure: go.Figure) -> None:
    written = json.dumps(json.loads(figure.to_json()))
    assert "<img" not in written
    assert "%{x}" not in written
