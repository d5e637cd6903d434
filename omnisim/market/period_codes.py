"""Names of the periods of a day in columns: ``1`` to ``24``, ``01:00``, ``00 - 01``, ``HE 3``, ``3B``, ``H07Q2``."""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "clock"]

_WORDS = (
    r"(?:hour\s*ending|hour\s*beginning|hour|hora|heure|stunde|std\.?|he|hb|hr|h|sp|pte|pt|mtu|period|per[ií]odo|p|qh|"
    r"settlement\s*period|no\.?|#|interval)"
)
_NUMBER = re.compile(rf"(?:{_WORDS})?[\s._:]*(\d{{1,3}})\s*([abx*]?)(?:\s*h(?:rs?)?)?", re.IGNORECASE)
_QUARTER = re.compile(r"(?:hour|h)?\s*(\d{1,2})\s*([ab]?)\s*q\s*([1-4])", re.IGNORECASE)
_COMPACT = re.compile(r"(?:he|hb)?\s*(\d{1,2})(00|15|30|45)", re.IGNORECASE)
_CLOCK = re.compile(r"(?:he|hb)?\s*(\d{1,2})[:.h](\d{2})(?:[:.]\d{2}(?:\.0+)?)?\s*(am|pm)?", re.IGNORECASE)
_TWELVE = re.compile(r"(\d{1,2})\s*(am|pm)", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:[-\u2013\u2014]|to|bis|\u00e0|(?<![a-z])a(?![a-z]))\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Code:
    """A period of a day.

    Attributes
    ----------
    kind
        ``number``: its place among the periods of the day; ``clock``: the time of its stamp.
    value
        The number, or the minutes since midnight.
    end
        Minutes since midnight at which it ends, where the cell says so.
    later
        Whether it is marked as the second pass of what the autumn clock change repeats.
    marked
        Whether it is marked as one of the two passes.
    quarter
        Whether numbers count quarters of the hours of the clock.
    """

    kind: Kind
    value: int
    end: int | None = None
    later: bool = False
    marked: bool = False
    quarter: bool = False


def parse_period(cell: str, compact: bool = False) -> Code | None:
    """The period that a cell names, or None.

    Parameters
    ----------
    compact
        Whether ``100`` is 01:00; otherwise it is the hundredth period.

    Examples
    --------
    >>> parse_period("HE 03"), parse_period("00 - 01").value, parse_period("24:00").value, parse_period("3B").later
    (Code(kind='number', value=3, end=None, later=False, marked=False, quarter=False), 0, 1440, True)
    """
    text = cell.strip().rstrip(".")
    if text.endswith(".0") and text[:-2].isdigit():
        text = text[:-2]
    marked = re.search(r"[\s(]*(?<![a-z])([ab])\)?$", text, re.IGNORECASE) if ":" in text or "-" in text else None
    if marked:
        text = text[: marked.start()].strip()
    later = bool(marked and marked[1].lower() == "b")
    ends = _RANGE.split(text)
    if len(ends) == 2 and all(ends):
        first, last = (_time(end) for end in ends)
        if first is None or last is None:
            return None
        return Code("clock", first, last if last > first else last + 1440, later, bool(marked))
    if (quarter := _QUARTER.fullmatch(text)) is not None:
        number = 4 * (int(quarter[1]) - 1) + int(quarter[3])
        return Code("number", number, None, quarter[2].lower() == "b", bool(quarter[2]), quarter=True)
    if (clock := _clock(text)) is not None:
        return Code("clock", clock, None, later, bool(marked))
    if compact and (short := _COMPACT.fullmatch(text.zfill(4) if text.isdigit() else text)) is not None:
        return Code("clock", 60 * int(short[1]) + int(short[2]))
    if (number_of := _NUMBER.fullmatch(text)) is not None:
        mark = number_of[2].lower()
        return Code("number", int(number_of[1]), None, mark in ("b", "x", "*"), mark != "")
    return None


def is_ending(name: str) -> bool:
    """Whether the name of a column says that its times close their periods.

    >>> [is_ending(name) for name in ("Hour Ending", "datetime_ending_ept", "Ende", "weekend", "time")]
    [True, True, True, False, False]
    """
    words = re.sub(r"[^a-z]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()).split()
    return bool({"ending", "ended", "end", "ende", "he", "bis", "fin"} & set(words))


def is_beginning(name: str) -> bool:
    """Whether the name of a column says that its times open their periods."""
    words = re.sub(r"[^a-z]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()).split()
    return bool(
        {"beginning", "begin", "begins", "start", "starts", "starting", "von", "beginn", "hb", "from"} & set(words)
    )


def _time(text: str) -> int | None:
    clock = _clock(text)
    if clock is not None:
        return clock
    return 60 * int(text) if re.fullmatch(r"\d{1,2}", text) and int(text) <= 24 else None


def _clock(text: str) -> int | None:
    match = _CLOCK.fullmatch(text)
    if match is not None:
        hours, minutes, half = int(match[1]), int(match[2]), (match[3] or "").lower()
    else:
        match = _TWELVE.fullmatch(text)
        if match is None:
            return None
        hours, minutes, half = int(match[1]), 0, match[2].lower()
    if half:
        hours = hours % 12 + 12 * (half == "pm")
    return 60 * hours + minutes if hours <= 24 and minutes < 60 else None
