"""Corrections of a base prediction, each on the set that is furthest beyond its noise, as many as held-out rows bear.

A set u of the sample (weights u(x) >= 0) shows the bias b = E u (Y - p) with a standard deviation of about s = sqrt(E
u^2 (Y - p)^2 / n), of the order sqrt(P(u) v / n): a rare group is known less well than everyone, and is given a
tolerance of its own. Sets are the corners {p <= v} or {p > v}, {h <= w} or {h > w} within every group; with both
directions of each, swapping the two classes mirrors what is learnt.

While some set has |b| > tolerance * s, the one of largest |b| / s is corrected: p + shrunk * (b / E u^2) u, clipped to
[0, 1], with shrunk = shrinkage * (1 - (s / b)^2), which is what is left of b where its noise is taken off (James and
Stein). With 0 < shrunk < 2 every correction lowers the mean squared error, by shrunk (2 - shrunk) b^2 / E u^2.

How many of them are kept is what has the least mean squared error on rows that were not learnt from; none, if that is
not below the error without corrections by more than the standard deviation of the difference, or so many of them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.batch.panprediction.deterministic import DEVIATIONS, Correction, Deterministic
from omnisim.batch.panprediction.furthest_set import Furthest, Search
from omnisim.by_value import ByValue

LearntFromSome: TypeAlias = Callable[[IntArray], tuple[FloatArray, FloatArray]]
"""Function from the rows to learn from to the groups (n, .) and the base (n,) of all rows that they lead to."""


@dataclass(frozen=True)
class Rules:
    """Settings for finding corrections and for the number that is kept.

    Attributes
    ----------
    tolerance
        In standard deviations of a set's own noise, > 0.
    most
        The largest number of corrections, >= 0.
    shrinkage
        In (0, 1]: the share of a bias, less its noise, that is corrected.
    folds
        Of the choice of the number, >= 2; None to keep every correction until no set is beyond its noise.
    patience
        After so many corrections without a better error on the rows held out a fold is over.
    doubt
        Standard deviations of the difference by which the error must be lower for any correction to be kept, >= 0.
    """

    tolerance: float = 2.0
    most: int = 100
    shrinkage: float = 1.0
    folds: int | None = 5
    patience: int = 10
    doubt: float = 1.0


@dataclass(frozen=True, eq=False, repr=False)
class Stepwise(ByValue):
    """Result of stepwise correction.

    Attributes
    ----------
    model
        The corrections.
    held_out : (K + 1,)
        Mean squared error on rows held out after 0, 1, .., K corrections; empty where the number was not chosen so.
    worst
        The largest |b| / s of any set before, and after, all corrections.
    held_out_error
        The largest |b| of any set where each row is predicted with so many corrections that were learnt without it;
        None where the number was not chosen on rows held out.
    """

    model: Deterministic
    held_out: FloatArray
    worst: tuple[float, float]
    held_out_error: float | None


def learn_stepwise(
    groups: FloatArray,
    comparators: FloatArray,
    outcomes: FloatArray,
    base: FloatArray,
    weights: FloatArray,
    rules: Rules,
    rng: np.random.Generator,
    without: LearntFromSome | None = None,
) -> Stepwise:
    """Correct base predictions (n,) within groups (n, |G|), on corners of p and of comparators (n, |H|).

    Parameters
    ----------
    groups, comparators, outcomes, base
        In [0, 1].
    weights : (n,)
        How many rows each stands for, >= 0. The noise of a set is that of so many.
    rules
        As above.
    rng
        Deals the rows to folds.
    without
        For groups or a base learnt from outcomes: from the rows to learn from to groups (n, .) and base (n,) of all
        rows, so that rows held out have no part in them. None where both are given.
    """
    n, total = len(outcomes), float(weights.sum())
    limit, held_out = rules.most, np.zeros(0)
    # Rows that are next to each other in memory are so in all walks up the predictions.
    by_base = np.argsort(base, kind="stable")
    data = _Rows(groups, comparators, outcomes, base, weights).take(by_base)
    elsewhere = data.base.copy()
    if rules.folds is not None:
        fold = deal(outcomes, min(rules.folds, n), rng)[by_base]
        errors, folds = [], []
        for k in range(int(fold.max()) + 1):
            train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            rest, held = data.take(train), data.take(test)
            if without is not None:
                table, begun = without(np.sort(by_base[train]))
                rest, held = (
                    replace(some, groups=table[by_base[own]], base=begun[by_base[own]])
                    for some, own in ((rest, train), (held, test))
                )
            each, made = _held_out(rest, held, rules)
            errors.append(each)
            folds.append((test, held, made))
        longest = max(each.shape[1] for each in errors)
        # A fold that ended early stays with its last: patience ran out there, or no set was beyond its noise.
        padded = [np.pad(each, ((0, 0), (0, longest - each.shape[1])), mode="edge") for each in errors]
        held_out, squares = np.sum(padded, axis=0) / total
        limit = int(held_out.argmin())
        gain = held_out[0] - held_out[limit]
        if gain <= rules.doubt * math.sqrt(max(0.0, squares[limit] - gain**2) / total):
            limit = 0
        for test, held, made in folds:
            elsewhere[test] = held.corrected(made[:limit])
    start = float(np.average(outcomes, weights=weights))
    corrections: list[Correction] = []
    predictions = data.base
    search = data.search()
    found = search(predictions, data.outcomes - predictions)
    before = after = abs(found.ratio)
    while len(corrections) < limit and abs(found.ratio) > rules.tolerance:
        corrections.append(_correction(found, predictions, data, rules))
        predictions = corrections[-1].apply(predictions, data.groups, data.comparators)
        found = search(predictions, data.outcomes - predictions)
        after = abs(found.ratio)
    model = Deterministic(start, corrections, rules.tolerance, found.largest, DEVIATIONS)
    held_out_error = None if rules.folds is None else search(elsewhere, data.outcomes - elsewhere).largest
    return Stepwise(model, held_out, (before, after), held_out_error)


@dataclass(frozen=True)
class _Rows:
    """A sample, columns of its tables next to each other in memory."""

    groups: FloatArray
    comparators: FloatArray
    outcomes: FloatArray
    base: FloatArray
    weights: FloatArray

    def take(self, rows: IntArray) -> "_Rows":
        """Some of the rows, or all in another order."""
        groups, comparators = (np.take(table.T, rows, axis=1).T for table in (self.groups, self.comparators))
        return _Rows(groups, comparators, self.outcomes[rows], self.base[rows], self.weights[rows])

    def search(self) -> Search:
        """The search of its sets."""
        return Search(self.groups, self.comparators, self.weights)

    def corrected(self, corrections: Sequence[Correction]) -> FloatArray:
        """Predictions (n,) after some corrections."""
        predictions = self.base
        for correction in corrections:
            predictions = correction.apply(predictions, self.groups, self.comparators)
        return predictions


def _correction(found: Furthest, predictions: FloatArray, data: _Rows, rules: Rules) -> Correction:
    u = found.step_set.weights(predictions, data.groups, data.comparators)
    shrunk = rules.shrinkage * (1 - 1 / found.ratio**2)
    square = float((data.weights * u**2).sum() / data.weights.sum())
    return Correction(found.step_set, shrunk * found.step_set.bias / square)


def _held_out(data: _Rows, held: _Rows, rules: Rules) -> tuple[FloatArray, list[Correction]]:
    """Sums over the rows held out of squared errors, and of squares of their change, after 0..K steps, and these.

    The sums are (2, K + 1).
    """
    p, q = data.base, held.base
    search, made = data.search(), []
    first = (held.outcomes - q) ** 2
    errors, changes = [float((held.weights * first).sum())], [0.0]
    while len(errors) <= rules.most:
        found = search(p, data.outcomes - p)
        if abs(found.ratio) <= rules.tolerance:
            break
        made.append(_correction(found, p, data, rules))
        p = made[-1].apply(p, data.groups, data.comparators)
        q = made[-1].apply(q, held.groups, held.comparators)
        now = (held.outcomes - q) ** 2
        errors.append(float((held.weights * now).sum()))
        changes.append(float((held.weights * (now - first) ** 2).sum()))
        if len(errors) - 1 - int(np.argmin(errors)) >= rules.patience:
            break
    return np.array([errors, changes]), made


def deal(outcomes: FloatArray, folds: int, rng: np.random.Generator) -> IntArray:
    """Deal rows to folds, (n,), which have about equal shares of large outcomes."""
    shuffled = rng.permutation(len(outcomes))
    order = shuffled[np.argsort(outcomes[shuffled], kind="stable")]
    fold = np.empty(len(outcomes), dtype=np.int64)
    fold[order] = np.arange(len(outcomes)) % folds
    return fold
