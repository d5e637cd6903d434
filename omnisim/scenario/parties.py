"""Strategies and populations as scenarios are given them in Python: objects, or the names of registered strategies."""

from collections.abc import Iterable, Mapping
from typing import Any

from omnisim.errors import ScenarioError
from omnisim.problem.population import Population
from omnisim.scenario import registry
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.policy import Policy
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
