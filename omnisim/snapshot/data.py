"""Types that count as data, and the parts of an object."""

import dataclasses
import types
from collections import deque
from typing import Any, TypeAlias

import numpy as np

Stored: TypeAlias = tuple[Any, dict[str, np.ndarray]]
"""A state: JSON values, and arrays by name."""

PLAIN = (type(None), bool, int, float, str)
"""Types that JSON has."""

CONTAINERS = (list, tuple, dict, set, frozenset, deque, np.ndarray)
"""Types that a class may be derived from without its attributes being all there is to it."""

CODE = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodWrapperType, types.ModuleType)
"""Types of what is found again and never stored."""

LIBRARIES = {"builtins", "collections", "numpy", "enum", "datetime", "pathlib"}
"""Packages whose types are data."""


def package(cls: type) -> str:
    """The package that a class is of.

    >>> package(Exception)
    'builtins'
    """
    return cls.__module__.partition(".")[0]


def name_of(cls: type) -> str:
    """Module and name of a class, by which it is found again.

    >>> name_of(Exception)
    'builtins:Exception'
    """
    return f"{cls.__module__}:{cls.__qualname__}"


def attributes(value: Any) -> dict[str, Any]:
    """The attributes of an object as it wants them copied, whether in a dictionary or in slots."""
    state = value.__getstate__()
    if isinstance(state, list):  # a frozen dataclass with slots
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    found: dict[str, Any] = {}
    for part in state if isinstance(state, tuple) else (state,):
        found |= part or {}
    return found
