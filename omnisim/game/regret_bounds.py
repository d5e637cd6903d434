r"""Bounds from a potential of regrets: external and swap regret of every agent, with constants for a single year.

Let x_ab(p, y) = (u(b, y) - u(a, y)) / s for an agent whose utilities differ by at most s at any outcome, counted where
the agent plays a and b is a candidate; \|x\| <= 1. A round has r_b = E_{p ~ psi} x_{a(p) b} and v_b = E_{p ~ psi}
x_{a(p) b}^2. The potentials are the capital of bets on regret: in a round of gain r the capital of a bet of rate eta in
(0, 1) becomes 1 + eta r times what it was.

**External regret.** For every subsequence S and agent n let Phi^ext = (1 / (m A)) sum over the m rates and A actions b
of prod over S of (1 + eta r_b). A round raises it by its weighted gain, exactly.

**Swap regret.** For a swap f of actions, gains add up over the actions played: r_f = sum_a r_{a f(a)} with r_ab = E
1[a(p) = a] x_ab, and so do v_f = sum_a v_{a f(a)}. Let Phi^swap = (1 / m) sum over rates of the mean over all A^A swaps
f of prod over S and over the support of psi of (1 + eta x_{a(p) f(a(p))})^psi(p). A round raises it by at most its
weighted gain, since a geometric mean is at most the arithmetic one, 1 + eta r_f; with equality where psi is one point.
It factorizes:

    mean over f = prod_a (1 / A) sum_b prod over S and p, a(p) = a, of (1 + eta x_ab)^psi(p).

A round changes the factors of the actions played only; those of actions never played are 1.

**Bounds.** Let the sum of Phi over the pairs of a subsequence and an agent be at most E X. (Where they share a budget K
with others, X is Phi / K of all of them, and E is K over what one pair counts at first.) Then for every pair, with
Lambda = ln(m A E X) for external regret, and ln(m E X) + P ln A for swap regret, P the number of actions ever played
on S,

    R <= min over eta of (Lambda - \|S\| ln(1 - eta^2) / 2) / artanh(eta),                                     (1)
    R <= min over eta of (Lambda + c eta^2 V) / eta,    c = (-eta - ln(1 - eta)) / eta^2,                    (2)

in units of s, with R = R_b or R_f, V = V_b or V_f, the sums over S.

*Proof.* One summand of Phi is at most the whole; and in the product each factor of a played action is at least 1 / A
times the product of f(a), the others are 1. So sum over S of E ln(1 + eta x) <= Lambda (for external regret, whose
summand is ln(1 + eta r), by Jensen). The logarithm is concave: between x = -1 and 1 it is at least its chord, ln(1 +
eta x) >= x artanh(eta) + ln(1 - eta^2) / 2, which gives (1). And (z - ln(1 + z)) / z^2 = \int_0^1 s / (1 + z s) ds
decreases in z > -1, so that it is at most c for z >= -eta: ln(1 + z) >= z - c z^2, which gives (2). |_|

(1) is known before the run. For its best rate it is at most sqrt(2 Lambda \|S\|), as -ln(1 - eta^2) / 2 = ln cosh
artanh(eta) <= artanh(eta)^2 / 2: the constant of Hoeffding's inequality. (2) says more where gains were small: c falls
to 1/2 with eta. (Capital of bets in place of exponentials is Orabona and Pal's, 2016; of tests, Shafer's, 2021.)

Copying the outcome never loses: the best response to y earns at y no less than any candidate. So the engine can keep
the weighted gain of a round below any tolerance > 0 (theory, section 4).

**Quantiles.** For one S, all but a share eps of the N agents (of all populations) have (2) with L X / eps in place
of E X, E = L N: were there more, their summands alone would be more than the whole.

**What was sampled.** Given the outcome, D = E_psi z(a(p)) - z(a) has mean 0, is at most 1 if z is in units of its
range, and has a variance w that psi determines. E exp(lambda D) <= exp(w (exp(lambda) - 1 - lambda)), so that for a
fixed lambda exp(lambda sum D - (exp(lambda) - 1 - lambda) sum w) is a supermartingale (Freedman): with probability >=
1 - delta, for all G rates lambda of a grid at once,

    sum D <= (ln(G / delta) + (exp(lambda) - 1 - lambda) W) / lambda,                                         (3)

W the sum of the w over S. Where every mixture was one point, W = 0 and the sum is 0.
"""

import math
from functools import reduce

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.elementary import log

SMALLEST_RANGE = 1e-12
"""Range of utilities at or below which an agent has nothing to gain.

A rounding error of 2^-54 moves x by that over the range, and with x below -1 / eta nothing would hold. What such an
agent may regret is below what certificates count as rounding.
"""

_LARGEST_RATE, _LOGARITHM = 0.8, 22.5
"""Largest rate, and Lambda for which the smallest is the best in T rounds: between external and swap regret."""


def regret_rates(rounds: int) -> FloatArray:
    """The grid of rates eta (m,) of the potentials for T rounds, largest first.

    >>> regret_rates(365).round(3)
    array([0.8  , 0.351])
    """
    return betting_rates(rounds, _LARGEST_RATE, _LOGARITHM)


def betting_rates(rounds: int, largest: float, logarithm: float) -> FloatArray:
    """A grid of rates eta (m,) in (0, 1) for T rounds, largest first.

    The smallest is the root of 2 Lambda / T, which is the best for T rounds and the logarithm Lambda; each is twice the
    next, but for the largest, which is at least the root of 2 times the second. Where T is small it is the only one.
    """
    found = [largest]
    rate = math.sqrt(2 * logarithm / rounds)
    while rate < largest / math.sqrt(2):
        found.insert(1, rate)
        rate *= 2
    return np.array(found)


def curvatures(rates: FloatArray) -> FloatArray:
    """The constant c of each rate eta in (0, 1): ln(1 + z) >= z - c z^2 for z >= -eta, with equality at -eta."""
    return np.asarray(-(rates + log(1 - rates)) / rates**2)


def worst_regret_bound(sizes: FloatArray, logarithm: FloatArray | float, rates: FloatArray) -> FloatArray:
    """Bound on a sum of ``sizes`` gains in [-1, 1], for any shape: formula (1)."""
    sizes, logarithm = np.broadcast_arrays(np.asarray(sizes, dtype=np.float64), logarithm)
    ways = ((logarithm - sizes * math.log1p(-(eta**2)) / 2) / math.atanh(eta) for eta in rates.tolist())
    return np.asarray(reduce(np.minimum, ways))


def regret_bound(squares: FloatArray, logarithm: FloatArray | float, rates: FloatArray) -> FloatArray:
    """Bound on a sum of gains in [-1, 1], by that of their squares V >= 0, for any shape: formula (2)."""
    squares, logarithm = np.broadcast_arrays(np.asarray(squares, dtype=np.float64), logarithm)
    pairs = zip(rates.tolist(), curvatures(rates).tolist(), strict=True)
    ways = ((logarithm + c * eta**2 * squares) / eta for eta, c in pairs)
    return np.asarray(reduce(np.minimum, ways))


def external_logarithm(rates: FloatArray, actions: int, pairs: float, spent: float) -> float:
    """ln(m A E X) of an external regret; ``pairs`` is E in units of ``spent``, X."""
    return math.log(len(rates) * actions * pairs * spent)


def swap_logarithm(rates: FloatArray, actions: int, pairs: float, spent: float, played: FloatArray | int) -> FloatArray:
    """ln(m E X) + P ln A of a swap regret, with P = ``played`` of the actions ever played."""
    whole = math.log(len(rates) * pairs * spent)
    return np.asarray(whole + np.asarray(played) * math.log(actions))


def sampling_bound(variance: FloatArray, logarithm: float, rounds: int) -> FloatArray:
    """Bound on the shortfall of what was sampled from its expectation, in units of its range: formula (3).

    The grid of lambda is 4, 2, 1, ..., 2^-(ceil(log2(T) / 2) + 1).

    Parameters
    ----------
    variance
        W >= 0, of any shape; where it is 0 nothing was drawn, and the bound is 0.
    logarithm
        ln(1 / delta) of one event.
    rounds
        T.
    """
    grid = 2.0 ** -np.arange(-2, math.ceil(math.log2(rounds) / 2) + 2, dtype=np.float64)
    whole = logarithm + math.log(len(grid))
    variance = np.asarray(variance)
    ways = ((whole + (math.expm1(rate) - rate) * variance) / rate for rate in grid)
    return np.asarray(np.where(variance > 0, reduce(np.minimum, ways), 0.0))
