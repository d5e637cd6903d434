"""Strategies as people meet them in a notebook: they show what they were made with, and can be named."""

import copy
import datetime as dt
import enum
import html
import inspect
import pickle
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any, Literal, TypedDict

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.display import as_html
from omnisim.errors import OmnisimError, ScenarioError, StrategyError
from omnisim.scenario import registry

EVERY = [
    (kind, name)
    for kind in ("forecasters", "elimination", "learners", "adversaries")
    for name in registry.KINDS[kind]
    if name not in ("published", "demand_response")  # which need one of several parameters
    and not any(
        each.default is inspect.Parameter.empty and each.kind is not inspect.Parameter.VAR_POSITIONAL
        for each in inspect.signature(registry.find(kind, name)).parameters.values()
    )
]

POPULATION = omnisim.Population("bettors", utility=[[[1.0], [0.0]]], offset=[[0.0, 0.5]])


def ANALYSIS() -> omnisim.Analysis:  # noqa: N802 (stands in a table of calls)
    return omnisim.analyze(omnisim.simulate(scenario()))


def scenario(**changes: Any) -> omnisim.Scenario:
    given: dict[str, Any] = {
        "populations": [POPULATION],
        "adversary": omnisim.adversaries.Replay([[0.9], [0.1]] * 4),
        "forecaster": omnisim.forecasters.Persistence(),
    }
    return omnisim.Scenario(**given | changes)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_the_text_of_a_strategy_makes_it_again(kind: str, name: str) -> None:
    made: Any = registry.find(kind, name)()
    names = vars(registry) | {type(made).__name__: type(made)}
    assert repr(made) == f"{type(made).__name__}()"
    assert repr(eval(repr(made), names)) == repr(made)  # noqa: S307
    assert set(made.parameters()) == set(inspect.signature(type(made)).parameters)
    assert type(made.clone()) is type(made)
    assert made == made
    assert isinstance(hash(made), int)


@pytest.mark.parametrize(("length", "shown"), [(100, True), (101, False)])
def test_a_parameter_of_a_hundred_characters_is_shown(length: int, shown: bool) -> None:
    name = "x" * (length - len("['']"))
    text = repr(omnisim.forecasters.RidgeAutoregression(features=[name]))
    inside = f"['{name}']" if shown else "<list of 1>"
    assert text == f"RidgeAutoregression(features={inside})"


def test_what_it_was_made_with_goes_into_copies_and_not_into_the_state() -> None:
    ridge = omnisim.forecasters.RidgeAutoregression(28, penalty=0.5)
    for copied in (copy.deepcopy(ridge), copy.copy(ridge), ridge.clone()):
        assert repr(copied) == "RidgeAutoregression(window=28, penalty=0.5)"
        assert copied.parameters()["penalty"] == 0.5
        assert copied is not ridge
    assert repr(pickle.loads(pickle.dumps(ridge))) == repr(ridge)  # noqa: S301
    assert "_made_with" not in ridge.__getstate__()
    nested = omnisim.forecasters.DecisionCalibrated([ridge])
    assert repr(nested) == "DecisionCalibrated(bases=[RidgeAutoregression(window=28, penalty=0.5)])"
    assert repr(omnisim.adversaries.Replay(np.zeros((40, 3)))) == "Replay(outcomes=<array (40, 3)>)"


def cells(shown: str) -> list[list[str]]:
    """Rows of the table that a notebook would show."""
    rows = re.findall(r"<tr.*?>(.*?)</tr>", shown, re.DOTALL)
    return [[html.unescape(cell) for cell in re.findall(r"<t[hd]>(.*?)</t[hd]>", row)] for row in rows]


def test_a_scenario_shows_what_it_is_made_of() -> None:
    made = scenario(
        name="<b>", elimination={"bettors": "hedge"}, other_forecasters={"b": "persistence"}, rounds=6, seed=3,
        dates=np.arange("2024-03-01", "2024-03-09", dtype="datetime64[D]"),
    )  # fmt: skip
    shown = made._repr_html_()
    assert "<b>" not in shown
    assert cells(shown) == [
        ["adversary", "Replay(outcomes=[[0.9], [0.1], [0.9], [0.1], [0.9], [0.1], [0.9], [0.1]])"],
        ["rounds", "6, 2024-03-01 to 2024-03-08"],
        ["forecaster", "Persistence()"],
        ["other forecaster", "b: Persistence()"],
        ["rule bettors", "Hedge()"],
        ["populations", "bettors"],
        ["subsequences", "all"],
        ["seed", "3"],
    ]


def test_records_and_results_show_tables() -> None:
    trace = omnisim.simulate(scenario(about={"scenario": "a & b"}))
    assert trace._repr_html_().startswith("<p>Trace of a &amp; b: 8 rounds, seed 0.")
    assert cells(trace._repr_html_()) == [["population", "agents", "actions", "limits"], ["bettors", "1", "2", "none"]]
    analysis = omnisim.analyze(trace)
    ((_, *header), (name, agents, *money, currency)) = cells(analysis._repr_html_())
    assert header == ["agents", "money", "with persistence", "with foresight", "currency"]
    own, baseline, foresight = analysis.worth["bettors"].whole_run.mean(axis=1)
    assert (name, agents, currency) == ("bettors", "1", "utility")
    assert money == [f"{own:,.2f}", f"{baseline:,.2f}", f"{foresight:,.2f}"]


def test_an_analysis_counts_agents_by_their_weights() -> None:
    """The first of two agents stands for 99."""
    population = omnisim.Population(
        "w", [[[1.0], [0.0]], [[0.0], [0.0]]], [[0.0, 0.5], [0.0, 0.1]], weights=[99.0, 1.0]
    )
    analysis = omnisim.analyze(omnisim.simulate(scenario(populations=[population])))
    # With foresight the first earns 0.9 and 0.5 in turns, four times each, and the other 0.1 always.
    expected = (99 * 4 * (0.9 + 0.5) + 8 * 0.1) / 100
    assert cells(analysis._repr_html_())[1][4] == f"{expected:,.2f}"


def test_a_comparison_shows_what_each_variant_earned() -> None:
    found = omnisim.compare(scenario(name="bets"), ["persistence", "climatology"], seeds=2, jobs=1)
    shown = found._repr_html_()
    assert shown.startswith("<p>Comparison of bets: money per agent in utility with intervals, and the verdict")
    header, *rows = cells(shown)
    assert header == ["forecaster", "runs", "money", "money_low", "money_high", "verdict"]
    assert [row[0] for row in rows] == ["persistence", "climatology"]
    assert [row[2] for row in rows] == [f"{money:,.2f}" for money in found.table["money"]]


def test_a_long_table_is_cut_in_the_middle() -> None:
    shown = cells(as_html("Many.", pd.DataFrame({"n": range(1000)})))
    assert len(shown) < 50
    assert (shown[1], shown[-1]) == (["0"], ["999"])


def test_figures_are_a_namespace() -> None:
    assert "figures" in dir(omnisim)
    assert set(omnisim.figures.__all__) <= set(dir(omnisim.figures))
    assert omnisim.figures.regrets(omnisim.analyze(omnisim.simulate(scenario()))).layout.title.text


@pytest.mark.long
def test_a_clone_has_learnt_nothing() -> None:
    used = omnisim.forecasters.Climatology()
    omnisim.testing.check_forecaster(used)
    fresh = used.clone()
    with pytest.raises(StrategyError, match="was not started"):
        fresh.service  # noqa: B018


def test_a_class_without_parameters_takes_none() -> None:
    with pytest.raises(TypeError, match=r"ConditionalMean.* takes no arguments"):
        omnisim.forecasters.ConditionalMean(3)  # type: ignore[call-arg]
    assert str(inspect.signature(omnisim.forecasters.ConditionalMean)) == "()"


def test_names_stand_for_strategies() -> None:
    named = scenario(forecaster="climatology", elimination={"bettors": "hedge"}, other_forecasters={"b": "persistence"})
    assert repr(named.forecaster) == "Climatology()"
    assert repr(named.elimination["bettors"]) == "Hedge()"  # type: ignore[index]
    assert repr(named.other_forecasters["b"]) == "Persistence()"
    given = scenario(forecaster=omnisim.forecasters.Climatology(), elimination=omnisim.learners.Hedge())
    for seed in (0, 1):
        one, other = omnisim.simulate(named, seed), omnisim.simulate(given, seed)
        np.testing.assert_array_equal(one.predictions, other.predictions)
        np.testing.assert_array_equal(one.actions["bettors"], other.actions["bettors"])
    assert repr(given.replace(elimination="best_response").elimination) == "BestResponse()"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"forecaster": "climatolgy"}, "'climatolgy' is not among the forecasters: did you mean 'climatology'"),
        ({"forecaster": omnisim.forecasters.Climatology}, "forecaster must be a Forecaster, .* the class Climatology"),
        ({"forecaster": 3}, "forecaster must be a Forecaster, or a registered name, got 3"),
        ({"adversary": "replay"}, r"adversary: 'replay' needs parameters, .* omnisim.adversaries.Replay\(...\)"),
        ({"adversary": omnisim.forecasters.Climatology()}, r"adversary must be an Adversary, .* got Climatology\(\)"),
        ({"elimination": None}, "elimination must be an Elimination or a Learner, .* got None"),
        ({"elimination": {"bettors": 1.5}}, "elimination must be an Elimination or a Learner, .* got 1.5"),
        ({"populations": POPULATION}, "populations must be a list of them, got Population"),
        ({"populations": "bettors"}, "populations must be a list of them, got str"),
        ({"populations": [1]}, r"populations must be Population objects, or sources .* got 1"),
    ],
)
def test_another_type_is_refused_in_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as refused:
        scenario(**changes)
    assert "\n" not in str(refused.value)


@pytest.mark.long
def test_a_scenario_can_be_named() -> None:
    named = omnisim.simulate("price_spikes", seed=3)
    loaded = omnisim.simulate(omnisim.load_scenario("price_spikes"), seed=3)
    np.testing.assert_array_equal(named.predictions, loaded.predictions)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: omnisim.simulate(3), "simulate needs a Scenario, the name of one or a path, got int"),  # type: ignore[arg-type]
        (lambda: omnisim.simulate("prise_spikes"), "is neither a .toml file nor a shipped scenario: did you mean"),
        (lambda: omnisim.analyze("run"), "analyze needs a Trace, from simulate or load_trace, got str"),  # type: ignore[arg-type]
        (lambda: omnisim.write_report(3, "x"), "write_report needs an Analysis, from analyze, got int"),  # type: ignore[arg-type]
        (lambda: omnisim.load_trace(3), "path of load_trace must be a path or its text, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.load_comparison(3), "folder of load_comparison must be a path or its text, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.write_comparison(3, "x"), "comparison of write_comparison must be a Comparison.*, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.write_report(ANALYSIS(), 3), "path of write_report must be a path or its text, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.write_report(ANALYSIS(), "x", details=3), "details of write_report must be a mapping, got 3"),  # type: ignore[arg-type]
        (
            lambda: omnisim.write_report(ANALYSIS(), "x", details={"wall": 3}),
            "a key in details of write_report is 'wall': did you mean 'wall_seconds'",
        ),
        (lambda: ANALYSIS().trace.save(3), "path of a trace must be a path or its text, got 3"),
        (
            lambda: omnisim.figures.plays(ANALYSIS(), "bettor"),
            "population of plays is 'bettor': did you mean 'bettors'",
        ),
        (lambda: omnisim.simulate(scenario(), state=3), "state of simulate must be a path or its text, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.simulate(scenario(), state="x"), "only if it declares a horizon"),
        (lambda: omnisim.simulate(scenario(), seed="a"), "seed must be an integer >= 0, got 'a'"),  # type: ignore[arg-type]
        (lambda: omnisim.simulate(scenario(), seed=1.5), "seed must be an integer >= 0, got 1.5"),  # type: ignore[arg-type]
        (lambda: omnisim.simulate(scenario(), seed=True), "seed must be an integer >= 0, got True"),
        (lambda: omnisim.compare(scenario(), ["persistence"], jobs="x"), "jobs must be a number of processes.*got 'x'"),  # type: ignore[arg-type]
        (lambda: omnisim.compare(scenario(), ["persistence"], seeds=1.5), "seeds must be a number of seeds.*got 1.5"),  # type: ignore[arg-type]
        (lambda: omnisim.compare(scenario(), ["persistence"], reference=3), "reference must be the label .*, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.compare(scenario(), ["persistence"], settings=3), "settings must be a mapping.*, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.compare(scenario(), ["persistence"], out=3), "out must be a path or its text, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.load_scenario("price_spikes", 3), "overrides must be a mapping from names, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.Population(3, [[[1.0]]]), "name of a population must be a text, got 3"),  # type: ignore[arg-type]
        (
            lambda: omnisim.Population("x", [[[1.0]]], constraints=3),
            "constraints of population 'x' must be a list, got 3",
        ),  # type: ignore[arg-type]
        (lambda: omnisim.Population("x", [[[1.0]]], constraints=[3]), "constraint 3 of population 'x' has no method"),  # type: ignore[list-item]
        (lambda: omnisim.Population("x", [[[1.0]]], money=3), "money of population 'x' must be a Money, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.Population("x", [[[1.0]]], action_names=3), "action_names of population 'x' must be a list"),  # type: ignore[arg-type]
        (lambda: omnisim.Population("x", [[[1.0]]], agent_names="x"), "agent_names of population 'x' must be a list"),
        (lambda: omnisim.LinearConstraint([[[1.0]]], averaged="no"), "averaged of constraint 'linear' must be True or"),  # type: ignore[arg-type]
        (lambda: omnisim.Rule(3, ">", 1.0), "feature of a rule must be a text, got 3"),  # type: ignore[arg-type]
        (lambda: omnisim.Rule("x", ">", quantile="a"), "quantile of a rule on 'x' must be a number in .*, got 'a'"),  # type: ignore[arg-type]
        (lambda: omnisim.Rule("x", ">", quantile=0.5, window=1.5), "window of a rule on 'x' must be a whole number"),  # type: ignore[arg-type]
    ],
)
def test_wrong_types_get_one_line(call: Any, said: str) -> None:
    with pytest.raises(OmnisimError, match=said) as refused:
        call()
    assert "\n" not in str(refused.value)


OF_TABLES = ("murphy_diagram", "regret_map", "reliability_diagram")


@pytest.mark.parametrize("name", omnisim.figures.__all__)
def test_every_figure_refuses_what_is_no_analysis(name: str) -> None:
    given, wanted = ("table", "a data frame") if name in OF_TABLES else ("analysis", "an Analysis, from analyze")
    for call in (lambda figure: figure(3), lambda figure: figure(**{given: "x"})):
        with pytest.raises(OmnisimError, match=f"{given} of {name} must be {wanted}.*, got"):
            call(getattr(omnisim.figures, name))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("network", 3), ("subsequences", {"all": 3}), ("subsequences", 3), ("subsequences", {"all": "x"})),
        *(("rounds", True), ("rounds", "x"), ("rounds", 2.0), ("declared_horizon", "x"), ("name", 3), ("seed", "x")),
        *(("features", 3), ("forecasts", {"m": "x"}), ("dates", 3), ("limits", 3), ("other_forecasters", 3)),
        *(
            ("subscriptions", {"bettors": 3}),
            ("subscriptions", {"bettors": "b"}),
            ("default_actions", {"bettors": 1.5}),
        ),
        *(
            ("churn", {"bettors": 3}),
            ("churn", 3),
            ("about", 3),
            ("past", 3),
            ("market", 3),
            ("told", 3),
            ("source", 3),
        ),
        *(("distributions", {"m": 3}), ("features", {3: [1.0] * 8}), ("default_actions", {"bettors": True})),
    ],
)
def test_every_field_of_a_scenario_refuses_another_type(field: str, value: Any) -> None:
    with pytest.raises(OmnisimError) as refused:
        scenario(**{field: value})
    assert "\n" not in str(refused.value)
    assert field.rstrip("s").replace("declared_", "").replace("_", " ").split()[0] in str(refused.value)


def wrong(parameter: inspect.Parameter) -> list[Any]:
    """Values of types that the annotation of a parameter does not name."""
    text = str(parameter.annotation)
    values: list[Any] = [object(), {1, 2}, 1j, b"x", float("nan")]
    values += ["qqq"] if parameter.name != "model" and "str" not in text.replace("<class 'str'>", "str") else []
    values += [[object()]]
    values += [1.5, True] if "int" in text and "float" not in text and "bool" not in text else []
    values += [7] if text in ("<class 'bool'>", "<class 'str'>") else []
    return values


STRATEGIES = [
    (kind, name) for kind in ("forecasters", "elimination", "learners", "adversaries") for name in registry.KINDS[kind]
]


@pytest.mark.parametrize(("kind", "name"), STRATEGIES)
def test_every_parameter_of_every_strategy_refuses_another_type(kind: str, name: str) -> None:
    cls = registry.find(kind, name)
    parameters = inspect.signature(cls).parameters
    examples = {"bases": ["persistence"], "support": [[0.5]], "outcomes": [[0.5]], "source": [[0.5]], "rounds": 8}
    examples |= {"laws": [[[0.1]], [[0.2]]], "period": 2, "dimension": 1, "gradient": 1.0}
    for parameter, declared in parameters.items():
        needed = {
            "published": {} if parameter == "predictions" else {"predictions": [[0.5]]},
            "demand_response": {"generators": ()},
        }
        given = {
            each: examples[each]
            for each, other in parameters.items()
            if other.default is inspect.Parameter.empty and each != parameter
        } | needed.get(name, {})
        for value in wrong(declared):
            with pytest.raises(OmnisimError) as refused:
                made: Any = cls(**given | {parameter: value})
                pytest.fail(f"{made!r} takes {parameter} = {value!r}")
            assert "\n" not in str(refused.value)
            assert len(str(refused.value)) < 600


@pytest.mark.parametrize("name", registry.KINDS["populations"])
def test_every_parameter_of_every_kind_of_agents_refuses_another_type(name: str) -> None:
    cls = registry.find("populations", name)
    at_build = {"stress_price", "curtailment_price", "premium"}  # thresholds and signs are for the market to say
    for parameter, declared in inspect.signature(cls).parameters.items():
        for value in wrong(declared):
            if parameter in at_build and isinstance(value, float):
                continue
            if value == "qqq" and "table" in parameter:
                continue  # the name of a file
            with pytest.raises(OmnisimError) as refused:
                made: Any = cls(**{"agents": 2} | {parameter: value})
                pytest.fail(f"{made!r} takes {parameter} = {value!r}")
            assert "\n" not in str(refused.value)
            assert "table" in parameter or (parameter in str(refused.value) and cls.__name__ in str(refused.value))


BATTERIES = omnisim.market.Storage(agents=1)
BUILT = {"name": "b", "scaling": omnisim.market.Scaling(0, 100), "rng": np.random.default_rng(0), "past": [[1.0] * 24]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": 3}, "name of build must be a text, got 3"),
        ({"scaling": 3}, "scaling of build must be a Scaling, got 3"),
        ({"rng": None}, "rng of build must be a Generator, got None"),
        ({"resolution": "minute"}, "resolution of a population is 'minute': .*available: .*hour"),
        ({"past": "x"}, r"past of a population must be an array of numbers of shape \(D, d\)"),
        ({"past": [1.0]}, r"past of a population must have shape \(D, d\)"),
        ({"signals": {"co2": 3}}, r"signals\['co2'\] of build must be a Known, got 3"),
    ],
)
def test_agents_are_built_from_what_they_are_built_from(changes: dict[str, Any], said: str) -> None:
    assert BATTERIES.build(**BUILT).agents == 1
    with pytest.raises(OmnisimError, match=said) as refused:
        BATTERIES.build(**BUILT | changes)
    assert "\n" not in str(refused.value)


NETWORK = omnisim.network
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: NETWORK.Tree("x"), "retailers of Tree must be a whole number, got 'x'"),
        (lambda: NETWORK.SmallWorld(neighbours=2.5), "neighbours of SmallWorld must be a whole number, got 2.5"),
        (lambda: NETWORK.GraphML(3), "path of GraphML must be a path, got 3"),
        (lambda: NETWORK.Channel(sender=3), "sender of Channel must be a text, got 3"),
        (lambda: NETWORK.Channel(loss="x"), "loss of Channel must be a number, got 'x'"),
        (lambda: NETWORK.Channel(delay=np.zeros((2, 2))), "delay must be a number of rounds >= 0, got <array"),
        (
            lambda: NETWORK.Channel(outages=[1]),
            r"outages\[0\] of Channel must be a list in which each is a whole number, got 1",
        ),
        (lambda: NETWORK.Network(channels=3), "channels of Network must be a list in which each is a Channel, got 3"),
        (lambda: NETWORK.Network(topology="star"), "topology of Network must be a Star or a Tree or .*, got 'star'"),
        (lambda: NETWORK.Network(max_age="x"), "max_age of Network must be a whole number or None, got 'x'"),
        (lambda: NETWORK.Churn(join="x"), "join of Churn must be a number, got 'x'"),
        (lambda: NETWORK.Churn(schedule=[3]), r"schedule\[0\] of Churn must be a PresenceInterval, got 3"),
        (
            lambda: NETWORK.Churn().presence_intervals("x", 5, RNG),
            "agents of presence_intervals must be a whole number, got 'x'",
        ),
        (
            lambda: NETWORK.Churn().presence_intervals(2, 2.5, RNG),
            "rounds of presence_intervals must be a whole number, got 2.5",
        ),
        (
            lambda: NETWORK.Churn().presence_intervals(-1, 5, RNG),
            "agents of presence_intervals must be a whole number >= 1, got -1",
        ),
        (
            lambda: NETWORK.Churn().presence_intervals(2, -1, RNG),
            "rounds of presence_intervals must be a whole number >= 1, got -1",
        ),
        (
            lambda: NETWORK.Churn().presence_intervals(2, 0, RNG),
            "rounds of presence_intervals must be a whole number >= 1, got 0",
        ),
        (lambda: NETWORK.Churn().presence_intervals(2, 5, 7), "rng of presence_intervals must be a Generator, got 7"),
        *(
            (lambda law=law, u=u: law.quantile(u), f"u of quantile{said}")
            for law in (NETWORK.Constant(1), NETWORK.Uniform(0, 1), NETWORK.Exponential(1), NETWORK.LogNormal(1, 0))
            for u, said in (
                ("x", " must be an array of numbers, got 'x': it holds <U1"),
                (-0.5, r" is -0.5: every entry must lie in \[0, 1\]"),
                ([[0.5], [1.5]], r"\[1, 0\] is 1.5: every entry must lie in \[0, 1\]"),
                ([[0.5], [0.5, 1]], " must be an array of numbers, got .*: its lists differ in length"),
            )
        ),
        (lambda: NETWORK.PresenceInterval("x"), "agent of PresenceInterval must be a whole number, got 'x'"),
        (lambda: omnisim.market.Scaling(0, 1).outcomes("x"), "prices must be an array of numbers, got 'x'"),
        (lambda: omnisim.market.Scaling(0, 1).prices([[1], [1, 2]]), "outcomes must be an array of numbers, got"),
        (lambda: omnisim.market.Scaling(0, 1).clipping(object()), "prices must be an array of numbers, got <object"),
        (
            lambda: omnisim.market.load_ercot().at("minute"),  # type: ignore[arg-type]
            "resolution of a market is 'minute': .*available: .*hour",
        ),
        (
            lambda: omnisim.Population("x", [[[1.0]]], notes=np.array("x")),  # type: ignore[arg-type]
            "notes of population 'x' must be a list",
        ),
        (lambda: omnisim.market.spike_contracts(3), "market of spike_contracts must be a Market, got 3"),
        (
            lambda: omnisim.adversaries.Switching([[[0.1]], [[0.2]]], switches=range(1000)),
            "one fewer than the 2 laws, got range",
        ),
        (lambda: omnisim.market.Scaling("x", 1), "low of Scaling must be a number, got 'x'"),
        (lambda: omnisim.market.EnergyBuyers(agents="x"), "agents of EnergyBuyers must be a whole number, got 'x'"),
        (
            lambda: omnisim.market.EnergyBuyers(agents=2, signal_prices={3: 1.0}),
            "signal_prices of EnergyBuyers must be a ",
        ),
        (
            lambda: omnisim.market.ElectricVehicles(agents=2, arrival_hours=(1, 2, 3)),
            "arrival_hours of ElectricVehicles must be a list of 2 in which each is a whole number",
        ),
        (lambda: omnisim.market.EnergyBuyers(table=[3]), "a file to read must be a path or its text, got 3"),
        (lambda: omnisim.adversaries.DemandResponse(generator_file="none.csv"), "none.csv: there is no such file"),
        (lambda: POPULATION.utilities("x"), r"outcome of population 'bettors' must be an array of numbers of shape"),
        (lambda: POPULATION.costs(3), "outcome of population 'bettors' must have shape"),
        (lambda: POPULATION.best_response([np.nan]), r"prediction of population 'bettors'\[0\] is nan"),
        (lambda: POPULATION.expected_costs(3), "law of expected_costs must be a Mixture, got 3"),
        (lambda: omnisim.LinearConstraint([[[1.0]]]).costs(3), r"outcomes of constraint 'linear' must have shape"),
        (
            lambda: omnisim.Mixture([[0.5]], [1.0]).before_clipping(1),
            "k of before_clipping must be a point from 0 to 0, got 1",
        ),
        (
            lambda: omnisim.Population("x", [[[1.0]]], action_names=[[]]),
            "a name in action_names of population 'x' must be",
        ),
        (lambda: omnisim.simulate(scenario(), on_round=3), "on_round of simulate must be a function or None, got 3"),
        (
            lambda: omnisim.simulate(scenario(), shards="x"),
            "shards of simulate must be a whole number or None, got 'x'",
        ),
        (
            lambda: omnisim.compare(scenario(), ["persistence"], on_run=3),
            "on_run of compare must be a function or None",
        ),
        (
            lambda: omnisim.compare(scenario(), ["persistence"], fail_fast="x"),
            "fail_fast of compare must be True or False",
        ),
        (lambda: omnisim.compare(scenario(), np.zeros((2, 2, 2))), "forecasters: <array .* is neither a name"),
        (lambda: scenario(populations=np.zeros((2, 2, 2))), "populations must be Population objects, .* got <array"),
        (lambda: scenario(rounds=np.zeros((2, 2))), "rounds of scenario .* got <array"),
        (lambda: omnisim.Rule("x", np.zeros(3), 1.0), "operator of a rule on 'x' is <array"),
    ],
)
def test_wrong_parts_get_one_line(call: Any, said: str) -> None:
    with pytest.raises(OmnisimError, match=said) as refused:
        call()
    assert "\n" not in str(refused.value)


def of_run() -> omnisim.Analysis:
    return ANALYSIS()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda a: a.trace.acted_on("x"), "population of acted_on is 'x': available: bettors"),
        (lambda a: a.trace.acted_on(["x"]), r"population of acted_on is \['x'\]: .*available: bettors"),
        (lambda a: a.trace.policy("bettor"), "population of policy is 'bettor': did you mean 'bettors'"),
        (lambda a: a.expected_bias(3), "population of expected_bias is 3: available: bettors"),
        (lambda a: a.growth(3, "all"), "population of growth must be a text, got 3"),
        (lambda a: a.growth("x", "all"), "population of growth is 'x': available: bettors"),
        (lambda a: a.growth("bettors", "al"), "subsequence of growth is 'al': did you mean 'all'"),
        (lambda a: a.growth("bettors", "all", 0), "points of growth must be >= 1, got 0"),
        (lambda a: a.growth("bettors", "all", 2.5), "points of growth must be a whole number, got 2.5"),
        (lambda a: a.accuracy_of([]), r"signal of accuracy_of must be a text, got \[\]"),
        (
            lambda a: omnisim.figures.growth_curves(a, "bettors", "al"),
            "subsequence of growth is 'al': did you mean 'all'",
        ),
        (lambda a: omnisim.figures.agent_course(a, "bettors", 1), "agent of agent_course must be from 0 to 0, got 1"),
        (lambda a: omnisim.figures.agent_course(a, "bettors", -1), "agent of agent_course must be from 0 to 0, got -1"),
        (lambda a: omnisim.figures.plays(a, None), "population of plays must be a text, got None"),
        (lambda a: omnisim.figures.prices(a, most_points=-1), "most_points of prices must be >= 2, got -1"),
        (lambda a: omnisim.figures.prices(a, most_points="x"), "most_points of prices must be a whole number, got 'x'"),
        (omnisim.figures.months, "months needs a run over days: the rounds of this one have no dates"),
        (omnisim.figures.timeline, "this figure needs a run with a network"),
        (
            lambda a: omnisim.figures.bias_bounds(a, "bettors"),
            "bias_bounds needs a run whose forecaster declares a bound",
        ),
        (
            omnisim.figures.potential_course,
            "potential_course needs a run whose forecaster has a potential",
        ),
    ],
)
def test_results_name_what_there_is(call: Any, said: str) -> None:
    with pytest.raises(OmnisimError, match=said) as refused:
        call(of_run())
    assert "\n" not in str(refused.value)


def test_more_points_than_rounds_are_as_many_as_there_are() -> None:
    analysis = of_run()
    most = analysis.growth("bettors", "all", 10**30)
    assert most["rounds"].tolist() == list(range(1, analysis.trace.rounds + 1))


def test_rules_are_named() -> None:
    named = scenario(elimination={"bettors": "hedge"})
    with pytest.raises(ScenarioError, match="population of elimination_of is 'x': available: bettors"):
        named.elimination_of("x")
    with pytest.raises(ScenarioError, match=r"population of subscriptions_of must be a text, got \[\]"):
        named.subscriptions_of([])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["selection", "combination", "decision_calibrated", "step_calibrated", "omnipredictor"]
)
def test_bases_may_be_named(name: str) -> None:
    cls: Any = registry.find("forecasters", name)
    named = cls(bases=["persistence", omnisim.forecasters.Climatology()])
    assert [type(base).__name__ for base in named.bases] == ["Persistence", "Climatology"]
    assert [type(base).__name__ for base in named.clone().bases] == ["Persistence", "Climatology"]
    with_objects = cls(bases=[omnisim.forecasters.Persistence(), omnisim.forecasters.Climatology()])
    one, other = (omnisim.simulate(scenario(forecaster=each)) for each in (named, with_objects))
    np.testing.assert_array_equal(one.predictions, other.predictions)
    for bases, said in (
        ("persistence", "must be a list"),
        ([3], "must be Forecasters or registered names of some, got 3"),
        ([omnisim.forecasters.Persistence], "got the class Persistence, not an object"),
        (["persistance"], "'persistance' is not among the forecasters: did you mean 'persistence'"),
        (["published"], "Published needs exactly one of"),
        ([omnisim.learners.Hedge()], r"got Hedge\(\)"),
    ):
        with pytest.raises(StrategyError, match=said) as refused:
            cls(bases=bases)
        assert "\n" not in str(refused.value)


def test_numbers_of_numpy_are_numbers() -> None:
    assert omnisim.forecasters.Persistence(np.int64(7)).lag == 7
    assert omnisim.learners.Hedge(np.float32(0.5)).eta == 0.5
    assert omnisim.learners.Hedge(1).eta == 1


class Meter:
    """A class of somebody's own."""


def own(annotation: Any) -> Any:
    """A forecaster of somebody's own with a parameter that is declared like that."""

    class Own(omnisim.forecasters.Persistence):
        def __init__(self, given: Any = None) -> None:
            super().__init__()

    Own.__init__.__annotations__ = {"given": annotation}
    return Own


class Written(TypedDict):
    unit: str


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Meter, object()),
        (Meter | None, "a name of one"),
        (list[Meter], [object()]),
        (dict[str, Meter], {"a": object()}),
        (omnisim.forecasters.Persistence, omnisim.forecasters.Climatology()),
        (np.ndarray, [1.0]),
        (np.float64, 1.0),
        (Written, {"unit": "MWh"}),
        (dt.date, "3 Jan 2021"),
        (Callable[[int], int], "a name of one"),
        ([int], 3),
        ({"a": int}, 3),
        ("int | Unknown", 3),
        (tuple[int, str], (1, "a")),
        (Literal["red"], np.str_("red")),
        (Literal["red"], Colour.RED),
        (Literal[1, 2], np.int64(2)),
        (Path, PurePath("x")),
    ],
)
def test_what_others_write_for_type_checkers_refuses_nothing_that_may_stand_for_it(annotation: Any, value: Any) -> None:
    assert isinstance(own(annotation)(value), omnisim.forecasters.Persistence)


def test_what_others_declare_plainly_is_held_to_it() -> None:
    for annotation, value in ((int, 1.5), (list[Meter], "x"), (list[int], [1.5]), (list[float], np.array(1.0))):
        with pytest.raises(StrategyError, match=r"given.* of Own must be"):
            own(annotation)(value)


def test_fields_are_those_of_the_class_that_declares_them() -> None:
    class InHours(omnisim.network.Channel):
        def __init__(self, loss: str) -> None:
            super().__init__(loss=float(loss))

    assert InHours("0.5").loss == 0.5
    with pytest.raises(OmnisimError, match="sender of InHours must be a text, got 3"):
        omnisim.network.Channel.__init__(InHours("0.5"), sender=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [pd.Series, lambda given: dict(enumerate(given)).values(), iter, np.array])
def test_columns_and_what_is_read_once_stand_for_lists(kind: Any) -> None:
    network = omnisim.network
    interval, channel = network.PresenceInterval(0), network.Channel()
    assert list(network.Churn(schedule=kind([interval])).schedule) == [interval]
    assert network.Network(channels=kind([channel])).channels == (channel,)
    assert network.Channel(outages=iter([(1, 2)])).outages == ((1, 2),)  # type: ignore[arg-type]
    assert tuple(omnisim.market.ElectricVehicles(agents=1, arrival_hours=kind([16, 19])).arrival_hours) == (16, 19)
    with pytest.raises(OmnisimError, match=r"schedule of Churn must be a list .*, got {"):
        network.Churn(schedule={interval})  # type: ignore[arg-type]  # its order is another one in each process


def test_laws_of_delays_take_numbers_of_numpy() -> None:
    network = omnisim.network
    for half in (np.float32(0.5), np.float64(0.5)):
        for law in (network.Constant(half), network.Uniform(half, half), network.LogNormal(half, np.int64(0))):
            assert network.Channel(delay=law).law.quantile(np.array([0.3])).dtype == np.float64
            assert law.quantile(np.array([0.3])) == 0.5
        assert network.Channel(delay=half, loss=half).loss == 0.5
    assert type(network.Channel(loss=Fraction(1, 2)).loss) is float


class TestLearners:
    @pytest.mark.one_in(2)
    @pytest.mark.parametrize("name", registry.KINDS["learners"])
    def test_ours_keep_their_contract(self, name: str) -> None:
        omnisim.testing.check_learner(registry.find("learners", name)())

    def test_what_is_no_learner(self) -> None:
        with pytest.raises(StrategyError, match="learner of check_learner must be a Learner, got FirstViolation"):
            omnisim.testing.check_learner(omnisim.elimination.FirstViolation())  # type: ignore[arg-type]

    def test_faults_are_noticed(self) -> None:
        class Peeking(omnisim.learners.Hedge):
            def playable(self, active: Any) -> Any:
                offered, fallback = super().playable(active)
                self.weights = offered.astype(float)
                return offered, fallback

        class Telling(omnisim.learners.Hedge):
            def registered(self, active: Any) -> Any:
                return self.playable(active)[0]

        class Fickle(omnisim.learners.Hedge):
            def playable(self, active: Any) -> Any:
                self._drawn = None
                return super().playable(active)

        class Generous(omnisim.learners.Hedge):
            def playable(self, active: Any) -> Any:
                return np.ones((self.agents, self.actions), dtype=bool), np.zeros(self.agents, dtype=bool)

        class Hoarding(omnisim.learners.Hedge):
            def _reset(self) -> Any:
                if not hasattr(self, "kept"):
                    self.kept = super()._reset()
                return self.kept

            def _learn(self, utilities: Any, costs: Any) -> Any:
                self.kept = super()._learn(utilities, costs)
                return self.kept

        class Impossible(omnisim.learners.Hedge):
            def _reset(self) -> Any:
                return np.eye(self.actions)[np.full(self.agents, self.actions - 1)]

            def playable(self, active: Any) -> Any:
                offered = np.eye(self.actions, dtype=bool)[np.zeros(self.agents, dtype=int)]
                return offered, np.zeros(self.agents, dtype=bool)

        for fault, said in (
            (Impossible, "offers an action of weight 0"),
            (Peeking, "weights change before settle"),
            (Telling, "registered must be every action"),
            (Fickle, "answers differently when asked again"),
            (Generous, "exactly one action"),
            (Hoarding, "does not forget on start"),
        ):
            with pytest.raises(StrategyError, match=said):
                omnisim.testing.check_learner(fault())


class TestPopulations:
    @pytest.mark.parametrize("kind", [omnisim.market.EnergyBuyers, omnisim.market.Manufacturers])
    def test_ours_keep_their_contract(self, kind: Any) -> None:
        omnisim.testing.check_population(kind(agents=4))

    def test_what_is_none(self) -> None:
        with pytest.raises(
            StrategyError, match=r"needs a population, or a kind of agents .* from MarketAgents, got int"
        ):
            omnisim.testing.check_population(3)  # type: ignore[arg-type]

    def test_faults_are_noticed(self) -> None:
        class Restless(omnisim.market.EnergyBuyers):
            def _draw(self, scaling: Any, rng: Any) -> Any:
                return super()._draw(scaling, np.random.default_rng())

        class Fewer(omnisim.market.EnergyBuyers):
            def _draw(self, scaling: Any, rng: Any) -> Any:
                drawn = super()._draw(scaling, rng)
                return type(drawn)(drawn.load[:-1], drawn.value[:-1], [])

        for fault, said in ((Restless, "draws other agents from the same generator"), (Fewer, "declares 4 agents")):
            with pytest.raises(StrategyError, match=said):
                omnisim.testing.check_population(fault(agents=4))
