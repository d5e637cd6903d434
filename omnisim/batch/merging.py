"""Direct ensembling (Gibbs and Tibshirani, Algorithms 2, 3 and 5): neighbours are merged pairwise, log2(m) rounds."""

import math
from collections.abc import Callable
from functools import partial
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.batch.predictor import Omnipredictor, point_laws
from omnisim.batch.samples import check_exceeds, check_sample, check_scale
from omnisim.batch.weighting import check_counts
from omnisim.errors import ProblemError
from omnisim.game.threshold_kernels import conflict_sum
from omnisim.problem.losses.targets import Probability, Target
from omnisim.problem.losses.thresholds import thresholds
from omnisim.products import inner
from omnisim.signatures import held_to_types

_PROBABILITY = Probability()

_EXACT = 1e-12
"""Sums of V within this of the cut, per observation, are at it: they differ by rounding only."""


Start: TypeAlias = Literal["min_high", "max_low", "middle"]
"""First decision of a merge; see :func:`merge`."""


class Merge:
    """Two neighbouring predictors put together: which of them is followed where.

    The lower one decides the thresholds theta_{first+1}..theta_{middle} and takes the levels first..middle (level k
    stands for k/m); the upper one decides theta_{middle+1}..theta_{last} and takes the levels middle..last.

    Attributes
    ----------
    first, middle, last
        As above.
    follows_high : (middle - first + 1, last - middle + 1) bool
        By the levels of the two, whether the upper one is followed: the sets A_h and A_l of Algorithm 5.
    """

    def __init__(self, first: int, middle: int, last: int, follows_high: BoolArray) -> None:
        self.first, self.middle, self.last, self.follows_high = first, middle, last, follows_high

    def __call__(self, low: IntArray, high: IntArray) -> IntArray:
        """Levels (n,) of the merged predictor, from those of the two."""
        return np.where(self.follows_high[low - self.first, high - self.middle], high, low)


class DirectEnsemble(Omnipredictor):
    """A deterministic predictor: ceil(log2(m)) rounds of merges, m - 1 in all, and no training data.

    Attributes
    ----------
    rounds : list of list of Merge
        A block without a neighbour waits for the next round.
    epsilon
        The buffer that an improvement must exceed.
    excess : (m,)
        E_n l_{theta_i}(p, Y) - l_{theta_i}(f_i, Y) on the sample. Unless this was split, it is at most 2 epsilon per
        round of merges, whatever the sample: Lemma 16 with the sample itself as the law. At c = 0 nothing is lost.
    """

    def __init__(self, m: int, rounds: list[list[Merge]], epsilon: float, excess: FloatArray) -> None:
        super().__init__(m)
        self.rounds, self.epsilon, self.excess = rounds, epsilon, excess

    def level(self, exceeds: BoolArray) -> IntArray:
        """The k (n,) of the prediction k/m."""
        blocks = _base_levels(check_exceeds(exceeds, self.m))
        for merges in self.rounds:
            blocks = _next_blocks(blocks, merges)
        return blocks[0]

    def _law(self, exceeds: BoolArray) -> FloatArray:
        return point_laws(self.level(exceeds), self.m)


@held_to_types(ProblemError)
def direct_ensemble(
    exceeds: ArrayLike,
    y: ArrayLike,
    c: float = 0.0,
    target: Target = _PROBABILITY,
    split: bool = False,
    *,
    start: Start = "max_low",
    sample_weight: ArrayLike | None = None,
) -> DirectEnsemble:
    """Ensemble base predictors by merging neighbours: sample-efficient and deterministic (Theorem 11).

    Time O(n m log m), in memory two bytes per answer beside the answers themselves; a prediction costs O(m).

    Parameters
    ----------
    exceeds : (n, m) bool
        ``exceeds[t, i]`` = 1[f_i(x_t) > theta_i], theta_i = (i - 1/2) / m. Where m is no power of 2, a block without a
        neighbour waits for the next round.
    y : (n,)
        Outcomes: 0 or 1, or numbers in [0, 1] for another target.
    c
        Of the buffer epsilon = c sqrt(ln(m) / n), >= 0; 0 does best in the paper's experiments.
    target
        What is predicted (Appendix C), as for :func:`~omnisim.batch.two_player`.
    split
        Whether each round of merges uses its own share of the rows, in their order, as Theorem 11 assumes. Without,
        every round uses all of them, which does better in practice.
    start
        Which predictor a merge of two begins with; the guarantee is the same, and none is always the best.
        ``"min_high"`` is Algorithm 2 as printed: it examines the least threshold of the upper one first. ``"max_low"``
        begins with the upper one unasked and examines the largest threshold of the lower one first; on the paper's
        simulated example (n = 400, m = 16, 100 draws) its mean error is 0.0023 and that of the printed one 0.0035.
        ``"middle"`` asks half-way between these two thresholds, so that swapping the two classes mirrors the predictor;
        with the others a prediction may move by a third. What that costs: with laws at random (five points, chances
        uniform, 100 draws each) the mean error of ``"max_low"`` and of it is 0.0030 and 0.0059 at n = 200, m = 16,
        0.0042 and 0.0068 at m = 32, 0.0024 and 0.0038 at n = 400, m = 16, the differences beyond their intervals of
        95 %; at m = 4 there is none to be seen. Hence the default.
    sample_weight : (n,)
        How many rows each stands for, >= 0; None for one each. All that is computed of the sample are sums of V
        over rows, so that whole numbers are repeated rows, and 0 is no row. Their sum stands for n in epsilon; at c = 0
        scaling all changes nothing. Not with ``split``.

    Raises
    ------
    ProblemError
        If the sample or the weights are malformed, c is negative, ``start`` is no such word, there are fewer rows than
        rounds to split them over, or both weights and ``split`` are given.

    Examples
    --------
    "Above 3/4, but not above 1/4", where Y = 1 in three cases of four: the lower one gives way.

    >>> import numpy as np
    >>> fitted = direct_ensemble(np.tile([False, True], (4, 1)), [1, 1, 0, 1])
    >>> fitted.mean([[False, True]])
    array([1.])
    """
    answers, outcomes = check_sample(exceeds, y, target)
    n, m = answers.shape
    if start not in get_args(Start):
        raise ProblemError(f"start of direct_ensemble must be one of {', '.join(get_args(Start))}, got {start!r}")
    weights = check_counts(sample_weight, n)
    if split and weights is not None:
        raise ProblemError(
            "split=True of direct_ensemble takes no sample_weight: its shares are of rows, in their order"
        )
    total = float(n) if weights is None else float(weights.sum())
    epsilon = check_scale("direct_ensemble", c) * math.sqrt(math.log(m) / total)
    thetas, (values, place) = thresholds(m), np.unique(outcomes, return_inverse=True)

    def column(i: int) -> FloatArray:
        # Of outcomes 0 and 1, two values are checked and looked up n times.
        looked_up = target.identification(thetas[i : i + 1], values)[:, 0][place]
        return looked_up if weights is None else looked_up * weights

    count = math.ceil(math.log2(m))
    if split and count > n:
        raise ProblemError(f"split=True needs a row for each of the {count} rounds of merges, got n = {n}")
    edges = np.linspace(0, n, count + 1).astype(int) if split else None
    blocks: list[IntArray] = list(_base_levels(answers))
    bounds = list(range(m + 1))
    rounds: list[list[Merge]] = []
    for number in range(count):
        rows = slice(edges[number], edges[number + 1]) if edges is not None else slice(None)
        merges: list[Merge] = []
        following: list[IntArray] = []
        used = partial(_some_rows, column, rows)
        while len(blocks) > 1:
            # Blocks are dropped as they are merged: at no time are there two tables of all levels.
            lower, upper = blocks.pop(0), blocks.pop(0)
            j = 2 * len(merges)
            edges_of_both = (bounds[j], bounds[j + 1], bounds[j + 2])
            both = merge(lower[rows], upper[rows], used, edges_of_both, epsilon, start, None if split else total)
            merges.append(both)
            following.append(both(lower, upper))
        blocks = following + blocks
        bounds = [*bounds[:-1:2], m]
        rounds.append(merges)
    answered = np.ascontiguousarray(answers.T)
    excess = np.array([inner(column(i), (blocks[0] > i).astype(np.float64) - answered[i]) for i in range(m)]) / total
    return DirectEnsemble(m, rounds, epsilon, excess)


def merge(
    low: IntArray,
    high: IntArray,
    column: Callable[[int], FloatArray],
    edges: tuple[int, int, int],
    epsilon: float,
    start: Start = "max_low",
    total: float | None = None,
) -> Merge:
    """Algorithm 2 on levels (n,) of the two predictors; ``column(i)`` is V(theta_{i + 1}, y_t), (n,).

    V may be multiplied by weights; their sum is ``total`` then, which is None for n.

    ``edges`` are first, middle and last of :class:`Merge`. With a cut h on the level of the upper predictor and a
    threshold l of the lower one, the two conflict on E = {upper > theta_h, lower <= theta_l}. Following the upper one
    everywhere, go down through the lower thresholds and look whether E says "low" at theta_l, that is, E_n V(theta_l,
    Y) 1[E] > epsilon; if so, follow the lower predictor on E, and go up through the higher thresholds until E, ever
    smaller, says "high" at theta_h, E_n -V(theta_h, Y) 1[E] > epsilon; then follow the upper one there, and go down
    again.

    As printed (``"min_high"``), the cut is max Theta_l at first, below all the upper predictor's levels, and the
    examined threshold is min Theta_h, above all the lower one's: E is everything, and if it says "low" there the lower
    predictor is followed everywhere and the walk goes up from min Theta_h, else it goes down from max Theta_l. For
    ``"max_low"`` it goes down without that question. ``"middle"`` asks whether E_n V(max Theta_l, Y) + V(min Theta_h,
    Y) > 0. Lemma 16 holds for either way of starting: before the first step one side has lost nothing, and of the
    other nothing is claimed yet.
    """
    first, middle, last = edges
    n = len(low) if total is None else total
    at_low, at_high = float(column(middle - 1).sum()) / n, float(column(middle).sum()) / n
    lower = {"min_high": at_high > epsilon + _EXACT, "max_low": False, "middle": at_low + at_high > 0}[start]
    buffer = epsilon + _EXACT
    follows_high = np.full((middle - first + 1, last - middle + 1), not lower)
    # Theta number i (from 1) is exceeded by the levels >= i.
    cut, examined, down = (middle + 1, middle + 1, False) if lower else (middle, middle, True)
    while examined > first and cut <= last:
        total = conflict_sum(low, high, cut, examined, column((examined if down else cut) - 1))
        if down and total > buffer * n:
            follows_high[: examined - first, cut - middle :] = False
            cut, down = cut + 1, False
        elif down:
            examined -= 1
        elif -total > buffer * n:
            follows_high[: examined - first, cut - middle :] = True
            examined, down = examined - 1, True
        else:
            cut += 1
    return Merge(first, middle, last, follows_high)


def _some_rows(column: Callable[[int], FloatArray], rows: slice, i: int) -> FloatArray:
    return column(i)[rows]


def _base_levels(exceeds: BoolArray) -> list[IntArray]:
    """f_i recoded as theta_i +- 1/(2m): levels i - 1 and i, two bytes each (four of more than 32,767 thresholds)."""
    kind = np.int16 if exceeds.shape[1] <= np.iinfo(np.int16).max else np.int32
    return [column.astype(kind) + kind(i) for i, column in enumerate(np.ascontiguousarray(exceeds.T))]


def _next_blocks(blocks: list[IntArray], merges: list[Merge]) -> list[IntArray]:
    merged = [both(blocks[2 * j], blocks[2 * j + 1]) for j, both in enumerate(merges)]
    return merged + blocks[2 * len(merges) :]
