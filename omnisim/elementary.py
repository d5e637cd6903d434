"""Elementary functions of arrays that are rounded alike on every processor: those of the C library, entry by entry.

numpy has versions of its own for wide registers, which differ from the C library's in the last bit of a few per cent of
the entries; where there are none, as on processors without AVX-512, it calls the C library as this module does. Square
roots, sums and products of arrays are the same everywhere, and are left to numpy.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, read_only
from omnisim.compiled import compiled


def exp(x: ArrayLike) -> FloatArray:
    """The exponential.

    >>> exp([0.0, 1.0])
    array([1.        , 2.71828183])
    """
    return _of(_exp, x)


def log(x: ArrayLike) -> FloatArray:
    """The natural logarithm of numbers > 0."""
    return _of(_log, x)


def log1p(x: ArrayLike) -> FloatArray:
    """log(1 + x), accurate for small x > -1."""
    return _of(_log1p, x)


def sinh(x: ArrayLike) -> FloatArray:
    """The hyperbolic sine."""
    return _of(_sinh, x)


def asinh(x: ArrayLike) -> FloatArray:
    """The inverse of the hyperbolic sine."""
    return _of(_asinh, x)


def sin(x: ArrayLike) -> FloatArray:
    """The sine of angles in radians."""
    return _of(_sin, x)


def cos(x: ArrayLike) -> FloatArray:
    """The cosine of angles in radians."""
    return _of(_cos, x)


def _of(entrywise: Any, x: ArrayLike) -> FloatArray:
    given = np.asarray(x, dtype=np.float64)
    found = np.empty(given.shape)
    entrywise(read_only(given.reshape(-1)), found.reshape(-1))
    return found


def _entrywise(function: Any) -> Any:
    @compiled()
    def entrywise(x, found):
        for i in range(len(x)):
            found[i] = function(x[i])

    return entrywise


_exp, _log, _log1p = _entrywise(math.exp), _entrywise(math.log), _entrywise(math.log1p)
_sinh, _asinh, _sin, _cos = _entrywise(math.sinh), _entrywise(math.asinh), _entrywise(math.sin), _entrywise(math.cos)
