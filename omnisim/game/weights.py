"""Weight of each objective, given the gains so far (theory, section 4.2)."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce

import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.elementary import exp, log
from omnisim.errors import StrategyError
from omnisim.game.tables import PotentialTables, Table


class Weights(ABC):
    """Weights of all objectives of an engine, family by family.

    A subclass writes ``_start()`` and ``update(gains)``; it keeps ``net``, per family the table of weights that
    :class:`~omnisim.game.objectives.Objectives` reads.
    """

    net: list[FloatArray]

    def start(self, families: Sequence[Table], rounds: int) -> None:
        """Begin with no gains.

        Parameters
        ----------
        families
            Of the objectives.
        rounds
            T, an upper bound on the number of rounds.
        """
        if rounds < 1:
            raise StrategyError(f"the number of rounds must be >= 1, got {rounds}")
        self.families, self.rounds, self.round = list(families), rounds, 0
        sides = [2 if family.two_sided else 1 for family in self.families]
        self.count = sum(f.rows * f.columns * side for f, side in zip(self.families, sides, strict=True))
        self._start()

    @abstractmethod
    def update(self, gains: Sequence[tuple[IntArray, FloatArray]]) -> None:
        """Learn the gains of a round: per family, rows and entries as :meth:`Objectives.gains` returns them."""

    @abstractmethod
    def tolerance(self) -> float:
        """Largest weighted gain of this round, in the scale of the weights, with which the guarantee holds."""

    def join(self, mass: float) -> None:
        """Take a potential of this mass into the budget, where there is one; none by default."""
        if mass:
            raise StrategyError(f"{type(self).__name__} has no budget that another potential could share")

    def rise(self, amount: float) -> None:  # noqa: B027 (nothing to do where nothing can join)
        """A potential in the same budget has risen."""

    def allowance(self) -> float:
        """The largest weighted gain that this round may have; ``tolerance``, where nothing can be spent early."""
        return self.tolerance()

    @abstractmethod
    def _start(self) -> None: ...


class SecondOrderPotential(Weights):
    """A potential of gains and squared gains over a grid of rates (after Squint; Koolen, van Erven 2015).

    With R_e and V_e the sums of the gains of objective e and of their squares, eta_k = 2^-k, k = 1..m, m =
    ceil(log2(T) / 2) + 1:

        Phi = sum_e (1/m) sum_k exp(eta_k R_e - eta_k^2 V_e),
        w_e = (1/m) sum_k eta_k exp(eta_k R_e - eta_k^2 V_e).

    Since exp(x - x^2) <= 1 + x for x >= -1/2, a round of weighted gain g raises Phi by at most g. As long as Phi <= e
    K, every objective has R_e <= 2.1214 sqrt(Lambda V_e) + 4 Lambda with Lambda = 1 + ln(K m), and less by the exact
    grid (:func:`gain_bound`). What is left of that
    budget, spread over the rounds left, is the tolerance: tol_t = (e K - Phi) / (T - t + 1). It is seldom used up,
    since outcomes are seldom the worst; and any gain <= e K - Phi keeps the guarantee. So a round may be allowed more:
    (e K - Phi) / sqrt(T - t + 1), after which something is left for every later round.

    Attributes
    ----------
    tables
        Of its own objectives (:class:`~omnisim.game.tables.PotentialTables`).
    potential
        Phi, measured.
    mass
        K: the number of objectives, and what potentials that joined were at first.
    """

    def _start(self) -> None:
        self.tables = PotentialTables(self.families, self.rounds)
        self.net = self.tables.net
        self.potential = self.mass = float(self.count)

    def join(self, mass: float) -> None:
        """Let a potential that is ``mass`` at first share the budget: Phi and K count it from now on."""
        self.mass += mass
        self.potential += mass

    def rise(self, amount: float) -> None:
        """See :meth:`Weights.rise`."""
        self.potential += amount

    @property
    def spent(self) -> float:
        """Phi / K: 1 at first; the bound holds up to e."""
        return self.potential / self.mass

    @property
    def rates(self) -> int:
        """m, the number of rates of the grid."""
        return self.tables.rates

    @property
    def largest_gain(self) -> float:
        """The largest |R_e|, over the two sides where there are two."""
        return self.tables.largest_gain

    @property
    def largest_squares(self) -> float:
        """The largest V_e."""
        return self.tables.largest_squares

    def tolerance(self) -> float:
        """(e K - Phi) / (rounds left): never negative."""
        return max(0.0, math.e * self.mass - self.potential) / max(1, self.rounds - self.round)

    def allowance(self) -> float:
        """(e K - Phi) / sqrt(rounds left): at least the tolerance, and never all that is left but in the last round."""
        return max(0.0, math.e * self.mass - self.potential) / math.sqrt(max(1, self.rounds - self.round))

    def update(self, gains: Sequence[tuple[IntArray, FloatArray]]) -> None:
        """O(entries of the rows that fired)."""
        for rise in self.tables.update(gains):
            self.potential += rise
        self.round += 1


def gain_bound(squares: FloatArray, count: int, rounds: int, spent: float = math.e) -> FloatArray:
    """The bound on the gains of objectives with sums of squares V while Phi / K <= ``spent``: e, or what was measured.

    One term of the potential is at most all of it, exp(eta R - eta^2 V) <= m Phi, for each rate of the grid. So R is at
    most the least over the rates of Lambda / eta + eta V with Lambda = ln(K m Phi / K), and for any V <= T that is no
    more than 2.1214 sqrt(Lambda V) + 4 Lambda.

    >>> gain_bound(np.array([0.0, 100.0]), count=1000, rounds=1000).round(1)
    array([19.4, 63.8])
    """
    rates = math.ceil(math.log2(rounds) / 2) + 1
    scale = math.log(count * rates * spent)
    ways = (scale / eta + eta * np.asarray(squares) for eta in 2.0 ** -np.arange(1, rates + 1))
    return np.asarray(reduce(np.minimum, ways))


class _Normalized(Weights):
    """Weights that sum to 1 over all objectives; every round costs O(K). For reference and comparison.

    A subclass works on one flat vector: first the positive sides of every family, each followed by its negative sides.
    """

    tolerated = 1e-3

    def _start(self) -> None:
        self._vector = np.full(self.count, 1 / self.count)
        self._begin()
        self._publish()

    def update(self, gains: Sequence[tuple[IntArray, FloatArray]]) -> None:
        """Learn the gains of a round."""
        flat = np.zeros(self.count)
        begin = 0
        for family, (rows, entries) in zip(self.families, gains, strict=True):
            size = family.rows * family.columns
            table = np.zeros((family.rows, family.columns))
            table[rows, : entries.shape[1]] = np.tile(entries, (len(rows) // max(1, len(entries)), 1))
            flat[begin : begin + size] = table.reshape(-1)
            begin += size
            if family.two_sided:
                flat[begin : begin + size] = -table.reshape(-1)
                begin += size
        self._vector = self._learn(flat)
        self.round += 1
        self._publish()

    def tolerance(self) -> float:
        """A fixed fraction of the total weight."""
        return self.tolerated

    def _publish(self) -> None:
        self.net = []
        begin = 0
        for family in self.families:
            size = family.rows * family.columns
            table = self._vector[begin : begin + size].copy()
            begin += size
            if family.two_sided:
                table -= self._vector[begin : begin + size]
                begin += size
            self.net.append(table.reshape(family.rows, family.columns))

    def _begin(self) -> None:
        """Reset the state of the subclass."""

    @abstractmethod
    def _learn(self, gains: FloatArray) -> FloatArray:
        """The next weights (K,), given the gains (K,) of a round."""


class Hedge(_Normalized):
    """w_e proportional to exp(eta R_e).

    With a weighted gain of at most tol in each round,

        R_e <= (ln(K) + T ln(cosh(eta) + tol sinh(eta))) / eta.

    *Proof.* exp is convex, so exp(eta r) <= cosh(eta) + r sinh(eta) for r in [-1, 1]: in a round the sum of the
    exp(eta R_e) grows by at most the factor cosh(eta) + tol sinh(eta), from K; one of them is at most the sum. |_| As
    ln cosh(eta) <= eta^2 / 2, that is about ln(K) / eta + eta T / 2 + T tol.

    Parameters
    ----------
    eta
        Rate in (0, 1]; None for sqrt(ln(K) / T), capped at 1.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> hedge = Hedge(eta=0.5)
    >>> hedge.start([SimpleNamespace(rows=2, columns=1, two_sided=False)], rounds=10)
    >>> hedge.update([(np.array([0]), np.array([[1.0]]))])
    >>> hedge.net[0].round(3)
    array([[0.622],
           [0.378]])
    """

    def __init__(self, eta: float | None = None) -> None:
        if eta is not None and not 0 < eta <= 1:
            raise StrategyError(f"eta of Hedge must lie in (0, 1], got {eta}")
        self.eta = eta

    formula = "(ln K + T ln(cosh eta + tol sinh eta)) / eta"

    def bound(self, tolerance: float) -> float:
        """The largest gain of any objective over the T rounds, if the weighted gain of each is at most that."""
        if self.rate == 0:  # of a single objective, whose weight is 1
            return self.rounds * tolerance
        growth = log(np.array(math.cosh(self.rate) + tolerance * math.sinh(self.rate)))
        return float((math.log(self.count) + self.rounds * growth) / self.rate)

    def _begin(self) -> None:
        self.rate = self.eta if self.eta is not None else min(1.0, math.sqrt(math.log(self.count) / self.rounds))
        self._total = np.zeros(self.count)

    def _learn(self, gains: FloatArray) -> FloatArray:
        self._total += gains
        powers = self.rate * self._total
        weights = exp(powers - powers.max())
        return np.asarray(weights / weights.sum())


class MsMwC(_Normalized):
    """Multi-scale multiplicative weights with correction (Chen, Luo, Wei 2021, Theorem 2), with predictions m_t = 0.

    Losses are l = -gains. With eta_{t,i} = min{ sqrt(ln(K T) / sum_{s<t} l_{s,i}^2), 1/64 } and a_{t,i} = 32 eta_{t,i}
    l_{t,i}^2,

        w_{t+1} = argmin over {w in the simplex, w_i >= 1/(K T)} of <w, l_t + a_t> + D_t(w, w_t),

    where D_t is the Bregman divergence of sum_i w_i ln(w_i) / eta_{t,i}. The minimizer is w_i = max(1/(K T), w_{t,i}
    exp(-eta_{t,i} (l_{t,i} + a_{t,i} + lambda))) with lambda such that they sum to 1.

    With a weighted gain of at most tol in each round, for K >= 2, c = ln(K T) and o = 1 - (K - 1) / (K T),

        R_e o <= 64 (f(o, 1/K) + (K - 1) f(1/(K T), 1/K)) + T / 2 + T tol + (K - 1) / K
                 + (sqrt(c T) - 64 c + T / (128 c)) where T > 64^2 c,          f(a, b) = a ln(a / b) - a + b.

    *Proof.* Lemma 1 of Chen, Luo, Wei says, for every u that step could have taken, sum_t <w_t - u, l_t> <= sum_i
    f(u_i, w_{1,i}) / eta_{1,i} + sum_{t >= 2} sum_i (1/eta_{t,i} - 1/eta_{t-1,i}) f(u_i, w_{t,i}) + 32 sum_{t,i}
    eta_{t,i} u_i l_{t,i}^2. Let u be the floor but o at e. The first sum is the first term, as eta_1 = 1/64 and w_1 =
    1/K. The last is at most T / 2, as eta <= 1/64. In the middle rates are 1/64 until a sum of squares is above 64^2 c,
    so that it is 0 for smaller T; else 1/eta grows to at most sqrt(T / c), by at most 1 / (128 c) in a round (the root
    has at most that slope there), while f(o, w) <= c and f(1/(K T), w) <= w for all weights w, which sum to 1. Last,
    -sum_t <w_t, l_t> <= T tol, and the gains of the others are at least -T each, K - 1 times 1/(K T) of it. |_| It
    says something only after thousands of rounds: the constant 64 is that of the published proof.
    """

    formula = "MsMwC: (64 f(o, 1/K) + ... + T / 2 + T tol) / o"

    def bound(self, tolerance: float) -> float:
        """The largest gain of any objective over the T rounds, if the weighted gain of each is at most that."""
        count, rounds = self.count, self.rounds
        if count == 1:  # its weight is 1
            return rounds * tolerance
        own, scale = 1 - (count - 1) * self.floor, math.log(count * rounds)
        found = _SLOWEST * (_divergence(own, 1 / count) + (count - 1) * _divergence(self.floor, 1 / count))
        found += rounds / 2 + rounds * tolerance + (count - 1) / count
        if rounds > _SLOWEST**2 * scale:
            found += math.sqrt(scale * rounds) - _SLOWEST * scale + rounds / (2 * _SLOWEST * scale)
        return found / own

    def _begin(self) -> None:
        self._squares = np.zeros(self.count)
        self.floor = 1 / (self.count * self.rounds)

    @property
    def rates(self) -> FloatArray:
        """eta_t of every objective, (K,), for the round to come."""
        # An objective without losses has the largest rate, also where ln(K T) = 0.
        ratio = np.full(self.count, np.inf)
        np.divide(math.log(self.count * self.rounds), self._squares, out=ratio, where=self._squares > 0)
        return np.asarray(np.minimum(np.sqrt(ratio), 1 / _SLOWEST))

    def _learn(self, gains: FloatArray) -> FloatArray:
        rates, losses = self.rates, -gains
        corrected = losses + 32 * rates * losses**2
        self._squares += losses**2
        return _project(self._vector, rates, corrected, self.floor)


_SLOWEST = 64
"""One over the largest rate of MsMwC."""


def _divergence(a: float, b: float) -> float:
    """f(a, b) of MsMwC."""
    return a * math.log(a / b) - a + b


def _project(weights: FloatArray, rates: FloatArray, losses: FloatArray, floor: float) -> FloatArray:
    """The minimizer in the docstring of :class:`MsMwC`, by bisection on lambda to the last bit."""

    def at(shift: float) -> FloatArray:
        return np.maximum(floor, weights * exp(-rates * (losses + shift)))

    # The sum decreases in lambda; at these ends every unfloored weight has grown, or shrunk.
    low, high = -float(losses.max()), -float(losses.min())
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if at(middle).sum() > 1:
            low = middle
        else:
            high = middle
    return at(high)
