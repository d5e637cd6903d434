"""A record as arrays with names and a header: the form in which it is checked and kept.

The way back is in :mod:`omnisim.trace.assembly`.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisim.problem.context import FORECASTER
from omnisim.trace.description import AGENTS, LOG, MESSAGES, MIXTURES, RECORD, RUN, Array

if TYPE_CHECKING:
    from omnisim.trace.record import Trace

OF_MIXTURES, OF_MESSAGES, OF_LOG = "mixtures/", "messages/", "messages/log/"
"""Prefixes of the names of arrays that are not of the run as a whole, or of a population."""

NAMES = ("kinds", "parties", "roles")
"""Fields of the record of messages that are in the header."""


def prefix_of(index: int) -> str:
    """Prefix of the names of a population's arrays."""
    return f"population{index}/"


def groups(header: Mapping[str, Any], names: Iterable[str]) -> list[tuple[str, tuple[Array, ...]]]:
    """Prefix and description of every group of arrays of a record with this header and arrays of these names."""
    found: list[tuple[str, tuple[Array, ...]]] = [("", RUN)]
    if any(name.startswith(OF_MIXTURES) for name in names):
        found.append((OF_MIXTURES, MIXTURES))
    for index in range(len(header["populations"])):
        found += [(prefix_of(index), AGENTS), (prefix_of(index), RECORD)]
    if header.get("messages") is not None:
        found += [(OF_MESSAGES, MESSAGES), (OF_LOG, LOG)]
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


def arrays_of(trace: "Trace") -> dict[str, np.ndarray]:
    """Every array of a record, by name."""
    arrays = _fields(trace, RUN, "")
    if trace.mixtures is not None:
        arrays |= _fields(trace.mixtures, MIXTURES, OF_MIXTURES)
    if trace.messages is not None:
        arrays |= _fields(trace.messages, MESSAGES, OF_MESSAGES)
        arrays |= _fields(trace.messages.log, LOG, OF_LOG)
    for index, record in enumerate(trace.records.values()):
        population = record.population
        own = {
            "utility": population.utility,
            "offset": population.offset,
            "money_scale": population.money.scale,
            "money_offset": population.money.offset,
            "load": population.load,
            "paid": population.paid,
            "agent_weights": population.weights,
            "limit_scale": np.stack([limit.scale for limit in record.limits], axis=1) if record.limits else None,
        }
        arrays |= {prefix_of(index) + name: array for name, array in own.items() if array is not None}
        arrays |= _fields(record, RECORD, prefix_of(index))
    return arrays


def header_of(trace: "Trace") -> dict[str, Any]:
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
            **{name: getattr(trace.messages, name) for name in NAMES},
            "logged": [trace.messages.log.first, trace.messages.log.last],
        }
    return header


def _fields(holder: object, described: Iterable[Array], prefix: str) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for field in described:
        if field.family:
            family = getattr(holder, field.family)
            found |= {f"{prefix}{field.family}/{name}": array for name, array in family.items()}
        elif getattr(holder, field.name) is not None:
            found[prefix + field.name] = getattr(holder, field.name)
    return found
