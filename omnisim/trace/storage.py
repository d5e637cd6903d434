"""Traces on disk: one ``.npz`` of plain arrays and a header in JSON, with a schema version; nothing is pickled."""

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.errors import TraceError
from omnisim.files import atomic_write
from omnisim.problem.constraints import Limit
from omnisim.problem.population import Money, Population
from omnisim.trace.declarations import check
from omnisim.trace.record import (
    COUNTED,
    EDGES,
    FORECASTER,
    LOGGED,
    MIXTURES,
    OPTIONAL,
    RECORDED,
    WHERE_CLIPPED,
    LoggedMessages,
    MessageRecord,
    Mixtures,
    PopulationRecord,
    Trace,
)

SCHEMA_VERSION = 3
"""Version 2 added what a network and agents that come and go leave behind, version 3 what was clipped and what costs
stand for and what strategies guarantee; older ones are read as runs without (of which nothing is claimed)."""

_DAMAGE = (OSError, EOFError, KeyError, TypeError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a file can raise that is no trace, or no longer one."""


def write_trace(trace: Trace, path: Path) -> None:
    """What :meth:`Trace.save` does."""
    arrays: dict[str, Any] = {
        "outcomes": trace.outcomes,
        "predictions": trace.predictions,
        "active": trace.active,
    }
    if trace.dates is not None:
        arrays["dates"] = trace.dates
    for name in WHERE_CLIPPED:
        if getattr(trace, name) is not None:
            arrays[name] = getattr(trace, name)
    if trace.mixtures is not None:
        for name in MIXTURES:
            arrays["mixtures/" + name] = getattr(trace.mixtures, name)
    if trace.bases is not None:
        arrays["bases"] = trace.bases
    arrays |= {"diagnostics/" + name: values for name, values in trace.diagnostics.items()}
    arrays |= {"other_predictions/" + name: values for name, values in trace.other_predictions.items()}
    header: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "subsequences": trace.subsequences,
        "about": trace.about,
        "populations": [],
    }
    if trace.messages is not None:
        header["messages"] = {
            **{name: getattr(trace.messages, name) for name in ("kinds", "parties", "roles")},
            "logged": [trace.messages.log.first, trace.messages.log.last],
        }
        for name in (*COUNTED, *EDGES):
            arrays["messages/" + name] = getattr(trace.messages, name)
        for name in LOGGED:
            arrays["messages/log/" + name] = getattr(trace.messages.log, name)
    for index, record in enumerate(trace.records.values()):
        population = record.population
        header["populations"].append(
            {
                "name": population.name,
                "action_names": population.action_names,
                "constraint_names": record.constraint_names,
                "currency": population.money.currency,
                "subscriptions": record.subscriptions,
                "limit_units": [limit.unit for limit in record.limits],
            }
        )
        prefix = f"population{index}/"
        arrays[prefix + "utility"] = population.utility
        arrays[prefix + "offset"] = population.offset
        arrays[prefix + "money_scale"] = population.money.scale
        arrays[prefix + "money_offset"] = population.money.offset
        if population.load is not None:
            arrays[prefix + "load"] = population.load
        if record.limits:
            arrays[prefix + "limit_scale"] = np.stack([limit.scale for limit in record.limits], axis=1)
        for name in RECORDED:
            arrays[prefix + name] = getattr(record, name)
        for name in OPTIONAL:
            if getattr(record, name) is not None:
                arrays[prefix + name] = getattr(record, name)
    text = json.dumps(header, sort_keys=True)
    arrays["header"] = np.frombuffer(text.encode(), dtype=np.uint8)
    with atomic_write(path) as file:
        np.savez_compressed(file, **arrays)


def load_trace(path: Path | str) -> Trace:
    """Read a trace written by :meth:`Trace.save`.

    Raises
    ------
    TraceError
        If the file is missing, damaged, or of another schema version.
    """
    path = Path(path)
    try:
        # numpy does not close a file that it opened and could not read.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = dict(stored)
        header = json.loads(arrays["header"].tobytes())
        version = header["schema_version"]
        trace = _read(header, arrays) if version in range(1, SCHEMA_VERSION + 1) else None
        if trace is not None:
            check(trace.about, trace.records, len(trace.subsequences))
    except FileNotFoundError as cause:
        raise TraceError(f"{path}: there is no such trace") from cause
    except _DAMAGE as cause:
        raise TraceError(f"{path}: the trace is damaged ({cause}): run its scenario.toml again") from cause
    if trace is None:
        raise TraceError(
            f"{path}: the trace has schema version {version}, this omnisim reads {SCHEMA_VERSION} and older: "
            "run its scenario.toml again"
        )
    return trace


def _read(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Trace:
    return Trace(
        outcomes=arrays["outcomes"],
        predictions=arrays["predictions"],
        active=arrays["active"],
        subsequences=tuple(header["subsequences"]),
        dates=arrays.get("dates"),
        records={
            known["name"]: _read_record(known, arrays, f"population{index}/")
            for index, known in enumerate(header["populations"])
        },
        about=header["about"],
        mixtures=Mixtures(*(arrays["mixtures/" + name] for name in MIXTURES)) if "mixtures/starts" in arrays else None,
        bases=arrays.get("bases"),
        **{name: arrays.get(name) for name in WHERE_CLIPPED},
        diagnostics={
            name.removeprefix("diagnostics/"): values
            for name, values in arrays.items()
            if name.startswith("diagnostics/")
        },
        other_predictions={
            name.removeprefix("other_predictions/"): values
            for name, values in arrays.items()
            if name.startswith("other_predictions/")
        },
        messages=_read_messages(header["messages"], arrays) if "messages" in header else None,
    )


def _read_messages(known: Mapping[str, Any], arrays: Mapping[str, Any]) -> MessageRecord:
    first, last = known["logged"]
    fields: dict[str, Any] = {name: tuple(known[name]) for name in ("kinds", "parties", "roles")}
    fields |= {name: arrays["messages/" + name] for name in (*COUNTED, *EDGES)}
    log = LoggedMessages(**{name: arrays["messages/log/" + name] for name in LOGGED}, first=first, last=last)
    return MessageRecord(**fields, log=log)


def _read_record(known: Mapping[str, Any], arrays: Mapping[str, Any], prefix: str) -> PopulationRecord:
    population = Population(
        known["name"],
        arrays[prefix + "utility"],
        arrays[prefix + "offset"],
        action_names=known["action_names"],
        money=Money(arrays[prefix + "money_scale"], arrays[prefix + "money_offset"], known["currency"]),
        load=arrays.get(prefix + "load"),
    )
    recorded = {name: arrays[prefix + name] for name in RECORDED}
    recorded |= {name: arrays.get(prefix + name) for name in OPTIONAL}
    units = known.get("limit_units", ())
    return PopulationRecord(
        population,
        tuple(known["constraint_names"]),
        subscriptions=tuple(known.get("subscriptions", (FORECASTER,))),
        limits=tuple(Limit(unit, arrays[prefix + "limit_scale"][:, j]) for j, unit in enumerate(units)),
        **recorded,
    )
