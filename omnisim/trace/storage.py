"""Traces on disk: one ``.npz`` of plain arrays and a header in JSON, with a schema version; nothing is pickled.

Of a file, the sizes, names, shapes and types of the arrays are checked before one is read, and their entries before
anything counts on them; what they may be is said in :mod:`omnisim.trace.description`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.archives import Archive
from omnisim.errors import OmnisimError, TraceError
from omnisim.files import atomic_write
from omnisim.reading import MOST_TEXT, Versioned, parse_json, reading
from omnisim.trace.checking import check_all_values, check_consistency, check_forms
from omnisim.trace.declarations import check
from omnisim.trace.header import Header, check_header
from omnisim.trace.layout import arrays_of, groups, header_of, symbols_of, trace_of
from omnisim.trace.record import Trace

SCHEMA_VERSION = 3
"""Version of the files that are written; all up to it are read.

Version 2 added what a network and agents that come and go leave behind, version 3 what was clipped and what costs
stand for and what strategies guarantee; older ones are read as runs without (of which nothing is claimed).
"""

_HEADER = "header"
_DAMAGED, _AGAIN = "the trace is damaged", ": run its scenario.toml again"


def write_trace(trace: Trace, path: Path) -> None:
    """Write a record to a file, all of it or nothing; see :meth:`Trace.save`."""
    arrays: dict[str, Any] = arrays_of(trace)
    text = json.dumps({"schema_version": SCHEMA_VERSION, **header_of(trace)}, sort_keys=True)
    arrays[_HEADER] = np.frombuffer(text.encode(), dtype=np.uint8)
    with atomic_write(path) as file:
        np.savez_compressed(file, **arrays)


def load_trace(path: Path | str) -> Trace:
    """Read a trace written by :meth:`Trace.save`.

    Raises
    ------
    TraceError
        If the file is missing, damaged, of another schema version, or holds what cannot be the record of a run; the
        line names the file and the array.
    """
    path = Path(path)
    if not path.exists():
        raise TraceError(f"{path}: there is no such trace")
    with reading(path, TraceError, _DAMAGED, _AGAIN), path.open("rb") as file:
        archive = Archive(file)
        text = _header_text(archive)
        version = parse_json(text, Versioned)["schema_version"]
        if version not in range(1, SCHEMA_VERSION + 1):
            raise TraceError(
                f"{path}: the trace has schema version {version}, this omnisim reads {SCHEMA_VERSION} and older: "
                "run its scenario.toml again"
            )
        header = parse_json(text, Header)
        forms = {name: form for name, form in archive.forms.items() if name != _HEADER}
        described = groups(header, forms)
        try:
            symbols = check_forms(forms, described, symbols_of(header))
            check_header(header, symbols, forms)
            arrays = {name: archive.read(name) for name in forms}
            # Before objects are made of them, so that a line names the array.
            check_all_values(arrays, described, symbols)
            trace = trace_of(header, arrays)
            check_consistency(trace)
            check(trace.about, trace.records, len(trace.subsequences))
        except OmnisimError as cause:
            raise TraceError(f"{path}: {_DAMAGED} ({cause}){_AGAIN}") from cause
    return trace


def _header_text(archive: Archive) -> bytes:
    form = archive.forms.get(_HEADER)
    if form is None or form.dtype != np.uint8 or len(form.shape) != 1 or form.shape[0] > MOST_TEXT:
        raise ValueError(f"it has no {_HEADER}" if form is None else f"its {_HEADER} is no text")
    return archive.read(_HEADER).tobytes()
