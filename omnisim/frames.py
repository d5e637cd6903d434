"""Tables that are computed once, kept, and handed out as copies: what a reader writes into one changes no other."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, NoReturn, Self, TypeVar, overload

import pandas as pd

_Kept = TypeVar("_Kept")


class handed_out(cached_property[_Kept], Generic[_Kept]):  # noqa: N801 (stands where property does)
    """A cached property of which each reader gets a copy.

    Copies are deep: pandas copies on write, where it does, but not what is written into a column's own array. The
    package itself reads what is kept, with :meth:`kept`, where copies would take long or much memory.

    Examples
    --------
    >>> class Results:
    ...     @handed_out
    ...     def table(self):
    ...         return pd.DataFrame({"money": [1.0, 2.0]})
    >>> results = Results()
    >>> mine = results.table
    >>> mine["money"] = 0.0
    >>> results.table["money"].tolist()
    [1.0, 2.0]
    >>> Results.table.kept(results) is Results.table.kept(results)
    True
    """

    def __init__(self, made: Callable[[Any], _Kept]) -> None:
        super().__init__(made)

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> _Kept: ...
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Self | _Kept:
        return self if instance is None else copied(self.kept(instance))

    # With it what is kept in the instance does not hide the property.
    def __set__(self, instance: object, value: object) -> NoReturn:
        raise AttributeError(f"{self.attrname} of {type(instance).__name__} cannot be set")

    def kept(self, instance: object) -> _Kept:
        """The one that is kept, which must not be changed."""
        found: _Kept = super().__get__(instance)
        return found


def copied(value: _Kept) -> _Kept:
    """A copy of a table, or of tables and texts in dictionaries and lists; arrays and records cannot be written to."""
    made: Any = value
    if isinstance(made, pd.DataFrame):
        made = made.copy()
        # Labels are shared by copies, and before pandas 3 their arrays could be written to.
        made.columns = made.columns.copy(deep=True)
    elif type(made) is dict:
        made = {key: copied(each) for key, each in made.items()}
    elif type(made) is list:
        made = [copied(each) for each in made]
    return made  # type: ignore[no-any-return]
