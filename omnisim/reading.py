"""The boundary to what others wrote: whatever goes wrong with it becomes one line that names it.

What the content of a file can make a parser raise has no list: gzip raises ``zlib.error`` and ``EOFError``, XML
``LookupError``, TOML ``RecursionError``. So everything is caught where a content is parsed, and nowhere else: an error
of omnisim's own code outside of these places stays what it is. So does, inside of them, what only a mistake of ours
raises: a name, an attribute or a type that is wrong in a line of omnisim, which checks contents before it uses them.
"""

import errno
import json
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from omnisim.errors import OmnisimError

MOST_TEXT = 100_000_000
"""Bytes of the largest document (scenario, manifest, header) that is read."""

_SHOWN = 120
"""Characters of a cause that a message repeats."""

_OURS = __name__.partition(".")[0]

_OBJECT = re.compile(r"<[\w.]+ object at 0x[0-9a-fA-F]+>")
"""Python's default form of an object, which tells nobody anything about a file."""

FORM = ConfigDict(strict=True, extra="allow", arbitrary_types_allowed=False, protected_namespaces=())
"""Settings for the models of JSON documents: types are taken literally, and later versions may say more."""


class Versioned(BaseModel):
    """Part common to documents of all versions."""

    model_config = FORM

    schema_version: int


@contextmanager
def reading(
    where: Path | str,
    error: type[OmnisimError],
    says: str = "cannot be read",
    advice: str = "",
    *,
    of_any_form: bool = False,
) -> Iterator[None]:
    """Turn whatever reading a content raises into one line; what is an :class:`OmnisimError` already passes.

    Parameters
    ----------
    where
        What is read, with which the line begins; "" for nothing.
    error
        Class of the error raised.
    says
        What is wrong with a content that cannot be parsed; the cause follows in parentheses.
    advice
        How to go on, at the end of that line.
    of_any_form
        Whether lines of omnisim walk a content whose form nothing has checked, so that a wrong type there is its own.

    Raises
    ------
    OmnisimError
        Of class ``error``.
    NameError, AttributeError, TypeError
        Where a line of omnisim is wrong, and not the content.

    Examples
    --------
    >>> from omnisim.errors import DataError
    >>> with reading("prices.csv.gz", DataError, "is not a readable CSV file"):
    ...     raise EOFError("Compressed file ended before the end-of-stream marker was reached")
    Traceback (most recent call last):
    ...
    omnisim.errors.DataError: prices.csv.gz: is not a readable CSV file (Compressed file ended before the
    end-of-stream marker was reached)
    """
    place = f"{where}: " if str(where) else ""
    if isinstance(where, Path) and is_no_file(where):
        raise error(f"{place}is a pipe or a device: a regular file is needed")
    try:
        yield
    except OmnisimError:
        raise
    except FileNotFoundError as cause:
        raise error(f"{place}there is no such file") from cause
    except OSError as cause:
        if cause.errno not in (None, errno.EINVAL):  # what the system says; the others come from damaged contents
            raise error(f"{place}cannot be read: {cause.strerror}") from cause
        raise error(f"{place}{says} ({one_line(cause)}){advice}") from cause
    except MemoryError as cause:
        raise error(f"{place}needs more memory than there is") from cause
    except RecursionError as cause:
        raise error(f"{place}{says} (it is nested too deeply){advice}") from cause
    except Exception as cause:
        mistakes = (NameError,) if of_any_form else (NameError, AttributeError, TypeError)
        if isinstance(cause, mistakes) and _is_ours(cause):
            raise
        raise error(f"{place}{says} ({one_line(cause)}){advice}") from cause


def _is_ours(cause: Exception) -> bool:
    """Whether a line of omnisim raised it, by itself and not in a library that it called."""
    last = cause.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and str(last.tb_frame.f_globals.get("__name__")).partition(".")[0] == _OURS


def is_no_file(path: Path) -> bool:
    """Whether it is there, and neither a file nor a folder: reading a pipe or a device may never end."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # what is wrong is said when it is opened
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def one_line(cause: object) -> str:
    """Message of an exception, on one line and cut to a readable length; its class if it has none.

    >>> one_line(KeyError("a"))
    "KeyError: 'a'"
    >>> one_line(ValueError(f"malformed node on line 1: {object()}"))
    'malformed node on line 1: something else'
    """
    text = _OBJECT.sub("something else", " ".join(str(cause).split()))
    if "integer string conversion" in text:  # Python's advice is none for who wrote the file
        return "a whole number has more than 4,300 digits"
    if isinstance(cause, KeyError | IndexError | AttributeError | TypeError) or not text:
        text = f"{type(cause).__name__}: {text}".removesuffix(": ")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def read_bytes(path: Path, most: int = MOST_TEXT) -> bytes:
    """The bytes of a file that is not larger than ``most``.

    Raises
    ------
    OSError, ValueError
        If it cannot be read, or is larger: inside :func:`reading` a line of its own.
    """
    size = path.stat().st_size
    if size > most:
        raise ValueError(f"it has {size:,} bytes, more than the {most:,} that such a file can have")
    return path.read_bytes()


def load_json(text: bytes | str) -> Any:
    """Parse a JSON text.

    Raises
    ------
    ValueError
        If it is none, or holds half a character, with which every file would fail that it is written to.
    """
    tree = json.loads(text)
    try:
        json.dumps(tree, ensure_ascii=False).encode()
    except UnicodeEncodeError as cause:
        raise ValueError("it has half of a character, as in \\ud800, which no file can hold") from cause
    return tree


def parse_json(text: bytes | str, form: type[BaseModel]) -> dict[str, Any]:
    """A JSON document of the given form, as it stands there.

    Raises
    ------
    ValueError
        On the first thing that is wrong, in words that name the key.
    """
    tree = load_json(text)
    try:
        form.model_validate(tree)
    except ValidationError as cause:
        raise ValueError(explain(cause.errors()[0])) from cause
    return dict(tree)


def explain(error: Mapping[str, Any]) -> str:
    """One error of pydantic in words that name the key.

    >>> explain({"loc": ("seeds", 0), "type": "int_type", "msg": "Input should be a valid integer", "input": "x"})
    "seeds.0 is 'x': input should be a valid integer"
    """
    loc: Sequence[Any] = error["loc"]
    key = ".".join(map(str, loc))
    if error["type"] == "missing":
        return f"it has no {key}"
    if error["type"] == "value_error":
        return f"{key}: {error['ctx']['error']}" if key else str(error["ctx"]["error"])
    said = str(error["msg"])
    return f"{key or 'it'} is {one_line(repr(error['input']))}: {said[:1].lower()}{said[1:]}"
