"""Public methods of an object, found in its class, so that a new one is swept by itself."""

import inspect
from collections.abc import Mapping
from typing import Any

import omnisim


def public_methods(owner: Any) -> list[str]:
    """Names of the methods of an object, or of a class, that the package wrote and a user may call."""
    cls = owner if isinstance(owner, type) else type(owner)
    names = [name for name in dir(cls) if not name.startswith("_") or name == "__call__"]
    return [name for name in names if _is_ours(inspect.getattr_static(cls, name))]


def _is_ours(attribute: Any) -> bool:
    function = attribute.__func__ if isinstance(attribute, classmethod | staticmethod) else attribute
    return inspect.isfunction(function) and function.__module__.partition(".")[0] == omnisim.__name__


def arguments(called: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """The right arguments of a function, by the names of the parameters that it cannot do without."""
    needed = inspect.signature(called).parameters.values()
    return {each.name: known[each.name] for each in needed if each.default is each.empty and each.kind not in (2, 4)}
