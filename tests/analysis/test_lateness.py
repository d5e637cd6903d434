"""How late news came, by loops over pairs of rounds, and what is promised of benchmarks where it came out of order."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from network_instances import population, scenarios

import omnisim
from omnisim.analysis.lateness import LOST, lateness
from omnisim.elimination import CumulativeThreshold, SubsequenceThreshold
from omnisim.trace import PopulationRecord


@pytest.fixture(scope="module")
def record() -> PopulationRecord:
    scenario = omnisim.Scenario(
        populations=[population("one", 1, seed=0)],
        adversary=omnisim.adversaries.Replay(np.zeros((1, 2))),
        forecaster=omnisim.forecasters.Persistence(),
        rounds=1,
    )
    return omnisim.simulate(scenario).records["one"]


@given(st.data())
@examples(300)
def test_delay_losses_and_order_are_what_loops_find(record: PopulationRecord, data: st.DataObject) -> None:
    rounds = data.draw(st.integers(1, 6))
    settled = [data.draw(st.sampled_from([LOST, *range(t, rounds)])) for t in range(rounds)]
    defaulted = data.draw(st.lists(st.booleans(), min_size=rounds, max_size=rounds))
    actions = np.zeros((rounds, 1), dtype=int)
    found = lateness(
        replace(record, actions=actions, settled_at=np.array(settled), defaulted=np.array(defaulted, dtype=bool))
    )
    came = [(t, settled[t]) for t in range(rounds) if settled[t] != LOST]
    overtaken = any(s < t and a > b for s, a in came for t, b in came)
    assert found.delay == max([at - t for t, at in came], default=0)
    assert found.lost == rounds - len(came)
    assert found.in_order == (not overtaken)
    assert found.defaulted.tolist() == defaulted
    assert found.none == (settled == list(range(rounds)) and not any(defaulted))
    active = np.array(data.draw(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=rounds, max_size=rounds)))
    counts = [sum(bool(active[t, k]) and defaulted[t] for t in range(rounds)) for k in range(2)]
    assert found.defaults(active).tolist() == counts


SUFFICIENT = [CumulativeThreshold, SubsequenceThreshold, partial(CumulativeThreshold, delta_over="run")]
"""Rules whose thresholds the theorems ask for, so that only the record decides whether a benchmark is promised."""


@pytest.mark.long
@given(scenarios(SUFFICIENT), st.integers(0, 50))
@examples(240)
def test_benchmarks_are_promised_only_where_news_came_in_order(drawn: omnisim.Scenario, seed: int) -> None:
    trace = omnisim.simulate(drawn, seed=seed)
    table = omnisim.analyze(trace).certificates
    for name, record in trace.records.items():
        per_part = isinstance(drawn.elimination_of(name), SubsequenceThreshold)
        theorem = "Proposition 4" if per_part else "Proposition 2"
        rows = table[(table["population"] == name) & (table["theorem"] == theorem)].to_dict("records")
        clean = record.expected_violated_at == trace.rounds
        stayed = record.eliminated_at == trace.rounds
        kept = [clean[:, :, k] for k in range(clean.shape[2])] if per_part else [clean.all(axis=2)]
        there = [stayed[:, :, k] for k in range(len(kept))]
        settled = [] if record.settled_at is None else [at for at in record.settled_at.tolist() if at != LOST]
        ordered = settled == sorted(settled)
        assert len(rows) == len(kept)
        for row, benchmark, left in zip(rows, kept, there, strict=True):
            some = [n for n, actions in enumerate(benchmark.tolist()) if any(actions)] if ordered else []
            assert row["hypotheses_met"] == len(some)
            if some:
                removed = [sum(b and not s for b, s in zip(benchmark[n], left[n], strict=True)) for n in some]
                assert (row["measured"], row["bound"], row["holds"]) == (max(removed), 0, max(removed) == 0)
            else:
                assert row["status"] == "hypotheses unmet"
            if not ordered:
                assert row["note"] == "news came out of order, so the known costs are no martingale"
