r"""Thresholds of Algorithms 2 and 4: largest rises of a sum of costs by chance.

An action of BE has conditional mean costs <= 0, so V, the sum of its costs over the rounds attributed to it, minus
those means is a martingale whose increments lie in an interval of width 2 and whose sum is at least V. Let
K be the number of sums watched (agents x actions x constraints, times L^2 for Algorithm 4) and delta the probability
with which any of them may cross its threshold by chance.

``"tight"``
    sqrt(2 S ln(K / delta)) for at most S rounds. Azuma-Hoeffding in its maximal form: P(max_t V_t > gamma) <=
    exp(-2 gamma^2 / (4 S)) = delta / K; a union over the K sums.
``"plain"``
    sqrt(8 S ln(K S / delta)): increments bounded by 2 and a union over rounds as well, as in the paper's proof. Valid
    and looser.
``"anytime"``
    sqrt((n + 1) (ln(n + 1) + 2 ln(K / delta))) after n attributed rounds, whatever T and S will be.

    *Proof.* Let M_n be the martingale after n attributed rounds (rounds not attributed add nothing, and whether a
    round is attributed is known before its outcome). By Hoeffding's lemma E[exp(x dM)] <= exp(x^2 2^2 / 8) =
    exp(x^2 / 2), so exp(x M_n - x^2 n / 2) is a supermartingale for every real x, and so is its mean over x ~ N(0, 1),
    which is (n + 1)^(-1/2) exp(M_n^2 / (2 (n + 1))). It starts at 1, so by Ville's inequality it ever reaches
    K / delta with probability at most delta / K. Where M_n >= V_n exceeds the threshold, it has; a union over the K
    sums ends the proof. (The normal mixture is Robbins', 1970.)
``"betting"``
    No number: an action leaves when a bet against it has multiplied its stake by K / delta. The bet puts the shares
    eta_1, ..., eta_m in (0, 1) of its capital, from 1/m each, on costs > 0:

        capital after n attributed costs c_1, ..., c_n = (1 / m) sum over i of prod over s of (1 + eta_i c_s).

    *Proof.* While conditional mean costs are <= 0 each product is a nonnegative supermartingale that starts at 1, and
    so is their mean: by Ville's inequality it ever reaches K / delta with probability at most delta / K, and by a union
    any of the K does with probability at most delta.

    *Whatever the costs are,* an action that has not left has V_n < gamma(Q_n), Q_n the sum of their squares and

        gamma(Q) = min over i of (ln(m K / delta) + k_i eta_i^2 Q) / eta_i,    k = (-eta - ln(1 - eta)) / eta^2,

    since one product alone is no less than exp(eta V - k eta^2 Q). As \|c\| <= 1, it has, before the run,

        V_n < min over i of (ln(m K / delta) - \|S\| ln(1 - eta_i^2) / 2) / artanh(eta_i)

    (both as in :mod:`omnisim.game.regret_bounds`); where costs are small, what follows from the record is far less, and
    so is the number of plays after which an action leaves. (Testing by betting is Shafer's, 2021, and Waudby-Smith and
    Ramdas', 2024.)
"""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.elementary import exp, log
from omnisim.errors import StrategyError
from omnisim.game.regret_bounds import betting_rates, curvatures, worst_regret_bound
from omnisim.problem.guarantees import (
    Benchmark,
    BoundsViolation,
    Guarantee,
    Hypothesis,
    KeepsBenchmark,
    RegretFromBias,
    Scope,
)
from omnisim.strategies.elimination.base import Elimination, OnEmpty

ThresholdName: TypeAlias = Literal["tight", "plain", "anytime", "betting"]
Sharing: TypeAlias = Literal["population", "run"]
_RATES = 0.9, 9.0
"""Largest rate of bets, and the logarithm of K / delta and rates for which the smallest is the best in T rounds."""

Gamma: TypeAlias = float | ThresholdName | None
"""A threshold for every subsequence, or the name of one of this module; None is ``"tight"``."""


class Threshold:
    """gamma as a function of the subsequence and of the number of rounds attributed so far.

    Parameters
    ----------
    gamma
        A number > 0, ``"tight"``, ``"plain"``, ``"anytime"`` or ``"betting"``; None is ``"tight"``.
    delta
        Probability in (0, 1) that an action of BE is ever removed.

    Examples
    --------
    >>> threshold = Threshold("tight", delta=0.05)
    >>> threshold.start(sums=1, sizes=np.array([200]), rounds=365)
    >>> threshold.largest.round(2)
    array([34.62])
    """

    def __init__(self, gamma: Gamma, delta: float) -> None:
        if isinstance(gamma, str):
            if gamma not in get_args(ThresholdName):
                names = ", ".join(map(repr, get_args(ThresholdName)))
                raise StrategyError(f"gamma is {gamma!r}: it must be a number > 0, or one of {names}")
        elif gamma is not None and not gamma > 0:
            raise StrategyError(f"gamma must be > 0, got {gamma}: a threshold <= 0 removes benchmark actions")
        if not 0 < delta < 1:
            raise StrategyError(f"delta must lie in (0, 1), got {delta}: it is a probability of failure")
        self.gamma, self.delta = gamma, delta

    def start(self, sums: int, sizes: FloatArray, rounds: int) -> None:
        """Set K = ``sums``, the lengths S of the subsequences, (L,), and the number T of rounds."""
        self._log = math.log(max(1, sums) / self.delta)
        self.rates = betting_rates(rounds, *_RATES)
        lengths = np.asarray(sizes, dtype=np.float64)
        self._tight = np.sqrt(2 * lengths * self._log)
        self._log_stake = math.log(len(self.rates)) + self._log
        match self.gamma:
            case None | "tight":
                self.largest = self._tight
            case "plain":
                self.largest = np.sqrt(8 * lengths * (self._log + log(np.maximum(lengths, 1))))
            case "anytime":
                self.largest = self._anytime(lengths)
            case "betting":
                self.largest = worst_regret_bound(lengths, self._log_stake, self.rates)
            case number:
                self.largest = np.full(len(lengths), float(number))

    @property
    def betting(self) -> bool:
        """Whether an action leaves by the capital of a bet, not by a sum."""
        return isinstance(self.gamma, str) and self.gamma == "betting"

    @property
    def envelope(self) -> tuple[tuple[float, float], ...]:
        """Lines (value at 0, slope) in Q, of which the least is gamma(Q) of a bet; none of other thresholds."""
        if not self.betting:
            return ()
        bends = curvatures(self.rates).tolist()
        return tuple((self._log_stake / eta, k * eta) for eta, k in zip(self.rates.tolist(), bends, strict=True))

    @property
    def sufficient(self) -> bool:
        """Whether actions of BE are kept with probability 1 - delta."""
        return self.betting or bool((self.largest >= self._tight).all())

    def won(self, log_capital: FloatArray) -> BoolArray:
        """Whether bets have multiplied their stake by K / delta; (..., m) -> (...)."""
        top = log_capital.max(axis=-1, keepdims=True)
        return np.asarray(top[..., 0] + log(exp(log_capital - top).mean(axis=-1)) >= self._log)

    def after(self, attributed: FloatArray, subsequences: IntArray) -> FloatArray:
        """Thresholds for sums of ``attributed`` rounds each, on the given subsequences (broadcast together)."""
        if self.gamma == "anytime":
            return self._anytime(attributed)
        return np.broadcast_to(self.largest[subsequences], np.shape(attributed))

    def _anytime(self, attributed: FloatArray) -> FloatArray:
        return np.asarray(np.sqrt((attributed + 1) * (log(attributed + 1) + 2 * self._log)))


class WatchedSums:
    """Sums of costs at places, such as an action in a candidate set, and whether one has risen too far.

    Parameters
    ----------
    threshold
        How far is too far.
    places, constraints
        Shape of the places, and number of the constraints at each.
    """

    def __init__(self, threshold: Threshold, places: Sequence[int], constraints: int) -> None:
        self._threshold = threshold
        self._plays = np.zeros(tuple(places))
        self.costs = np.zeros((*places, constraints))
        self._log_capital = np.zeros((*self.costs.shape, len(threshold.rates))) if threshold.betting else None

    def add(
        self, where: tuple[IntArray, ...], costs: FloatArray, counted: BoolArray | bool, subsequences: IntArray
    ) -> BoolArray:
        """Add costs (n, J) of actions played at distinct places; whether any sum at each has risen too far (..., n).

        Parameters
        ----------
        where
            Indices of the places, broadcast together to (..., n).
        counted
            Whether it was a play, (n,): rounds that do not concern an agent are none.
        subsequences
            Those whose thresholds hold at the places, broadcast with them.
        """
        self._plays[where] += counted
        self.costs[where] += costs
        if self._log_capital is None:
            worst = self.costs[where].max(axis=-1, initial=-np.inf)
            return np.asarray(worst > self._threshold.after(self._plays[where], subsequences))
        self._log_capital[where] += log(1 + costs[..., None] * self._threshold.rates)
        return np.asarray(self._threshold.won(self._log_capital[where]).any(axis=-1))


class ThresholdElimination(Elimination):
    """Base of rules that compete with BE and remove an action when costs of playing it add up to too much.

    A subclass watches the sums of its places (:meth:`_watch`) in its ``_start``.

    Parameters
    ----------
    gamma
        The threshold, > 0; None or ``"tight"``, ``"plain"``, ``"anytime"``, ``"betting"`` for those of this module.
    delta
        Probability in (0, 1) that a benchmark action is ever removed.
    on_empty
        See :class:`~omnisim.strategies.elimination.base.Elimination`.
    delta_over
        Whose benchmark actions: those of the agents of one ``"population"``, or of all agents of the ``"run"``, as in
        the paper. Then K counts all of them, and a population has its share of delta by their number.

    Raises
    ------
    StrategyError
        If gamma, delta or delta_over is out of range.
    """

    benchmark = Benchmark.EXPECTED
    feedback = "played"

    def __init__(
        self,
        gamma: Gamma = None,
        delta: float = 0.05,
        on_empty: OnEmpty = "fallback",
        delta_over: Sharing = "population",
    ) -> None:
        super().__init__(on_empty)
        if delta_over not in get_args(Sharing):
            raise StrategyError(f"delta_over is {delta_over!r}: it must be 'population' or 'run'")
        self.threshold, self.delta_over = Threshold(gamma, delta), delta_over

    @property
    def _whole(self) -> int:
        """Number of agents of the population."""
        return self.agents if self.whole is None else self.whole

    @property
    def _sharing(self) -> int:
        """Number of agents that share delta."""
        everyone = self._whole if self.everyone is None else self.everyone
        return self._whole if self.delta_over == "population" else everyone

    def _watch(self, *places: int, sizes: FloatArray) -> WatchedSums:
        """Sums of costs at that many places, (..., A, N), each for every constraint; sizes: of the subsequences."""
        constraints = self.violation.shape[2]
        sums = math.prod(places) // self.agents * self._sharing * constraints
        self.threshold.start(sums=sums, sizes=sizes, rounds=self.rounds)
        return WatchedSums(self.threshold, places, constraints)

    def _stated(self, keeps: str, violates: str, scope: Scope, regret: RegretFromBias) -> Sequence[Guarantee]:
        """Guarantees of the theorems for such a rule; none if its thresholds are not those of this module."""
        if type(self.threshold) is not Threshold:
            return ()
        return (
            KeepsBenchmark(
                theorem=keeps,
                benchmark=Benchmark.EXPECTED,
                scope=scope,
                delta=self.threshold.delta * self._whole / self._sharing,
                hypotheses=(Hypothesis.LAW, Hypothesis.ORDER, Hypothesis.BENCHMARK),
                unmet="" if self.threshold.sufficient else "gamma is smaller than the theorem asks for",
            ),
            BoundsViolation(
                theorem=violates,
                scope=scope,
                thresholds=tuple(self.threshold.largest.tolist()),
                envelope=self.threshold.envelope,
                hypotheses=(Hypothesis.CANDIDATES,),
            ),
            regret,
        )
