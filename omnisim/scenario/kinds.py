"""Types of what a scenario is given in Python, beside its players: :mod:`omnisim.scenario.parties` checks those."""

from collections.abc import Mapping
from numbers import Number
from typing import Any

from omnisim.errors import ScenarioError
from omnisim.market.data import Market
from omnisim.market.distributions import Distribution
from omnisim.problem.churn import Churn
from omnisim.problem.context import Past
from omnisim.problem.network import Network
from omnisim.refusing import is_whole, one_of, table
from omnisim.wording import in_short

_TABLES = (
    *("subsequences", "features", "forecasts", "unclipped_forecasts", "distributions", "other_forecasters"),
    *("subscriptions", "default_actions", "churn", "source", "about"),
)
"""Fields that are mappings from names."""

_OBJECTS = {"network": (Network, "a Network"), "past": (Past, "a Past"), "market": (Market, "a Market")}
"""Fields that are objects, or None."""

_VALUES = {"churn": (Churn, "a Churn"), "distributions": (Distribution, "a Distribution")}
"""Tables whose values are objects."""


def check_kinds(scenario: Any) -> None:
    """Refuse fields of another type than they are declared to be.

    Raises
    ------
    ScenarioError
        Naming the field, its value and what would be right.
    """
    one_of("name of a scenario", scenario.name, str, "a text", ScenarioError)
    one_of("told", scenario.told, str, "a text", ScenarioError)
    for field in _TABLES:
        table(field, getattr(scenario, field), ScenarioError)
    for field, (kind, wanted) in _OBJECTS.items():
        if getattr(scenario, field) is not None:
            one_of(field, getattr(scenario, field), kind, f"{wanted} or None", ScenarioError)
    for field, (kind, wanted) in _VALUES.items():
        for name, value in getattr(scenario, field).items():
            one_of(f"{field} of {name!r}", value, kind, wanted, ScenarioError)
    for name, names in scenario.subscriptions.items():
        if isinstance(names, str) or not all(
            isinstance(each, str)
            for each in one_of(f"subscriptions of {name!r}", names, list | tuple, "a list of names", ScenarioError)
        ):
            raise ScenarioError(f"subscriptions of {name!r} must be a list of names, got {in_short(names)}")
    for name, action in scenario.default_actions.items():
        if not isinstance(action, str) and not is_whole(action):
            raise ScenarioError(
                f"default action of population {name!r} must be its name or a whole number, got {in_short(action)}"
            )
    for name, each in scenario.subsequences.items():
        if isinstance(each, str | bytes | Mapping | Number):
            raise ScenarioError(
                f"subsequence {name!r} must be None, a Rule, a boolean array or a function of context and history, "
                f"got {in_short(each)}"
            )
    if not is_whole(scenario.seed):  # streams refuse what is below 0
        raise ScenarioError(
            f"seed of scenario {scenario.name!r} must be a whole number >= 0, got {in_short(scenario.seed)}"
        )
