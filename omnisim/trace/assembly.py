"""A record from its arrays and its header: the way back from :mod:`omnisim.trace.layout`."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from omnisim.arrays import index_type
from omnisim.problem.constraints import Limit
from omnisim.problem.context import FORECASTER
from omnisim.problem.money import Money
from omnisim.problem.population import Population
from omnisim.trace.description import AGENTS, KINDS, LOG, MESSAGES, MIXTURES, RECORD, RUN, Array
from omnisim.trace.layout import NAMES, OF_LOG, OF_MESSAGES, OF_MIXTURES, prefix_of
from omnisim.trace.record import LoggedMessages, MessageRecord, Mixtures, PopulationRecord, Trace

Arrays = Mapping[str, np.ndarray]


def trace_of(header: Mapping[str, Any], arrays: Arrays) -> Trace:
    """The record with this header and these arrays, whose names, shapes and types are right.

    Raises
    ------
    OmnisimError
        If an entry is out of its range.
    """
    has_mixtures = any(name.startswith(OF_MIXTURES) for name in arrays)
    return Trace(
        **_group(arrays, RUN, ""),
        subsequences=tuple(header["subsequences"]),
        records={
            known["name"]: _record(known, arrays, prefix_of(index)) for index, known in enumerate(header["populations"])
        },
        about=header["about"],
        mixtures=Mixtures(**_group(arrays, MIXTURES, OF_MIXTURES)) if has_mixtures else None,
        messages=None if header.get("messages") is None else _messages(header["messages"], arrays),
    )


def _group(arrays: Arrays, described: Iterable[Array], prefix: str) -> dict[str, Any]:
    """Fields by name, in the type that each is kept in; None for those that are not there.

    Those kept narrow are as in the file.
    """
    found: dict[str, Any] = {}
    for field in described:
        kept = KINDS[field.kind][1]
        if field.family:
            begin = f"{prefix}{field.family}/"
            of_family = {name.removeprefix(begin): array for name, array in arrays.items() if name.startswith(begin)}
            found[field.family] = {name: array.astype(kept, copy=False) for name, array in of_family.items()}
        else:
            array = arrays.get(prefix + field.name)
            found[field.name] = array if array is None or field.narrow else array.astype(kept, copy=False)
    return found


def _messages(known: Mapping[str, Any], arrays: Arrays) -> MessageRecord:
    first, last = known["logged"]
    names: dict[str, Any] = {name: tuple(known[name]) for name in NAMES}
    return MessageRecord(
        **names,
        **_group(arrays, MESSAGES, OF_MESSAGES),
        log=LoggedMessages(**_group(arrays, LOG, OF_LOG), first=first, last=last),
    )


def _record(known: Mapping[str, Any], arrays: Arrays, prefix: str) -> PopulationRecord:
    own = _group(arrays, AGENTS, prefix)
    money = Money(own["money_scale"], own["money_offset"], known["currency"])
    units = known.get("limit_units", ())
    averaged = known.get("limit_averaged", [False] * len(units))
    played = _group(arrays, RECORD, prefix)
    played["actions"] = played["actions"].astype(index_type(len(known["action_names"])), copy=False)
    return PopulationRecord(
        Population(
            known["name"],
            own["utility"],
            own["offset"],
            action_names=known["action_names"],
            money=money,
            load=own["load"],
            paid=own["paid"],
            agent_names=known.get("agent_names"),
            weights=own["agent_weights"],
        ),
        tuple(known["constraint_names"]),
        subscriptions=tuple(known.get("subscriptions", (FORECASTER,))),
        limits=tuple(Limit(unit, own["limit_scale"][:, j], averaged[j]) for j, unit in enumerate(units)),
        **played,
    )
