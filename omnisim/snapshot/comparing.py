"""Check that a state fits the objects that it is restored into: their arrays keep type and shape all through a run."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from omnisim.errors import TraceError
from omnisim.snapshot.data import LIBRARIES, PLAIN, attributes, name_of, package

_OURS = "omnisim"
"""Package whose classes do so; those of others may grow their arrays."""


class Comparing:
    """One walk through fresh objects and the nodes of their state, side by side.

    Parameters
    ----------
    nodes
        Of the state.
    """

    def __init__(self, nodes: list[Any]) -> None:
        self._nodes = nodes
        self._seen: set[int] = set()

    def compare(self, numbers: Mapping[str, int], roots: Mapping[str, object]) -> None:
        """Compare the roots with the nodes of these numbers.

        Raises
        ------
        TraceError
            Naming an array of another type or shape.
        """
        for name, number in numbers.items():
            self._visit(name, roots[name], {"is": number}, strict=True)

    def _visit(self, where: str, fresh: Any, stored: Any, *, strict: bool) -> None:
        if isinstance(fresh, PLAIN) or id(fresh) in self._seen:
            return
        self._seen.add(id(fresh))
        node = self._nodes[stored["is"]] if isinstance(stored, dict) else {}
        if type(fresh) is np.ndarray:
            if strict:
                _check_array(where, fresh, node)
        elif type(fresh) is dict and "dict" in node:
            items = {key: item for key, item in node["dict"] if not isinstance(key, dict)}
            for key, value in fresh.items():
                if isinstance(key, PLAIN) and key in items:
                    self._visit(f"{where}[{key!r}]", value, items[key], strict=strict)
        elif type(fresh) in (list, tuple) and len(node.get(type(fresh).__name__, ())) == len(fresh):
            for i, (value, item) in enumerate(zip(fresh, node[type(fresh).__name__], strict=True)):
                self._visit(f"{where}[{i}]", value, item, strict=strict)
        elif package(type(fresh)) not in LIBRARIES and node.get("object") == name_of(type(fresh)):
            ours = package(type(fresh)) == _OURS
            for name, value in attributes(fresh).items():
                if name in node["attributes"]:
                    self._visit(f"{where}.{name}", value, node["attributes"][name], strict=ours)


def _check_array(where: str, fresh: np.ndarray, node: Mapping[str, Any]) -> None:
    if "array" not in node:
        raise TraceError(f"{where} is no array")
    found = node["dtype"], tuple(node["shape"])
    if found != (fresh.dtype.str, fresh.shape):
        raise TraceError(
            f"{where} is an array of {found[0]} of shape {found[1]}, not {fresh.dtype.str} of {fresh.shape}"
        )
