"""Certificates: what the theorems promise for a run, beside what was measured.

A row concerns one theorem of Bechavod, Lu, Roth, one population and one subsequence. A theorem speaks about each agent
by itself; the row shows the agent with the smallest margin among those that meet the hypotheses, and says how many do.
Which theorems are listed depends on the policy of the population; every population has its assumptions checked.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from omnisim.analysis.benchmark import UNKNOWN
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
    "probability",
    "agents",
    "hypotheses_met",
    "note",
)
"""``probability``: with which the theorem promises the bound (1: always). ``hypotheses_met`` of the ``agents`` of the
population meet the hypotheses; where none does, the numbers are NaN, the certificate holds vacuously, and ``note`` says
which hypothesis fails."""

WHOLE_RUN = "every round"


def certificates(trace: Trace, measures: Mapping[str, Measures]) -> pd.DataFrame:
    """All certificates of a run, one row per theorem and scope; columns as in ``COLUMNS``."""
    rows: list[dict[str, object]] = []
    for name, record in trace.records.items():
        evidence = _Evidence(trace, record, measures[name])
        for claim in (_assumptions, *_CLAIMS.get(trace.about["elimination"][name], ())):
            rows.extend(claim(evidence))
    return pd.DataFrame(rows, columns=list(COLUMNS))


@dataclass(frozen=True)
class _Evidence:
    """What a claim is checked against."""

    trace: Trace
    record: PopulationRecord
    measures: Measures

    @property
    def facts(self) -> Mapping[str, object]:
        return self.trace.policy(self.record.population.name)

    @property
    def whole_run(self) -> BoolArray:
        """The benchmark over all rounds, (N, A): subsequences cover them, so it is what stays clean on each."""
        return np.asarray(self.measures.benchmark.all(axis=0))

    @property
    def played_on(self) -> BoolArray:
        """Agents (N,) that never had to fall back."""
        return np.asarray(~self.record.fallback.any(axis=0))

    def kept(self, k: int) -> BoolArray:
        """The actions (N, A) still in candidate set k at the end."""
        return np.asarray(self.record.eliminated_at[:, :, k] == self.trace.rounds)

    def row(
        self,
        theorem: str,
        claim: str,
        subsequence: str,
        measured: FloatArray,
        bound: FloatArray | float,
        met: BoolArray,
        unmet: str = "",
        probability: float = 1.0,
    ) -> dict[str, object]:
        """One row about N agents with measured values and bounds, (N,) each."""
        name = self.record.population.name
        row: dict[str, object] = {
            "theorem": theorem,
            "claim": claim,
            "scope": f"{name} / {subsequence}",
            "population": name,
            "subsequence": subsequence,
            "measured": np.nan,
            "bound": np.nan,
            "margin": np.nan,
            "holds": True,
            "probability": probability,
            "agents": len(met),
            "hypotheses_met": int(met.sum()),
            "note": "" if met.all() else unmet,
        }
        if met.any():
            bounds = np.broadcast_to(bound, measured.shape)
            margin = np.where(met, bounds - measured, np.inf)
            tightest = int(margin.argmin())
            row["measured"], row["bound"] = float(measured[tightest]), float(bounds[tightest])
            row["margin"] = float(margin[tightest])
            row["holds"] = bool(margin[tightest] >= -ROUNDING * max(1.0, abs(float(bounds[tightest]))))
        return row


_Rows: TypeAlias = Iterator[dict[str, object]]
_Claim: TypeAlias = Callable[[_Evidence], _Rows]

_EMPTY = "the benchmark of the others is empty"
_FELL_BACK = "the others had no candidate left in some round"


def _assumptions(evidence: _Evidence) -> _Rows:
    population, costs = evidence.record.population, evidence.record.costs
    every = np.ones(population.agents, dtype=np.bool_)
    highest = (population.offset + np.maximum(population.utility, 0).sum(axis=2)).max(axis=1)
    lowest = (population.offset + np.minimum(population.utility, 0).sum(axis=2)).min(axis=1)
    yield evidence.row(
        "Assumption 1", "largest utility over [0, 1]^d <= 1", WHOLE_RUN, np.maximum(highest, 1 - lowest), 1.0, every
    )
    yield evidence.row("Assumption 1", "Lipschitz constant L <= 1", WHOLE_RUN, population.lipschitz, 1.0, every)
    if costs.shape[2]:
        worst = np.abs(costs).max(axis=(0, 2))
        yield evidence.row("Section 2", "|costs| of actions played <= 1", WHOLE_RUN, worst, 1.0, every)


def _first_violation(evidence: _Evidence) -> _Rows:
    clean = evidence.whole_run
    removed = (clean & ~evidence.kept(0)).sum(axis=1)
    met = np.asarray(clean.any(axis=1))
    yield evidence.row("Proposition 1", "actions of B removed = 0", WHOLE_RUN, removed, 0.0, met, _EMPTY)
    positive = np.maximum(evidence.record.costs, 0).sum(axis=0).max(axis=1, initial=0.0)
    others = (evidence.measures.population.actions - clean.sum(axis=1)).astype(np.float64)
    # With a benchmark that is not empty there is always a candidate; without one the rule has to fall back.
    yield evidence.row("Theorem 1", "CCV+ <= |A without B|", WHOLE_RUN, positive, others, met, _EMPTY)


def _cumulative_threshold(evidence: _Evidence) -> _Rows:
    removed = (evidence.whole_run & ~evidence.kept(0)).sum(axis=1)
    yield _expected_kept("Proposition 2", evidence, WHOLE_RUN, removed, evidence.whole_run)
    gamma = np.asarray(evidence.facts["gamma"], dtype=np.float64)[0]
    bound = evidence.measures.population.actions * (1 + gamma)
    total = evidence.record.costs.sum(axis=0).max(axis=1, initial=-np.inf)
    yield evidence.row("Theorem 2", "CCV <= |A| (1 + gamma)", WHOLE_RUN, total, bound, evidence.played_on, _FELL_BACK)


def _subsequence_first_violation(evidence: _Evidence) -> _Rows:
    lasting = float(len(evidence.trace.subsequences) * evidence.measures.population.actions)
    for k, name in enumerate(evidence.trace.subsequences):
        clean = evidence.measures.benchmark[k]
        removed = (clean & ~evidence.kept(k)).sum(axis=1)
        yield evidence.row(
            "Proposition 3", "actions of B(S) removed = 0", name, removed, 0.0, np.asarray(clean.any(axis=1)), _EMPTY
        )
        positive = evidence.measures.ccv_positive[k]
        yield evidence.row("Theorem 5", "CCV+(S) <= L |A|", name, positive, lasting, evidence.played_on, _FELL_BACK)


def _subsequence_threshold(evidence: _Evidence) -> _Rows:
    gammas = np.asarray(evidence.facts["gamma"], dtype=np.float64)
    lasting = len(evidence.trace.subsequences) * evidence.measures.population.actions
    for k, name in enumerate(evidence.trace.subsequences):
        clean = evidence.measures.benchmark[k]
        removed = (clean & ~evidence.kept(k)).sum(axis=1)
        yield _expected_kept("Proposition 4", evidence, name, removed, clean)
        bound = lasting * (1 + gammas[k])
        total = evidence.measures.ccv[k]
        yield evidence.row(
            "Theorem 6", "CCV(S) <= L |A| (1 + gamma_S)", name, total, bound, evidence.played_on, _FELL_BACK
        )


def _expected_kept(
    theorem: str, evidence: _Evidence, subsequence: str, removed: FloatArray, clean: BoolArray
) -> dict[str, object]:
    """That no action of BE was removed: promised with probability 1 - delta, if the law is known and gamma suffices."""
    known = evidence.measures.benchmark_name != UNKNOWN
    sufficient = bool(evidence.facts["sufficient"])
    reason = _EMPTY
    if not known:
        reason = "the law of the outcomes is not known, so BE is not either"
    elif not sufficient:
        reason = "gamma is smaller than the theorem asks for"
    met = np.asarray(clean.any(axis=1) & known & sufficient)
    probability = 1 - float(str(evidence.facts["delta"]))
    return evidence.row(theorem, "actions of BE removed = 0", subsequence, removed, 0.0, met, reason, probability)


def _regret_from_bias(theorem: str) -> _Claim:
    def claim(evidence: _Evidence) -> _Rows:
        measures = evidence.measures
        bound = 2 * measures.population.lipschitz * measures.bias.sum(axis=2)
        for k, name in enumerate(evidence.trace.subsequences):
            yield evidence.row(
                theorem,
                "swap regret(S) <= 2 L sum of biases",
                name,
                measures.swap_regret[k],
                bound[k],
                _retained(evidence, k),
                "the others have an empty benchmark, or lost an action of it",
            )

    return claim


def _retained(evidence: _Evidence, k: int) -> BoolArray:
    """Agents (N,) whose benchmark on subsequence k is not empty and stayed a candidate in all its rounds."""
    record, benchmark = evidence.record, evidence.measures.benchmark[k]
    last = np.flatnonzero(evidence.trace.active[:, k])[-1]
    left = record.eliminated_at[:, :, k if record.eliminated_at.shape[2] > 1 else 0]
    return np.asarray(benchmark.any(axis=1) & (~benchmark | (left >= last)).all(axis=1))


_CLAIMS: Mapping[str, tuple[_Claim, ...]] = {
    "BestResponse": (_regret_from_bias("Theorem 3"),),
    "FirstViolation": (_first_violation, _regret_from_bias("Theorem 3")),
    "CumulativeThreshold": (_cumulative_threshold, _regret_from_bias("Theorem 9")),
    "SubsequenceFirstViolation": (_subsequence_first_violation, _regret_from_bias("Theorem 7")),
    "SubsequenceThreshold": (_subsequence_threshold, _regret_from_bias("Theorem 11")),
}
"""By policy. Theorem 3 for best response is its case of a candidate set that never shrinks."""
