"""Search for the header of a text file whose columns are not known: below titles, dates of export and blank lines."""

import csv
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from omnisim.market.period_codes import parse_period
from omnisim.market.text_files import SEPARATORS, decoded, unpacked

_LOOKED_AT = 60
_DATA = re.compile(r"[^A-Za-z]*\d.*")
"""Text that begins like a number or a stamp; a name of a column may be a number too (the hours of a wide table)."""


def lines_above_header(path: Path, member: str | None = None) -> tuple[int, str | None, int]:
    r"""Lines above the header (-1: there is none), the separator, and the number of columns.

    The rows of data are those after the first that is as wide as the three that follow it and begins like data; the
    header is the row before them.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_text("Prices of a market\n\ntime;price\n2021-01-01;1\n2021-01-02;2\n2021-01-03;3\n")
    ...     lines_above_header(path)
    (2, ';', 2)
    """
    text, _ = decoded(unpacked(path, member)[1], path.name)
    lines = text.splitlines()[:_LOOKED_AT]
    best: tuple[int, str | None, int] = (0, None, 0)
    nearest = 0
    for separator in SEPARATORS:
        rows = list(csv.reader(lines, delimiter=separator, skipinitialspace=True)) if lines else []
        header, width = header_of(rows)
        if not width:
            continue
        # Decimal commas split the data alike, but leave no header, or one farther above: a title with a comma.
        near = header - (_first_of_data(rows) or 0)
        if best[1] is None or (header >= 0, width, near) > (best[0] >= 0, best[2], nearest):
            best, nearest = (header, separator, width), near
    return best


def header_of(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Row of the header among rows of cells (-1: there is none), and number of columns of the data (0: there are none).

    >>> header_of([["Prices", ""], ["", ""], ["", "ct/kWh"], ["2021-01-01", "1"], ["2021-01-02", "2"]])
    (2, 2)
    """
    at = _first_of_data(rows)
    if at is None:
        return -1, 0
    width = len(rows[at])
    names = [i for i in range(at) if _names(rows[i], width)]
    # Below a header may stand a row of units: names are those of the first row as wide and as full.
    last = rows[names[-1]] if names else ()
    alike = [i for i in names if len(rows[i]) == len(last) and len(_filled(rows[i])) >= len(_filled(last))]
    return (alike[0] if alike else -1), width


def _names(row: Sequence[str], width: int) -> bool:
    """Whether a row above the data can name their columns; that of an index may have no name."""
    filled = len(_filled(row))
    return filled > width // 2 or (len(row) == width and not row[0].strip() and filled == width - 1)


def _first_of_data(rows: Sequence[Sequence[str]]) -> int | None:
    for at in range(len(rows)):
        following = rows[at : at + 3]
        if len(rows[at]) < 2 or len({len(row) for row in following}) > 1:
            continue
        if all(_like_data(row) for row in following) and not _counts(rows[at]):
            return at
    return None


def _like_data(row: Sequence[str]) -> bool:
    filled = _filled(row)
    return bool(filled) and sum(_DATA.fullmatch(cell) is not None for cell in filled) >= max(1, len(filled) // 3)


def _counts(row: Sequence[str]) -> bool:
    """Whether a row counts the periods of a day, as the header of a wide table does."""
    codes = [code.value for cell in _filled(row) if (code := parse_period(cell)) is not None]
    if codes and codes[-1] == 0:
        codes = codes[:-1]  # 00:00 closes the day
    return len(codes) >= 23 and all(0 <= later - earlier <= 60 for earlier, later in pairwise(codes))


def _filled(row: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in row if cell.strip()]
