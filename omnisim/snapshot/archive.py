"""A state as a file: an ``.npz`` of plain arrays, one of which is the JSON.

The JSON says what the digest of everything else is, so that a state which is not the one that was written is noticed.
"""

import json
from typing import IO

import numpy as np

from omnisim.archives import Archive, digest
from omnisim.errors import TraceError
from omnisim.reading import load_json, reading
from omnisim.snapshot.data import Stored

_JSON = "json"


def write(file: IO[bytes], stored: Stored) -> None:
    """Write a state."""
    tree, arrays = stored
    text = json.dumps({"digest": digest(arrays, _compact(tree)), "tree": tree}, separators=(",", ":"))
    np.savez(file, **{_JSON: np.frombuffer(text.encode(), dtype=np.uint8)}, **arrays)  # type: ignore[arg-type]


def read(file: IO[bytes]) -> Stored:
    """Read what :func:`write` has written.

    Raises
    ------
    TraceError
        If it is damaged, changed, or nothing that was written so.
    """
    with reading("", TraceError, "is damaged, or not a state", of_any_form=True):
        archive = Archive(file)
        arrays = {name: archive.read(name) for name in archive}
        content = load_json(arrays.pop(_JSON).tobytes())
        tree = content["tree"]
        if content["digest"] != digest(arrays, _compact(tree)):
            raise TraceError("is damaged: it is not what was written")
    return tree, arrays


def _compact(tree: object) -> str:
    return json.dumps(tree, separators=(",", ":"))
