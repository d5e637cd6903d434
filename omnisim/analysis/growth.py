"""Growth of regret and violation with the number of rounds."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from omnisim.analysis.benchmark import benchmark_of
from omnisim.analysis.money import lost_by_clipping
from omnisim.analysis.regret import regret
from omnisim.analysis.sums import Sums, played_sums
from omnisim.arrays import FloatArray
from omnisim.trace import Trace

_MEASURES = ("utility", "external_regret", "swap_regret", "ccv", "ccv_positive", "money")


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
    """
    frames = [
        pd.DataFrame({"round": last, "rounds": rounds, "agent": np.arange(len(measures["utility"])), **measures})
        for last, rounds, measures in grown(trace, population, subsequence, points)
    ]
    return (
        pd.concat(frames, ignore_index=True)
        if frames
        else pd.DataFrame(columns=["round", "rounds", "agent", *_MEASURES])
    )


def grown(
    trace: Trace, population: str, subsequence: str, points: int
) -> Iterator[tuple[int, int, dict[str, FloatArray]]]:
    """Measures after growing numbers of rounds: last round, rounds of the subsequence, measures of the agents (N,)."""
    record = trace.records[population]
    _, violated_at = benchmark_of(trace, population)
    k = trace.subsequences.index(subsequence)
    members = np.flatnonzero(trace.active[:, k])
    if not len(members):
        return
    ends = np.unique(np.ceil(np.linspace(len(members) / points, len(members), points)).astype(int))
    every = np.ones((len(members), 1), dtype=np.bool_)
    agents = record.population.agents
    total: Sums | None = None
    lost = None if trace.unclipped_outcomes is None else lost_by_clipping(trace, population)
    clipped: FloatArray = np.zeros(agents)
    violated, positive = np.zeros((2, agents, record.costs.shape[2]))
    for begin, end in zip(np.concatenate([[0], ends[:-1]]), ends, strict=True):
        part = members[begin:end]
        sums = played_sums(
            record.actions[part],
            record.population.actions,
            every[begin:end],
            trace.outcomes[part],
            trace.predictions[part],
            None if record.present is None else record.present[part],
        )
        total = sums if total is None else _add(total, sums)
        benchmark = (violated_at[:, :, k] > part[-1])[None]
        found = regret(record.population, total, benchmark)
        costs = record.costs[part]
        violated, positive = violated + costs.sum(axis=0), positive + np.maximum(costs, 0).sum(axis=0)
        money = record.population.money
        if lost is not None:
            clipped = clipped + lost[part].sum(axis=0)
        own = end if record.present is None else total.count[0].sum(axis=1)
        nothing = np.zeros(agents)
        yield (
            int(part[-1]),
            int(end),
            {
                "utility": found.utility[0],
                "external_regret": found.external[0],
                "swap_regret": found.swap[0],
                "ccv": violated.max(axis=1) if violated.size else nothing,
                "ccv_positive": positive.max(axis=1) if positive.size else nothing,
                "money": found.utility[0] * money.scale + own * money.offset - clipped,
            },
        )


def _add(first: Sums, second: Sums) -> Sums:
    return Sums(first.count + second.count, first.outcome + second.outcome, first.prediction + second.prediction)
