"""The loops of :class:`~omnisim.game.regret_potential.RegretPotential`, compiled.

Arrays are by subsequence s, agent n, action played a, rate k and other action b, in this order. Agents are independent
of each other, and so are subsequences.
"""

import numpy as np

from omnisim.compiled import compiled
from omnisim.game.exponential import exponential

_LARGEST = 1e150
"""Cap of a product: beyond it the bound on the potential is long lost."""

_BLOCK = 512
"""Numbers worked on at a time."""

_RELAXED = {"nsz", "nnan", "contract"}
"""Assumptions that the compiler may make, as in :mod:`omnisim.game.kernels`."""


@compiled()
def weigh_regrets(active, own, candidates, scale, rates, external, powers, factors, products, weights):
    """The weight (N, A) of what every other action would earn more, for each agent and its own action, in place."""
    count, actions = len(rates), candidates.shape[1]
    for n in range(len(own)):
        a = own[n]
        for s in active:
            for k in range(count):
                share = rates[k] * products[s, n, k] / (factors[s, n, a, k] * actions * count)
                for b in range(actions):
                    weights[n, b] += share * powers[s, n, a, k, b]
            for b in range(actions):
                weights[n, b] += external[s, n, b]
        for b in range(actions):
            weights[n, b] = weights[n, b] * scale[n] if candidates[n, b] and b != a else 0.0


@compiled()
def learn_regrets(
    active, own, shares, candidates, earned, scale, rates, curvatures, external, external_squares, swap, swap_squares,
    external_weights, powers, factors, products, potentials,
):  # fmt: skip
    """Add the gains of a round, renew the potentials and weights of their pairs in place; the rise of the potential."""
    # Agents are taken in blocks whose numbers stay in the first cache, and exponentials in one loop over a block.
    agents, actions = earned.shape
    block = max(1, _BLOCK // actions)
    gain, square, power = np.empty(block * actions), np.empty(block * actions), np.empty(block * actions)
    rise, gains = 0.0, np.zeros((len(shares), agents, actions))
    for p in range(len(shares)):
        for n in range(agents):
            a = own[p, n]
            for b in range(actions):
                if candidates[n, b]:
                    gains[p, n, b] = (earned[n, b] - earned[n, a]) * scale[n]
    for s in active:
        for first in range(0, agents, block):
            last = min(agents, first + block)
            for n in range(first, last):
                for p in range(len(shares)):
                    a = own[p, n]
                    _add(gains[p, n], shares[p], external[s, n], external_squares[s, n])
                    _add(gains[p, n], shares[p], swap[s, n, a], swap_squares[s, n, a])
            rise += _renew_external(
                first, last, rates, curvatures, external[s], external_squares[s], external_weights[s], potentials[s],
                gain, square, power,
            )  # fmt: skip
            for p in range(len(shares)):
                _renew_factors(
                    first, last, own[p], rates, curvatures, swap[s], swap_squares[s], powers[s], factors[s],
                    gain, square, power,
                )  # fmt: skip
            rise += _renew_products(first, last, factors[s], products[s], potentials[s])
    return rise


@compiled(fastmath=_RELAXED)
def _add(gains, share, total, squares):
    for b in range(len(gains)):
        total[b] += share * gains[b]
        squares[b] += share * gains[b] * gains[b]


@compiled(fastmath=_RELAXED)
def _exponentials(gain, square, power, eta, curvature, size):
    bend = curvature * eta * eta
    for q in range(size):
        power[q] = exponential(eta * gain[q] - bend * square[q])


@compiled()
def _renew_external(first, last, rates, curvatures, total, squares, weights, potentials, gain, square, power):
    actions, count, rise = total.shape[1], len(rates), 0.0
    size = (last - first) * actions
    for n in range(first, last):
        for b in range(actions):
            gain[(n - first) * actions + b], square[(n - first) * actions + b] = total[n, b], squares[n, b]
            weights[n, b] = 0.0
        rise -= potentials[n, 0]
        potentials[n, 0] = 0.0
    for k in range(count):
        _exponentials(gain, square, power, rates[k], curvatures[k], size)
        for n in range(first, last):
            for b in range(actions):
                share = power[(n - first) * actions + b] / (count * actions)
                potentials[n, 0] += share
                weights[n, b] += rates[k] * share
    for n in range(first, last):
        rise += potentials[n, 0]
    return rise


@compiled()
def _renew_factors(first, last, own, rates, curvatures, total, squares, powers, factors, gain, square, power):
    actions = total.shape[1]
    for n in range(first, last):
        for b in range(actions):
            at = (n - first) * actions + b
            gain[at], square[at] = total[n, own[n], b], squares[n, own[n], b]
    for k in range(len(rates)):
        _exponentials(gain, square, power, rates[k], curvatures[k], (last - first) * actions)
        for n in range(first, last):
            factor = 0.0
            for b in range(actions):
                powers[n, own[n], k, b] = power[(n - first) * actions + b]
                factor += power[(n - first) * actions + b]
            factors[n, own[n], k] = factor / actions


@compiled()
def _renew_products(first, last, factors, products, potentials):
    actions, count, rise = factors.shape[1], factors.shape[2], 0.0
    for n in range(first, last):
        products[n] = 1.0
        for a in range(actions):
            for k in range(count):
                products[n, k] *= factors[n, a, k]
        whole = 0.0
        for k in range(count):
            products[n, k] = min(_LARGEST, products[n, k])
            whole += products[n, k] / count
        rise += whole - potentials[n, 1]
        potentials[n, 1] = whole
    return rise
