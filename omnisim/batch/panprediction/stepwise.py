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
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.batch.panprediction.deterministic import DEVIATIONS, Correction, Deterministic
from omnisim.batch.panprediction.prefix_tree import largest_corner
from omnisim.batch.panprediction.worst_set import StepSet
from omnisim.by_value import ByValue


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
    regroup: Callable[[IntArray], FloatArray] | None = None,
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
    regroup
        For groups that are found by looking at residuals: from the rows to learn from to the groups (n, .) of all rows,
        so that rows held out have no part in finding them. None where groups are given.
    """
    n, total = len(outcomes), float(weights.sum())
    limit, held_out, elsewhere = rules.most, np.zeros(0), None
    if rules.folds is not None and rules.most > 0:
        fold = _dealt(outcomes, min(rules.folds, n), rng)
        errors, folds = [], []
        for k in range(int(fold.max()) + 1):
            train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            table = groups if regroup is None else regroup(train)
            each, made = _held_out(table, comparators, outcomes, base, weights, rules, train, test)
            errors.append(each)
            folds.append((test, table[test], made))
        longest = max(each.shape[1] for each in errors)
        # A fold that ended early stays with its last: patience ran out there, or no set was beyond its noise.
        padded = [np.pad(each, ((0, 0), (0, longest - each.shape[1])), mode="edge") for each in errors]
        held_out, squares = np.sum(padded, axis=0) / total
        limit = int(held_out.argmin())
        gain = held_out[0] - held_out[limit]
        if gain <= rules.doubt * math.sqrt(max(0.0, squares[limit] - gain**2) / total):
            limit = 0
        elsewhere = base.copy()
        for test, table, made in folds:
            for correction in made[:limit]:
                elsewhere[test] = correction.apply(elsewhere[test], table, comparators[test])
    start = float(np.average(outcomes, weights=weights))
    corrections: list[Correction] = []
    predictions = base.copy()
    search = _Search(groups, comparators)
    found = search(predictions, outcomes - predictions, weights)
    before = after = abs(found.ratio)
    while len(corrections) < limit and abs(found.ratio) > rules.tolerance:
        corrections.append(_correction(found, predictions, groups, comparators, weights, rules))
        predictions = corrections[-1].apply(predictions, groups, comparators)
        found = search(predictions, outcomes - predictions, weights)
        after = abs(found.ratio)
    model = Deterministic(start, corrections, rules.tolerance, found.largest, DEVIATIONS)
    held_out_error = None if elsewhere is None else search(elsewhere, outcomes - elsewhere, weights).largest
    return Stepwise(model, held_out, (before, after), held_out_error)


@dataclass(frozen=True)
class _Found:
    """The set furthest beyond its noise, its bias in units of that, and the largest |bias| of any set at all."""

    step_set: StepSet
    ratio: float
    largest: float


class _Members:
    """The rows of a group, and for every comparator these by increasing h, with where its value changes after them."""

    def __init__(self, group: FloatArray, comparators: FloatArray, orders: list[IntArray]) -> None:
        self.rows = np.flatnonzero(group > 0)
        place = np.full(len(group), -1)
        place[self.rows] = np.arange(len(self.rows))
        self.walks = []
        for column, order in zip(comparators.T, orders, strict=True):
            own = order[group[order] > 0]
            values = column[own]
            changes = values[1:] != values[:-1]
            # Downwards, a set ends where the next value, going up, is another one.
            forth, back = (place[own], np.append(changes, True)), (place[own[::-1]], np.append(changes[::-1], True))
            self.walks.append(((False, forth), (True, back)))


class _Search:
    """The corner furthest beyond its noise, of those of largest |b| of every group, comparator and direction.

    What does not depend on predictions is made once; a search then takes, for each group, time of the order of its own
    rows (with comparators times the logarithm), and of all rows but once.
    """

    def __init__(self, groups: FloatArray, comparators: FloatArray) -> None:
        self._groups, self._comparators = groups, comparators
        orders = [np.argsort(column, kind="stable") for column in comparators.T]
        self._members = [_Members(group, comparators, orders) for group in groups.T]
        self._values = [np.unique(column) for column in comparators.T]
        self._order = np.arange(len(groups))

    def __call__(self, predictions: FloatArray, residuals: FloatArray, weights: FloatArray | None = None) -> _Found:
        """Given predictions, residuals and weights, (n,) each; None for one each."""
        weights = np.ones(len(residuals)) if weights is None else weights
        total = float(weights.sum())
        levels, ranks = self._ranked(predictions)
        best, largest = _Found(StepSet(0, -1, 1.0, 1.0, 0.0), 0.0, 0.0), 0.0
        for g, members in enumerate(self._members):
            rows = members.rows
            if not len(rows):
                continue
            own = self._groups[rows, g] * residuals[rows]
            sums, squares = weights[rows] * own / total, weights[rows] * own**2
            # Ranks among the levels that the group has, and where these are among all of them.
            present = np.zeros(len(levels), dtype=np.int64)
            present[ranks[rows]] = 1
            local, had = (present.cumsum() - 1)[ranks[rows]], np.flatnonzero(present)
            candidates = self._constant(g, sums, squares, local, had, levels)
            for h in range(self._comparators.shape[1]):
                candidates += self._corners(g, h, sums, squares, local, had, levels)
            for candidate, square in candidates:
                largest = max(largest, abs(candidate.bias))
                noise = math.sqrt(max(0.0, square)) / total
                ratio = candidate.bias / noise if noise > 0 else 0.0
                if abs(ratio) > abs(best.ratio) * (1 + _SAME):
                    best = _Found(candidate, ratio, 0.0)
        return _Found(best.step_set, best.ratio, largest)

    def _ranked(self, predictions: FloatArray) -> tuple[FloatArray, IntArray]:
        """The different predictions in order, and the rank (n,) of each: from the last order, which hardly changes."""
        self._order = self._order[np.argsort(predictions[self._order], kind="stable")]
        ordered = predictions[self._order]
        begins = np.append(True, ordered[1:] != ordered[:-1])
        ranks = np.empty(len(predictions), dtype=np.int64)
        ranks[self._order] = begins.cumsum() - 1
        return ordered[begins], ranks

    def _constant(
        self, g: int, sums: FloatArray, squares: FloatArray, local: IntArray, had: IntArray, levels: FloatArray
    ) -> list[tuple[StepSet, float]]:
        """All of the group, and of the sets below and above a prediction those of largest |b|, with sums of squares."""
        below = np.bincount(local, sums, len(had)).cumsum()
        noise = np.bincount(local, squares, len(had)).cumsum()
        found = [(StepSet(g, -1, 1.0, 1.0, float(below[-1])), float(noise[-1]))]
        # Sets below or above a prediction hold all of the group where it ends before the others, or begins after them.
        last = len(had) if had[-1] < len(levels) - 1 else len(had) - 1
        if last:
            at = int(np.abs(below[:last]).argmax())
            found.append((StepSet(g, -1, float(levels[had[at]]), 1.0, float(below[at])), float(noise[at])))
        above, rest, ends = below[-1] - below[:-1], noise[-1] - noise[:-1], levels[had[:-1]]
        if had[0] > 0:
            above, rest = np.append(below[-1], above), np.append(noise[-1], rest)
            ends = np.append(levels[0], ends)
        if len(above):
            at = int(np.abs(above).argmax())
            found.append((StepSet(g, -1, float(ends[at]), 1.0, float(above[at]), p_above=True), float(rest[at])))
        return found

    def _corners(
        self,
        g: int,
        h: int,
        sums: FloatArray,
        squares: FloatArray,
        local: IntArray,
        had: IntArray,
        levels: FloatArray,
    ) -> list[tuple[StepSet, float]]:
        found, top = [], len(had) - 1
        rows = self._members[g].rows
        for p_above, ranked in ((False, local), (True, top - local)):
            for h_above, (walked, ends) in self._members[g].walks[h]:
                total, rank, position = largest_corner(walked, ends, ranked, len(had), sums)
                if position < 0:
                    continue
                v = _before(levels, int(had[top - rank])) if p_above else float(levels[had[rank]])
                w = float(self._comparators[rows[walked[position]], h])
                if h_above:
                    w = _before(self._values[h], int(np.searchsorted(self._values[h], w)))
                inside = walked[: position + 1]
                square = float(squares[inside[ranked[inside] <= rank]].sum())
                found.append((StepSet(g, h, v, w, float(total), p_above=p_above, h_above=h_above), square))
        return found


def _before(values: FloatArray, place: int) -> float:
    """The threshold for {. > threshold} to begin with the value at that place of increasing ones in [0, 1]."""
    return float(values[place - 1]) if place > 0 else -1.0


def _correction(
    found: _Found,
    predictions: FloatArray,
    groups: FloatArray,
    comparators: FloatArray,
    weights: FloatArray,
    rules: Rules,
) -> Correction:
    u = found.step_set.weights(predictions, groups, comparators)
    shrunk = rules.shrinkage * (1 - 1 / found.ratio**2)
    square = float((weights * u**2).sum() / weights.sum())
    return Correction(found.step_set, shrunk * found.step_set.bias / square)


def _held_out(
    groups: FloatArray,
    comparators: FloatArray,
    outcomes: FloatArray,
    base: FloatArray,
    weights: FloatArray,
    rules: Rules,
    train: IntArray,
    test: IntArray,
) -> tuple[FloatArray, list[Correction]]:
    """Sums over the rows held out of squared errors, and of squares of their change, after 0..K steps, and these.

    The sums are (2, K + 1).
    """
    g, h, y = groups[train], comparators[train], outcomes[train]
    w = weights[train]
    p, q = base[train].copy(), base[test].copy()
    search, made = _Search(g, h), []

    counts, first = weights[test], (outcomes[test] - q) ** 2
    errors, changes = [float((counts * first).sum())], [0.0]
    while len(errors) <= rules.most:
        found = search(p, y - p, w)
        if abs(found.ratio) <= rules.tolerance:
            break
        correction = _correction(found, p, g, h, w, rules)
        made.append(correction)
        p = correction.apply(p, g, h)
        q = correction.apply(q, groups[test], comparators[test])
        now = (outcomes[test] - q) ** 2
        errors.append(float((counts * now).sum()))
        changes.append(float((counts * (now - first) ** 2).sum()))
        if len(errors) - 1 - int(np.argmin(errors)) >= rules.patience:
            break
    return np.array([errors, changes]), made


def _dealt(outcomes: FloatArray, folds: int, rng: np.random.Generator) -> IntArray:
    """A fold (n,) of each row; folds have about equal shares of large outcomes."""
    shuffled = rng.permutation(len(outcomes))
    order = shuffled[np.argsort(outcomes[shuffled], kind="stable")]
    fold = np.empty(len(outcomes), dtype=np.int64)
    fold[order] = np.arange(len(outcomes)) % folds
    return fold


_SAME = 1e-9
