"""Strategies as people meet them in a notebook: they show what they were made with, and can be named."""

import copy
import html
import inspect
import pickle
import re
from typing import Any

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
        (lambda: ANALYSIS().trace.save(3), "path of a trace must be a path or its text, got 3"),
        (
            lambda: omnisim.figures.plays(ANALYSIS(), "bettor"),
            "population of plays must be one of the run, got 'bettor'",
        ),
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
    (kind, name, parameter)
    for kind in ("forecasters", "elimination", "learners", "adversaries")
    for name in registry.KINDS[kind]
    for parameter in inspect.signature(registry.find(kind, name)).parameters
]


@pytest.mark.parametrize(("kind", "name", "parameter"), STRATEGIES)
def test_every_parameter_of_every_strategy_refuses_another_type(kind: str, name: str, parameter: str) -> None:
    cls = registry.find(kind, name)
    needed = {
        "published": {} if parameter == "predictions" else {"predictions": [[0.5]]},
        "demand_response": {"generators": ()},
    }
    examples = {"bases": ["persistence"], "support": [[0.5]], "outcomes": [[0.5]], "source": [[0.5]], "rounds": 8}
    examples |= {"laws": [[[0.1]], [[0.2]]], "period": 2, "dimension": 1, "gradient": 1.0}
    parameters = inspect.signature(cls).parameters
    given = {
        each: examples[each]
        for each, declared in parameters.items()
        if declared.default is inspect.Parameter.empty and each != parameter
    } | needed.get(name, {})
    for value in wrong(parameters[parameter]):
        with pytest.raises(OmnisimError) as refused:
            made: Any = cls(**given | {parameter: value})
            pytest.fail(f"{made!r} takes {value!r}")
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 600


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


class TestLearners:
    @pytest.mark.parametrize("name", registry.KINDS["learners"])
    def test_ours_keep_their_contract(self, name: str) -> None:
        omnisim.testing.check_learner(registry.find("learners", name)())

    def test_what_is_no_learner(self) -> None:
        with pytest.raises(StrategyError, match="check_learner needs a Learner, got FirstViolation"):
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
