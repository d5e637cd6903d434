"""Takes the state of objects, and puts it into others."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from omnisim.errors import TraceError
from omnisim.reading import reading
from omnisim.snapshot.comparing import Comparing
from omnisim.snapshot.data import CODE, LIBRARIES, PLAIN, Stored, attributes, name_of, package
from omnisim.snapshot.decoder import Decoder
from omnisim.snapshot.encoder import Encoder


class Snapshots:
    """Takes and puts back the state of some objects.

    Parameters
    ----------
    roots
        The objects, by name, built and started and not yet used. They must not change identity afterwards.
    kept
        Classes whose instances never change in a run.
    packages
        Packages of which objects may be stored, beside omnisim and those of the roots.

    Examples
    --------
    >>> import numpy as np
    >>> from omnisim.forecasters import Climatology
    >>> from omnisim.problem.context import Context, Service
    >>> def started():
    ...     forecaster = Climatology()
    ...     forecaster.start(Service(dimension=1))
    ...     return forecaster
    >>> old, new = started(), started()
    >>> before, after = Snapshots({"forecaster": old}), Snapshots({"forecaster": new})
    >>> for t, outcome in enumerate([0.0, 0.5]):
    ...     mixture = old.predict(Context(t))
    ...     old.update(np.array([outcome]))
    >>> after.put(before.take())
    >>> new.predict(Context(2)).mean
    array([0.25])
    """

    def __init__(self, roots: Mapping[str, object], kept: Sequence[type] = (), packages: Collection[str] = ()) -> None:
        self._roots = dict(roots)
        self._kept = tuple(kept)
        self._paths: dict[int, str] = {}
        self._of_path: dict[str, object] = {}
        self._classes: dict[str, type] = {}
        self._packages = {"omnisim", *packages} | {package(type(root)) for root in self._roots.values()}
        seen: dict[int, object] = {}
        for name, root in self._roots.items():
            self._find_kept(name, root, seen)

    def take(self, *, copy: bool = True) -> Stored:
        """The state of all roots.

        Parameters
        ----------
        copy
            Whether arrays are copies: others may be those of the objects, which change when these go on.

        Raises
        ------
        TraceError
            Naming what holds something that is neither data nor kept.
        """
        return Encoder(self._paths, self._packages, self._classes, copy=copy).take(self._roots)

    def put(self, stored: Stored) -> None:
        """Give all roots a state that was taken from others built in the same way.

        Raises
        ------
        TraceError
            If it was taken from other objects, or is damaged.
        """
        tree, arrays = stored
        with reading("", TraceError, "the state is damaged, or of other objects", of_any_form=True):
            decoder = Decoder(tree["nodes"], arrays, self._of_path, self._packages, self._classes)
            decoder.check_roots(tree["roots"], self._roots)
            Comparing(tree["nodes"]).compare(tree["roots"], self._roots)
            decoder.put(tree["roots"], self._roots)

    def _find_kept(self, path: str, value: object, seen: dict[int, object]) -> None:
        if isinstance(value, PLAIN) or id(value) in seen:
            return
        seen[id(value)] = value
        if isinstance(value, self._kept + CODE):
            self._paths[id(value)] = path
            self._of_path[path] = value
        elif package(type(value)) in self._packages | LIBRARIES:
            self._classes.setdefault(name_of(type(value)), type(value))
            for step, part in _parts(value):
                self._find_kept(f"{path}{step}", part, seen)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Parts of an object or container, with the way to each."""
    if isinstance(value, dict):
        yield from ((f"[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, list | tuple | deque):
        yield from ((f"[{i}]", item) for i, item in enumerate(value))
    elif package(type(value)) not in LIBRARIES and not isinstance(value, type | Enum):
        yield from ((f".{name}", item) for name, item in attributes(value).items())
    if isinstance(value, defaultdict):
        yield ".default_factory", value.default_factory
