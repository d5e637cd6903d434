"""Refusals of what is of another type, in one line that names the parameter, the value and what would be right."""

from collections.abc import Collection, Iterable, Mapping
from numbers import Integral, Real
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.errors import OmnisimError
from omnisim.suggest import nearest
from omnisim.wording import in_short

MOST_COUNTED = 2**31 - 1
"""Largest number of things, such as agents or rounds, that arrays are made of."""


def one_of(what: str, value: Any, kind: Any, wanted: str, error: type[OmnisimError]) -> Any:
    """The value, if it is of a type, or of one of several.

    >>> from omnisim.errors import ScenarioError
    >>> one_of("network", 3, dict, "a Network", ScenarioError)
    Traceback (most recent call last):
    ...
    omnisim.errors.ScenarioError: network must be a Network, got 3
    """
    if not isinstance(value, kind):
        what_it_is = f"the class {value.__name__}, not an object" if isinstance(value, type) else in_short(value)
        raise error(f"{what} must be {wanted}, got {what_it_is}")
    return value


def among(what: str, name: Any, known: Collection[str], error: type[OmnisimError]) -> str:
    """The name, if it is one of those that there are.

    >>> from omnisim.errors import TraceError
    >>> among("population of growth", "byers", ["buyers", "plants"], TraceError)
    Traceback (most recent call last):
    ...
    omnisim.errors.TraceError: population of growth is 'byers': did you mean 'buyers'? available: buyers, plants
    """
    if not isinstance(name, str) or name not in known:
        raise error(f"{what} is {in_short(name)}{nearest(str(name), known)}")
    return name


def table(what: str, value: Any, error: type[OmnisimError]) -> Mapping[str, Any]:
    """The value, if it is a mapping from names."""
    found: Mapping[str, Any] = one_of(what, value, Mapping, "a mapping from names", error)
    for name in found:
        one_of(f"a name in {what}", name, str, "a text", error)
    return found


def is_several(value: object) -> bool:
    """Whether it has entries that can be gone through; a text, and an array without axes, count as one thing.

    >>> is_several([1]), is_several(np.ones(2)), is_several(np.array(1)), is_several("ab")
    (True, True, False, False)
    """
    return isinstance(value, Iterable) and not isinstance(value, str | bytes) and getattr(value, "ndim", 1) != 0


def is_whole(value: object) -> bool:
    """Whether it is a whole number; True and False are none.

    >>> is_whole(3), is_whole(np.int8(3)), is_whole(3.0), is_whole(True)
    (True, True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def whole(what: str, value: Any, least: int, most: int | None, error: type[OmnisimError]) -> int:
    """The value, if it is a whole number of a range; ``most`` is None where there is no end.

    An end beyond any machine is told of where it is passed only.

    >>> from omnisim.errors import ProblemError
    >>> whole("agent of agent_name", 7, 0, 4, ProblemError)
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: agent of agent_name must be a whole number from 0 to 4, got 7
    """
    if is_whole(value) and value >= least and (most is None or value <= most):
        return int(value)
    untold = most is None or (most == MOST_COUNTED and not (is_whole(value) and value > most))
    wanted = f">= {least}" if untold else f"from {least} to {most}"
    raise error(f"{what} must be a whole number {wanted}, got {in_short(value)}")


def is_number(value: object) -> bool:
    """Whether it is a real number; True and False are none, and NaN is for ranges to refuse.

    >>> is_number(3), is_number(np.float32(0.5)), is_number(True), is_number("3")
    (True, True, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def path_of(what: str, value: Any, error: type[OmnisimError]) -> Path:
    """The value as a path, if it is one or the text of one.

    >>> from omnisim.errors import TraceError
    >>> path_of("path of load_trace", 3, TraceError)
    Traceback (most recent call last):
    ...
    omnisim.errors.TraceError: path of load_trace must be a path or its text, got 3
    """
    if not isinstance(value, str | PathLike) or not isinstance(fspath(value), str):
        raise error(f"{what} must be a path or its text, got {in_short(value)}")
    return Path(value)
