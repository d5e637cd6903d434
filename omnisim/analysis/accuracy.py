"""Accuracy of forecasts at the true outcomes, beside that of persistence over exactly the same rounds.

Prices, and outcomes in general, are scored by their errors and by what decisions need of a forecast of several hours:
their order, the cheapest and dearest of them, their spread. Outcomes that are only ever 0 or 1 (on the scale of the
theory) are events, of which a forecast is a probability: they are scored by the Brier score, with its decomposition
into miscalibration, discrimination and uncertainty by isotonic regression (Dimitriadis, Gneiting, Jordan, "Stable
reliability diagrams for probabilistic classifiers", PNAS 118, 2021), which needs no bins and is exact:
Brier score = miscalibration - discrimination + uncertainty.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from omnisim.analysis.units import is_event, units
from omnisim.arrays import FloatArray
from omnisim.trace import FORECASTER, Trace

COLUMNS = ("forecaster", "subsequence", "measure", "value", "baseline", "unit", "rounds")
"""Columns of the table of accuracy."""

MAE, RMSE, RMAE, BIAS = "mean absolute error", "root mean squared error", "relative mean absolute error", "mean error"
RANK, CHEAPEST, DEAREST = "rank correlation within a round", "hit rate of the lowest", "hit rate of the highest"
SPREAD = "mean absolute error of the spread"
BRIER, SKILL = "Brier score", "Brier skill score"
MISCALIBRATION, DISCRIMINATION, UNCERTAINTY = "miscalibration", "discrimination", "uncertainty"
"""Names of the measures."""

LARGER_IS_BETTER = (RANK, CHEAPEST, DEAREST, SKILL, DISCRIMINATION)
"""Measures of which more is better; of the mean error, nearer to 0 is."""

PHYSICAL = (MAE, RMSE, BIAS, SPREAD)
"""Measures in the unit of the outcomes; the others are numbers."""


def accuracy(trace: Trace, signal: str | None = None) -> pd.DataFrame:
    """One row per forecaster, subsequence and measure: of the prices, or of a signal (``trace.blocks``).

    Columns: forecaster, subsequence, measure, value, baseline (the same measure of persistence: the outcome of the
    round before), unit, rounds (over which both were scored: those of the subsequence in which persistence has a
    forecast, and for measures of order also neither is constant).

    Forecasts are taken before they were clipped to [0, 1], where the forecaster can say what they were.

    Measures of prices: mean absolute error, root mean squared error, relative mean absolute error (to that of
    persistence), mean error (forecast less outcome); where a round has several coordinates, the mean of Spearman's rank
    correlation within a round, the hit rates of its lowest and highest coordinates (a sixth of them each, at least one;
    4 of 24 hours), and the mean absolute error of the spread from lowest to highest.

    Measures of events: the Brier score, its three parts, and the Brier skill score 1 - Brier score / uncertainty, which
    is 0 for a forecast of the mean frequency and 1 for a perfect one.
    """
    said, truth = {FORECASTER: trace.true_predictions, **trace.other_predictions}, trace.true_outcomes
    first = np.full(truth.shape[1], np.nan) if trace.before is None else trace.before
    repeated = np.concatenate([first[None], truth[:-1]])
    scored = np.isfinite(repeated[:, 0])
    event = len(trace.blocks) == 1 and is_event(truth)
    own = units(trace, signal)
    if not event:
        said = {name: own.values(forecast) for name, forecast in said.items()}
        truth, repeated = own.values(truth), own.values(repeated)
    compared = _events if event else _prices
    unit = own.outcome
    rows = [
        (name, subsequence, measure, value, baseline, unit if measure in PHYSICAL else "", rounds)
        for name, forecast in said.items()
        for k, subsequence in enumerate(trace.subsequences)
        for measure, value, baseline, rounds in compared(
            *(values[trace.active[:, k] & scored] for values in (forecast, repeated, truth))
        )
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


_Row = tuple[str, float, float, int]
"""Measure, value, the same of the baseline, rounds."""


def _prices(forecast: FloatArray, baseline: FloatArray, truth: FloatArray) -> Iterator[_Row]:
    by_round = [errors_by_round(guess, truth) for guess in (forecast, baseline)]
    for measure in by_round[0]:
        defined = np.isfinite(by_round[0][measure]) & np.isfinite(by_round[1][measure])
        value, other = (float(found[measure][defined].mean()) if defined.any() else np.nan for found in by_round)
        if measure == RMSE:
            value, other = float(np.sqrt(value)), float(np.sqrt(other))
        yield measure, value, other, int(defined.sum())
        if measure == MAE:
            yield RMAE, value / other if other > 0 else np.nan, 1.0, int(defined.sum())


def errors_by_round(forecast: FloatArray, truth: FloatArray) -> dict[str, FloatArray]:
    """The terms of each measure of prices by round, (R,), whose mean it is (of the squares, for the root of it).

    Parameters
    ----------
    forecast, truth : (R, d)
    """
    error = forecast - truth
    found = {MAE: np.abs(error).mean(axis=1), RMSE: (error**2).mean(axis=1), BIAS: error.mean(axis=1)}
    if truth.shape[1] > 1 and len(truth):
        count = max(1, truth.shape[1] // 6)
        found[RANK] = _rank_correlation(forecast, truth)
        found[CHEAPEST] = _hits(-forecast, -truth, count)
        found[DEAREST] = _hits(forecast, truth, count)
        found[SPREAD] = np.abs(np.ptp(forecast, axis=1) - np.ptp(truth, axis=1))
    return found


def _rank_correlation(forecast: FloatArray, truth: FloatArray) -> FloatArray:
    """Spearman's correlation of each row, NaN where one of the two is constant."""
    first, second = (pd.DataFrame(values).rank(axis=1).to_numpy() for values in (forecast, truth))
    first, second = first - first.mean(axis=1, keepdims=True), second - second.mean(axis=1, keepdims=True)
    scale = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return np.asarray(np.divide((first * second).sum(axis=1), scale, out=np.full(len(scale), np.nan), where=scale > 0))


def _hits(forecast: FloatArray, truth: FloatArray, count: int) -> FloatArray:
    """Share of the ``count`` highest coordinates of each row that the forecast names, ties broken at random."""
    hits = (_membership(forecast, count) * _membership(truth, count)).sum(axis=1) / count
    constant = (np.ptp(forecast, axis=1) == 0) | (np.ptp(truth, axis=1) == 0)
    return np.where(constant, np.nan, hits)


def _membership(values: FloatArray, count: int) -> FloatArray:
    """Probability of each coordinate to be among the ``count`` highest of its row, ties broken at random."""
    edge = np.sort(values, axis=1)[:, -count, None]
    above, at = values > edge, values == edge
    free = count - above.sum(axis=1, keepdims=True)
    return np.asarray(above + at * free / at.sum(axis=1, keepdims=True))


def _events(forecast: FloatArray, baseline: FloatArray, truth: FloatArray) -> Iterator[_Row]:
    found = [brier_parts(guess.ravel(), truth.ravel()) for guess in (forecast, baseline)]
    for measure in found[0]:
        yield measure, found[0][measure], found[1][measure], len(truth)


def brier_parts(forecast: FloatArray, truth: FloatArray) -> dict[str, float]:
    """The Brier score of probabilities (R,) of events (R,), its parts and its skill; NaN without rounds.

    >>> parts = brier_parts(np.array([0.5, 0.5, 1.0]), np.array([0.0, 1.0, 1.0]))
    >>> {name: round(value, 4) for name, value in parts.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'Brier score': 0.1667, 'Brier skill score': 0.25, 'miscalibration': 0.0, 'discrimination': 0.0556,
     'uncertainty': 0.2222}
    """
    if not len(truth):
        return dict.fromkeys((BRIER, SKILL, MISCALIBRATION, DISCRIMINATION, UNCERTAINTY), np.nan)
    from sklearn.isotonic import isotonic_regression

    _, where = np.unique(forecast, return_inverse=True)
    counts = np.bincount(where)
    calibrated = isotonic_regression(np.bincount(where, truth) / counts, sample_weight=counts)[where]
    score, best = float(((forecast - truth) ** 2).mean()), float(((calibrated - truth) ** 2).mean())
    uncertainty = float(truth.mean() * (1 - truth.mean()))
    return {
        BRIER: score,
        SKILL: 1 - score / uncertainty if uncertainty > 0 else np.nan,
        MISCALIBRATION: score - best,
        DISCRIMINATION: uncertainty - best,
        UNCERTAINTY: uncertainty,
    }


def losses(trace: Trace) -> tuple[FloatArray, str, str]:
    """Loss of the first forecaster in each round (T,), what it is, and its unit.

    The mean absolute error over the coordinates, in units of the market; of events, the mean squared error of the
    probabilities.
    """
    own = units(trace)
    error = own.part(trace.true_predictions) - own.part(trace.true_outcomes)
    if own.quantity == "event" or is_event(trace.true_outcomes):
        return np.asarray((error**2).mean(axis=1)), BRIER, ""
    return np.asarray(trace.scale[1] * np.abs(error).mean(axis=1)), MAE, own.outcome
