"""The two loops that run over all objectives of a round, compiled.

Measured beside numpy on the standard load: 5 to 6 times faster, since numpy passes over the table once per operation.
Both release the interpreter lock; rows are independent, so splitting them over threads changes no result.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.compiled import compiled
from omnisim.game.polynomials import exponential
from omnisim.threads import in_shares

_LARGEST = 1e150
"""Cap of an exponential: its square is finite. Beyond it the bound on the potential is long lost."""

_CHUNK = 256
"""Entries worked on at a time."""

_RELAXED = {"nsz", "nnan", "contract"}
"""Assumptions that the compiler may make: no NaN, -0 is 0, and a product may be added without being rounded first.

The first two let it vectorize comparisons. Sums keep their order.
"""


class PotentialUpdate(NamedTuple):
    """Gains to add to some rows of the tables of a family; see :func:`update_potentials`.

    The gains (G, columns) are repeated over the rows (R,), R a multiple of G: row r gets those of r modulo G. They may
    have fewer columns than the tables: the last ones are then left as they are.
    """

    total: FloatArray
    squares: FloatArray
    potential: FloatArray
    net: FloatArray
    rows: IntArray
    gains: FloatArray
    rates: int
    two_sided: bool


def update_potentials(updates: Sequence[PotentialUpdate]) -> list[float]:
    """Add gains and renew the potentials and weights of their rows in place; the rise in potential of each family.

    For an entry with R = ``total`` and V = ``squares``: potential = (1/m) sum_k exp(eta_k R - eta_k^2 V), weight =
    (1/m) sum_k eta_k exp(eta_k R - eta_k^2 V), eta_k = 2^-k, k = 1..m (``rates``); a two-sided entry adds the same
    for -R to the potential and subtracts it from the weight.

    With q_k = exp(eta_k R - eta_k^2 V) and s_k = exp(-2 eta_k^2 V), the next larger rate has q = q_k^2 s_k and s =
    s_k^4, so three exponentials serve all rates, and nothing overflows while q_k^2 does not.
    """
    rises = [np.zeros(len(update.rows)) for update in updates]

    def work(share: int, workers: int) -> None:
        for update, rise in zip(updates, rises, strict=True):
            rows = len(update.rows)
            _potential_update(rows * share // workers, rows * (share + 1) // workers, *update, rise)

    in_shares(work, sum(u.rows.size * u.gains.shape[1] for u in updates))
    return [float(rise.sum()) for rise in rises]


def sum_rows(table: FloatArray, rows: IntArray) -> FloatArray:
    """The sum (columns,) of some rows of a table, repetitions included."""
    return np.asarray(_sum_rows(table, rows))


@compiled(error_model="numpy", fastmath=_RELAXED)
def _potential_update(begin, end, total, squares, potential, net, rows, gains, rates, two_sided, rise):
    # Rows are taken in chunks that stay in the first cache. Each inner loop touches at most three arrays: with more,
    # the compiler gives up proving that they do not overlap, and does not vectorize.
    columns = gains.shape[1]
    chunk = max(1, _CHUNK // columns)
    size = chunk * columns
    x, v = np.empty(size), np.empty(size)
    up, down, shrink = np.empty(size), np.zeros(size), np.empty(size)
    phi, weight = np.empty(size), np.empty(size)
    smallest = 2.0**-rates
    for first in range(begin, end, chunk):
        count = min(chunk, end - first)
        used = count * columns
        for r in range(count):
            row, place = rows[first + r], r * columns
            same = (first + r) % len(gains)
            for i in range(columns):
                gain = gains[same, i]
                total[row, i] += gain
                squares[row, i] += gain * gain
                x[place + i] = smallest * total[row, i]
                v[place + i] = smallest * smallest * squares[row, i]
        _exponentials(x, v, up, used, 1.0)
        if two_sided:
            _exponentials(x, v, down, used, -1.0)
        _shrinking(v, shrink, used)
        phi[:used] = 0.0
        weight[:used] = 0.0
        eta = smallest
        for _ in range(rates):
            for q in range(used):
                phi[q] += up[q] + down[q]
            _add_difference(up, down, weight, eta, used)
            _next_rate(up, shrink, used)
            if two_sided:
                _next_rate(down, shrink, used)
            for q in range(used):
                square = shrink[q] * shrink[q]
                shrink[q] = square * square
            eta *= 2.0
        for r in range(count):
            row, place = rows[first + r], r * columns
            change = 0.0
            for i in range(columns):
                value = phi[place + i] / rates
                change += value - potential[row, i]
                potential[row, i] = value
                net[row, i] = weight[place + i] / rates
            rise[first + r] = change


@compiled(fastmath=_RELAXED)
def _exponentials(x, v, result, size, sign):
    for q in range(size):
        result[q] = exponential(sign * x[q] - v[q])


@compiled(fastmath=_RELAXED)
def _shrinking(v, result, size):
    for q in range(size):
        result[q] = exponential(-2.0 * v[q])


@compiled(fastmath=_RELAXED)
def _add_difference(up, down, weight, eta, size):
    for q in range(size):
        weight[q] += eta * (up[q] - down[q])


@compiled(fastmath=_RELAXED)
def _next_rate(powers, shrink, size):
    for q in range(size):
        value = powers[q] * powers[q] * shrink[q]
        powers[q] = min(_LARGEST, value)


@compiled()
def _sum_rows(table, rows):
    result = np.zeros(table.shape[1])
    for row in rows:
        for i in range(table.shape[1]):
            result[i] += table[row, i]
    return result
