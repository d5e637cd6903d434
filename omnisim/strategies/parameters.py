"""Parameters of strategies: what they were made with, as people read it and as another one is made of it."""

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from omnisim.errors import NotStartedError, StrategyError
from omnisim.signatures import check_types


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

    _set_on_start: ClassVar[str] = ""
    """Attribute that it has from its start on."""

    if not TYPE_CHECKING:  # which would think that it has any attribute

        def __getattr__(self, name: str) -> Any:
            if not self._set_on_start or self._set_on_start in vars(self) or name.startswith("__"):
                return object.__getattribute__(self, name)  # Python says what it lacks
            raise NotStartedError(f"{type(self).__name__} was not started: it has no {name} before start")

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:  # noqa: D102 (nobody calls it)
        if cls.__init__ is object.__init__ and (args or kwargs):
            raise TypeError(f"{cls.__name__}() takes no arguments")
        check_types(cls, args, kwargs, StrategyError)
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
