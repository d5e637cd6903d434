"""Bytes of a text file -> rows of cells: archive, encoding, separator, and the line in which the header stands."""

import csv
import gzip
import io
import itertools
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from omnisim.errors import DataError
from omnisim.market.tables import Form
from omnisim.reading import reading

SEPARATORS = ",;\t|"
"""Separators that are tried where none is declared."""

Wanted: TypeAlias = "str | re.Pattern[str]"
"""A column that a header must have: its name, or a pattern of the whole name."""

_LOOKED_AT = 60
"""First lines that say what the separator is, and where the header may stand."""

_LONGEST_ROW = 20
"""Lines of the longest row, of which cells in quotes may have several."""

MOST_BYTES = 2_000_000_000
"""Bytes of the largest file in memory: 10 million rows of a dozen columns."""


@dataclass(frozen=True)
class Rows:
    """Cells of a text file.

    Attributes
    ----------
    source
        Name of the file.
    header
        Names of the columns, stripped.
    cells
        One list for each row, as long as the header.
    lines
        The number of each row in the file, from 1.
    separator, encoding
        With which it was read.
    notes
        What was done to read it.
    above
        The lines above the header.
    """

    source: str
    header: list[str]
    cells: list[list[str]]
    lines: list[int]
    separator: str
    encoding: str
    notes: tuple[str, ...] = ()
    above: str = ""


def unpacked(path: Path, member: str | None = None) -> tuple[str, bytes]:
    """Name and contents of a file, or of the file inside a ``.gz`` or ``.zip``.

    Raises
    ------
    DataError
        If it cannot be read or unpacked, or an archive has several files and none is chosen.
    """
    name = path.name
    with reading(name, DataError, "is not a readable file"):
        refuse_large(name, path.stat().st_size)
        data = path.read_bytes()
    if name.lower().endswith(".gz"):
        with reading(name, DataError, "is not a readable CSV file"), gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            data = packed.read(MOST_BYTES + 1)
        refuse_large(name, len(data))
        return name[:-3], data
    if name.lower().endswith(".zip"):
        with reading(name, DataError, "is not a readable zip archive"), zipfile.ZipFile(io.BytesIO(data)) as archive:
            known = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
            wanted = [info for info in known if member is None or info.filename == member]
            if len(wanted) != 1:
                listed = ", ".join(repr(info.filename) for info in known[:8]) or "none"
                raise DataError(f"{name} holds {len(known)} files: set member to one of them: {listed}")
            refuse_large(f"{name}: {wanted[0].filename}", wanted[0].file_size)
            return Path(wanted[0].filename).name, archive.read(wanted[0])
    if member is not None:
        raise DataError(f"{name} is not a .zip archive: leave member out")
    return name, data


def refuse_large(source: str, size: int) -> None:
    """Refuse what takes more memory than any table of prices.

    Raises
    ------
    DataError
        If ``size`` in bytes exceeds ``MOST_BYTES``.
    """
    if size > MOST_BYTES:
        raise DataError(f"{source} takes more than {MOST_BYTES // 1_000_000:,} MB of memory: select what is needed")


def decoded(data: bytes, source: str, encoding: str | None = None) -> tuple[str, str]:
    """The text and its encoding: that of its byte order mark, UTF-8, or else cp1252, where none is declared.

    Raises
    ------
    DataError
        If the text is not in the encoding.

    Examples
    --------
    >>> decoded("Börse".encode("utf-16"), "a.csv"), decoded("Börse".encode("cp1252"), "a.csv")
    (('Börse', 'utf-16'), ('Börse', 'cp1252'))
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark) and encoding is None:
            encoding = name
    tried = [encoding] if encoding else ["utf-8", "cp1252"]
    if encoding is None and b"\x00" in data[:200]:
        tried = ["utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"]
    for name in tried:
        try:
            text = data.decode(name)
        except UnicodeDecodeError as cause:
            problem = f"byte {cause.start} is not {name}"
        except LookupError as cause:
            raise DataError(f"encoding {encoding!r} is unknown: names look like 'utf-8', 'utf-16', 'cp1252'") from cause
        else:
            return text.removeprefix("\ufeff"), name
    raise DataError(f"{source} is not a readable CSV file: {problem}; set encoding to what it was written in")


@dataclass(frozen=True)
class Text:
    """Text of a file, below the line of Excel's own that says what the separator is.

    Attributes
    ----------
    name, source
        Of the file, and of the one that was packed in it.
    lines
        Of the text.
    separator
        The one that the file itself declares, if any.
    above
        Lines that were left out.
    encoding, notes
        With which it was read.
    """

    name: str
    source: str
    lines: list[str]
    separator: str | None
    above: int
    encoding: str
    notes: tuple[str, ...]

    def header(self, form: Form, wanted: Sequence[Wanted] = ()) -> list[str]:
        """The header that :meth:`rows` finds; no more than the first lines are looked at."""
        if form.columns is not None:
            return _declared(form.columns)
        body, separator = self._below(form, wanted)
        with reading(self.name, DataError, "is not a readable CSV file"):
            rows = (row for row in _cells(body, separator) if any(map(str.strip, row)))
            first = list(itertools.islice(rows, _LOOKED_AT))
        return _names(first[_header(first, wanted) if form.skip_rows is None else 0]) if first else []

    def rows(self, form: Form, wanted: Sequence[Wanted] = ()) -> Rows:
        """The rows below the header.

        Parameters
        ----------
        form
            The header is in the line below ``skip_rows``, or if that is None in the first line that has all columns
            ``wanted``, or the first one; a file with ``columns`` has none. The separator is found out where it is None.
        wanted
            Columns that the header must have, or patterns of their whole names.

        Raises
        ------
        DataError
            If the text cannot be read as such.
        """
        body, separator = self._below(form, wanted)
        with reading(self.name, DataError, "is not a readable CSV file"):
            cells, numbers = _split(body, separator, 1 + self.above + (form.skip_rows or 0), self.name)
        if not cells:
            raise DataError(f"{self.name} is empty: a header and rows are needed")
        notes, preamble = list(self.notes), ""
        if form.columns is not None:
            header = _declared(form.columns)
        else:
            at = _header(cells, wanted) if form.skip_rows is None else 0
            if at:
                notes.append(f"{at} line{'s' * (at > 1)} above the header {'were' if at > 1 else 'was'} passed over")
            header = _names(cells[at])
            preamble = "\n".join(self.lines[: numbers[at] - 1 - self.above])
            cells, numbers = cells[at + 1 :], numbers[at + 1 :]
        shown = self.source if self.source != self.name[:-3] else self.name
        rows = Rows(shown, header, cells, numbers, separator, self.encoding, tuple(notes), preamble)
        return _even(rows, self.name)

    def _below(self, form: Form, wanted: Sequence[Wanted]) -> tuple[str, str]:
        """The text below the lines that are passed over, and what separates its cells."""
        left = self.lines[form.skip_rows or 0 :]
        return "\n".join(left), form.separator or self.separator or _separator(left[:_LOOKED_AT], wanted)


def text_of(path: Path, encoding: str | None = None, member: str | None = None) -> Text:
    """The text of a file; its encoding is found out where it is None.

    Raises
    ------
    DataError
        If the file cannot be read, is empty or holds no text.
    """
    source, data = unpacked(path, member)
    if not data.strip():
        raise DataError(f"{path.name} is empty: a header and rows are needed")
    text, found = decoded(data, path.name, encoding)
    if "\x00" in text[:10_000]:
        raise DataError(f"{path.name} is not a readable CSV file: it holds bytes of zero, as binary files do")
    notes = ("read as cp1252",) if encoding is None and found == "cp1252" else ()
    lines = text.splitlines()
    separator = None
    if lines and re.fullmatch(r"sep=.", lines[0].strip('\ufeff"')):
        separator = lines[0].strip('\ufeff"')[4]  # Excel's own line
    elif lines and lines[0].startswith("sep=") and lines[0][4:] in ("\t", ""):
        separator = "\t"
    above = int(separator is not None)
    return Text(path.name, source, lines[above:], separator, above, found, notes)


def _cells(body: str, separator: str) -> Any:
    csv.field_size_limit(10_000_000)
    return csv.reader(io.StringIO(body), delimiter=separator, skipinitialspace=True)


def _declared(columns: Sequence[str]) -> list[str]:
    return [name.strip() for name in columns]


def _names(row: Sequence[str]) -> list[str]:
    return [" ".join(name.split()) for name in row]


def _split(body: str, separator: str, first: int, name: str) -> tuple[list[list[str]], list[int]]:
    # Rows that are not blank, and the line each ends on.
    reader = _cells(body, separator)
    cells, numbers = [], []
    quotes = '"' in body  # without any, a row is a line, and no cell holds a separator
    before, lines = 0, body.split("\n") if quotes else []
    for row in reader:
        if quotes:
            written = lines[before : reader.line_num]
            swallowed = len(written) > 1 or any(separator in cell for cell in row)
            if len(written) > _LONGEST_ROW or (swallowed and "".join(written).count('"') % 2):
                line = before + first
                raise DataError(f"{name}: line {line} opens a quote that is not closed: close it, or take it out")
            before = reader.line_num
        if any(map(str.strip, row)):
            cells.append(row)
            numbers.append(reader.line_num + first - 1)
    return cells, numbers


def _separator(lines: Sequence[str], wanted: Sequence[Wanted]) -> str:
    """The separator with which a header has all that is wanted, or else that splits most lines alike."""
    best, most = ",", 0.0
    for separator in SEPARATORS:
        rows = [row for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if row]
        widths = [len(row) for row in rows]
        if not widths or max(widths) < 2:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width) * (width > 1), width))
        score = widths.count(usual) / len(widths) + (1.0 if _header(rows, wanted, -1) >= 0 and wanted else 0.0)
        score += 0.5 * (widths[0] == usual)  # decimal commas split the rows alike, but not the header
        if score > most + 0.05:
            best, most = separator, score
    return best


def _header(rows: Sequence[Sequence[str]], wanted: Sequence[Wanted], otherwise: int = 0) -> int:
    for at, row in enumerate(rows[:_LOOKED_AT]):
        if wanted and has_columns(_names(row), wanted):
            return at
    return otherwise


def has_columns(names: Sequence[str], wanted: Sequence[Wanted]) -> bool:
    """Whether all columns that are wanted are among the names of a header.

    >>> has_columns(["MTU (UTC)", "price"], ["price", re.compile("MTU.*")])
    True
    """
    return all(
        each in names if isinstance(each, str) else any(each.fullmatch(name) for name in names) for each in wanted
    )


def _even(rows: Rows, name: str) -> Rows:
    """Rows as long as the header: trailing empty cells go, short ones (footers) are filled up."""
    width = len(rows.header)
    while width > 1 and not rows.header[width - 1] and not any("".join(row[width - 1 :]).strip() for row in rows.cells):
        width -= 1
    longer = [i for i, row in enumerate(rows.cells) if len(row) > width and any(map(str.strip, row[width:]))]
    if longer:
        i = longer[0]
        everywhere = len(longer) == len(rows.cells)
        cause = (
            "is a decimal comma not in quotes, in a file separated by commas?"
            if rows.separator == "," and everywhere
            else "set skip_rows to the lines above the header"
            if width <= 2 and everywhere
            else "is the separator part of a value not in quotes? or set skip_rows to the lines above the header"
        )
        raise DataError(
            f"{name} is not a readable CSV file: line {rows.lines[i]} has {len(rows.cells[i])} cells, the header "
            f"{width}, with separator {rows.separator!r}: {cause}"
        )
    cells = [row if len(row) == width else row[:width] + [""] * (width - len(row)) for row in rows.cells]
    return Rows(
        rows.source, rows.header[:width], cells, rows.lines, rows.separator, rows.encoding, rows.notes, rows.above
    )
