"""Names in scenario files, and the classes and functions they stand for.

Ours are the explicit tables below. Others come from installed packages, through the entry-point groups
``omnisim.forecasters``, ``omnisim.elimination``, ``omnisim.learners``, ``omnisim.adversaries`` and
``omnisim.populations``, or from a module named on the command line with ``--plugin``, whose public strategy
classes are registered under their names in snake case. A scenario file can only choose among registered names: it
cannot run code.
"""

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from omnisim.errors import ScenarioError
from omnisim.reading import one_line
from omnisim.suggest import nearest

KINDS: Mapping[str, dict[str, str]] = {
    "forecasters": {
        "climatology": "omnisim.strategies.forecasters:Climatology",
        "combination": "omnisim.strategies.forecasters:Combination",
        "conditional_mean": "omnisim.strategies.forecasters:ConditionalMean",
        "decision_calibrated": "omnisim.strategies.forecasters:DecisionCalibrated",
        "omnipredictor": "omnisim.strategies.forecasters:Omnipredictor",
        "persistence": "omnisim.strategies.forecasters:Persistence",
        "published": "omnisim.strategies.forecasters:Published",
        "ridge_autoregression": "omnisim.strategies.forecasters:RidgeAutoregression",
        "selection": "omnisim.strategies.forecasters:Selection",
        "step_calibrated": "omnisim.strategies.forecasters:StepCalibrated",
    },
    "elimination": {
        "best_response": "omnisim.strategies.elimination:BestResponse",
        "cumulative_threshold": "omnisim.strategies.elimination:CumulativeThreshold",
        "first_violation": "omnisim.strategies.elimination:FirstViolation",
        "per_subsequence_threshold": "omnisim.strategies.elimination:PerSubsequenceThreshold",
        "subsequence_first_violation": "omnisim.strategies.elimination:SubsequenceFirstViolation",
        "subsequence_threshold": "omnisim.strategies.elimination:SubsequenceThreshold",
    },
    "learners": {
        "blum_mansour": "omnisim.strategies.learners:BlumMansour",
        "drift_plus_penalty": "omnisim.strategies.learners:DriftPlusPenalty",
        "hedge": "omnisim.strategies.learners:Hedge",
        "sinha_vaze": "omnisim.strategies.learners:SinhaVaze",
    },
    "adversaries": {
        "demand_response": "omnisim.strategies.adversaries:DemandResponse",
        "independent": "omnisim.strategies.adversaries:Independent",
        "mannor": "omnisim.strategies.adversaries:Mannor",
        "masking": "omnisim.strategies.adversaries:Masking",
        "outcome_stream": "omnisim.strategies.adversaries:OutcomeStream",
        "replay": "omnisim.strategies.adversaries:Replay",
        "seasonal": "omnisim.strategies.adversaries:Seasonal",
        "switching": "omnisim.strategies.adversaries:Switching",
        "worst_case": "omnisim.strategies.adversaries:WorstCase",
    },
    "populations": {
        "budgeted_operators": "omnisim.market:BudgetedOperators",
        "deferrable_loads": "omnisim.market:DeferrableLoads",
        "electric_vehicles": "omnisim.market:ElectricVehicles",
        "energy_buyers": "omnisim.market:EnergyBuyers",
        "heat_pumps": "omnisim.market:HeatPumps",
        "industrial_loads": "omnisim.market:IndustrialLoads",
        "manufacturers": "omnisim.market:Manufacturers",
        "producers": "omnisim.market:Producers",
        "retailers": "omnisim.market:Retailers",
        "solar_storage": "omnisim.market:SolarStorage",
        "spike_hedgers": "omnisim.market:SpikeHedgers",
        "storage": "omnisim.market:Storage",
    },
    "markets": {
        "epftoolbox": "omnisim.market:read_epftoolbox",
        "epftoolbox_forecasts": "omnisim.market:read_epftoolbox_forecasts",
        "ercot": "omnisim.market:load_ercot",
        "ercot_spikes": "omnisim.market:load_ercot_spikes",
        "file": "omnisim.market:read_price_file",
        "caiso": "omnisim.market:read_caiso",
        "ember": "omnisim.market:read_ember",
        "energy_charts": "omnisim.market:read_energy_charts",
        "entsoe": "omnisim.market:read_entsoe",
        "entsoe_py": "omnisim.market:read_entsoe_py",
        "epftoolbox2": "omnisim.market:read_epftoolbox2",
        "gridstatus": "omnisim.market:read_gridstatus",
        "nordpool": "omnisim.market:read_nordpool",
        "nyiso": "omnisim.market:read_nyiso",
        "omie": "omnisim.market:read_omie",
        "opsd": "omnisim.market:read_opsd",
        "pjm": "omnisim.market:read_pjm",
        "smard": "omnisim.market:read_smard",
        "ercot_file": "omnisim.market:read_ercot",
    },
}
"""Registered objects as ``"module:object"``, by kind and name."""

EXTENSIBLE = ("forecasters", "elimination", "learners", "adversaries", "populations")
"""Kinds that others may add to."""

POLICIES = ("elimination", "learners")
"""Kinds that a scenario file names under ``elimination``; no name may be in both."""

_added: dict[str, dict[str, Callable[..., Any]]] = {kind: {} for kind in EXTENSIBLE}


def names(kind: str) -> list[str]:
    """All registered names of a kind, ours first.

    Raises
    ------
    ScenarioError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise ScenarioError(f"there is no kind {kind!r}{nearest(kind, KINDS)}")
    return [*KINDS[kind], *_entry_points(kind), *_added.get(kind, {})]


def find(kind: str, name: str) -> Callable[..., Any]:
    """The class or function registered under a name.

    Raises
    ------
    ScenarioError
        If the name is not registered, or a plug-in cannot be imported.

    Examples
    --------
    >>> find("forecasters", "persistence").__name__
    'Persistence'
    """
    if name in KINDS.get(kind, {}):
        module, _, attribute = KINDS[kind][name].partition(":")
        return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]
    if name not in names(kind):
        raise ScenarioError(f"{name!r} is not among the {kind}{nearest(name, names(kind))}")
    if name in _added[kind]:
        return _added[kind][name]
    entry_point = _entry_points(kind)[name]
    try:
        found = entry_point.load()
    except (Exception, SystemExit) as cause:
        raise ScenarioError(
            f"the plug-in {entry_point.value} ({kind} {name!r}) fails to load: {one_line(cause)}"
        ) from cause
    if not callable(found):
        raise ScenarioError(f"the plug-in {entry_point.value} ({kind} {name!r}) is no class: it is {one_line(found)}")
    return found  # type: ignore[no-any-return]


def registered() -> tuple[tuple[str, str, Callable[..., Any] | None], ...]:
    """Kind, name and target of all that is registered, None for a plug-in that fails to load.

    What is made of the registry stays valid as long as this is the same.
    """
    found: list[tuple[str, str, Callable[..., Any] | None]] = []
    for kind in KINDS:
        for name in names(kind):
            try:
                found.append((kind, name, find(kind, name)))
            except ScenarioError:
                found.append((kind, name, None))
    return tuple(found)


def is_foreign(kind: str, name: str) -> bool:
    """Whether a registered name is that of a plug-in."""
    return name not in KINDS.get(kind, {})


def policy_kind(name: str) -> str:
    """Find the one of ``POLICIES`` that a name belongs to.

    Examples
    --------
    >>> policy_kind("hedge")
    'learners'
    """
    return next((kind for kind in POLICIES if name in names(kind)), POLICIES[0])


def add_plugin(module_name: str) -> list[str]:
    """Import a module and register the strategies it defines; returns ``"kind: name"`` for each.

    Raises
    ------
    ScenarioError
        If it cannot be imported, defines no strategy, or one has the name of a registered one.
    """
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as cause:
        raise ScenarioError(
            f"--plugin {module_name}: cannot be imported: {type(cause).__name__}: {' '.join(str(cause).split())} "
            "(give the name of a module, such as my_forecasters)"
        ) from cause
    registered, abstract = [], []
    for cls in vars(module).values():
        if not inspect.isclass(cls) or cls.__module__ != module.__name__:
            continue
        kind = _kind_of(cls)
        if kind is None or cls.__name__.startswith("_"):
            continue
        if inspect.isabstract(cls):
            abstract.append(f"{cls.__name__} lacks {', '.join(sorted(getattr(cls, '__abstractmethods__', ())))}")
            continue
        name = snake_case(cls.__name__)
        for other in POLICIES if kind in POLICIES else (kind,):
            if name in names(other) and _added[other].get(name) is not cls:
                raise ScenarioError(f"--plugin {module_name}: the name {name!r} is taken among the {other}")
        _added[kind][name] = cls
        registered.append(f"{kind}: {name}")
    if not registered:
        raise ScenarioError(
            f"--plugin {module_name}: defines no class derived from omnisim's Forecaster, Elimination, Learner, "
            "Adversary or MarketAgents" + (f" that is complete: {'; '.join(abstract)}" if abstract else "")
        )
    return registered


def snake_case(name: str) -> str:
    """The registered name of a class.

    >>> snake_case("RidgeAutoregression")
    'ridge_autoregression'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _kind_of(cls: type) -> str | None:
    from omnisim.market.agents.base import MarketAgents
    from omnisim.strategies.adversaries.base import Adversary
    from omnisim.strategies.elimination.base import Elimination
    from omnisim.strategies.forecasters.base import Forecaster
    from omnisim.strategies.policy import Policy

    bases = {
        Forecaster: "forecasters",
        Elimination: "elimination",
        Policy: "learners",
        Adversary: "adversaries",
        MarketAgents: "populations",
    }
    return next((kind for base, kind in bases.items() if issubclass(cls, base)), None)


def _entry_points(kind: str) -> dict[str, metadata.EntryPoint]:
    if kind not in EXTENSIBLE:
        return {}
    found = _installed(tuple((folder, _changed(folder)) for folder in sys.path))
    return {point.name: point for point in found.select(group=f"omnisim.{kind}") if point.name not in KINDS[kind]}


@lru_cache(maxsize=1)
def _installed(places: tuple[tuple[str, float | None], ...]) -> metadata.EntryPoints:  # noqa: ARG001 (it is the key)
    """The entry points of all packages, read again when a folder of the path has changed."""
    return metadata.entry_points()  # type: ignore[return-value]  # of Python 3.11, by its stubs alone


def _changed(folder: str) -> float | None:
    try:
        return (Path(folder) if folder else Path.cwd()).stat().st_mtime
    except OSError:
        return None
