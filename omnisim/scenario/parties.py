"""Strategies and populations as Python gives them to a scenario, objects or registered names, and their own names."""

from collections.abc import Iterable, Mapping
from typing import Any

from omnisim.errors import ScenarioError
from omnisim.problem.context import FORECASTER
from omnisim.problem.population import Population
from omnisim.scenario import registry
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.policy import Policy
from omnisim.suggest import nearest
from omnisim.wording import in_short


def parties(given: Any) -> dict[str, Any]:
    """Players of a scenario from its fields: populations as given, strategies in the place of their names.

    Raises
    ------
    ScenarioError
        Naming what is of another type, or not registered.
    """
    rules = given.elimination
    return {
        "populations": _populations(given.populations),
        "adversary": _strategy("adversary", "adversaries", given.adversary, Adversary),
        "forecaster": _strategy("forecaster", "forecasters", given.forecaster, Forecaster),
        "elimination": (
            {name: _policy(rule) for name, rule in rules.items()} if isinstance(rules, Mapping) else _policy(rules)
        ),
        "other_forecasters": {
            name: _strategy(f"other_forecasters {name!r}", "forecasters", each, Forecaster)
            for name, each in given.other_forecasters.items()
        },
    }


def check_names(scenario: Any) -> None:
    """Refuse names of populations and forecasters that repeat, are unknown, or mean something else.

    Raises
    ------
    ScenarioError
        Naming the field, and the names that there are.
    """
    names = [p.name for p in scenario.populations]
    if not names:
        raise ScenarioError(f"scenario {scenario.name!r} has no population: it needs at least one")
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ScenarioError(
            f"scenario {scenario.name!r} has several populations named {min(repeated)!r}: names must differ"
        )
    if isinstance(scenario.elimination, Mapping):
        for name in [*scenario.elimination, *names]:
            if name not in names:
                raise ScenarioError(f"elimination names the population {name!r}{nearest(name, names)}")
            if name not in scenario.elimination:
                raise ScenarioError(f"elimination has no rule for the population {name!r}")
    for name in scenario.other_forecasters:
        if name in ("world", FORECASTER) or "/" in name or not name:
            raise ScenarioError(
                f"other_forecasters has the name {name!r}: it must not be empty, 'world', 'forecaster', or have '/'"
            )
    for what in ("subscriptions", "default_actions", "churn"):
        for name in getattr(scenario, what):
            if name not in names:
                raise ScenarioError(f"{what} names the population {name!r}{nearest(name, names)}")
    for population, chosen in scenario.subscriptions.items():
        if isinstance(chosen, str) or not chosen or len(set(chosen)) != len(chosen):
            raise ScenarioError(
                f"subscriptions of population {population!r} must be a list of one or more different forecasters, "
                f"got {chosen!r}"
            )
        for name in chosen:
            if name not in scenario.forecasters:
                raise ScenarioError(
                    f"subscriptions of population {population!r} has {name!r}{nearest(name, scenario.forecasters)}"
                )
    for name in scenario.adversary.published:
        if name in scenario.features:
            raise ScenarioError(f"the adversary publishes the feature {name!r}, which is among features as well")
    for population in scenario.churn:
        if scenario.elimination_of(population).draws:
            raise ScenarioError(
                f"churn of population {population!r}: a learner in action space cannot start afresh for one agent; "
                "give the population an elimination rule"
            )


def _populations(given: Any) -> tuple[Any, ...]:
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise ScenarioError(f"populations must be a list of them, got {type(given).__name__}")
    found = tuple(given)
    for each in found:
        if not hasattr(each, "name") or not hasattr(each, "agents" if isinstance(each, Population) else "build"):
            raise ScenarioError(
                f"populations must be Population objects, or sources with a name and build(seed), got {in_short(each)}"
            )
    return found


def _policy(given: Any) -> Any:
    kind = registry.policy_kind(given) if isinstance(given, str) else "elimination"
    return _strategy("elimination", kind, given, Policy)


def named(role: str, kind: str, name: str) -> Any:
    """The strategy of a registered name, which needs no parameters.

    Raises
    ------
    ScenarioError
        If nothing is registered under the name, or it needs some.
    """
    made = registry.find(kind, name)
    try:
        return made()
    except TypeError as cause:
        raise ScenarioError(
            f"{role}: {name!r} needs parameters, so give the object: omnisim.{kind}.{made.__name__}(...): {cause}"
        ) from cause


def _strategy(role: str, kind: str, given: Any, base: type) -> Any:
    if isinstance(given, str):
        given = named(role, kind, given)
    if isinstance(given, base):
        return given
    what = f"the class {given.__name__}, not an object" if isinstance(given, type) else in_short(given)
    raise ScenarioError(f"{role} must be {_A[base.__name__]}, or a registered name, got {what}")


_A = {"Adversary": "an Adversary", "Forecaster": "a Forecaster", "Policy": "an Elimination or a Learner"}
