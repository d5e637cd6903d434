"""Build a scenario from a TOML file: the function ``omnisim.load_scenario``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from omnisim.arrays import DateArray, FloatArray
from omnisim.errors import OmnisimError, ScenarioError
from omnisim.market import Market, MarketAgents, Scaling
from omnisim.problem.population import Population
from omnisim.problem.subsequences import Rule, Subsequence
from omnisim.scenario import registry, shipped
from omnisim.scenario.document import digest, read_document, resolved
from omnisim.scenario.rule_features import rule_features
from omnisim.scenario.scenario import Scenario
from omnisim.scenario.schema import parameters
from omnisim.strategies.base import Past
from omnisim.streams import stream


@dataclass(frozen=True)
class GeneratedPopulation:
    """A population drawn anew for each seed of a run, or always the same if its table names a seed."""

    name: str
    agents: MarketAgents
    scaling: Scaling

    def build(self, seed: int) -> Population:
        """Draw the population of the run with this seed."""
        own = self.agents.seed
        rng = stream(seed if own is None else own, f"population/{self.name}")
        return self.agents.build(self.name, self.scaling, rng)


def load_scenario(path: Path | str, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path
        Of a TOML file, or the name of a shipped scenario; paths inside it are relative to its folder.
    overrides
        From dotted keys to values, put in place of what the file says: ``{"forecaster.lag": 7}``.

    Raises
    ------
    ScenarioError, DataError
        One line that names the file, the key, the value and what would be right.
    """
    path = shipped.find(str(path))
    document: Any = read_document(path, overrides or {})
    with _naming(path):
        return _build(document, path)


def _build(document: Any, path: Path) -> Scenario:
    folder = path.parent
    days = _Days.load(document.market, folder, document.rounds)
    adversary_target = registry.find("adversaries", document.adversary.kind)
    supplied = {}
    if document.adversary.kind == "replay":
        if days.market is None:
            raise ScenarioError(
                "adversary.kind: is 'replay', but a synthetic market has no prices to replay; "
                "choose another adversary, or a market with data"
            )
        supplied["outcomes"] = days.outcomes
    tree = resolved(document, folder)
    with _naming("adversary"):
        adversary = _construct(adversary_target, document.adversary, folder, supplied)
    name = document.name or path.stem
    tree["name"] = name
    return Scenario(
        name=name,
        seed=document.seed,
        rounds=document.rounds,
        populations=[
            _population(population, table, days.scaling, folder) for population, table in document.populations.items()
        ],
        adversary=adversary,
        forecaster=_strategy("forecaster", "forecasters", document.forecaster, folder),
        elimination={
            population: _strategy("elimination", "elimination", table.elimination or document.elimination, folder)
            for population, table in document.populations.items()
        },
        subsequences=_subsequences(document, days),
        features=days.features,
        forecasts=days.forecasts,
        dates=days.dates,
        past=days.past,
        source=tree,
        about={
            "scenario": name,
            "description": document.description,
            "digest": digest(tree),
            "market": days.about,
        },
    )


@dataclass(frozen=True)
class _Days:
    """The days of a market that are played, scaled, and those before them."""

    market: Market | None
    scaling: Scaling
    played: slice
    about: dict[str, Any]

    @classmethod
    def load(cls, table: Any, folder: Path, rounds: int | None) -> "_Days":
        if table.source == "synthetic":
            scaling = Scaling(table.low, table.high, table.currency)
            return cls(None, scaling, slice(0), _scale(scaling) | {"name": "synthetic"})
        with _naming("market"):
            market: Market = _construct(registry.find("markets", table.source), table, folder)
            playable = market.between(table.first_day, table.last_day)
            scaling = Scaling(table.low, table.high, market.currency)
        first = int(np.searchsorted(market.dates, playable.dates[0]))
        length = playable.days if rounds is None else min(rounds, playable.days)
        played = slice(first, first + length)
        _, clipped = scaling.outcomes(market.prices[played])
        return cls(
            market,
            scaling,
            slice(first, first + playable.days),
            _scale(scaling)
            | {
                "name": market.name,
                "clipped": clipped,
                "hours": int(market.prices[played].size),
                "attribution": market.attribution,
                "notes": list(market.notes),
            },
        )

    @property
    def outcomes(self) -> FloatArray:
        assert self.market is not None  # noqa: S101 (callers have asked; this tells the type checker)
        return self.scaling.outcomes(self.market.prices[self.played])[0]

    @property
    def dates(self) -> DateArray | None:
        return None if self.market is None else self.market.dates[self.played]

    @property
    def features(self) -> dict[str, FloatArray]:
        return self._features(self.played)

    @property
    def forecasts(self) -> dict[str, FloatArray]:
        return self._forecasts(self.played)

    @property
    def past(self) -> Past | None:
        if self.market is None or self.played.start == 0:
            return None
        before = slice(0, self.played.start)
        return Past(
            outcomes=self.scaling.outcomes(self.market.prices[before])[0],
            dates=self.market.dates[before],
            features=self._features(before),
            forecasts=self._forecasts(before),
        )

    def _features(self, days: slice) -> dict[str, FloatArray]:
        return {} if self.market is None else {k: v[days] for k, v in self.market.features.items()}

    def _forecasts(self, days: slice) -> dict[str, FloatArray]:
        if self.market is None:
            return {}
        return {k: self.scaling.outcomes(v[days])[0] for k, v in self.market.forecasts.items()}


def _scale(scaling: Scaling) -> dict[str, Any]:
    return {"currency": scaling.currency, "low": scaling.low, "high": scaling.high}


def _population(name: str, table: Any, scaling: Scaling, folder: Path) -> GeneratedPopulation:
    with _naming(f"populations.{name}"):
        agents = _construct(registry.find("populations", table.kind), table, folder)
    return GeneratedPopulation(name, agents, scaling)


def _strategy(key: str, kind: str, table: Any, folder: Path) -> Any:
    with _naming(key):
        return _construct(registry.find(kind, table.kind), table, folder)


def _subsequences(document: Any, days: _Days) -> dict[str, Subsequence]:
    rules: dict[str, Rule] = {}
    for name, table in document.subsequences.items():
        if table is not True:
            with _naming(f"subsequences.{name}"):
                rules[name] = table.rule()
    features = rule_features(days.market, days.scaling, {rule.feature for rule in rules.values()})
    found: dict[str, Subsequence] = {}
    for name in document.subsequences:
        with _naming(f"subsequences.{name}"):
            found[name] = rules[name].rounds(features)[days.played] if name in rules else None
    return found


def _construct(target: Any, table: BaseModel, folder: Path, supplied: Mapping[str, Any] | None = None) -> Any:
    given = {parameter.name: getattr(table, parameter.name) for parameter in parameters(target)}
    given = {name: folder / value if isinstance(value, Path) else value for name, value in given.items()}
    return target(**given, **(supplied or {}))


@contextmanager
def _naming(where: Path | str) -> Iterator[None]:
    """Put the file or the key in front of what goes wrong inside."""
    try:
        yield
    except OmnisimError as cause:
        message = str(cause)
        if message.startswith(str(where)):
            raise
        raise type(cause)(f"{where}: {message}") from cause
