r"""Bounds from a potential of regrets: external and swap regret of every agent, with constants for a single year.

Let x_ab(p, y) = (u(b, y) - u(a, y)) / s for an agent whose utilities differ by at most s at any outcome, counted where
the agent plays a and b is a candidate, and r_b = E_{p ~ psi} x_{a(p) b}, v_b = E_{p ~ psi} x_{a(p) b}^2. With rates eta
in (0, 1) and c = (-eta - ln(1 - eta)) / eta^2,

    exp(eta r - c eta^2 v) <= 1 + eta r.                                                                     (1)

*Proof.* (z - ln(1 + z)) / z^2 = \int_0^1 s / (1 + z s) ds decreases in z > -1, so that it is at most c for z >= -eta:
exp(z - c z^2) <= 1 + z for z = eta x, \|x\| <= 1. The exponential of a mean is at most the mean of exponentials
(Jensen), and the mean over psi of 1 + eta x is 1 + eta r. |_| (With c = 1 and eta <= 1/2 this is the inequality of
:class:`~omnisim.game.weights.SecondOrderPotential`; c is 0.77 at 1/2 and falls to 1/2.)

**External regret.** For every subsequence S and agent n let Phi^ext = (1 / (m A)) sum over the m rates and A actions b
of exp(eta R_b - c eta^2 V_b), R_b and V_b the sums over S of r_b and v_b. By (1) a round raises it by at most its
weighted gain.

**Swap regret.** For a swap f of actions, gains add up over the actions played: r_f = sum_a r_{a f(a)} with r_ab = E
1[a(p) = a] x_ab, and so do v_f = sum_a v_{a f(a)}; (1) holds for them, as E ranges over all support points, whatever
their actions. So Phi^swap = (1 / m) sum over rates of the mean over all A^A swaps f of exp(eta R_f - c eta^2 V_f) rises
by at most its weighted gain as well, and it factorizes:

    mean over f = prod_a (1 / A) sum_b exp(eta R_ab - c eta^2 V_ab).

A round changes the factors of the actions played only; those of actions never played are 1.

**Bounds.** Let the sum of Phi over the E pairs of a subsequence and an agent be at most E X. Then for every pair

    R_b <= min over eta of (ln(m A E X) + c eta^2 V_b) / eta,
    R_f <= min over eta of (ln(m E X) + P ln A + c eta^2 V_f) / eta,                                          (2)

in units of s, with P the number of actions ever played on S. *Proof.* One summand is at most the whole; and in the
product each factor of a played action is at least 1 / A times the exponential of f(a), the others are 1. |_|

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

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.elementary import log

LARGEST_RATE = 0.9
"""eta of the first rate, for events that hardly ever fire."""

_LOGARITHM = 18.0
"""The smallest rate is the root of this over T: the best for T rounds and a logarithm of 10, about what agents have."""


def regret_rates(rounds: int) -> tuple[FloatArray, FloatArray]:
    """The grid of rates eta (m,) for T rounds, largest first, and their c (m,).

    The smallest is the best one for all T rounds; each is twice the next, until the largest.

    >>> rates, curvatures = regret_rates(365)
    >>> rates.round(3), curvatures.round(3)
    (array([0.9  , 0.444, 0.222]), array([1.732, 0.725, 0.589]))
    """
    found = [math.sqrt(_LOGARITHM / rounds)]
    while found[-1] * 2 < LARGEST_RATE / math.sqrt(2):
        found.append(found[-1] * 2)
    rates = np.array([LARGEST_RATE, *(rate for rate in found[::-1] if rate < LARGEST_RATE / math.sqrt(2))])
    return rates, np.asarray(-(rates + log(1 - rates)) / rates**2)


def regret_bound(squares: FloatArray, logarithm: FloatArray | float, rounds: int) -> FloatArray:
    """The least over the rates of (logarithm + c eta^2 V) / eta, for any shape of V >= 0: formula (2)."""
    rates, curvatures = regret_rates(rounds)
    squares, logarithm = np.broadcast_arrays(np.asarray(squares, dtype=np.float64), logarithm)
    ways = [(logarithm + c * eta**2 * squares) / eta for eta, c in zip(rates, curvatures, strict=True)]
    return np.asarray(np.minimum.reduce(ways))


def external_logarithm(rounds: int, actions: int, pairs: float, spent: float) -> float:
    """ln(m A E X) of an external regret; ``pairs`` is E in units of ``spent``, X."""
    return math.log(len(regret_rates(rounds)[0]) * actions * pairs * spent)


def swap_logarithm(rounds: int, actions: int, pairs: float, spent: float, played: FloatArray | int) -> FloatArray:
    """ln(m E X) + P ln A of a swap regret, with P = ``played`` of the actions ever played."""
    whole = math.log(len(regret_rates(rounds)[0]) * pairs * spent)
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
    ways = [(whole + (math.expm1(rate) - rate) * np.asarray(variance)) / rate for rate in grid]
    return np.asarray(np.where(np.asarray(variance) > 0, np.minimum.reduce(ways), 0.0))
