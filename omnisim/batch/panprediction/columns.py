"""Groups and comparators of a table of features: columns, callables or estimators, each giving numbers in [0, 1]."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from omnisim.arrays import FloatArray, as_read, within
from omnisim.batch.models import answers_of
from omnisim.batch.panprediction.expressions import Expression
from omnisim.errors import ProblemError
from omnisim.refusing import is_several, is_whole
from omnisim.wording import in_short

Source: TypeAlias = int | str | Callable[[Any], Any] | None
"""Source of a number per row of X: a column, an expression, a function, or None: 1 for every row.

A column is given by its index or name, an expression over columns as text (:class:`Expression`).
"""

Sources: TypeAlias = Mapping[str, Any] | Sequence[Any]
"""Sources by name; in a sequence, a column's name names it."""

EVERYONE = "everyone"


def named(sources: Sources, kind: str) -> dict[str, Any]:
    """Sources by name.

    Raises
    ------
    ProblemError
        If two have the same name.

    Examples
    --------
    >>> named(["age", 3, None], "group")
    {'age': 'age', 'group 1': 3, 'everyone': None}
    """
    if isinstance(sources, Mapping):
        return {str(name): source for name, source in sources.items()}
    if isinstance(sources, str) or not is_several(sources):
        raise ProblemError(
            f"{kind}s must be a list of sources, or a mapping from names to them, got {in_short(sources)}"
        )
    found: dict[str, Any] = {}
    for k, source in enumerate(sources):
        name = source if isinstance(source, str) else EVERYONE if source is None else f"{kind} {k}"
        if name in found:
            raise ProblemError(f"there are two {kind}s named {name!r}: give a mapping from names to sources")
        found[name] = source
    return found


def values(source: Source, X: Any, what: str) -> FloatArray:
    """The numbers of a source, (n,).

    Raises
    ------
    ProblemError
        If there is no such column, or a number is outside [0, 1]; ``what`` names the source.
    """
    rows = len(X)
    if source is None:
        return np.ones(rows)
    if callable(source):
        column = source(X)
    elif isinstance(source, str):
        if source in getattr(X, "columns", ()):
            column = X[source]
        elif hasattr(X, "columns") and not source.isidentifier():
            column = Expression(source)(X)
        else:
            raise ProblemError(f"{what} is column {source!r}, which is not there: give a data frame with it")
    else:
        if not is_whole(source):
            raise ProblemError(f"{what} must be a column, an expression, a function or None, got {in_short(source)}")
        features = X if hasattr(X, "iloc") else as_read("X", X)
        width = features.shape[1] if features.ndim == _TABLE else 0
        if not -width <= source < width:
            raise ProblemError(f"{what} is column {source}, but X has {width} columns")
        column = X.iloc[:, source] if hasattr(X, "iloc") else features[:, source]
    try:
        numbers = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ProblemError(f"{what} must be numbers in [0, 1] or truths, none of them missing: {error}") from error
    return within(what, numbers, (rows,), 0, 1)


def table(sources: Mapping[str, Any], X: Any, kind: str) -> FloatArray:
    """The numbers of all sources, (n, number of sources); estimators are fitted ones."""
    found = np.empty((len(X), len(sources)))
    for k, (name, source) in enumerate(sources.items()):
        found[:, k] = answers_of(source, X) if is_estimator(source) else values(source, X, f"{kind} {name!r}")
    return found


_TABLE = 2
"""Axes of a table."""


def is_estimator(source: Any) -> bool:
    """Whether a source is a model to fit rather than a column or a function."""
    return hasattr(source, "fit") and not isinstance(source, type)
