"""Distance of a decision-calibrated forecaster from its guarantee."""

import math

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.forecast_certificates import allowed_bias, calibration_of
from omnisim.analysis.units import units
from omnisim.errors import ProblemError
from omnisim.report.figures.style import BLUE, GREY, INK, ORANGE, blank, days, describe, numbers, stack
from omnisim.report.text import count, label, number, percent

_MOST_POINTS = 600


def bias_bounds(analysis: Analysis, population: str) -> go.Figure:
    """Bias in expectation of every decision event against V, the sum of its squared gains, beside the bound.

    Parameters
    ----------
    analysis
        Of a run with a forecaster whose bound is certified.
    population
        Name.

    Raises
    ------
    ProblemError
        If no bound is declared.
    """
    trace = analysis.trace
    found = analysis.expected_bias(population)
    fired = found.squares > 0
    squares, bias = found.squares[fired], np.abs(found.total[fired])
    calibration = calibration_of(trace)
    if calibration is None:
        raise ProblemError("bias_bounds needs a run whose forecaster declares a bound on its bias: this one does not")
    bound = allowed_bias(trace, calibration, squares)
    share = bias / bound
    kept = _spread(squares, share)
    figure = blank(f"Bias of decision events of {label(population)}", 360)
    figure.add_scatter(
        x=numbers(squares[kept]), y=numbers(bias[kept]), mode="markers", name="event and coordinate",
        marker={"size": 5, "color": BLUE, "opacity": 0.5}, hovertemplate="V %{x:.3g}, bias %{y:.3g}<extra></extra>",
    )  # fmt: skip
    words = "bound" if calibration.largest_gain > 0 else "bound: least of Λ / η + η V"
    curve = np.linspace(0, squares.max(initial=1.0), 60)
    figure.add_scatter(
        x=numbers(curve), y=numbers(allowed_bias(trace, calibration, curve)), mode="lines",
        name=words, line={"color": ORANGE, "width": 2, "dash": "dash"}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_xaxes(title_text=f"V: sum over {units(trace).round}s of the squared expected error", zeroline=True)
    figure.update_yaxes(title_text="bias in expectation, units of y", zeroline=True)
    largest = float(share.max(initial=0.0))
    drawn = f"the {len(kept):,} closest to the bound for their V" if len(kept) < len(squares) else "all of them"
    caption = (
        f"{count(len(squares), 'event and coordinate', 'events and coordinates')} of {population} in which something "
        f"was played; drawn are {drawn}. None may lie above the dashed line, whatever the market does. The largest "
        f"share of the bound is {percent(largest)}."
    )
    alt = (
        f"Scatter plot of the bias of {len(squares):,} decision events of {population} against their bound; the closest"
        f" reaches {percent(largest)} of it."
    )
    return describe(figure, caption, alt)


def potential_course(analysis: Analysis) -> go.Figure:
    """The potential Phi / K over the rounds beside its budget e, and the number of predictions evaluated.

    Raises
    ------
    ProblemError
        If the forecaster has no potential.
    """
    trace = analysis.trace
    if "potential" not in trace.diagnostics:
        raise ProblemError("potential_course needs a run whose forecaster has a potential: this one has none")
    potential, evaluations = trace.diagnostics["potential"], trace.diagnostics["evaluations"]
    rounds = np.unique(np.linspace(0, trace.rounds - 1, min(trace.rounds, _MOST_POINTS)).astype(int))
    at = days(trace.dates, rounds.tolist())
    figure = blank("What the guarantee cost", 420)
    stack(figure, [180, 110])
    figure.add_scatter(x=at, y=numbers(potential[rounds]), mode="lines", name="Φ / K", line={"color": BLUE, "width": 2})
    figure.add_scatter(
        x=[at[0], at[-1]], y=[math.e, math.e], mode="lines", name="budget e", hoverinfo="skip",
        line={"color": INK, "width": 1.5, "dash": "dash"},
    )  # fmt: skip
    figure.add_scatter(
        x=at, y=numbers(evaluations[rounds]), mode="markers", name="evaluations", xaxis="x2", yaxis="y2",
        marker={"size": 4, "color": GREY},
    )  # fmt: skip
    word = units(trace).round
    figure.update_layout(
        yaxis={"title": {"text": "potential Φ / K"}, "rangemode": "tozero"},
        yaxis2={"title": {"text": "predictions evaluated"}, "rangemode": "tozero"},
        xaxis={"matches": "x2", "showticklabels": False},
        xaxis2={"title": {"text": f"delivery {word}" if trace.dates is not None else word}},
    )
    once = float((evaluations == evaluations.min()).mean())
    caption = (
        f"The bound on the bias holds as long as Φ / K stays below e. It ended at {number(float(potential[-1]))}. "
        f"Evaluated per {word}: {number(float(evaluations.mean()))} predictions on average; on {percent(once)} of the "
        f"{word}s no more than {evaluations.min():.0f}, where a base forecast, or the start, was within the budget."
    )
    alt = (
        f"Line chart of the potential over {count(trace.rounds, word)}: it ends at {number(float(potential[-1]))}, the "
        f"budget is {math.e:.3f}; {number(float(evaluations.mean()))} predictions were evaluated per {word}."
    )
    return describe(figure, caption, alt)


def _spread(squares: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Indices of at most ``_MOST_POINTS`` events: in equal slices of V, those with the largest share of the bound."""
    if len(squares) <= _MOST_POINTS:
        return np.arange(len(squares))
    slices = np.minimum((squares / squares.max() * 100).astype(int), 99)
    order = np.lexsort((-share, slices))
    position = np.arange(len(order)) - np.searchsorted(slices[order], slices[order])
    return np.asarray(order[position < _MOST_POINTS // 100])
