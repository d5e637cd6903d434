"""Style common to all figures: colours, the layout, panels stacked in one figure, and numbers as plain lists.

Numbers are given to plotly as rounded Python lists, never as numpy arrays: those it would write in a binary
form that only some versions of plotly.js read.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from omnisim.arrays import DateArray, FloatArray

BLUE, ORANGE, GREEN, PINK = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
SKY, AMBER, GREY, BROWN = "#56b4e9", "#e69f00", "#7a828c", "#8c564b"
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, AMBER, GREY, BROWN)
"""Okabe and Ito's colours, told apart by colour-blind readers, with a grey and a brown."""

DASHES = ("solid", "dash", "dot", "dashdot")
INK, MUTED, GRID = "#1d2733", "#5a6572", "#e4e8ec"
PAGE, EDGE, REST = "#ffffff", "#b8c0c8", "#d5dae0"
"""The page behind a figure, the lines of its axes, and what stands for all the others."""

SHADES = ("#f3f6f9", "#b5d3e7", "#2f79ad")
"""Colours of heat maps, from nothing to the most."""

WORSE, EVEN, BETTER = "#f2b285", "#f6f7f8", "#8cc0e4"
"""Colours of differences."""

DARK = {
    INK: "#e3e8ed", MUTED: "#a3afbb", GRID: "#2b343d", PAGE: "#13181d", EDGE: "#4b5763", REST: "#46515c",
    BLUE: "#4fa8e0", ORANGE: "#f0803c", GREEN: "#35c49a", PINK: "#e59ac4",
    SKY: "#9ad4f7", AMBER: "#f2b83f", GREY: "#97a1ac", BROWN: "#c08a7d",
    SHADES[0]: "#1b232b", SHADES[1]: "#24506f", SHADES[2]: "#2b6ea0",
    WORSE: "#8a4a1c", EVEN: "#1f262d", BETTER: "#2a6a97",
}  # fmt: skip
"""Replacement for each colour of a figure where the reader prefers a dark page."""

SIGNIFICANT = 5
"""Digits kept of the numbers in a figure."""

_NOTHING = 1e-12
"""Largest residue of rounding, in numbers of which some matter from 1e-9 on."""

MARGIN_TOP, MARGIN_BOTTOM = 34, 52
"""Pixels above and below the panels, for the legend and the title of the horizontal axis."""

_AXIS = {
    "automargin": True,
    "gridcolor": GRID,
    "linecolor": EDGE,
    "zerolinecolor": EDGE,
    "zeroline": False,
    "ticks": "",
    "title": {"font": {"size": 12, "color": MUTED}, "standoff": 8},
}


def blank(title: str, height: int) -> go.Figure:
    """An empty figure in the style of the report; ``height`` in pixels, margins included."""
    figure = go.Figure(_styled())
    figure.update_layout(height=height, title={"text": title, "automargin": True, "yref": "container"})
    return figure


def with_panel(title: str, height: int) -> go.Figure:
    """An empty figure in the style of the report, with a panel of ``height`` pixels."""
    return blank(title, height + MARGIN_TOP + MARGIN_BOTTOM)


@cache
def _styled() -> go.Figure:
    """A figure with the style and nothing else, to be copied: making one takes a while."""
    layout = go.Layout(
        font={"family": "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif", "size": 12},
        font_color=INK,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        colorway=list(PALETTE),
        margin={"l": 8, "r": 12, "t": MARGIN_TOP, "b": MARGIN_BOTTOM},
        hoverlabel={"bgcolor": PAGE, "bordercolor": EDGE, "font": {"color": INK, "size": 12}},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "traceorder": "normal"},
        xaxis=_AXIS,
        yaxis=_AXIS,
    )
    return go.Figure(layout={"template": go.layout.Template(layout=layout)})


def describe(figure: go.Figure, caption: str, alt: str, values: str = "y") -> go.Figure:
    """Attach the visible caption and the alternative text (plain text both), and on which axes the values are.

    ``values`` is ``"x"``, ``"y"``, ``"xy"``, or empty for a drawing without values.
    """
    figure.update_layout(meta={"caption": caption.strip(), "alt": alt.strip(), "values": values})
    return figure


def stack(figure: go.Figure, heights: Sequence[int], gap: int = 40, top: int = 0) -> None:
    """Arrange panels from top to bottom, of the given heights in pixels: axes y, y2, ... with x, x2, ...

    ``top`` is kept free above the first panel. All panels show the ticks of their own horizontal axis; callers
    hide those they do not want.
    """
    total = top + sum(heights) + gap * (len(heights) - 1)
    layout: dict[str, Any] = {"height": total + MARGIN_TOP + MARGIN_BOTTOM}
    upper = total - top
    for panel, height in enumerate(heights):
        x, y = axis("x", panel), axis("y", panel)
        domain = [round(max(0.0, (upper - height) / total), 5), round(upper / total, 5)]
        layout[f"yaxis{y[1:]}"] = {"domain": domain, "anchor": x}
        layout[f"xaxis{x[1:]}"] = {"anchor": y}
        upper -= height + gap
    figure.update_layout(layout)


def axis(letter: str, panel: int) -> str:
    """Plotly's name for the axis of a panel, counted from 0.

    >>> axis("x", 0), axis("y", 2)
    ('x', 'y3')
    """
    return letter if panel == 0 else f"{letter}{panel + 1}"


def heading(figure: go.Figure, panel: int, text: str) -> None:
    """Write a line above a panel (counted from 0); ``text`` is plotly markup, users' names already escaped."""
    figure.add_annotation(
        text=text, x=0, xref="paper", xanchor="left", y=1, yref=f"{axis('y', panel)} domain", yanchor="bottom",
        yshift=3, showarrow=False, align="left",
    )  # fmt: skip


def numbers(values: ArrayLike) -> list[Any]:
    """Plain numbers for plotly, nested as the array is: rounded, with ``None`` where undefined.

    >>> numbers([1.0, 1 / 3, float("nan")])
    [1, 0.33333, None]
    """
    array = np.asarray(values)
    if array.ndim > 1:
        return [numbers(row) for row in array]
    return [_plain(float(value)) for value in array]


def quantiles(values: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Quantiles of the numbers that are defined; all NaN if there are none.

    >>> quantiles(np.array([1.0, np.nan, 3.0]), [0.0, 0.5, 1.0])
    array([1., 2., 3.])
    """
    known = values[np.isfinite(values)]
    return np.quantile(known, levels) if len(known) else np.full(len(levels), np.nan)


def days(dates: DateArray | None, rounds: Sequence[int]) -> list[Any]:
    """The horizontal position of rounds: their dates, or their numbers from 1."""
    if dates is None:
        return [int(t) + 1 for t in rounds]
    return [str(day) for day in np.asarray(dates)[list(rounds)]]


def translucent(colour: str, opacity: float) -> str:
    """A colour ``#rrggbb`` with an opacity, as plotly's fills want it.

    >>> translucent("#0072b2", 0.2)
    'rgba(0,114,178,0.2)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def _plain(value: float) -> float | int | None:
    if not np.isfinite(value):
        return None
    if abs(value) < _NOTHING:
        return 0
    if value.is_integer():
        return int(value)
    return float(f"{value:.{SIGNIFICANT}g}")
