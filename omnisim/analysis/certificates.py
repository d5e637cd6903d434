"""Certificates: what the theorems promise for a run, beside what was measured.

A row concerns one theorem, one population and one subsequence. A theorem speaks about each agent by itself;
the row shows the agent with the smallest margin among those that meet the hypotheses, and says how many do.
A theorem is listed for the elimination rule it is about.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from omnisim.analysis.measures import Measures
from omnisim.arrays import ROUNDING, BoolArray, FloatArray
from omnisim.trace import PopulationRecord, Trace

COLUMNS = (
    "theorem",
    "claim",
    "scope",
    "population",
    "subsequence",
    "measured",
    "bound",
    "margin",
    "holds",
    "agents",
    "hypotheses_met",
)
"""``agents`` of the population meet the hypotheses if ``hypotheses_met`` equals it; where none does, the
numbers are NaN and the certificate holds vacuously."""

WHOLE_RUN = "every round"


def certificates(trace: Trace, measures: Mapping[str, Measures]) -> pd.DataFrame:
    """All certificates of a run, one row per theorem and scope; columns as in ``COLUMNS``."""
    rows = [
        row
        for name, record in trace.records.items()
        for claim in _CLAIMS.get(trace.about["elimination"][name], (_regret_from_bias,))
        for row in claim(trace, record, measures[name])
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


_Rows = Iterator[dict[str, object]]
_Claim = Callable[[Trace, PopulationRecord, Measures], _Rows]


def _first_violation(trace: Trace, record: PopulationRecord, measures: Measures) -> _Rows:
    # With a benchmark that is not empty there is always a candidate; without one the rule has to fall back.
    clean = record.violated_at.min(axis=2) == trace.rounds
    kept = record.eliminated_at[:, :, 0] == trace.rounds
    met = clean.any(axis=1)
    yield _row(
        "Proposition 1",
        "benchmark actions eliminated = 0",
        record,
        WHOLE_RUN,
        (clean & ~kept).sum(axis=1),
        np.zeros(len(met)),
        met,
    )
    positive = np.maximum(record.costs, 0).sum(axis=0).max(axis=1, initial=0.0)
    yield _row(
        "Theorem 1",
        "CCV+ <= |A without B|",
        record,
        WHOLE_RUN,
        positive,
        measures.population.actions - clean.sum(axis=1),
        met,
    )


def _subsequence_first_violation(trace: Trace, record: PopulationRecord, measures: Measures) -> _Rows:
    lasting = len(trace.subsequences) * measures.population.actions
    for k, name in enumerate(trace.subsequences):
        clean = measures.benchmark[k]
        kept = record.eliminated_at[:, :, k] == trace.rounds
        yield _row(
            "Proposition 3",
            "benchmark actions eliminated = 0",
            record,
            name,
            (clean & ~kept).sum(axis=1),
            np.zeros(len(clean)),
            clean.any(axis=1),
        )
        yield _row(
            "Theorem 5",
            "CCV+(S) <= L |A|",
            record,
            name,
            measures.ccv_positive[k],
            np.full(len(clean), float(lasting)),
            measures.fallback_rounds[k] == 0,
        )


def _regret_from_bias(trace: Trace, record: PopulationRecord, measures: Measures) -> _Rows:
    theorem = "Theorem 7" if record.eliminated_at.shape[2] > 1 else "Theorem 3"
    bound = 2 * measures.population.lipschitz * measures.bias.sum(axis=2)
    for k, name in enumerate(trace.subsequences):
        yield _row(
            theorem,
            "swap regret(S) <= 2 L sum of biases",
            record,
            name,
            measures.swap_regret[k],
            bound[k],
            _retained(trace, record, measures.benchmark[k], k) & (measures.fallback_rounds[k] == 0),
        )


def _retained(trace: Trace, record: PopulationRecord, benchmark: BoolArray, k: int) -> BoolArray:
    """Agents (N,) whose benchmark on subsequence k is not empty and stayed a candidate in all its rounds."""
    last = np.flatnonzero(trace.active[:, k])[-1]
    left = record.eliminated_at[:, :, k if record.eliminated_at.shape[2] > 1 else 0]
    return np.asarray(benchmark.any(axis=1) & (~benchmark | (left >= last)).all(axis=1))


def _row(
    theorem: str,
    claim: str,
    record: PopulationRecord,
    subsequence: str,
    measured: FloatArray,
    bound: FloatArray,
    met: BoolArray,
) -> dict[str, object]:
    name = record.population.name
    row: dict[str, object] = {
        "theorem": theorem,
        "claim": claim,
        "scope": f"{name} / {subsequence}",
        "population": name,
        "subsequence": subsequence,
        "agents": len(met),
        "hypotheses_met": int(met.sum()),
        "measured": np.nan,
        "bound": np.nan,
        "margin": np.nan,
        "holds": True,
    }
    if met.any():
        margin = np.where(met, bound - measured, np.inf)
        tightest = int(margin.argmin())
        row["measured"], row["bound"] = float(measured[tightest]), float(bound[tightest])
        row["margin"] = float(margin[tightest])
        row["holds"] = bool(margin[tightest] >= -ROUNDING * max(1.0, abs(float(bound[tightest]))))
    return row


_CLAIMS: Mapping[str, tuple[_Claim, ...]] = {
    "FirstViolation": (_first_violation, _regret_from_bias),
    "SubsequenceFirstViolation": (_subsequence_first_violation, _regret_from_bias),
}
"""By elimination rule; every rule has the regret that follows from calibration."""
