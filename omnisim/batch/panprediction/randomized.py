"""The randomized panpredictor: online play with step events, then the uniform mixture of its rounds."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, IntArray, within
from omnisim.batch.panprediction.sample import Sample, known_of
from omnisim.errors import ProblemError, StrategyError
from omnisim.game.engine import Engine
from omnisim.game.grid import Grid
from omnisim.game.step_events import StepEvents
from omnisim.game.weights import SecondOrderPotential, gain_bound
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.refusing import MOST_COUNTED, whole
from omnisim.signatures import held_to_types
from omnisim.threads import at_most_threads

_LEVELS_OF_BASE = 32

_CHUNK = 1024
"""Points predicted at a time."""


def default_levels(points: int) -> int:
    """M = max(8, ceil(1.5 n^(1/4))).

    The minimax step loses at most a quarter of what the weights put on one level, over m. Spread over the levels that
    is of the order 1/m^2, so m of the order n^(1/4) keeps it at n^(-1/2).
    """
    return max(8, math.ceil(1.5 * math.sqrt(math.sqrt(points))))


def thresholds_of(values: FloatArray, most: int) -> FloatArray:
    """Cuts of a comparator: all values but the largest if there are at most ``most``, else that many quantiles.

    >>> thresholds_of(np.array([0.2, 0.9, 0.2, 0.5]), 4)
    array([0.2, 0.5])
    """
    different = np.unique(values)
    if len(different) > most:
        levels = np.arange(1, most) / most
        different = np.unique(np.append(np.quantile(values, levels, method="inverted_cdf"), different[-1]))
    return np.asarray(different[:-1])


class Randomized:
    """A panpredictor that predicts with the weights of a round drawn from those of its online play.

    Attributes
    ----------
    levels : (m + 1,)
        What it predicts.
    spent
        Phi / K of the weights at the end; the bound below holds up to e.
    error, bound
        The largest |sum over rounds of E r_e| / n of the play, and what it is certified to be at most while Phi <= e K.
    objectives
        K.
    """

    def __init__(
        self,
        events: StepEvents,
        tables: FloatArray,
        tolerances: FloatArray,
        played: SecondOrderPotential,
        *,
        based: bool,
    ) -> None:
        rounds = played.round
        self.levels, self.objectives, self.spent = events.levels, events.count, played.spent
        self.error = played.largest_gain / rounds
        self.bound = float(gain_bound(np.array(played.largest_squares), events.count, rounds)) / rounds
        self._events, self._tolerances, self._based = events, tolerances, based
        self._whole, self._below = _cumulated(events, tables)

    def laws(self, groups: FloatArray, comparators: FloatArray, base: FloatArray | None = None) -> FloatArray:
        """Probability of each level, (n, m + 1), given g(x) (n, |G|), h(x) (n, |H|), and base predictions, if any."""
        if self._based and base is None:
            raise StrategyError("this panpredictor was learnt with base predictions: give those of the new points")
        size = (self._events.groups, len(self._events.thresholds))
        groups, comparators, base = known_of(groups, comparators, base, size)
        bins = self._events.bins(comparators)
        found = np.empty((len(groups), len(self.levels)))
        with at_most_threads(1):  # rounding may depend on the number of threads
            for begin in range(0, len(groups), _CHUNK):
                span = slice(begin, begin + _CHUNK)
                slopes = self._slopes(groups[span], bins[span])
                played = _play(slopes, self.levels)
                if self._based and base is not None:
                    nearest = np.abs(base[span, None] - self.levels).argmin(axis=1)
                    _keep_base(played, slopes, nearest, self.levels, self._tolerances)
                found[span] = played.mean(axis=1)
        return found

    def _slopes(self, groups: FloatArray, bins: IntArray) -> FloatArray:
        """H of every kept round and level, (n, S, m + 1)."""
        total = groups @ self._whole
        for h, table in enumerate(self._below):
            for place in np.unique(bins[:, h]):
                here = np.flatnonzero(bins[:, h] == place)
                if place < len(table):
                    total[here] += groups[here] @ table[place]
        return total.reshape(len(groups), -1, len(self.levels))


@held_to_types(ProblemError)
def learn_randomized(
    sample: Sample,
    *,
    base: ArrayLike | None = None,
    levels: int | None = None,
    thresholds: int = 16,
    rounds_kept: int = 64,
    rng: np.random.Generator,
) -> Randomized:
    """Play the points once, in random order, and keep the weights of some rounds (Balakrishnan et al., randomized).

    The guarantee is for the uniform mixture of the n rounds: its step calibration error is, on average over the sample,
    at most that of the play, of the order sqrt(ln(|G| |H| m) / n). Of each of ``rounds_kept`` equal stretches of the
    play one round is drawn, which gives the same mixture on average and costs a fraction of the memory.

    Parameters
    ----------
    sample
        To learn from.
    base : (n,)
        Predictions to follow, at the nearest level, where the potential's larger allowance for a single round admits it
        (:class:`~omnisim.game.weights.SecondOrderPotential`): the certified bound is the same.
    levels
        m; None for :func:`default_levels`, and at least 32 with a base, which is rounded to the levels.
    thresholds
        W, at how many values each comparator is cut; see :func:`thresholds_of`.
    rounds_kept
        S.
    rng
        Of the order and of the rounds kept.
    """
    for name, value, least in (("levels", levels, 1), ("thresholds", thresholds, 1), ("rounds_kept", rounds_kept, 1)):
        if value is not None:
            whole(name, value, least, MOST_COUNTED, StrategyError)
    n = len(sample)
    m = levels
    if m is None:
        m = default_levels(n) if base is None else max(_LEVELS_OF_BASE, default_levels(n))
    grid = np.linspace(0.0, 1.0, m + 1)
    cuts = [thresholds_of(sample.comparators[:, h], thresholds) for h in range(sample.comparators.shape[1])]
    events = _Shown(sample, cuts, grid)
    weights = SecondOrderPotential()
    engine = Engine([events], weights, Grid(grid), n, tolerance=None if base is not None else 0.0)
    candidates: Sequence[Mixture] = []
    if base is not None:
        nearest = np.abs(within("base predictions", base, (n,), 0, 1)[:, None] - grid).argmin(axis=1)
        points = [Mixture.point([level]) for level in grid]
    edges = np.linspace(0, n, min(rounds_kept, n) + 1).astype(np.int64)
    kept = set((edges[:-1] + rng.random(len(edges) - 1) * np.diff(edges)).astype(np.int64).tolist())
    tables, tolerances = [], []
    for t, index in enumerate(rng.permutation(n)):
        if t in kept:
            tables.append(weights.net[0].copy())
            tolerances.append(weights.allowance())
        if base is not None:
            candidates = [points[nearest[index]]]
        engine.play(Context(round=int(index)), candidates)
        if engine.spared is not None:
            engine.spare()
        engine.learn(sample.outcomes[index : index + 1])
    return Randomized(events, np.stack(tables), np.array(tolerances), weights, based=base is not None)


class _Shown(StepEvents):
    """Step events of a sample: the round is the index of the point."""

    def __init__(self, sample: Sample, thresholds: Sequence[FloatArray], levels: FloatArray) -> None:
        super().__init__(sample.groups.shape[1], thresholds, levels)
        self._groups, self._bins = sample.groups, self.bins(sample.comparators)

    def prepare(self, context: Context, bases: Sequence[FloatArray]) -> None:  # noqa: ARG002 (all is in the sample)
        """Show the point whose index is the round of the context."""
        self.place(self._groups[context.round], self._bins[context.round])


def _cumulated(events: StepEvents, tables: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
    """The slopes that a point adds, by its group: of the set of all x (|G|, S m'), and per bin of each comparator."""
    kept = len(tables)
    shaped = tables.reshape(kept, events.groups, events.sets, events.columns)
    shaped = shaped.cumsum(axis=3)[..., ::-1].transpose(1, 2, 0, 3)  # columns are the levels, falling
    flat = shaped.reshape(events.groups, events.sets, -1)
    below, begin = [], 1
    for w in events.thresholds:
        part = flat[:, begin : begin + len(w)]
        below.append(np.ascontiguousarray(part[:, ::-1].cumsum(axis=1)[:, ::-1].swapaxes(0, 1)))
        begin += len(w)
    return np.ascontiguousarray(flat[:, 0]), below


def _play(slopes: FloatArray, levels: FloatArray) -> FloatArray:
    """Mixtures that :class:`~omnisim.game.grid.Grid` plays, for H (n, S, m + 1): probabilities of the same shape."""
    flat = slopes.reshape(-1, len(levels))
    played = np.zeros(flat.shape)
    low = np.zeros(len(flat), dtype=np.int64)
    high = np.full(len(flat), len(levels) - 1)
    rows = np.arange(len(flat))
    while True:
        open_ = high - low > 1
        if not open_.any():
            break
        middle = (low + high) // 2
        up = flat[rows, middle] > 0
        low = np.where(open_ & up, middle, low)
        high = np.where(open_ & ~up, middle, high)
    below, above = flat[rows, low], flat[rows, high]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = -above / (below - above)
    share = np.where(flat[:, 0] <= 0, 1.0, np.where(flat[:, -1] >= 0, 0.0, share))
    low = np.where(flat[:, 0] <= 0, 0, low)
    high = np.where(flat[:, -1] >= 0, len(levels) - 1, high)
    played[rows, low] += share
    played[rows, high] += 1 - share
    return played.reshape(slopes.shape)


def _keep_base(
    played: FloatArray, slopes: FloatArray, nearest: IntArray, levels: FloatArray, tolerances: FloatArray
) -> None:
    """Put the base level in place of what was found wherever its worst weighted gain is within the tolerance."""
    slope = np.take_along_axis(slopes, nearest[:, None, None], axis=2)[:, :, 0]
    point = levels[nearest][:, None]
    follows = np.maximum(slope * (1 - point), -slope * point) <= tolerances
    base = np.zeros((len(nearest), 1, len(levels)))
    base[np.arange(len(nearest)), 0, nearest] = 1.0
    np.copyto(played, base, where=follows[:, :, None])
