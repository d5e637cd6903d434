"""Ridge regression by its normal equations, compiled, and rounded alike on every processor.

(X'X + penalty 1) B = X'Y by Cholesky's factorization X'X + penalty 1 = L L'. Entries of X'X, X'Y and L are sums as in
:func:`omnisim.products.dot`; the substitutions subtract row after row.
"""

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.compiled import compiled
from omnisim.products import dot, products

_ROUNDING = float(np.finfo(np.float64).eps)


def ridge_slopes(rows: FloatArray, targets: FloatArray, penalty: float) -> FloatArray:
    """The coefficients (p, d) that minimize the squared errors plus ``penalty`` times the squared coefficients.

    Parameters
    ----------
    rows : (T, p)
        Regressors X.
    targets : (T, d)
        Y.
    penalty
        > 0. One so small that rounding swallows it acts as if it were of the size of rounding.

    Examples
    --------
    >>> ridge_slopes(np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]]), penalty=5.0)
    array([[1.3]])
    """
    columns = np.ascontiguousarray(rows.T)
    factor = np.zeros((len(columns), len(columns)))
    slopes = np.ascontiguousarray(products(columns, np.ascontiguousarray(targets.T)))
    _factorize(columns, penalty, factor)
    _substitute(factor, slopes)
    return slopes


@compiled()
def _factorize(columns, penalty, factor):
    for i in range(len(columns)):
        for j in range(i + 1):
            factor[i, j] = dot(columns[i], columns[j])
        factor[i, i] += penalty
    for i in range(len(factor)):
        least = len(columns[i]) * _ROUNDING * factor[i, i]
        for j in range(i):
            factor[i, j] = (factor[i, j] - dot(factor[i, :j], factor[j, :j])) / factor[j, j]
        factor[i, i] = np.sqrt(max(factor[i, i] - dot(factor[i, :i], factor[i, :i]), least))


@compiled()
def _substitute(factor, slopes):
    size = len(factor)
    for i in range(size):
        for j in range(i):
            _subtract(slopes, i, factor[i, j], j)
        _divide(slopes, i, factor[i, i])
    for i in range(size - 1, -1, -1):
        for j in range(i + 1, size):
            _subtract(slopes, i, factor[j, i], j)
        _divide(slopes, i, factor[i, i])


@compiled(inline="always")
def _subtract(table, i, times, j):
    for k in range(table.shape[1]):
        table[i, k] -= times * table[j, k]


@compiled(inline="always")
def _divide(table, i, by):
    for k in range(table.shape[1]):
        table[i, k] /= by
