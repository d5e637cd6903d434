"""Growth of regret and violation with the number of rounds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omnisim.analysis.benchmark import benchmark_of
from omnisim.analysis.kernels import grow
from omnisim.analysis.money import lost_by_clipping
from omnisim.analysis.sums import blocks
from omnisim.arrays import ROUNDING, FloatArray, IntArray, read_only
from omnisim.errors import TraceError
from omnisim.refusing import among
from omnisim.signatures import held_to_types
from omnisim.threads import in_shares
from omnisim.trace import Trace

MEASURES = ("utility", "external_regret", "swap_regret", "ccv", "ccv_positive", "money")
"""Measures of every agent; money is at the true outcomes."""


@dataclass(frozen=True, eq=False)
class Grown:
    """Measures of N agents after P growing numbers of rounds of a subsequence.

    Attributes
    ----------
    last, rounds : (P,)
        Last round of the run that is counted, and rounds of the subsequence so far.
    measures
        By name, some of ``MEASURES``, each (P, N).
    """

    last: IntArray
    rounds: IntArray
    measures: dict[str, FloatArray]


@held_to_types(TraceError)
def growth(trace: Trace, population: str, subsequence: str, points: int = 40) -> pd.DataFrame:
    """Regret, violation and money of every agent after growing numbers of rounds of a subsequence.

    After t rounds the benchmark is what had not violated by then: the regrets are those a run of t rounds
    would have reported.

    Parameters
    ----------
    trace
        The record of a run.
    population, subsequence
        Names.
    points
        How many numbers of rounds, evenly spread, >= 1.

    Returns
    -------
    One row per number of rounds and agent, none where the subsequence has no round. Columns: round (of the run: rounds
    0..round are counted), rounds (of the subsequence so far), agent, utility, external_regret, swap_regret, ccv,
    ccv_positive, money.

    Raises
    ------
    TraceError
        If there is no such population or subsequence, or ``points`` is below 1.
    """
    found = grown(trace, population, subsequence, points)
    agents = trace.records[population].population.agents
    labels = {
        "round": np.repeat(found.last, agents),
        "rounds": np.repeat(found.rounds, agents),
        "agent": np.tile(np.arange(agents), len(found.last)),
    }
    return pd.DataFrame(labels | {name: values.reshape(-1) for name, values in found.measures.items()})


def grown(trace: Trace, population: str, subsequence: str, points: int, measures: Sequence[str] = MEASURES) -> Grown:
    """The same as arrays, of the measures that are asked for; agents are taken in blocks."""
    record = trace.records[among("population of growth", population, trace.records, TraceError)]
    among("subsequence of growth", subsequence, trace.subsequences, TraceError)
    if points < 1:
        raise TraceError(f"points of growth must be >= 1, got {points}")
    agents, actions, dimension = record.population.utility.shape
    k = trace.subsequences.index(subsequence)
    members = np.flatnonzero(trace.active[:, k])
    points = min(points, len(members))
    ends = np.unique(-(-len(members) * np.arange(1, points + 1) // points)) if len(members) else np.arange(0)
    left_at = benchmark_of(trace, population)[1][:, :, k]
    found = {name: np.empty((len(ends), agents)) for name in measures}
    parts = list(blocks(agents, actions * dimension + 4 * len(members))) if len(ends) else []

    def work(share: int, workers: int) -> None:
        for block in parts[share::workers]:
            each = _grown(trace, population, members, ends, left_at[block], block)
            for name in measures:
                found[name][:, block] = each[name]

    in_shares(work, len(members) * agents)
    return Grown(members[ends - 1], ends, found)


def _grown(
    trace: Trace, population: str, members: IntArray, ends: IntArray, left_at: IntArray, agents: slice
) -> dict[str, FloatArray]:
    """All measures of some agents, each (P, agents), after the members up to each of the ends."""
    record = trace.records[population]
    played, present = record.actions[:, agents], None if record.present is None else record.present[:, agents]
    utility, external, swap, own = np.empty((4, len(ends), played.shape[1]))
    grow(
        read_only(played),
        None if present is None else read_only(present),
        read_only(trace.outcomes),
        members,
        ends,
        read_only(left_at),
        record.population.utility[agents],
        record.population.offset[agents],
        utility,
        external,
        swap,
        own,
    )
    money = record.population.money
    earned = utility * money.scale[agents] + own * money.offset[agents]
    if trace.unclipped_outcomes is not None:
        earned -= lost_by_clipping(trace, population, agents)[members].cumsum(axis=0)[ends - 1]
    costs = record.costs[:, agents][members]
    ccv, ccv_positive = np.zeros((2, *utility.shape))
    if costs.shape[2]:
        ccv, ccv_positive = (
            each.cumsum(axis=0)[ends - 1].max(axis=2) for each in (costs, np.where(costs > ROUNDING, costs, 0.0))
        )
    return {
        "utility": utility,
        "external_regret": external,
        "swap_regret": swap,
        "ccv": ccv,
        "ccv_positive": ccv_positive,
        "money": earned,
    }
