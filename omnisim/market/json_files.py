"""JSON files of prices -> frames: lists of equal length by name, a list of records, or a list of pairs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnisim.errors import DataError
from omnisim.market.text_files import decoded, unpacked
from omnisim.reading import reading

if TYPE_CHECKING:
    import pandas as pd

_DEEPEST = 8
"""Largest number of levels of an object above the rows."""


def read_json(path: Path, member: str | None = None) -> "pd.DataFrame":
    """The rows of a JSON file.

    Three forms are known, at most eight levels deep inside of objects, or of lists of one object: ``{"time": [...],
    "price": [...]}``, whose other entries (a licence, a unit) become constant columns; ``[{"time": ..., "price": ...},
    ...]``; and ``[[time, price], ...]``, whose columns are called ``time`` and ``price``.

    Raises
    ------
    DataError
        If it is no JSON, or holds none of these.
    """
    import pandas as pd

    text, _ = decoded(unpacked(path, member)[1], path.name)
    with reading(path.name, DataError, "is not readable JSON"):
        tree = json.loads(text)
    found = _rows(tree, _DEEPEST)
    if found is None:
        raise DataError(f"{path.name} has no rows: lists of equal length, a list of objects, or of [time, price] pairs")
    with reading(path.name, DataError, "is not a table in JSON"):
        frame = pd.DataFrame(found)
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def _rows(tree: Any, depth: int) -> Any:
    if isinstance(tree, list) and tree:
        if all(isinstance(row, Mapping) for row in tree):
            inside = _rows(tree[0], depth - 1) if len(tree) == 1 and depth else None
            return tree if inside is None else inside
        if all(isinstance(row, list) and len(row) == 2 for row in tree):
            return {"time": [row[0] for row in tree], "price": [row[1] for row in tree]}
    if isinstance(tree, Mapping):
        lists = {name: values for name, values in tree.items() if isinstance(values, list) and values}
        plain = {name: values for name, values in lists.items() if not isinstance(values[0], list | Mapping)}
        if len(plain) > 1 and len(set(map(len, plain.values()))) == 1:
            constant = {name: value for name, value in tree.items() if isinstance(value, str | int | float)}
            return {**plain, **{name: [value] * len(next(iter(plain.values()))) for name, value in constant.items()}}
        if depth:
            for value in tree.values():
                found = _rows(value, depth - 1)
                if found is not None:
                    return found
    return None
