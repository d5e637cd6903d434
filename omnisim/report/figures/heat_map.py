"""A heat map with its numbers in the cells."""

import numpy as np
import plotly.graph_objects as go

from omnisim.report.drawings import HeatMap
from omnisim.report.figures.style import SHADES, blank, describe, numbers, stack
from omnisim.report.text import label, number

_ROW, _COLUMN_LABELS = 24, 130
"""Height in pixels of a row, and of the upright names of the columns."""


def heat_map(title: str, content: HeatMap) -> go.Figure:
    """Draw the map; shades grow with the square root, so that small numbers are told apart too."""
    values = np.asarray(content.values, dtype=np.float64)
    figure = blank(title, 300)
    stack(figure, [_ROW * len(content.rows)], top=_COLUMN_LABELS)
    shown = [[f"{value:.{content.digits}f}" if value == value else "" for value in row] for row in values]
    columns = [label(column, 48) for column in content.columns]
    told = [
        [f"{label(name, 48)}, {column}: {number(value)}" for column, value in zip(columns, row, strict=True)]
        for name, row in zip(content.rows, values, strict=True)
    ]
    figure.add_heatmap(
        z=numbers(np.sqrt(np.maximum(values, 0.0))), x=list(range(len(content.columns))),
        y=list(range(len(content.rows))), text=shown, texttemplate="%{text}", textfont={"size": 10},
        customdata=told, hovertemplate=f"%{{customdata}} {label(content.unit, 48)}<extra></extra>",
        hoverongaps=False, xgap=2, ygap=2, showscale=False, zmin=0,
        colorscale=[[0, SHADES[0]], [0.5, SHADES[1]], [1, SHADES[2]]],
    )  # fmt: skip
    figure.update_layout(
        xaxis={
            "tickvals": list(range(len(content.columns))),
            "ticktext": [label(name, 22) for name in content.columns],
            "side": "top",
            "tickangle": -90,
            "showgrid": False,
        },
        yaxis={
            "tickvals": list(range(len(content.rows))),
            "ticktext": [label(name, 27) for name in content.rows],
            "autorange": "reversed",
            "showgrid": False,
        },
    )
    return describe(figure, content.caption, content.alt)
