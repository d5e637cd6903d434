"""Certificates: what the strategies of a run guarantee, beside what was measured.

A row concerns one theorem, one population and one subsequence. A theorem speaks about each agent by itself; the row
shows the agent closest to its bound among those that meet the hypotheses, and says how many do. Listed is what the
policy of a population and the forecaster declared (:mod:`omnisim.problem.guarantees`), whatever they are called; every
population has its assumptions checked. Where messages came late or were lost, the bounds are those of
:mod:`omnisim.analysis.lateness`.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from omnisim.analysis.evidence import WHOLE_RUN, Evidence
from omnisim.analysis.forecast_certificates import forecast_claims
from omnisim.analysis.measures import Measures
from omnisim.analysis.policy_certificates import policy_claims
from omnisim.analysis.stakes import NONE
from omnisim.analysis.step_certificates import step_claims
from omnisim.problem.affine import ranges
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
    "basis",
    "trivial",
    "hindsight",
    "money",
    "informative",
    "status",
    "agents",
    "hypotheses_met",
    "note",
)
"""Columns of the table of certificates.

``probability``: with which the theorem promises the bound (1: always). ``basis``: what the bound is computed from, a
member of :class:`~omnisim.analysis.evidence.Basis`. ``trivial``: the most that could be lost
without any promise, known before the run; ``hindsight``: the same for the outcomes that came; both of the agent shown,
see :mod:`omnisim.analysis.stakes`. ``money``: of regrets, what 1 of ``measured``, ``bound``, ``trivial`` and
``hindsight`` is in money of the agent shown. ``informative``: bound < trivial. ``status``: a member of
:class:`~omnisim.analysis.evidence.Status`. ``hypotheses_met`` of the ``agents`` of the population meet the hypotheses;
where none does, the numbers are NaN, the certificate holds because it says nothing, and ``note`` says which hypothesis
fails.
"""


def certificates(trace: Trace, measures: Mapping[str, Measures]) -> pd.DataFrame:
    """All certificates of a run, one row per theorem and scope; columns as in ``COLUMNS``.

    Raises
    ------
    TraceError
        If the record holds declarations that are none.
    """
    rows: list[dict[str, object]] = []
    for name, record in trace.records.items():
        evidence = Evidence(trace, record, measures[name])
        for claims in (_assumptions, policy_claims, forecast_claims, step_claims):
            rows.extend(claims(evidence))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _assumptions(evidence: Evidence) -> Iterator[dict[str, object]]:
    population, costs = evidence.record.population, evidence.record.costs
    every = np.ones(population.agents, dtype=np.bool_)
    lowest, highest = ranges(population.utility, population.offset)
    checks = [
        ("Assumption 1", "largest utility over [0, 1]^d <= 1", np.maximum(highest.max(axis=1), 1 - lowest.min(axis=1))),
        ("Assumption 1", "Lipschitz constant L <= 1", population.lipschitz),
    ]
    if costs.shape[2]:
        largest = np.abs(np.maximum(costs.max(axis=0), -costs.min(axis=0))).max(axis=1)
        checks.append(("Section 2", "|costs| of actions played <= 1", largest))
    for theorem, claim, measured in checks:
        yield evidence.row(theorem, claim, WHOLE_RUN, measured, 1.0, every, stakes=NONE, check=True)
