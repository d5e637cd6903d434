"""Samples for panpredictors: groups, comparators and outcomes of n points, checked in one place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, within
from omnisim.batch.weighting import check_counts
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.signatures import held_to_types


@dataclass(frozen=True, eq=False, repr=False)
class Sample(ByValue):
    """Groups (n, |G|), comparators (n, |H|), and outcomes (n,), all in [0, 1]; see :func:`sample`."""

    groups: FloatArray
    comparators: FloatArray
    outcomes: FloatArray

    def __len__(self) -> int:
        return len(self.groups)

    def most_accurate(self, weights: FloatArray | None = None) -> int:
        """Index of the comparator with the least squared error, with weights of points (n,) or equal ones.

        Raises
        ------
        ProblemError
            If there is none, or the weights are malformed.
        """
        if not self.comparators.shape[1]:
            raise ProblemError("the most accurate comparator was asked for, but there is none")
        weights = check_counts(weights, len(self))
        squares = (self.comparators - self.outcomes[:, None]) ** 2
        return int(np.average(squares, axis=0, weights=weights).argmin())


def known_of(
    groups: ArrayLike, comparators: ArrayLike, base: ArrayLike | None, size: tuple[int | str, int | str]
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Check groups (n, |G|), comparators (n, |H|) and base predictions (n,) of new points, all in [0, 1].

    Raises
    ------
    ProblemError
        If there are other numbers of columns than ``size`` says, or a number leaves [0, 1].
    """
    g = within("groups", groups, ("n", size[0]), 0, 1)
    h = within("comparators", comparators, (len(g), size[1]), 0, 1)
    return g, h, None if base is None else within("base", base, (len(g),), 0, 1)


@held_to_types(ProblemError)
def sample(groups: ArrayLike, comparators: ArrayLike, outcomes: ArrayLike) -> Sample:
    """Check and copy.

    Parameters
    ----------
    groups : (n, |G|)
        g(x) in [0, 1]: indicators, or degrees of membership; groups may overlap. At least one, none of them empty: the
        guarantee for a group is of the order of the error over P(g).
    comparators : (n, |H|)
        h(x) in [0, 1]; |H| may be 0, which leaves calibration within groups.
    outcomes : (n,)
        y in [0, 1].

    Raises
    ------
    ProblemError
        If shapes disagree, a number leaves [0, 1], there are no points or no groups, or a group is empty.
    """
    y = within("outcomes", outcomes, ("n",), 0, 1)
    g = within("groups", groups, (len(y), "|G|"), 0, 1)
    h = within("comparators", comparators, (len(y), "|H|"), 0, 1)
    if 0 in g.shape:
        raise ProblemError(f"groups have shape {g.shape}: at least one point and one group are needed")
    empty = np.flatnonzero(~g.any(axis=0))
    if len(empty):
        raise ProblemError(f"groups[:, {empty[0]}] is 0 for every point: nothing can be promised for an empty group")
    return Sample(g, h, y)
