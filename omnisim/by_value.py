"""Comparison, hash and text of dataclasses that hold arrays, tables and dictionaries, for which Python has none."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

import numpy as np

from omnisim.wording import in_short, shortened


class ByValue:
    """Base of dataclasses (``eq=False, repr=False``) that are equal where all that they hold is equal.

    Their text is one short line, with what differs from the defaults.

    Examples
    --------
    >>> from dataclasses import dataclass, field
    >>> @dataclass(frozen=True, eq=False, repr=False)
    ... class Law(ByValue):
    ...     weights: np.ndarray
    ...     names: dict[str, str] = field(default_factory=dict)
    >>> one, other = Law(np.ones(3)), Law(np.ones(3))
    >>> one == other, len({one, other}), one == Law(np.zeros(3)), one
    (True, 1, False, Law(weights=<array (3,)>))
    """

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(_same(getattr(self, each.name), getattr(other, each.name)) for each in _compared(self))

    def __hash__(self) -> int:
        return hash((type(self), *(_hash(getattr(self, each.name)) for each in _compared(self))))

    def __repr__(self) -> str:
        shown = [(each, getattr(self, each.name)) for each in fields(self) if each.repr]  # type: ignore[arg-type]
        told = [f"{each.name}={in_short(value)}" for each, value in shown if not _same(value, _default(each))]
        return shortened(f"{type(self).__name__}({', '.join(told)})")


def _compared(record: Any) -> list[Field[Any]]:
    return [each for each in fields(record) if each.compare]


def _default(field: Field[Any]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return type(one) is type(other) and _same_arrays(one, other)
    if isinstance(one, Mapping):
        return (
            isinstance(other, Mapping)
            and one.keys() == other.keys()
            and all(_same(one[key], other[key]) for key in one)
        )
    if isinstance(one, list | tuple):
        return (
            isinstance(other, list | tuple)
            and len(one) == len(other)
            and all(_same(a, b) for a, b in zip(one, other, strict=True))
        )
    if hasattr(one, "equals"):  # a table or a column of one
        return type(one) is type(other) and bool(one.equals(other))
    try:
        return bool(one == other)
    except (TypeError, ValueError):
        return False


def _same_arrays(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype.kind in "fc" and other.dtype.kind in "fc":
        return np.array_equal(one, other, equal_nan=True)
    return np.array_equal(one, other)


def _hash(value: Any) -> int:
    """A hash that is the same for equal values; of arrays and tables by their shapes, so that it costs nothing."""
    if isinstance(value, Mapping):
        return hash(frozenset(value))
    if isinstance(value, list | tuple):
        return hash(tuple(_hash(each) for each in value))
    if isinstance(getattr(value, "shape", None), tuple):
        return hash(value.shape)
    try:
        return hash(value)
    except TypeError:
        return hash(type(value))
