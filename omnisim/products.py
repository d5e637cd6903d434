"""Sums of products that are rounded alike on every processor.

A linear algebra library adds in an order that suits the processor it finds, and rounds accordingly: the same run would
leave other bytes on another machine. Here the order is fixed, each product is rounded before it is added, and results
do not depend on how many rows are multiplied at once. Whatever a run computes and records goes through this module;
``tests/test_architecture.py`` keeps ``@`` and ``numpy.linalg`` out of the parts that a run is made of.

Every sum is that of eight partial sums: entry i belongs to the partial sum i mod 8, these are added in halves, (((s0 +
s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))), then come the up to seven entries that are left over, one by one.

Eight numbers fill the widest registers there are; narrower ones take the same sums in two or four parts. Measured on
8,000 rows of 24: as fast as the library, whose order is free.
"""

import math
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, read_only
from omnisim.compiled import compiled
from omnisim.errors import ProblemError
from omnisim.threads import in_ranges

_LANES = 8
_BLOCK = 256
"""Columns that are summed at a time: their partial sums stay in the first cache while the rows pass by."""


_SLOPES_OF_AN_ENTRY = 16
"""Products that take about as long as an entry of other loops that threads share."""


def inner(x: ArrayLike, y: ArrayLike) -> float:
    """The sum of the products of two vectors (d,).

    >>> inner([1.0, 2.0, 3.0], [0.5, 0.5, 1.0])
    4.5
    """
    return float(products(np.asarray(x)[None], np.asarray(y)[None])[0, 0])


def times(rows: ArrayLike, vector: ArrayLike) -> FloatArray:
    """The sums of the products of each row of ``rows`` (..., d) with ``vector`` (d,): (...).

    >>> times([[[1.0, 2.0], [0.0, 1.0]]], [0.5, 0.25])
    array([[1.  , 0.25]])
    """
    table = np.asarray(rows)
    flat = table.reshape(math.prod(table.shape[:-1]), table.shape[-1])
    return np.asarray(products(np.asarray(vector)[None], flat)[0].reshape(table.shape[:-1]))


def products(x: ArrayLike, y: ArrayLike) -> FloatArray:
    """The sums of the products of each row of ``x`` (M, d) with each row of ``y`` (N, d): (M, N).

    >>> products([[1.0, 0.0], [1.0, 1.0]], [[2.0, 3.0]])
    array([[2.],
           [5.]])

    Raises
    ------
    ProblemError
        If the lengths of the rows differ: compiled loops would read past the end of an array.
    """
    left, right = read_only(np.asarray(x), np.float64), read_only(np.asarray(y), np.float64)
    if left.shape[1] != right.shape[1]:
        raise ProblemError(f"rows of {left.shape[1]} and of {right.shape[1]} numbers cannot be multiplied")
    found = np.empty((len(left), len(right)))
    _products(left, right, found)
    return found


def affine(slope: FloatArray, offset: FloatArray, point: FloatArray, found: FloatArray | None = None) -> FloatArray:
    """The values slope[n, a] . point + offset[n, a] of agents and actions (N, A), in memory with the agents last.

    There are far more agents than actions: reductions over the latter run along contiguous memory.

    Parameters
    ----------
    slope : (N, A, d)
    offset : (N, A)
    point : (d,)
    found : (A, N), optional
        Where the values are put.

    Examples
    --------
    >>> affine(np.array([[[1.0, 2.0], [0.0, 1.0]]]), np.array([[0.0, 0.5]]), np.array([0.5, 0.25]))
    array([[1.  , 0.75]])

    Raises
    ------
    ProblemError
        If shapes disagree: compiled loops would read past the end of an array.
    """
    values = np.empty(slope.shape[1::-1]) if found is None else found
    if (offset.shape, point.shape, values.shape) != (slope.shape[:2], slope.shape[2:], slope.shape[1::-1]):
        raise ProblemError(f"slopes of shape {slope.shape} do not fit {offset.shape}, {point.shape} and {values.shape}")
    parts = read_only(slope, np.float64), read_only(offset, np.float64), read_only(point, np.float64)
    in_ranges(lambda first, last: _affine(*parts, first, last, values), len(slope), entries(slope))
    return values.T


def entries(slope: FloatArray) -> int:
    """Work on slopes (N, A, d) of agents, in the unit of :func:`~omnisim.threads.in_shares`."""
    return slope.size // _SLOPES_OF_AN_ENTRY


def weighted_sums(weights: ArrayLike, rows: ArrayLike) -> FloatArray:
    """Sums of ``rows`` (K, ...), weighted with each row of ``weights`` (..., K); weights of 0 add nothing.

    >>> weighted_sums([0.25, 0.75], [[0.0, 4.0], [1.0, 0.0]])
    array([0.75, 1.  ])
    >>> weighted_sums([[True, True], [False, True]], [[0.0, 4.0], [1.0, 0.0]])
    array([[1., 4.],
           [1., 0.]])

    Raises
    ------
    ProblemError
        If there are not as many weights as rows.
    """
    each, table = np.asarray(weights), np.asarray(rows)
    flat = read_only(table.reshape(len(table), math.prod(table.shape[1:])), np.float64)
    over = read_only(each.reshape(math.prod(each.shape[:-1]), each.shape[-1]), np.float64)
    if over.shape[1] != len(flat):
        raise ProblemError(f"{over.shape[1]} weights do not fit {len(flat)} rows")
    found = np.zeros((len(over), flat.shape[1]))
    _weighted_sums(over, flat, found)
    return found.reshape(each.shape[:-1] + table.shape[1:])


def _sum_of_lanes(_context: Any, x: Any, y: Any, _size: Any) -> Any:
    """The sum of the products of the first entries, a multiple of 8, of two contiguous vectors."""
    for array in (x, y):
        if not (isinstance(array, types.Array) and array.ndim == 1 and array.layout == "C"):
            raise TypingError(f"dot needs contiguous vectors, got {array}")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        lanes, index = ir.VectorType(ir.DoubleType(), _LANES), ir.IntType(64)
        data = [
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[:2], arguments[:2], strict=True)
        ]
        total = cgutils.alloca_once_value(builder, ir.Constant(lanes, [0.0] * _LANES))
        bounds = (ir.Constant(index, 0), arguments[2], ir.Constant(index, _LANES))
        with cgutils.for_range_slice(builder, *bounds, index) as (first, _):
            left, right = (
                builder.load(builder.bitcast(builder.gep(start, [first]), lanes.as_pointer()), align=8)
                for start in data
            )
            builder.store(builder.fadd(builder.load(total), builder.fmul(left, right)), total)
        sums, count = builder.load(total), _LANES
        while count > 1:
            count //= 2
            half = ir.VectorType(ir.IntType(32), count)
            parts = [
                builder.shuffle_vector(sums, sums, ir.Constant(half, list(range(begin, begin + count))))
                for begin in (0, count)
            ]
            sums = builder.fadd(*parts)
        return builder.extract_element(sums, ir.Constant(ir.IntType(32), 0))

    return types.float64(x, y, types.int64), generate


_lanes: Any = intrinsic(_sum_of_lanes)


@compiled(inline="always")
def dot(x, y):
    """The sum of the products of two contiguous vectors of equal length, for compiled loops."""
    whole = len(x) - len(x) % _LANES
    total = _lanes(x, y, whole)
    for i in range(whole, len(x)):
        total += x[i] * y[i]
    return total


@compiled()
def _products(x, y, found):
    for m in range(len(x)):
        for n in range(len(y)):
            found[m, n] = dot(x[m], y[n])


@compiled()
def _affine(slope, offset, point, first, last, found):
    for n in range(first, last):
        for a in range(slope.shape[1]):
            found[a, n] = dot(slope[n, a], point) + offset[n, a]


@compiled()
def _weighted_sums(weights, rows, found):
    whole = len(rows) - len(rows) % _LANES
    partial = np.zeros((_LANES, min(_BLOCK, rows.shape[1])))
    for first in range(0, rows.shape[1], _BLOCK):
        last = min(first + _BLOCK, rows.shape[1])
        for m in range(len(weights)):
            if whole > 0:
                partial[:] = 0.0
                for k in range(whole):
                    _add(weights[m, k], rows[k, first:last], partial[k % _LANES])
                for i in range(last - first):
                    even = (partial[0, i] + partial[4, i]) + (partial[2, i] + partial[6, i])
                    odd = (partial[1, i] + partial[5, i]) + (partial[3, i] + partial[7, i])
                    found[m, first + i] = even + odd
            for k in range(whole, len(rows)):
                _add(weights[m, k], rows[k, first:last], found[m, first:last])


@compiled(inline="always")
def _add(weight, row, total):
    if weight != 0.0:
        for i in range(len(row)):
            total[i] += weight * row[i]
