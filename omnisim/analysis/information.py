"""Fates of messages, and the cost of the age of information.

The rounds in which a population acted on a forecast of a given age are a subsequence like any other: regret on it is
measured against the benchmark of the whole run.
"""

import numpy as np
import pandas as pd

from omnisim.analysis.benchmark import benchmark_of
from omnisim.analysis.regret import regret
from omnisim.analysis.sums import played_sums
from omnisim.arrays import IntArray
from omnisim.trace import PopulationRecord, Trace

DEFAULTED = -1
"""Stands for an age where the default action was played."""

MOST_AGES = 12
"""Older forecasts are counted together, at the age of the first of them."""


def age_of(record: PopulationRecord, rounds: int) -> IntArray:
    """The age (T,) in rounds of what a population acted on: that of the oldest prediction in the average.

    0 is the forecast of the round itself; ``DEFAULTED`` where the market booked the default action.
    """
    if record.heard is None:
        return np.zeros(rounds, dtype=np.int64)
    assert record.defaulted is not None  # noqa: S101 (recorded together; this tells the type checker)
    age = np.arange(rounds)[:, None] - record.heard
    oldest = np.where(record.heard >= 0, age, DEFAULTED).max(axis=1)
    return np.where(record.defaulted, DEFAULTED, oldest)


def ages(trace: Trace) -> pd.DataFrame:
    """Regret against information age.

    Returns
    -------
    One row per population and age. Columns: population; age (rounds, -1 where the default action was played, ages from
    ``MOST_AGES`` on together); rounds; error (mean |p - y| of what was acted on, NaN for the default); utility,
    external_regret and swap_regret (means over agents with a benchmark, per round).
    """
    rows = []
    for name, record in trace.records.items():
        age = np.minimum(age_of(record, trace.rounds), MOST_AGES)
        distinct = np.unique(age)
        member = age[:, None] == distinct
        predictions = trace.acted_on(name)
        sums = played_sums(
            record.actions,
            record.population.actions,
            member,
            trace.outcomes,
            np.zeros_like(predictions),
            record.present,
        )
        _, violated_at = benchmark_of(trace, name)
        clean = (violated_at == trace.rounds).all(axis=2)
        found = regret(record.population, sums, np.broadcast_to(clean, (len(distinct), *clean.shape)))
        own = sums.count.sum(axis=2)
        counted = clean.any(axis=1) & (own > 0)
        for i, value in enumerate(distinct.tolist()):
            error = np.abs(predictions[member[:, i]] - trace.outcomes[member[:, i]])
            measures = {
                "utility": found.utility[i],
                "external_regret": found.external[i],
                "swap_regret": found.swap[i],
            }
            rows.append(
                {
                    "population": name,
                    "age": value,
                    "rounds": int(member[:, i].sum()),
                    "error": np.nan if value == DEFAULTED else float(error.mean()),
                }
                | {
                    what: float((values[counted[i]] / own[i][counted[i]]).mean()) if counted[i].any() else np.nan
                    for what, values in measures.items()
                }
            )
    return pd.DataFrame(rows)


def message_counts(trace: Trace) -> pd.DataFrame:
    """The account of all messages, one row per kind; no row where everything was heard at once.

    Columns: kind, sent, delivered, late (among the delivered), lost, in_flight (when the run ended).
    """
    columns = ("sent", "delivered", "late", "lost", "in_flight")
    record = trace.messages
    if record is None:
        return pd.DataFrame(columns=["kind", *columns])
    return pd.DataFrame({"kind": record.kinds} | {name: getattr(record, name).sum(axis=1) for name in columns})
