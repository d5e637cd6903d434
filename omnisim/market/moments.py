"""Text of stamps -> moments: formats that are tried where none is declared, offsets, intervals and 24:00."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from omnisim.errors import DataError
from omnisim.reading import one_line

if TYPE_CHECKING:
    import pandas as pd

_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H", " %H:%M:%S.%f", " %Hh%M", " %H.%M")
_DAYS = (
    "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y",
    "%Y.%m.%d", "%Y%m%d", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%B %d, %Y",
    "%d%b%Y", "%Y-%m-%d",
)  # fmt: skip
"""Formats that are tried; where both orders of day and month would do, the one in which days follow each other."""

_ABBREVIATIONS = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2,
    "EEST": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AEST": 10,
    "AEDT": 11, "NZST": 12, "NZDT": 13, "JST": 9,
}  # fmt: skip
"""Hours from UTC of what may stand behind a time."""

_OFFSET = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|UTC|[+-]\d{2}(:?\d{2})?)$", re.IGNORECASE)
_NAMED = re.compile(r"(?<=[\dM])\s*\(?\b(" + "|".join(sorted(_ABBREVIATIONS, key=len, reverse=True)) + r")\)?$")
_INTERVAL = re.compile(r"\s+[-\u2013\u2014]\s+|(?<=[Z\d])/(?=\d{4}-\d\d-\d\dT)|\s+to\s+|\s+bis\s+")
_BEHIND = re.compile(r"\s*(Z|UTC|[+-]\d{2}:?\d{2})$", re.IGNORECASE)
_MIDNIGHT = re.compile(r"(?<![\d:.])24:00(:00)?(?![\d:])")
_COMPACT = r"(19|20|21)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_COMPACT_MOMENT = re.compile(rf"({_COMPACT})([01]\d|2[0-4])([0-5]\d)?([0-5]\d)?")
_ENOUGH = 0.5
"""Share of the cells that a format must read to be considered."""

_LONGEST = 60
"""Characters of the longest cell that may be a moment: names of day and month, time, zone and offset take 50."""


@dataclass(frozen=True)
class Moments:
    """Moments that cells name: ``stamps`` are naive or in UTC, NaT where a cell cannot be read.

    Attributes
    ----------
    interval
        Whether cells name both ends, of which the first was taken.
    said_24
        Whether some cell says 24:00.
    note
        How they were read, where that was not declared and is no matter of course.
    written
        What the clock of the file says, naive, where offsets stand behind it.
    """

    stamps: "pd.Series"
    interval: bool = False
    said_24: bool = False
    note: str = ""
    written: "pd.Series | None" = None


def read_moments(text: "pd.Series", key: str, declared: str | None, clock: bool = True) -> Moments:
    """The moments that cells of stripped text name.

    Parameters
    ----------
    key
        Which declares the format, for messages.
    declared
        A ``strptime`` format, or None to find out.
    clock
        Whether a time of the day may follow the day.

    Raises
    ------
    DataError
        If a format is declared that is none, or the order of day and month cannot be told.
    """
    import pandas as pd

    if declared is None and (text != "").any() and text[text != ""].str.fullmatch(_COMPACT_MOMENT).all():
        text = text.str.replace(_COMPACT_MOMENT, _spelt_out, regex=True)
    interval = text.map(lambda cell: _INTERVAL.search(cell) is not None)
    # A format of one's own may have such a dash itself.
    both = bool(interval.mean() > _ENOUGH) and (declared is None or _INTERVAL.search(declared) is None)
    if both:
        text = text.map(lambda cell: _INTERVAL.split(cell, maxsplit=1)[0].strip())
    late = text.map(lambda cell: _MIDNIGHT.search(cell) is not None)
    if late.any():
        text = text.where(~late, text.map(lambda cell: _MIDNIGHT.sub(lambda m: "00:00" + (m[1] or ""), cell)))
    note = ""
    if declared is not None:
        values = _declared(text, key, declared)
    else:
        values, note = _found_out(text, key, clock)
    if late.any():
        values = values + pd.to_timedelta(late.astype("int64"), unit="D")
    written = None
    if values.dt.tz is not None:
        bare = text.str.replace(_BEHIND, "", regex=True)
        written = pd.to_datetime(bare, format="ISO8601", errors="coerce")
    return Moments(values, both, bool(late.any()), note, written)


def are_compact(numbers: Sequence[str]) -> bool:
    """Whether all are days or moments written as one number, such as 20240320, 2024032007 or 202403200730.

    >>> are_compact(["20240320", "20240321"]), are_compact(["2024032024"]), are_compact(["1700000000"])
    (True, True, False)
    """
    clock = r"([01]\d|2[0-4])([0-5]\d([0-5]\d)?)?"
    return bool(numbers) and all(re.fullmatch(rf"{_COMPACT}({clock})?", number) for number in numbers)


def _spelt_out(found: re.Match[str]) -> str:
    """A moment written as one number, with the signs that are between its parts."""
    return f"{found[1]} {found[5]}:{found[6] or '00'}" + (f":{found[7]}" if found[7] else "")


def epoch_hint(value: float) -> str:
    """Hint at how a number can be a stamp, as the end of a message; "" if it cannot."""
    if 3e8 < value < 4e9:
        return " (seconds since 1970: set time_format = 'unix')"
    if 3e11 < value < 4e12:
        return " (milliseconds since 1970: set time_format = 'unix_ms')"
    if 2e4 < value < 8e4:
        return " (days as Excel counts them: set time_format = 'excel')"
    return ""


def _declared(text: "pd.Series", key: str, declared: str) -> "pd.Series":
    import pandas as pd

    aware = "%z" in declared or "%Z" in declared
    try:
        values = pd.Series(pd.to_datetime(text, format=declared, errors="coerce", utc=aware), index=text.index)
        marked = values.isna() & text.map(lambda cell: _NAMED.search(cell) is not None)
        if not aware and 0 < marked.mean() < _ENOUGH:
            # Only what a clock change repeats is marked; its first pass stands first, as without marks.
            plain = text[marked].map(lambda cell: _NAMED.sub("", cell).strip())
            values = values.where(~marked, pd.to_datetime(plain, format=declared, errors="coerce"))
    except Exception as cause:
        parts = re.findall(r"%[A-Za-z]", declared)
        twice = next((part for part in parts if parts.count(part) > 1), None)
        why = f"it has {twice} twice" if twice else one_line(cause)
        raise DataError(f"{key} {declared!r} is not a format such as '%d.%m.%Y %H:%M': {why}") from cause
    return values


def _found_out(text: "pd.Series", key: str, clock: bool) -> tuple["pd.Series", str]:
    import pandas as pd

    given = text[text != ""]
    offset = given.map(lambda cell: _OFFSET.search(cell) is not None)
    named = given.map(lambda cell: _NAMED.search(cell) is not None) if not offset.any() else offset & False
    if offset.any():
        values: pd.Series = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
        if values.notna().mean() > _ENOUGH:
            # A cell without an offset among others that have one is not known to be in UTC.
            return values.where(text.isin(given[offset])), ""
        for pattern in (f"{day}{time}%z" for day in _DAYS for time in (*_CLOCKS[1:3], " %H:%M ", " %H:%M:%S ")):
            if (read := _tried(text, pattern, utc=True)) is not None:
                return read, f"stamps were read as {pattern}"
        return _nothing(text), ""
    if named.mean() > _ENOUGH:
        hours = text.map(lambda cell: _ABBREVIATIONS[match[1]] if (match := _NAMED.search(cell)) else 0)
        naive, note = _found_out(text.map(lambda cell: _NAMED.sub("", cell).strip()), key, clock)
        return (naive - pd.to_timedelta(hours, unit="h")).dt.tz_localize("UTC"), note
    if named.any():
        # Only what a clock change repeats is marked; its first pass stands first, as without marks.
        text = text.map(lambda cell: _NAMED.sub("", cell).strip())
        given = text[text != ""]
    values = pd.to_datetime(text, format="ISO8601", errors="coerce")
    if values.notna().mean() > _ENOUGH and not given.str.fullmatch(r"\d{6}|\d{8}").all():
        return values, ""
    found = _candidates(text, clock)
    if not found:
        return _nothing(text), ""
    if len(found) == 1:
        pattern, values = found[0]
        return values, f"{'stamps' if clock else 'dates'} were read as {pattern}"
    orders = sorted(found, key=lambda each: -_follow(each[1]))
    best, second = _follow(orders[0][1]), _follow(orders[1][1])
    if best < 0.9 or second > 0.5:
        raise DataError(
            f"{given.iloc[0]!r} can be read as {orders[0][0]} or {orders[1][0]}, and the file does not say which: "
            f"declare {key}"
        )
    return orders[0][1], f"{'stamps' if clock else 'dates'} were read as {orders[0][0]}"


def _candidates(text: "pd.Series", clock: bool) -> list[tuple[str, "pd.Series"]]:
    """Formats that read as many cells as any, and what they read; no two that read the same."""
    sample = text[text != ""].iloc[[*range(min(20, (text != "").sum()))]]
    cells = [cell for cell in sample.tolist() if len(cell) <= _LONGEST]
    found: list[tuple[str, pd.Series]] = []
    for day in _DAYS:
        for time in _CLOCKS if clock else _CLOCKS[:1]:
            found += [
                (pattern, values)
                for pattern in sorted({day + time, day + time.replace(" ", "T", 1)})
                if any(map(_shape(pattern).fullmatch, cells))
                and _tried(sample, pattern) is not None
                and (values := _tried(text, pattern)) is not None
            ]
    most = max((int(values.notna().sum()) for _, values in found), default=0)
    kept: list[tuple[str, pd.Series]] = []
    for pattern, values in found:
        if values.notna().sum() == most and not any(values.equals(other) for _, other in kept):
            kept.append((pattern, values))
    return kept


@cache
def _shape(pattern: str) -> re.Pattern[str]:
    """A shape that every cell has which the format can read, so that most formats are ruled out at a glance."""
    known = {"%f": r"\s?\d{1,9}", **dict.fromkeys(("%b", "%B", "%p"), r"\D+")}
    parts = [part for part in re.split(r"(%[A-Za-z]|\s+)", pattern) if part]
    shapes = [
        known.get(part, r"\s?\d{1,4}") if part.startswith("%") else r"\s+" if part.isspace() else re.escape(part)
        for part in parts
    ]
    return re.compile("".join(shapes), re.IGNORECASE)


def _tried(text: "pd.Series", pattern: str, utc: bool = False) -> "pd.Series | None":
    import pandas as pd

    values = pd.to_datetime(text, format=pattern, errors="coerce", utc=utc)
    return values if values.notna().mean() > _ENOUGH else None


def _follow(values: "pd.Series") -> float:
    """The share of neighbouring cells that are the same moment, or as far apart as most are."""
    import pandas as pd

    steps = values.dropna().diff().dropna().abs()
    steps = steps[steps > pd.Timedelta(0)]
    if steps.empty:
        return 0.0
    usual = steps.min()
    return float((steps <= max(usual, pd.Timedelta(days=1))).mean()) if usual <= pd.Timedelta(days=1) else 0.0


def _nothing(text: "pd.Series") -> "pd.Series":
    import pandas as pd

    return pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")


def first_end(cell: str) -> str:
    """The first of the two moments that a cell names, without a mark of summer time; or all of it.

    >>> first_end("27/10/2024 02:45:00 (CEST) - 27/10/2024 02:00:00 (CET)")
    '27/10/2024 02:45:00'
    """
    return _NAMED.sub("", _INTERVAL.split(cell, maxsplit=1)[0].strip()).strip()


def literal_utc(declared: str) -> str | None:
    """Letter or offset for UTC that ends a format and that it does not read as an offset, or None.

    >>> literal_utc("%Y-%m-%dT%H:%MZ"), literal_utc("%Y-%m-%dT%H:%M%z")
    ('Z', None)
    """
    match = re.search(r"(?<!%)(Z|UTC|GMT|[+-]00:?00)$", declared)
    return None if match is None else match[1]


def said_by(names: Sequence[str]) -> str | None:
    """The zone that names of columns state, as ``UTC``, or None.

    >>> said_by(["MTU (UTC)"]), said_by(["ts_utc"]), said_by(["HourUTC"]), said_by(["time"])
    ('UTC', 'UTC', 'UTC', None)
    """
    parted = [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower() for name in names]
    flat = " ".join(re.sub(r"[^a-z]+", " ", name) for name in parted).split()
    return "UTC" if {"utc", "gmt", "zulu"} & set(flat) else None
