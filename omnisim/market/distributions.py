"""Predictive distributions of prices: quantile functions that run straight between the levels that were given.

An ensemble is the distribution in which each member is as likely as any other. Quantiles are joined by straight lines;
beyond the outermost levels nothing was said, so that all of that probability is put on the outermost quantiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import ROUNDING, FloatArray, IntArray, as_read, finite, freeze, numbers
from omnisim.errors import DataError
from omnisim.refusing import is_number, whole
from omnisim.wording import in_short

_MEDIAN = 0.5

_MOST_PERIODS = 86_400
"""Seconds of a day."""


@dataclass(frozen=True, eq=False)
class Distribution:
    """The distributions of D days with H periods each, period by period.

    Between ``edges[k]`` and ``edges[k + 1]`` the quantile function is the line from ``left[..., k]`` to
    ``right[..., k]``. Make one with :meth:`of_quantiles` or :meth:`of_members`.

    Attributes
    ----------
    edges : (K + 1,)
        Levels, from 0 to 1.
    left, right : (D, H, K)
        Values, in increasing order.
    levels : (Q,)
        The levels that were given; empty for an ensemble.
    members : (D, H, M), optional
        Of an ensemble, in the order given: what one member says of several periods belongs together.
    """

    edges: FloatArray
    left: FloatArray
    right: FloatArray
    levels: FloatArray
    members: FloatArray | None = None

    @classmethod
    def of_quantiles(cls, levels: Sequence[float], quantiles: ArrayLike) -> "Distribution":
        """The one with these quantiles, which may be equal and must not cross.

        Parameters
        ----------
        levels : (Q,)
            At least two, increasing, each strictly between 0 and 1.
        quantiles : (D, H, Q)

        Raises
        ------
        DataError
            If levels do not increase or are no levels, or quantiles decrease or are not finite.

        Examples
        --------
        >>> one = Distribution.of_quantiles([0.25, 0.75], [[[10.0, 20.0]]])
        >>> one.mean, one.at([0.1, 0.5])
        (array([[15.]]), array([[[10., 15.]]]))
        """
        given = numbers("levels", levels, DataError)
        if given.ndim != 1 or len(given) < 2 or given[0] <= 0 or given[-1] >= 1 or (np.diff(given) <= 0).any():
            raise DataError(
                f"levels must be two or more that increase, strictly between 0 and 1, got {in_short(levels)}"
            )
        values = finite("quantiles", quantiles, ("D", "H", len(given)), error=DataError)
        if (np.diff(values, axis=2) < 0).any():
            raise DataError("quantiles must not decrease with their level: sort them first")
        left = np.concatenate([values[:, :, :1], values], axis=2)
        right = np.concatenate([values, values[:, :, -1:]], axis=2)
        return cls(freeze(np.array([0.0, *given, 1.0])), freeze(left), freeze(right), freeze(given.copy()))

    @classmethod
    def of_members(cls, members: ArrayLike) -> "Distribution":
        """The one of an ensemble (D, H, M) of at least two members.

        Raises
        ------
        DataError
            If there are fewer, or a number is not finite.

        Examples
        --------
        >>> one = Distribution.of_members([[[3.0, 1.0]]])
        >>> one.mean, one.at([0.5, 0.51]), one.crps(np.array([[1.0]]))  # E|X - y| - E|X - X'| / 2 = 1 - 1/2
        (array([[2.]]), array([[[1., 3.]]]), array([[0.5]]))
        """
        given = finite("members", members, ("D", "H", "M"), error=DataError)
        if given.shape[2] < 2:
            raise DataError(f"an ensemble needs at least two members, got {given.shape[2]}")
        values = freeze(np.sort(given, axis=2))
        count = given.shape[2]
        return cls(freeze(np.arange(count + 1) / count), values, values, freeze(np.empty(0)), given)

    @property
    def shape(self) -> tuple[int, int]:
        """D and H."""
        return self.left.shape[0], self.left.shape[1]

    @property
    def mean(self) -> FloatArray:
        """Mean, (D, H): all that a risk-neutral customer needs."""
        if self.members is not None:
            return np.asarray(self.members.mean(axis=2))
        return np.asarray(((self.left + self.right) * (np.diff(self.edges) / 2)).sum(axis=2))

    @property
    def mean_between(self) -> FloatArray:
        """Largest change of the mean if the lines between the levels are any increasing curves, (D, H): +- so."""
        return np.asarray(((self.right - self.left) * (np.diff(self.edges) / 2)).sum(axis=2))

    @property
    def mean_of_tails(self) -> FloatArray:
        """Increase of the mean if the lines go on beyond the outermost levels, (D, H); 0 for an ensemble."""
        if self.members is not None:
            return np.zeros(self.shape)
        width, rise = np.diff(self.edges), self.right - self.left
        low, high = rise[:, :, 1] / width[1], rise[:, :, -2] / width[-2]
        return np.asarray((high * width[-1] ** 2 - low * width[0] ** 2) / 2)

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest level at which something is said; 0 and 1 for an ensemble."""
        return (0.0, 1.0) if self.members is not None else (float(self.levels[0]), float(self.levels[-1]))

    def at(self, levels: ArrayLike) -> FloatArray:
        """The quantiles at levels (Q,) in (0, 1], (D, H, Q): the least value that so much probability does not exceed.

        >>> Distribution.of_quantiles([0.2, 0.4], [[[0.0, 1.0]]]).at([0.3, 0.9])
        array([[[0.5, 1. ]]])
        """
        wanted = _levels(levels)
        k = np.clip(np.searchsorted(self.edges, wanted, side="left") - 1, 0, len(self.edges) - 2)
        share = np.clip((wanted - self.edges[k]) / (self.edges[k + 1] - self.edges[k]), 0.0, 1.0)
        left, right = self.left[:, :, k], self.right[:, :, k]
        return np.asarray(np.where(share == 1, right, left + (right - left) * share))

    def judged(self, levels: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Levels (Q,) near those asked for at which it can be held against what comes, and the quantiles, (D, H, Q).

        Quantiles are held to any level. Of an ensemble to k / (M + 1): if the price is one more draw of what drew the M
        members, it is at or below the k-th smallest of them so often, and no level between can be told from it.

        >>> levels, quantiles = Distribution.of_members([[[3.0, 1.0, 5.0]]]).judged([0.1, 0.3, 0.5])
        >>> levels, quantiles
        (array([0.25, 0.5 ]), array([[[1., 3.]]]))
        """
        wanted = _levels(levels)
        if self.members is None:
            return wanted, self.at(wanted)
        count = self.members.shape[2]
        below = _nearest(np.minimum(wanted, 1 - wanted) * (count + 1))
        ranks = np.unique(np.clip(np.where(wanted <= _MEDIAN, below, count + 1 - below), 1, count))
        return ranks / (count + 1), self.left[:, :, ranks - 1]

    def central(self, tail: float) -> tuple[float, FloatArray, FloatArray]:
        """The central interval with about ``tail`` < 1/2 beyond each end: what it says to hold, and its ends (D, H).

        Of an ensemble, it is one that it can be held to, see :meth:`judged`: from the k-th smallest to the k-th largest
        member, which holds a share (M + 1 - 2k) / (M + 1).

        >>> Distribution.of_members([[[3.0, 1.0, 5.0]]]).central(0.05)
        (0.5, array([[1.]]), array([[5.]]))
        """
        if not is_number(tail) or not 0 < tail < _MEDIAN:
            raise DataError(f"tail of central must be a number between 0 and 1/2, got {in_short(tail)}")
        tail = float(tail)
        if self.members is None:
            ends = self.at([tail, 1 - tail])
            return 1 - 2 * tail, ends[:, :, 0], ends[:, :, 1]
        count = self.members.shape[2]
        rank = int(np.clip(_nearest(tail * (count + 1)), 1, count // 2))
        return (count + 1 - 2 * rank) / (count + 1), self.left[:, :, rank - 1], self.left[:, :, count - rank]

    def crps(self, truth: FloatArray) -> FloatArray:
        """Continuous ranked probability score at the prices that came (D, H), (D, H): 2 x the pinball loss over levels.

        Exact: on each side of the level at which the quantile function passes the price, the pinball loss is a
        quadratic in the level, which Simpson's rule integrates (Gneiting, Raftery, JASA 102, 2007, section 4).
        """
        truth = numbers("prices of crps", truth, DataError)
        if truth.shape != self.shape or not np.isfinite(truth).all():
            raise DataError(f"prices of crps must be finite numbers of shape {self.shape}, got {in_short(truth)}")
        below, above = self.edges[:-1], self.edges[1:]
        rise, height = self.right - self.left, truth[:, :, None] - self.left
        share = np.where(rise > 0, height / np.where(rise > 0, rise, 1.0), height > 0)
        share = np.clip(share, 0.0, 1.0)
        split, at_split = below + share * (above - below), self.left + share * rise
        y = truth[:, :, None]
        under = _simpson(below, split, self.left, at_split, lambda level, value: level * (y - value))
        over = _simpson(split, above, at_split, self.right, lambda level, value: (1 - level) * (value - y))
        return np.asarray(2 * (under + over).sum(axis=2))

    def of_days(self, days: Any) -> "Distribution":
        """Select some days: a slice, a mask (D,) or numbers.

        Raises
        ------
        DataError
            If they are none of these, or days that there are not.
        """
        if not isinstance(days, slice):
            days = _days(days, self.shape[0])
        members = None if self.members is None else self.members[days]
        return replace(self, left=self.left[days], right=self.right[days], members=members)

    def scaled(self, factor: float, offset: float) -> "Distribution":
        """Distribution of ``factor`` > 0 times the prices plus ``offset``.

        Raises
        ------
        DataError
            If the factor is no such number, or the offset is not finite.
        """
        if not is_number(factor) or not 0 < factor < np.inf:
            raise DataError(f"factor of scaled must be a number > 0, got {in_short(factor)}")
        if not is_number(offset) or not np.isfinite(float(offset)):
            raise DataError(f"offset of scaled must be a finite number, got {in_short(offset)}")
        factor, offset = float(factor), float(offset)
        members = None if self.members is None else factor * self.members + offset
        return replace(self, left=factor * self.left + offset, right=factor * self.right + offset, members=members)

    def in_periods(self, number: int) -> "Distribution":
        """Distribution of ``number`` periods a day: each repeated, or of an ensemble averaged member by member.

        Raises
        ------
        DataError
            If quantiles would have to be averaged: the mean of quantiles is no quantile of the mean; or if the number
            is none of periods that are made of these, or that these are made of.
        """
        days, given = self.shape
        whole("number of in_periods", number, 1, _MOST_PERIODS, DataError)
        if max(number, given) % min(number, given):
            raise DataError(f"number of in_periods must divide {given} periods, or be divided by them, got {number}")
        if number >= given:
            return replace(
                self,
                left=np.repeat(self.left, number // given, axis=1),
                right=np.repeat(self.right, number // given, axis=1),
                members=None if self.members is None else np.repeat(self.members, number // given, axis=1),
            )
        if self.members is None:
            raise DataError("quantiles of several periods make none of their mean: an ensemble is needed")
        return Distribution.of_members(self.members.reshape(days, number, given // number, -1).mean(axis=2))

    @property
    def described(self) -> str:
        """Description of the form that was given.

        >>> Distribution.of_quantiles([0.1, 0.5, 0.9], [[[1.0, 2.0, 3.0]]]).described
        '3 quantiles, 0.1 to 0.9'
        """
        if self.members is not None:
            return f"ensemble of {self.members.shape[2]}"
        return f"{len(self.levels)} quantiles, {self.levels[0]:g} to {self.levels[-1]:g}"


def _levels(levels: ArrayLike) -> FloatArray:
    given = numbers("levels", levels, DataError)
    if given.ndim != 1 or not ((given > 0) & (given <= 1)).all():
        raise DataError(f"levels must be a list of numbers in (0, 1], got {in_short(levels)}")
    return given


def _days(days: Any, count: int) -> IntArray:
    """Numbers of the days of a mask or of numbers."""
    given = as_read("days", days, DataError)
    if given.dtype == np.bool_ and given.shape == (count,):
        return np.flatnonzero(given)
    if given.ndim != 1 or (len(given) and given.dtype.kind not in "iu"):
        raise DataError(f"days must be a slice, a mask ({count},) or a list of their numbers, got {in_short(days)}")
    if len(given) and not (given.min() >= -count and given.max() < count):
        raise DataError(f"days must be among {count}, got {in_short(days)}")
    return given.astype(np.int64)


def _nearest(number: ArrayLike) -> IntArray:
    return np.floor(np.asarray(number) + 0.5 + ROUNDING).astype(np.int64)


def _simpson(a: FloatArray, b: FloatArray, first: FloatArray, last: FloatArray, term: Any) -> FloatArray:
    """The integral from level a to level b of a quadratic in the level, along the line from ``first`` to ``last``."""
    return np.asarray((b - a) / 6 * (term(a, first) + 4 * term((a + b) / 2, (first + last) / 2) + term(b, last)))
