"""Curves with bands on linear or logarithmic axes, in panels: the figures of studies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from omnisim.report.drawings import Curve, Drawing, Panel
from omnisim.report.figures.style import MUTED, PALETTE, axis, blank, describe, heading, numbers, stack, translucent
from omnisim.report.text import label, number

_HEIGHTS = {1: 260, 2: 230, 3: 190}
_LOWEST = 165
"""Least height of a panel in pixels, by the number of panels: a figure should fit on a printed page."""

_LEGEND_ROW = 21

_TWO_DECADES = 100

_LONG = 1000
"""Numbers from here on are too wide to stand side by side below an axis."""


def curves(title: str, drawing: Drawing) -> go.Figure:
    """Draw the panels of a drawing below each other."""
    names = list(dict.fromkeys(curve.label for panel in drawing.panels for curve in panel.curves))
    figure = blank(title, 300)
    # On a phone a row of the legend holds one or two names.
    panels = len(drawing.panels)
    stack(figure, [_HEIGHTS.get(panels, _LOWEST)] * panels, gap=62, top=_LEGEND_ROW * (1 + len(names) // 3))
    layout: dict[str, Any] = {}
    seen: set[str] = set()
    for index, panel in enumerate(drawing.panels):
        heading(figure, index, f"<b>{label(panel.heading, 60)}</b>")
        x, y = axis("x", index), axis("y", index)
        for curve in panel.curves:
            _curve(figure, curve, x, y, shown=curve.label not in seen, log_y=panel.log_y)
            seen.add(curve.label)
        layout[f"xaxis{x[1:]}"] = {"title": {"text": label(panel.x_label, 80)}, **_scale(panel.log_x)}
        layout[f"yaxis{y[1:]}"] = {"title": {"text": label(panel.y_label, 60)}, **_scale(panel.log_y), **_marks(panel)}
        if panel.log_x:
            marks = sorted({float(value) for curve in panel.curves for value in np.asarray(curve.x, dtype=np.float64)})
            layout[f"xaxis{x[1:]}"] |= {
                "tickvals": numbers(marks),
                "ticktext": _sizes(marks),
                "tickangle": 0,
            }
    figure.update_layout(layout)
    return describe(figure, drawing.caption, drawing.alt)


def _curve(figure: go.Figure, curve: Curve, x: str, y: str, *, shown: bool, log_y: bool) -> None:
    guide = curve.colour < 0
    colour = MUTED if guide else PALETTE[curve.colour % len(PALETTE)]
    name, axes = label(curve.label, 48), {"xaxis": x, "yaxis": y, "x": numbers(curve.x)}
    values = _positive(curve.y) if log_y else np.asarray(curve.y, dtype=np.float64)
    if curve.low is not None and curve.high is not None:
        edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False, "legendgroup": name}
        low, high = np.asarray(curve.low, dtype=np.float64), np.asarray(curve.high, dtype=np.float64)
        known = np.isfinite(low) & np.isfinite(high) & np.isfinite(values)
        # An interval that reaches below zero ends at the edge of what a logarithmic axis can show.
        low = np.where(low > 0, low, values / 10) if log_y else low
        axes_known = axes | {"x": numbers(np.asarray(curve.x, dtype=np.float64)[known])}
        figure.add_scatter(y=numbers(low[known]), **edge, **axes_known)
        figure.add_scatter(
            y=numbers(high[known]), fill="tonexty", fillcolor=translucent(colour, 0.16), **edge, **axes_known
        )
    figure.add_scatter(
        y=numbers(values), name=name, legendgroup=name, showlegend=shown,
        mode="lines" if guide or curve.dash != "solid" else "lines+markers",
        line={"color": colour, "width": 1 if guide else 1.8, "dash": curve.dash}, marker={"size": 5},
        hoverinfo="skip" if guide else None,
        hovertemplate=None if guide else f"%{{y:.4g}} at %{{x:,}}<extra>{name}</extra>", **axes,
    )  # fmt: skip


def _positive(values: Any) -> Any:
    array = np.asarray(values, dtype=np.float64)
    return np.where(array > 0, array, np.nan)


def _marks(panel: Panel) -> dict[str, Any]:
    """Marks at 1, 2 and 5 of each decade, where powers of ten alone would leave one mark, or none."""
    values = _positive(np.concatenate([np.ravel(np.asarray(curve.y, dtype=np.float64)) for curve in panel.curves]))
    known = values[np.isfinite(values)]
    if not panel.log_y or not len(known) or known.max() > _TWO_DECADES * known.min():
        return {}
    first, last = int(np.floor(np.log10(known.min()))), int(np.ceil(np.log10(known.max())))
    marks = [digit * 10.0**power for power in range(first - 1, last + 1) for digit in (1, 2, 5)]
    return {"tickvals": numbers(marks), "ticktext": [number(mark) for mark in marks]}


def _scale(logarithmic: bool) -> dict[str, Any]:
    return {"type": "log", "exponentformat": "none", "dtick": 1} if logarithmic else {"type": "linear"}


def _sizes(values: Sequence[float]) -> list[str]:
    """Sizes as powers of two, where all of them are and the largest is long; else as numbers."""
    exponents = [np.log2(value) if value > 0 else np.nan for value in values]
    if max(values, default=0.0) >= _LONG and all(float(exponent).is_integer() for exponent in exponents):
        return [f"2<sup>{int(exponent)}</sup>" for exponent in exponents]
    return [f"{value:g}" for value in values]
