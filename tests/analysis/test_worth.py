"""Worth of forecasts on random networks, by loops over agents and rounds of the record."""

from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from network_instances import scenarios

import omnisim
from omnisim.elimination import BestResponse, FirstViolation, SubsequenceFirstViolation


@given(scenarios([BestResponse, FirstViolation, SubsequenceFirstViolation]), st.integers(0, 50))
@examples(240)
def test_money_under_the_three_forecasts(drawn: omnisim.Scenario, seed: int) -> None:
    """Played, answered to the outcome before the round heard of, and to the outcome; of those with candidates."""
    trace = omnisim.simulate(drawn, seed=seed)
    analysis = omnisim.analyze(trace)
    outcomes, T = trace.true_outcomes.tolist(), trace.rounds
    for name, record in trace.records.items():
        utility, offset = record.population.utility.tolist(), record.population.offset.tolist()

        def earns(n: int, a: int, y: Any, u: Any = utility, b: Any = offset) -> float:
            return float(sum(v * x for v, x in zip(u[n][a], y, strict=True)) + b[n][a])

        found = analysis.worth[name]
        agents, actions, sets = record.eliminated_at.shape
        by_round = np.zeros((3, T))
        for n in range(agents):
            whole, parts = np.zeros(3), np.zeros((3, len(trace.subsequences)))
            for t in range(T):
                a = int(record.actions[t, n])
                if a < 0:
                    continue
                active = [k for k in range(len(trace.subsequences)) if trace.active[t, k]]
                gone = record.eliminated_at[n].tolist()
                alive = [b for b in range(actions) if any(gone[b][k] >= t for k in (active if sets > 1 else [0]))]
                if not alive:
                    break
                heard = t if record.heard is None else max(record.heard[t].tolist())
                defaulted = record.defaulted is not None and bool(record.defaulted[t])
                baseline = a
                if heard >= 0 and not defaulted:
                    told = outcomes[heard - 1] if heard else [0.5] * len(outcomes[0])
                    baseline = max(alive, key=lambda b: (earns(n, b, told), -b))
                foresight = max(alive, key=lambda b: (earns(n, b, outcomes[t]), -b))
                money = np.array([earns(n, each, outcomes[t]) for each in (a, baseline, foresight)])
                whole += money
                parts[:, active] += money[:, None]
                by_round[:, t] += money
            else:
                assert found.whole_run[:, n] == pytest.approx(whole)
                np.testing.assert_allclose(found.by_agent[:, :, n], parts, atol=1e-12)
                assert found.gain[n] == pytest.approx(whole[0] - whole[1])
        if not record.fallback.any():
            np.testing.assert_allclose(found.by_round, by_round, atol=1e-12)
