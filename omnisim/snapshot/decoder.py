"""Decoder of states: from the nodes of a state to objects."""

import datetime as dt
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from omnisim.errors import TraceError
from omnisim.snapshot.data import LIBRARIES, name_of
from omnisim.wording import with_article

_SEQUENCES: Mapping[str, Callable[[Any], Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset}
_BITS = (np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64)
_GENERATORS = {cls.__name__: cls for cls in _BITS}


class Decoder:
    """Nodes become objects, each once; the roots get their attributes in place.

    Parameters
    ----------
    nodes, arrays
        The state.
    kept
        What is found again, by where it is.
    packages
        Of which objects may be made.
    classes
        By name, those of the objects that the state is put into.
    """

    def __init__(
        self,
        nodes: list[Any],
        arrays: Mapping[str, np.ndarray],
        kept: Mapping[str, object],
        packages: set[str],
        classes: Mapping[str, type],
    ) -> None:
        self._nodes, self._arrays, self._kept = nodes, arrays, kept
        self._packages, self._classes = packages, classes
        self._made: dict[int, Any] = {}

    def check_roots(self, numbers: Mapping[str, int], roots: Mapping[str, object]) -> None:
        """Refuse a state of other roots."""
        if set(numbers) != set(roots):
            raise TraceError(f"the state is of {sorted(numbers)}, not of {sorted(roots)}")
        for name, number in numbers.items():
            stored, here = self._nodes[number].get("object"), name_of(type(roots[name]))
            if stored != here:
                raise TraceError(
                    f"the state of {name} is that of {with_article(stored)}: here it is {with_article(here)}"
                )

    def put(self, numbers: Mapping[str, int], roots: Mapping[str, object]) -> None:
        """Give the roots the attributes of the nodes of these numbers."""
        self._made.update((number, roots[name]) for name, number in numbers.items())
        for number in numbers.values():
            self._fill(self._made[number], self._nodes[number])
        for number, node in enumerate(self._nodes):
            if "array" in node and number in self._made and not node["writeable"]:
                self._made[number].flags.writeable = False

    def _decode(self, value: Any) -> Any:
        return self._get(value["is"]) if isinstance(value, dict) else value

    def _get(self, number: int) -> Any:
        if number not in self._made:
            self._make(number, self._nodes[number])
        return self._made[number]

    def _make(self, number: int, node: Mapping[str, Any]) -> None:
        made: Any
        match node:
            case {"kept": path}:
                made = self._kept[path]
            case {"object": name}:
                made = self._made[number] = object.__new__(self._class(name))
                self._fill(made, node)
            case {"list": items}:
                made = self._made[number] = []
                made.extend(self._decode(item) for item in items)
            case {"dict": items}:
                made = self._made[number] = {}
                made.update((self._decode(key), self._decode(item)) for key, item in items)
            case {"defaultdict": items, "of": factory}:
                made = self._made[number] = defaultdict(self._decode(factory))
                made.update((self._decode(key), self._decode(item)) for key, item in items)
            case {"deque": items, "longest": longest}:
                made = self._made[number] = deque(maxlen=longest)
                made.extend(self._decode(item) for item in items)
            case {"array": "own"}:
                stored = self._arrays[node["data"]]
                inverse = np.argsort(node["order"])
                made = np.array(stored).transpose(inverse) if stored.ndim else np.array(stored)
                _check(made, node)
            case {"array": "view"}:
                base = self._get(node["of"])
                buffer = base if base.base is None else base.base
                made = np.ndarray(node["shape"], node["dtype"], buffer, node["offset"], node["strides"])
            case {"scalar": kind, "bytes": text}:
                made = np.frombuffer(bytes.fromhex(text), np.dtype(kind))[0]
            case {"generator": kind, "state": state}:
                bits = _GENERATORS[kind]()
                bits.state = _checked_bits(self._decode(state))
                made = np.random.Generator(bits)
            case {"enum": name, "name": member}:
                made = self._class(name)[member]  # type: ignore[index]
            case {"class": name}:
                made = self._class(name, data=True)
            case {"octets": text}:
                made = bytes.fromhex(text)
            case {"slice": ends}:
                made = slice(*map(self._decode, ends))
            case {"date": text}:
                made = dt.date.fromisoformat(text)
            case {"path": text}:
                made = PurePath(text)
            case _:
                ((kind, items),) = node.items()
                made = _SEQUENCES[kind](self._decode(item) for item in items)
        self._made[number] = made

    def _fill(self, made: Any, node: Mapping[str, Any]) -> None:
        found = {name: self._decode(item) for name, item in node["attributes"].items()}
        if hasattr(made, "__dict__"):
            made.__dict__.clear()
        for name, value in found.items():
            object.__setattr__(made, name, value)

    def _class(self, name: str, *, data: bool = False) -> type:
        module, _, path = name.partition(":")
        top = module.partition(".")[0]
        if top not in self._packages and not (data and top in LIBRARIES):
            raise TraceError(f"the state names the class {name}, which is of none of {sorted(self._packages)}")
        if name in self._classes:
            return self._classes[name]
        found: Any = sys.modules[module]
        for part in path.split("."):
            found = getattr(found, part)
        if not isinstance(found, type):
            raise TraceError(f"the state names the class {name}: it is {with_article(type(found).__name__)}")
        return found


def _check(made: np.ndarray, node: Mapping[str, Any]) -> None:
    if list(made.shape) != node["shape"] or made.dtype.str != node["dtype"]:
        raise TraceError(f"the state is damaged: {node['data']} is {made.dtype.str} of shape {made.shape}")


def _checked_bits(state: Any) -> Any:
    """Refuse the state of a generator that points beyond its buffer, which numpy would follow."""
    inner = state["state"]
    places = [(inner, "pos", len(inner["key"]))] if "pos" in inner else []
    if "buffer_pos" in state:
        places.append((state, "buffer_pos", len(state["buffer"])))
    for holder, name, most in places:
        if not 0 <= holder[name] <= most:
            raise TraceError(f"the state of a generator has {name} {holder[name]}, must be in 0..{most}")
    return state
