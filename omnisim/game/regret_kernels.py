"""The loops of :class:`~omnisim.game.regret_potential.RegretPotential`, compiled.

Arrays are by subsequence s, agent n, action played a, rate k and other action b, in this order; those of external
regret by s, k, and n and b together. Agents are independent of each other, and so are subsequences.

Powers are products over rounds, of 1 + eta r for external regret, and of (1 + eta x)^psi over the points of a mixture
for swap regret. The gains of a round are the same on every subsequence, so that its factors are found once for an agent
and multiply its powers on each. Factors are rounded, and so are gains, by 2^-52 over the agent's range: over T rounds
that leaves a relative error of about T 2^-50 (1 + 1 / range), 2e-11 after 20,000 rounds for a range of 1, which moves a
bound by that over eta. Of a product over actions played, each factor the mean of its powers, a round changes one
factor: it is multiplied by what that becomes over what it was.

No power falls below ``_SMALLEST``, so that none is ever lost for good: the potential is then more than the theory's,
for an action that comes back from there, which it reaches after 400 rounds at the earliest. None rises above
``_LARGEST``, and a product that has been there stays: what is reported afterwards may be less than the theory's, and
promises nothing, since certificates ask for the largest potential that was ever reported.
"""

import numpy as np

from omnisim.compiled import compiled
from omnisim.game.polynomials import exponential, logarithm

_BLOCK = 512
"""Numbers worked on at a time."""

_SMALLEST, _LARGEST = 1e-300, 1e150
"""Limits of powers and products: above, the bound on the potential is long lost."""

_RELAXED = {"nsz", "nnan", "contract"}
"""Assumptions that the compiler may make, as in :mod:`omnisim.game.kernels`."""


@compiled()
def weigh_regrets(begin, end, active, own, candidates, scale, rates, external, powers, products, weights):
    """The weight (N, A) of what every other action would earn more than the own one, in place.

    Of agents ``begin`` to ``end`` - 1; ``external`` are powers (L, m, N A), and ``powers`` are (L, N, A, m, A).
    """
    count, actions = len(rates), candidates.shape[1]
    weights[begin:end] = 0.0
    flat = weights.reshape(-1)
    for s in active:
        for k in range(count):
            first, last = begin * actions, end * actions
            _add(external[s, k, first:last], rates[k] / (count * actions), flat[first:last])
        _weigh_swaps(begin, end, own, rates, powers[s], products[s], weights)
    for n in range(begin, end):
        for b in range(actions):
            weights[n, b] = weights[n, b] * scale[n] if candidates[n, b] and b != own[n] else 0.0


@compiled()
def learn_regrets(
    begin, end, active, own, shares, candidates, earned, scale, rates, external, powers, products, rise
):  # fmt: skip
    """Multiply the powers of agents ``begin`` to ``end`` - 1 by the factors of a round, in place.

    Shapes are those of :func:`weigh_regrets`. The rise of each agent's potentials is added to ``rise`` (N,).
    """
    # Agents are taken in blocks whose numbers stay in the first cache, in loops over a block that can be vectorized.
    actions, count, points = earned.shape[1], len(rates), len(shares)
    block = max(1, _BLOCK // actions)
    gain, mean, risen = np.empty(block * actions), np.empty(block * actions), np.empty(block * actions)
    factor, together = np.empty(block * actions), np.empty((count, block * actions))
    each = np.empty((points, block, count, actions))
    for first in range(begin, end, block):
        last = min(end, first + block)
        size = (last - first) * actions
        mean[:size] = 0.0
        for p in range(points):
            for n in range(first, last):
                at, mine = (n - first) * actions, earned[n, own[p, n]]
                for b in range(actions):
                    gain[at + b] = (earned[n, b] - mine) * scale[n] if candidates[n, b] else 0.0
            for q in range(size):
                mean[q] += shares[p] * gain[q]
            for k in range(count):
                _factors(gain, rates[k], size, factor)
                if points > 1:
                    _raise(factor, shares[p], size)
                for i in range(last - first):
                    for b in range(actions):
                        each[p, i, k, b] = factor[i * actions + b]
        for k in range(count):
            _factors(mean, rates[k], size, together[k])
        risen[:size] = 0.0
        for s in active:
            for k in range(count):
                _multiply(external[s, k, first * actions : last * actions], together[k], risen)
            for p in range(points):
                _multiply_swaps(first, last, own[p], each[p], powers[s], products[s], rise)
        for i in range(last - first):
            for b in range(actions):
                rise[first + i] += risen[i * actions + b] / (count * actions)


@compiled(fastmath=_RELAXED)
def _weigh_swaps(begin, end, own, rates, powers, products, weights):
    count, actions = len(rates), powers.shape[1]
    for n in range(begin, end):
        a = own[n]
        for k in range(count):
            whole = 0.0
            for b in range(actions):
                whole += powers[n, a, k, b]
            share = rates[k] * products[n, k] / (whole * count)
            for b in range(actions):
                weights[n, b] += share * powers[n, a, k, b]


@compiled(fastmath=_RELAXED)
def _multiply_swaps(first, last, own, factors, powers, products, rise):
    count, actions = products.shape[1], powers.shape[1]
    for n in range(first, last):
        a = own[n]
        for k in range(count):
            before, after, product = 0.0, 0.0, products[n, k]
            for b in range(actions):
                power = powers[n, a, k, b]
                before += power
                power = min(_LARGEST, max(_SMALLEST, power * factors[n - first, k, b]))
                after += power
                powers[n, a, k, b] = power
            if product < _LARGEST:
                products[n, k] = min(_LARGEST, product * (after / before))
            rise[n] += (products[n, k] - product) / count


@compiled(fastmath=_RELAXED)
def _add(powers, share, weight):
    for q in range(len(powers)):
        weight[q] += share * powers[q]


@compiled(fastmath=_RELAXED)
def _factors(gain, rate, size, found):
    for q in range(size):
        found[q] = 1.0 + rate * gain[q]


@compiled(fastmath=_RELAXED)
def _raise(numbers, exponent, size):
    for q in range(size):
        numbers[q] = exponential(exponent * logarithm(numbers[q]))


@compiled(fastmath=_RELAXED)
def _multiply(powers, factors, risen):
    for q in range(len(powers)):
        power = min(_LARGEST, max(_SMALLEST, powers[q] * factors[q]))
        risen[q] += power - powers[q]
        powers[q] = power
