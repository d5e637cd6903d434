r"""How far a sum of costs may rise by chance: the thresholds of Algorithms 2 and 4.

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
"""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.elementary import log
from omnisim.errors import StrategyError
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

ThresholdName: TypeAlias = Literal["tight", "plain", "anytime"]
Gamma: TypeAlias = float | ThresholdName | None
"""A threshold for every subsequence, or the name of one of this module; None is ``"tight"``."""


class Threshold:
    """gamma as a function of the subsequence and of the number of rounds attributed so far.

    Parameters
    ----------
    gamma
        A number > 0, ``"tight"``, ``"plain"`` or ``"anytime"``; None is ``"tight"``.
    delta
        Probability in (0, 1) that an action of BE is ever removed.

    Examples
    --------
    >>> threshold = Threshold("tight", delta=0.05)
    >>> threshold.start(sums=1, sizes=np.array([200]))
    >>> threshold.largest.round(2)
    array([34.62])
    """

    def __init__(self, gamma: Gamma, delta: float) -> None:
        if isinstance(gamma, str):
            if gamma not in ("tight", "plain", "anytime"):
                raise StrategyError(f"gamma is {gamma!r}: it must be a number > 0, 'tight', 'plain' or 'anytime'")
        elif gamma is not None and not gamma > 0:
            raise StrategyError(f"gamma must be > 0, got {gamma}: a threshold <= 0 removes benchmark actions")
        if not 0 < delta < 1:
            raise StrategyError(f"delta must lie in (0, 1), got {delta}: it is a probability of failure")
        self.gamma, self.delta = gamma, delta

    def start(self, sums: int, sizes: FloatArray) -> None:
        """Set K = ``sums`` and the lengths S of the subsequences, (L,)."""
        self._log = math.log(max(1, sums) / self.delta)
        lengths = np.asarray(sizes, dtype=np.float64)
        self._tight = np.sqrt(2 * lengths * self._log)
        match self.gamma:
            case None | "tight":
                self.largest = self._tight
            case "plain":
                self.largest = np.sqrt(8 * lengths * (self._log + log(np.maximum(lengths, 1))))
            case "anytime":
                self.largest = self._anytime(lengths)
            case number:
                self.largest = np.full(len(lengths), float(number))

    @property
    def sufficient(self) -> bool:
        """Whether actions of BE are kept with probability 1 - delta."""
        return bool((self.largest >= self._tight).all())

    def after(self, attributed: FloatArray, subsequences: IntArray) -> FloatArray:
        """Thresholds for sums of ``attributed`` rounds each, on the given subsequences (broadcast together)."""
        if self.gamma == "anytime":
            return self._anytime(attributed)
        return np.broadcast_to(self.largest[subsequences], np.shape(attributed))

    def _anytime(self, attributed: FloatArray) -> FloatArray:
        return np.asarray(np.sqrt((attributed + 1) * (log(attributed + 1) + 2 * self._log)))


class ThresholdElimination(Elimination):
    """What the rules share that compete with BE and remove an action when costs of playing it add up to too much.

    A subclass starts ``self.threshold`` in its ``_start``.

    Parameters
    ----------
    gamma
        The threshold, > 0; None or ``"tight"``, ``"plain"``, ``"anytime"`` for those of this module.
    delta
        Probability in (0, 1) that a benchmark action is ever removed.
    on_empty
        See :class:`~omnisim.strategies.elimination.base.Elimination`.

    Raises
    ------
    StrategyError
        If gamma or delta is out of range.
    """

    benchmark = Benchmark.EXPECTED
    feedback = "played"

    def __init__(self, gamma: Gamma = None, delta: float = 0.05, on_empty: OnEmpty = "fallback") -> None:
        super().__init__(on_empty)
        self.threshold = Threshold(gamma, delta)

    def _stated(self, keeps: str, violates: str, scope: Scope, regret: RegretFromBias) -> Sequence[Guarantee]:
        """What the theorems say of such a rule; nothing if its thresholds are not those of this module."""
        if type(self.threshold) is not Threshold:
            return ()
        return (
            KeepsBenchmark(
                theorem=keeps,
                benchmark=Benchmark.EXPECTED,
                scope=scope,
                delta=self.threshold.delta,
                hypotheses=(Hypothesis.LAW, Hypothesis.ORDER, Hypothesis.BENCHMARK),
                unmet="" if self.threshold.sufficient else "gamma is smaller than the theorem asks for",
            ),
            BoundsViolation(
                theorem=violates,
                scope=scope,
                thresholds=tuple(self.threshold.largest.tolist()),
                hypotheses=(Hypothesis.CANDIDATES,),
            ),
            regret,
        )
