"""Array types, and the one place where arrays from outside are checked.

Everything omnisim keeps is a read-only, C-contiguous copy: what a caller does to an array afterwards
changes nothing here, and a strategy cannot alter what it is shown.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from omnisim.errors import OmnisimError, ProblemError
from omnisim.wording import in_short

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.int64]
DateArray: TypeAlias = NDArray[np.datetime64]

_Scalar = TypeVar("_Scalar", bound=np.generic)


ROUNDING = 1e-9
"""Largest distance outside a closed range that still counts as rounding error."""


def freeze(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """Return ``array`` itself, made read-only."""
    array.setflags(write=False)
    return array


def freeze_fields(record: Any) -> None:
    """Make the arrays that a dataclass holds read-only."""
    for each in fields(record):
        value = getattr(record, each.name)
        if isinstance(value, np.ndarray):
            freeze(value)


def read_only(array: NDArray[Any], dtype: type[np.generic] | None = None) -> NDArray[Any]:
    """A contiguous view of an array, or copy, that cannot be written to: what compiled loops take.

    They are compiled anew for every type of argument, and to them arrays that can be written to are another type.
    """
    view = np.ascontiguousarray(array, dtype=dtype).view()
    return freeze(view)


def index_type(count: int) -> np.dtype[Any]:
    """Narrowest signed type of the indices from 0 to count - 1, and of -1.

    >>> index_type(8), index_type(128), index_type(129)
    (dtype('int8'), dtype('int8'), dtype('int16'))
    """
    return np.min_scalar_type(-count)


def narrowed(array: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in the narrowest signed type that holds them all; any other array as it is.

    >>> narrowed(np.array([-1, 127])).dtype, narrowed(np.array([128])).dtype, narrowed(np.array([0.5])).dtype
    (dtype('int8'), dtype('int16'), dtype('float64'))
    """
    if array.dtype.kind != "i":
        return array
    # A maximum m needs as much room as -m - 1 does.
    least = min(int(array.min(initial=0)), -int(array.max(initial=0)) - 1)
    return array.astype(np.min_scalar_type(least), copy=False)


def finite(
    name: str,
    value: ArrayLike,
    shape: Sequence[int | str],
    error: type[OmnisimError] = ProblemError,
) -> FloatArray:
    """Copy ``value`` into a read-only float array after checking its shape and that every entry is finite.

    Parameters
    ----------
    name
        What the array is, for the message.
    value
        Anything numpy can read as numbers.
    shape
        One entry per axis: a length, or a letter for an axis of any length.
    error
        The class of the error raised.

    Raises
    ------
    OmnisimError
        Of class ``error``, naming the shape expected and the first entry that is not finite.

    Examples
    --------
    >>> finite("prices", [[1, 2], [3, 4]], ("T", 2)).shape
    (2, 2)
    >>> finite("prices", [[1, float("nan")]], ("T", 2))
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: prices[0, 1] is nan: every entry must be a finite number
    """
    array = np.array(numbers(name, value, error, shape), order="C")
    _check_shape(name, array, shape, error)
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        place = f"{name}[{', '.join(map(str, where))}]" if where else name
        raise error(f"{place} is {array[where]}: every entry must be a finite number")
    return freeze(array)


def numbers(
    name: str, value: ArrayLike, error: type[OmnisimError] = ProblemError, shape: Sequence[int | str] | None = None
) -> FloatArray:
    """The numbers as a float array of whatever shape, not copied if they are one; ``shape`` is for the message only.

    >>> numbers("prices", [[1.0], [2.0, 3.0]])
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: prices must be an array of numbers, got [[1.0], [2.0, 3.0]]: its lists differ in length
    """
    try:
        return real_numbers(value)
    except (TypeError, ValueError) as cause:
        wanted = "an array of numbers" if shape is None else f"an array of numbers of shape {_show(shape)}"
        raise error(f"{name} must be {wanted}, got {in_short(value)}: {cause}") from cause


def as_read(name: str, value: ArrayLike, error: type[OmnisimError] = ProblemError) -> NDArray[Any]:
    """The array that numpy reads, of whatever it holds; lists that differ in length make none."""
    try:
        return _array(value)
    except ValueError as cause:
        raise error(f"{name} must be an array, got {in_short(value)}: {cause}") from cause


def real_numbers(value: ArrayLike) -> FloatArray:
    """The numbers as a float array, not copied if they are one.

    Raises
    ------
    TypeError, ValueError
        If they are none: of complex numbers, dates, texts and what is masked numpy would make some without a word, or
        with a warning.
    """
    if isinstance(value, np.ma.MaskedArray) and value.mask.any():
        raise TypeError("some of its entries are masked")
    array = _array(value)
    if array.dtype.kind not in "fiubO":
        raise TypeError(f"it holds {array.dtype}")
    if array.dtype == np.object_ and any(isinstance(each, complex | np.complexfloating | str) for each in array.flat):
        raise TypeError("it holds complex numbers or texts")
    return np.asarray(array, dtype=np.float64)


def within(
    name: str,
    value: ArrayLike,
    shape: Sequence[int | str],
    low: float,
    high: float,
    error: type[OmnisimError] = ProblemError,
) -> FloatArray:
    """Like :func:`finite`, and refuse entries outside [low, high] by more than rounding (which is clipped).

    >>> within("outcomes", [0.2, 1.7], ("d",), 0, 1)
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: outcomes[1] is 1.7: every entry must lie in [0, 1]
    """
    array = finite(name, value, shape, error)
    if array.size and (array.min() < low or array.max() > high):
        outside = np.argwhere((array < low - ROUNDING) | (array > high + ROUNDING))
        if len(outside):
            where = tuple(int(i) for i in outside[0])
            place = f"{name}[{', '.join(map(str, where))}]" if where else name
            raise error(f"{place} is {array[where]:.12g}: every entry must lie in [{low:g}, {high:g}]")
        array = freeze(np.clip(array, low, high))
    return array


def mask(name: str, value: Any, shape: Sequence[int | str], error: type[OmnisimError] = ProblemError) -> BoolArray:
    """Copy ``value`` into a read-only boolean array of the given shape.

    >>> mask("hot", [True, False], (2,))
    array([ True, False])
    >>> mask("hot", [0.5, 1.0], (2,))
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: hot must be a boolean array of shape (2,), got dtype float64
    """
    if isinstance(value, np.ma.MaskedArray) and value.mask.any():
        raise error(f"{name} must be a boolean array, and some of its entries are masked")
    wanted = f"{name} must be a boolean array of shape {_show(shape)}"
    try:
        array = np.array(_array(value))
    except ValueError as cause:
        raise error(f"{wanted}, got {in_short(value)}: {cause}") from cause
    if array.dtype != np.bool_:
        raise error(f"{wanted}, got {f'dtype {array.dtype}' if array.ndim else in_short(value)}")
    _check_shape(name, array, shape, error)
    return freeze(array)


def in_a_round(
    name: str,
    value: Any,
    shape: tuple[int, ...],
    dtype: type[np.generic] = np.float64,
    error: type[OmnisimError] = ProblemError,
) -> NDArray[Any]:
    """Pass an array that is given in every round as it is, if it has the shape and the type; else check and copy it.

    Types are ``np.float64``, ``np.bool_`` and ``np.int64``.

    >>> in_a_round("actions", [0, 1.5], (2,), np.int64)
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: actions must be whole numbers, got [0, 1.5]
    """
    if isinstance(value, np.ndarray) and value.dtype == dtype and value.shape == shape:
        return value
    if dtype is np.bool_:
        return mask(name, value, shape, error)
    if dtype is np.int64 and as_read(name, value, error).dtype.kind not in "iu":
        raise error(f"{name} must be whole numbers, got {in_short(value)}")
    return finite(name, value, shape, error).astype(dtype, copy=False)


def together(first: tuple[str, ArrayLike], second: tuple[str, ArrayLike]) -> tuple[FloatArray, FloatArray]:
    """Finite numbers of two arrays, each with its name, as numpy broadcasts them together.

    >>> together(("predictions", [0.5, 0.5]), ("outcomes", [1, 0, 1]))
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: there must be as many predictions as outcomes, got (2,) and (3,)
    """
    found = [numbers(name, value) for name, value in (first, second)]
    for (name, _), array in zip((first, second), found, strict=True):
        if not np.isfinite(array).all():
            finite(name, array, array.shape)  # says which one is not
    try:
        one, other = np.broadcast_arrays(*found)
    except ValueError as cause:
        shapes = f"{found[0].shape} and {found[1].shape}"
        raise ProblemError(f"there must be as many {first[0]} as {second[0]}, got {shapes}") from cause
    return one, other


def _array(value: ArrayLike) -> NDArray[Any]:
    """As numpy reads it, with a reason for people where it cannot."""
    try:
        return np.asarray(value)
    except ValueError as cause:
        raise ValueError("its lists differ in length" if isinstance(value, list | tuple) else str(cause)) from cause


def _check_shape(name: str, array: NDArray[Any], shape: Sequence[int | str], error: type[OmnisimError]) -> None:
    fits = array.ndim == len(shape) and all(
        isinstance(want, str) or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise error(f"{name} must have shape {_show(shape)}, got {_show(array.shape)}")


def _show(shape: Sequence[int | str]) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
