"""Probabilities of anybody's model, drawn: a figure per table of :mod:`omnisim.batch.scoring`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from omnisim.arrays import numbers
from omnisim.errors import ProblemError
from omnisim.report.drawings import Curve, Drawing, HeatMap, Panel
from omnisim.report.figures.curves import curves
from omnisim.report.figures.heat_map import heat_map
from omnisim.report.text import listing, number, percent
from omnisim.wording import in_short


def reliability_diagram(table: pd.DataFrame, title: str = "Reliability") -> go.Figure:
    """The rate of outcomes 1 over the mean prediction, with 1.96 deviations, beside the diagonal where they agree.

    ``table`` is what :func:`~omnisim.batch.reliability_table` returns; with ``bins=None`` its curve never falls.
    """
    _check("reliability_diagram", table, ("mean prediction", "rate", "deviation", "weight", *_PARTS))
    mean, rate = (table[name].to_numpy(dtype=np.float64) for name in ("mean prediction", "rate"))
    half = _NORMAL * table["deviation"].to_numpy(dtype=np.float64)
    shown = [
        Curve("predictions that are right", [0.0, 1.0], [0.0, 1.0], colour=-1, dash="dash"),
        Curve("rate", mean, rate, np.maximum(rate - half, 0.0), np.minimum(rate + half, 1.0)),
    ]
    panel = Panel(
        "Rate by prediction", "mean prediction [probability]", "rate of outcomes 1 [share]", shown, False, False
    )
    parts = {name: float(table[name].sum()) for name in _PARTS}
    worst = int(np.abs(rate - mean).argmax())
    caption = (
        f"Bands are 1.96 deviations of a rate. Recalibration in these {len(table)} bins would lower the squared error "
        f"by {number(parts['miscalibration'])}, to {number(parts['discrimination'])} below that of the mean outcome."
    )
    alt = (
        f"Rates of {len(table)} bins over their mean predictions. The farthest from the diagonal is "
        f"{number(rate[worst])} at {number(mean[worst])}, in a bin with {percent(float(table['weight'].iloc[worst]))} "
        "of the rows."
    )
    return curves(title, Drawing([panel], caption, alt))


def murphy_diagram(table: pd.DataFrame, title: str = "Murphy diagram") -> go.Figure:
    """The difference of two predictions' threshold losses over the threshold, with its band, beside zero.

    ``table`` is what :func:`~omnisim.batch.murphy_difference` returns.
    """
    _check("murphy_diagram", table, ("theta", "difference", "low", "high"))
    theta, difference, low, high = (
        table[name].to_numpy(dtype=np.float64) for name in ("theta", "difference", "low", "high")
    )
    shown = [
        Curve("no difference", [theta.min(), theta.max()], [0.0, 0.0], colour=-1, dash="dash"),
        Curve("first less second", theta, difference, low, high),
    ]
    panel = Panel("Loss by threshold", "threshold [probability]", "difference of mean losses", shown, False, False)
    better, worse = int((high < 0).sum()), int((low > 0).sum())
    caption = (
        "Below zero the first prediction has the smaller loss for who acts above that probability. The band holds at "
        "all thresholds together."
    )
    alt = (
        f"Differences of mean losses at {len(theta)} thresholds, from {number(float(difference.min()))} to "
        f"{number(float(difference.max()))}. The band is below zero at {better} of them and above zero at {worse}."
    )
    return curves(title, Drawing([panel], caption, alt))


def regret_map(table: pd.DataFrame, title: str = "Regret by group and loss") -> go.Figure:
    """The regret of acting on the predictions, a row per group and a column per loss.

    ``table`` is what :func:`~omnisim.batch.regret_table` returns, with or without intervals.
    """
    several = table.columns.nlevels > 1
    if several and not {"regret", "low", "high"} <= set(table.columns.get_level_values(1)):
        raise ProblemError(
            "table of regret_map must have a regret, low and high of each loss, as regret_table makes it"
        )
    regrets = pd.DataFrame(table.xs("regret", axis=1, level=1) if several else table)
    values = numbers("table of regret_map", regrets.to_numpy())
    if not np.isfinite(values).any():
        raise ProblemError(f"table of regret_map must have a number at least, got {in_short(table)}")
    group, loss = divmod(int(np.nanargmax(values)), regrets.shape[1])
    most = f"{number(float(values[group, loss]))} for {regrets.index[group]} and {regrets.columns[loss]}"
    if several:
        low, high = (float(table[(regrets.columns[loss], end)].iloc[group]) for end in ("low", "high"))
        most += f", with an interval from {number(low)} to {number(high)}"
    caption = "Mean loss of acting on the predictions, less that of the best model for that loss and group."
    alt = f"Regrets of {len(regrets)} groups under {regrets.shape[1]} losses. The largest is {most}."
    rows, columns = [str(name) for name in regrets.index], [str(name) for name in regrets.columns]
    return heat_map(title, HeatMap(rows, columns, values, "mean loss", caption, alt, digits=3))


_NORMAL = 1.96

_PARTS = ("miscalibration", "discrimination")


def _check(figure: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a table without rows, or without numbers in these columns."""
    missing = [name for name in columns if name not in table.columns]
    if missing or not len(table):
        raise ProblemError(f"table of {figure} must have rows of {listing(columns)}, got {in_short(table)}")
    for name in columns:
        numbers(f"column {name!r} of the table of {figure}", table[name].to_numpy())
