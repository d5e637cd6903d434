"""Worth of forecasts on random networks, by loops over agents and rounds of the record."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from network_instances import population, scenarios

import omnisim
from omnisim import Population
from omnisim.analysis import sums
from omnisim.analysis.worth import course
from omnisim.elimination import BestResponse, FirstViolation, SubsequenceFirstViolation
from omnisim.market import Scaling


@pytest.mark.long
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


def expected(trace: omnisim.Trace, name: str) -> np.ndarray:
    """Money in every round of every agent that was always there, (3, T, N), by arrays of all actions at once."""
    record, population = trace.records[name], trace.records[name].population
    told = np.concatenate([np.full((1, population.dimension), 0.5), trace.outcomes[:-1]])
    found = np.empty((3, trace.rounds, population.agents))
    for t in range(trace.rounds):
        left = (
            record.eliminated_at[:, :, trace.active[t]] if record.eliminated_at.shape[2] > 1 else record.eliminated_at
        )
        out = ~(left >= t).any(axis=2)
        settled = np.einsum("nad,d->na", population.utility, trace.true_outcomes[t]) + population.offset
        for kind, prediction in enumerate((told[t], trace.true_outcomes[t]), 1):
            scores = np.einsum("nad,d->na", population.utility, prediction) + population.offset
            best = np.where(out, -np.inf, scores).argmax(axis=1)
            best = np.where(record.fallback[t] | out.all(axis=1), record.actions[t], best)
            found[kind, t] = settled[np.arange(population.agents), best]
        found[0, t] = settled[np.arange(population.agents), record.actions[t]]
    money = population.money
    return found * money.scale + money.offset


@pytest.mark.parametrize("elimination", [BestResponse(), FirstViolation(), SubsequenceFirstViolation()], ids=repr)
@pytest.mark.parametrize("block", [1, 500, 1 << 18])
def test_money_of_many_agents_in_blocks(elimination: Any, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents with weights and money of their own, in blocks of few and of all, with outcomes beyond the box."""
    rng = np.random.default_rng(7)
    N, A, d, T = 40, 5, 11, 30
    prices = rng.normal(0.5, 0.4, (T, d))
    prices[7:10] = prices[6]
    market = Scaling(0.0, 1.0)
    energy = rng.normal(0.0, 1.0, (N, A, d))
    limit = omnisim.LinearConstraint(rng.uniform(-0.05, 0.05, (N, A, d)), rng.uniform(-0.3, 0.02, (N, A)))
    scenario = omnisim.Scenario(
        populations=[
            Population.from_schedules(
                energy, rng.normal(0.0, 1.0, (N, A)), market, [limit], name="many", weights=rng.uniform(0.5, 3.0, N)
            )
        ],
        adversary=omnisim.adversaries.Replay(np.clip(prices, 0.0, 1.0), unclipped=prices),
        forecaster=omnisim.forecasters.Climatology(),
        elimination=elimination,
        subsequences={"all": None, "odd": np.arange(T) % 2 == 1, "late": np.arange(T) > 20},
    )
    trace = omnisim.simulate(scenario)
    monkeypatch.setattr(sums, "_BLOCK", block)
    found, money = omnisim.analyze(trace).worth["many"], expected(trace, "many")
    np.testing.assert_allclose(found.whole_run, money.sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(found.by_agent, np.einsum("ktn,tl->kln", money, trace.active), atol=1e-9)
    np.testing.assert_allclose(found.by_round, money @ scenario.populations[0].weights, atol=1e-9)
    for agent in (0, N - 1):
        np.testing.assert_allclose(course(trace, "many", agent), money[:, :, agent], atol=1e-9)


def test_persistence_knows_the_day_before_the_run_and_the_newest_news() -> None:
    """The newest outcome that a forecaster knew when it said what was acted on; in the first round, the day before."""
    scenario = omnisim.Scenario(
        populations=[population("a", 6, 1, constrained=False)],
        adversary=omnisim.adversaries.Replay(np.random.default_rng(2).random((12, 2))),
        forecaster=omnisim.forecasters.Climatology(),
        other_forecasters={"half": omnisim.forecasters.Climatology(), "last": omnisim.forecasters.Persistence()},
        subscriptions={"a": ["half", "last"]},
    )
    trace = omnisim.simulate(scenario)
    record, before = trace.records["a"], np.array([0.9, 0.05])
    heard = np.array([[0, 0], [0, -1], [2, 1], [0, 3], [-1, -1], *([t, t - 3] for t in range(5, 12))])
    mixed = replace(record, heard=heard, defaulted=np.zeros(12, dtype=bool), settled_at=np.arange(12))
    u, b, y = record.population.utility, record.population.offset, [before, *trace.outcomes]
    money = record.population.money
    differ = 0
    for changed in (record, mixed):
        late = replace(trace, before=before, records={"a": changed})
        for n in range(6):
            earned = (course(late, "a", n)[1] - money.offset[n]) / money.scale[n]
            for t in range(12):
                newest = t if changed is record else int(max(heard[t]))
                action = int((u[n] @ y[newest] + b[n]).argmax()) if newest >= 0 else int(record.actions[t, n])
                assert earned[t] == pytest.approx(u[n, action] @ y[t + 1] + b[n, action])
            differ += int((u[n] @ before + b[n]).argmax()) != int((u[n] @ [0.5, 0.5] + b[n]).argmax())
    assert differ
