"""Writing files so that a killed run leaves no half file."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from omnisim.errors import OutputError

_TEMPORARY = ".omnisim-part"
"""The end of the name of a file that is not finished."""

_LONGEST = 60
"""Letters of the final name that are repeated in that of the temporary file; file systems take 255 bytes in all."""


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside ``path`` for writing bytes and rename it to ``path`` at the end.

    If anything fails on the way, the temporary file is removed and ``path`` is left as it was. A killed process leaves
    it to :func:`sweep`.

    Raises
    ------
    OutputError
        If the folder cannot be made or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:_LONGEST]}.", suffix=_TEMPORARY, dir=path.parent)
    except OSError as cause:
        raise OutputError(f"{path}: cannot be written: {cause.strerror or cause}") from cause
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as cause:
        raise OutputError(f"{path}: cannot be written: {cause.strerror or cause}") from cause
    finally:
        temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what killed processes left of their temporary files; only who holds the folder may.

    A file that cannot be removed stays.
    """
    for left in folder.glob(f".*{_TEMPORARY}"):
        with suppress(OSError):
            left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
