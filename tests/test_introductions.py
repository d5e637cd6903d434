"""Objects introduce themselves in one line, can be compared and hashed, and are not changed by who reads them."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.batch import panprediction
from omnisim.batch.panprediction.multicalibrated import learn_multicalibrated
from omnisim.batch.panprediction.stepwise import Rules, learn_stepwise


@pytest.fixture(scope="module")
def scenario() -> omnisim.Scenario:
    rng = np.random.default_rng(0)
    return omnisim.Scenario(
        populations=[omnisim.Population("bettors <b>", utility=rng.random((3, 2, 2)) / 2)],
        adversary=omnisim.adversaries.Replay(rng.random((20, 2))),
        forecaster=omnisim.forecasters.Climatology(),
        name="bets & <more>",
        about={"scenario": "bets & <more>"},
    )


@pytest.fixture(scope="module")
def trace(scenario: omnisim.Scenario) -> omnisim.Trace:
    return omnisim.simulate(scenario)


def test_reprs_are_one_short_line(scenario: omnisim.Scenario, trace: omnisim.Trace) -> None:
    for told, words in (
        (scenario, "Replay against Climatology, 20 rounds, populations bettors <b>"),
        (trace, "20 rounds, 2 coordinates, 3 agents in 1 population, 1 subsequence"),
        (trace.mixtures, "20 rounds: 20 points"),
        (trace.records["bettors <b>"], "20 rounds, 3 agents, 2 actions, 0 constraints"),
        (omnisim.analyze(trace), "<Analysis of <Trace of 'bets & <more>'"),
    ):
        text = repr(told)
        assert words in text
        assert len(text) < 250
        assert "\n" not in text


def test_objects_can_be_compared_and_hashed(scenario: omnisim.Scenario, trace: omnisim.Trace) -> None:
    again = omnisim.simulate(scenario)
    for one, other in ((trace, again), (scenario, scenario.replace(seed=1)), (trace.mixtures, again.mixtures)):
        assert one == one
        assert one != other
        assert len({one, other}) == 2


def test_a_notebook_shows_money_by_population(trace: omnisim.Trace) -> None:
    shown = omnisim.analyze(trace)._repr_html_()
    assert "<table" in shown
    assert "bettors &lt;b&gt;" in shown
    assert "bets &amp; &lt;more&gt;" in shown
    assert "<b>" not in shown


@pytest.fixture(scope="module")
def comparison(scenario: omnisim.Scenario) -> omnisim.Comparison:
    return omnisim.compare(scenario, ["climatology", "persistence"], seeds=2, jobs=1)


def public(owner: Any) -> dict[str, Any]:
    """Values of all public attributes that are not functions."""
    found = {name: getattr(owner, name) for name in dir(owner) if not name.startswith("_")}
    return {name: value for name, value in found.items() if not callable(value)}


def image(value: Any) -> Any:
    """Contents of a value, as something that shares nothing with it."""
    if isinstance(value, pd.DataFrame):
        return image(list(value.columns)), image(list(value.index)), [image(value[name].tolist()) for name in value]
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, Mapping):
        return [(repr(key), image(each)) for key, each in value.items()]
    if isinstance(value, list | tuple):
        return [image(each) for each in value]
    if dataclasses.is_dataclass(value):
        return [image(getattr(value, each.name)) for each in dataclasses.fields(value)]
    return repr(value)


def spoil(value: Any) -> None:
    """Write into a value, wherever one can."""
    if isinstance(value, pd.DataFrame):
        for name in list(value):
            for column in (value[name].array, value[name].to_numpy()):
                spoil_array(column)
        spoil_array(value.columns.values)
        if len(value) > 1:
            value.iloc[0] = value.iloc[1]
            value.loc[1:, :] = value.iloc[0].to_numpy()
        value.columns.name = value.index.name = "spoilt"
        value.insert(0, "spoilt", 1)
        del value[value.columns[-1]]
    elif isinstance(value, np.ndarray):
        spoil_array(value)
    elif isinstance(value, dict):
        for each in value.values():
            spoil(each)
        value.clear()
    elif isinstance(value, list):
        value.clear()
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if isinstance(getattr(value, field.name), np.ndarray):
                spoil_array(getattr(value, field.name))


def spoil_array(array: Any) -> None:
    if len(array) > 1:
        try:
            array[0] = array[-1]
            array[1:] = array[0]
        except ValueError as refused:
            assert "read-only" in str(refused)


def assert_no_reader_changes(owner: Any, names: list[str]) -> None:
    before = {name: image(value) for name, value in public(owner).items()}
    for name in names:
        spoil(getattr(owner, name))
    after = {name: image(value) for name, value in public(owner).items()}
    assert [name for name in before if before[name] != after[name]] == []


@pytest.mark.long
def test_who_writes_into_a_table_changes_nobody_elses(
    trace: omnisim.Trace, comparison: omnisim.Comparison, tmp_path: Any
) -> None:
    analysis = omnisim.analyze(trace)
    of_analysis = [name for name, value in public(analysis).items() if name not in ("trace", "measures")]
    assert {"agents", "certificates", "worth", "value", "accuracy", "violations", "information"} <= set(of_analysis)
    assert_no_reader_changes(analysis, of_analysis)
    of_comparison = [name for name, value in public(comparison).items() if isinstance(value, pd.DataFrame | dict)]
    assert len(of_comparison) == 14
    assert_no_reader_changes(comparison, of_comparison)
    of_trace = [name for name in public(trace) if name not in ("records", "about", "diagnostics", "other_predictions")]
    assert {"outcomes", "actions", "fallback", "prices", "mixtures"} <= set(of_trace)
    assert_no_reader_changes(trace, of_trace)
    for value in (*trace.records.values(), *analysis.measures.values(), *analysis.worth.values(), trace.mixtures):
        assert_no_reader_changes(value, [field.name for field in dataclasses.fields(value)])
    # Pages, notebooks and files say what they said.
    fresh = omnisim.analyze(trace)
    assert analysis._repr_html_() == fresh._repr_html_()
    assert omnisim.load_comparison(comparison.folder)._repr_html_() == comparison._repr_html_()
    one, other = (omnisim.write_report(each, tmp_path / name) for each, name in ((analysis, "a"), (fresh, "b")))
    assert one == other or (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_accuracy_of_a_signal_is_copied_too(trace: omnisim.Trace) -> None:
    analysis = omnisim.analyze(trace)
    (name,) = [block.name for block in trace.blocks]
    before = image(analysis.accuracy_of(name))
    spoil(analysis.accuracy_of(name))
    assert image(analysis.accuracy_of(name)) == before


def test_the_package_reads_what_is_kept(trace: omnisim.Trace) -> None:
    """Tables of a million agents are not copied within the package."""
    analysis = omnisim.analyze(trace)
    kept = type(analysis).agents.kept(analysis)
    assert type(analysis).agents.kept(analysis) is kept
    assert analysis.agents is not kept
    with pytest.raises(AttributeError):
        analysis.agents = kept  # type: ignore[misc]


def offered() -> list[type]:
    """Public classes, and those of the records that public functions return."""
    spaces = [omnisim, *(getattr(omnisim, name) for name in ("adversaries", "elimination", "forecasters", "learners"))]
    spaces += [omnisim.market, omnisim.network]
    found = {getattr(space, name) for space in spaces for name in space.__all__}
    return sorted((each for each in found if isinstance(each, type)), key=lambda each: each.__name__)


def of_samples(turned: bool = False) -> list[Any]:
    """Objects that learners and measures on samples return."""
    rng = np.random.default_rng(3)
    groups, comparators, outcomes = rng.random((60, 1)) < 0.7, rng.random((60, 1)), (rng.random(60) < 0.4) != turned
    base = 0.2 + 0.6 * comparators[:, 0]
    sample = panprediction.sample(groups, comparators, outcomes)
    rules, weights = Rules(tolerance=0.5, folds=None, most=3), np.ones(60)
    law = np.column_stack([1 - base, 0 * base, base])
    return [
        sample,
        panprediction.Law.points(base),
        panprediction.learn_deterministic(sample, tolerance=0.01),
        learn_multicalibrated(sample, 0.05),
        learn_stepwise(
            sample.groups, sample.comparators, sample.outcomes, base, weights, rules, np.random.default_rng(0)
        ),
        omnisim.batch.step_calibration(base, outcomes, comparators={"h": comparators[:, 0]}, replicates=20),
        omnisim.batch.omniprediction_error(law, np.column_stack([base > 0.4, base > 0.6]), outcomes),
    ]


def test_what_is_learnt_from_a_sample_is_compared_by_what_it_holds() -> None:
    for one, other, another in zip(of_samples(), of_samples(), of_samples(turned=True), strict=True):
        assert one == other
        assert len({one, other}) == 1
        if not isinstance(one, panprediction.Law):  # which holds no outcomes
            assert one != another


def objects(trace: omnisim.Trace, scenario: omnisim.Scenario) -> list[Any]:
    """Objects of the public surface, each made twice."""
    analysis = omnisim.analyze(trace)
    population = trace.records["bettors <b>"].population
    shipped = omnisim.load_scenario("merit_order")
    made: list[Any] = [
        *(trace, trace.mixtures, trace.records["bettors <b>"], analysis, scenario, shipped, population),
        *(*analysis.measures.values(), *analysis.worth.values(), analysis.clipping, *population.limits),
        omnisim.LinearConstraint(np.zeros((3, 2, 2)), name="a" * 400),
        *shipped.populations,
        *(each.agents for each in shipped.populations),  # type: ignore[union-attr]
        *(each.build(0) for each in shipped.populations),  # type: ignore[union-attr]
        population.money,
        omnisim.Mixture(np.eye(2), [0.5, 0.5]),
        omnisim.Rule("hot", "in", [1.0, 2.0]),
        omnisim.Rule("hot", "in", list(range(2))),
        omnisim.network.Network(channels=[omnisim.network.Channel(delay=omnisim.network.Constant(1))]),
        omnisim.network.Churn(join=0.1, schedule=[omnisim.network.PresenceInterval(0, 1, 2)]),
        scenario.problem(0),
        shipped.past,
        omnisim.market.load_ercot(),
        *of_samples(),
    ]
    for kind in offered():
        if issubclass(kind, omnisim.market.MarketAgents) and kind is not omnisim.market.MarketAgents:
            made += [kind(agents=4, signal_prices={"carbon": 0.1})]
    return [each for each in made if each is not None]


@pytest.mark.long
def test_every_object_can_be_compared_hashed_and_shown_in_a_line(
    trace: omnisim.Trace, scenario: omnisim.Scenario, comparison: omnisim.Comparison
) -> None:
    ones, others = objects(trace, scenario), objects(trace, scenario)
    assert len({type(each) for each in ones}) > 25
    for one, other in [*zip(ones, others, strict=True), (comparison, comparison)]:
        assert one == one
        assert isinstance(one == other, bool)
        assert (hash(one) == hash(other)) >= (one == other)
        assert one != 3
        assert len(repr(one)) <= 250
        assert "\n" not in repr(one)
        assert " at 0x" not in repr(one)


def test_what_holds_arrays_is_compared_by_what_it_holds() -> None:
    def money(scale: float, currency: str = "EUR") -> omnisim.Money:
        return omnisim.Money(np.full(3, scale), np.array([0.0, np.nan, 1.0]), currency)

    assert money(1.0) == money(1.0)
    assert len({money(1.0), money(1.0), money(2.0), money(1.0, "USD")}) == 3
    assert money(1.0) != omnisim.Money(np.full(2, 1.0), np.zeros(2), "EUR")
    buyers = omnisim.market.EnergyBuyers
    assert buyers(agents=4) == buyers(agents=4)
    assert buyers(agents=4) != buyers(agents=5)
    assert buyers(agents=4) != omnisim.market.Storage(agents=4)
    tables = [
        pd.DataFrame({"name": ["a", "b"]}),
        pd.DataFrame({"name": ["a", "b"]}),
        pd.DataFrame({"name": ["a", "c"]}),
    ]
    of_tables = [buyers(table=each) for each in tables]
    assert of_tables[0] == of_tables[1]
    assert of_tables[0] != of_tables[2]
    assert len(set(of_tables)) == 2
    one, other = (omnisim.load_scenario("merit_order").populations[0] for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert omnisim.Rule("hot", "in", [1.0]) == omnisim.Rule("hot", "in", (1.0,))


def test_one_of_a_thing_is_singular() -> None:
    population = omnisim.Population("one", [[[1.0]]], constraints=[omnisim.LinearConstraint([[[1.0]]])])
    assert repr(population) == "<Population 'one': 1 agent, 1 action, 1 coordinate, 1 constraint>"
    assert repr(population.constraints[0]) == "<LinearConstraint 'linear': 1 agent, 1 action, 1 coordinate, in 'cost'>"
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[population],
            adversary=omnisim.adversaries.Replay([[1.0]]),
            forecaster="persistence",  # type: ignore[arg-type]
        )
    )
    assert repr(trace).endswith("1 round, 1 coordinate, 1 agent in 1 population, 1 subsequence, seed 0>")
    assert repr(trace.mixtures) == "<Mixtures of 1 round: 1 point>"
