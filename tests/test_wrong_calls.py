"""Public methods of objects are called with every argument wrong in turn: they work, or say what would be right.

Which methods there are is found in the classes, and every public class has an object here: a new method is swept by
itself, and a new class is asked for.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim import adversaries, elimination, forecasters, learners, market, network, testing
from omnisim.errors import NotStartedError, OmnisimError, StrategyError
from omnisim.market.distributions import Distribution
from omnisim.market.signals import Known
from omnisim.problem.context import Context, History, Past, Service
from omnisim.problem.losses import BetaLoss, LogLoss, LossTable, Mean, Probability, Quantile, SquaredLoss
from omnisim.strategies.policy import Policy
from omnisim.value.risk import Risk
from tests.public_methods import arguments, public_methods
from tests.test_wrong_arguments import ABSTRACT, REQUIRED, TABLE, WRONG, complaints, population, scenario

ROUNDS = 6
OUTCOME = np.array([0.5, 0.25])
LAW = omnisim.Mixture(TABLE, np.full(6, 1 / 6))
ACTIVE = np.ones((ROUNDS, 1), dtype=np.bool_)
DATES = np.arange("2021-01-01", "2021-01-04", dtype="datetime64[D]")
FLAT = {"load": np.ones((3, 24))}

ARRAYS: dict[str, Any] = {
    "without axes": np.array(0.5),
    "another length": np.ones(5) / 2,
    "one row": np.ones((1, 2)) / 2,
    "no rows": np.zeros((0, 2)),
    "a NaN in it": np.array([np.nan, 0.5]),
    "truths": np.array([True, False]),
    "whole numbers": np.array([7, 9]),
    "names": {"a": 1.0},
    "a context": Context(0),
    "a population": population(),
}
"""Arrays and objects that are right for few arguments."""

KINDS: dict[type, dict[str, Any]] = {
    forecasters.Forecaster: {
        "service": Service(2, ROUNDS, [population()], law=lambda _: LAW),
        "context": Context(0, candidates={"agents": np.ones((2, 2), dtype=np.bool_)}),
        "outcome": OUTCOME,
    },
    adversaries.Adversary: {
        "rng": np.random.default_rng(0), "populations": [population()], "context": Context(0), "mixture": LAW,
        "history": History(np.zeros((0, 2)), np.zeros((0, 2)), {"agents": np.zeros((0, 2), dtype=np.int64)}),
        "t": 0, "rounds": 4,
    },
    elimination.Elimination: {
        "population": population(), "active": ACTIVE, "actions": np.array([0, 1]), "outcome": OUTCOME,
        "costs": np.zeros((2, 2, 0)),
    },
    network.Delay: {"u": [0.5]},
    market.MarketAgents: {"name": "agents", "scaling": market.Scaling(0.0, 200.0), "rng": np.random.default_rng(0),
                          "signals": {}},
}  # fmt: skip
"""Right arguments of the methods of a kind of strategies, agents or laws."""
KINDS[learners.Learner] = KINDS[elimination.Elimination]

UP = market.Market("up", DATES, np.ones((3, 24)), features=FLAT, forecasts=FLAT)

OTHERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "Churn": (network.Churn(join=0.1), {"agents": 2, "rounds": 3, "rng": np.random.default_rng(0)}),
    "Distribution": (
        Distribution.of_members([[[3.0, 1.0], [4.0, 5.0]]]),
        {"levels": [0.25, 0.75], "tail": 0.1, "truth": np.array([[3.0, 4.0]]), "days": [0], "factor": 2.0,
         "offset": 0.0, "number": 4, "members": [[[10.0, 20.0]]], "quantiles": [[[10.0, 20.0]]]},
    ),
    "LinearConstraint": (omnisim.LinearConstraint(**REQUIRED["LinearConstraint"]), {"outcomes": TABLE}),
    "LossTable": (
        LossTable([[0, 4], [1, 1]]),
        {"prediction": OUTCOME, "outcome": [0, 1], "action": [0, 1], "loss": lambda a, y: float(y), "actions": [0, 1],
         "utility": [[0, 4], [1, 1]]},
    ),
    "Market": (UP, {"resolution": "day", "name": "load", "start": None, "end": None}),
    "Mean": (Mean(), {"thetas": [0.5], "outcomes": [0.5], "predictions": [0.5]}),
    "Mixture": (LAW, {"rng": np.random.default_rng(0), "k": 0, "point": OUTCOME}),
    "Network": (network.Network(), {"sender": "a", "receiver": "b"}),
    "Past": (Past(TABLE), {"h": 0}),
    "Population": (
        population(constraints=[omnisim.LinearConstraint(**REQUIRED["LinearConstraint"])]),
        {"outcome": OUTCOME, "prediction": OUTCOME, "law": LAW, "first": 0, "last": 1, "agent": 0,
         "j": 0, "outcomes": TABLE,
         "schedules": TABLE[:4].reshape(2, 2, 2), "value": TABLE[:2], "market": market.Scaling(0.0, 10.0)},
    ),
    "Probability": (Probability(), {"thetas": [0.5], "outcomes": [1.0], "predictions": [0.5]}),
    "Quantile": (Quantile(0.5), {"thetas": [0.5], "outcomes": [0.5], "predictions": [0.5]}),
    "Risk": (Risk(0.9), {"text": "cvar:0.9"}),
    "Rule": (omnisim.Rule("load", ">", 0.5), {"values": OUTCOME, "features": {"load": OUTCOME}}),
    "Scaling": (market.Scaling(0.0, 10.0), {"prices": TABLE, "outcomes": TABLE}),
    "Scenario": (scenario(), {"population": "agents", "seed": 0}),
    **{
        type(loss).__name__: (loss, {"prediction": OUTCOME, "outcome": [0, 1], "probability": OUTCOME, "low": 0.1,
                                     "high": 0.2, "m": 4})
        for loss in (SquaredLoss(), LogLoss(), BetaLoss(1, 2))
    },
}  # fmt: skip
"""Other objects, and right arguments of their methods."""

WITHOUT_METHODS = {"Money", "Checkpoint"}

OF_A_RUN = {"Analysis", "Comparison", "Trace"}

MADE_BY_OTHERS = {"Comparison.in_temporary_folder"}
"""Methods that the package calls when it makes an object."""


def kind_of(cls: type) -> type | None:
    return next((kind for kind in KINDS if issubclass(cls, kind)), None)


def classes() -> Iterator[tuple[str, type]]:
    """Public classes that are no errors."""
    for module in (omnisim, adversaries, elimination, forecasters, learners, network, market):
        for name in module.__all__:
            each = getattr(module, name)
            if isinstance(each, type) and not issubclass(each, Exception) and name not in ABSTRACT:
                yield name, each


OF_BASES = ("Combination", "Selection")
"""Forecasters of which several others are made one."""


def made(name: str, cls: type) -> Any:
    """An object of a class of strategies, agents or laws."""
    given = {
        **{name: {"bases": [forecasters.Persistence(), forecasters.Climatology()]} for name in OF_BASES},
        "DemandResponse": {"generators": {"gas": {"capacity": 9, "cost": 0.7}}, "noise": 0},
        "OutcomeStream": {"source": lambda: iter(np.tile(TABLE, (500, 1))), "dimension": 2},
    }  # fmt: skip
    more: dict[str, Any] = {"agents": 2} if issubclass(cls, market.MarketAgents) else {}
    return cls(**given.get(name, REQUIRED.get(name, {})) | more)


SWEPT = {name: cls for name, cls in classes() if kind_of(cls)}

ONE_COORDINATE = ("Omnipredictor", "StepCalibrated")
"""Forecasters of a single number."""

PRICES = np.random.default_rng(0).uniform(0, 100, (60, 24))
"""Prices of the days before the first one played."""

FROM_A_PAST = ("ElectricVehicles", "HeatPumps", "Producers", "SolarStorage", "Storage")
"""Agents that make their menus from days before the first one."""


def right(name: str, cls: type) -> dict[str, Any]:
    """Right arguments of the methods of a class of strategies, agents or laws, by the names of parameters."""
    found = KINDS[kind_of(cls) or cls]
    if name in ONE_COORDINATE:
        return found | {
            "service": Service(1, ROUNDS, law=lambda _: omnisim.Mixture.point([0.5])),
            "outcome": OUTCOME[:1],
        }
    if name == "Retailers":
        signal = Known("USD/MWh", market.Scaling(-50.0, 200.0))
        return found | {"signals": {"imbalance": signal}}
    return found


def started(name: str, cls: type) -> Any:
    """The same, asked for its first prediction if it makes any."""
    one, known = made(name, cls), right(name, cls)
    if isinstance(one, Policy):
        one.start(**arguments(one.start, known), rng=np.random.default_rng(0))
    elif isinstance(one, adversaries.Adversary):
        one.start(known["rng"], known["populations"])
    elif isinstance(one, forecasters.Forecaster):
        one.start(known["service"])
        one.predict(known["context"])
    return one


def call(name: str, one: Any, method: str, known: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """A method of an object and right arguments of it."""
    called = getattr(one, method)
    given = arguments(called, known)
    if "active" in given and method != "start":
        given["active"] = ACTIVE[0]
    if method == "build":
        given |= {"signals": known["signals"], "past": PRICES if name in FROM_A_PAST else None}
    return called, given


def test_every_public_class_is_swept() -> None:
    with_methods = {name for name, cls in classes() if public_methods(cls)}
    assert with_methods - set(SWEPT) - set(OTHERS) - OF_A_RUN == set()
    assert {name for name, _ in classes()} >= WITHOUT_METHODS


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name in FROM_A_PAST else name for name in SWEPT]
)
def test_strategies_agents_and_laws(name: str) -> None:
    cls = SWEPT[name]
    found = []
    for method in public_methods(cls):
        called, given = call(name, started(name, cls), method, right(name, cls))
        called(**given)
        found += complaints(f"{name}.{method}", called, given, WRONG | ARRAYS)
    assert found == []


@pytest.mark.parametrize("name", [name for name, cls in SWEPT.items() if hasattr(cls, "start")])
def test_before_the_start(name: str) -> None:
    """What a strategy has from its start on only, it says that it lacks."""
    cls = SWEPT[name]
    refused = []
    for method in public_methods(cls):
        called, given = call(name, made(name, cls), method, right(name, cls))
        try:
            called(**given)
        except StrategyError as error:
            refused.append(method)
            assert "start" in str(error), method
            assert "\n" not in str(error)
    assert set(refused) >= {"predict", "update", "candidates", "playable", "settle"} & set(public_methods(cls))


@pytest.mark.parametrize("name", OTHERS)
def test_other_objects(name: str) -> None:
    one, known = OTHERS[name]
    found = []
    for method in public_methods(one):
        called, given = call(name, one, method, known)
        called(**given)
        found += complaints(f"{name}.{method}", called, given, WRONG | ARRAYS)
    assert found == []


@pytest.fixture(scope="module")
def of_a_run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("calls")
    analysis = omnisim.analyze(omnisim.simulate(scenario()))
    comparison = omnisim.compare(scenario(), ["persistence"], seeds=1, jobs=1, out=folder / "comparison")
    return {"Analysis": analysis, "Trace": analysis.trace, "Comparison": comparison}


@pytest.mark.parametrize("name", sorted(OF_A_RUN))
def test_objects_of_a_run(name: str, of_a_run: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = of_a_run[name]
    known = {"population": "agents", "subsequence": "all", "signal": "load", "name": "kept", "path": Path("trace.npz")}
    found = []
    for method in public_methods(one):
        if f"{name}.{method}" not in MADE_BY_OTHERS:
            called, given = call(name, one, method, known)
            found += complaints(f"{name}.{method}", called, given, WRONG | ARRAYS)
    assert found == []


CHECKED: dict[str, Any] = {
    "adversary": adversaries.Replay(TABLE),
    "rule": elimination.FirstViolation(),
    "forecaster": forecasters.Persistence(),
    "learner": learners.Hedge(),
    "agents": population(),
}


LONG = ("check_adversary", "check_forecaster")
"""Checks that play many rounds."""

CHECKS = [name for name in testing.__all__ if callable(getattr(testing, name))]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name in LONG else name for name in CHECKS]
)
def test_checks_of_contracts(name: str) -> None:
    called = getattr(testing, name)
    given = arguments(called, CHECKED)
    short: dict[str, Any] = {"rounds": 2, "dimension": 1}
    given |= {key: value for key, value in short.items() if key in inspect.signature(called).parameters}
    called(**given)
    assert list(complaints(name, called, given, WRONG | ARRAYS)) == []


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: started("Persistence", forecasters.Persistence).update([0.5]),
         "outcome of update must have shape (2,), got (1,)"),
        (lambda: started("Persistence", forecasters.Persistence).update([0.5, np.nan]),
         "outcome of update[1] is nan: every entry must be a finite number"),
        (lambda: forecasters.Persistence().start(2), "service of start must be a Service, such as Service(2), got 2"),
        (lambda: forecasters.Persistence().update(OUTCOME), "Persistence was not started: call start"),
        (lambda: learners.Hedge().settle([0, 1], OUTCOME, np.zeros((2, 2, 0)), ACTIVE[0]),
         "Hedge was not started: it has no subsequences before start"),
        (lambda: started("Hedge", learners.Hedge).settle([0, 2], OUTCOME, np.zeros((2, 2, 0)), ACTIVE[0]),
         "actions must be whole numbers from 0 to 1, got 2"),
        (lambda: elimination.FirstViolation().start(population(), np.ones((0, 1), dtype=np.bool_)),
         "active of start must have a round and a subsequence at least, got (0, 1)"),
        (lambda: adversaries.Replay(TABLE).law(0, None, None), "context of law must be a Context, such as Context(0)"),
        (lambda: scenario().elimination_of("agent"), "population of elimination_of is 'agent': did you mean 'agents'?"),
        (lambda: scenario().problem(-1), "seed must be an integer >= 0, got -1"),
        (lambda: UP.feature(3), "up has no feature 3: available: load"),
        (lambda: Past(TABLE).context(6), "h, the past round, must be a whole number from 0 to 5, got 6"),
        (lambda: market.Scaling(0.0, 1.0).clipping([]), "prices of clipping must be one or more, got none"),
        (lambda: SquaredLoss().mass(0.5, 0.2), "low and high of a mass must be numbers, 0 <= low <= high <= 1, got "),
        (lambda: Mean().loss([0.5, 0.5], [1, 0, 1]), "there must be as many predictions as outcomes, got (2,) and "),
    ],
)  # fmt: skip
def test_words(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(OmnisimError, match=re.escape(says)):
        call()


def test_what_is_not_started_can_be_looked_at() -> None:
    """Attributes that are not there yet are none to Python, and others are missed as ever."""
    rule = elimination.FirstViolation()
    assert not hasattr(rule, "violation")
    with pytest.raises(NotStartedError):
        _ = rule.violation
    rule.start(population(), ACTIVE)
    with pytest.raises(AttributeError, match="no attribute 'violations'") as missed:
        _ = rule.violations
    assert not isinstance(missed.value, OmnisimError)
