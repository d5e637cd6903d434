"""Figures that would show nothing are left out, and a true sentence stands in their place."""

import re
from html import unescape

import numpy as np
import plotly.graph_objects as go
import pytest

from omnisim.report.figures.emptiness import says_little
from omnisim.report.figures.style import blank, describe
from omnisim.report.run.figures import shown_figures
from omnisim.report.run.page import render
from omnisim.report.shown import shown


def figure(*traces: object, values: str = "y", **layout: object) -> go.Figure:
    made = describe(blank("Figure", 300), "Caption.", "What it shows.", values)
    made.add_traces(traces)
    return made.update_layout(layout)


def line(*y: float | None, mode: str = "lines") -> go.Scatter:
    return go.Scatter(x=list(range(len(y))), y=list(y), mode=mode)


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        (figure(), "there is nothing to draw"),
        (figure(line(None, None, None)), "there is nothing to draw"),
        (figure(line(2, 2, 2)), "every value is 2"),
        (figure(line(0, 0, 0), go.Bar(x=[1, 2], y=[0, 0])), "every value is 0"),
        (figure(line(0, 0, 0), line(1, 1, 1)), "nothing in it changes"),
        (figure(line(1, 2)), "it would have one or two points"),
        (figure(line(1, 2), line(3, 5)), "it would have two points to a line"),
        (figure(*[line(1, y, mode="lines+markers") for y in (2, 3)]), "it would have two points to a line"),
        (figure(line(1)), "every value is 1"),
        (figure(go.Bar(x=["a", "b"], y=[1, 3])), "it would have one or two points"),
        (figure(go.Bar(x=[3, 3, 3], y=[0, 1, 2], orientation="h")), "every value is 3"),
        (figure(go.Heatmap(z=[[1, 1], [1, 1]])), "every value is 1"),
        (figure(go.Heatmap(z=[[1, None], [None, 2]])), "it would have one or two points"),
        (figure(go.Scatter(x=[5, 5, 5], y=[0, 1, 2], mode="markers"), values="x"), "every value is 5"),
        (figure(go.Bar(y=[0, 1], x=[100, 100], orientation="h"), go.Bar(y=[0, 1], x=[0, 0], orientation="h"),
                barmode="stack"), "all bars have one part only"),
        (figure(go.Scatter(x=[1, 2, 3], y=[1, 2, 3], opacity=0)), "there is nothing to draw"),
    ],
)  # fmt: skip
def test_what_says_less_than_a_sentence(drawn: go.Figure, reason: str) -> None:
    assert says_little(drawn) == reason
    found = shown("name", "", [("", drawn)])
    assert found.variants == []
    assert found.instead == f"Not drawn, because {reason}. What it shows."


@pytest.mark.parametrize(
    "drawn",
    [
        figure(line(1, 2, 3)),
        figure(line(0, 0, 0), line(1, 2, 3)),
        figure(line(0, 0), go.Scatter(x=[1, 2, 3], y=[1, 2, 3], mode="markers")),
        figure(go.Bar(x=["a", "b", "c"], y=[1, 3, 3])),
        figure(go.Bar(y=[0, 1], x=[60, 60], orientation="h"), go.Bar(y=[0, 1], x=[40, 40], orientation="h"),
               barmode="stack"),
        figure(go.Scatter(x=[1, 2, 3], y=[0, 0, 0], mode="markers"), values="x"),
        figure(go.Scatter(x=[1, 1, 1], y=[0, 0, 0], mode="markers"), values=""),
    ],
)  # fmt: skip
def test_what_is_worth_drawing(drawn: go.Figure) -> None:
    assert says_little(drawn) == ""


def test_variants_that_show_nothing_cannot_be_chosen() -> None:
    variants = [("full", figure(line(1, 2, 3))), ("flat", figure(line(0, 0, 0))), ("short", figure(line(1, 2)))]
    found = shown("name", "Variant", variants)
    assert found.labels == ["full"]
    assert found.choice == ""
    assert found.instead == (
        "Not to choose from, because every value is 0 and it would have one or two points: flat and short."
    )


@pytest.mark.long
def test_a_run_of_one_round_has_no_figure_that_shows_nothing(make) -> None:
    analysis = make(populations={"a": 1}, actions=1, dimension=1, constraints=0, rounds=1)
    figures = shown_figures(analysis)
    assert all(says_little(drawn) == "" for each in figures.values() for drawn in each.variants)
    text = unescape(re.sub("(?s)<script.*?</script>|<[^>]+>", " ", render(analysis, {}).decode()))
    for each in figures.values():
        if not each.variants:
            assert each.instead in text
    assert figures["prices"].instead.startswith("Not drawn, because ")


@pytest.mark.long
def test_populations_with_nothing_to_draw_have_no_panel(make) -> None:
    analysis = make(populations={"a": 6, "b": 4})
    analysis.measures["b"].ccv_positive.flags.writeable = True
    analysis.measures["b"].ccv_positive[:] = 0.0
    drawn = shown_figures(analysis)["violations"].variants[0]
    assert len([a for a in drawn.layout.annotations if a.text.startswith("<b>")]) == 1
    assert "b (0 for all)" in drawn.layout.meta["caption"]


@pytest.mark.long
def test_growth_of_violations_that_never_happen_is_said_and_not_drawn(make) -> None:
    analysis = make(populations={"a": 6}, rounds=40)
    analysis.trace.records["a"].costs.flags.writeable = True
    analysis.trace.records["a"].costs[:] = -np.abs(analysis.trace.records["a"].costs)
    drawn = shown_figures(analysis)["growth"].variants[0]
    assert "CCV+ is not drawn: it is 0 throughout." in drawn.layout.meta["caption"]
    assert not any(trace.yaxis == "y2" for trace in drawn.data)
