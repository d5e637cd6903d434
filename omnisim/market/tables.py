"""Tables of cells, where every complaint names the file, the line and the column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.by_value import ByValue
from omnisim.errors import DataError
from omnisim.market.numbers import MISSING, Decimal, Signs, ambiguous, declared_signs, signs_of
from omnisim.reading import reading
from omnisim.suggest import nearest

if TYPE_CHECKING:
    import pandas as pd

_FLAGS = {"true": 1.0, "yes": 1.0, "y": 1.0, "false": 0.0, "no": 0.0, "n": 0.0}
"""Cells, in lower case, that stand for 1 and 0 in a column of flags."""


@dataclass(frozen=True)
class Form:
    """Form of the cells of a file; see :func:`~omnisim.market.read_prices` for the meaning of each key."""

    separator: str | None = None
    decimal: Decimal | None = None
    thousands: str | None = None
    encoding: str | None = None
    skip_rows: int | None = None
    columns: Sequence[str] | None = None
    sheet: str | None = None
    member: str | None = None
    missing_values: Sequence[str] | None = None

    def __post_init__(self) -> None:
        wrong = declared_signs(self.decimal, self.thousands)
        if wrong is None and self.separator is not None and len(self.separator) != 1:
            wrong = f"separator is {self.separator!r}: it must be one character"
        if wrong is None and self.separator is not None and self.separator == (self.decimal or "."):
            wrong = f"separator is {self.separator!r}: it must not be the decimal sign"
        if wrong is None and self.skip_rows is not None and self.skip_rows < 0:
            wrong = f"skip_rows is {self.skip_rows}: it must be >= 0"
        if wrong:
            raise DataError(wrong)


@dataclass(frozen=True, order=True)
class Place:
    """Location of a row that was read from one of several files.

    >>> str(Place(0, 12, "2024.csv"))
    '12 of 2024.csv'
    """

    file: int
    number: int
    source: str

    def __str__(self) -> str:
        return f"{self.number} of {self.source}"


@dataclass(frozen=True, eq=False, repr=False)
class Table(ByValue):
    """The cells of one file; ``frame`` is indexed by the number of the line (text) or row (everything else).

    Attributes
    ----------
    source
        What messages call it.
    unit
        What the index counts: ``line`` or ``row``.
    signs
        How numbers are written; None until :meth:`with_signs` has found out.
    missing
        Cells, in lower case, that stand for a missing value.
    above
        The lines above the header.
    """

    source: str
    unit: str
    frame: "pd.DataFrame"
    form: Form = field(default_factory=Form)
    signs: Signs | None = None
    notes: tuple[str, ...] = ()
    separator: str = ","
    encoding: str = ""
    above: str = ""

    @property
    def missing(self) -> frozenset[str]:
        """Cells, in lower case, that stand for a missing value."""
        return MISSING | {value.strip().lower() for value in self.form.missing_values or ()}

    @property
    def columns(self) -> list[str]:
        """Names of the columns, without the spaces around them."""
        return list(self.frame.columns)

    def column(self, name: str) -> "pd.Series":
        """One column as it stands in the file.

        Raises
        ------
        DataError
            If there is none of that name; the nearest one is named.
        """
        if name not in self.columns:
            known = [column or "(a column without a name)" for column in self.columns]
            hint = " (is separator right?)" if len(known) == 1 and any(sign in known[0] for sign in ",;\t|") else ""
            raise DataError(f"{self.source} has no column {name!r}{nearest(name, known)}{hint}")
        column = self.frame[name]
        if column.ndim > 1:
            raise DataError(f"{self.source} has {column.shape[1]} columns named {name!r}: one is needed")
        return column

    def files(self) -> list[Any]:
        """The positions of the rows of each file."""
        places = self.frame.index
        if self.frame.empty or not isinstance(places[0], Place):
            return [np.arange(len(places))]
        file = np.array([place.file for place in places])
        return [np.flatnonzero(file == each) for each in np.unique(file)]

    def place(self, label: Any) -> str:
        """The file and the line (or row) of that label."""
        return f"{self.source}: {self.unit} {label}"

    def raw(self, name: str) -> "pd.Series":
        """One column as stripped text; only cells that are no text at all (NaN, None, NaT) become ``""``."""
        column = self.column(name)
        with reading(f"{self.source}: column {name!r}", DataError, "is no text"):
            return column.astype("string").fillna("").str.strip().astype(object)

    def text(self, name: str) -> "pd.Series":
        """One column as stripped text, with ``""`` for missing cells."""
        text = self.raw(name)
        return text.mask(text.str.lower().isin(self.missing), "")

    def with_signs(self, names: Iterable[str]) -> "Table":
        """The table with the signs of the numbers in these columns found out, where they are not declared.

        Raises
        ------
        DataError
            If cells contradict each other.
        """
        cells: set[str] = set()
        for name in names:
            if not _is_number(self.column(name)):
                cells.update(self.text(name).unique())
        try:
            signs = signs_of(sorted(cells), self.form.decimal, self.form.thousands)
        except ValueError as cause:
            raise DataError(f"{self.source}: {cause}") from cause
        return replace(self, signs=signs)

    def numbers(self, name: str) -> FloatArray:
        """One column as numbers, NaN for missing cells.

        Raises
        ------
        DataError
            If a cell is neither missing nor a finite number.
        """
        import pandas as pd

        column = self.column(name)
        signs = self.signs or Signs(self.form.decimal or ".", self.form.thousands or "")
        if _is_number(column):
            with reading(f"{self.source}: column {name!r}", DataError, "is no column of numbers"):
                values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            wrong = np.isinf(values)
        else:
            text = self.text(name)
            plain = text.map(signs.plain)
            values = pd.to_numeric(plain.replace("", None), errors="coerce").to_numpy(dtype=np.float64)
            wrong = (np.isnan(values) & (text != "").to_numpy()) | np.isinf(values)
        declared = [number for value in self.form.missing_values or () if (number := _number(value)) is not None]
        if declared:
            values = np.where(np.isin(values, declared), np.nan, values)
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            cell = str(column.iloc[at])
            raise DataError(
                f"{self.place(self.frame.index[at])}: {name} is {cell!r}: it must be a finite number with decimal "
                f"{signs.decimal!r} (an empty cell, or one of missing_values, marks a missing one)"
                f"{ambiguous(cell, signs)}"
            )
        return values

    def flags_or_numbers(self, name: str) -> FloatArray:
        """One column as numbers, where true and false (or yes and no, y and n) are 1 and 0; NaN for missing cells.

        Raises
        ------
        DataError
            As :meth:`numbers`.
        """
        text = self.text(name).str.lower()
        given = text[text != ""]
        if given.empty or not given.isin(_FLAGS).all():
            return self.numbers(name)
        return np.array([_FLAGS.get(cell, np.nan) for cell in text])

    def where(self, select: Mapping[str, str]) -> "Table":
        """The rows in which each named column has the given value, compared as text, also one such as ``"NA"``.

        Raises
        ------
        DataError
            If a column does not exist, or no row has the value; the nearest value is named.
        """
        table = self
        for name, value in select.items():
            cells = table.raw(name)
            kept = (cells == str(value).strip()).to_numpy()
            if not kept.any():
                known = nearest(str(value), sorted(cells.unique())[:20])
                raise DataError(f"{self.source}: no row has {name} {value!r}{known}")
            table = replace(table, frame=table.frame[kept])
        return table


def _is_number(column: "pd.Series") -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return bool(is_numeric_dtype(column) and not is_bool_dtype(column))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
