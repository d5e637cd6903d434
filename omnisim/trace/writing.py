"""Writing a trace to one ``.npz`` of plain arrays and a header in JSON; :mod:`omnisim.trace.storage` reads it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisim import archives
from omnisim.archives import digest
from omnisim.arrays import narrowed
from omnisim.files import atomic_write
from omnisim.trace.layout import arrays_of, header_of

if TYPE_CHECKING:
    from omnisim.trace.record import Trace

SCHEMA_VERSION = 5
"""Version of the files that are written; all up to it are read.

Version 2 added what a network and agents that come and go leave behind, version 3 what was clipped and what costs
stand for and what strategies guarantee, version 4 weights of customers, what was paid under contracts, and signals
beside the prices, version 5 digests; older ones are read as runs without (of which nothing is claimed). Whole numbers
are written in the narrowest type, and those of any width are read, as they always were.
"""

HEADER = "header"
"""Name of the array that holds the header."""

DIGESTS = "digests"
"""Name of the array that holds the digest of every other, as JSON: what is in its range may still have been changed."""


def write_trace(trace: "Trace", path: Path) -> None:
    """Write a record to a file, all of it or nothing; see :meth:`Trace.save`."""
    arrays: dict[str, Any] = {name: narrowed(array) for name, array in arrays_of(trace).items()}
    text = json.dumps({"schema_version": SCHEMA_VERSION, **header_of(trace)}, sort_keys=True)
    arrays[HEADER] = as_array(text)
    arrays[DIGESTS] = as_array(json.dumps(digests(arrays)))
    with atomic_write(path) as file:
        archives.write(file, arrays)


def digests(arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Digest of each array."""
    return {name: digest({name: array}) for name, array in arrays.items()}


def as_array(text: str) -> np.ndarray:
    """Text as an array of bytes."""
    return np.frombuffer(text.encode(), dtype=np.uint8)
