"""Measures do not depend on how many agents are taken at once, or on the number of threads."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from trace_files import everything, law_known

import omnisim
from omnisim import threads
from omnisim.analysis import analysis, sums
from omnisim.analysis.stakes import utility_spread
from omnisim.analysis.sums import over_rounds, played_sums


def measured(trace: omnisim.Trace) -> list[dict[str, np.ndarray]]:
    analysis = omnisim.analyze(trace)
    found = [
        {field.name: value for field in dataclasses.fields(each)
         if isinstance(value := getattr(each, field.name), np.ndarray)}
        for each in analysis.measures.values()
    ]  # fmt: skip
    for name, arrays in zip(analysis.measures, found, strict=True):
        arrays |= {"worth": analysis.worth[name].by_agent, "worth of the run": analysis.worth[name].whole_run}
        for subsequence in trace.subsequences:
            grown = analysis.growth(name, subsequence, 5)
            arrays |= {f"{column}, {subsequence}": grown[column].to_numpy() for column in grown}
    return found


@pytest.fixture(scope="module", params=["everything", "law known", "many agents"])
def trace(request: pytest.FixtureRequest) -> omnisim.Trace:
    if request.param != "many agents":
        return everything() if request.param == "everything" else law_known()
    rng = np.random.default_rng(2)
    limit = omnisim.LinearConstraint(rng.uniform(-0.4, 0.4, (300, 3, 2)), np.full((300, 3), -0.2))
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("many", rng.uniform(0, 0.4, (300, 3, 2)), constraints=[limit])],
            adversary=omnisim.adversaries.Independent(rng.random((4, 2))),
            forecaster=omnisim.forecasters.Climatology(),
            elimination=omnisim.elimination.SubsequenceFirstViolation(),
            subsequences={"all": None, "even": np.arange(60) % 2 == 0, "late": np.arange(60) > 40},
            rounds=60,
        )
    )


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("block", "workers"), [(1, 1), (1, 3), (200, 2), (1 << 20, 2)])
def test_blocks_and_threads_change_no_byte(
    block: int, workers: int, trace: omnisim.Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def sharing(work: Callable[[int, int], None], entries: int) -> None:
        taken.append(entries)
        for share in reversed(range(workers)):
            work(share, workers)

    expected = measured(trace)
    monkeypatch.setattr(sums, "_BLOCK", block)
    monkeypatch.setattr(analysis, "in_shares", sharing)
    found = measured(trace)
    assert taken == [record.actions.size for record in trace.records.values()]
    for one, other in zip(expected, found, strict=True):
        assert one.keys() == other.keys()
        for name, array in one.items():
            np.testing.assert_array_equal(other[name], array, err_msg=name)
            assert other[name].dtype == array.dtype


def test_threads_share_all_of_the_work(trace: omnisim.Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = measured(trace)
    monkeypatch.setattr(sums, "_BLOCK", 100)
    monkeypatch.setattr(threads, "_WORTH_SPLITTING", 1)
    monkeypatch.setattr(threads, "_threads", lambda: 2)
    for one, other in zip(expected, measured(trace), strict=True):
        for name, array in one.items():
            np.testing.assert_array_equal(other[name], array, err_msg=name)


def test_sums_over_agents_do_not_depend_on_threads(trace: omnisim.Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "_BLOCK", 100)
    monkeypatch.setattr(threads, "_WORTH_SPLITTING", 1)
    for name in trace.records:
        found = []
        for workers in (1, 3):
            monkeypatch.setattr(threads, "_threads", lambda workers=workers: workers)
            found.append(omnisim.analyze(trace).worth[name].by_round)
        np.testing.assert_array_equal(*found)


def test_sums_are_those_of_loops() -> None:
    rng = np.random.default_rng(5)
    actions, active = rng.integers(0, 3, (17, 6)), rng.random((17, 4)) < 0.5
    outcomes, predictions, counted = rng.random((17, 2)), rng.random((17, 2)), rng.random((17, 6)) < 0.7
    found = played_sums(actions, 3, active, outcomes, predictions, counted)
    for k, n, a in np.ndindex(4, 6, 3):
        rounds = [t for t in range(17) if active[t, k] and counted[t, n] and actions[t, n] == a]
        assert found.count[k, n, a] == len(rounds)
        np.testing.assert_allclose(found.outcome[k, n, a], outcomes[rounds].sum(axis=0), atol=1e-12)
        np.testing.assert_allclose(found.prediction[k, n, a], predictions[rounds].sum(axis=0), atol=1e-12)
    flags = over_rounds(counted, active)
    for k, n in np.ndindex(4, 6):
        assert flags[k, n] == sum(counted[t, n] for t in range(17) if active[t, k])


def test_what_hindsight_allows_counts_only_rounds_in_which_the_agent_was_there() -> None:
    trace = everything()
    record, member = trace.records["homes"], trace.active[:, trace.subsequences.index("even")]
    assert record.present is not None
    assert not record.present[member].all()
    for n in range(record.population.agents):
        total = 0.0
        for t in np.flatnonzero(member & record.present[:, n]):
            earned = [
                record.population.offset[n, a] + sum(record.population.utility[n, a] * trace.outcomes[t])
                for a in range(record.population.actions)
            ]
            total += max(earned) - min(earned)
        assert utility_spread(record, trace.outcomes, member, n) == pytest.approx(total)
