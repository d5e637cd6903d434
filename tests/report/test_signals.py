"""What is read of a run with a signal beside its prices: each series in its unit, from the coordinates that are its."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import omnisim
from omnisim.analysis import Analysis
from omnisim.report import figures
from omnisim.report.run.tables import accuracy_table, agent_table
from omnisim.report.run.verdict import verdict
from omnisim.report.text import amount, number

PERIODS = 3
SERIES = {"price": ("EUR/MWh", -20.0, 180.0), "own_emissions": ("kg/MWh", 100.0, 140.0)}
"""Unit and range of each: its coordinates are 0 and 1 at the ends."""


@pytest.fixture(scope="module")
def beside(make: Callable[..., Analysis]) -> Analysis:
    """40 days of three prices and three emissions, some of which lie outside both ends of their ranges."""
    blocks = [
        {"name": name, "unit": unit, "low": low, "high": high, "coordinates": PERIODS}
        for name, (unit, low, high) in SERIES.items()
    ]
    market = {"name": "Nowhere", "currency": "EUR", "low": -20.0, "high": 180.0, "blocks": blocks}
    trace = make(
        populations={"few": 4}, rounds=40, dimension=2 * PERIODS, dates=True, currency="EUR", about={"market": market}
    ).trace
    true = trace.outcomes.copy()
    true[3, 0], true[5, 1], true[7:9, 4], true[11:16, 5] = 1.5, -0.25, 1.75, -0.5
    return omnisim.analyze(replace(trace, outcomes=np.clip(true, 0, 1), unclipped_outcomes=true))


def series(analysis: Analysis, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Values that came and those that were forecast of a series, in its unit, (T, 3)."""
    _, low, high = SERIES[name]
    first = PERIODS * [*SERIES].index(name)
    own = [values[:, first : first + PERIODS] for values in (analysis.trace.true_outcomes, analysis.trace.predictions)]
    came, said = (low + (high - low) * each for each in own)
    return came, said


@pytest.mark.parametrize("name", SERIES)
def test_accuracy_is_that_of_each_series(beside: Analysis, name: str) -> None:
    came, said = series(beside, name)
    rows = [[cell.value for cell in row] for row in accuracy_table(beside).rows if row[0].text == name]
    found = {(row[2], row[3]): row[4:] for row in rows}
    for k, subsequence in enumerate(beside.trace.subsequences):
        days = [t for t in range(1, 40) if beside.trace.active[t, k]]
        missed, repeated = ([abs(values[t] - came[t]).mean() for t in days] for values in (said, np.roll(came, 1, 0)))
        value, baseline, unit, counted = found[subsequence, "mean absolute error"]
        assert (value, baseline) == pytest.approx((np.mean(missed), np.mean(repeated)), rel=1e-6)
        assert (unit, counted) == (SERIES[name][0], len(days))


def test_a_bias_of_several_series_is_a_share_of_their_ranges(beside: Analysis) -> None:
    table = agent_table(beside, 100, None)
    [bias] = [column for column in table.columns if "bias" in column.title]
    assert bias.unit == "share of the range, sum"
    trace, at = beside.trace, table.columns.index(bias)
    error = trace.predictions - trace.outcomes
    actions = trace.actions["few"]
    for row in table.first:
        agent, k = int(row[1].text), trace.subsequences.index(row[2].text)
        sums = [error[(actions[:, agent] == a) & trace.active[:, k]].sum(axis=0) for a in range(4)]
        assert row[at].value == pytest.approx(np.abs(sums).max(), rel=1e-4)


def test_what_came_and_what_was_missed_is_told_of_each_series(beside: Analysis) -> None:
    said = dict(verdict(beside).points)
    came, forecast = series(beside, "own_emissions")
    assert (
        f"The signal “own_emissions” was {amount(came.mean())} kg/MWh on average, from {amount(came.min())} to "
        f"{amount(came.max())}; 7 of 120 values lie outside 100 to 140, the range of the theory."
    ) in said["Data"]
    told = " ".join(said["Forecast"])
    for name, quantity in (("price", "price"), ("own_emissions", "own emissions")):
        came, forecast = series(beside, name)
        missed = np.abs(forecast - came)[1:].mean()
        assert f"The forecast missed the {quantity} by {number(missed)} {SERIES[name][0]} on average" in told


@pytest.mark.parametrize("name", SERIES)
def test_each_series_is_drawn_in_its_unit(beside: Analysis, name: str) -> None:
    came, said = series(beside, name)
    lowest, highest, mean, forecast = figures.prices(beside, name).data
    for line, values in (
        (lowest, came.min(axis=1)),
        (highest, came.max(axis=1)),
        (mean, came.mean(axis=1)),
        (forecast, said.mean(axis=1)),
    ):
        np.testing.assert_allclose(line.y, values, rtol=1e-3)
    absolute, signed = figures.forecast_errors(beside, name).data
    np.testing.assert_allclose(absolute.y, np.abs(said - came).mean(axis=0), rtol=1e-3)
    np.testing.assert_allclose(signed.y, (said - came).mean(axis=0), rtol=1e-3)
