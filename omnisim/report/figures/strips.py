"""Strips in panels: points with intervals, or distributions, by row."""

from typing import Any

import plotly.graph_objects as go

from omnisim.report.drawings import Strip, StripPanel, Strips
from omnisim.report.figures.style import (
    MUTED,
    PAGE,
    PALETTE,
    axis,
    blank,
    describe,
    heading,
    numbers,
    stack,
    translucent,
)
from omnisim.report.text import label, number

_ROW = 22
"""Height in pixels of a row."""

_ROOM = 0.03
"""Room at both ends of an axis, as a share of it."""

_LEAST = 5e-4
"""Share of the axis that is told apart from zero."""

_LABEL = 27
"""Characters of a row's label: more would leave no room for the panel on a phone."""


def strips(title: str, content: Strips) -> go.Figure:
    """Draw the panels below each other, each as high as it has rows."""
    figure = blank(title, 300)
    stack(figure, [_ROW * max(1, len(panel.strips)) + 10 for panel in content.panels], gap=74, top=16)
    layout: dict[str, Any] = {}
    for index, panel in enumerate(content.panels):
        heading(figure, index, f"<b>{label(panel.heading, 60)}</b>")
        _panel(figure, panel, axis("x", index), axis("y", index))
        rows = len(panel.strips)
        layout[f"xaxis{axis('x', index)[1:]}"] = {
            "title": {"text": label(panel.x_label, 60)},
            "rangemode": "tozero",
            "zeroline": True,
            "zerolinecolor": MUTED,
            "range": _range(panel),
        }
        layout[f"yaxis{axis('y', index)[1:]}"] = {
            "tickvals": list(range(rows)),
            "ticktext": [label(strip.label, _LABEL) for strip in panel.strips],
            "range": [rows - 0.4, -0.6],
            "showgrid": False,
        }
    figure.update_layout(layout)
    return describe(figure, content.caption, content.alt, "x")


def _panel(figure: go.Figure, panel: StripPanel, x: str, y: str) -> None:
    axes = {"xaxis": x, "yaxis": y, "showlegend": False}
    colours = [PALETTE[strip.colour % len(PALETTE)] for strip in panel.strips]
    for row, (strip, colour) in enumerate(zip(panel.strips, colours, strict=True)):
        for ends, width, shade in ((strip.outer, 1.5, colour), (strip.inner, 8, translucent(colour, 0.4))):
            if all(end == end for end in ends):
                figure.add_scatter(
                    x=numbers(ends), y=[row, row], mode="lines", hoverinfo="skip",
                    line={"width": width, "color": shade}, **axes,
                )  # fmt: skip
    figure.add_scatter(
        x=numbers([strip.point for strip in panel.strips]), y=list(range(len(panel.strips))), mode="markers",
        marker={"size": 8, "color": colours, "line": {"width": 1.5, "color": PAGE}},
        text=[_told(strip, _LEAST * _extent(panel)) for strip in panel.strips],
        hovertemplate="%{text}<extra></extra>", **axes,
    )  # fmt: skip


def _range(panel: StripPanel) -> list[float] | None:
    """All that is drawn, and zero, with some room: left to itself, the axis would end where a line does."""
    low, high = _ends(panel)
    return numbers([low - _ROOM * (high - low), high + _ROOM * (high - low)]) if high > low else None


def _ends(panel: StripPanel) -> tuple[float, float]:
    ends = [end for strip in panel.strips for end in (strip.point, *strip.inner, *strip.outer) if end == end]
    return min([0.0, *ends]), max([0.0, *ends])


def _extent(panel: StripPanel) -> float:
    low, high = _ends(panel)
    return high - low


def _told(strip: Strip, least: float) -> str:
    """Hover text of a strip; numbers below ``least`` are 0."""

    def write(value: float) -> str:
        return number(0.0 if abs(value) < least else value)

    ends = [
        f"<br>{word} {write(low)} to {write(high)}"
        for word, (low, high) in (("thick", strip.inner), ("thin", strip.outer))
        if low == low and high == high
    ]
    return f"{label(strip.label, 48)}: {write(strip.point)}{''.join(ends)}"
