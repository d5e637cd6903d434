"""The loops over agents, actions and coordinates, compiled: what agents choose, and what hangs on their choices.

Every action is scored by the same sum (:func:`omnisim.products.dot`), so that two alike tie exactly, whatever their
places and the processor; a linear algebra library may round them apart. Nothing is laid out in memory but the result:
two to four times faster than numpy where the utilities are in the processor's cache, as fast where they have to come
from memory.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnisim.arrays import BoolArray, FloatArray, IntArray, read_only
from omnisim.compiled import compiled
from omnisim.errors import ProblemError
from omnisim.products import dot, entries
from omnisim.threads import in_ranges


def best_responses(
    utility: FloatArray, offset: FloatArray, candidates: BoolArray | None, predictions: FloatArray
) -> IntArray:
    """The candidate of highest utility for each agent (N,), ties to the lowest index.

    Parameters
    ----------
    utility : (N, A, d)
    offset : (N, A)
    candidates : (N, A), optional
        At least one for each agent; all if omitted.
    predictions : (P, d)
        The first is for the first N / P agents, and so on.

    Raises
    ------
    ProblemError
        If shapes disagree, since compiled loops would read past the end of an array; or if an agent has no candidate.
    """
    _check(utility, candidates, predictions.shape[1:])
    chosen = np.empty(len(utility), dtype=np.int64)
    allowed, points = _alike(candidates), _alike(predictions)

    def work(first: int, last: int) -> None:
        _choose(utility, offset, allowed, points, first, last, chosen)

    in_ranges(work, len(utility), entries(utility))
    if chosen.min(initial=0) < 0:
        raise ProblemError(f"agent {chosen.argmin()} has no candidate action: at least one is needed")
    return chosen


def temptation(
    utility: FloatArray, offset: FloatArray, candidates: BoolArray | None, prediction: FloatArray, outcome: FloatArray
) -> FloatArray:
    """The sum over agents of the utility slope (d,) of the best response to 2 p - y less that of the one to y.

    Arguments are those of :func:`best_responses`, for one prediction p and one outcome y (d,); an agent without a
    candidate plays its first action.
    """
    _check(utility, candidates, prediction.shape)
    chosen = np.empty((2, len(utility)), dtype=np.int64)
    allowed, slope = _alike(candidates), np.zeros(utility.shape[2])
    for each, point in zip(chosen, (2 * prediction - outcome, outcome), strict=True):
        _choose(utility, offset, allowed, read_only(point[None]), 0, len(utility), each)
    _add_slopes(_alike(utility), _alike(np.maximum(chosen, 0)), slope)
    return slope


def weighted_regret(
    utility: FloatArray, offset: FloatArray, own: IntArray, others: IntArray, weights: FloatArray
) -> tuple[float, FloatArray]:
    """(b, h) such that other actions (N, B) earn b + h . y more than own ones (N,), in the sum with weights (N, B)."""
    slope = np.zeros(utility.shape[2])
    return float(_regret(utility, offset, _alike(own), _alike(others), _alike(weights), slope)), slope


def regrets(
    utility: FloatArray, offset: FloatArray, own: IntArray, others: IntArray, outcome: FloatArray
) -> FloatArray:
    """Excess utility (N, B) at an outcome (d,) of each of the other actions (N, B) over the own one (N,)."""
    found = np.zeros(others.shape)
    _regrets(utility, offset, _alike(own), _alike(others), _alike(outcome), found)
    return found


def values_of_choices(slope: FloatArray, offset: FloatArray, chosen: IntArray, point: FloatArray) -> FloatArray:
    """The values slope[n, a] . point + offset[n, a] of the action a = chosen[n] of each agent, (N,).

    Each is what :func:`omnisim.products.affine` gives for that action, to the last bit.

    Parameters
    ----------
    slope : (N, A, d)
    offset : (N, A)
    chosen : (N,)
        Actions, 0 to A - 1.
    point : (d,)

    Raises
    ------
    ProblemError
        If shapes disagree or there is no such action: compiled loops would read past the end of an array.
    """
    if (offset.shape, chosen.shape, point.shape) != (slope.shape[:2], slope.shape[:1], slope.shape[2:]):
        raise ProblemError(f"slopes of shape {slope.shape} do not fit {offset.shape}, {chosen.shape} and {point.shape}")
    if chosen.size and not 0 <= chosen.min() <= chosen.max() < slope.shape[1]:
        raise ProblemError(f"actions are 0 to {slope.shape[1] - 1}, got {chosen.min()} to {chosen.max()}")
    found = np.empty(len(slope))
    slopes, offsets, at = (read_only(array, np.float64) for array in (slope, offset, point))
    _values_of_choices(slopes, offsets, read_only(chosen, np.int64), at, found)
    return found


def _check(utility: FloatArray, candidates: BoolArray | None, point: tuple[int, ...]) -> None:
    if point != utility.shape[2:]:
        raise ProblemError(f"a prediction has shape {point}: outcomes have shape {utility.shape[2:]}")
    if candidates is not None and candidates.shape != utility.shape[:2]:
        raise ProblemError(f"candidates have shape {candidates.shape}: {utility.shape[:2]} is needed")


def _alike(array: NDArray[Any] | None) -> NDArray[Any] | None:
    return None if array is None else read_only(array)


@compiled()
def _choose(utility, offset, candidates, predictions, first, last, chosen):
    # What is of one agent is taken out of the inner loop: indices of three axes cost as much as the products.
    each, actions = len(utility) // len(predictions), utility.shape[1]
    for n in range(first, last):
        slopes, offsets, point = utility[n], offset[n], predictions[n // each]
        best, highest = -1, -np.inf
        for a in range(actions):
            if candidates is None or candidates[n, a]:
                score = dot(slopes[a], point) + offsets[a]
                if score > highest:
                    best, highest = a, score
        chosen[n] = best


@compiled()
def _values_of_choices(slope, offset, chosen, point, found):
    for n in range(len(found)):
        a = chosen[n]
        found[n] = dot(slope[n, a], point) + offset[n, a]


@compiled()
def _add_slopes(utility, chosen, slope):
    for n in range(len(utility)):
        first, second = chosen[0, n], chosen[1, n]
        if first != second:
            for i in range(len(slope)):
                slope[i] += utility[n, first, i] - utility[n, second, i]


@compiled()
def _regret(utility, offset, own, others, weights, slope):
    intercept, dimension = 0.0, len(slope)
    for n in range(others.shape[0]):
        slopes, offsets, mine = utility[n], offset[n], own[n]
        for b in range(others.shape[1]):
            other, weight = others[n, b], weights[n, b]
            if other != mine and weight != 0.0:
                intercept += weight * (offsets[other] - offsets[mine])
                for i in range(dimension):
                    slope[i] += weight * (slopes[other, i] - slopes[mine, i])
    return intercept


@compiled()
def _regrets(utility, offset, own, others, outcome, found):
    for n in range(others.shape[0]):
        for b in range(others.shape[1]):
            other = others[n, b]
            if other != own[n]:
                more = dot(utility[n, other], outcome) - dot(utility[n, own[n]], outcome)
                found[n, b] = more + (offset[n, other] - offset[n, own[n]])
