"""Certificates: what the theorems promise for a run, beside what was measured.

A row concerns one theorem of Bechavod, Lu, Roth, one population and one subsequence. A theorem speaks about each agent
by itself; the row shows the agent closest to its bound among those that meet the hypotheses, and says how many do.
Which theorems are listed depends on the policy of the population; every population has its assumptions checked. Where
messages came late or were lost, the bounds are those of :mod:`omnisim.analysis.lateness`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd

from omnisim.analysis.benchmark import UNKNOWN
from omnisim.analysis.evidence import WHOLE_RUN, Evidence
from omnisim.analysis.forecast_certificates import forecast_claims
from omnisim.analysis.measures import Measures
from omnisim.analysis.step_certificates import step_claims
from omnisim.analysis.violation import cumulative_violation
from omnisim.arrays import BoolArray, FloatArray
from omnisim.trace import Trace

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


ASSUMPTIONS = ("Assumption 1", "Section 2")
"""Rows of these are checks of the problem itself, not results."""


def certificates(trace: Trace, measures: Mapping[str, Measures]) -> pd.DataFrame:
    """All certificates of a run, one row per theorem and scope; columns as in ``COLUMNS``."""
    rows: list[dict[str, object]] = []
    for name, record in trace.records.items():
        evidence = Evidence(trace, record, measures[name])
        for claim in (_assumptions, *_CLAIMS.get(trace.about["elimination"][name], ()), forecast_claims, step_claims):
            rows.extend(claim(evidence))
    return pd.DataFrame(rows, columns=list(COLUMNS))


_Rows: TypeAlias = Iterator[dict[str, object]]
_Claim: TypeAlias = Callable[[Evidence], _Rows]

_EMPTY = "the benchmark of the others is empty"
_FELL_BACK = "the others had no candidate left in some round"


def _assumptions(evidence: Evidence) -> _Rows:
    population, costs = evidence.record.population, evidence.record.costs
    every = np.ones(population.agents, dtype=np.bool_)
    highest = (population.offset + np.maximum(population.utility, 0).sum(axis=2)).max(axis=1)
    lowest = (population.offset + np.minimum(population.utility, 0).sum(axis=2)).min(axis=1)
    yield evidence.row(
        ASSUMPTIONS[0], "largest utility over [0, 1]^d <= 1", WHOLE_RUN, np.maximum(highest, 1 - lowest), 1.0, every
    )
    yield evidence.row(ASSUMPTIONS[0], "Lipschitz constant L <= 1", WHOLE_RUN, population.lipschitz, 1.0, every)
    if costs.shape[2]:
        worst = np.abs(costs).max(axis=(0, 2))
        yield evidence.row(ASSUMPTIONS[1], "|costs| of actions played <= 1", WHOLE_RUN, worst, 1.0, every)


def _first_violation(evidence: Evidence) -> _Rows:
    clean = evidence.whole_run
    removed = (clean & ~evidence.kept(0)).sum(axis=1)
    met = np.asarray(clean.any(axis=1))
    yield evidence.row("Proposition 1", "actions of B removed = 0", WHOLE_RUN, removed, 0.0, met, _EMPTY)
    positive = np.maximum(evidence.record.costs, 0).sum(axis=0).max(axis=1, initial=0.0)
    others = (evidence.measures.population.actions - clean.sum(axis=1)).astype(np.float64)
    # With a benchmark that is not empty there is always a candidate; without one the rule has to fall back.
    late = evidence.late
    claim = evidence.allowed("CCV+", "|A without B|", "|A without B| (1 + D)", "lost + defaults")
    bound = others * (1 + late.delay) + late.lost + late.defaulted.sum()
    yield evidence.row("Theorem 1", claim, WHOLE_RUN, positive, bound, met, _EMPTY)


def _cumulative_threshold(evidence: Evidence) -> _Rows:
    removed = (evidence.whole_run & ~evidence.kept(0)).sum(axis=1)
    yield _expected_kept("Proposition 2", evidence, WHOLE_RUN, removed, evidence.whole_run)
    gamma = np.asarray(evidence.facts["gamma"], dtype=np.float64)[0]
    late = evidence.late
    bound = evidence.measures.population.actions * (1 + gamma + late.delay) + late.lost + late.defaulted.sum()
    claim = evidence.allowed("CCV", "|A| (1 + gamma)", "|A| (1 + gamma + D)", "lost + defaults")
    every_round = np.ones((evidence.trace.rounds, 1), dtype=np.bool_)
    total = cumulative_violation(evidence.record.costs, every_round)[0][0]
    yield evidence.row("Theorem 2", claim, WHOLE_RUN, total, bound, evidence.played_on, _FELL_BACK)


def _subsequence_first_violation(evidence: Evidence) -> _Rows:
    late = evidence.late
    lasting = len(evidence.trace.subsequences) * evidence.measures.population.actions * (1 + late.delay) + late.lost
    bounds = lasting + late.defaults(evidence.trace.active)
    claim = evidence.allowed("CCV+(S)", "L |A|", "L |A| (1 + D)", "lost + defaults")
    for k, name in enumerate(evidence.trace.subsequences):
        clean = evidence.measures.benchmark[k]
        removed = (clean & ~evidence.kept(k)).sum(axis=1)
        yield evidence.row(
            "Proposition 3", "actions of B(S) removed = 0", name, removed, 0.0, np.asarray(clean.any(axis=1)), _EMPTY
        )
        positive = evidence.measures.ccv_positive[k]
        yield evidence.row("Theorem 5", claim, name, positive, float(bounds[k]), evidence.played_on, _FELL_BACK)


def _subsequence_threshold(evidence: Evidence) -> _Rows:
    gammas = np.asarray(evidence.facts["gamma"], dtype=np.float64)
    lasting = len(evidence.trace.subsequences) * evidence.measures.population.actions
    late = evidence.late
    missing = late.lost + late.defaults(evidence.trace.active)
    claim = evidence.allowed("CCV(S)", "L |A| (1 + gamma_S)", "L |A| (1 + gamma_S + D)", "lost + defaults")
    for k, name in enumerate(evidence.trace.subsequences):
        clean = evidence.measures.benchmark[k]
        removed = (clean & ~evidence.kept(k)).sum(axis=1)
        yield _expected_kept("Proposition 4", evidence, name, removed, clean)
        bound = lasting * (1 + gammas[k] + late.delay) + missing[k]
        total = evidence.measures.ccv[k]
        yield evidence.row("Theorem 6", claim, name, total, bound, evidence.played_on, _FELL_BACK)


def _expected_kept(
    theorem: str, evidence: Evidence, subsequence: str, removed: FloatArray, clean: BoolArray
) -> dict[str, object]:
    """That no action of BE was removed: promised with probability 1 - delta, if the law is known and gamma suffices."""
    known = evidence.measures.benchmark_name != UNKNOWN
    sufficient = bool(evidence.facts["sufficient"])
    reason = _EMPTY
    if not known:
        reason = "the law of the outcomes is not known, so BE is not either"
    elif not sufficient:
        reason = "gamma is smaller than the theorem asks for"
    elif not evidence.late.in_order:
        reason = "news came out of order, so the known costs are no martingale"
    met = np.asarray(clean.any(axis=1) & known & sufficient & evidence.late.in_order)
    probability = 1 - float(str(evidence.facts["delta"]))
    return evidence.row(theorem, "actions of BE removed = 0", subsequence, removed, 0.0, met, reason, probability)


def _regret_from_bias(theorem: str) -> _Claim:
    def claim(evidence: Evidence) -> _Rows:
        measures = evidence.measures
        late = evidence.late
        words = evidence.allowed("swap regret(S)", "2 L sum of biases", "2 L sum of biases", "defaults")
        missing = late.defaults(evidence.trace.active)[:, None]
        bound = 2 * measures.population.lipschitz * measures.bias.sum(axis=2) + missing
        for k, name in enumerate(evidence.trace.subsequences):
            yield evidence.row(
                theorem,
                words,
                name,
                measures.swap_regret[k],
                bound[k],
                evidence.retained(k),
                "the others have an empty benchmark, or lost an action of it",
            )

    return claim


_CLAIMS: Mapping[str, tuple[_Claim, ...]] = {
    "BestResponse": (_regret_from_bias("Theorem 3"),),
    "FirstViolation": (_first_violation, _regret_from_bias("Theorem 3")),
    "CumulativeThreshold": (_cumulative_threshold, _regret_from_bias("Theorem 9")),
    "SubsequenceFirstViolation": (_subsequence_first_violation, _regret_from_bias("Theorem 7")),
    "SubsequenceThreshold": (_subsequence_threshold, _regret_from_bias("Theorem 11")),
}
"""By policy. Theorem 3 for best response is its case of a candidate set that never shrinks."""
