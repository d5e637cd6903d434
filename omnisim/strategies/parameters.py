"""Parameters of strategies: what they were made with, as people read it and as another one is made of it."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from numbers import Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin, get_type_hints

import numpy as np

from omnisim.errors import StrategyError
from omnisim.refusing import is_whole
from omnisim.wording import in_short


class Parametrized:
    """Base of strategies that remember what they were made with.

    Before that, parameters that are declared to be numbers, texts, tables or lists, in the signature of the class, are
    held to it: strategies check ranges, and types are checked here for all of them.

    Raises
    ------
    StrategyError
        If a parameter is of another type than the signature says.

    Examples
    --------
    >>> from omnisim.forecasters import Persistence, RidgeAutoregression
    >>> ridge = RidgeAutoregression(window=28)
    >>> ridge
    RidgeAutoregression(window=28)
    >>> ridge.parameters()["window"], Persistence().parameters()
    (28, {'lag': 1})
    >>> ridge.clone()
    RidgeAutoregression(window=28)
    """

    _made_with: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:  # noqa: D102 (nobody calls it)
        if cls.__init__ is object.__init__ and (args or kwargs):
            raise TypeError(f"{cls.__name__}() takes no arguments")
        check_types(cls, args, kwargs)
        made = super().__new__(cls)
        object.__setattr__(made, "_made_with", (args, kwargs))  # also of a frozen dataclass
        return made

    # What a class without __init__ takes.
    __new__.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter("cls", inspect.Parameter.POSITIONAL_ONLY)]
    )

    # Copies are made with the same; the state of a run, which checkpoints keep, does not hold it.
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return self._made_with

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_made_with"}

    def parameters(self) -> dict[str, Any]:
        """Parameters by name, as given or else their defaults."""
        bound = _bound(self)
        bound.apply_defaults()
        return dict(bound.arguments)

    def clone(self) -> Self:
        """Another one made with the same, which has not been started."""
        args, kwargs = self._made_with
        return type(self)(*args, **kwargs)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={_shown(value)}" for name, value in _bound(self).arguments.items())
        return f"{type(self).__name__}({given})"


def _bound(strategy: Parametrized) -> inspect.BoundArguments:
    args, kwargs = strategy.__getnewargs_ex__()
    return inspect.signature(type(strategy)).bind(*args, **kwargs)


def _shown(value: Any) -> str:
    """The text of a parameter: arrays and long lists by their shape."""
    if isinstance(value, np.ndarray):
        return f"<array {value.shape}>"
    text = repr(value)
    return (
        text if len(text) <= _LONGEST else f"<{type(value).__name__}{f' of {len(value)}' * hasattr(value, '__len__')}>"
    )


_LONGEST = 100
"""Characters of a parameter that are shown."""


@dataclass(frozen=True)
class Written:
    """The form that a parameter takes in a scenario file: ``Annotated[ArrayLike, Written(list[float])]``.

    The name of a kind stands for a list of tables of that kind: ``Annotated[Sequence[Forecaster],
    Written("forecasters")]``.

    Parameters of strategies that are arrays and carry no such note can be given in Python only.
    """

    form: Any


def check_types(cls: type, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Refuse parameters of another type than the signature of a class says; what it cannot say is let through.

    Raises
    ------
    StrategyError
        Naming the parameter, its value and the types that would be right.
    """
    try:
        given = inspect.signature(cls).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return  # Python says what is wrong with the call
    declared = _declared(cls)
    for name, value in given.items():
        if name in declared and value is not declared[name][1] and not _fits(value, declared[name][0]):
            wanted = " or ".join(dict.fromkeys(_wanted(declared[name][0])))
            raise StrategyError(f"{name} of {cls.__name__} must be {wanted}, got {in_short(value)}")


@lru_cache(maxsize=256)
def _declared(cls: type) -> dict[str, tuple[Any, Any]]:
    """Types and defaults of the parameters whose types can be checked."""
    try:
        hints = get_type_hints(cls.__init__, include_extras=True)  # type: ignore[misc]  # of this very class
    except Exception:  # noqa: BLE001 (names of a plug-in that are for type checkers only)
        return {}
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(cls).parameters.values()
    return {
        each.name: (hints[each.name], each.default)
        for each in parameters
        if each.name in hints and each.kind not in several and _known(hints[each.name])
    }


def _is_number(value: Any) -> bool:
    """Whether it is a real number; ranges, which strategies check, refuse NaN."""
    return not isinstance(value, bool | np.bool_) and isinstance(value, Real)


_SIMPLE: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    NoneType: ("None", lambda value: value is None),
    bool: ("True or False", lambda value: isinstance(value, bool | np.bool_)),
    int: ("a whole number", is_whole),
    float: ("a number", _is_number),
    str: ("a text", lambda value: isinstance(value, str)),
    Path: ("a path", lambda value: isinstance(value, str | Path)),
    dict: ("a table", lambda value: isinstance(value, Mapping)),
    list: ("a list", lambda value: isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)),
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
    return {Mapping: dict, Sequence: list, tuple: list}.get(origin, origin)


def _known(form: Any) -> bool:
    return all(_plain(each) in _SIMPLE or _plain(each) is Literal for each in _alternatives(form))


def _entries(form: Any) -> Any:
    """The type of each entry of a list, or each value of a table, if it is one that is checked; else None."""
    if _plain(form) not in (list, dict) or not get_args(form):
        return None
    entry = get_args(form)[1 if _plain(form) is dict else 0]
    if isinstance(entry, str) or not (_known(entry) or dataclasses.is_dataclass(entry)):
        return None
    return entry


def _fits(value: Any, form: Any) -> bool:
    return any(_fits_one(value, each) for each in _alternatives(form))


def _fits_one(value: Any, form: Any) -> bool:
    if _plain(form) is Literal:
        return any(type(value) is type(one) for one in get_args(form))
    if _plain(form) not in _SIMPLE:
        return isinstance(value, form)
    entry = _entries(form)
    if not _SIMPLE[_plain(form)][1](value):
        return False
    held = value.values() if isinstance(value, Mapping) else value
    return entry is None or all(_fits(each, entry) for each in held)


def _wanted(form: Any) -> list[str]:
    return [text for each in _alternatives(form) for text in _wanted_one(each)]


def _wanted_one(form: Any) -> list[str]:
    if _plain(form) is Literal:
        return [repr(each) for each in get_args(form)]
    if _plain(form) not in _SIMPLE:
        return [f"a {form.__name__}"]
    entry = _entries(form)
    text = _SIMPLE[_plain(form)][0]
    return [text if entry is None else f"{text} in which each is {' or '.join(dict.fromkeys(_wanted(entry)))}"]
