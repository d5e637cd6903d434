"""What was forecast and what happened."""

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.units import units
from omnisim.arrays import FloatArray
from omnisim.report.figures.style import BLUE, ORANGE, blank, days, describe, numbers, translucent
from omnisim.report.selection import omitted, shown_subsequences
from omnisim.report.text import count, label, number, percent

MOST_POINTS = 600
"""Points drawn per series; longer runs are drawn in periods of several rounds."""


def prices(analysis: Analysis, most_points: int = MOST_POINTS) -> go.Figure:
    """Outcomes over time, as a mean with the range from lowest to highest coordinate, and the forecast mean.

    Runs of more than ``most_points`` rounds are drawn in periods: means of the means, and the lowest and
    highest value of the period.
    """
    trace = analysis.trace
    unit = units(trace)
    outcomes, predictions = unit.values(trace.outcomes), unit.values(trace.predictions)
    starts = np.unique(np.linspace(0, trace.rounds, min(most_points, trace.rounds) + 1).astype(int))[:-1]
    lengths = np.diff(np.append(starts, trace.rounds))
    time = days(trace.dates, starts.tolist())
    lowest = np.minimum.reduceat(outcomes.min(axis=1), starts)
    highest = np.maximum.reduceat(outcomes.max(axis=1), starts)
    realized = np.add.reduceat(outcomes.mean(axis=1), starts) / lengths
    forecast = np.add.reduceat(predictions.mean(axis=1), starts) / lengths

    figure = blank("Outcomes and forecasts" if unit.quantity == "outcome" else "Prices and forecasts", 380)
    markers = "lines+markers" if len(time) == 1 else "lines"
    band = not np.array_equal(lowest, highest)
    mean = ", mean" if band else ""
    if band:
        edge = {"mode": markers, "line": {"width": 0}, "marker": {"size": 4, "color": BLUE}}
        name = f"{unit.quantity}, lowest to highest"
        figure.add_scatter(x=time, y=numbers(lowest), hoverinfo="skip", showlegend=False, **edge)
        figure.add_scatter(
            x=time, y=numbers(highest), fill="tonexty", fillcolor=translucent(BLUE, 0.18), name=name,
            hoverinfo="skip", **edge,
        )  # fmt: skip
    hover = f"%{{y:.4g}} {unit.outcome}"
    figure.add_scatter(
        x=time, y=numbers(realized), mode=markers, name=f"{unit.quantity}{mean}", hovertemplate=hover,
        line={"color": BLUE, "width": 1.6},
    )  # fmt: skip
    figure.add_scatter(
        x=time, y=numbers(forecast), mode=markers, name=f"forecast{mean}", hovertemplate=hover,
        line={"color": ORANGE, "width": 1.3},
    )  # fmt: skip
    if trace.dates is None:
        figure.update_xaxes(title_text="round", dtick=1 if trace.rounds <= 10 else None)
    else:
        figure.update_xaxes(title_text="delivery day")
    figure.update_yaxes(title_text=f"{unit.quantity}, {unit.outcome}")
    figure.update_layout(hovermode="x")

    width = int(lengths.max())
    over = f"the {trace.outcomes.shape[1]} coordinates" if unit.quantity == "outcome" else "the hours"
    caption = f"Mean over {over} of a {unit.round}"
    if trace.outcomes.shape[1] == 1:
        caption = f"One value a {unit.round}"
    if width > 1:
        caption += f", drawn in {len(starts):,} periods of about {width} {unit.round}s each"
    if band:
        caption += "; the band runs from the lowest to the highest value"
    caption += ". With a mouse, drag to zoom and double-click to go back."
    alt = (
        f"Line chart over {count(trace.rounds, unit.round)}: the mean {unit.quantity} was "
        f"{number(outcomes.mean())} {unit.outcome} (values from {number(outcomes.min())} to "
        f"{number(outcomes.max())}), the mean forecast {number(predictions.mean())} {unit.outcome}."
    )
    return describe(figure, caption, alt)


def forecast_errors(analysis: Analysis) -> go.Figure:
    """Mean absolute error and mean error of the forecast by coordinate of the outcome."""
    trace = analysis.trace
    unit = units(trace)
    error = unit.span * (trace.predictions - trace.outcomes)
    absolute, mean = np.abs(error).mean(axis=0), error.mean(axis=0)
    dimension = len(mean)
    hourly = unit.quantity == "price" and dimension == 24
    figure = blank("Forecast error by hour" if hourly else "Forecast error by coordinate", 300)
    hover = f"%{{y:.3g}} {unit.outcome}"
    figure.add_bar(
        x=list(range(dimension)), y=numbers(absolute), name="mean absolute error",
        marker={"color": translucent(BLUE, 0.75)}, hovertemplate=hover,
    )  # fmt: skip
    figure.add_scatter(
        x=list(range(dimension)), y=numbers(mean), name="mean error (forecast − outcome)",
        mode="lines+markers" if dimension <= 100 else "lines", line={"color": ORANGE, "width": 1.6},
        marker={"size": 6}, hovertemplate=hover,
    )  # fmt: skip
    axis = "hour of the delivery day (start)" if hourly else "coordinate of the outcome (index)"
    step = 3 if hourly else 1 if dimension <= 12 else None
    figure.update_xaxes(title_text=axis, range=[-0.6, dimension - 0.4], dtick=step, tickangle=0)
    figure.update_yaxes(title_text=f"error, {unit.outcome}", zeroline=True)
    figure.update_layout(hovermode="x", bargap=0.25)
    worst = int(absolute.argmax())
    where = f"hour {worst}" if hourly else f"coordinate {worst}"
    caption = (
        f"Over the whole run the forecast was off by {number(absolute.mean())} {unit.outcome} on average"
        f"{_against_repetition(trace.outcomes, absolute.mean() / unit.span, unit.round)}. "
        "A mean error above zero says that the forecast was too high."
    )
    alt = (
        f"Bars of the mean absolute error, from {number(absolute.min())} to {number(absolute.max())} "
        f"{unit.outcome}, largest at {where}; a line of the mean error, from {number(mean.min())} to "
        f"{number(mean.max())} {unit.outcome}."
    )
    return describe(figure, caption, alt)


def errors_by_subsequence(analysis: Analysis) -> go.Figure:
    """Mean absolute error and mean error of the forecast on each subsequence, over all coordinates of the outcome."""
    trace = analysis.trace
    unit = units(trace)
    error = unit.span * (trace.predictions - trace.outcomes)
    shown = shown_subsequences(trace)
    absolute = np.array([np.abs(error[trace.active[:, k]]).mean() for k in shown])
    mean = np.array([error[trace.active[:, k]].mean() for k in shown])
    rows = list(range(len(shown)))
    figure = blank("Forecast error by subsequence", 34 * len(rows) + 40 + 34 + 52)
    hover = f"%{{x:.3g}} {unit.outcome}"
    figure.add_bar(
        y=rows, x=numbers(absolute), orientation="h", name="mean absolute error",
        marker={"color": translucent(BLUE, 0.75)}, hovertemplate=hover,
    )  # fmt: skip
    figure.add_scatter(
        y=rows, x=numbers(mean), name="mean error (forecast − outcome)", mode="markers",
        marker={"size": 9, "color": ORANGE, "symbol": "diamond"}, hovertemplate=hover,
    )  # fmt: skip
    figure.update_xaxes(title_text=f"error, {unit.outcome}", zeroline=True)
    figure.update_yaxes(
        tickvals=rows, ticktext=[label(trace.subsequences[k], 18) for k in shown], autorange="reversed", showgrid=False
    )
    figure.update_layout(bargap=0.25, showlegend=True)
    caption = (
        f"Over the {unit.round}s of each subsequence. A mean error above zero says that the forecast was too high, one "
        "below zero that it was too low."
    )
    most, least = int(mean.argmax()), int(mean.argmin())
    alt = (
        f"Bars of the mean absolute error on {count(len(rows), 'subsequence')}, from {number(absolute.min())} to "
        f"{number(absolute.max())} {unit.outcome}, largest on {trace.subsequences[shown[int(absolute.argmax())]]}; the "
        f"mean error goes from {number(mean.min())} on {trace.subsequences[shown[least]]} to {number(mean.max())} on "
        f"{trace.subsequences[shown[most]]}."
    )
    return describe(figure, caption + omitted(trace), alt)


def repetition_error(outcomes: FloatArray) -> float:
    """Mean absolute error, in [0, 1] units, of repeating the outcome of the round before; NaN for one round."""
    return float(np.abs(np.diff(outcomes, axis=0)).mean()) if len(outcomes) > 1 else float("nan")


def _against_repetition(outcomes: FloatArray, error: float, word: str) -> str:
    repeated = repetition_error(outcomes)
    if not repeated > 0:
        return ""
    return f", {percent(error / repeated)} of the error of repeating the {word} before"
