"""The step set with the largest bias: the best response of the dual player, found exactly by sorting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.batch.panprediction.prefix_tree import largest_corner


@dataclass(frozen=True)
class StepSet:
    """A set {p <= v} and {h <= w} within a group, and the bias of the predictions on it.

    Attributes
    ----------
    group, comparator
        Columns of g and h; comparator -1 is the constant, so that the set is {p <= v} of the group.
    v, w
        Thresholds; values equal to them belong to the set.
    bias
        E[g (Y - p) 1[p <= v] 1[h <= w]] on the sample it was found on.
    score
        For a comparator that is no column but a function of them all: from the columns (n, .) to h(x) (n,).
    p_above, h_above
        Whether it is {p > v} rather than {p <= v}, and {h > w} rather than {h <= w}.
    """

    group: int
    comparator: int
    v: float
    w: float
    bias: float
    score: Callable[[FloatArray], FloatArray] | None = field(default=None, repr=False)
    p_above: bool = field(default=False, repr=False)
    h_above: bool = field(default=False, repr=False)

    def weights(self, predictions: FloatArray, groups: FloatArray, comparators: FloatArray) -> FloatArray:
        """g(x) 1[p <= v] 1[h <= w] of points (n,), given their predictions (n,), groups and comparators (n, .)."""
        inside = (predictions <= self.v) != self.p_above
        if self.score is not None:
            inside = inside & ((self.score(comparators) <= self.w) != self.h_above)
        elif self.comparator >= 0:
            inside = inside & ((comparators[:, self.comparator] <= self.w) != self.h_above)
        return np.asarray(groups[:, self.group] * inside)


Dual: TypeAlias = Callable[[FloatArray, FloatArray], StepSet]
"""Function from predictions (n,) and residuals y - p (n,) on the sample of learning to a step set of large bias.

The guarantee holds for the sets that it searches: where it misses some, it holds up to what it misses.
"""


class Sorted:
    """Searches all v, w, groups and comparators of a sample; comparators are sorted once.

    Parameters
    ----------
    groups : (n, |G|)
        g(x) in [0, 1].
    comparators : (n, |H|)
        h(x). The constant is always among them, in front.

    Examples
    --------
    >>> h = np.array([[0.1], [0.6], [0.9]])
    >>> worst = Sorted(np.ones((3, 1)), h)
    >>> worst(np.full(3, 0.5), np.array([0.5, 0.5, -0.5]))
    StepSet(group=0, comparator=0, v=0.5, w=0.6, bias=0.333...)
    """

    def __init__(self, groups: FloatArray, comparators: FloatArray) -> None:
        self._groups, self._comparators = groups, comparators
        self._orders = [_order(np.zeros(len(groups)))]
        self._orders += [_order(comparators[:, h]) for h in range(comparators.shape[1])]

    def __call__(self, predictions: FloatArray, residuals: FloatArray) -> StepSet:
        """The step set of largest |bias|; the first of them in the order of groups and comparators."""
        return max(self.each(predictions, residuals), key=lambda found: abs(found.bias))

    def each(self, predictions: FloatArray, residuals: FloatArray) -> Sequence[StepSet]:
        """The worst set of every group and comparator, groups first; the constant is in front of the comparators."""
        levels, ranks = np.unique(predictions, return_inverse=True)
        found = []
        for g in range(self._groups.shape[1]):
            weighted = np.ascontiguousarray(self._groups[:, g] * residuals)
            for h, (order, last) in enumerate(self._orders, start=-1):
                total, rank, position = largest_corner(order, last, ranks, len(levels), weighted)
                v = float(levels[rank]) if rank >= 0 else 1.0
                w = 1.0 if h < 0 or position < 0 else float(self._comparators[order[position], h])
                found.append(StepSet(g, h, v, w, float(total) / len(residuals)))
        return found


class Learned:
    """Searches a class of comparators too large to go through, with a classifier as its oracle.

    A set of large bias is one on which residuals are mostly of one sign. So in every group the classifier learns the
    sign of the residuals, weighted by their size; what it says of a point is h(x), and v and w are then found exactly.
    Sets that the classifier does not find are not promised anything.

    Parameters
    ----------
    groups : (n, |G|)
        g(x) in [0, 1].
    features : (n, k)
        What comparators are functions of; :class:`Sample` calls them comparators.
    classifier
        Cloned and fitted with ``sample_weight``; it needs ``predict_proba``.
    """

    def __init__(self, groups: FloatArray, features: FloatArray, classifier: Any) -> None:
        self._groups, self._features, self._classifier = groups, features, classifier

    def __call__(self, predictions: FloatArray, residuals: FloatArray) -> StepSet:
        """The step set of largest |bias| over groups."""
        return max(
            (self._within(g, predictions, residuals) for g in range(self._groups.shape[1])),
            key=lambda found: abs(found.bias),
        )

    def _within(self, g: int, predictions: FloatArray, residuals: FloatArray) -> StepSet:
        from sklearn.base import clone

        membership = self._groups[:, [g]]
        weights, over = membership[:, 0] * np.abs(residuals), residuals < 0
        inside = weights > 0
        if len(np.unique(over[inside])) < 2:
            return replace(Sorted(membership, self._features[:, :0])(predictions, residuals), group=g)
        fitted = clone(self._classifier).fit(self._features[inside], over[inside], sample_weight=weights[inside])

        def score(features: FloatArray) -> FloatArray:
            return np.asarray(fitted.predict_proba(features)[:, 0])

        found = Sorted(membership, score(self._features)[:, None])(predictions, residuals)
        return replace(found, group=g, score=score if found.comparator >= 0 else None)


def _order(values: FloatArray) -> tuple[IntArray, BoolArray]:
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    return order, np.append(ordered[1:] != ordered[:-1], True)
