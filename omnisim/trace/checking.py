"""Checking the arrays of a record against their description, before anything counts on them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from omnisim.arrays import ROUNDING
from omnisim.errors import TraceError
from omnisim.trace.description import AGENTS, CONSISTENCY, KINDS, LARGEST, RECORD, RULES, RUN, Array, Rule
from omnisim.trace.layout import arrays_of, groups, header_of, prefix_of, symbols_of

if TYPE_CHECKING:
    from omnisim.trace.record import Trace


class Formed(Protocol):
    """Object with a shape and a type: an array, or one that is not read yet."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its numbers."""
        ...


Groups = Sequence[tuple[str, Sequence[Array]]]
Symbols = dict[str, int]

_SLACK = 2 * ROUNDING
"""Largest distance of a number outside its range: a cost is a sum of numbers that were each checked within rounding."""

_AT_LEAST_ONE = frozenset("TdLNAS")
"""Symbols that never stand for 0."""


def check_trace(trace: "Trace") -> None:
    """Check every array of a record by itself, and the rules that counting on it needs.

    Raises
    ------
    TraceError
        Naming the array, the place and what would be right.
    """
    header, arrays = header_of(trace), arrays_of(trace)
    described = groups(header, arrays)
    symbols = check_forms(arrays, described, symbols_of(header))
    check_all_values(arrays, described, symbols)
    _check_rules(RULES, arrays, len(trace.records))
    trace.blocks  # noqa: B018 (refused here where it cannot be read)


def check_consistency(trace: "Trace") -> None:
    """Check that the arrays of a record belong together.

    Raises
    ------
    TraceError
        Naming the array, the place and what would be right.
    """
    _check_rules(CONSISTENCY, arrays_of(trace), len(trace.records))


def check_recorded(arrays: Mapping[str, np.ndarray], known: Mapping[str, int], rounds: int) -> None:
    """Check part of the record of a run of which so many rounds are over.

    Parameters
    ----------
    arrays
        By the names of fields of the run or of a population.
    known
        What symbols stand for.
    rounds
        Of the arrays with rounds in front, those after them are not looked at.

    Raises
    ------
    TraceError
        As :func:`check_trace`.
    """
    described = [field for field in (*RUN, *RECORD) if field.name in arrays]
    symbols = check_forms(arrays, [("", described)], {"": dict(known)})[""]
    for field in described:
        array = arrays[field.name]
        check_values(field.name, array[:rounds] if field.symbols[0] == "T" else array, field, symbols)


def check_forms(arrays: Mapping[str, Formed], described: Groups, known: Mapping[str, Symbols]) -> dict[str, Symbols]:
    """Check names, shapes and types, of arrays that need not have been read.

    Parameters
    ----------
    arrays
        By name.
    described
        Prefix and description of every group.
    known
        By prefix, what symbols stand for; "" holds for all.

    Returns
    -------
    By prefix, what all symbols stand for.

    Raises
    ------
    TraceError
        If an array is missing, is not described, or has another shape or type.
    """
    shared = dict(known.get("", {}))
    symbols: dict[str, Symbols] = {"": shared}
    seen = set()
    for prefix, fields in described:
        if prefix not in symbols:
            # What the run as a whole settles holds for every group; what a group settles holds for itself.
            symbols[prefix] = shared | known.get(prefix, {})
        for field in fields:
            for name in _names(arrays, prefix, field):
                seen.add(name)
                _check_form(name, arrays[name], field, symbols[prefix])
    for name in arrays:
        if name not in seen:
            raise TraceError(f"{name}: no record has such an array")
    return symbols


def check_all_values(arrays: Mapping[str, np.ndarray], described: Groups, symbols: Mapping[str, Symbols]) -> None:
    """Check that every entry of arrays of the right form is in its range.

    Raises
    ------
    TraceError
        As :func:`check_values`.
    """
    for prefix, fields in described:
        for field in fields:
            for name in _names(arrays, prefix, field):
                check_values(name, arrays[name], field, symbols[prefix])


def check_values(name: str, array: np.ndarray, field: Array, symbols: Symbols) -> None:
    """Check that every entry of an array of the right form is in its range.

    Raises
    ------
    TraceError
        Naming the array, the place and the value.
    """
    if not array.size or field.kind == "flag":
        return
    if field.kind == "day":
        _refuse(name, array, np.isnat(array), "every entry must be a day")
        return
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        wrong = ~np.isfinite(array)
        if field.may_be:
            wrong &= ~(np.isnan(array) if field.may_be == "missing" else np.isposinf(array))
        says = "every entry must be a finite number" + (f", or {field.may_be}" if field.may_be else "")
        _refuse(name, array, wrong, says)
    slack = _SLACK if field.kind == "float" else 0
    least = _least(field) - slack
    most = _most(field, symbols) + slack
    if low < least or high > most:
        _refuse(name, array, (array < least) | (array > most), f"every entry must be {_range(field, symbols)}")


def _names(arrays: Mapping[str, Any], prefix: str, field: Array) -> list[str]:
    if field.family:
        return [name for name in arrays if name.startswith(f"{prefix}{field.family}/")]
    name = prefix + field.name
    if name in arrays:
        return [name]
    if not field.optional:
        raise TraceError(f"{name}: is missing")
    return []


def _check_form(name: str, array: Formed, field: Array, symbols: Symbols) -> None:
    letter, kept = KINDS[field.kind]
    if array.dtype.kind != letter or (field.kind == "day" and array.dtype != kept):
        raise TraceError(f"{name}: is an array of {array.dtype}, must be one of {kept}")
    fits = len(array.shape) == len(field.symbols)
    for length, symbol in zip(array.shape, field.symbols, strict=False):
        if symbol == "K":
            fits = fits and length in (1, symbols["L"])
        elif symbol == "T+1":
            fits = fits and length == symbols["T"] + 1
        elif symbol.isdigit():
            fits = fits and length == int(symbol)
        else:
            least = 1 if symbol in _AT_LEAST_ONE else 0
            fits = fits and length == symbols.setdefault(symbol, max(least, length))
    if not fits:
        meant = ", ".join(f"{s} = {symbols[s]}" for s in dict.fromkeys(field.symbols) if s in symbols)
        raise TraceError(
            f"{name}: has shape {_tuple(array.shape)}, must have {_tuple(field.symbols)}"
            + (f" with {meant}" if meant else "")
        )


def _is_bounded(field: Array) -> bool:
    """Whether entries are bounded where the description gives no bound: what may be no number may also be any."""
    return field.kind == "float" and not field.may_be


def _least(field: Array) -> float:
    if field.low is not None:
        return field.low
    return -LARGEST if _is_bounded(field) else -np.inf


def _most(field: Array, symbols: Symbols) -> float:
    if field.below is not None:
        return symbols[field.below] - 1
    if field.high is None:
        return LARGEST if _is_bounded(field) else np.inf
    return symbols[field.high] if isinstance(field.high, str) else field.high


def _range(field: Array, symbols: Symbols) -> str:
    most = _most(field, symbols)
    if most == np.inf:
        return f">= {_least(field):g}"
    if field.kind == "float":
        return f"in [{_least(field):g}, {most:g}]"
    symbol = f" ({field.below} = {symbols[field.below]})" if field.below is not None else ""
    return f"in {field.low:g}..{most:g}{symbol}"


def _check_rules(rules: Iterable[Rule], arrays: Mapping[str, np.ndarray], populations: int) -> None:
    of_population = {field.name for field in (*AGENTS, *RECORD)}
    for rule in rules:
        first = rule.arrays[0]
        for prefix in [prefix_of(index) for index in range(populations)] if first in of_population else [""]:
            own = [prefix + name if prefix + name in arrays else name for name in rule.arrays]
            if own[0] in arrays:
                wrong = rule.wrong(*(arrays.get(name) for name in own))
                if wrong is not None:
                    _refuse(own[0], arrays[own[0]], np.asarray(wrong), rule.says)


def _refuse(name: str, array: np.ndarray, wrong: np.ndarray, says: str) -> None:
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        value = f" is {array[where]}" if len(where) == array.ndim else ""
        place = f"[{', '.join(map(str, where))}]" if where else ""
        raise TraceError(f"{name}{place}{value}: {says}")


def _tuple(parts: Sequence[object]) -> str:
    return f"({', '.join(map(str, parts))}{',' * (len(parts) == 1)})"
