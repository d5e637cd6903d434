"""Age of information and lateness of news, against plain loops over the record."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from network_instances import population

import omnisim
from omnisim.analysis.information import age_of
from omnisim.analysis.lateness import lateness
from omnisim.network import Channel, Exponential, Network, Uniform

ROUNDS = 60


def run(*channels: Channel, **changes: Any) -> omnisim.Analysis:
    given: dict[str, Any] = {
        "populations": [population("a", 5, 1), population("b", 3, 4)],
        "adversary": omnisim.adversaries.Independent([[0.0, 1.0], [1.0, 0.25], [0.5, 0.5]]),
        "forecaster": omnisim.forecasters.Climatology(window=3),
        "network": Network(channels=channels),
        "rounds": ROUNDS,
    }
    return omnisim.analyze(omnisim.simulate(omnisim.Scenario(**given | changes), seed=3))


def test_regret_by_age_is_that_of_the_rounds_of_this_age() -> None:
    analysis = run(
        Channel("forecaster", "population/*", delay=Exponential(0.8), loss=0.1), Channel("*", "world", loss=0.1)
    )
    trace = analysis.trace
    for name, record in trace.records.items():
        assert record.heard is not None
        assert record.defaulted is not None
        ages = [-1 if record.defaulted[t] else t - int(record.heard[t, 0]) for t in range(ROUNDS)]
        table = analysis.information[analysis.information["population"] == name].set_index("age")
        assert sorted(table.index) == sorted(set(ages))
        assert len(set(ages)) > 3
        agents = record.population
        u = np.einsum("nad,td->tna", agents.utility, trace.outcomes) + agents.offset
        clean = record.violated_at[:, :, 0] == ROUNDS
        for age in set(ages):
            rounds = [t for t in range(ROUNDS) if ages[t] == age]
            assert table.loc[age, "rounds"] == len(rounds)
            regrets = []
            for n in np.flatnonzero(clean.any(axis=1)):
                earned = sum(u[t, n, record.actions[t, n]] for t in rounds)
                best = max(sum(u[t, n, b] for t in rounds) for b in np.flatnonzero(clean[n]))
                regrets.append((best - earned) / len(rounds))
            np.testing.assert_allclose(table.loc[age, "external_regret"], np.mean(regrets), atol=1e-12)
            if age >= 0:
                told = [trace.predictions[t - age] for t in rounds]
                error = np.abs(np.array(told) - trace.outcomes[rounds]).mean()
                np.testing.assert_allclose(table.loc[age, "error"], error)


def test_the_age_of_an_average_is_that_of_its_oldest_forecast() -> None:
    record = run(network=None).trace.records["a"]
    heard = np.array([[0, 0], [1, 0], [0, 2], [-1, 1], [-1, -1], [5, 2]])
    default = np.array([False, False, False, False, True, False])
    found = age_of(replace(record, heard=heard, defaulted=default), 6)
    assert found.tolist() == [0, 1, 2, 2, -1, 3]


def test_regret_by_age_is_per_round_in_which_an_agent_was_there() -> None:
    analysis = run(Channel("forecaster", "population/a", delay=1.0), populations=[population("a", 5, 1)])
    record = analysis.trace.records["a"]
    agents = record.population
    there = np.random.default_rng(8).random(record.actions.shape) < np.linspace(0.2, 1.0, 5)
    there[:2] = True
    own = replace(
        record,
        actions=np.where(there, record.actions, -1),
        fallback=record.fallback & there,
        costs=record.costs * there[:, :, None],
        present=there,
    )
    trace = replace(analysis.trace, records={"a": own})
    table = omnisim.analyze(trace).information.set_index("age")
    assert table.loc[1, "rounds"] == ROUNDS - 1
    clean = record.violated_at[:, :, 0] == ROUNDS
    u = np.einsum("nad,td->tna", agents.utility, trace.outcomes) + agents.offset
    for measure in ("utility", "external_regret"):
        each = []
        for n in np.flatnonzero(clean.any(axis=1)):
            rounds = [t for t in range(1, ROUNDS) if there[t, n]]
            earned = sum(u[t, n, own.actions[t, n]] for t in rounds)
            best = max(sum(u[t, n, b] for t in rounds) for b in np.flatnonzero(clean[n]))
            each.append((earned if measure == "utility" else best - earned) / len(rounds))
        assert table.loc[1, measure] == pytest.approx(np.mean(each))


def test_without_a_network_everybody_acts_on_the_forecast_of_the_round() -> None:
    analysis = run(network=None)
    trace, table = analysis.trace, analysis.information
    assert table["population"].tolist() == ["a", "b"]
    assert table["age"].tolist() == [0, 0]
    assert table["rounds"].tolist() == [ROUNDS, ROUNDS]
    pairs = zip(trace.predictions.tolist(), trace.outcomes.tolist(), strict=True)
    errors = [abs(p - y) for prediction, outcome in pairs for p, y in zip(prediction, outcome, strict=True)]
    assert table["error"].tolist() == pytest.approx([sum(errors) / len(errors)] * 2)


def test_bias_is_that_of_the_predictions_acted_on() -> None:
    analysis = run(Channel("forecaster", "population/*", delay=2.0), Channel("population/*", "world", loss=0.2))
    trace = analysis.trace
    for name, record in trace.records.items():
        assert record.defaulted is not None
        measured = analysis.measures[name].bias[0]
        for n in range(record.population.agents):
            for a in range(3):
                rounds = [t for t in range(2, ROUNDS) if record.actions[t, n] == a and not record.defaulted[t]]
                total = sum((trace.predictions[t - 2] - trace.outcomes[t] for t in rounds), np.zeros(2))
                np.testing.assert_allclose(measured[n, a], np.abs(total).max(), atol=1e-12)


@pytest.mark.parametrize("delay", [0.0, 1.0, 4.0])
def test_lateness_of_constant_delays(delay: float) -> None:
    # The channel of forecasts keeps the network from being ideal where settlements are in time.
    analysis = run(Channel("world", "population/*", delay=delay), Channel("forecaster", "*", delay=0.01))
    for record in analysis.trace.records.values():
        late = lateness(record)
        assert (late.delay, late.lost, late.in_order, late.none) == (delay, 0, True, delay == 0)


def test_losses_and_disorder_are_noticed() -> None:
    analysis = run(Channel("world", "population/a", delay=Uniform(0, 6)), Channel("world", "population/b", loss=0.3))
    shuffled, thinned = (lateness(record) for record in analysis.trace.records.values())
    assert not shuffled.in_order
    assert shuffled.lost == 0
    assert 4 <= shuffled.delay <= 6
    assert thinned.in_order
    assert thinned.delay == 0
    assert thinned.lost == (analysis.trace.records["b"].settled_at == -1).sum() > 0


def test_out_of_order_nothing_is_promised_about_expected_benchmarks() -> None:
    rule = omnisim.elimination.CumulativeThreshold()
    for channel, met in (
        (Channel("world", "population/a", delay=Uniform(0, 6)), 0),
        (Channel("world", "*", delay=3), 5),
    ):
        analysis = run(channel, populations=[population("a", 5, 1, constrained=True)], elimination=rule)
        table = analysis.certificates
        row = table[table["theorem"] == "Proposition 2"].iloc[0]
        clean = analysis.measures["a"].benchmark[0].any(axis=1).sum()
        assert row["hypotheses_met"] == (clean if met else 0)
        assert ("out of order" in row["note"]) == (met == 0)


@pytest.mark.long
def test_calibrated_forecasters_claim_nothing_where_messages_are_late() -> None:
    late = run(Channel("world", "*", delay=1.0), forecaster=omnisim.forecasters.DecisionCalibrated())
    at_once = run(network=None, forecaster=omnisim.forecasters.DecisionCalibrated())
    assert "Section 4.2" in set(at_once.certificates["theorem"])
    assert not {"Section 4.2", "Theorem 4", "Corollary 2"} & set(late.certificates["theorem"])
    assert late.certificates["holds"].all()
