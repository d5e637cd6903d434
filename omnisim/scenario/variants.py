"""Scenarios that differ in a few keys from one that was read from a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omnisim.errors import ScenarioError
from omnisim.scenario.document import check_document, check_table, digest, resolved
from omnisim.scenario.load import build, naming, policy, strategy
from omnisim.scenario.registry import POLICIES, policy_kind
from omnisim.scenario.scenario import Scenario
from omnisim.scenario.schema import Schema
from omnisim.scenario.toml import overridden

_STRATEGIES = ("forecaster", "elimination")
"""Tables that can be exchanged without reading the market again."""


class Variants:
    """Makes variants of a scenario; the market is read again only for those that change it.

    Parameters
    ----------
    scenario
        One that has a ``source``: it was read from a file.

    Raises
    ------
    ScenarioError
        If it was built in Python.

    Examples
    --------
    >>> from omnisim.scenario.load import load_scenario
    >>> variants = Variants(load_scenario("synthetic_seasonal", {"rounds": 3}))
    >>> variants.with_overrides({"forecaster": {"kind": "persistence", "lag": 2}}).forecaster.lag
    2
    """

    def __init__(self, scenario: Scenario) -> None:
        if not scenario.source:
            raise ScenarioError(f"scenario {scenario.name!r} was built in Python: it has no keys to replace")
        self._scenario = scenario
        self._schema = Schema()
        self._base = self._check({})

    def with_overrides(self, overrides: Mapping[str, Any]) -> Scenario:
        """The scenario with some dotted keys replaced, as by ``load_scenario(path, overrides)``.

        Raises
        ------
        ScenarioError, DataError
            One line that names the key, the value and what would be right.
        """
        document = self._check(overrides)
        path = Path(f"{self._scenario.name}.toml")
        with naming(self._scenario.name):
            if self._needs_market(document):
                scenario: Scenario = build(document, path)
                scenario.problem(scenario.seed)
                return scenario
            # Every path in a resolved document is absolute, so it does not matter which folder it is beside.
            folder = path.parent
            return self._scenario.replace(
                seed=document.seed,
                forecaster=strategy("forecaster", "forecasters", document.forecaster, folder),
                elimination={
                    name: policy(table.elimination or document.elimination, folder)
                    for name, table in document.populations.items()
                },
                source=resolved(document, folder),
                about={**self._scenario.about, "digest": digest(document, folder)},
            )

    def _check(self, overrides: Mapping[str, Any]) -> Any:
        tree = overridden(self._scenario.source, overrides)
        with naming(self._scenario.name):
            return check_document(tree, self._schema)

    def _needs_market(self, document: Any) -> bool:
        kept = [key for key in type(document).model_fields if key not in (*_STRATEGIES, "seed")]
        return any(getattr(document, key) != getattr(self._base, key) for key in kept)


def strategy_of(key: str, table: Mapping[str, Any]) -> Any:
    """The strategy that a table describes, for a scenario built in Python; ``key`` is where a file would have it.

    Raises
    ------
    ScenarioError, StrategyError
        One line that names the key, the value and what would be right.

    Examples
    --------
    >>> strategy_of("forecaster", {"kind": "persistence", "lag": 2}).lag
    2
    """
    kinds = {"forecaster": ("forecasters",), "elimination": POLICIES, "adversary": ("adversaries",)}[key]
    checked = check_table(key, table, *kinds)
    kind = policy_kind(checked.kind) if key == "elimination" else kinds[0]
    return strategy(key, kind, checked, Path())
