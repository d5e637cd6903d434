"""A state as a file: an ``.npz`` of plain arrays, one of which is the JSON."""

import json
import zipfile
import zlib
from typing import IO

import numpy as np

from omnisim.errors import TraceError
from omnisim.snapshot.data import Stored

_JSON = "json"
_DAMAGE = (
    OSError,
    EOFError,
    KeyError,
    TypeError,
    ValueError,
    RuntimeError,
    AttributeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a file can raise that is no state, or no longer one."""


def write(file: IO[bytes], stored: Stored) -> None:
    """Write a state."""
    tree, arrays = stored
    text = np.frombuffer(json.dumps(tree, separators=(",", ":")).encode(), dtype=np.uint8)
    np.savez(file, **{_JSON: text}, **arrays)  # type: ignore[arg-type]


def read(file: IO[bytes]) -> Stored:
    """Read what :func:`write` has written.

    Raises
    ------
    TraceError
        If it is damaged, or nothing that was written so.
    """
    try:
        with np.load(file, allow_pickle=False) as opened:
            arrays = {name: opened[name] for name in opened.files}
        return json.loads(arrays.pop(_JSON).tobytes()), arrays
    except _DAMAGE as cause:
        raise TraceError(f"is damaged, or not a state: {cause}") from cause
