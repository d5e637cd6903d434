"""Everything public is called with every argument wrong in turn: it works, or says in one line what would be right."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim import adversaries, elimination, figures, forecasters, learners, market, network
from omnisim.errors import OmnisimError
from omnisim.market.distributions import Distribution
from omnisim.problem.losses.tables import LossTable
from omnisim.scenario import registry

WRONG: dict[str, Any] = {
    "a text": "x",
    "None": None,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "-1": -1,
    "a half": 0.5,
    "nothing": [],
    "ragged": [[1], [1, 2]],
    "three axes": np.zeros((2, 3, 4)),
    "texts": ["x", "y"],
    "NaNs": [[float("nan")] * 2] * 2,
    "an object": object(),
    "a class": dict,
    "a function": len,
    "a table": {"x": object()},
    "huge": 10**30,
    "true": True,
    "a date": np.datetime64("2021-01-01"),
}
"""Values that are right for hardly any argument."""

TABLE = np.random.default_rng(0).random((6, 2))


def population(**changes: Any) -> omnisim.Population:
    given = {"name": "agents", "utility": TABLE[:4].reshape(2, 2, 2) / 2, "load": TABLE[:4].reshape(2, 2, 2)}
    return omnisim.Population(**given | changes)


def scenario() -> omnisim.Scenario:
    return omnisim.Scenario(
        populations=[population()],
        adversary=adversaries.Replay(TABLE),
        forecaster=forecasters.Persistence(),
        subsequences={"all": None, "even": np.arange(6) % 2 == 0},
    )


@pytest.fixture(scope="module")
def analysis() -> omnisim.Analysis:
    return omnisim.analyze(omnisim.simulate(scenario()))


REQUIRED: dict[str, dict[str, Any]] = {
    "Combination": {"bases": [forecasters.Persistence()]},
    "Independent": {"support": TABLE},
    "LinearConstraint": {"slope": TABLE[:4].reshape(2, 2, 2) / 2, "offset": -TABLE[:2] / 2},
    "Money": {"scale": np.ones(2), "offset": np.zeros(2), "currency": "EUR"},
    "Mixture": {"support": TABLE, "weights": np.full(6, 1 / 6)},
    "OutcomeStream": {"source": lambda: iter(TABLE), "dimension": 2},
    "Population": {"name": "agents", "utility": TABLE[:4].reshape(2, 2, 2) / 2},
    "Published": {"predictions": TABLE},
    "Replay": {"outcomes": TABLE},
    "Rule": {"feature": "load", "operator": ">", "value": 0.5},
    "Scenario": {"populations": [population()], "adversary": adversaries.Replay(TABLE),
                 "forecaster": forecasters.Persistence()},
    "Selection": {"bases": [forecasters.Persistence()]},
    "Switching": {"laws": [TABLE, TABLE[:2]], "period": 2},
    "Constant": {"rounds": 1.0},
    "Exponential": {"mean_rounds": 1.0},
    "LogNormal": {"median": 1.0, "sigma": 1.0},
    "Uniform": {"low": 0.0, "high": 1.0},
    "PresenceInterval": {"agent": 0},
    "Checkpoint": {"path": Path("state.npz")},
}  # fmt: skip
"""Arguments that something cannot do without."""

ABSTRACT = {"Adversary", "Forecaster", "Elimination", "Learner", "Delay", "MarketAgents"}


def made() -> Iterator[tuple[str, Callable[..., Any], dict[str, Any]]]:
    """What is made by calling a class, and with which arguments it is."""
    for kind in registry.KINDS:
        for name in registry.KINDS[kind]:
            each = registry.find(kind, name)
            given = {"populations": {"agents": 2}, "markets": {"path": Path("none.csv")}}.get(kind, {})
            known = inspect.signature(each).parameters
            given = {key: value for key, value in given.items() if key in known}
            yield f"{kind}.{name}", each, given | REQUIRED.get(each.__name__, {})
    for module in (adversaries, elimination, forecasters, learners, network, omnisim):
        for name in module.__all__:
            each = getattr(module, name)
            is_made = isinstance(each, type) and not issubclass(each, Exception) and name not in ABSTRACT
            if is_made and (name in REQUIRED or not needed(each)):
                yield name, each, REQUIRED.get(name, {})


def needed(called: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(called).parameters.values()
    return [each.name for each in parameters if each.default is each.empty and each.kind not in (2, 4)]


def methods() -> Iterator[tuple[str, Callable[..., Any], dict[str, Any]]]:
    """Methods of what is public, bound to an object."""
    one, mixture = population(), omnisim.Mixture(TABLE, np.full(6, 1 / 6))
    rule, rng = omnisim.Rule("load", ">", 0.5), np.random.default_rng(0)
    umbrella = LossTable([[0, 4], [1, 1]])
    quantiles = Distribution.of_quantiles([0.25, 0.75], [[[10.0, 20.0], [1.0, 2.0]]])
    members = Distribution.of_members([[[3.0, 1.0], [4.0, 5.0]]])
    calls: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (one.best_response, {"prediction": TABLE[0]}),
        (one.utilities, {"outcome": TABLE[0]}),
        (one.costs, {"outcome": TABLE[0]}),
        (one.expected_costs, {"law": mixture}),
        (one.between, {"first": 0, "last": 1}),
        (one.agent_name, {"agent": 0}),
        (population(agent_names=["a", "b"]).agent_name, {"agent": 0}),
        (omnisim.Population.from_schedules, {"schedules": TABLE[:4].reshape(2, 2, 2), "value": TABLE[:2],
                                              "market": market.Scaling(0.0, 10.0)}),
        (omnisim.LinearConstraint(**REQUIRED["LinearConstraint"]).costs, {"outcomes": TABLE}),
        (mixture.draw, {"rng": rng}),
        (mixture.sample, {"rng": rng}),
        (mixture.before_clipping, {"k": 0}),
        (omnisim.Mixture.point, {"point": TABLE[0]}),
        (rule.contains, {"values": TABLE[:, 0]}),
        (rule.rounds, {"features": {"load": TABLE[:, 0]}}),
        (umbrella.best_response, {"prediction": 0.5}),
        (umbrella.of_action, {"action": 0, "outcome": 1}),
        (umbrella.of_prediction, {"prediction": 0.5, "outcome": 1}),
        (umbrella.bayes_risk, {"prediction": 0.5}),
        (LossTable, {"table": [[0, 4], [1, 1]]}),
        (LossTable.from_function, {"loss": lambda a, y: float(y), "actions": [0, 1]}),
        (LossTable.from_utility, {"utility": [[0, 4], [1, 1]]}),
        (Distribution.of_quantiles, {"levels": [0.25, 0.75], "quantiles": [[[10.0, 20.0]]]}),
        (Distribution.of_members, {"members": [[[10.0, 20.0]]]}),
        *(
            (getattr(each, name), given)
            for each in (quantiles, members)
            for name, given in (
                ("at", {"levels": [0.5]}), ("judged", {"levels": [0.5]}), ("central", {"tail": 0.1}),
                ("crps", {"truth": np.array([[3.0, 4.0]])}), ("of_days", {"days": [0]}),
                ("scaled", {"factor": 2.0, "offset": 0.0}), ("in_periods", {"number": 4}),
            )
        ),
        (scenario().replace, {"rounds": 3}),
        (scenario().problem, {"seed": 0}),
        (scenario().elimination_of, {"population": "agents"}),
        (scenario().subscriptions_of, {"population": "agents"}),
        (adversaries.Masking().population, {"name": "agents", "agents": 1}),
        (adversaries.Masking().subsequences, {"rounds": 4}),
        (adversaries.Mannor().population, {"name": "agents", "agents": 1}),
        (adversaries.Seasonal(2).mean, {"t": 0}),
        (network.Churn(join=0.1).presence_intervals, {"agents": 2, "rounds": 3, "rng": rng}),
    ]  # fmt: skip
    for called, given in calls:
        yield called.__qualname__, called, given


def functions(analysis: omnisim.Analysis, folder: Path) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any]]]:
    """Functions of what is public, and what is asked of a run that was analyzed."""
    trace = analysis.trace
    of_agents = {"population": "agents", "subsequence": "all", "agent": 0}
    for name in figures.__all__:
        draw = getattr(figures, name)
        known = inspect.signature(draw).parameters
        if "analysis" in known:
            yield f"figures.{name}", draw, {"analysis": analysis} | {k: v for k, v in of_agents.items() if k in known}
        else:
            yield f"figures.{name}", draw, {"table": pd.DataFrame({"x": [1.0]})}
    small, page, prices = scenario(), folder / "page.html", pd.Series(1.0, pd.date_range("2021", periods=48, freq="h"))
    calls: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (analysis.growth, {"population": "agents", "subsequence": "all"}),
        (analysis.expected_bias, {"population": "agents"}),
        (analysis.accuracy_of, {"signal": "load"}),
        (trace.acted_on, {"population": "agents"}),
        (trace.policy, {"population": "agents"}),
        (trace.save, {"path": folder / "trace.npz"}),
        (omnisim.analyze, {"trace": trace}),
        (omnisim.simulate, {"scenario": small}),
        (omnisim.compare, {"scenario": small, "forecasters": ["persistence"], "seeds": 1, "jobs": 1}),
        (omnisim.load_scenario, {"path": folder / "none.toml"}),
        (omnisim.load_trace, {"path": folder / "none.npz"}),
        (omnisim.load_comparison, {"folder": folder / "none"}),
        (omnisim.write_report, {"analysis": analysis, "path": page}),
        (omnisim.write_comparison, {"comparison": None, "path": page}),
        (omnisim.read_prices, {"source": prices}),
    ]
    for called, given in calls:
        yield called.__qualname__, called, given


def attempts(
    called: Callable[..., Any], given: dict[str, Any], wrong: Mapping[str, Any] = WRONG
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The arguments with one of them wrong, and in words which and how."""
    for parameter in inspect.signature(called).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        for words, value in wrong.items():
            if parameter.name in ("loss", "on_round", "on_run", "fit", "dual") and callable(value):
                continue  # what a function of the user's says is up to it
            yield f"{parameter.name} = {words}", given | {parameter.name: value}


def complaints(
    name: str, called: Callable[..., Any], given: dict[str, Any], wrong: Mapping[str, Any] = WRONG
) -> Iterator[str]:
    """What is raised for wrong arguments that tells a user nothing."""
    for words, arguments in attempts(called, given, wrong):
        try:
            called(**arguments)
        except OmnisimError as error:
            if "\n" in str(error) or not str(error):
                yield f"{name}({words}): {error!r}"
        except Exception as error:  # noqa: BLE001 (any of them is what is looked for)
            yield f"{name}({words}): {type(error).__name__}: {str(error)[:200]}"


LONG = ("markets.ercot_spikes", "simulate", "compare", "write_report", "read_prices")
"""What takes long for so many arguments."""


def cases(found: Iterator[tuple[str, Callable[..., Any], dict[str, Any]]]) -> list[Any]:
    """One of each, as parameters of a test."""
    distinct = {(name, str(given)): (name, called, given) for name, called, given in found}
    marks = dict.fromkeys(LONG, pytest.mark.long)
    return [pytest.param(*each, id=each[0], marks=marks.get(each[0], ())) for each in distinct.values()]


@pytest.mark.parametrize(("name", "called", "given"), cases(made()))
def test_what_is_made(
    name: str, called: Callable[..., Any], given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(complaints(name, called, given)) == []


@pytest.mark.parametrize(("name", "called", "given"), cases(methods()))
def test_what_it_does(name: str, called: Callable[..., Any], given: dict[str, Any]) -> None:
    called(**given)
    assert list(complaints(name, called, given)) == []


NAMES = [f"figures.{name}" for name in figures.__all__] + [
    "Analysis.growth", "Analysis.expected_bias", "Analysis.accuracy_of", "Trace.acted_on", "Trace.policy", "Trace.save",
    "analyze", "simulate", "compare", "load_scenario", "load_trace", "load_comparison", "write_report",
    "write_comparison", "read_prices",
]  # fmt: skip


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name in LONG else name for name in NAMES]
)
def test_functions(name: str, analysis: omnisim.Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = {each: (called, given) for each, called, given in functions(analysis, tmp_path)}
    assert sorted(found) == sorted(NAMES)
    assert list(complaints(name, *found[name])) == []


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: LossTable([[0, 1]]).of_action("x", 1), "actions must be indices of rows of the loss table, got 'x'"),
        (lambda: LossTable([[0, 1]]).of_action([0, 1], 1), "rows of the loss table, from 0 to 0, got 1"),
        (lambda: LossTable([[0, 1]]).of_action([-1], 1), "rows of the loss table, from 0 to 0, got -1"),
        (lambda: LossTable([[0, 1]]).of_action([0.0], 1), r"indices of rows of the loss table, got \[0.0\]"),
        (lambda: LossTable([[0, 1]]).of_action([0, 0, 0], [1, 0]), r"as many actions as outcomes, got \(3,\) and"),
        (lambda: population().between(1, 1), "last of between, of population 'agents', must be .* from 2 to 2, got 1"),
        (lambda: population().agent_name(2), "agent of population 'agents' must be a whole number from 0 to 1, got 2"),
        (lambda: MEMBERS.central(0.5), "tail of central must be a number between 0 and 1/2, got 0.5"),
        (lambda: MEMBERS.scaled(-1.0, 0.0), "factor of scaled must be a number > 0, got -1.0"),
        (lambda: MEMBERS.in_periods(3), "number of in_periods must divide 2 periods, or be divided by them, got 3"),
        (lambda: MEMBERS.of_days([1]), r"days must be among 1, got \[1\]"),
        (lambda: MEMBERS.of_days([True, False]), r"a mask \(1,\) or a list of their numbers, got \[True, False\]"),
        (lambda: MEMBERS.crps([[1.0, np.nan]]), r"prices of crps must be finite numbers of shape \(1, 2\)"),
        (lambda: MEMBERS.at([0.0]), r"levels must be a list of numbers in \(0, 1\], got \[0.0\]"),
        (lambda: figures.murphy_diagram(pd.DataFrame()), "must have rows of theta, difference, low and high"),
        (lambda: omnisim.compare(scenario(), ["persistence"], eliminations=[3]), "nor an Elimination|nor a Policy"),
        (lambda: omnisim.compare(scenario(), ["persistence"], adversaries=[3]), "nor an Adversary"),
        (lambda: omnisim.compare(scenario(), [3]), "nor a Forecaster"),
        (lambda: adversaries.OutcomeStream(len, 2), "function without arguments that returns outcomes, got <built"),
    ],
)  # fmt: skip
def test_words(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(OmnisimError, match=says):
        call()


MEMBERS = Distribution.of_members([[[3.0, 1.0], [4.0, 5.0]]])
