"""Growth of regret and violation with the rounds."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.growth import grown
from omnisim.analysis.units import units
from omnisim.arrays import FloatArray, IntArray
from omnisim.report.figures.emptiness import constant, varies
from omnisim.report.figures.style import (
    BLUE,
    MUTED,
    ORANGE,
    blank,
    describe,
    heading,
    numbers,
    quantiles,
    stack,
    translucent,
)
from omnisim.report.text import count, number

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_PANELS = (
    ("swap_regret", "swap regret", "utility in [0, 1] units, summed", BLUE),
    ("ccv_positive", "CCV+", "cost in [−1, 1] units, summed", ORANGE),
)


def growth_curves(analysis: Analysis, population: str, subsequence: str, points: int = 40) -> go.Figure:
    """Swap regret and CCV+ over agents after growing numbers of rounds of a subsequence.

    Parameters
    ----------
    analysis
        Of a run.
    population, subsequence
        Names.
    points
        How many numbers of rounds to measure at.
    """
    found = grown(analysis.trace, population, subsequence, points, [column for column, *_ in _PANELS])
    unit = units(analysis.trace)
    agents = analysis.measures[population].population.agents
    rounds = found.rounds
    figure = blank("Growth over time", 420)
    panels = [panel for panel in _PANELS if varies(found.measures[panel[0]])] or _PANELS[:1]
    stack(figure, [190] * len(panels), gap=46, top=22)
    sentences: list[str] = []
    layout: dict[str, Any] = {}
    for panel, (column, words, axis, colour) in enumerate(panels):
        suffix = "" if panel == 0 else str(panel + 1)
        values = found.measures[column]
        levels = np.stack([quantiles(row, LEVELS) for row in values])
        heading(figure, panel, f"<b>{words}</b>")
        _bands(figure, suffix, rounds, levels, colour)
        last, defined = levels[-1], int(np.isfinite(values[-1]).sum())
        if last[2] > 0:
            _root_guide(figure, suffix, rounds, last[2], first=not sentences)
        layout[f"yaxis{suffix}"] = {"title": {"text": axis}, "zeroline": True}
        layout[f"xaxis{suffix}"] = {"matches": None if panel == 0 else "x"}
        sentences.append(
            f"{words} after {rounds[-1]:,} {unit.round}s: median {number(last[2])}, 95th percentile "
            f"{number(last[4])}" + (f" ({agents - defined:,} with an empty benchmark)" if defined < agents else "")
        )
    layout[f"xaxis{suffix}"]["title"] = {"text": f"{unit.round}s of the subsequence"}
    figure.update_layout(layout)
    caption = (
        f"{population} on {subsequence}, {count(agents, 'agent')}: median, middle half (dark) and 5th to 95th "
        "percentile (light). The dotted line grows with the square root of the rounds up to the final median: "
        "growth below a straight line means that the loss per round shrinks. The regret after t rounds is "
        "measured against the benchmark as it stood by then."
    )
    caption += "".join(
        f" {words} is not drawn: it is {constant(found.measures[column])} throughout."
        for column, words, *_ in _PANELS
        if (column, words) not in [panel[:2] for panel in panels]
    )
    alt = (
        f"Line chart of growth for {population} on {subsequence} over {count(len(rounds), 'point')}; "
        f"{'; '.join(sentences)}."
    )
    return describe(figure, caption, alt)


def _bands(figure: go.Figure, suffix: str, rounds: IntArray, levels: FloatArray, colour: str) -> None:
    axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "x": numbers(rounds)}
    for low, high, opacity in ((0, 4, 0.14), (1, 3, 0.28)):
        edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        figure.add_scatter(y=numbers(levels[:, low]), **edge, **axes)
        figure.add_scatter(
            y=numbers(levels[:, high]), fill="tonexty", fillcolor=translucent(colour, opacity), **edge, **axes
        )
    figure.add_scatter(
        y=numbers(levels[:, 2]), mode="lines" if len(rounds) > 1 else "markers", showlegend=False,
        line={"color": colour, "width": 2}, **axes,
        customdata=[numbers(row) for row in levels[:, [0, 4]]],
        hovertemplate="median %{y:.4g}<br>5–95 %: %{customdata[0]:.4g} to %{customdata[1]:.4g}<extra></extra>",
    )  # fmt: skip


def _root_guide(figure: go.Figure, suffix: str, rounds: IntArray, final: float, *, first: bool) -> None:
    figure.add_scatter(
        x=numbers(rounds), y=numbers(final * np.sqrt(rounds / rounds[-1])), mode="lines",
        name="square-root growth, for comparison", showlegend=first, hoverinfo="skip",
        line={"color": MUTED, "width": 1, "dash": "dot"}, xaxis=f"x{suffix}", yaxis=f"y{suffix}",
    )  # fmt: skip
