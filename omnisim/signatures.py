"""Arguments held to the types that a signature declares: refused in one line each, whoever is called.

Ranges are checked by whoever knows them; types are checked here for all.
"""

import dataclasses
import datetime as dt
import inspect
from collections.abc import Callable, ItemsView, Iterable, KeysView, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache, wraps
from numbers import Rational
from os import PathLike
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from omnisim.errors import OmnisimError
from omnisim.refusing import is_number, is_whole
from omnisim.wording import in_short, with_article

_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned")


def check_types(
    called: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], error: type[OmnisimError]
) -> None:
    """Refuse arguments of another type than the signature says; what it cannot say is let through.

    Raises
    ------
    OmnisimError
        Of class ``error``, naming the parameter, its value and the types that would be right.
    """
    try:
        given = inspect.signature(called).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return  # Python says what is wrong with the call
    check_values(called, given, error)


def check_fields(made: Any, error: type[OmnisimError]) -> None:
    """The same for what a dataclass was made with, from its ``__post_init__``; see :func:`_taken`.

    Examples
    --------
    >>> from omnisim.network import Tree
    >>> Tree(retailers="x")
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: retailers of Tree must be a whole number, got 'x'
    """
    # A subclass that is no dataclass itself may take other things, and make the fields of them.
    declaring = next(each for each in type(made).__mro__ if "__dataclass_fields__" in vars(each))
    given = {each.name: getattr(made, each.name) for each in dataclasses.fields(made) if each.init}
    for name, value in _accepted(declaring, type(made).__name__, given, error).items():
        if value is not given[name]:
            object.__setattr__(made, name, value)


def held_to_types(
    error: type[OmnisimError],
) -> Callable[[Callable[_Given, _Returned]], Callable[_Given, _Returned]]:
    """The same for a function or a method, also one that makes an object, as a decorator; see :func:`_taken`."""

    def decorated(function: Callable[_Given, _Returned]) -> Callable[_Given, _Returned]:
        signature = inspect.signature(function)
        *_, owner, name = ("", *function.__qualname__.split("."))
        what = owner if name == "__init__" else name

        @wraps(function)
        def called(*args: _Given.args, **kwargs: _Given.kwargs) -> _Returned:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:
                return function(*args, **kwargs)  # Python says what is wrong with the call
            bound.arguments.update(_accepted(function, what, bound.arguments, error))
            return function(*bound.args, **bound.kwargs)

        return called

    return decorated


def check_values(called: Callable[..., Any], given: Mapping[str, Any], error: type[OmnisimError]) -> None:
    """The same for some arguments, by the names of their parameters."""
    _check(called, called.__name__, given, error)


def _accepted(
    called: Callable[..., Any], what: str, given: Mapping[str, Any], error: type[OmnisimError]
) -> dict[str, Any]:
    """The arguments as they are taken; see :func:`_taken`."""
    declared = _declared(called)
    found = {name: _taken(value, declared[name][0]) if name in declared else value for name, value in given.items()}
    _check(called, what, found, error)
    return found


def _check(called: Callable[..., Any], what: str, given: Mapping[str, Any], error: type[OmnisimError]) -> None:
    declared = _declared(called)
    for name, value in given.items():
        if name in declared and value is not declared[name][1] and not _fits(value, declared[name][0]):
            place, wrong, form = _deepest(name, value, declared[name][0])
            wanted = " or ".join(dict.fromkeys(_wanted(form)))
            raise error(f"{place} of {what} must be {wanted}, got {in_short(wrong)}")


@lru_cache(maxsize=512)
def _declared(called: Callable[..., Any]) -> dict[str, tuple[Any, Any]]:
    """Types and defaults of the parameters whose types can be checked."""
    function = called.__init__ if isinstance(called, type) else called  # type: ignore[misc]  # of this very class
    try:
        hints = get_type_hints(function, include_extras=True)
    except Exception:  # noqa: BLE001 (names that are for type checkers only: what is written without them is known)
        hints = {
            name: form for name, form in getattr(function, "__annotations__", {}).items() if not isinstance(form, str)
        }
    ours = str(getattr(function, "__module__", "")).partition(".")[0] == __name__.partition(".")[0]
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(called).parameters.values()
    return {
        each.name: (form, each.default)
        for each in parameters
        if each.name in hints and each.kind not in several
        for form in [hints[each.name] if ours else _without_classes(hints[each.name])]
        if _known(form)
    }


def _is_list(value: Any) -> bool:
    return value.ndim > 0 if isinstance(value, np.ndarray) else _is_sequence(value)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _taken(value: Any, form: Any) -> Any:
    """Make a list or a number of what stands for one; else the value.

    A column or the values of a table, and what is read once, become a tuple where a list is wanted; a set does not,
    since its order is another one in each process. A fraction becomes a number of the machine.
    """
    if float in _alternatives(form) and isinstance(value, Rational) and not is_whole(value):
        return float(value)
    if not any(_plain(each) is list for each in _alternatives(form)) or _fits(value, form):
        return value
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping | np.ndarray):
        return value
    if isinstance(value, AbstractSet) and not isinstance(value, KeysView | ItemsView):
        return value
    return tuple(value) if getattr(value, "ndim", 1) == 1 else value  # iteration over a data frame gives its names


def _is_day(value: Any) -> bool:
    """Whether it is a day, or its text, such as 2021-12-31."""
    if isinstance(value, str):
        try:
            value = np.datetime64(value, "D")
        except ValueError:
            return False
    return isinstance(value, dt.date | np.datetime64) and bool(value == value)  # NaT is not itself


_SIMPLE: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    NoneType: ("None", lambda value: value is None),
    bool: ("True or False", lambda value: isinstance(value, bool | np.bool_)),
    int: ("a whole number", is_whole),
    float: ("a number", is_number),
    str: ("a text", lambda value: isinstance(value, str)),
    Path: ("a path", lambda value: isinstance(value, str | PathLike)),
    dict: ("a table", lambda value: isinstance(value, Mapping)),
    Callable: ("a function", callable),
    list: ("a list", _is_list),
    dt.date: ("a date", _is_day),
}
"""Types that are checked: what would be right, and whether a value is."""


def _alternatives(form: Any) -> tuple[Any, ...]:
    """The types of which a value may have one."""
    if hasattr(form, "__value__"):  # an alias by the statement ``type``
        return _alternatives(form.__value__)
    if get_origin(form) is Annotated:
        return _alternatives(get_args(form)[0])
    if get_origin(form) in (Union, UnionType):
        return tuple(each for part in get_args(form) for each in _alternatives(part))
    return (form,)


def _plain(form: Any) -> Any:
    """The key of ``_SIMPLE`` for a type, or what it is but for what is in it."""
    origin = get_origin(form) or form
    if isinstance(origin, list | dict | set):  # no type: whoever wrote it means something else
        return None
    return {Mapping: dict, Sequence: list, tuple: list}.get(origin, origin)


def _without_classes(form: Any) -> Any:
    """Keep of a type that others have written what is plain: their classes may have other things stand for them."""
    return Union[tuple(_plain_outside(each) for each in _alternatives(form))]  # noqa: UP007 (of any number of them)


def _plain_outside(form: Any) -> Any:
    if _plain(form) is Literal:
        return form
    if _plain(form) not in _SIMPLE or _plain(form) in (dt.date, Callable):
        return Any
    within = [part for part in get_args(form) if part is not Ellipsis] if _plain(form) in (list, dict) else []
    return form if all(_without_classes(part) == part for part in within) else _plain(form)


def _known(form: Any) -> bool:
    return all(_plain(each) in _SIMPLE or _plain(each) is Literal or _is_class(each) for each in _alternatives(form))


def _is_class(form: Any) -> bool:
    """Whether it is a class of objects: a protocol, and an abstract one, may have other things stand for them."""
    return (
        isinstance(form, type)
        and form not in (Any, object)
        and not inspect.isabstract(form)
        and not getattr(form, "_is_protocol", False)
    )


def _entries(form: Any) -> Any:
    """The type of each entry of a list, or each value of a table, if it is one that is checked; else None."""
    if _plain(form) not in (list, dict) or not get_args(form):
        return None
    if _length(form) is not None and any(each != get_args(form)[0] for each in get_args(form)):
        return None
    entry = get_args(form)[1 if _plain(form) is dict else 0]
    return None if isinstance(entry, str) or not _known(entry) else entry


def _fits(value: Any, form: Any) -> bool:
    return any(_fits_one(value, each) for each in _alternatives(form))


def _fits_one(value: Any, form: Any) -> bool:
    entry = _entries(form)
    return _fits_outside(value, form) and (entry is None or all(_fits(each, entry) for _, each in _held(value)))


def _fits_outside(value: Any, form: Any) -> bool:
    """Whether it fits but for what is in it, if it is a list or a table."""
    if _plain(form) is Literal:
        return any(_is_like(value, type(one)) for one in get_args(form))
    if _plain(form) not in _SIMPLE:
        return isinstance(value, form)
    if not _SIMPLE[_plain(form)][1](value) or (_length(form) is not None and len(value) != _length(form)):
        return False
    return not _has_names(form) or all(isinstance(name, str) for name in value)


def _is_like(value: Any, kind: type) -> bool:
    return _SIMPLE[kind][1](value) if kind in _SIMPLE else isinstance(value, kind)


def _held(value: Any) -> Iterable[tuple[Any, Any]]:
    """Entries of a list or a table, each with its place."""
    return value.items() if isinstance(value, Mapping) else enumerate(value)


def _deepest(place: str, value: Any, form: Any) -> tuple[str, Any, Any]:
    """Place, value and type of what does not fit: of an entry, where there is one type of list or table."""
    outside = [each for each in _alternatives(form) if _fits_outside(value, each)]
    entry = _entries(outside[0]) if len(outside) == 1 else None
    if entry is None:
        return place, value, form
    key, wrong = next((key, each) for key, each in _held(value) if not _fits(each, entry))
    return _deepest(f"{place}[{key!r}]", wrong, entry)


def _length(form: Any) -> int | None:
    """Number of entries of a tuple that is declared to have so many."""
    return len(get_args(form)) if get_origin(form) is tuple and Ellipsis not in get_args(form) else None


def _has_names(form: Any) -> bool:
    return _plain(form) is dict and get_args(form)[:1] == (str,)


def _wanted(form: Any) -> list[str]:
    return [text for each in _alternatives(form) for text in _wanted_one(each)]


def _wanted_one(form: Any) -> list[str]:
    if _plain(form) is Literal:
        return [repr(each) for each in get_args(form)]
    if _plain(form) not in _SIMPLE:
        return [with_article(form.__name__)]
    entry = _entries(form)
    text = _SIMPLE[_plain(form)][0]
    if _length(form) is not None:
        text += f" of {_length(form)}"
    if _has_names(form):
        text += " with names"
    return [text if entry is None else f"{text} in which each is {' or '.join(dict.fromkeys(_wanted(entry)))}"]
