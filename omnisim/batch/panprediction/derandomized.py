r"""The derandomized panpredictor: online play within interval hints, then one round and one level for every x.

That a deterministic predictor can be step calibrated with as few points as a randomized one is a theorem of Noarov and
Roth, "Optimal Deterministic Multicalibration and Omniprediction" (arXiv 2606.20557), which answers a question of
Balakrishnan et al. From its summaries is the notion of interval hints; construction and proof are the project's own,
made without the text of the paper, and may differ from it.

**Setting.** All that is known of x is z = (g(x), h(x)), with the base prediction where there is one, to 20 binary
digits; so z takes finitely many values, with probabilities D(z), and p*(z) = E[Y | z] for Y in [0, 1]. Events are e =
(s, v): s(z) = g(x) 1[h(x) <= w] for the thresholds w of each comparator, or g(x) alone, and a level v of 0, 1/m, .., 1.
The bias of a predictor p on e is E s(Z) 1[p(Z) <= v] (Y - p(Z)). With both signs there are K = 2 |G| (1 + sum_h W_h)
(m + 1) of them.

**Algorithm**, of N points in random order, with delta' = delta / 12 and L = ln(2 N / delta'):

1. *Hints.* If some z occurs 4 L times or more, half of the points, N_0, are not played but give a hint for each z that
   they hold c times, with mean outcome y: I(z) is y +- sqrt(L / (2 c)), its ends moved outwards to levels. Otherwise,
   and for all other z, I(z) = [0, 1]. Thresholds are chosen from these points; where there are no hints, from at most N
   / 8 that are not played either. n points are left.
2. *Play.* With R_e the gains of an event so far, H(k) is the sum of s(z) 2 sinh(eta R_e) over events with v >= k / m,
   and Phi that of 2 cosh(eta R_e) over all. A level p in I(z) is tolerated if H (y - p) <= tau Phi for both ends y of
   I(z), as are the lowest where H <= 0 and the highest where H >= 0. From the level of the base, or the middle of I(z)
   without one, go upwards if H > 0 there, else downwards, to the first level that is tolerated, and play it; or, if H
   changes its sign before, from H(k) > 0 to H(k + 1) <= 0, play these two in the proportion that makes the mean of H
   vanish. Then r_e = E s(z) 1[p <= v] (y - p) for the level p played, and R_e grows by r_e.
3. *One round and one level for every z.* A hash of z, keyed by a seed, names one of the rounds and draws the level from
   what that round would play for z. So p is a function; different z are drawn independently. (The theorem takes the
   hash for a random function; BLAKE2 stands in for one, as pseudo-random numbers do for random ones.)

**Theorem.** Let points be independent draws of any law, with atoms or without. With probability >= 1 - delta, p has

    |bias on e| <= (ln(K / delta') / n + ln(cosh(eta) + tau sinh(eta))) / eta + sqrt(2 ln(K / delta') / n)
                   + sqrt(4 (L / N_1 + 1 / m^2) ln(K / delta'))

on all events at once, where N_1 is N_0, or N without hints; tau = 1 / (4 m), and with a base at least eta / 2, which
adds at most as much as the play itself. With m = ceil(sqrt(N)) and eta = sqrt(2 ln(K) / n) that is of the order sqrt(
ln(K / delta) ln(N / delta) / N): the sample complexity is eps^-2, up to logarithms. Where only S rounds are kept,
sqrt(2 ln(K / delta') / S) is to be added: the rate is proved for S of the order N, or for all rounds.

*Proof.* Each of the following fails with a probability of at most delta'; they are at most five without hints and six
with hints. Which of the two is played depends on the points: so count all eleven. Points that only give hints and
thresholds are independent of those that are played, and are taken as given.

*Hints hold.* Given the z of the N_0 points, a mean is off by more than sqrt(L / (2 c)) with probability <= 2 exp(-L) =
delta' / N (Hoeffding), for each of at most N_0 values. So p* is in I for all z.

*Play.* Phi is the sum of exp(eta R_e) over the K events with sign. For a fresh point E[y | z] = p* is in I(z). So at a
level that is tolerated the expectation of sum_e exp(eta R_e) r_e = H(p) (y - p) is at most tau Phi. For neighbours with
shares q and 1 - q it is q H(k) / m, and q H(k) = H(k) |H(k + 1)| / (H(k) + |H(k + 1)|) <= (H(k) - H(k + 1)) / 4, where
H(k) - H(k + 1), the weights of events with v = k / m, is at most Phi. As exp is convex, exp(eta r) <= cosh(eta) + r
sinh(eta) for |r| <= 1; so E Phi_n <= K (cosh(eta) + tau sinh(eta))^n. By Markov's inequality Phi_n is at most that over
delta', and one of its summands at most the sum: R_e / n is at most the first term of the theorem.

*From rounds to the law.* b_e, the mean over the rounds of the bias that the round's rule has on fresh points, differs
from R_e / n by the mean of n martingale differences, which given the past are in an interval of length 2: by more than
sqrt(2 ln(K / delta') / n) with a probability of at most delta' / K (Azuma, Hoeffding). If of each of S equal stretches
one round is drawn uniformly, these have biases in [-1, 1], are independent, and their mean is b_e on average: the same.

*One level for every z.* Given the rounds, the bias of p is the sum over z of D(z) s(z) 1[p(z) <= v] (p*(z) - p(z)). Its
summands are independent, with sum b_e on average. As p* and p are in I(z), of length d(z), a summand is in an interval
of length D(z) d(z), which reaches from p* less the highest level to p* less the lowest. So it is above b_e by more than
sqrt(Q ln(K / delta') / 2) with a probability of at most delta' / K, Q = sum_z D(z)^2 d(z)^2. **This is what hints are
for**: of a value that is frequent, so that its draw alone would weigh much, much is known.

*Q <= 8 (L / N_1 + 1 / m^2).* Call z heavy if D(z) >= 8 L / N_1. There are at most N_1 / (8 L) heavy ones, and each
occurs less than N_1 D(z) / 2 times with probability <= exp(-N_1 D(z) / 8) <= exp(-L) = delta' / (2 N) (Chernoff). So
without hints there is none, as it would occur 4 L times: Q <= max D. With hints, those that are not heavy have D^2 d^2
<= D 8 L / N_1; a heavy one has c >= N_1 D / 2 and d <= 2 sqrt(L / (N_1 D)) + 2 / m, so that D^2 d^2 <= D (8 L / N_1 +
8 / m^2). |_|

**What is not claimed.** Between two thresholds w nothing is promised, unless h takes no value there. Sets {p > v} have
the bias of s less that of {p <= v}, hence at most twice the bound. The constants are not the best. Swapping the classes
does not mirror what is learnt, as events {p <= v} are no mirror of themselves. Rows that are repeated, or drawn by
weights, are not independent; comparators and base are taken as given before the points, which those fitted on the same
points, cross-fitted or not, are not. Levels must be as fine as 1 / sqrt(N): with one z, a level is off by up to 1 / (2
m). On a law of k equally likely values the draws alone leave an error of the order k^(-1/2) until N is above 4 L k, so
that hints set in; the theorem's is larger there.
"""

import hashlib
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, IntArray, within
from omnisim.batch.panprediction.derandomized_kernels import play
from omnisim.batch.panprediction.randomized import thresholds_of
from omnisim.batch.panprediction.sample import Sample, known_of
from omnisim.errors import ProblemError, StrategyError
from omnisim.game.step_events import StepEvents
from omnisim.refusing import MOST_COUNTED, whole
from omnisim.signatures import held_to_types

DELTA = 0.05
"""Probability with which the theorem may fail, where none is given."""

_FAILURES = 12
"""At least so many ways to fail share delta; see the proof."""

_CUT_FROM = 64
"""Points at most, per threshold, from which thresholds are chosen where there are no hints."""

_DIGITS = 2.0**20
"""One over the precision to which a point is known."""


def default_levels(points: int) -> int:
    """M = max(8, ceil(sqrt(N))): a deterministic prediction of one frequent value is off by up to half a level."""
    return max(8, math.ceil(math.sqrt(points)))


class Derandomized:
    """A panpredictor that predicts one level for every x, drawn by a hash of what is known of x.

    Attributes
    ----------
    levels : (m + 1,)
        Possible predictions.
    rate
        eta.
    played, hinting
        n, and N_0: 0 where hints were not needed.
    hints
        How many values z have a hint other than [0, 1].
    error, bound
        The largest |R_e| / n of the play, and the theorem's bound on the biases of the predictor on the law.
    """

    def __init__(
        self,
        events: StepEvents,
        points: "_Points",
        hints: dict[bytes, tuple[int, int]],
        size: tuple[int, int],
        rounds: IntArray | None,
        delta: float,
        seed: int,
        *,
        based: bool,
    ) -> None:
        n = len(points.outcomes)
        self.levels, self._events, self._hints, self._seed, self._based = events.levels, events, hints, seed, based
        self.played, self.hinting, self.hints = n, size[1], len(hints)
        self.rate = min(1.0, math.sqrt(2 * math.log(2 * events.rows * events.columns) / n))
        self.tolerance = max(1 / (4 * (events.columns - 1)), self.rate / 2 if based else 0.0)
        self._points, self._kept = points, rounds
        self.rounds = n if rounds is None else len(rounds)
        self._weights: tuple[FloatArray, FloatArray] | None = None
        self.error = float(np.abs(self._play()).max()) / n
        self.bound = error_bound(
            events.rows * events.columns * 2,
            n,
            size,
            events.columns - 1,
            rate=self.rate,
            tolerance=self.tolerance,
            kept=None if rounds is None else len(rounds),
            delta=delta,
        )

    def predict(self, groups: FloatArray, comparators: FloatArray, base: FloatArray | None = None) -> FloatArray:
        """p(x) of points (n,), given g(x) (n, |G|), h(x) (n, |H|), and base predictions if it has a base."""
        points, drawn = self._points_of(groups, comparators, base)
        level, share = self._steps(points, np.arange(len(drawn)), np.floor(drawn[:, 0] * self.rounds).astype(np.int64))
        return np.asarray(self.levels[level + (drawn[:, 1] >= share)])

    def laws(self, groups: FloatArray, comparators: FloatArray, base: FloatArray | None = None) -> FloatArray:
        """Law that each prediction was drawn from: the probability of each level, (n, m + 1)."""
        points, drawn = self._points_of(groups, comparators, base)
        found = np.zeros((len(drawn), len(self.levels) + 1))
        rows = np.arange(len(drawn))
        for round_ in range(self.rounds):
            level, share = self._steps(points, rows, np.full(len(drawn), round_))
            np.add.at(found, (rows, level), share / self.rounds)
            np.add.at(found, (rows, level + 1), (1 - share) / self.rounds)
        return found[:, :-1]

    def intervals(self, groups: FloatArray, comparators: FloatArray, base: FloatArray | None = None) -> FloatArray:
        """Ends of I(x), (n, 2)."""
        points, _ = self._points_of(groups, comparators, base)
        return np.column_stack([self.levels[points.low], self.levels[points.high]])

    def _points_of(
        self, groups: FloatArray, comparators: FloatArray, base: FloatArray | None
    ) -> tuple["_Points", FloatArray]:
        if self._based and base is None:
            raise StrategyError("this panpredictor was learnt with base predictions: give those of the new points")
        size = (self._events.groups, len(self._events.thresholds))
        groups, comparators, base = known_of(groups, comparators, base, size)
        table = _known(groups, comparators, base if self._based else None)
        keys, drawn = _hashed(table, self._seed)
        return _Points.of(self._events, table, keys, self._hints, np.zeros(len(table)), based=self._based), drawn

    def _steps(self, points: "_Points", rows: IntArray, rounds: IntArray) -> tuple[IntArray, FloatArray]:
        """Lower level (n,) and its probability (n,) that some rounds, of those kept, would play for some points."""
        order = np.argsort(rounds, kind="stable")
        at, asked = rounds[order], rows[order]
        level, share = np.empty(len(at), dtype=np.int64), np.empty(len(at))
        if self._kept is None:
            _, _, _, level[order], share[order] = self._run(self._points, _NONE, at, asked, points)
            return level, share
        if self._weights is None:
            self._play()
        assert self._weights is not None  # noqa: S101 (of the play)
        for round_ in np.unique(at):
            here = slice(*np.searchsorted(at, [round_, round_ + 1]))
            start = self._weights[0][round_], self._weights[1][round_]
            begin = np.zeros(here.stop - here.start, dtype=np.int64)
            _, _, _, level[order[here]], share[order[here]] = self._run(
                self._points.none(), _NONE, begin, asked[here], points, start
            )
        return level, share

    def _play(self) -> FloatArray:
        """Gains R at the end of the play; weights of the rounds kept are kept."""
        kept = _NONE if self._kept is None else self._kept
        total, tables, masses, _, _ = self._run(self._points, kept, _NONE, _NONE, self._points)
        self._weights = tables, masses
        return total

    def _run(
        self,
        played: "_Points",
        kept: IntArray,
        at: IntArray,
        asked: IntArray,
        points: "_Points",
        start: tuple[FloatArray, float] | None = None,
    ) -> tuple[FloatArray, FloatArray, FloatArray, IntArray, FloatArray]:
        shape = self._events.rows, self._events.columns
        net, mass = (np.zeros(shape), 2.0 * shape[0] * shape[1]) if start is None else start
        sizes = np.array([len(w) for w in self._events.thresholds], dtype=np.int64)
        return play(  # type: ignore[no-any-return]
            *(played.groups, played.bins, played.low, played.high, played.start, played.outcomes, kept, at, asked),
            *(points.groups, points.bins, points.low, points.high, points.start),
            *(sizes, self.levels, net, mass, self.rate, self.tolerance),
        )

    def __getstate__(self) -> dict[str, Any]:
        """Without the weights of rounds, which the play makes again: files stay small."""
        return self.__dict__ | {"_weights": None}


@held_to_types(ProblemError)
def learn_derandomized(
    sample: Sample,
    *,
    base: ArrayLike | None = None,
    levels: int | None = None,
    thresholds: int = 16,
    rounds_kept: int | None = 64,
    delta: float = DELTA,
    rng: np.random.Generator,
) -> Derandomized:
    """Learn a step calibrated function of x from about eps^-2 points: see the module's theorem.

    Parameters
    ----------
    sample
        To learn from.
    base : (n,)
        Predictions to follow, at the nearest level, where the play tolerates it.
    levels
        m; None for :func:`default_levels`.
    thresholds
        At how many values each comparator is cut; see :func:`~omnisim.batch.panprediction.randomized.thresholds_of`.
    rounds_kept
        S, or None for all: then predicting plays the points again, which takes as long as learning.
    delta
        In (0, 1): with what probability hints, and so the bound, may fail.
    rng
        Of the order, the rounds kept and the seed of the hash.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> h = rng.integers(0, 3, (4000, 1)) / 2
    >>> data = Sample(np.ones((4000, 1)), h, (rng.random(4000) < 0.2 + 0.6 * h[:, 0]).astype(float))
    >>> found = learn_derandomized(data, rng=rng)
    >>> p = found.predict(np.ones((3, 1)), np.array([[0.0], [0.5], [1.0]]))
    >>> bool((abs(p - [0.2, 0.5, 0.8]) < 0.1).all())
    True
    """
    for name, value in (("levels", levels), ("thresholds", thresholds), ("rounds_kept", rounds_kept)):
        if value is not None:
            whole(name, value, 1, MOST_COUNTED, StrategyError)
    if not 0 < delta < 1:
        raise StrategyError(f"delta must lie in (0, 1), got {delta}: it is the probability that the bound fails")
    N = len(sample)
    checked = None if base is None else within("base predictions", base, (N,), 0, 1)
    order = rng.permutation(N)
    seed = int(rng.integers(2**63))
    table = _known(sample.groups, sample.comparators, checked)[order]
    outcomes = sample.outcomes[order]
    groups = sample.groups.shape[1]
    h = table[:, groups : groups + sample.comparators.shape[1]]
    grid = np.linspace(0.0, 1.0, (levels or default_levels(N)) + 1)
    keys, _ = _hashed(table, seed)
    logarithm = math.log(2 * N * _FAILURES / delta)
    _, counts = np.unique(keys, return_counts=True)
    hinting = N // 2 if counts.max() >= 4 * logarithm else 0
    hints = _hints_of(keys[:hinting], outcomes[:hinting], logarithm, len(grid) - 1)
    spared = hinting
    if not hinting and h.shape[1]:
        spared = min(N // 8, _CUT_FROM * thresholds)
    events = StepEvents(groups, [thresholds_of(column[: spared or N], thresholds) for column in h.T], grid)
    points = _Points.of(events, table[spared:], keys[spared:], hints, outcomes[spared:], based=base is not None)
    n = N - spared
    rounds = None
    if rounds_kept is not None:
        S = min(rounds_kept, n)
        rounds = np.minimum((np.arange(S) + rng.random(S)) * n / S, n - 1).astype(np.int64)
    return Derandomized(events, points, hints, (N, hinting), rounds, delta, seed, based=base is not None)


def error_bound(
    count: int,
    played: int,
    size: tuple[int, int],
    levels: int,
    *,
    rate: float,
    tolerance: float,
    kept: int | None,
    delta: float,
) -> float:
    """The theorem: the largest bias of K events, given n, ``size``, which is N and N_0, and m.

    >>> rest = {"levels": 1000, "tolerance": 1 / 4000, "kept": None, "delta": 0.05}
    >>> [round(error_bound(1000, n, (n, 0), rate=(14 / n) ** 0.5, **rest), 3) for n in (10**4, 10**6)]
    [0.378, 0.043]
    """
    each, (points, hinting) = delta / _FAILURES, size
    logarithm, spread = math.log(count / each), math.log(2 * points / each) / (hinting or points) + 1 / levels**2
    play_error = (logarithm / played + math.log(math.cosh(rate) + tolerance * math.sinh(rate))) / rate
    sampled = 0.0 if kept is None else math.sqrt(2 * logarithm / kept)
    return play_error + math.sqrt(2 * logarithm / played) + math.sqrt(4 * spread * logarithm) + sampled


class _Points:
    """Points as rounds see them: groups, bins of comparators, ends of I, level of the base, outcomes."""

    def __init__(
        self, groups: FloatArray, bins: IntArray, low: IntArray, high: IntArray, start: IntArray, outcomes: FloatArray
    ) -> None:
        self.groups, self.bins, self.low, self.high, self.start = groups, bins, low, high, start
        self.outcomes = outcomes

    @classmethod
    def of(
        cls,
        events: StepEvents,
        table: FloatArray,
        keys: FloatArray,
        hints: dict[bytes, tuple[int, int]],
        outcomes: FloatArray,
        *,
        based: bool,
    ) -> "_Points":
        top = events.columns - 1
        ends = np.tile(np.array([0, top], dtype=np.int64), (len(table), 1))
        if hints:
            ends = np.array([hints.get(key, (0, top)) for key in keys.tolist()], dtype=np.int64).reshape(-1, 2)
        low, high = (np.ascontiguousarray(column) for column in ends.T)
        start = (low + high) // 2
        if based:
            start = np.clip(np.abs(table[:, -1:] - events.levels).argmin(axis=1), low, high)
        h = table[:, events.groups : events.groups + len(events.thresholds)]
        own = np.ascontiguousarray(table[:, : events.groups])
        return cls(own, events.bins(h).astype(np.int16), low, high, start, outcomes)

    def none(self) -> "_Points":
        """No points at all."""
        return _Points(self.groups[:0], self.bins[:0], self.low[:0], self.high[:0], self.start[:0], np.empty(0))


_NONE = np.empty(0, dtype=np.int64)


def _known(groups: FloatArray, comparators: FloatArray, base: FloatArray | None) -> FloatArray:
    """All that is known of each point, to 20 binary digits: models may answer a row alone with another last bit."""
    columns = [groups, comparators] if base is None else [groups, comparators, np.asarray(base)[:, None]]
    return np.asarray(np.round(np.column_stack(columns).astype("<f8") * _DIGITS) / _DIGITS + 0.0)


def _hashed(table: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    """A key of 16 bytes (n,) of each row, and two numbers (n, 2) in [0, 1) that it stands for."""
    key = seed.to_bytes(8, "little")
    digests = b"".join(
        hashlib.blake2b(row.tobytes(), digest_size=16, key=key).digest() for row in np.ascontiguousarray(table)
    )
    drawn = np.frombuffer(digests, dtype="<u8").reshape(-1, 2) >> np.uint64(11)
    return np.frombuffer(digests, dtype="V16"), drawn / 2.0**53


def _hints_of(keys: FloatArray, outcomes: FloatArray, logarithm: float, levels: int) -> dict[bytes, tuple[int, int]]:
    """Lowest and highest level of I(z), by the key of z, where it is not all levels."""
    different, place = np.unique(keys, return_inverse=True)
    counts = np.bincount(place, minlength=len(different))
    means = np.bincount(place, weights=outcomes, minlength=len(different)) / np.maximum(counts, 1)
    radius = np.sqrt(logarithm / (2 * np.maximum(counts, 1)))
    low = np.floor(np.maximum(0.0, means - radius) * levels).astype(np.int64)
    high = np.ceil(np.minimum(1.0, means + radius) * levels).astype(np.int64)
    narrow = np.flatnonzero((low > 0) | (high < levels))
    return {different[i].tobytes(): (int(low[i]), int(high[i])) for i in narrow}
