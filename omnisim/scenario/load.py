"""Build a scenario from a TOML file: the function ``omnisim.load_scenario``."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from omnisim import refusing
from omnisim.arrays import FloatArray
from omnisim.by_value import ByValue
from omnisim.errors import OmnisimError, ScenarioError
from omnisim.market import Market, MarketAgents, Resolution, Scaling
from omnisim.market.data import PRICES_A_DAY
from omnisim.market.forecast_files import with_forecast
from omnisim.market.signals import Known, with_signal
from omnisim.memory import physical_memory, shown
from omnisim.problem.limits import BOX, Limits
from omnisim.problem.population import Population
from omnisim.problem.subsequences import Rule, Subsequence
from omnisim.scenario import registry, shipped
from omnisim.scenario.days import Days
from omnisim.scenario.document import digest, read_document, resolved
from omnisim.scenario.network_tables import build_network
from omnisim.scenario.rule_features import rule_features
from omnisim.scenario.scenario import Scenario
from omnisim.scenario.table_models import parameters, tables_of
from omnisim.streams import stream


@dataclass(frozen=True, eq=False, repr=False)
class GeneratedPopulation(ByValue):
    """A population drawn anew for each seed of a run, or always the same if its table names a seed.

    Two tables with the same seed, kind and parameters give the same agents under two names, so that policies can be
    compared on them in one run.
    """

    name: str
    agents: MarketAgents
    scaling: Scaling
    resolution: Resolution = "hour"
    past: FloatArray | None = None
    signals: Mapping[str, Known] = field(default_factory=dict)

    def build(self, seed: int) -> Population:
        """Draw the population of the run with this seed.

        Raises
        ------
        OmnisimError
            If the parameters do not fit the scaling, or lead to numbers that are not finite.
        """
        rng = stream(seed, f"population/{self.name}")  # unless the table names a seed, which its agents are drawn with
        # What overflows is refused by name, so numpy need not warn of it as well.
        with naming(f"populations.{self.name}"), np.errstate(all="ignore"):
            self._refuse_too_many()
            try:
                return self.agents.build(self.name, self.scaling, rng, self.resolution, self.past, self.signals)
            except OmnisimError:
                raise
            except (MemoryError, OverflowError, ValueError) as cause:
                raise ScenarioError(f"cannot be drawn: {cause}") from cause

    def _refuse_too_many(self) -> None:
        # Schedules and utilities at least: what memory cannot hold is refused before the machine grinds to a halt.
        coordinates = PRICES_A_DAY[self.resolution] * (1 + len(self.signals))
        numbers = 2 * self.agents.agents * self.agents.menu_size * coordinates
        memory = physical_memory()
        if memory is not None and 8 * numbers > memory:
            raise ScenarioError(
                f"agents is {self.agents.agents:,}: they take at least {shown(8 * numbers)} of memory, this machine "
                f"has {shown(memory)}"
            )


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
    path = shipped.find(str(refusing.path_of("path of load_scenario", path, ScenarioError)))
    changes = {} if overrides is None else refusing.table("overrides", overrides, ScenarioError)
    document: Any = read_document(path, changes)
    with naming(path):
        scenario = build(document, path)
        scenario.problem(scenario.seed)  # populations and subsequences are refused here, not in the run
    return scenario


def build(document: Any, path: Path, market: Market | None = None, ahead: int = 0, told: str = "") -> Scenario:
    """The scenario that a checked document describes.

    Parameters
    ----------
    path
        What the document's relative paths are beside.
    market
        Its market, if that is read already.
    ahead
        Days at the end of the market that have no prices yet: they are rounds that begin, and that cannot be finished.
    told
        How keys of the market were chosen that had been left out, if that was before.
    """
    folder = path.parent
    if market is None and document.market.source != "synthetic":
        with naming("market"):
            market = with_forecasts(read_market(document.market, folder), document.market, folder)
            market = with_signals(market, document.market, folder)
    agents = {name: _agents(name, table, folder) for name, table in document.populations.items()}
    caps = sorted({cap for each in agents.values() for cap in each.caps})
    with naming("market"):
        days = Days.of(market, document.market, ahead, told, caps)
    days = days.first(document.rounds)
    rounds = document.rounds if days.dates is None else len(days.dates)
    adversary_target = registry.find("adversaries", document.adversary.kind)
    supplied: dict[str, Any] = {}
    if document.adversary.kind == "replay":
        if days.market is None:
            raise ScenarioError(
                "adversary.kind: is 'replay', but a synthetic market has no prices to replay; "
                "choose another adversary, or a market with data"
            )
        supplied |= {"outcomes": days.outcomes, "unclipped": days.unclipped}
    elif days.scales:
        raise ScenarioError(
            f"adversary.kind: is {document.adversary.kind!r}: a market with signals ({', '.join(days.scales)}) needs "
            "'replay', since an adversary of prices does not know what signals come with them"
        )
    if "price_range" in inspect.signature(adversary_target).parameters:
        supplied["price_range"] = (days.scaling.low, days.scaling.high)
    with naming("adversary"):
        adversary = _construct(adversary_target, document.adversary, folder, supplied)
    name = document.name or path.stem
    document = document.model_copy(
        update={
            "name": name,
            "rounds": None if rounds is None else rounds - ahead,
            "market": document.market.model_copy(update=days.chosen),
        }
    )
    return Scenario(
        name=name,
        seed=document.seed,
        rounds=rounds,
        declared_horizon=document.horizon,
        populations=[
            GeneratedPopulation(population, each, days.scaling, days.resolution, days.past_prices, days.signals)
            for population, each in agents.items()
        ],
        adversary=adversary,
        forecaster=strategy("forecaster", "forecasters", document.forecaster, folder),
        elimination={
            population: policy(table.elimination or document.elimination, folder)
            for population, table in document.populations.items()
        },
        **_network(document, folder),
        subsequences=_subsequences(document, days, adversary.published),
        features=days.features,
        forecasts=days.forecasts,
        unclipped_forecasts=days.unclipped_forecasts,
        distributions=days.distributions,
        dates=days.dates,
        past=days.past,
        limits=_limits(document.market, days),
        market=None if document.horizon is None else days.over,
        told=days.told,
        source=resolved(document, folder),
        about={
            "scenario": name,
            "description": document.description,
            "digest": digest(document, folder),
            "market": days.about,
        },
    )


def read_market(table: Any, folder: Path) -> Market:
    """The market that a checked table describes, without the forecasts of files of their own."""
    market: Market = _construct(registry.find("markets", table.source), table, folder)
    return market


def with_forecasts(market: Market, table: Any, folder: Path) -> Market:
    """The market with the forecasts of files of their own, which are on its clock unless they say otherwise."""
    for name, own in table.forecast_files.items():
        with naming(f"forecast_files.{name}"):
            keys = {key: getattr(own, key) for key in type(own).model_fields if key != "path"}
            keys["timezone"] = own.timezone or getattr(table, "timezone", None)
            paths = [folder / path for path in (own.path if isinstance(own.path, list) else [own.path])]
            market = with_forecast(market, name, paths, **keys, first_day=table.first_day, last_day=table.last_day)
    return market


def with_signals(market: Market, table: Any, folder: Path, ahead: int = 0) -> Market:
    """The market with the signals of files of their own, which are on its clock unless they say otherwise."""
    for name, own in table.signals.items():
        with naming(f"signals.{name}"):
            keys = {key: getattr(own, key) for key in type(own).model_fields if key not in ("path", "low", "high")}
            keys["timezone"] = own.timezone or getattr(table, "timezone", None)
            paths = [folder / path for path in (own.path if isinstance(own.path, list) else [own.path])]
            days = {"first_day": table.first_day, "last_day": table.last_day}
            market = with_signal(market, name, paths, **keys, **days, ahead=ahead)
    return market


def _limits(table: Any, days: Days) -> Limits:
    """The limits of prices on the scale of outcomes; its ends where none are declared."""
    if table.price_limits is None:
        return BOX
    if days.scales:
        raise ScenarioError(
            f"market.price_limits: is {table.price_limits}: a market with signals ({', '.join(days.scales)}) cannot "
            "have it, since the same limits would hold for the signals"
        )
    scaling, given = days.scaling, table.price_limits
    if len(given) != 2 or not scaling.low <= given[0] < given[1] <= scaling.high:
        raise ScenarioError(
            f"market.price_limits: is {given}: it must be two prices with low = {scaling.low:g} <= lowest < highest <= "
            f"high = {scaling.high:g}"
        )
    return Limits(*scaling.unclipped(given).clip(0.0, 1.0).tolist())


def _agents(name: str, table: Any, folder: Path) -> MarketAgents:
    with naming(f"populations.{name}"):
        agents: MarketAgents = _construct(registry.find("populations", table.kind), table, folder)
    return agents


def _network(document: Any, folder: Path) -> dict[str, Any]:
    """Arguments of the scenario for the network, further forecasters, and agents that come and go."""
    tables = document.populations.items()
    with naming("network"):
        network = None if document.network is None else build_network(document.network, folder)
    churn = {}
    for name, table in tables:
        if table.churn is not None:
            with naming(f"populations.{name}.churn"):
                churn[name] = table.churn.build()
    return {
        "network": network,
        "other_forecasters": {
            name: strategy(f"other_forecasters.{name}", "forecasters", table, folder)
            for name, table in document.other_forecasters.items()
        },
        "subscriptions": {name: table.subscriptions for name, table in tables if table.subscriptions is not None},
        "default_actions": {name: table.default_action for name, table in tables if table.default_action is not None},
        "churn": churn,
    }


def strategy(key: str, kind: str, table: Any, folder: Path) -> Any:
    """The strategy of a kind that a checked table describes; ``key`` is put in front of what goes wrong."""
    with naming(key):
        return _construct(registry.find(kind, table.kind), table, folder)


def policy(table: Any, folder: Path) -> Any:
    """The elimination rule or learner that a checked table describes."""
    return strategy("elimination", registry.policy_kind(table.kind), table, folder)


def _subsequences(document: Any, days: Days, published: Sequence[str]) -> dict[str, Subsequence]:
    """Subsequences as arrays over the rounds; rules on what the adversary publishes stay rules."""
    rules: dict[str, Rule] = {}
    for name, table in document.subsequences.items():
        if table is not True:
            with naming(f"subsequences.{name}"):
                rules[name] = table.rule()
    wanted = {rule.feature for rule in rules.values()} - {*published}
    features = rule_features(days.market, days.scaling, wanted, published)
    found: dict[str, Subsequence] = {}
    for name in document.subsequences:
        rule = rules.get(name)
        if rule is None or rule.feature in published:
            found[name] = rule
            continue
        with naming(f"subsequences.{name}"):
            found[name] = rule.rounds(features)[days.played]
    return found


def _construct(target: Any, table: BaseModel, folder: Path, supplied: Mapping[str, Any] | None = None) -> Any:
    given = {parameter.name: getattr(table, parameter.name) for parameter in parameters(target)}
    given = {name: folder / value if isinstance(value, Path) else value for name, value in given.items()}
    for parameter in parameters(target):
        kind = tables_of(parameter)
        if kind is not None:
            given[parameter.name] = [
                _construct(registry.find(kind, inner.kind), inner, folder) for inner in given[parameter.name]
            ]
    try:
        return target(**given, **(supplied or {}))
    except OmnisimError:
        raise
    except (ValueError, OSError) as cause:
        # How a plug-in refuses a parameter, and how the system refuses the name of a file.
        raise ScenarioError(str(cause)) from cause


@contextmanager
def naming(where: Path | str) -> Iterator[None]:
    """Put the file or the key in front of what goes wrong inside."""
    try:
        yield
    except OmnisimError as cause:
        message = str(cause)
        if message.startswith(str(where)):
            raise
        raise type(cause)(f"{where}: {message}") from cause
