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
    ],
)
def test_wrong_types_get_one_line(call: Any, said: str) -> None:
    with pytest.raises(OmnisimError, match=said):
        call()


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
