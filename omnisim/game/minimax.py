"""The minimax step: a mixture whose worst-case weighted gain is at most a tolerance (theory, section 4.3).

For fixed weights, a prediction p turns the outcome y into the weighted gain b(p) + h(p) . y. The value of a mixture is
its largest mean over the box, E b + sum_i max(0, (E h)_i), since each coordinate of y is 0 or 1 at the maximum.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.mixture import Mixture
from omnisim.products import inner

Gain: TypeAlias = Callable[[FloatArray], tuple[float, FloatArray]]
"""Function from a prediction p (d,) to (b, h): the weighted gain is b + h . y."""


@dataclass(frozen=True)
class Step:
    """A mixture, its value, and how many predictions were evaluated to find it."""

    mixture: Mixture
    value: float
    evaluations: int


class Minimax(ABC):
    """Finds a mixture of value <= tolerance; a subclass writes ``solve``."""

    @abstractmethod
    def solve(
        self, gain: Gain, candidates: Sequence[Mixture], tolerance: float, warm: Sequence[FloatArray] = ()
    ) -> Step:
        """Return the first candidate of value <= tolerance, or a mixture found from them.

        Parameters
        ----------
        gain
            Of the round.
        candidates
            Mixtures to try first, in this order; at least one.
        tolerance
            >= 0.
        warm
            Predictions (d,) to start from where no candidate will do, such as those that served in the last round.
        """


def worst_case(gain: Gain, mixture: Mixture) -> tuple[float, FloatArray]:
    """The value of a mixture, and the mean slope E h (d,)."""
    intercept, slope = 0.0, np.zeros(mixture.dimension)
    for weight, prediction in zip(mixture.weights, mixture.support, strict=True):
        b, h = gain(prediction)
        intercept += weight * b
        slope += weight * h
    return float(intercept + np.maximum(slope, 0).sum()), slope


def first_good(gain: Gain, candidates: Sequence[Mixture], tolerance: float) -> tuple[Step, bool]:
    """The first candidate within the tolerance, or the best of them."""
    best, evaluations = None, 0
    for mixture in candidates:
        value, _ = worst_case(gain, mixture)
        evaluations += len(mixture.weights)
        if best is None or value < best.value:
            best = Step(mixture, value, evaluations)
        if value <= tolerance:
            return Step(mixture, value, evaluations), True
    if best is None:
        raise StrategyError("the minimax step needs at least one candidate mixture")
    return Step(best.mixture, best.value, evaluations), False


_FIRST_STEP = 2.0**-10
"""First distance from the candidate that the exact step for d = 1 tries: near, so that what a base knows is kept."""


class CuttingPlanes(Minimax):
    """Kelley's cutting planes on the adversary's side, solved by HiGHS with warm starts; exact bisection for d = 1.

    Keeps finitely many predictions p_k and solves max z over y in [0, 1]^d with z <= b(p_k) + h(p_k) . y. The dual
    prices are the mixture, z is its value over the box; while it exceeds the tolerance, p = y is added: a copy of the
    outcome gains nothing against itself, so the cut removes y.

    Parameters
    ----------
    limit
        Most predictions to evaluate in a round; the best mixture so far is played when it is reached, and its value,
        which the run records, is then larger than the tolerance.

    Examples
    --------
    The gain is 1 - 2 p if y = 1 and 2 p - 1 if y = 0 below, and above the middle: the value of the game is 0.

    >>> def gain(p):
    ...     sign = 1.0 if p[0] <= 0.5 else -1.0
    ...     return -sign * p[0], np.array([sign])
    >>> step = CuttingPlanes().solve(gain, [Mixture.point([0.0])], tolerance=0.01)
    >>> print(step.value <= 0.01)
    True
    """

    def __init__(self, limit: int = 2000) -> None:
        if limit < 1:
            raise StrategyError(f"limit of CuttingPlanes must be >= 1, got {limit}")
        self.limit = limit

    def solve(
        self, gain: Gain, candidates: Sequence[Mixture], tolerance: float, warm: Sequence[FloatArray] = ()
    ) -> Step:
        """See :meth:`Minimax.solve`."""
        known = _Known(gain)
        start, good = first_good(known, candidates, tolerance)
        if good:
            return start
        if start.mixture.dimension == 1:
            return _bisect(known, start, tolerance, self.limit)
        return self._cut(known, candidates, start, tolerance, warm)

    def _cut(
        self, known: "_Known", candidates: Sequence[Mixture], start: Step, tolerance: float, warm: Sequence[FloatArray]
    ) -> Step:
        from omnisim.game.master import Master

        master = Master(start.mixture.dimension)
        for mixture in candidates:
            for prediction in mixture.support:
                known(prediction)
        for prediction in warm:
            known(prediction)
        for index in range(known.count):
            master.add(*known.gains[index])
        best, prices = start.value, None
        while known.count < self.limit:
            outcome, found = master.solve()
            value = known.value(found)
            if value < best:
                best, prices = value, found
            if best <= tolerance:
                break
            before = known.count
            cut = known(outcome)
            if known.count == before:
                break  # nothing left to add: the solver is at the end of its precision
            master.add(*cut)
        if prices is None:
            return Step(start.mixture, start.value, known.count)
        return Step(known.mixture(prices), best, known.count)


class _Known:
    """The gains of the predictions evaluated so far in a round, each evaluated once."""

    def __init__(self, gain: Gain) -> None:
        self._gain = gain
        self._index: dict[bytes, int] = {}
        self._support: list[FloatArray] = []
        self.gains: list[tuple[float, FloatArray]] = []

    @property
    def count(self) -> int:
        """Number of predictions evaluated."""
        return len(self.gains)

    def __call__(self, prediction: FloatArray) -> tuple[float, FloatArray]:
        """The gain of a prediction."""
        key = prediction.tobytes()
        if key not in self._index:
            self._index[key] = len(self.gains)
            self._support.append(prediction)
            self.gains.append(self._gain(prediction))
        return self.gains[self._index[key]]

    def value(self, prices: FloatArray) -> float:
        """The value of the mixture of the first len(prices) predictions."""
        played = prices.nonzero()[0]
        intercept = sum(prices[k] * self.gains[k][0] for k in played)
        slope = np.sum([prices[k] * self.gains[k][1] for k in played], axis=0)
        return float(intercept + np.maximum(slope, 0).sum())

    def mixture(self, prices: FloatArray) -> Mixture:
        """Mixture with these probabilities of the evaluated predictions; those of probability 0 are left out."""
        played = prices.nonzero()[0]
        return Mixture(np.stack([self._support[k] for k in played]), prices[played])


def _bisect(gain: _Known, start: Step, tolerance: float, limit: int) -> Step:
    """The exact step for d = 1, as near to the start as there is one.

    Copying the outcome never gains, b(p) + h(p) p <= 0. So from the start go up while h > 0, or down while h <= 0, by
    doubling steps: at the end of the box, play the end; else bisect between the two points where h changed sign and mix
    them so that the mean of h is 0: the value is then at most the mean of -h(p) p, no more than the largest |h| times
    the distance of the two. It ends when that is within the tolerance or the two are neighbouring numbers; at the limit
    with what is best so far.
    """
    inner, step = start.mixture.mean, _FIRST_STEP
    slope_inner = float(gain(inner)[1][0])
    end = np.ones(1) if slope_inner > 0 else np.zeros(1)
    while True:
        if inner[0] == end[0]:
            mixture = Mixture.point(end)
            return Step(mixture, worst_case(gain, mixture)[0], gain.count)
        if gain.count >= limit:
            return replace(start, evaluations=gain.count)
        outer = inner + np.clip(end - inner, -step, step)
        slope_outer = float(gain(outer)[1][0])
        if (slope_outer > 0) != (slope_inner > 0):
            break
        inner, slope_inner, step = outer, slope_outer, 2 * step
    ends = [(inner, slope_inner), (outer, slope_outer)]
    (low, slope_low), (high, slope_high) = ends if slope_inner > 0 else reversed(ends)
    while True:
        weight = slope_high / (slope_high - slope_low)
        mixture = Mixture([low, high], [weight, 1 - weight])
        value, _ = worst_case(gain, mixture)
        middle = (low + high) / 2
        if value <= tolerance or middle[0] in (low[0], high[0]):
            return Step(mixture, value, gain.count)
        if gain.count >= limit:
            return Step(mixture, value, gain.count) if value < start.value else replace(start, evaluations=gain.count)
        slope = float(gain(middle)[1][0])
        if slope > 0:
            low, slope_low = middle, slope
        else:
            high, slope_high = middle, slope


class SimulatedPlay(Minimax):
    """The minimax step of Noarov et al. (Algorithm 1), the reference: no candidates, no tolerance, no solver.

    An adversary runs projected online gradient ascent over the box, the learner copies it, and the uniform mixture of
    the n copies is played. Its value exceeds 0 by at most the adversary's average regret, 3 D G / (2 sqrt(n)) with D =
    sqrt(d) and G the largest norm of a slope (Zinkevich 2003, steps D / (G sqrt(s))).

    Parameters
    ----------
    steps
        n, evaluations per round; None for t^2 in round t (from 1), as in the paper.
    """

    def __init__(self, steps: int | None = None) -> None:
        if steps is not None and steps < 1:
            raise StrategyError(f"steps of SimulatedPlay must be >= 1, got {steps}")
        self.steps = steps
        self._round = 0

    def solve(
        self, gain: Gain, candidates: Sequence[Mixture], tolerance: float, warm: Sequence[FloatArray] = ()
    ) -> Step:
        """See the class; ``candidates`` give the dimension only."""
        self._round += 1
        steps = self.steps or self._round**2
        outcome = np.full(candidates[0].dimension, 0.5)
        visited = np.empty((steps, len(outcome)))
        largest, diameter = 0.0, np.sqrt(len(outcome))
        for s in range(steps):
            visited[s] = outcome
            slope = gain(visited[s])[1]
            largest = max(largest, math.sqrt(inner(slope, slope)))
            if largest > 0:
                outcome = np.clip(outcome + diameter / (largest * np.sqrt(s + 1)) * slope, 0.0, 1.0)
        mixture = Mixture(visited, np.full(steps, 1 / steps))
        return Step(mixture, worst_case(gain, mixture)[0], steps)
