"""Step events: the bias on every set {p <= v} of predictions, {h <= w} of a comparator, within every group."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, IntArray, finite, within
from omnisim.errors import StrategyError
from omnisim.game.kernels import sum_rows
from omnisim.game.objectives import Objectives
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture

_SAME = 1e-9
"""Predictions and thresholds closer than this count as equal."""


class StepEvents(Objectives):
    """r = +-g(x) 1[p <= v] 1[h(x) <= w] (y - p), d = 1 (Balakrishnan et al., AISTATS 2026, step calibration).

    Rows are pairs of a group g and a set {h <= w}; columns are the levels v, falling, so that those below the
    predictions, where nothing is gained, are the last. The set of all x, which every comparator has for w at its
    maximum, is one row of its own; so K = 2 |G| (1 + sum_h W_h) (m + 1) for levels 0, 1/m, ..., 1.

    For predictions among the levels, thresholds between two levels give no further sets: what is kept small is the
    supremum over all v. Between two thresholds w it is not, unless h takes no value there.

    Parameters
    ----------
    groups
        |G|.
    thresholds
        For each comparator its thresholds w, increasing, without the maximum; none for comparators that are absent.
    levels : (m + 1,)
        v, increasing in [0, 1]; the last is 1.

    Raises
    ------
    StrategyError
        If thresholds or levels do not increase, or the last level is not 1.

    Examples
    --------
    One group; the comparator says 0.2, so that it is below the threshold 0.5:

    >>> events = StepEvents(1, [np.array([0.5])], np.array([0.0, 0.5, 1.0]))
    >>> events.show(np.ones(1), np.array([0.2]))
    >>> rows, gains = events.gains(Mixture.point([0.5]), np.array([1.0]))
    >>> rows, gains
    (array([0, 1]), array([[0.5, 0.5]]))
    """

    two_sided = True

    def __init__(self, groups: int, thresholds: Sequence[ArrayLike], levels: ArrayLike) -> None:
        self.levels = within("levels of step events", levels, ("m + 1",), 0, 1, StrategyError)
        if not len(self.levels) or (np.diff(self.levels) <= 0).any() or self.levels[-1] != 1:
            raise StrategyError(f"levels of step events must increase and end with 1, got {self.levels.tolist()}")
        self.thresholds = [finite(f"thresholds[{h}]", w, ("W",), StrategyError) for h, w in enumerate(thresholds)]
        for h, w in enumerate(self.thresholds):
            if (np.diff(w) <= 0).any():
                raise StrategyError(f"thresholds of comparator {h} must increase, got {w.tolist()}")
        sizes = [len(w) for w in self.thresholds]
        self.sets = 1 + sum(sizes)
        self.groups, self.rows, self.columns = groups, groups * self.sets, len(self.levels)
        # Of each set after the first: its comparator, and the place of its threshold.
        self._comparator = np.repeat(np.arange(len(sizes)), sizes)
        self._place = np.concatenate([np.arange(size) for size in sizes]) if sizes else np.empty(0, dtype=np.int64)

    def prepare(self, context: Context, bases: Sequence[FloatArray]) -> None:
        """See :meth:`Objectives.prepare`: the groups are the subsequences, the comparators the bases."""
        self.show(context.active.astype(np.float64), np.array([base[0] for base in bases]))

    def show(self, groups: FloatArray, comparators: FloatArray) -> None:
        """Begin a round with what is known of x.

        Parameters
        ----------
        groups : (|G|,)
            g(x) in [0, 1].
        comparators : (|H|,)
            h(x).
        """
        self.place(groups, self.bins(comparators[None, :])[0])

    def bins(self, comparators: FloatArray) -> IntArray:
        """Number (n, |H|) of thresholds below each value (n, |H|) of the comparators."""
        found = np.zeros(comparators.shape, dtype=np.int64)
        for h, w in enumerate(self.thresholds):
            found[:, h] = np.searchsorted(w, comparators[:, h] - _SAME)
        return found

    def place(self, groups: FloatArray, bins: IntArray) -> None:
        """Begin a round as :meth:`show` does, given one row of ``bins``."""
        fired = (self._place >= bins[self._comparator]).nonzero()[0] + 1
        self._fired = np.concatenate([[0], fired])
        self._active = groups.nonzero()[0]
        self._weights = groups[self._active]
        self._plain = bool((self._weights == 1).all())
        self._seen: tuple[FloatArray, FloatArray] | None = None

    def slopes(self, net: FloatArray) -> FloatArray:
        """H (m + 1,), in the order of ``levels``: the weighted gain of predicting level k is H_k (y - levels_k)."""
        if self._plain:
            each = sum_rows(net, self._rows())
        else:
            each = np.zeros(self.columns)
            for weight, g in zip(self._weights, self._active, strict=True):
                each += weight * sum_rows(net, self._fired + g * self.sets)
        return np.asarray(each.cumsum()[::-1])

    def weighted_gain(self, net: FloatArray, prediction: FloatArray) -> tuple[float, FloatArray]:
        """See :meth:`Objectives.weighted_gain`; the weights are read once a round."""
        if self._seen is None or self._seen[0] is not net:
            self._seen = net, self.slopes(net)
        slope = float(self._seen[1][self._level(prediction[0])])
        return -slope * float(prediction[0]), np.array([slope])

    def gains(self, mixture: Mixture, outcome: FloatArray) -> tuple[IntArray, FloatArray]:
        """See :meth:`Objectives.gains`."""
        total = np.zeros(self.columns)
        lowest = self.columns
        for weight, prediction in zip(mixture.weights, mixture.support[:, 0], strict=True):
            level = self._level(prediction)
            total[level] += weight * (outcome[0] - prediction)
            lowest = min(lowest, level)
        total = total.cumsum()[lowest:][::-1]
        if self._plain:
            return self._rows(), total[None, :]
        return self._rows(), np.repeat(self._weights[:, None] * total, len(self._fired), axis=0)

    def _rows(self) -> IntArray:
        return np.asarray((self._active[:, None] * self.sets + self._fired).reshape(-1))

    def _level(self, prediction: float) -> int:
        return int(np.searchsorted(self.levels, prediction - _SAME))
