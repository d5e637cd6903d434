"""Output on a terminal: names are shown as they are, and never obeyed.

A name in a scenario file may hold any character, also those by which terminals move the cursor, set the title or turn
the direction of writing. They are shown in Python's notation.
"""

import sys
import unicodedata

_OBEYED = {"Cc", "Cs", "Zl", "Zp"}
"""Categories of characters that terminals act on, or cannot write: controls, halves of pairs, ends of lines."""

_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows."""


def visible(text: str) -> str:
    r"""The text with every character that a terminal would obey in Python's notation.

    >>> visible("a\x1b[31mb\u202e")
    'a\\x1b[31mb\\u202e'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(c) if unicodedata.category(c) in _OBEYED or c in _TURNING else c for c in text)


def say(line: str) -> None:
    """Print a line on standard output."""
    print(visible(line))


def complain(line: str) -> None:
    """Print a line on standard error."""
    print(visible(line), file=sys.stderr, flush=True)


def _shown(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
