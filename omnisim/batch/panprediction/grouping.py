"""Groups of people out of the columns that describe them: values, ranges, expressions, intersections, or found.

Every group has a name that says what it is, an :class:`Expression` where it comes from columns, so that it can be read,
written again by hand, and pickled.
"""

import itertools
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse

from omnisim.arrays import FloatArray, as_read
from omnisim.batch.panprediction.columns import EVERYONE, values
from omnisim.batch.panprediction.expressions import Expression
from omnisim.batch.samples import holds_dates
from omnisim.batch.weighting import quantiles
from omnisim.errors import ProblemError
from omnisim.refusing import is_number, is_several, is_whole
from omnisim.wording import in_short

_FEW = 10
"""Numbers with at most so many different values make a group each; others are cut into thirds."""


class Grouping:
    """Memberships of groups, from a description of the groups.

    Parameters
    ----------
    groups
        None: every column of the frame makes groups of its own: a yes or no (or 0 and 1) its two sides, a category and
        a number of at most ten values one group per value, any other number three thirds. Or a sequence, or a mapping
        from names: expressions, columns with numbers in [0, 1], of text by their values, functions of the frame.
    depth
        Intersections of up to so many groups of different columns or descriptions, >= 1.
    smallest
        A group made by intersection, or of a value, needs so many rows at least, >= 1; those given by hand are kept.
    """

    def __init__(self, groups: Any = None, depth: int = 1, smallest: int = 30) -> None:
        if not (is_whole(depth) and is_number(smallest) and depth >= 1 and smallest >= 1):
            given = f"{in_short(depth)} and {in_short(smallest)}"
            raise ProblemError(f"depth and smallest of groups must be >= 1, depth a whole number, got {given}")
        self.groups, self.depth, self.smallest = groups, depth, smallest

    def fit(self, frame: Any, rows: int, counts: FloatArray | None = None) -> Self:
        """Decide which groups there are, by the rows of a table; ``names`` are in their order, everyone first.

        Those given by hand that no row belongs to are left out, and are in ``empty``.

        Counts (rows,) > 0 are how many rows each stands for, None for one each.

        Raises
        ------
        ProblemError
            If a column makes no groups (dates, a name with a backtick), or groups cannot be made of what is given.
        """
        if frame is None and self.groups is not None:
            raise ProblemError("groups are described, but the columns that they are made of are not given")
        self._parts: dict[str, tuple[Any, ...]] = {EVERYONE: ()}
        self.empty: list[str] = []
        if frame is None:
            return self
        if isinstance(self.groups, str) or not (self.groups is None or is_several(self.groups)):
            raise ProblemError(f"groups must be a list or a mapping of descriptions, got {in_short(self.groups)}")
        mass = np.ones(rows) if counts is None else counts
        if self.groups is None:
            families = [_of_column(frame, name, mass) for name in frame.columns]
        else:
            families = self._given(frame, mass)
        inside = [
            [(name, source, values(source, frame, f"group {name!r}")) for name, source in each] for each in families
        ]
        for size in range(1, min(self.depth, len(inside)) + 1):
            for chosen in itertools.combinations(inside, size):
                for parts in itertools.product(*chosen):
                    column = np.prod([members for *_, members in parts], axis=0)
                    by_hand = size == 1 and self.groups is not None
                    if by_hand and not column.any():
                        self.empty.append(parts[0][0])
                    size_of = float(mass[column > 0].sum())
                    if not column.any() or not (by_hand or self.smallest <= size_of < float(mass.sum())):
                        continue
                    name = " and ".join(name for name, *_ in parts)
                    self._parts[name] = tuple(source for _, source, _ in parts)
        return self

    @property
    def names(self) -> list[str]:
        """Names of the groups."""
        return list(self._parts)

    def table(self, frame: Any, rows: int) -> FloatArray:
        """Memberships (rows, number of groups)."""
        known: dict[int, FloatArray] = {}
        found = np.ones((rows, len(self._parts)))
        for k, (name, sources) in enumerate(self._parts.items()):
            for source in sources:
                if id(source) not in known:
                    known[id(source)] = values(source, frame, f"group {name!r}")
                found[:, k] *= known[id(source)]
        return found

    def _given(self, frame: Any, counts: FloatArray) -> list[list[tuple[str, Any]]]:
        items = self.groups.items() if isinstance(self.groups, Mapping) else [(None, one) for one in self.groups]
        families: list[list[tuple[str, Any]]] = []
        for k, (name, source) in enumerate(items):
            if source is None:
                continue  # everyone, who is always there
            if _of_values(frame, source):
                families.append(_of_column(frame, source, counts))
                continue
            label = name if name is not None else source if isinstance(source, str) else f"group {k}"
            families.append([(str(label), source)])
        return families


def as_frame(groups: Any, rows: int, hint: str = "") -> pd.DataFrame | None:
    """Group columns as a data frame: a frame itself, a mapping of columns, a series, or an array (n,) or (n, k).

    What is said of descriptions of groups, which are no columns, ends with a hint where to give both.

    Raises
    ------
    ProblemError
        If the number of rows is another one, or there is no column.
    """
    if groups is None:
        return None
    description = _description(groups, rows)
    if description is not None:
        raise ProblemError(
            f"groups hold {description!r}, which describes a group and is no column of {rows} rows: give the columns "
            f"that describe the rows{hint}"
        )
    if isinstance(groups, pd.Series):
        frame = groups.to_frame(groups.name if groups.name is not None else "group")
    elif isinstance(groups, pd.DataFrame):
        frame = groups
    elif isinstance(groups, Mapping):
        frame = pd.DataFrame({str(name): _column_of(str(name), column, rows) for name, column in groups.items()})
    else:
        if sparse.issparse(groups):
            raise ProblemError("groups are sparse: give a table of a row each, groups.toarray()")
        table = as_read("groups", groups)
        table = table[:, None] if table.ndim == 1 else table
        if table.ndim != 2:
            raise ProblemError(f"groups must be a table of rows and columns, got shape {table.shape}")
        frame = pd.DataFrame({f"group_{k}": table[:, k] for k in range(table.shape[1])})
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ProblemError(f"groups have two columns named {twice[0]!r}: rename one, or leave it out")
    if not frame.shape[1]:
        raise ProblemError("groups hold no columns: give those that describe the rows, or None for everyone")
    if len(frame) != rows:
        raise ProblemError(f"groups have {len(frame)} rows and there are {rows} predictions: one row each is needed")
    return frame


def _column_of(name: str, column: Any, rows: int) -> Any:
    found = as_read(f"groups[{name!r}]", column)
    if found.shape != (rows,):
        raise ProblemError(
            f"groups[{name!r}] has shape {found.shape} and there are {rows} predictions: one row each is needed"
        )
    return found


def _description(groups: Any, rows: int) -> Any:
    """One of the groups, if they are described rather than given as columns; None if they are columns."""
    if isinstance(groups, str) or callable(groups):
        return groups
    if isinstance(groups, Mapping):
        each: Any = groups.values()
    elif isinstance(groups, list | tuple) and len(groups) != rows:
        each = groups
    else:
        return None
    return next((one for one in each if isinstance(one, str) or callable(one)), None)


def _of_column(frame: pd.DataFrame, name: Any, counts: FloatArray) -> list[tuple[str, Any]]:
    column, quoted = frame[name], _name(name)
    # What a column holds counts, not how it is kept: numbers as categories or objects are numbers.
    filled = column.dropna()
    if isinstance(filled.dtype, pd.CategoricalDtype):
        filled = filled.astype(filled.cat.categories.dtype)
    filled = filled.infer_objects()
    if holds_dates(column):
        raise ProblemError(
            f"column {str(name)!r} holds dates or times, which make no groups by themselves: give the year, the month "
            "or the like as a column of its own, or leave it out"
        )
    numeric = pd.api.types.is_numeric_dtype(filled.dtype)
    if pd.api.types.is_bool_dtype(filled.dtype) or (numeric and filled.isin([0, 1]).all()):
        # Compared with 1, a row of which it is not known is on neither side.
        return [(quoted, Expression(f"{quoted} == 1")), _named(f"{quoted} == 0")]
    if not numeric:
        return [_named(f"{quoted} == {_text(value)}") for value in sorted(filled.astype(str).unique())]
    if filled.nunique() <= _FEW:
        return [_named(f"{quoted} == {float(value)!r}") for value in sorted(filled.unique())]
    known = column.notna().to_numpy()
    numbers = filled.to_numpy(dtype=np.float64)
    low, high = (float(end) for end in quantiles(numbers, [1 / 3, 2 / 3], counts[known]))
    return [_named(f"{quoted} <= {low!r}"), _named(f"{low!r} < {quoted} <= {high!r}"), _named(f"{quoted} > {high!r}")]


def _named(text: str) -> tuple[str, Expression]:
    return text, Expression(text)


def _name(column: Any) -> str:
    text = str(column)
    if "`" in text:
        raise ProblemError(f"column {text!r} cannot make groups: its name has a backtick; rename it")
    plain = text.isidentifier() and text.lower() not in ("and", "or", "not", "in", "true", "false")
    return text if plain else f"`{text}`"


def _text(value: str) -> str:
    if "'" in value and '"' in value:
        raise ProblemError(f"the value {value!r} cannot make a group: it has both kinds of quotation marks")
    return f'"{value}"' if "'" in value else f"'{value}'"


def _of_values(frame: Any, source: Any) -> bool:
    """Whether a source is the name of a column whose values are groups, being no numbers."""
    if not isinstance(source, str) or source not in getattr(frame, "columns", ()):
        return False
    column = frame[source]
    try:
        return holds_dates(column) or not len(np.asarray(column, dtype=np.float64))
    except (TypeError, ValueError):
        return True
