"""Differences to a reference by row and column: blue where better, orange where worse, bold where separated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from omnisim.arrays import BoolArray, FloatArray
from omnisim.report.figures.style import BETTER, EVEN, WORSE, axis, blank, describe, numbers, stack
from omnisim.report.text import label

_ROW, _COLUMN_LABELS = 28, 118
"""Height in pixels of a row, and of the upright names of the columns."""

_THOUSANDS = 10_000
"""Least difference that is written in thousands."""

_DECIMALS = 4
"""Most decimals: what they do not show is nothing."""


@dataclass(frozen=True)
class Panel:
    """Differences under a heading in plotly's markup.

    Attributes
    ----------
    differences : (R, C)
        NaN for what is not there.
    separated : (R, C) bool
        Where the interval does not reach zero.
    told : R lists of C
        What is said of each cell.
    """

    heading: str
    differences: FloatArray
    separated: BoolArray
    told: Sequence[Sequence[str]]


def difference_map(
    title: str,
    panels: Sequence[Panel],
    rows: Sequence[str],
    columns: Sequence[str],
    texts: tuple[str, str],
    *,
    larger_is_better: bool,
) -> go.Figure:
    """Draw the maps below each other.

    Each has its own scale; shades grow with the square root, so that small differences are told apart too.
    """
    figure = blank(title, 300)
    stack(figure, [_ROW * len(rows)] * len(panels), gap=34, top=_COLUMN_LABELS + 10)
    layout: dict[str, Any] = {}
    for index, panel in enumerate(panels):
        x, y = axis("x", index), axis("y", index)
        # The names of the columns stand between the first heading and its panel.
        figure.add_annotation(
            text=panel.heading, x=0, xref="paper", xanchor="left", y=1, yref=f"{y} domain", yanchor="bottom",
            yshift=3 if index else _COLUMN_LABELS, showarrow=False, align="left",
        )  # fmt: skip
        _map(figure, panel, larger_is_better, {"xaxis": x, "yaxis": y})
        layout[f"xaxis{x[1:]}"] = {
            "tickvals": list(range(len(columns))),
            "ticktext": [label(name, 20) for name in columns],
            "side": "top",
            "tickangle": -90,
            "showticklabels": index == 0,
            "showgrid": False,
        }
        layout[f"yaxis{y[1:]}"] = {
            "tickvals": list(range(len(rows))),
            "ticktext": [label(name, 27) for name in rows],
            "autorange": "reversed",
            "showgrid": False,
        }
    figure.update_layout(layout)
    return describe(figure, *texts)


def _map(figure: go.Figure, panel: Panel, larger_is_better: bool, axes: dict[str, str]) -> None:
    values = panel.differences
    shade = np.sign(values) * np.sqrt(np.abs(values))
    most = float(np.nanmax(np.abs(shade))) if np.isfinite(shade).any() else 0.0
    ends = [WORSE, BETTER] if larger_is_better else [BETTER, WORSE]
    texts = _texts(values)
    shown = [
        [f"<b>{text}</b>" if bold and text else text for text, bold in zip(*row, strict=True)]
        for row in zip(texts, panel.separated.tolist(), strict=True)
    ]
    figure.add_heatmap(
        z=numbers(shade), x=list(range(values.shape[1])), y=list(range(values.shape[0])),
        text=shown, texttemplate="%{text}", textfont={"size": 11},
        customdata=[list(row) for row in panel.told], hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False, xgap=2, ygap=2, showscale=False, zmin=-(most or 1.0), zmax=most or 1.0,
        colorscale=[[0, ends[0]], [0.5, EVEN], [1, ends[1]]], **axes,
    )  # fmt: skip


def _texts(values: FloatArray) -> list[list[str]]:
    """Short enough for a phone: all with the decimals that the largest of them needs, in thousands if it is large."""
    known = np.abs(values[np.isfinite(values)])
    most = float(known.max()) if known.size else 0.0
    divisor, suffix = (1000.0, "k") if most >= _THOUSANDS else (1.0, "")
    decimals = min(_DECIMALS, max(0, 1 - math.floor(math.log10(most / divisor)))) if most > 0 else 0

    def text(value: float) -> str:
        written = f"{value / divisor:+.{decimals}f}"
        return "0" if float(written) == 0 else f"{written}{suffix}".replace("-", "−")

    return [["" if value != value else text(value) for value in row] for row in values.tolist()]
