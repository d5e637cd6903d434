"""The full grid of a comparison: every choice of every axis, under every seed."""

import dataclasses
import hashlib
import inspect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import PicklingError  # what joblib.hash raises; nothing is stored pickled
from typing import Any

import joblib
import numpy as np

from omnisim.comparison.choices import Axis, Choice, check_settings, choices
from omnisim.comparison.notation import show_value
from omnisim.errors import OmnisimError, ScenarioError
from omnisim.problem.subsequences import fingerprint
from omnisim.refusing import is_several, is_whole
from omnisim.scenario.registry import snake_case
from omnisim.scenario.scenario import Scenario
from omnisim.scenario.toml import to_toml
from omnisim.scenario.variants import Variants, strategy_of
from omnisim.suggest import nearest
from omnisim.wording import in_short

LABELS = ("forecaster", "elimination", "adversary", "setting")
"""The columns that say which variant a row is about."""

CONTEXT = LABELS[1:]
"""Labels that forecasters share when they are compared with each other."""

_DIGITS = 10

_SAYS_NOTHING = ("name", "seed", "source", "about")
"""Fields of a scenario on which the result of a run does not depend."""


@dataclass(frozen=True)
class Variant:
    """A scenario with one choice for each axis.

    Attributes
    ----------
    labels
        One text for each of ``LABELS``.
    scenario
        What is run.
    digest
        Ten hexadecimal digits that depend on all that the scenario says except its seed.
    toml
        The resolved scenario; None if some of it was built in Python.
    """

    labels: tuple[str, str, str, str]
    scenario: Scenario
    digest: str
    toml: str | None

    def run(self, seed: int) -> str:
        """The name of the run with this seed."""
        return run_name(self.digest, seed)


def run_name(digest: str, seed: int) -> str:
    """The name of the run of a variant with a seed."""
    return f"{digest}-{seed}"


@dataclass(frozen=True)
class Grid:
    """All variants in the order asked, the seeds, and the forecaster that the others are compared to."""

    scenario: Scenario
    variants: tuple[Variant, ...]
    seeds: tuple[int, ...]
    reference: str

    @property
    def tasks(self) -> list[tuple[Variant, int]]:
        """Every run: all variants of a seed before the next seed, so that a grid cut short is still paired."""
        return [(variant, seed) for seed in self.seeds for variant in self.variants]


def make_grid(
    scenario: Scenario,
    forecasters: Any,
    seeds: Iterable[int] | int,
    eliminations: Any = None,
    adversaries: Any = None,
    settings: Mapping[str, Sequence[Any]] | None = None,
    reference: str | None = None,
) -> Grid:
    """Build and check every variant, so that what is wrong is said before anything runs.

    Raises
    ------
    OmnisimError
        If a choice is not valid, two variants are the same, or the reference is not among the forecasters.
    """
    settings = settings or {}
    check_settings(settings)
    axes: dict[Axis, list[Choice] | list[None]] = {
        "forecaster": choices("forecaster", forecasters),
        "elimination": [None] if eliminations is None else choices("elimination", eliminations),
        "adversary": [None] if adversaries is None else choices("adversary", adversaries),
    }
    labels = [choice.label for choice in axes["forecaster"] if choice is not None]
    reference = labels[0] if reference is None else reference
    if reference not in labels:
        raise ScenarioError(f"the reference {reference!r} is not among the forecasters{nearest(reference, labels)}")
    maker = _Maker(scenario, settings)
    variants = tuple(
        maker.make(dict(zip(axes, chosen, strict=True)), setting)
        for chosen in itertools.product(*axes.values())
        for setting in _settings(settings)
    )
    by_digest: dict[str, Variant] = {}
    for variant in variants:
        other = by_digest.setdefault(variant.digest, variant)
        if other is not variant:
            raise ScenarioError(f"{_name(other)} and {_name(variant)} are the same scenario: name it once")
    return Grid(scenario, variants, _seeds(seeds), reference)


class _Maker:
    """Makes the variants of one scenario."""

    def __init__(self, scenario: Scenario, settings: Mapping[str, Sequence[Any]]) -> None:
        self._scenario = scenario
        self._from_file = Variants(scenario) if scenario.source else None
        self._varied = [key for key, values in settings.items() if len(values) > 1]
        if settings and self._from_file is None:
            raise ScenarioError(
                f"--set {next(iter(settings))}: scenario {scenario.name!r} was built in Python: "
                "it has no keys to replace"
            )

    def make(self, chosen: Mapping[Axis, Choice | None], setting: Mapping[str, Any]) -> Variant:
        shown = ", ".join(f"{key}={show_value(setting[key])}" for key in self._varied)
        label = {axis: self._own(axis) if choice is None else choice.label for axis, choice in chosen.items()}
        labels = (label["forecaster"], label["elimination"], label["adversary"], shown)
        try:
            scenario = self._scenario_with(chosen, setting)
        except OmnisimError as cause:
            said = ", ".join(text for text in labels if text)
            raise type(cause)(f"{said}: {cause}") from cause
        toml = to_toml(scenario.source) if scenario.source else None
        return Variant(labels, scenario, _digest(scenario), toml)

    def _scenario_with(self, chosen: Mapping[Axis, Choice | None], setting: Mapping[str, Any]) -> Scenario:
        given = {axis: choice for axis, choice in chosen.items() if choice is not None}
        scenario = self._scenario
        if self._from_file is not None:
            overrides: dict[str, Any] = {"seed": 0}
            for axis, choice in given.items():
                if not choice.is_strategy:
                    overrides |= choice.overrides(axis)
            scenario = self._from_file.with_overrides(overrides | dict(setting))
            given = {axis: choice for axis, choice in given.items() if choice.is_strategy}
        strategies: dict[str, Any] = {
            axis: choice.given if choice.is_strategy else strategy_of(axis, choice.table)
            for axis, choice in given.items()
        }
        if "elimination" in given or (chosen["elimination"] is not None and self._from_file is not None):
            self._check_own_rules()
        return scenario.replace(**strategies) if strategies else scenario

    def _check_own_rules(self) -> None:
        tables = self._scenario.source.get("populations", {})
        if tables and all("elimination" in table for table in tables.values()):
            raise ScenarioError(
                f"every population of {self._scenario.name!r} has a rule of its own, which an elimination of the "
                "comparison does not replace: give it in --set populations.NAME.elimination.kind=A,B"
            )

    def _own(self, axis: Axis) -> str:
        if self._scenario.source:
            return str(self._scenario.source[axis]["kind"])
        own = getattr(self._scenario, axis)
        rules = own.values() if isinstance(own, Mapping) else [own]
        return ", ".join(dict.fromkeys(snake_case(type(rule).__name__) for rule in rules))


def _settings(settings: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(settings, values, strict=True)) for values in itertools.product(*settings.values())]


MOST_SEEDS = 1_000_000
"""Largest number of seeds that is given as a number."""


def _seeds(seeds: Iterable[int] | int) -> tuple[int, ...]:
    if is_whole(seeds) and isinstance(seeds, int | np.integer) and seeds > MOST_SEEDS:
        raise ScenarioError(f"a number of seeds must be from 1 to {MOST_SEEDS:,}, got {seeds}")
    wanted = "a number of seeds >= 1, or different whole numbers >= 0"
    several: Any = range(seeds) if isinstance(seeds, int | np.integer) and is_whole(seeds) else seeds
    found = tuple(several) if is_several(several) else ()
    if not found or not all(is_whole(seed) and seed >= 0 for seed in found):
        raise ScenarioError(f"seeds must be {wanted}, got {in_short(seeds)}")
    if len(set(found)) < len(found):
        raise ScenarioError(f"seeds must be different, got {list(found)}")
    return tuple(map(int, found))


def _name(variant: Variant) -> str:
    return repr(", ".join(label for label in variant.labels if label))


def _digest(scenario: Scenario) -> str:
    code = _foreign_code(scenario)
    known = scenario.about.get("digest")
    if known is not None and not code:
        return str(known)
    if known is None:
        names = [field.name for field in dataclasses.fields(scenario) if field.name not in _SAYS_NOTHING]
        try:
            known = joblib.hash([(name, getattr(scenario, name)) for name in names])
        except (PicklingError, TypeError, AttributeError) as cause:
            raise ScenarioError(
                f"scenario {scenario.name!r} cannot be sent to another process: {cause}: "
                "use functions and classes of a module, no lambdas"
            ) from cause
    return hashlib.sha256("/".join([str(known), *code]).encode()).hexdigest()[:_DIGITS]


def _foreign_code(scenario: Scenario) -> list[str]:
    """Digests of strategies' files that are not ours, and of functions: results are stale when the code changes."""
    rules = scenario.elimination.values() if isinstance(scenario.elimination, Mapping) else [scenario.elimination]
    objects = [*scenario.populations, scenario.adversary, scenario.forecaster, *rules]
    objects += [inner for each in objects for value in _fields(each) for inner in _several(value)]
    files = {_file_of(type(each)) for each in objects if type(each).__module__.partition(".")[0] != "omnisim"}
    found = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path is not None)
    return found + [fingerprint(each) for each in scenario.subsequences.values() if callable(each)]


def _file_of(cls: type) -> Path | None:
    if cls.__module__.partition(".")[0] in ("builtins", "numpy"):
        return None
    try:
        path = inspect.getsourcefile(cls)
    except (TypeError, OSError):  # made in an interactive session
        return None
    return Path(path) if path is not None and Path(path).is_file() else None


def _fields(each: Any) -> list[Any]:
    return list(getattr(each, "__dict__", {}).values())


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
