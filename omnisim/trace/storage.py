"""Reading traces from disk: one ``.npz`` of plain arrays and a header in JSON, with a schema version, no pickles.

Of a file, the sizes, names, shapes and types of the arrays are checked before one is read, and their entries before
anything counts on them; what they may be is said in :mod:`omnisim.trace.description`. Last, they are held against the
digests in the file: one that was changed within its range, or taken from another run, contradicts nothing else.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import RootModel

from omnisim.archives import Archive
from omnisim.errors import OmnisimError, TraceError
from omnisim.reading import MOST_TEXT, Versioned, parse_json, reading
from omnisim.refusing import path_of
from omnisim.trace.assembly import trace_of
from omnisim.trace.checking import check_all_values, check_consistency, check_forms
from omnisim.trace.declarations import check
from omnisim.trace.header import Header, check_header
from omnisim.trace.layout import groups, symbols_of
from omnisim.trace.record import Trace
from omnisim.trace.writing import DIGESTS, HEADER, SCHEMA_VERSION, digests

_DAMAGED, _AGAIN = "the trace is damaged", ": run its scenario.toml again"

_FIRST_WITH_DIGESTS = 5
"""Schema version from which on a trace says what the digests of its arrays are."""


def load_trace(path: Path | str) -> Trace:
    """Read a trace written by :meth:`Trace.save`.

    Raises
    ------
    TraceError
        If the file is missing, damaged, of another schema version, or holds what cannot be the record of a run; the
        line names the file and the array.
    """
    path = path_of("path of load_trace", path, TraceError)
    if not path.exists():
        raise TraceError(f"{path}: there is no such trace")
    with reading(path, TraceError, _DAMAGED, _AGAIN), path.open("rb") as file:
        archive = Archive(file)
        text = _text(archive, HEADER)
        version = parse_json(text, Versioned)["schema_version"]
        if version not in range(1, SCHEMA_VERSION + 1):
            raise TraceError(
                f"{path}: the trace has schema version {version}, this omnisim reads {SCHEMA_VERSION} and older: "
                "run its scenario.toml again"
            )
        header = parse_json(text, Header)
        forms = {name: form for name, form in archive.forms.items() if name not in (HEADER, DIGESTS)}
        described = groups(header, forms)
        try:
            symbols = check_forms(forms, described, symbols_of(header))
            check_header(header, symbols, forms)
            arrays = {name: archive.read(name) for name in forms}
            # Before objects are made of them, so that a line names the array.
            check_all_values(arrays, described, symbols)
            found = digests(arrays | {HEADER: np.frombuffer(text, dtype=np.uint8)})
            trace = trace_of(header, arrays)
            del arrays  # a population has copies of its own
            check_consistency(trace)
            check(trace.about, trace.records, len(trace.subsequences))
            if version >= _FIRST_WITH_DIGESTS:
                written = parse_json(_text(archive, DIGESTS), RootModel[dict[str, str]])
                _check_digests(written, found)
        except OmnisimError as cause:
            raise TraceError(f"{path}: {_DAMAGED} ({cause}){_AGAIN}") from cause
    return trace


def _text(archive: Archive, name: str) -> bytes:
    form = archive.forms.get(name)
    if form is None or form.dtype != np.uint8 or len(form.shape) != 1 or form.shape[0] > MOST_TEXT:
        raise ValueError(f"it has no {name}" if form is None else f"its {name} is no text")
    return archive.read(name).tobytes()


def _check_digests(written: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Check that arrays are those that were written, also where they contradict nothing."""
    for name in sorted({*written, *found}):
        if written.get(name) != found.get(name):
            raise TraceError(f"{name}: is not what was written")
