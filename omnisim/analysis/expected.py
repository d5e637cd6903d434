"""Bias in expectation over the forecaster's mixtures, recomputed from the record (theory, section 4.2).

The bound on a calibrated forecaster's bias holds for E_{p ~ psi_t}, with no probability involved. It speaks about the
action each agent would have taken on every prediction that could have been sampled, among the candidates it had:
candidates follow from ``eliminated_at``, so nothing that the forecaster says of itself is used.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from omnisim.analysis.kernels import add_errors
from omnisim.analysis.sums import played_sums
from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.by_value import ByValue
from omnisim.errors import TraceError
from omnisim.refusing import among
from omnisim.trace import Mixtures, PopulationRecord, Trace


@dataclass(frozen=True, eq=False, repr=False)
class ExpectedBias(ByValue):
    """Per event (S, n, a) and coordinate, (L, N, A, d).

    Attributes
    ----------
    total
        Sum over the rounds of S of E 1[agent n plays a] (p_i - y_i).
    squares
        Sum of the squares of these expectations.
    """

    total: FloatArray
    squares: FloatArray


def expected_bias(trace: Trace, mixtures: Mixtures, population: str, outcomes: FloatArray) -> ExpectedBias:
    """The expected bias of every decision event of a population, at these outcomes (T, d).

    Raises
    ------
    TraceError
        If there is no such population.
    """
    record = trace.records[among("population of expected_bias", population, trace.records, TraceError)]
    single = np.diff(mixtures.starts) == 1
    error, actions = (trace.predictions - outcomes)[single], record.actions[single]
    present = None if record.present is None else actions >= 0
    sums = played_sums(actions, record.population.actions, trace.active[single], error, error**2, present)
    total, squares = sums.outcome, sums.prediction
    for t in np.flatnonzero(~single).tolist():
        predictions, weights, played = responses(trace, mixtures, record, t)
        errors = weights[:, None] * (predictions - outcomes[t])
        add_errors(played, errors, np.flatnonzero(trace.active[t]), total, squares)
    return ExpectedBias(total, squares)


@dataclass(frozen=True, eq=False, repr=False)
class ExpectedDirections(ByValue):
    """Per event (S, n, a) and other action b, (L, N, A, A).

    Attributes
    ----------
    total
        Sum over the rounds of S of E 1[agent n plays a] (U_b - U_a) . (y - p) / 2.
    squares
        Sum of the squares of these expectations.
    """

    total: FloatArray
    squares: FloatArray


def expected_directions(trace: Trace, mixtures: Mixtures, population: str, outcomes: FloatArray) -> ExpectedDirections:
    """The same along the differences of its utilities."""
    record = trace.records[population]
    agents, actions = record.population.agents, record.population.actions
    total = np.zeros((len(trace.subsequences), agents, actions, actions))
    squares = np.zeros_like(total)
    each = np.arange(agents)
    slopes = record.population.utility.reshape(agents * actions, -1)
    for t in range(trace.rounds):
        gains = np.zeros(total.shape[1:])
        for prediction, weight, played in zip(*responses(trace, mixtures, record, t), strict=True):
            improvement = (slopes @ (outcomes[t] - prediction)).reshape(agents, actions)
            gains[each, played] += weight * (improvement - improvement[each, played][:, None]) / 2
        for k in np.flatnonzero(trace.active[t]):
            total[k] += gains
            squares[k] += gains**2
    return ExpectedDirections(total, squares)


class Responses(NamedTuple):
    """The M predictions that were possible in a round, and the actions that agents would have played under each.

    Attributes
    ----------
    predictions : (M, d)
    weights : (M,)
        Their probabilities.
    played : (M, N) int64
        Actions; -1 of agents that were not there.
    """

    predictions: FloatArray
    weights: FloatArray
    played: IntArray


def responses(trace: Trace, mixtures: Mixtures, record: PopulationRecord, t: int) -> Responses:
    """The predictions that could have been sampled in round t, and the actions that they lead to."""
    points, weights = mixtures.points(t)
    happened = record.actions[t].astype(np.int64)
    if len(points) == 1:
        return Responses(points, np.ones(1), happened[None])
    candidates = candidates_of(record, trace.active[t], t)
    played = np.stack([record.population.best_response(prediction, candidates) for prediction in points])
    played[:, happened < 0] = -1
    return Responses(points, weights, played)


def candidates_of(record: PopulationRecord, active: BoolArray, t: int) -> BoolArray:
    """The candidates (N, A) of round t; an agent that had none, or draws its action, had the one it played.

    An agent that was not there and had none is given the first action, which nobody plays.
    """
    left: IntArray = record.eliminated_at
    alive = left[:, :, active] >= t if left.shape[2] > 1 else left >= t
    candidates = np.asarray(alive.any(axis=2))
    fixed = record.fallback[t] | ~candidates.any(axis=1)
    candidates[fixed] = False
    candidates[fixed, np.maximum(record.actions[t, fixed], 0)] = True
    return candidates
