"""A record as arrays with names and a header, and back: the form in which it is checked and kept."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from omnisim.problem.constraints import Limit
from omnisim.problem.population import Money, Population
from omnisim.trace.description import AGENTS, KINDS, LOG, MESSAGES, MIXTURES, RECORD, RUN, Array
from omnisim.trace.record import FORECASTER, LoggedMessages, MessageRecord, Mixtures, PopulationRecord, Trace

Arrays = Mapping[str, np.ndarray]

_MIXTURES, _MESSAGES, _LOG = "mixtures/", "messages/", "messages/log/"
_NAMES = ("kinds", "parties", "roles")


def prefix_of(index: int) -> str:
    """Prefix of the names of a population's arrays."""
    return f"population{index}/"


def groups(header: Mapping[str, Any], names: Iterable[str]) -> list[tuple[str, tuple[Array, ...]]]:
    """Prefix and description of every group of arrays of a record with this header and arrays of these names."""
    found: list[tuple[str, tuple[Array, ...]]] = [("", RUN)]
    if any(name.startswith(_MIXTURES) for name in names):
        found.append((_MIXTURES, MIXTURES))
    for index in range(len(header["populations"])):
        found += [(prefix_of(index), AGENTS), (prefix_of(index), RECORD)]
    if header.get("messages") is not None:
        found += [(_MESSAGES, MESSAGES), (_LOG, LOG)]
    return found


def symbols_of(header: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Values of the symbols that the header fixes, by prefix; "" is for all."""
    known = {"": {"L": len(header["subsequences"])}}
    messages = header.get("messages")
    if messages is not None:
        known[""] |= {"M": len(messages["kinds"]), "P": len(messages["parties"])}
    for index, population in enumerate(header["populations"]):
        known[prefix_of(index)] = {
            "A": len(population["action_names"]),
            "J": len(population["constraint_names"]),
            "F": len(population.get("subscriptions", (FORECASTER,))),
        }
    return known


def arrays_of(trace: Trace) -> dict[str, np.ndarray]:
    """Every array of a record, by name."""
    arrays = _fields(trace, RUN, "")
    if trace.mixtures is not None:
        arrays |= _fields(trace.mixtures, MIXTURES, _MIXTURES)
    if trace.messages is not None:
        arrays |= _fields(trace.messages, MESSAGES, _MESSAGES)
        arrays |= _fields(trace.messages.log, LOG, _LOG)
    for index, record in enumerate(trace.records.values()):
        population = record.population
        own = {
            "utility": population.utility,
            "offset": population.offset,
            "money_scale": population.money.scale,
            "money_offset": population.money.offset,
            "load": population.load,
            "agent_weights": population.weights,
            "limit_scale": np.stack([limit.scale for limit in record.limits], axis=1) if record.limits else None,
        }
        arrays |= {prefix_of(index) + name: array for name, array in own.items() if array is not None}
        arrays |= _fields(record, RECORD, prefix_of(index))
    return arrays


def header_of(trace: Trace) -> dict[str, Any]:
    """Header of a record: all of it but its arrays, as JSON values."""
    header: dict[str, Any] = {
        "subsequences": trace.subsequences,
        "about": trace.about,
        "populations": [
            {
                "name": record.population.name,
                "action_names": record.population.action_names,
                "constraint_names": record.constraint_names,
                "currency": record.population.money.currency,
                "subscriptions": record.subscriptions,
                "limit_units": [limit.unit for limit in record.limits],
                **(
                    {"limit_averaged": [x.averaged for x in record.limits]}
                    if any(x.averaged for x in record.limits)
                    else {}
                ),
                **({} if record.population.agent_names is None else {"agent_names": record.population.agent_names}),
            }
            for record in trace.records.values()
        ],
    }
    if trace.messages is not None:
        header["messages"] = {
            **{name: getattr(trace.messages, name) for name in _NAMES},
            "logged": [trace.messages.log.first, trace.messages.log.last],
        }
    return header


def trace_of(header: Mapping[str, Any], arrays: Arrays) -> Trace:
    """The record with this header and these arrays, whose names, shapes and types are right.

    Raises
    ------
    OmnisimError
        If an entry is out of its range.
    """
    has_mixtures = any(name.startswith(_MIXTURES) for name in arrays)
    return Trace(
        **_group(arrays, RUN, ""),
        subsequences=tuple(header["subsequences"]),
        records={
            known["name"]: _record(known, arrays, prefix_of(index)) for index, known in enumerate(header["populations"])
        },
        about=header["about"],
        mixtures=Mixtures(**_group(arrays, MIXTURES, _MIXTURES)) if has_mixtures else None,
        messages=None if header.get("messages") is None else _messages(header["messages"], arrays),
    )


def _fields(holder: object, described: Iterable[Array], prefix: str) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for field in described:
        if field.family:
            family = getattr(holder, field.family)
            found |= {f"{prefix}{field.family}/{name}": array for name, array in family.items()}
        elif getattr(holder, field.name) is not None:
            found[prefix + field.name] = getattr(holder, field.name)
    return found


def _group(arrays: Arrays, described: Iterable[Array], prefix: str) -> dict[str, Any]:
    """Fields by name, in the type that each is kept in; None for those that are not there."""
    found: dict[str, Any] = {}
    for field in described:
        kept = KINDS[field.kind][1]
        if field.family:
            begin = f"{prefix}{field.family}/"
            of_family = {name.removeprefix(begin): array for name, array in arrays.items() if name.startswith(begin)}
            found[field.family] = {name: array.astype(kept, copy=False) for name, array in of_family.items()}
        else:
            array = arrays.get(prefix + field.name)
            found[field.name] = None if array is None else array.astype(kept, copy=False)
    return found


def _messages(known: Mapping[str, Any], arrays: Arrays) -> MessageRecord:
    first, last = known["logged"]
    names: dict[str, Any] = {name: tuple(known[name]) for name in _NAMES}
    return MessageRecord(
        **names,
        **_group(arrays, MESSAGES, _MESSAGES),
        log=LoggedMessages(**_group(arrays, LOG, _LOG), first=first, last=last),
    )


def _record(known: Mapping[str, Any], arrays: Arrays, prefix: str) -> PopulationRecord:
    own = _group(arrays, AGENTS, prefix)
    money = Money(own["money_scale"], own["money_offset"], known["currency"])
    units = known.get("limit_units", ())
    averaged = known.get("limit_averaged", [False] * len(units))
    return PopulationRecord(
        Population(
            known["name"],
            own["utility"],
            own["offset"],
            action_names=known["action_names"],
            money=money,
            load=own["load"],
            agent_names=known.get("agent_names"),
            weights=own["agent_weights"],
        ),
        tuple(known["constraint_names"]),
        subscriptions=tuple(known.get("subscriptions", (FORECASTER,))),
        limits=tuple(Limit(unit, own["limit_scale"][:, j], averaged[j]) for j, unit in enumerate(units)),
        **_group(arrays, RECORD, prefix),
    )
