"""The record of some agents of a population, as if the others had not been there."""

from dataclasses import replace

import numpy as np

from omnisim.arrays import IntArray
from omnisim.problem.churn import with_rows
from omnisim.trace import PopulationRecord, Trace


def some_agents(record: PopulationRecord, agents: IntArray) -> PopulationRecord:
    """The record of a population with the given agents only, in that order."""
    return replace(
        record,
        population=with_rows(record.population, agents),
        actions=record.actions[:, agents],
        fallback=record.fallback[:, agents],
        costs=record.costs[:, agents],
        violated_at=record.violated_at[agents],
        eliminated_at=record.eliminated_at[agents],
        expected_violated_at=None if record.expected_violated_at is None else record.expected_violated_at[agents],
        present=None if record.present is None else record.present[:, agents],
        true_costs=None if record.true_costs is None else record.true_costs[:, agents],
        limits=tuple(replace(limit, scale=np.asarray(limit.scale)[agents]) for limit in record.limits),
    )


def one_agent(trace: Trace, population: str, agent: int) -> Trace:
    """The record of a run with one agent of one population only."""
    record = some_agents(trace.records[population], np.array([agent]))
    return replace(trace, records={population: record})
