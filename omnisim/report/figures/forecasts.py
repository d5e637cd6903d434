"""Forecasts beside the outcomes."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.accuracy import BRIER, RMAE
from omnisim.analysis.units import is_event, units
from omnisim.arrays import FloatArray
from omnisim.report.figures.style import BLUE, ORANGE, blank, days, describe, numbers, translucent, with_panel
from omnisim.report.selection import broadest, omitted, shown_subsequences
from omnisim.report.text import count, label, number, percent
from omnisim.trace import FORECASTER, Trace

MOST_POINTS = 600
"""Points drawn per series; longer runs are drawn in periods of several rounds."""


def prices(analysis: Analysis, signal: str | None = None, most_points: int = MOST_POINTS) -> go.Figure:
    """Outcomes over time, as a mean with the range from lowest to highest coordinate, and the forecast mean.

    They are the prices, or a signal (``trace.blocks``).

    Runs of more than ``most_points`` rounds are drawn in periods: means of the means, and the lowest and
    highest value of the period.
    """
    trace = analysis.trace
    told = _told(trace, signal)
    outcomes, predictions = told.outcomes, told.predictions
    unit = units(trace, signal)
    starts = np.unique(np.linspace(0, trace.rounds, min(most_points, trace.rounds) + 1).astype(int))[:-1]
    lengths = np.diff(np.append(starts, trace.rounds))
    time = days(trace.dates, starts.tolist())
    lowest = np.minimum.reduceat(outcomes.min(axis=1), starts)
    highest = np.maximum.reduceat(outcomes.max(axis=1), starts)
    realized = np.add.reduceat(outcomes.mean(axis=1), starts) / lengths
    forecast = np.add.reduceat(predictions.mean(axis=1), starts) / lengths

    named = told.quantity.capitalize() if signal is not None else "Outcomes"
    figure = blank("Prices and forecasts" if told.quantity == "price" else f"{named} and forecasts", 380)
    markers = "lines+markers" if len(time) == 1 else "lines"
    band = not np.array_equal(lowest, highest)
    mean = ", mean" if band else ""
    if band:
        edge = {"mode": markers, "line": {"width": 0}, "marker": {"size": 4, "color": BLUE}}
        name = f"{told.quantity}, lowest to highest"
        figure.add_scatter(x=time, y=numbers(lowest), hoverinfo="skip", showlegend=False, **edge)
        figure.add_scatter(
            x=time, y=numbers(highest), fill="tonexty", fillcolor=translucent(BLUE, 0.18), name=name,
            hoverinfo="skip", **edge,
        )  # fmt: skip
    hover = f"%{{y:.4g}} {told.unit}"
    figure.add_scatter(
        x=time, y=numbers(realized), mode=markers, name=f"{told.quantity}{mean}", hovertemplate=hover,
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
    figure.update_yaxes(title_text=f"{told.quantity}, {told.unit}")
    figure.update_layout(hovermode="x")

    width = int(lengths.max())
    number_of = outcomes.shape[1]
    over = f"the {number_of} {'coordinates' if told.quantity == 'outcome' else 'periods'}"
    over = "the hours" if unit.hours == 1 else over
    caption = f"Mean over {over} of a {unit.round}"
    if number_of == 1:
        caption = f"One value a {unit.round}"
    if width > 1:
        caption += f", drawn in {len(starts):,} periods of about {width} {unit.round}s each"
    if band:
        caption += "; the band runs from the lowest to the highest value"
    caption += ". With a mouse, drag to zoom and double-click to go back."
    alt = (
        f"Line chart over {count(trace.rounds, unit.round)}: the mean {told.quantity} was "
        f"{number(outcomes.mean())} {told.unit} (values from {number(outcomes.min())} to "
        f"{number(outcomes.max())}), the mean forecast {number(predictions.mean())} {told.unit}."
    )
    return describe(figure, caption, alt)


def forecast_errors(analysis: Analysis, signal: str | None = None) -> go.Figure:
    """Mean absolute error and mean error of the forecast by coordinate of the outcome, of the prices or a signal."""
    trace = analysis.trace
    unit, told = units(trace, signal), _told(trace, signal)
    error = told.predictions - told.outcomes
    absolute, mean = np.abs(error).mean(axis=0), error.mean(axis=0)
    dimension = len(mean)
    hours = unit.hours
    starts = [i * (hours or 1) for i in range(dimension)]
    of_day = "Forecast error by hour" if hours == 1 else "Forecast error by time of the day"
    figure = blank("Forecast error by coordinate" if hours is None else of_day, 300)
    hover = f"%{{y:.3g}} {told.unit}"
    figure.add_bar(
        x=starts, y=numbers(absolute), name="mean absolute error",
        marker={"color": translucent(BLUE, 0.75)}, hovertemplate=hover,
    )  # fmt: skip
    figure.add_scatter(
        x=starts, y=numbers(mean), name="mean error (forecast − outcome)",
        mode="lines+markers" if dimension <= 100 else "lines", line={"color": ORANGE, "width": 1.6},
        marker={"size": 6}, hovertemplate=hover,
    )  # fmt: skip
    axis = "coordinate of the outcome (index)" if hours is None else "hour of the delivery day (start)"
    step = 3 if hours is not None else 1 if dimension <= 12 else None
    edges = [-0.6 * (hours or 1), (dimension - 0.4) * (hours or 1)]
    figure.update_xaxes(title_text=axis, range=edges, dtick=step, tickangle=0)
    figure.update_yaxes(title_text=f"error, {told.unit}", zeroline=True)
    figure.update_layout(hovermode="x", bargap=0.25)
    worst = int(absolute.argmax())
    where = f"coordinate {worst}" if hours is None else f"hour {worst}" if hours == 1 else clock(starts[worst])
    caption = (
        f"Over the whole run the forecast was off by {number(absolute.mean())} {told.unit} on average"
        f"{_against_repetition(analysis, unit.round, signal)}. A mean error above zero says that the forecast was too "
        "high."
    )
    alt = (
        f"Bars of the mean absolute error, from {number(absolute.min())} to {number(absolute.max())} "
        f"{told.unit}, largest at {where}; a line of the mean error, from {number(mean.min())} to "
        f"{number(mean.max())} {told.unit}."
    )
    return describe(figure, caption, alt)


def clock(hours: float) -> str:
    """A time of the day.

    >>> clock(17.25)
    '17:15'
    """
    minutes = round(60 * hours)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def errors_by_subsequence(analysis: Analysis, signal: str | None = None) -> go.Figure:
    """Error of the forecast on each subsequence: mean absolute and mean error of outcomes, Brier score of events."""
    trace = analysis.trace
    if is_event(trace.true_outcomes):
        return _brier_by_subsequence(analysis)
    unit, told = units(trace, signal), _told(trace, signal)
    error = told.predictions - told.outcomes
    shown = shown_subsequences(trace)
    absolute = np.array([np.abs(error[trace.active[:, k]]).mean() for k in shown])
    mean = np.array([error[trace.active[:, k]].mean() for k in shown])
    rows = list(range(len(shown)))
    figure = with_panel("Forecast error by subsequence", 34 * len(rows) + 40)
    hover = f"%{{x:.3g}} {told.unit}"
    figure.add_bar(
        y=rows, x=numbers(absolute), orientation="h", name="mean absolute error",
        marker={"color": translucent(BLUE, 0.75)}, hovertemplate=hover,
    )  # fmt: skip
    figure.add_scatter(
        y=rows, x=numbers(mean), name="mean error (forecast − outcome)", mode="markers",
        marker={"size": 9, "color": ORANGE, "symbol": "diamond"}, hovertemplate=hover,
    )  # fmt: skip
    figure.update_xaxes(title_text=f"error, {told.unit}", zeroline=True)
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
        f"{number(absolute.max())} {told.unit}, largest on {trace.subsequences[shown[int(absolute.argmax())]]}; the "
        f"mean error goes from {number(mean.min())} on {trace.subsequences[shown[least]]} to {number(mean.max())} on "
        f"{trace.subsequences[shown[most]]}."
    )
    return describe(figure, caption + omitted(trace), alt, "x")


def _brier_by_subsequence(analysis: Analysis) -> go.Figure:
    trace, word = analysis.trace, units(analysis.trace).round
    table = analysis.accuracy
    table = table[(table["measure"] == BRIER) & (table["forecaster"] == FORECASTER)].set_index("subsequence")
    names = [trace.subsequences[k] for k in shown_subsequences(trace)]
    own, repeated = (table.loc[names, column].to_numpy(dtype=np.float64) for column in ("value", "baseline"))
    rows = list(range(len(names)))
    figure = with_panel("Brier score by subsequence", 34 * len(rows) + 40)
    figure.add_bar(
        y=rows, x=numbers(own), orientation="h", name="forecast", marker={"color": translucent(BLUE, 0.75)},
        hovertemplate="%{x:.3g}",
    )  # fmt: skip
    figure.add_scatter(
        y=rows, x=numbers(repeated), name=f"repeating the {word} before", mode="markers",
        marker={"size": 9, "color": ORANGE, "symbol": "diamond"}, hovertemplate="%{x:.3g}",
    )  # fmt: skip
    figure.update_xaxes(title_text="Brier score (0 is perfect)", zeroline=True)
    figure.update_yaxes(
        tickvals=rows, ticktext=[label(name, 18) for name in names], autorange="reversed", showgrid=False
    )
    figure.update_layout(bargap=0.25, showlegend=True)
    caption = (
        f"Mean squared distance of the probability from what happened (1 or 0), beside that of repeating the {word} "
        f"before over the same {word}s; less is better."
    )
    ranges = [_range(own), _range(repeated)]
    alt = (
        f"Bars of the Brier score on {count(len(rows), 'subsequence')}, {ranges[0]}; repeating the {word} before: "
        f"{ranges[1]}."
    )
    return describe(figure, caption + omitted(trace), alt, "x")


def _range(values: FloatArray) -> str:
    known = values[np.isfinite(values)]
    return f"from {number(known.min())} to {number(known.max())}" if len(known) else "undefined"


@dataclass(frozen=True)
class _Told:
    """Outcomes and predictions (T, d) as they are drawn, and the unit and name of what they are."""

    outcomes: FloatArray
    predictions: FloatArray
    unit: str
    quantity: str


def _told(trace: Trace, signal: str | None = None) -> _Told:
    """True outcomes and predictions in units of the market; of events, on the scale on which they are probabilities."""
    if is_event(trace.true_outcomes):
        return _Told(trace.true_outcomes, trace.true_predictions, "probability", "event (1) or none (0)")
    unit = units(trace, signal)
    outcomes, predictions = (unit.values(values) for values in (trace.true_outcomes, trace.true_predictions))
    return _Told(outcomes, predictions, unit.outcome, unit.quantity)


def _against_repetition(analysis: Analysis, word: str, signal: str | None = None) -> str:
    """Ratio of the error to that of repeating the round before, over the rounds in which both are defined, in words."""
    table = analysis.accuracy if signal is None else analysis.accuracy_of(signal)
    k = analysis.trace.subsequences[broadest(analysis.trace)]
    rows = table[(table["measure"] == RMAE) & (table["subsequence"] == k) & (table["forecaster"] == FORECASTER)]
    relative = float(rows["value"].iloc[0]) if len(rows) else float("nan")
    if not np.isfinite(relative):
        return ""
    rounds = int(rows["rounds"].iloc[0])
    return f", {percent(relative)} of the error of repeating the {word} before over the same {count(rounds, word)}"
