"""Choice of a forecast by measures of accuracy: the choice of each, and its loss beside the forecast worth most."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from omnisim.analysis.accuracy import BIAS, LARGER_IS_BETTER, PHYSICAL, RMSE, errors_by_round
from omnisim.arrays import BoolArray, FloatArray
from omnisim.statistics.verdicts import verdicts
from omnisim.value.ledger import Ledger
from omnisim.value.probabilistic import CRPS, PINBALL, WINKLER, scores_by_day

SHAPE, MEDIAN, EARNED = "mean absolute error of the shape", "median absolute error", "money earned"
"""Names: of the error of prices less the mean of their day, of the median over all periods, and of money itself."""


def scores(ledger: Ledger, days: BoolArray) -> pd.DataFrame:
    """Accuracy of the forecasts over some days (T,): a row per measure, a column per forecast.

    A measure of order is taken over the days on which it is defined for all forecasts. Measures of distributions are
    among them if one forecast says more than points.
    """
    truth = ledger.market.prices[days]
    terms = {name: _terms(ledger.market.forecasts[name][days], truth) for name in ledger.forecasts}
    found: dict[str, dict[str, float]] = {}
    for measure in next(iter(terms.values())):
        known = np.all([np.isfinite(each[measure]) for each in terms.values()], axis=0)
        for name, each in terms.items():
            mean = float(each[measure][known].mean()) if known.any() else np.nan
            found.setdefault(measure, {})[name] = float(np.sqrt(mean)) if measure == RMSE else mean
    errors = {name: np.abs(ledger.market.forecasts[name][days] - truth) for name in ledger.forecasts}
    found[MEDIAN] = {name: float(np.median(each)) for name, each in errors.items()}
    for name, by_day in scores_by_day(ledger).items():
        for measure, values in by_day.items():
            found.setdefault(measure, {})[name] = float(values[days].mean())
    return pd.DataFrame.from_dict(found, orient="index", columns=list(ledger.forecasts))


def chosen(measure: str, values: Mapping[str, float]) -> str:
    """The forecast that a measure prefers; the first of those that are equally good, "" where it is defined for none.

    >>> chosen(RMSE, {"a": 3.0, "b": 2.0}), chosen(BIAS, {"a": -3.0, "b": 2.0}), chosen(EARNED, {"a": 3.0, "b": 2.0})
    ('b', 'b', 'a')
    """
    known = {name: value for name, value in values.items() if value == value}
    if not known:
        return ""
    if measure == BIAS:
        return min(known, key=lambda name: abs(known[name]))
    return (max if measure in (*LARGER_IS_BETTER, EARNED) else min)(known, key=lambda name: known[name])


def earned(ledger: Ledger, days: BoolArray, population: str | None = None) -> dict[str, float]:
    """Money per customer (of a population; None for all) and year on some days (T,), as if all of it were like them."""
    scale = len(days) / days.sum()
    return {
        name: float(scale * ledger.daily(name, population)[:, days].sum(axis=1).mean()) for name in ledger.forecasts
    }


def choices(ledger: Ledger, chosen_on: BoolArray, worth_on: BoolArray, population: str | None = None) -> pd.DataFrame:
    """One row per measure: the forecast that it chooses, and what that one earned less than the best one.

    Parameters
    ----------
    ledger
        With at least two forecasts.
    chosen_on, worth_on
        Days (T,) over which measures are taken, and over which money is counted and the best forecast is found (with
        hindsight). Money itself is a measure too, where the two are not the same days.
    population
        Whose money counts; None for all customers'.
    """
    table = scores(ledger, chosen_on)
    money = earned(ledger, worth_on, population)
    best = chosen(EARNED, money)
    if (chosen_on != worth_on).any():
        table.loc[EARNED] = earned(ledger, chosen_on, population)
    rows = [(str(measure), {str(k): float(v) for k, v in row.items()}) for measure, row in table.iterrows()]
    rows = [(measure, values) for measure, values in rows if chosen(measure, values)]
    scale = len(worth_on) / worth_on.sum()
    daily = {name: scale * ledger.daily(name, population) for name in ledger.forecasts}
    found = ledger.differences([(daily[chosen(*row)], daily[best], worth_on) for row in rows])
    mean, half = (np.array(each) for each in zip(*((d.mean, d.high - d.mean) for d in found), strict=True))
    return pd.DataFrame(
        {
            "measure": [measure for measure, _ in rows],
            "unit": [_unit(measure, ledger.currency) for measure, _ in rows],
            "chooses": [chosen(*row) for row in rows],
            "value": [values[chosen(measure, values)] for measure, values in rows],
            "best": best,
            "below_the_best": 0.0 - mean,
            "low": [0.0 - each.high for each in found],
            "high": [0.0 - each.low for each in found],
            "verdict": verdicts(mean, half, larger_is_better=True),
            "agreement_of_ranks": [_agreement(measure, values, money) for measure, values in rows],
        }
    )


def choices_by_population(ledger: Ledger) -> pd.DataFrame:
    """The choices on all days, with the money of each population by itself; empty where there is one only."""
    if len(ledger.agents) < 2:
        return pd.DataFrame()
    parts = []
    for population in ledger.agents:
        part = choices(ledger, ledger.every, ledger.every, population)
        part.insert(0, "population", population)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def halves(ledger: Ledger) -> tuple[BoolArray, BoolArray]:
    """The first half of the days, and the others, each (T,)."""
    first = np.arange(ledger.market.days) < ledger.market.days // 2
    return first, ~first


def _terms(forecast: FloatArray, truth: FloatArray) -> dict[str, FloatArray]:
    found = errors_by_round(forecast, truth)
    if truth.shape[1] > 1:
        shapes = [values - values.mean(axis=1, keepdims=True) for values in (forecast, truth)]
        found[SHAPE] = np.abs(shapes[0] - shapes[1]).mean(axis=1)
    return found


def _unit(measure: str, currency: str) -> str:
    if measure == EARNED:
        return f"{currency} per customer and year"
    return f"{currency}/MWh" if measure in (*PHYSICAL, SHAPE, MEDIAN, CRPS, PINBALL, WINKLER) else ""


def _agreement(measure: str, values: Mapping[str, float], money: Mapping[str, float]) -> float:
    """Spearman's correlation over the forecasts of how good the measure says they are with what they earned."""
    names = list(values)
    sign = 1 if measure in (*LARGER_IS_BETTER, EARNED) else -1
    good = np.array([sign * (abs(values[name]) if measure == BIAS else values[name]) for name in names])
    paid = np.array([money[name] for name in names])
    if len(names) < 3 or not np.isfinite(good).all() or not np.ptp(good) or not np.ptp(paid):
        return float("nan")
    return float(pd.DataFrame({"good": good, "paid": paid}).corr(method="spearman").to_numpy()[0, 1])
