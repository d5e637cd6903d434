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
def weigh_regrets(
    begin, end, active, own, candidates, scale, rates, curvatures, external_weights, swap, swap_squares, products,
    weights,
):  # fmt: skip
    """The weight (N, A) of what every other action would earn more than the own one, in place.

    Of agents ``begin`` to ``end`` - 1.
    """
    actions, count = candidates.shape[1], len(rates)
    block = max(1, _BLOCK // actions)
    size = block * actions
    gain, square, power = np.empty(size), np.empty(size), np.empty(size)
    for first in range(begin, end, block):
        last = min(end, first + block)
        for s in active:
            _gather(first, last, own, swap[s], swap_squares[s], gain, square)
            for k in range(count):
                _exponentials(gain, square, power, rates[k], curvatures[k], (last - first) * actions)
                _share(first, last, rates[k] / (count * actions), k, products[s], power, weights)
            for n in range(first, last):
                for b in range(actions):
                    weights[n, b] += external_weights[s, n, b]
        for n in range(first, last):
            for b in range(actions):
                weights[n, b] = weights[n, b] * scale[n] if candidates[n, b] and b != own[n] else 0.0


@compiled()
def _gather(first, last, own, total, squares, gain, square):
    """The sums of the own actions of some agents, one after the other."""
    actions = total.shape[1]
    for n in range(first, last):
        a, at = own[n], (n - first) * actions
        for b in range(actions):
            gain[at + b], square[at + b] = total[n, a, b], squares[n, a, b]


@compiled()
def _share(first, last, rate, k, products, power, weights):
    """Add the weights of one rate: the derivative of the product by each of the powers of the own action."""
    actions = weights.shape[1]
    for n in range(first, last):
        at, factor = (n - first) * actions, 0.0
        for b in range(actions):
            factor += power[at + b]
        each = rate * products[n, k] * actions / factor
        for b in range(actions):
            weights[n, b] += each * power[at + b]


@compiled()
def learn_regrets(
    begin, end, active, own, shares, candidates, earned, scale, rates, curvatures, external, external_squares, swap,
    swap_squares, external_weights, factors, products, potentials, rise,
):  # fmt: skip
    """Add the gains of a round to agents ``begin`` to ``end`` - 1, and renew their potentials and weights, in place.

    The rise of each agent's potentials is added to ``rise`` (N,).
    """
    # Agents are taken in blocks whose numbers stay in the first cache, and exponentials in one loop over a block.
    actions = earned.shape[1]
    block = max(1, _BLOCK // actions)
    size = block * actions
    gain, square, power = np.empty(size), np.empty(size), np.empty(size)
    mass, weight = np.empty(size), np.empty(size)
    gains = np.zeros((len(shares), block, actions))
    for first in range(begin, end, block):
        last = min(end, first + block)
        for p in range(len(shares)):
            for n in range(first, last):
                mine = earned[n, own[p, n]]
                for b in range(actions):
                    gains[p, n - first, b] = (earned[n, b] - mine) * scale[n] if candidates[n, b] else 0.0
        for s in active:
            for n in range(first, last):
                for p in range(len(shares)):
                    a = own[p, n]
                    _add(gains[p, n - first], shares[p], external[s, n], external_squares[s, n])
                    _add(gains[p, n - first], shares[p], swap[s, n, a], swap_squares[s, n, a])
            _renew_external(
                first, last, rates, curvatures, external[s], external_squares[s], external_weights[s], potentials[s],
                rise, gain, square, mass, weight,
            )  # fmt: skip
            for p in range(len(shares)):
                _renew_factors(
                    first, last, own[p], rates, curvatures, swap[s], swap_squares[s], factors[s], gain, square, power
                )  # fmt: skip
            _renew_products(first, last, factors[s], products[s], potentials[s], rise)


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


@compiled(fastmath=_RELAXED)
def _accumulate(gain, square, mass, weight, eta, curvature, size):
    bend = curvature * eta * eta
    for q in range(size):
        power = exponential(eta * gain[q] - bend * square[q])
        mass[q] += power
        weight[q] += eta * power


@compiled()
def _renew_external(
    first, last, rates, curvatures, total, squares, weights, potentials, rise, gain, square, mass, weight
):
    actions = total.shape[1]
    size, whole = (last - first) * actions, actions * len(rates)
    for n in range(first, last):
        for b in range(actions):
            at = (n - first) * actions + b
            gain[at], square[at], mass[at], weight[at] = total[n, b], squares[n, b], 0.0, 0.0
    for k in range(len(rates)):
        _accumulate(gain, square, mass, weight, rates[k], curvatures[k], size)
    for n in range(first, last):
        potential = 0.0
        for b in range(actions):
            at = (n - first) * actions + b
            weights[n, b] = weight[at] / whole
            potential += mass[at]
        potential /= whole
        rise[n] += potential - potentials[n, 0]
        potentials[n, 0] = potential


@compiled()
def _renew_factors(first, last, own, rates, curvatures, total, squares, factors, gain, square, power):
    actions = total.shape[1]
    _gather(first, last, own, total, squares, gain, square)
    for k in range(len(rates)):
        _exponentials(gain, square, power, rates[k], curvatures[k], (last - first) * actions)
        for n in range(first, last):
            at, factor = (n - first) * actions, 0.0
            for b in range(actions):
                factor += power[at + b]
            factors[n, own[n], k] = factor / actions


@compiled()
def _renew_products(first, last, factors, products, potentials, rise):
    actions, count = factors.shape[1], factors.shape[2]
    for n in range(first, last):
        whole = 0.0
        for k in range(count):
            product = factors[n, 0, k]
            for a in range(1, actions):
                product *= factors[n, a, k]
            product = min(_LARGEST, product)
            products[n, k] = product
            whole += product / count
        rise[n] += whole - potentials[n, 1]
        potentials[n, 1] = whole
