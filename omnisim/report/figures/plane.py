"""The plane of regret and violation: one point per forecaster and subsequence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

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

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "hexagon")

_PANEL, _LEGEND_ROW = 240, 21
"""Heights in pixels."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """Position of a forecaster on a subsequence; intervals that are NaN are not drawn."""

    forecaster: str
    subsequence: str
    regret: float
    violation: float
    regret_interval: Interval
    violation_interval: Interval


@dataclass(frozen=True)
class Plane:
    """Points on common axes, under a heading in plotly's markup."""

    heading: str
    points: Sequence[Point]


def planes(
    title: str,
    panels: Sequence[Plane],
    colours: dict[str, int],
    subsequences: Sequence[str],
    labels: tuple[str, str],
    texts: tuple[str, str],
) -> go.Figure:
    """Draw planes below each other.

    Parameters
    ----------
    title
        Of the figure.
    panels
        From top to bottom.
    colours
        Of the forecasters, as indices into the palette, in the order of the legend.
    subsequences
        In the order of their symbols.
    labels
        Of the two axes.
    texts
        The caption and the alternative text.
    """
    figure = blank(title, 300)
    names = [*colours, *subsequences]
    stack(figure, [_PANEL] * len(panels), gap=62, top=_LEGEND_ROW * (1 + len(names) // 5))
    for forecaster, colour in colours.items():
        _legend(figure, forecaster, "circle", PALETTE[colour])
    if len(subsequences) > 1:
        for index, subsequence in enumerate(subsequences):
            _legend(figure, subsequence, f"{SYMBOLS[index % len(SYMBOLS)]}-open", MUTED)
    layout: dict[str, Any] = {}
    for index, panel in enumerate(panels):
        heading(figure, index, panel.heading)
        x, y = axis("x", index), axis("y", index)
        for forecaster, colour in colours.items():
            points = [point for point in panel.points if point.forecaster == forecaster]
            if points:
                _points(figure, points, PALETTE[colour], subsequences, {"xaxis": x, "yaxis": y})
        shared = {"zeroline": True, "zerolinecolor": MUTED, "exponentformat": "none"}
        layout[f"xaxis{x[1:]}"] = {"title": {"text": labels[0]}, **shared}
        layout[f"yaxis{y[1:]}"] = {"title": {"text": labels[1]}, **shared}
    figure.update_layout(layout)
    return describe(figure, *texts, "xy")


def _legend(figure: go.Figure, name: str, symbol: str, colour: str) -> None:
    figure.add_scatter(
        x=[None], y=[None], mode="markers", name=label(name), hoverinfo="skip",
        marker={"size": 9, "symbol": symbol, "color": colour},
    )  # fmt: skip


def _points(
    figure: go.Figure, points: Sequence[Point], colour: str, subsequences: Sequence[str], axes: dict[str, str]
) -> None:
    figure.add_scatter(
        x=numbers([point.regret for point in points]), y=numbers([point.violation for point in points]),
        mode="markers", showlegend=False,
        error_x=_bars([(point.regret, *point.regret_interval) for point in points], colour),
        error_y=_bars([(point.violation, *point.violation_interval) for point in points], colour),
        marker={
            "size": 10, "color": colour, "opacity": 0.9, "line": {"width": 1.2, "color": PAGE},
            "symbol": [SYMBOLS[subsequences.index(point.subsequence) % len(SYMBOLS)] for point in points],
        },
        text=[_told(point) for point in points], hovertemplate="%{text}<extra></extra>", **axes,
    )  # fmt: skip


def _bars(ends: Sequence[tuple[float, float, float]], colour: str) -> dict[str, Any]:
    """Error bars from a point, the low and the high end of its interval."""
    middle, low, high = np.array(ends).T
    known = np.isfinite(low) & np.isfinite(high)
    return {
        "type": "data",
        "symmetric": False,
        "array": numbers(np.where(known, high - middle, 0.0)),
        "arrayminus": numbers(np.where(known, middle - low, 0.0)),
        "color": translucent(colour, 0.4),
        "thickness": 1.2,
        "width": 0,
        "visible": bool(known.any()),
    }


def _told(point: Point) -> str:
    lines = [f"{label(point.forecaster, 48)} on {label(point.subsequence, 48)}"]
    for word, value, (low, high) in (
        ("swap regret", point.regret, point.regret_interval),
        ("CCV+", point.violation, point.violation_interval),
    ):
        ends = f" ({number(low)} to {number(high)})" if low == low and high == high else ""
        lines.append(f"{word} {number(value)}{ends}")
    return "<br>".join(lines)
