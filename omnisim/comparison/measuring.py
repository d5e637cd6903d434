"""What is kept of a run: the parts of its row that are finer than a run and coarser than an agent."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from omnisim.analysis import Analysis
from omnisim.analysis.accuracy import losses
from omnisim.analysis.growth import grown
from omnisim.analysis.money import lost_by_clipping, money_by_round
from omnisim.analysis.units import units
from omnisim.analysis.violation import violated_limits
from omnisim.arrays import FloatArray
from omnisim.comparison.records import GROWING, IN_MONEY, MEASURES, MOST_LOSSES, REGRETS, RUNS
from omnisim.statistics.blocks import block_starts
from omnisim.trace import Trace

GROWTH_POINTS = 12
"""Numbers of rounds at which the growth of regret and violation is kept."""


def measured(analysis: Analysis) -> tuple[dict[str, Any], pd.DataFrame]:
    """The row of a run, in the columns of ``RUNS`` that its analysis decides, and its table of agents."""
    trace = analysis.trace
    agents = analysis.agents
    certificates = analysis.certificates
    populations = [record.population for record in trace.records.values()]
    kept = RUNS.field("certificates").type.value_type
    names = [kept.field(i).name for i in range(kept.num_fields)]
    by_round, loss, unit = losses(trace)
    return {
        "loss": loss,
        "loss_unit": unit,
        "losses": group_means(by_round).tolist(),
        "accuracy": analysis.accuracy.to_dict("records"),
        "rounds": trace.rounds,
        "agents": sum(population.agents for population in populations),
        "outcomes": hashlib.sha256(np.ascontiguousarray(trace.true_outcomes).tobytes()).hexdigest()[:16],
        "certificates_listed": len(certificates),
        "certificates_violated": int((~certificates["holds"].astype(bool)).sum()),
        "subsequences": list(trace.subsequences),
        "populations": [{"name": p.name, "agents": p.agents, "currency": p.money.currency} for p in populations],
        "summary": list(_summary(_with_regrets_in_money(analysis))),
        "growth": list(_growth(analysis)),
        "blocks": list(_blocks(trace)),
        "violations": violated_limits(trace).to_dict("records"),
        "clipping": [_clipping(analysis)],
        "certificates": certificates[names].to_dict("records"),
    }, agents


def group_size(rounds: int) -> int:
    """Rounds whose losses are kept as one mean, so that there are at most ``MOST_LOSSES``.

    >>> group_size(365), group_size(2_000), group_size(2_001)
    (1, 1, 2)
    """
    return -(-rounds // MOST_LOSSES)


def group_means(losses: FloatArray) -> FloatArray:
    """Means (K,) of the losses (T,) over groups of :func:`group_size` rounds; the last group may be smaller."""
    starts = np.arange(0, len(losses), group_size(len(losses)))
    return np.asarray(np.add.reduceat(losses, starts) / np.diff(starts, append=len(losses)))


def _with_regrets_in_money(analysis: Analysis) -> pd.DataFrame:
    agents = analysis.agents
    subsequences = len(analysis.trace.subsequences)
    # Agents stand one after another, each with all its subsequences.
    scale = np.concatenate([np.repeat(m.population.money.scale, subsequences) for m in analysis.measures.values()])
    return agents.assign(**{name: agents[regret] * scale for name, regret in IN_MONEY.items()})


def _clipping(analysis: Analysis) -> dict[str, Any]:
    found, unit = analysis.clipping, units(analysis.trace)
    prices = found.prices
    low, high = prices.suggested or (float("nan"), float("nan"))
    return {
        "quantity": unit.quantity,
        "unit": unit.outcome,
        "low": unit.low,
        "high": unit.low + unit.span,
        "values": prices.count,
        "clipped": prices.clipped,
        "prices": prices.share,
        "money": found.money,
        "lowest": prices.lowest,
        "highest": prices.highest,
        "suggested_low": low,
        "suggested_high": high,
    }


def _summary(agents: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for (population, subsequence), rows in agents.groupby(["population", "subsequence"], sort=False):
        yield {
            "population": population,
            "subsequence": subsequence,
            "rounds": int(rows["rounds"].iloc[0]),
            "agents": len(rows),
            "defined": int(rows[REGRETS[0]].notna().sum()),
            **{measure: float(rows[measure].mean()) for measure in MEASURES},
        }


def _growth(analysis: Analysis) -> Iterator[dict[str, Any]]:
    trace = analysis.trace
    for population in trace.records:
        for subsequence in trace.subsequences:
            points = [
                (rounds, _and_money(measures, trace, population))
                for _, rounds, measures in grown(trace, population, subsequence, GROWTH_POINTS)
            ]
            yield {
                "population": population,
                "subsequence": subsequence,
                "rounds": [rounds for rounds, _ in points],
                **{measure: [_mean(measures[measure]) for _, measures in points] for measure in GROWING},
            }


def _and_money(measures: dict[str, FloatArray], trace: Trace, population: str) -> dict[str, FloatArray]:
    scale = trace.records[population].population.money.scale
    return measures | {name: measures[regret] * scale for name, regret in IN_MONEY.items()}


def _mean(values: FloatArray) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")


def _blocks(trace: Trace) -> Iterator[dict[str, Any]]:
    starts = block_starts(trace.rounds)
    rounds = np.add.reduceat(trace.active.astype(np.int64), starts, axis=0)
    for name in trace.records:
        earned = _mean_earned(trace, name)
        sums = {key: np.add.reduceat(value[:, None] * trace.active, starts, axis=0) for key, value in earned.items()}
        for k, subsequence in enumerate(trace.subsequences):
            yield {
                "population": name,
                "subsequence": subsequence,
                "rounds": rounds[:, k].tolist(),
                **{key: value[:, k].tolist() for key, value in sums.items()},
            }


def _mean_earned(trace: Trace, name: str) -> dict[str, FloatArray]:
    """Each measure of ``LARGER_IS_BETTER`` in every round, mean over the agents, (T,)."""
    money = trace.records[name].population.money
    at_true = money_by_round(trace, name)
    clipped = at_true + lost_by_clipping(trace, name)
    # An agent that is not there earns no money, which is no utility of 0.
    here = trace.records[name].actions >= 0
    utility = np.where(here, (clipped - money.offset) / money.scale, 0.0)
    return {"utility": utility.mean(axis=1), "money": at_true.mean(axis=1), "money_clipped": clipped.mean(axis=1)}
