"""The two loops that run over all objectives of a round, compiled.

Measured beside numpy on the standard load: 3 to 4 times faster, since numpy passes over the table once per operation.
Both release the interpreter lock; rows are independent, so splitting them over threads changes no result.
"""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numba
import numpy as np

from omnisim.arrays import FloatArray, IntArray

_LARGEST = 1e150
"""Cap of an exponential: its square is finite. Beyond it the bound on the potential is long lost."""

_WORTH_SPLITTING = 1 << 14
"""Entries below which a second thread costs more than it saves."""


def potential_update(
    total: FloatArray,
    squares: FloatArray,
    potential: FloatArray,
    net: FloatArray,
    rows: IntArray,
    gains: FloatArray,
    rates: int,
    two_sided: bool,
) -> float:
    """Add gains to the rows of a table and renew their potential and weights in place; returns the rise in potential.

    For an entry with R = ``total`` and V = ``squares``: potential = (1/m) sum_k exp(eta_k R - eta_k^2 V), weight =
    (1/m) sum_k eta_k exp(eta_k R - eta_k^2 V), eta_k = 2^-k, k = 1..m (``rates``); a two-sided entry adds the same
    for -R to the potential and subtracts it from the weight.

    With q_k = exp(eta_k R - eta_k^2 V) and s_k = exp(-2 eta_k^2 V), the next larger rate has q = q_k^2 s_k and s =
    s_k^4, so three exponentials serve all rates, and nothing overflows while q_k^2 does not.
    """
    rise = np.zeros(len(rows))
    arguments = (total, squares, potential, net, rows, gains, rates, two_sided, rise)
    _split(_potential_update, len(rows), gains.size, arguments)
    return float(rise.sum())


def sum_rows(table: FloatArray, rows: IntArray) -> FloatArray:
    """The sum (columns,) of some rows of a table, repetitions included."""
    return np.asarray(_sum_rows(table, rows))


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _potential_update(  # type: ignore[no-untyped-def]
    begin, end, total, squares, potential, net, rows, gains, rates, two_sided, rise
):
    smallest = 2.0**-rates
    for r in range(begin, end):
        row = rows[r]
        change = 0.0
        for i in range(gains.shape[1]):
            gain = gains[r, i]
            if gain == 0.0:
                continue
            total[row, i] += gain
            squares[row, i] += gain * gain
            x = smallest * total[row, i]
            v = smallest * smallest * squares[row, i]
            up = np.exp(min(x - v, 300.0))
            down = np.exp(min(-x - v, 300.0)) if two_sided else 0.0
            shrink = np.exp(-2.0 * v)
            eta = smallest
            phi = 0.0
            weight = 0.0
            for _ in range(rates):
                phi += up + down
                weight += eta * (up - down)
                up = min(up * up * shrink, _LARGEST)
                down = min(down * down * shrink, _LARGEST)
                shrink *= shrink
                shrink *= shrink
                eta *= 2.0
            phi /= rates
            change += phi - potential[row, i]
            potential[row, i] = phi
            net[row, i] = weight / rates
        rise[r] = change


@numba.njit(nogil=True, cache=True)
def _sum_rows(table, rows):  # type: ignore[no-untyped-def]
    result = np.zeros(table.shape[1])
    for row in rows:
        for i in range(table.shape[1]):
            result[i] += table[row, i]
    return result


def _split(kernel: Callable[..., None], length: int, size: int, arguments: tuple[Any, ...]) -> None:
    workers = _threads()
    if workers == 1 or size < _WORTH_SPLITTING:
        kernel(0, length, *arguments)
        return
    edges = np.linspace(0, length, workers + 1).astype(int)
    spans = itertools.pairwise(edges)
    list(_pool().map(lambda span: kernel(int(span[0]), int(span[1]), *arguments), spans))


@cache
def _threads() -> int:
    # Workers of a parallel comparison are told through this variable not to take more than their share.
    allowed = os.environ.get("OMP_NUM_THREADS", "")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(available, int(allowed))) if allowed.isdigit() else available


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_threads(), thread_name_prefix="omnisim")
