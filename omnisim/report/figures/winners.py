"""Shares of agents that gain and lose, as bars to both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from omnisim.report.figures.style import BLUE, MUTED, ORANGE, axis, blank, describe, heading, numbers, stack
from omnisim.report.text import label, percent

_ROW = 30
"""Height in pixels of a row."""


@dataclass(frozen=True)
class Row:
    """Numbers of agents that gain, lose and do neither with a forecaster."""

    label: str
    wins: int
    losses: int
    ties: int

    @property
    def agents(self) -> int:
        """All of them; at least 1, so that shares are numbers."""
        return max(1, self.wins + self.losses + self.ties)


@dataclass(frozen=True)
class Panel:
    """Rows from top to bottom, under a heading in plotly's markup."""

    heading: str
    rows: Sequence[Row]


def winners(title: str, panels: Sequence[Panel], caption: str, alt: str, who: str = "agent") -> go.Figure:
    """Draw the panels below each other: who loses to the left, who gains to the right; ``who`` one of them is."""
    figure = blank(title, 300)
    stack(figure, [_ROW * max(1, len(panel.rows)) for panel in panels], gap=48, top=24)
    figure.update_layout(barmode="relative", bargap=0.28)
    layout: dict[str, Any] = {}
    for index, panel in enumerate(panels):
        heading(figure, index, panel.heading)
        x, y = axis("x", index), axis("y", index)
        for name, colour, sign in (("lose", ORANGE, -1), ("gain", BLUE, 1)):
            shares = [(row.wins if sign > 0 else row.losses) / row.agents for row in panel.rows]
            figure.add_bar(
                x=numbers([100 * sign * share for share in shares]), y=list(range(len(panel.rows))),
                orientation="h", name=name, legendgroup=name, showlegend=index == 0,
                marker={"color": colour, "opacity": 0.85},
                text=[percent(share) if share > 0 else "" for share in shares], textposition="auto",
                insidetextanchor="middle", textangle=0, cliponaxis=False, textfont={"size": 11},
                customdata=[_told(row) for row in panel.rows], hovertemplate="%{customdata}<extra></extra>",
                xaxis=x, yaxis=y,
            )  # fmt: skip
        layout[f"xaxis{x[1:]}"] = {
            "range": [-112, 112],
            "tickvals": [-100, -50, 0, 50, 100],
            "ticktext": ["100 %", "50 %", "0", "50 %", "100 %"],
            "zeroline": True,
            "zerolinecolor": MUTED,
            "title": {"text": f"share of the {who}s"} if index == len(panels) - 1 else None,
        }
        layout[f"yaxis{y[1:]}"] = {
            "tickvals": list(range(len(panel.rows))),
            "ticktext": [label(row.label, 27) for row in panel.rows],
            "range": [len(panel.rows) - 0.5, -0.5],
            "showgrid": False,
        }
    figure.update_layout(layout)
    return describe(figure, caption, alt)


def _told(row: Row) -> str:
    return (
        f"{label(row.label, 48)}: {percent(row.wins / row.agents)} gain, {percent(row.losses / row.agents)} lose, "
        f"{percent(row.ties / row.agents)} neither"
    )
