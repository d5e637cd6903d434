"""Encoder of states: from objects to the nodes of a state."""

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np

from omnisim.errors import TraceError
from omnisim.snapshot.data import CONTAINERS, PLAIN, Stored, attributes, name_of, package
from omnisim.wording import with_article


class Encoder:
    """One pass over the objects: each becomes a node, referred to by its number.

    Parameters
    ----------
    paths
        Where what is kept was found, by identity.
    packages
        Of which objects may be stored.
    classes
        By name, those that will be known when the state is put back, wherever they were defined.
    copy
        Whether arrays are copied.
    """

    def __init__(
        self, paths: Mapping[int, str], packages: set[str], classes: Mapping[str, type], *, copy: bool
    ) -> None:
        self._copy = copy
        self._paths, self._packages, self._classes = paths, packages, classes
        self._nodes: list[Any] = []
        self._arrays: dict[str, np.ndarray] = {}
        self._known: dict[int, int] = {}
        self._alive: list[object] = []

    def take(self, roots: Mapping[str, object]) -> Stored:
        """The state of these objects."""
        found = {name: self._reference(root, name) for name, root in roots.items()}
        return {"roots": found, "nodes": self._nodes}, self._arrays

    def _encode(self, value: Any, where: str) -> Any:
        if type(value) in PLAIN:
            return value
        return {"is": self._reference(value, where)}

    def _reference(self, value: Any, where: str) -> int:
        if id(value) not in self._known:
            # The place is taken before the parts are looked at, so that objects may refer to each other.
            number = self._known[id(value)] = len(self._nodes)
            self._alive.append(value)
            self._nodes.append(None)
            self._nodes[number] = self._node(value, where, number)
        return self._known[id(value)]

    def _node(self, value: Any, where: str, number: int) -> dict[str, Any]:
        if id(value) in self._paths:
            return {"kept": self._paths[id(value)]}
        if isinstance(value, Enum):
            return {"enum": name_of(type(value)), "name": value.name}
        if type(value) is np.ndarray:
            return self._array(value, where, number)
        if isinstance(value, np.generic):
            return {"scalar": value.dtype.str, "bytes": value.tobytes().hex()}
        if isinstance(value, np.random.Generator):
            state = self._encode(value.bit_generator.state, where)
            return {"generator": type(value.bit_generator).__name__, "state": state}
        if isinstance(value, type):
            return {"class": name_of(value)}
        if type(value) in (list, tuple, set, frozenset):
            # A set has no order of its own; its elements come in one that does not depend on the run.
            items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
            return {type(value).__name__: [self._encode(item, f"{where}[{i}]") for i, item in enumerate(items)]}
        if type(value) is deque:
            return {"deque": [self._encode(item, where) for item in value], "longest": value.maxlen}
        if type(value) is dict:
            return {"dict": self._items(value, where)}
        if type(value) is defaultdict:
            return {"defaultdict": self._items(value, where), "of": self._encode(value.default_factory, where)}
        if type(value) is bytes:
            return {"octets": value.hex()}
        if type(value) is slice:
            return {"slice": [self._encode(end, where) for end in (value.start, value.stop, value.step)]}
        if type(value) is dt.date:
            return {"date": value.isoformat()}
        if isinstance(value, PurePath):
            return {"path": str(value)}
        return self._object(value, where)

    def _object(self, value: Any, where: str) -> dict[str, Any]:
        if package(type(value)) not in self._packages or isinstance(value, (*PLAIN, *CONTAINERS)):
            kinds = (
                f"numbers, texts, arrays, containers, and objects made of them by {' or '.join(sorted(self._packages))}"
            )
            raise TraceError(f"{where} is {with_article(name_of(type(value)))}: a state can hold {kinds}")
        name_of_class = name_of(type(value))
        if "<locals>" in name_of_class and name_of_class not in self._classes:
            raise TraceError(
                f"{where} is {with_article(name_of_class)}: a class inside a function cannot be found again by its name"
            )
        parts = {name: self._encode(item, f"{where}.{name}") for name, item in attributes(value).items()}
        return {"object": name_of_class, "attributes": parts}

    def _items(self, value: Mapping[Any, Any], where: str) -> list[Any]:
        return [[self._encode(key, where), self._encode(item, f"{where}[{key!r}]")] for key, item in value.items()]

    def _array(self, value: np.ndarray, where: str, number: int) -> dict[str, Any]:
        if value.dtype.hasobject or value.dtype.names is not None:
            raise TraceError(
                f"{where} is an array of {value.dtype}: a state can hold arrays of numbers, texts and dates"
            )
        about = {"dtype": value.dtype.str, "shape": list(value.shape), "writeable": bool(value.flags.writeable)}
        if type(value.base) is np.ndarray:
            offset = value.__array_interface__["data"][0] - value.base.__array_interface__["data"][0]
            of = self._reference(value.base, where)
            return about | {"array": "view", "of": of, "offset": offset, "strides": list(value.strides)}
        # In the order in which it lies in memory: sums over it may depend on that.
        order = sorted(range(value.ndim), key=lambda axis: -value.strides[axis])
        name = f"array/{number}"
        ordered = value.transpose(order)
        self._arrays[name] = ordered.copy(order="C") if self._copy else np.ascontiguousarray(ordered)
        return about | {"array": "own", "data": name, "order": order}
