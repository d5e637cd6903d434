"""Choices for an axis of the grid, with labels, from the names that a user gives."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from omnisim.comparison.notation import read_choice, show_choice, show_value, split_list, with_tables
from omnisim.errors import ScenarioError
from omnisim.refusing import is_several
from omnisim.scenario.registry import POLICIES, snake_case
from omnisim.scenario.toml import parse_override, read_toml
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.policy import Policy
from omnisim.wording import in_short, with_article

Axis = Literal["forecaster", "elimination", "adversary"]
KINDS: dict[str, Sequence[str]] = {
    "forecaster": ("forecasters",),
    "elimination": POLICIES,
    "adversary": ("adversaries",),
}
"""Registries that hold the names of an axis."""

_BASES: dict[str, type] = {"forecaster": Forecaster, "elimination": Policy, "adversary": Adversary}

_OPTIONS = {
    "forecaster": "--forecasters",
    "elimination": "--eliminations",
    "adversary": "--adversaries",
    "seed": "--seeds",
}
"""Keys that are axes of their own."""


@dataclass(frozen=True)
class Choice:
    """One value of an axis.

    Attributes
    ----------
    label
        What tables and pages call it.
    given
        A bare name (the parameters that the scenario gives for it are kept), a table, or a strategy.
    """

    label: str
    given: Any

    def overrides(self, axis: Axis) -> dict[str, Any]:
        """The dotted keys that make the choice in a scenario from a file; not for strategies."""
        return {f"{axis}.kind": self.given} if isinstance(self.given, str) else {axis: dict(self.given)}

    @property
    def table(self) -> Mapping[str, Any]:
        """The choice as a table of a scenario file; not for strategies."""
        return {"kind": self.given} if isinstance(self.given, str) else self.given

    @property
    def is_strategy(self) -> bool:
        """Whether the choice was given as an object."""
        return not isinstance(self.given, str | Mapping)


def choices(axis: Axis, given: Any) -> list[Choice]:
    """The choices of an axis.

    Parameters
    ----------
    axis
        Which one.
    given
        A mapping from labels to names, tables or strategies; or a sequence of names (with parameters, as in
        :mod:`omnisim.comparison.notation`), tables with a ``kind``, strategies, and what :func:`choices_from_text`
        read; or one of these.

    Raises
    ------
    ScenarioError
        If there is none, something is none of these, or two have the same label.

    Examples
    --------
    >>> [choice.label for choice in choices("forecaster", ["climatology", {"kind": "persistence", "lag": 7}])]
    ['climatology', 'persistence(lag=7)']
    """
    if isinstance(given, Mapping) and "kind" not in given:
        found = [Choice(_label(axis, label), _given(axis, each)) for label, each in given.items()]
    else:
        single = isinstance(given, Mapping) or not is_several(given)
        found = [
            each if isinstance(each, Choice) else _unlabelled(axis, each) for each in ([given] if single else given)
        ]
    if not found:
        raise ScenarioError(f"{_plural(axis)}: give at least one")
    labels = [choice.label for choice in found]
    repeated = next((label for label in labels if labels.count(label) > 1), None)
    if repeated is not None:
        raise ScenarioError(
            f"{_plural(axis)}: {repeated!r} is given {labels.count(repeated)} times: labels must differ "
            "(in Python, give a mapping from labels)"
        )
    return found


def choices_from_text(axis: Axis, text: str) -> list[Choice]:
    """Choices in the text of an option; ``FILE.toml`` stands for the tables of that file, with their labels.

    Raises
    ------
    ScenarioError
        If a part cannot be read, or two have the same label.
    """
    found: dict[str, Choice] = {}
    for part in split_list(text):
        named = (
            [
                Choice(_label(axis, label), _given(axis, table))
                for label, table in _tables_of_file(axis, Path(part)).items()
            ]
            if part.endswith(".toml")
            else [_unlabelled(axis, part)]
        )
        for choice in named:
            if choice.label in found:
                raise ScenarioError(f"--{_plural(axis)}: {choice.label!r} is given twice")
            found[choice.label] = choice
    return list(found.values())


def settings_from_text(texts: Iterable[str]) -> dict[str, list[Any]]:
    """Values by key, from texts ``KEY=A,B``.

    >>> settings_from_text(["rounds=10,20", "market.series=hb_west"])
    {'rounds': [10, 20], 'market.series': ['hb_west']}
    """
    found: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        read = [parse_override(f"{name}{equals}{value}") for value in split_list(values)]
        key = read[0][0]
        if key in found:
            raise ScenarioError(f"--set {key}: is given twice: write {key}=A,B")
        found[key] = [value for _, value in read]
    return found


def check_settings(settings: Mapping[str, Sequence[Any]]) -> None:
    """Refuse keys that are axes of their own, and keys without values.

    Raises
    ------
    ScenarioError
        Naming the key.
    """
    for key, values in settings.items():
        own = _OPTIONS.get(key.removesuffix(".kind"))
        if own is not None:
            raise ScenarioError(f"--set {key}: is an axis of its own: use {own}")
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise ScenarioError(f"settings: {key} must have a list of values, got {values!r}")
        shown = [show_value(value) for value in values]
        if len(set(shown)) < len(shown):
            raise ScenarioError(f"--set {key}: has the same value twice: {', '.join(shown)}")


def _label(axis: Axis, label: Any) -> str:
    if not isinstance(label, str) or not label.strip():
        raise ScenarioError(f"{_plural(axis)}: a label must be a text that is not empty, got {label!r}")
    return label


def _unlabelled(axis: Axis, each: Any) -> Choice:
    given = _given(axis, each)
    if isinstance(each, str):
        return Choice(each.strip(), given)
    label = show_choice(given) if isinstance(given, Mapping) else snake_case(type(given).__name__)
    return Choice(label, given)


def _given(axis: Axis, each: Any) -> Any:
    if isinstance(each, str):
        return _read(axis, each)
    if isinstance(each, Mapping):
        if "kind" not in each:
            raise ScenarioError(f"{_plural(axis)}: a table needs a kind, got {dict(each)!r}")
        return with_tables(each, KINDS[axis])
    if not isinstance(each, _BASES[axis]):
        wanted = f"a name, a table with a kind, nor {with_article(_BASES[axis].__name__)}"
        raise ScenarioError(f"{_plural(axis)}: {in_short(each)} is neither {wanted}")
    return each


def _read(axis: Axis, text: str) -> Any:
    try:
        return read_choice(text, KINDS[axis])
    except ScenarioError as cause:
        raise ScenarioError(f"{_plural(axis)}: {cause}") from cause


def _tables_of_file(axis: Axis, path: Path) -> dict[str, Any]:
    tables = read_toml(path, f"--{_plural(axis)}")
    for label, table in tables.items():
        if not isinstance(table, Mapping) or "kind" not in table:
            raise ScenarioError(f"--{_plural(axis)} {path}: {label} must be a table with a kind")
    return tables


def _plural(axis: Axis) -> str:
    return {"forecaster": "forecasters", "elimination": "eliminations", "adversary": "adversaries"}[axis]
