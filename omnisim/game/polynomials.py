"""exp and ln as polynomials, for loops that the compiler shall vectorize: calls of the system's it cannot.

*exp.* x = n ln 2 + r with |r| <= ln(2) / 2; exp(r) by its Taylor polynomial of degree 12, whose remainder is below
1.7e-16 relative; the factor 2^n by writing n into the exponent bits. Measured relative error: below 4e-16.

*ln.* x = 2^n m with m in [1, 2), read from the bits; ln m = ln(2) / 2 + 2 artanh(s), s = (m - sqrt 2) / (m + sqrt 2),
s between -0.172 and 0.172, by the Taylor polynomial of degree 19, whose remainder is below 1e-17.
"""

from typing import Any

from numba import types
from numba.extending import intrinsic

from omnisim.compiled import compiled

_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 in two parts, the first with trailing zero bits, so that n times it is exact."""
_ROUND = 6755399441055744.0
"""1.5 * 2^52: adding it rounds to an integer, which then stands in the lowest bits."""
_LOWEST, _HIGHEST = -700.0, 300.0
"""Arguments are clipped to this range: below, the result is as good as 0; above, it would be capped later."""
_BIAS, _MANTISSA = 1023, 52
_LN2, _ROOT_TWO = 0.6931471805599453, 1.4142135623730951
_FRACTION_BITS, _ONE_BITS = (1 << 52) - 1, 1023 << 52
_INTEGER_BITS, _INTEGER = 1075 << 52, 4503599627370496.0
"""Bits of 2^52, which with a whole number below 2^52 in the lowest of them are 2^52 and that number."""


def _cast_to_integer(_context: Any, _x: Any) -> Any:
    """The bits of a float as an integer."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


def _cast_to_float(_context: Any, _n: Any) -> Any:
    """The float with these bits."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


_bits: Any = intrinsic(_cast_to_integer)
_from_bits: Any = intrinsic(_cast_to_float)


@compiled(inline="always")
def exponential(x):
    """exp(x), without branches.

    Examples
    --------
    >>> abs(exponential(1.0) / 2.718281828459045 - 1) < 1e-15
    True
    """
    x = min(_HIGHEST, x)
    x = max(_LOWEST, x)
    shifted = x * _LOG2_E + _ROUND
    n = shifted - _ROUND
    r = x - n * _LN2_HIGH
    r = r - n * _LN2_LOW
    p = 1 / 479001600.0
    p = p * r + 1 / 39916800.0
    p = p * r + 1 / 3628800.0
    p = p * r + 1 / 362880.0
    p = p * r + 1 / 40320.0
    p = p * r + 1 / 5040.0
    p = p * r + 1 / 720.0
    p = p * r + 1 / 120.0
    p = p * r + 1 / 24.0
    p = p * r + 1 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return p * _from_bits((_bits(shifted) + _BIAS) << _MANTISSA)


@compiled(inline="always")
def logarithm(x):
    """ln(x) of a normal number > 0, without branches; exact to 4e-16 times max(1, |ln x|).

    Examples
    --------
    >>> abs(logarithm(0.2) + 1.6094379124341003) < 1e-15
    True
    """
    bits = _bits(x)
    n = _from_bits((bits >> _MANTISSA) | _INTEGER_BITS) - (_INTEGER + _BIAS)
    m = _from_bits((bits & _FRACTION_BITS) | _ONE_BITS)
    s = (m - _ROOT_TWO) / (m + _ROOT_TWO)
    z = s * s
    p = 1 / 19.0
    p = p * z + 1 / 17.0
    p = p * z + 1 / 15.0
    p = p * z + 1 / 13.0
    p = p * z + 1 / 11.0
    p = p * z + 1 / 9.0
    p = p * z + 1 / 7.0
    p = p * z + 1 / 5.0
    p = p * z + 1 / 3.0
    p = p * z + 1.0
    return (n + 0.5) * _LN2 + 2.0 * s * p
