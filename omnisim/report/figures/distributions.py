"""Distributions of regret and violation over the agents, per population and subsequence.

Distributions are drawn as quantile strips, whose size does not depend on the number of agents: a thin line from
the 5th to the 95th percentile, a thick one over the middle half, a point at the median, small marks at the
smallest and the largest agent.
"""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.measures import Measures
from omnisim.arrays import FloatArray
from omnisim.report.figures.emptiness import constant, varies
from omnisim.report.figures.style import (
    BLUE,
    MUTED,
    ORANGE,
    PAGE,
    blank,
    describe,
    heading,
    numbers,
    quantiles,
    stack,
    translucent,
)
from omnisim.report.selection import broadest, omitted, shown_populations, shown_subsequences
from omnisim.report.text import count, label, listing, number

LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_ROW = 38
"""Height in pixels of a subsequence in a panel."""
_HOW_TO_READ = (
    "Each strip is a distribution over agents: thin line from the 5th to the 95th percentile, thick line over "
    "the middle half, point at the median, marks at the extremes. Each population has its own scale."
)

_Series = tuple[str, str, Callable[[Measures], FloatArray]]
_REGRETS: tuple[_Series, ...] = (
    ("swap regret", BLUE, lambda measures: measures.swap_regret),
    ("external regret", ORANGE, lambda measures: measures.external_regret),
)
_CCV_POSITIVE: _Series = ("CCV+", BLUE, lambda measures: measures.ccv_positive)
_CCV: _Series = ("CCV", ORANGE, lambda measures: measures.ccv)


def regrets(analysis: Analysis) -> go.Figure:
    """Swap and external regret over agents, a panel per population and a row per subsequence."""
    axis = "regret, utility in [0, 1] units summed over rounds"
    figure, without = _strips(analysis, "Regret", axis, _REGRETS)
    trace = analysis.trace
    empty = {
        name: int((~measures.benchmark.any(axis=2)).all(axis=0).sum()) for name, measures in analysis.measures.items()
    }
    undefined = sum(empty.values())
    total = sum(measures.population.agents for measures in analysis.measures.values())
    caption = f"{_HOW_TO_READ} Agents with an empty benchmark, whose regret is undefined, are left out of the row"
    caption += (
        f" ({undefined:,} of {count(total, 'agent')} are left out of every row)."
        if undefined
        else " (their number is at its right end)."
    )
    alt = _alt(analysis, _REGRETS[0], "Quantile strips of swap and external regret")
    return describe(figure, caption + without + omitted(trace), alt, "x")


def violations(analysis: Analysis, *, positive: bool = True) -> go.Figure:
    """CCV+ over agents, or CCV if not ``positive``; a panel per population and a row per subsequence."""
    series = _CCV_POSITIVE if positive else _CCV
    axis = f"{series[0]}, cost in [−1, 1] units summed over rounds"
    figure, without = _strips(analysis, "Constraint violation", axis, (series,))
    caption = _HOW_TO_READ + (
        " CCV+ adds up what was violated, for the worst constraint of the agent."
        if positive
        else " In CCV rounds with slack make up for rounds with violations: below zero the constraints hold on "
        "average, for the worst constraint of the agent."
    )
    alt = _alt(analysis, series, f"Quantile strips of the cumulative constraint violation {series[0]}")
    return describe(figure, caption + without + omitted(analysis.trace), alt, "x")


def _strips(analysis: Analysis, title: str, axis: str, series: tuple[_Series, ...]) -> tuple[go.Figure, str]:
    """The strips, and a sentence on the populations that have nothing to draw."""
    trace = analysis.trace
    subsequences = shown_subsequences(trace)
    values = {
        name: np.stack([found(analysis.measures[name])[subsequences] for _, _, found in series])
        for name in shown_populations(trace)
    }
    names = [name for name, numbers_of in values.items() if varies(numbers_of)] or list(values)
    left = [f"{name} ({constant(numbers_of)} for all)" for name, numbers_of in values.items() if name not in names]
    without = f" Without a panel, because nothing would be in it: {listing(left)}." if left else ""
    row_height = _ROW if len(series) > 1 else _ROW // 2 + 5
    figure = blank(title, 300)
    stack(figure, [row_height * len(subsequences)] * len(names), gap=56, top=20)
    for panel, name in enumerate(names):
        measures = analysis.measures[name]
        heading(figure, panel, f"<b>{label(name)}</b>, {count(measures.population.agents, 'agent')}")
        suffix = "" if panel == 0 else str(panel + 1)
        for index, (words, colour, _) in enumerate(series):
            levels = np.stack([quantiles(row, LEVELS) for row in values[name][index]])
            offset = 0.0 if len(series) == 1 else 0.18 if index == 0 else -0.18
            rows = np.arange(len(subsequences) - 1.0, -1.0, -1.0) + offset
            _strip(figure, suffix, rows, levels, words, colour, first=panel == 0 and len(series) > 1)
        _mark_empty(figure, suffix, values[name][0])
        last = panel == len(names) - 1
        figure.update_layout(
            {
                f"xaxis{suffix}": {
                    "title": {"text": axis} if last else None,
                    "zeroline": True,
                },
                f"yaxis{suffix}": {
                    "tickvals": list(range(len(subsequences) - 1, -1, -1)),
                    "ticktext": [label(trace.subsequences[k], 18) for k in subsequences],
                    "range": [-0.5, len(subsequences) - 0.5],
                    "showgrid": False,
                },
            }
        )
    return figure, without


def _strip(
    figure: go.Figure,
    suffix: str,
    rows: FloatArray,
    levels: FloatArray,
    name: str,
    colour: str,
    *,
    first: bool,
) -> None:
    axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "legendgroup": name}
    for low, high, width in ((1, 5, 1.5), (2, 4, 9)):
        ends = np.stack([levels[:, low], levels[:, high], np.full(len(rows), np.nan)], axis=1)
        places = np.stack([rows, rows, np.full(len(rows), np.nan)], axis=1)
        figure.add_scatter(
            x=numbers(ends.reshape(-1)), y=numbers(places.reshape(-1)), mode="lines", hoverinfo="skip",
            line={"width": width, "color": colour if width < 2 else translucent(colour, 0.45)},
            showlegend=False, **axes,
        )  # fmt: skip
    figure.add_scatter(
        x=numbers(levels[:, [0, 6]].reshape(-1)), y=numbers(np.repeat(rows, 2)), mode="markers",
        marker={"symbol": "line-ns", "size": 6, "line": {"width": 1.5, "color": colour}},
        hoverinfo="skip", showlegend=False, **axes,
    )  # fmt: skip
    text = [
        f"{name}<br>median {number(row[3])}<br>middle half {number(row[2])} to {number(row[4])}"
        f"<br>5–95 % {number(row[1])} to {number(row[5])}<br>extremes {number(row[0])} to {number(row[6])}"
        for row in levels
    ]
    figure.add_scatter(
        x=numbers(levels[:, 3]), y=numbers(rows), mode="markers", name=name, showlegend=first,
        marker={"size": 8, "color": colour, "line": {"width": 1.5, "color": PAGE}},
        text=text, hovertemplate="%{text}<extra></extra>", **axes,
    )  # fmt: skip


def _mark_empty(figure: go.Figure, suffix: str, values: FloatArray) -> None:
    # The number of agents without a benchmark stands at the right end of the row.
    for row, missing in enumerate(np.isnan(values).sum(axis=1).tolist()):
        if missing:
            whole = missing == values.shape[1]
            figure.add_annotation(
                text="every benchmark is empty" if whole else f"{missing:,} left out",
                x=1, xref=f"x{suffix} domain", xanchor="right",
                y=len(values) - 1 - row, yref=f"y{suffix}",
                showarrow=False, font={"size": 10, "color": MUTED}, bgcolor=translucent(PAGE, 0.8),
            )  # fmt: skip


def _alt(analysis: Analysis, series: _Series, what: str) -> str:
    trace = analysis.trace
    k = broadest(trace)
    words, _, values = series
    sentences = [f"{what} over agents, by population and subsequence."]
    for name in shown_populations(trace):
        low, middle, high = quantiles(values(analysis.measures[name])[k], [0.05, 0.5, 0.95])
        spread = (
            f"median {words} {number(middle)}, 90 % of the agents between {number(low)} and {number(high)}"
            if middle == middle
            else "undefined for every agent"
        )
        sentences.append(f"{name} on {trace.subsequences[k]}: {spread}.")
    return " ".join(sentences)
