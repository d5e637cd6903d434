"""Whether two runs agree as far as is promised of runs on two processors (``omnisim.reproducibility``)."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

import omnisim
from omnisim.reproducibility import TOLERANCE
from omnisim.trace import PopulationRecord

TIE = 4 * TOLERANCE
"""Utilities of two actions that may change places: a slope sums to at most 1 in absolute value, so that two predictions
that differ by the tolerance move each of the two utilities by no more than that, and rounding adds less."""

EXACT = (
    *("fallback", "violated_at", "eliminated_at", "expected_violated_at"),
    *("heard", "defaulted", "settled_at", "present"),
)
CLOSE = ("costs", "true_costs")


def assert_agree(found: omnisim.Trace, expected: omnisim.Trace) -> None:
    """Decisions are the same but for ties within rounding, and whatever ``expected`` recorded agrees to the tolerance.

    What was expected may be of an older version, which recorded less.
    """
    assert list(found.records) == list(expected.records)
    for name, array in numbers(expected):
        assert_close(name, dict(numbers(found))[name], array)
    np.testing.assert_array_equal(found.active, expected.active)
    for name, record in expected.records.items():
        _assert_records_agree(name, found.records[name], record, expected)


def numbers(trace: omnisim.Trace) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays of numbers that no decision is among, by name."""
    for name in ("outcomes", "predictions", "bases", "unclipped_outcomes", "unclipped_predictions", "before"):
        if getattr(trace, name) is not None:
            yield name, getattr(trace, name)
    yield from ((f"diagnostics {name}", values) for name, values in trace.diagnostics.items())
    yield from ((f"predictions of {name}", values) for name, values in trace.other_predictions.items())
    if trace.mixtures is not None:
        for name in ("support", "weights", "starts"):
            yield f"mixtures.{name}", getattr(trace.mixtures, name)
    for name, record in trace.records.items():
        population = record.population
        yield f"utility of {name}", population.utility
        yield f"offset of {name}", population.offset
        yield f"money scale of {name}", population.money.scale
        if population.load is not None:
            yield f"load of {name}", population.load


def assert_close(name: str, found: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE) -> None:
    """Of one shape, missing in the same places, elsewhere within the tolerance of 1 or of the largest, if above 1."""
    assert found.shape == expected.shape, name
    known = np.isfinite(expected)
    np.testing.assert_array_equal(found[~known], expected[~known], err_msg=name)
    unit = max(1.0, np.abs(expected[known]).max(initial=0.0))
    apart = np.abs(found[known] - expected[known]).max(initial=0.0) / unit
    assert apart <= tolerance, f"{name} differs by {apart:.1e}"


def assert_tables_agree(found: pd.DataFrame, expected: pd.DataFrame, rounds: int) -> None:
    """Sums over the rounds may differ by the tolerance of each; whatever is not a real number must be the same."""
    assert list(found.columns) == list(expected.columns)
    for column in expected.columns:
        if pd.api.types.is_float_dtype(expected[column]):
            assert_close(column, found[column].to_numpy(), expected[column].to_numpy(), rounds * TIE)
        else:
            pd.testing.assert_series_equal(found[column], expected[column])


def _assert_records_agree(name: str, found: PopulationRecord, expected: PopulationRecord, trace: omnisim.Trace) -> None:
    for field in EXACT:
        wanted = getattr(expected, field)
        if wanted is not None:
            np.testing.assert_array_equal(getattr(found, field), wanted, err_msg=f"{field} of {name}")
    alike = found.actions == expected.actions
    for t, n in np.argwhere(~alike):
        mine, theirs = found.actions[t, n], expected.actions[t, n]
        assert min(mine, theirs) >= 0, f"{name}: agent {n} is there in round {t} of one run only"
        point = _acted_on(trace, expected, t)
        more = _utility(expected, n, theirs, point) - _utility(expected, n, mine, point)
        assert abs(more) <= TIE, (
            f"{name}: in round {t} agent {n} plays {mine}, not {theirs}, which is worth {more:.1e} more"
        )
    for field in CLOSE:
        wanted = getattr(expected, field)
        if wanted is not None:
            assert_close(f"{field} of {name}", getattr(found, field)[alike], wanted[alike])


def _acted_on(trace: omnisim.Trace, record: PopulationRecord, t: int) -> np.ndarray:
    """The mean of the newest predictions that a population had in a round, one of each of its forecasters."""
    series = [trace.other_predictions.get(name, trace.predictions) for name in record.subscriptions]
    rounds = [t] * len(series) if record.heard is None else record.heard[t]
    heard = [predictions[r] for predictions, r in zip(series, rounds, strict=True) if r >= 0]
    return np.mean(heard, axis=0) if heard else np.zeros(trace.outcomes.shape[1])


def _utility(record: PopulationRecord, agent: int, action: int, prediction: np.ndarray) -> float:
    """Of an action under a prediction, without rounding on the way."""
    products = record.population.utility[agent, action] * prediction
    return math.fsum([*products, record.population.offset[agent, action]])
