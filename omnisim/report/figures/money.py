"""Money over time: how what a forecast is worth came about, and when it was lost."""

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.units import axis_of_rounds, units
from omnisim.analysis.worth import Worth
from omnisim.errors import ProblemError
from omnisim.report.figures.difference_map import Panel, difference_map
from omnisim.report.figures.style import BLUE, GREEN, ORANGE, axis, blank, days, describe, numbers, stack, translucent
from omnisim.report.text import amount, label, signed_amount

MOST_POINTS = 600
"""Points drawn per line."""


def money_course(analysis: Analysis, population: str) -> go.Figure:
    """Money per agent more than with persistence, summed over time; perfect foresight above, the drawdown below."""
    trace, worth = analysis.trace, analysis.worth[population]
    unit = units(trace)
    money = np.cumsum(worth.by_round, axis=1) / worth.weights.sum()
    gain, most = money[0] - money[1], money[2] - money[1]
    drawdown = np.maximum.accumulate(np.maximum(gain, 0.0)) - gain
    shown = np.unique(np.linspace(0, trace.rounds - 1, min(MOST_POINTS, trace.rounds)).astype(int))
    time = days(trace.dates, shown.tolist())
    figure = blank("Money more than with persistence", 420)
    stack(figure, [240, 90], gap=30)
    hover = f"%{{y:,.4g}} {label(worth.currency, 12)}"
    for values, name, colour, panel in (
        (gain, "this forecast", BLUE, 0),
        (most, "perfect foresight", GREEN, 0),
        (-drawdown, "below its best so far (drawdown)", ORANGE, 1),
    ):
        figure.add_scatter(
            x=time, y=numbers(values[shown]), mode="lines", name=name, hovertemplate=hover,
            line={"color": colour, "width": 1.8, "dash": "dash" if colour == GREEN else "solid"},
            fill="tozeroy" if panel else None, fillcolor=translucent(ORANGE, 0.2) if panel else None,
            xaxis=axis("x", panel), yaxis=axis("y", panel),
        )  # fmt: skip
    figure.update_yaxes(title_text=f"{label(worth.currency, 12)} per agent", zeroline=True)
    figure.update_layout(
        hovermode="x", xaxis={"showticklabels": False},
        xaxis2={"title": {"text": axis_of_rounds(trace)}, "matches": "x", "showticklabels": True},
    )  # fmt: skip
    caption = (
        f"Money of a mean agent of {population}, summed over the {unit.round}s, less what it would have earned with "
        f"the {unit.quantity}s of the {unit.round} before as its forecast. Where the line falls, the forecast lost "
        "money; below, how far it was under its best so far."
    )
    end = trace.dates[int(drawdown.argmax())] if trace.dates is not None else f"round {int(drawdown.argmax()) + 1}"
    alt = (
        f"A line that ends at {signed_amount(float(gain[-1]))} {worth.currency} per agent, and one of perfect "
        f"foresight that ends at {signed_amount(float(most[-1]))}; the largest drawdown was "
        f"{amount(float(drawdown.max()))} on {end}."
    )
    return describe(figure, caption, alt)


def months(analysis: Analysis) -> go.Figure:
    """Money per agent more than with persistence, by population and month.

    Raises
    ------
    ProblemError
        If the rounds are no days.
    """
    dates = analysis.trace.dates
    if dates is None:
        raise ProblemError("months needs a run over days: the rounds of this one have no dates")
    month, of_round = np.unique(dates.astype("datetime64[M]"), return_inverse=True)
    panels, told_ends = [], []
    for currency in dict.fromkeys(worth.currency for worth in analysis.worth.values()):
        group = {name: worth for name, worth in analysis.worth.items() if worth.currency == currency}
        gains = np.stack([_by_month(worth, of_round, len(month)) for worth in group.values()])
        told = [
            [f"{label(name)}, {m}: {signed_amount(float(value))} {label(currency, 12)} per agent" for m, value in
             zip(month, row, strict=True)]
            for name, row in zip(group, gains, strict=True)
        ]  # fmt: skip
        panels.append((list(group), Panel(f"{label(currency, 12)} per agent", gains, np.zeros_like(gains, bool), told)))
        best, worst = np.unravel_index(gains.argmax(), gains.shape), np.unravel_index(gains.argmin(), gains.shape)
        names = list(group)
        told_ends.append(
            f"from {signed_amount(float(gains[worst]))} {currency} ({names[worst[0]]}, {month[worst[1]]}) to "
            f"{signed_amount(float(gains[best]))} ({names[best[0]]}, {month[best[1]]})"
        )
    rows, panel = panels[0]
    if len(panels) > 1:
        rows = [name for names, _ in panels for name in names]
        gains = np.concatenate([panel.differences for _, panel in panels])
        told = [list(row) for _, panel in panels for row in panel.told]
        panel = Panel("money per agent, each in its currency", gains, np.zeros_like(gains, bool), told)
    caption = (
        "Money of a mean agent less what it would have earned with persistence, in each calendar month: blue where the "
        "forecast gained, orange where it lost."
    )
    alt = f"Map of gains by population and month, {'; '.join(told_ends)}."
    return difference_map(
        "Money more than with persistence, by month",
        [panel],
        rows,
        [str(m) for m in month],
        (caption, alt),
        larger_is_better=True,
    )


def _by_month(worth: Worth, of_round: np.ndarray, count: int) -> np.ndarray:
    gain = (worth.by_round[0] - worth.by_round[1]) / worth.weights.sum()
    return np.bincount(of_round, gain, minlength=count)
