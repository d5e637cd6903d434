"""What is said on a terminal: names are shown as they are and never obeyed, and nobody need listen.

A name in a scenario file may hold any character, also those by which terminals move the cursor, set the title or turn
the direction of writing. They are shown in Python's notation. What an encoding lacks is shown likewise; a stream that
is closed is as good as one that nobody reads.
"""

import sys
import unicodedata
from contextlib import suppress
from typing import IO

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
    """Print a line on standard output.

    Raises
    ------
    OSError
        If it cannot be written, for what is asked for must not be lost without a word.
    """
    _print(line, sys.stdout)


def complain(line: str) -> None:
    """Print a line on standard error, if there is one."""
    with suppress(OSError, ValueError):  # closed
        _print(line, sys.stderr)


def listening(stream: IO[str] | None) -> bool:
    """Whether a stream is a terminal.

    >>> listening(None)
    False
    """
    with suppress(OSError, ValueError):
        return stream is not None and stream.isatty()
    return False


def _print(line: str, stream: IO[str] | None) -> None:
    if stream is None:  # closed before Python started
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = visible(line).encode(encoding, "backslashreplace").decode(encoding)
    stream.write(f"{text}\n")
    stream.flush()


def _shown(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
