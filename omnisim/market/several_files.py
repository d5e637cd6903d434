"""Prices or forecasts that are spread over several files: a list of them, or a path with ``*`` in its name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omnisim.errors import DataError


def expanded(source: Any) -> list[Any]:
    """The files that a path with ``*`` in its name means, in the order of their names; anything else as it is.

    Raises
    ------
    DataError
        If there is none.
    """
    if isinstance(source, Sequence) and not isinstance(source, str):
        found = [each for one in source for each in expanded(one)]
        if not found:
            raise DataError("the list of files is empty: name one at least")
        return found
    if not isinstance(source, str | Path) or "*" not in Path(source).name:
        return [source]
    path = Path(source)
    found = sorted(each for each in path.parent.glob(path.name) if each.is_file())
    if not found:
        raise DataError(f"{path}: there is no such file")
    return found


def first_file(source: Any) -> Path | None:
    """The file, or the first of several, if it is there; None for anything else."""
    if isinstance(source, Sequence) and not isinstance(source, str):
        return first_file(source[0]) if source else None
    if not isinstance(source, str | Path):
        return None
    path = Path(source)
    if "*" in path.name:
        return min((each for each in path.parent.glob(path.name) if each.is_file()), default=None)
    return path if path.is_file() else None


def called(source: Any, otherwise: str) -> str:
    """A word for a file or several: its name without endings, or what the names have in common, or their folder's.

    >>> called("data/prices.csv.gz", ""), called("data/prices_*.csv", ""), called("omie/*.1", "")
    ('prices', 'prices', 'omie')
    """
    if isinstance(source, Sequence) and not isinstance(source, str) and source:
        return called(source[0], otherwise)
    if not isinstance(source, str | Path):
        return otherwise
    path = Path(source)
    return path.name.split(".")[0].strip("*_- ") or path.absolute().parent.name or otherwise
