"""The loops of :class:`~omnisim.game.regret_potential.RegretPotential`, compiled.

Arrays are by subsequence s, agent n, action played a, rate k and other action b, in this order. Agents are independent
of each other, and so are subsequences.

Powers exp(eta R - c eta^2 V) are kept, not the sums R and V: the gains of a round are the same on every subsequence, so
that their exponentials are found once for an agent and multiply its powers on each. T factors, each rounded, leave a
relative error of at most T 2^-51 (1e-11 after 20,000 rounds), which moves a bound by that over eta. No power falls
below ``_SMALLEST``, so that none is ever lost for good: the potential is never less than the theory's. It is more for
an action that reaches that limit, after 300 rounds at the earliest, and comes back from it, which takes 2,000 more:
what counts then is its regret since.
"""

import numpy as np

from omnisim.compiled import compiled
from omnisim.game.exponential import exponential

_BLOCK = 512
"""Numbers worked on at a time."""

_SMALLEST, _LARGEST = 1e-300, 1e150
"""Limits of powers and products: above, the bound on the potential is long lost."""

_RELAXED = {"nsz", "nnan", "contract"}
"""Assumptions that the compiler may make, as in :mod:`omnisim.game.kernels`."""


@compiled()
def weigh_regrets(begin, end, active, own, candidates, scale, rates, external, flat, factors, products, weights):
    """The weight (N, A) of what every other action would earn more than the own one, in place.

    Of agents ``begin`` to ``end`` - 1; ``flat`` are the powers (L, N, A, m A).
    """
    count, actions = len(rates), candidates.shape[1]
    block = max(1, _BLOCK // actions)
    rows, shares = np.empty((block, count, actions)), np.empty((block, count))
    row = rows.reshape(block, count * actions)
    for first in range(begin, end, block):
        last = min(end, first + block)
        for s in active:
            # Rows lie far apart: fetched before anything is done with them, the processor waits for many at once.
            for i in range(last - first):
                n = first + i
                a = own[n]
                for q in range(count * actions):
                    row[i, q] = flat[s, n, a, q]
                for k in range(count):
                    shares[i, k] = rates[k] * products[s, n, k] / (factors[s, n, a, k] * actions * count)
            for i in range(last - first):
                n = first + i
                for b in range(actions):
                    weights[n, b] += external[s, n, b]
                for k in range(count):
                    for b in range(actions):
                        weights[n, b] += shares[i, k] * rows[i, k, b]
        for n in range(first, last):
            for b in range(actions):
                weights[n, b] = weights[n, b] * scale[n] if candidates[n, b] and b != own[n] else 0.0


@compiled()
def learn_regrets(
    begin, end, active, own, shares, candidates, earned, scale, rates, bends, external_powers, external_weights, powers,
    flat, factors, products, potentials, rise,
):  # fmt: skip
    """Multiply the powers of agents ``begin`` to ``end`` - 1 by those of a round, and renew what follows, in place.

    ``bends`` (m,) are c eta^2; ``external_powers`` are (L, m, N A), and ``flat`` are the powers (L, N,
    A, m A). The rise of each agent's potentials is added to
    ``rise`` (N,).
    """
    # Agents are taken in blocks whose numbers stay in the first cache, in loops over a block that can be vectorized.
    actions, count, points = earned.shape[1], len(rates), len(shares)
    block = max(1, _BLOCK // actions)
    gain, mass, weight = np.empty(block * actions), np.empty(block * actions), np.empty(block * actions)
    each, together = np.empty((points, block, count * actions)), np.empty((count, block * actions))
    for first in range(begin, end, block):
        last = min(end, first + block)
        size = (last - first) * actions
        together[:] = 1.0
        for p in range(points):
            for n in range(first, last):
                at, mine = (n - first) * actions, earned[n, own[p, n]]
                for b in range(actions):
                    gain[at + b] = (earned[n, b] - mine) * scale[n] if candidates[n, b] else 0.0
            for k in range(count):
                _exponentials(gain, shares[p], rates[k], bends[k], size, mass)
                for q in range(size):
                    together[k, q] *= mass[q]
                for i in range(last - first):
                    for b in range(actions):
                        each[p, i, k * actions + b] = mass[i * actions + b]
        for s in active:
            mass[:size] = 0.0
            weight[:size] = 0.0
            for k in range(count):
                row = external_powers[s, k, first * actions : last * actions]
                _multiply_external(row, together[k], rates[k], mass, weight)
            for n in range(first, last):
                at, potential = (n - first) * actions, 0.0
                for b in range(actions):
                    external_weights[s, n, b] = weight[at + b] / (count * actions)
                    potential += mass[at + b]
                potential /= count * actions
                rise[n] += potential - potentials[s, n, 0]
                potentials[s, n, 0] = potential
            for p in range(points):
                for n in range(first, last):
                    a, i = own[p, n], n - first
                    for q in range(count * actions):
                        flat[s, n, a, q] = min(_LARGEST, max(_SMALLEST, flat[s, n, a, q] * each[p, i, q]))
                    for k in range(count):
                        factor = 0.0
                        for b in range(actions):
                            factor += powers[s, n, a, k, b]
                        factors[s, n, a, k] = factor / actions
            for n in range(first, last):
                potential = 0.0
                for k in range(count):
                    product = factors[s, n, 0, k]
                    for a in range(1, actions):
                        product *= factors[s, n, a, k]
                    products[s, n, k] = min(_LARGEST, product)
                    potential += products[s, n, k] / count
                rise[n] += potential - potentials[s, n, 1]
                potentials[s, n, 1] = potential


@compiled(fastmath=_RELAXED)
def _exponentials(gain, share, rate, bend, size, found):
    for q in range(size):
        found[q] = exponential(share * (rate - bend * gain[q]) * gain[q])


@compiled(fastmath=_RELAXED)
def _multiply_external(powers, factors, rate, mass, weight):
    for q in range(len(powers)):
        power = min(_LARGEST, max(_SMALLEST, powers[q] * factors[q]))
        powers[q] = power
        mass[q] += power
        weight[q] += rate * power
