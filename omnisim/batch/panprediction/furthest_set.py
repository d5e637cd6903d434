"""The set of a sample that is furthest beyond its own noise, of the largest of every group, comparator and direction.

Sets are all of a group, its rows up to or beyond a prediction, and corners {p <= v} or {p > v}, {h <= w} or {h > w} of
its rows. Sides are all tried, in one walk up the predictions. So are corners, in O(n log n) by a tree over predictions
(:mod:`~omnisim.batch.panprediction.prefix_tree`), in a group that has no more than 4,096 different ones.

Where it has more, its rows are dealt to 256 bins of about equal numbers by their predictions, and by h, and v and w are
ends of bins, in O(n). So either is off by at most a 256th of the group's rows. The residuals of so many add up to a
sixteenth, in standard deviations, of what those of the whole group do: biases are not known as well as that.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from omnisim.arrays import FloatArray, IntArray
from omnisim.batch.panprediction.furthest_set_kernels import binned_corners, sides
from omnisim.batch.panprediction.prefix_tree import largest_corner
from omnisim.batch.panprediction.worst_set import StepSet

BINS, MOST_EXACT = 256, 4096
"""Bins of predictions and of a comparator, and the most different predictions of a group that are all tried."""


@dataclass(frozen=True)
class Furthest:
    """The set furthest beyond its noise, its bias in units of that, and the largest |bias| of any set at all."""

    step_set: StepSet
    ratio: float
    largest: float


class Search:
    """Searches a sample for the set that is furthest beyond its noise.

    What does not depend on predictions is made once; a search then takes, for each group, time of the order of its own
    rows (with comparators see above).

    Parameters
    ----------
    groups : (n, |G|)
        g(x) in [0, 1].
    comparators : (n, |H|)
        h(x).
    weights : (n,)
        How many rows each stands for; None for one each.
    """

    def __init__(self, groups: FloatArray, comparators: FloatArray, weights: FloatArray | None = None) -> None:
        self._groups, self._comparators = groups, comparators
        self._weights = np.ones(len(groups)) if weights is None else weights
        self._total = float(self._weights.sum())
        self._members = sparse.csr_array(groups)
        self._order = np.arange(len(groups))
        self._values = [np.unique(column) for column in comparators.T]
        orders = [np.argsort(column, kind="stable") for column in comparators.T]
        self._walks = [_Walks(group, comparators, self._weights, orders) for group in groups.T] if orders else []

    def __call__(self, predictions: FloatArray, residuals: FloatArray) -> Furthest:
        """Given predictions and residuals, (n,) each."""
        levels, ranks = self._ranked(predictions)
        weighted = self._weights * residuals
        best, largest = Furthest(StepSet(0, -1, 1.0, 1.0, 0.0), 0.0, 0.0), 0.0
        for candidate, square in self._candidates(levels, ranks, weighted, weighted * residuals):
            largest = max(largest, abs(candidate.bias))
            noise = math.sqrt(max(0.0, square)) / self._total
            ratio = candidate.bias / noise if noise > 0 else 0.0
            if abs(ratio) > abs(best.ratio) * (1 + _SAME):
                best = Furthest(candidate, ratio, 0.0)
        return Furthest(best.step_set, best.ratio, largest)

    def _ranked(self, predictions: FloatArray) -> tuple[FloatArray, IntArray]:
        """The different predictions in order, and the rank (n,) of each: from the last order, which hardly changes."""
        self._order = self._order[np.argsort(predictions[self._order], kind="stable")]
        ordered = predictions[self._order]
        begins = np.append(True, ordered[1:] != ordered[:-1])
        ranks = np.empty(len(predictions), dtype=np.int64)
        ranks[self._order] = begins.cumsum() - 1
        return ordered[begins], ranks

    def _candidates(
        self, levels: FloatArray, ranks: IntArray, weighted: FloatArray, squared: FloatArray
    ) -> Iterator[tuple[StepSet, float]]:
        """The sets, and sums of squares over them."""
        members = self._members
        shape = (members.indptr, members.indices, members.data, members.shape[1])
        walked = sides(self._order, ranks, weighted, squared, *shape)
        shares = weighted / self._total
        for g, (totals, most, least, places) in enumerate(zip(*walked, strict=True)):
            if places[0] < 0:
                continue
            for place, p_above, total, square in _sides(totals, most, least, places, len(levels)):
                v = 1.0 if place is None else float(levels[place])
                yield StepSet(g, -1, v, 1.0, float(total / self._total), p_above=p_above), float(square)
            if self._walks:
                yield from self._corners(g, levels, ranks, shares, squared)

    def _corners(
        self, g: int, levels: FloatArray, ranks: IntArray, weighted: FloatArray, squared: FloatArray
    ) -> Iterator[tuple[StepSet, float]]:
        own = self._walks[g]
        degrees = self._groups[own.rows, g]
        sums, squares = weighted[own.rows] * degrees, squared[own.rows] * degrees**2
        # Ranks among the predictions that the group has, and where these are among all of them.
        present = np.zeros(len(levels), dtype=np.int64)
        present[ranks[own.rows]] = 1
        local, had = (present.cumsum() - 1)[ranks[own.rows]], np.flatnonzero(present)
        bins = None
        if len(had) > MOST_EXACT:
            bins = _bins(local, self._weights[own.rows], len(had))
        for h in range(self._comparators.shape[1]):
            found = own.exact(h, local, len(had), sums) if bins is None else own.binned(h, bins, local, sums)
            for (p_above, h_above), total, rank, place, inside in found:
                lowest = float(own.values[h][place])
                v = _before(levels, int(had[rank])) if p_above else float(levels[had[rank]])
                w = _before(self._values[h], int(np.searchsorted(self._values[h], lowest))) if h_above else lowest
                yield StepSet(g, h, v, w, total, p_above=p_above, h_above=h_above), float(squares[inside].sum())


def _sides(
    totals: FloatArray, most: FloatArray, least: FloatArray, places: IntArray, levels: int
) -> Iterator[tuple[int | None, bool, float, float]]:
    """All of a group, and the largest side below and above a prediction: its end, direction, sum and sum of squares.

    Sides of other groups' predictions hold all of it where it ends before the last of them, or begins after the first.
    """
    (total, square), (first, last, high, low) = totals, places
    yield None, False, total, square
    below, above = [], []
    if high >= 0:
        below = sorted([(high, most[0], most[1]), (low, least[0], least[1])])
        above = [(place, total - sums, square - squares) for place, sums, squares in below]
    if last < levels - 1:
        below.append((last, total, square))
    if first > 0:
        above.append((0, total, square))
    for sets, p_above in ((below, False), (above, True)):
        if sets:
            place, sums, squares = max(sets, key=lambda each: abs(each[1]))
            yield int(place), p_above, sums, squares


class _Walks:
    """The rows of a group, and for every comparator these by increasing h.

    Attributes
    ----------
    rows
        Rows of the group, by their place in the sample.
    values
        Of each comparator, h of the group's rows in order.
    """

    def __init__(self, group: FloatArray, comparators: FloatArray, weights: FloatArray, orders: list[IntArray]) -> None:
        self.rows = np.flatnonzero(group > 0)
        place = np.full(len(group), -1)
        place[self.rows] = np.arange(len(self.rows))
        self.values: list[FloatArray] = []
        self._walks, self._bins = [], []
        for column, order in zip(comparators.T, orders, strict=True):
            own = order[group[order] > 0]
            values = column[own]
            changes = values[1:] != values[:-1]
            # Downwards, a set ends where the next value, going up, is another one.
            forth, back = (place[own], np.append(changes, True)), (place[own[::-1]], np.append(changes[::-1], True))
            self.values.append(values)
            self._walks.append((forth, back))
            if len(own):
                level = np.append(0, changes.cumsum())
                bins = np.empty(len(own), dtype=np.int64)
                bins[place[own]] = _bins(level, weights[own], int(level[-1]) + 1)[level]
                self._bins.append(bins)

    def exact(
        self, h: int, local: IntArray, count: int, sums: FloatArray
    ) -> Iterator[tuple[tuple[bool, bool], float, int, int, IntArray]]:
        """Find the corner of each direction: its sum, the ranks of its outermost p and h, and its rows."""
        top = count - 1
        for p_above, ranked in ((False, local), (True, top - local)):
            for h_above, (walked, ends) in zip((False, True), self._walks[h], strict=True):
                total, rank, position = largest_corner(walked, ends, ranked, count, sums)
                if position < 0:
                    continue
                inside = walked[: position + 1]
                place = len(walked) - 1 - position if h_above else position
                outermost = top - rank if p_above else rank
                yield (p_above, h_above), float(total), int(outermost), place, inside[ranked[inside] <= rank]

    def binned(
        self, h: int, bins: IntArray, local: IntArray, sums: FloatArray
    ) -> Iterator[tuple[tuple[bool, bool], float, int, int, IntArray]]:
        """Find them with ends at those of bins, given bins of the different predictions."""
        across, down = bins[local], self._bins[h]
        totals, ends = binned_corners(across, down, sums, BINS)
        ordered = down[self._walks[h][0][0]]
        for p_above in (False, True):
            for h_above in (False, True):
                last, lowest = ends[int(p_above), int(h_above)]
                inside = np.flatnonzero(((across <= last) != p_above) & ((down <= lowest) != h_above))
                if not len(inside):
                    continue
                rank = int(np.searchsorted(bins, last, side="right")) - (not p_above)
                place = int(np.searchsorted(ordered, lowest, side="right")) - (not h_above)
                yield (p_above, h_above), float(totals[int(p_above), int(h_above)]), rank, place, inside


def _bins(ranks: IntArray, weights: FloatArray, count: int) -> IntArray:
    """Bins of different values, given the ranks among them and weights of rows: about as many rows each.

    They are the same from either end, as a value goes by the middle of its rows.
    """
    mass = np.bincount(ranks, weights, count)
    upto = mass.cumsum()
    return np.asarray(np.minimum(BINS * (2 * upto - mass) / (2 * upto[-1]), BINS - 1)).astype(np.int64)


def _before(values: FloatArray, place: int) -> float:
    """The threshold for {. > threshold} to begin with the value at that place of increasing ones in [0, 1]."""
    return float(values[place - 1]) if place > 0 else -1.0


_SAME = 1e-9
