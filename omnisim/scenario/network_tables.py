"""The tables of a scenario file about the network, and what they build."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Union

from pydantic import BaseModel, BeforeValidator, Field, GetJsonSchemaHandler, create_model
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from omnisim.errors import ScenarioError
from omnisim.problem.churn import Churn, PresenceInterval
from omnisim.problem.delays import Constant, Exponential, LogNormal, Uniform
from omnisim.problem.network import Channel, GraphML, Network, SmallWorld, Star, Tree
from omnisim.scenario.table_models import Table, parameters, table_model

DELAYS: dict[str, type] = {
    "constant": Constant,
    "exponential": Exponential,
    "lognormal": LogNormal,
    "uniform": Uniform,
}
TOPOLOGIES: dict[str, type] = {"graphml": GraphML, "small_world": SmallWorld, "star": Star, "tree": Tree}
"""Classes of graphs by their ``kind`` in a file."""


class PresenceIntervalTable(Table):
    """Rounds in which one agent is present."""

    agent: int
    first: int = 0
    last: int | None = None


class ChurnTable(Table):
    """Arrivals and departures of the agents of a population."""

    join: float = Field(0.0, description="probability that an absent agent is back in the next round")
    leave: float = Field(0.0, description="probability that a present agent is gone in the next round")
    initial: float = Field(1.0, description="probability of being present in round 0")
    schedule: list[PresenceIntervalTable] = Field([], description="agents named here are present in these rounds only")

    def build(self) -> Churn:
        """Build the object that the table describes."""
        schedule = [PresenceInterval(entry.agent, entry.first, entry.last) for entry in self.schedule]
        return Churn(self.join, self.leave, self.initial, schedule)


def network_table() -> type[BaseModel]:
    """The model of the table ``[network]``."""
    delay: Any = Annotated[_one_of(DELAYS), BeforeValidator(_as_delay), _OrNumber()]
    channel: Any = create_model(
        "Channel",
        __base__=Table,
        sender=(str, Field("*", description="a party, or a pattern with *")),
        receiver=(str, Field("*", description="a party, or a pattern with *")),
        delay=(delay, Field(0.0, validate_default=True, description="rounds, or a table with a law")),
        loss=(float, Field(0.0, description="probability that a message is lost")),
        outages=(list[list[int]], Field([], description="pairs of first and last round")),
    )
    return create_model(
        "Network",
        __base__=Table,
        topology=(_one_of(TOPOLOGIES), Field({"kind": "star"}, validate_default=True)),
        channels=(list[channel], Field([], description="the last one that fits an edge counts")),
        max_age=(int | None, Field(None, description="older forecasts lead to the default action")),
    )


def build_network(table: Any, folder: Path) -> Network:
    """The network that a checked table describes; relative paths are beside the scenario file."""
    channels = [
        Channel(c.sender, c.receiver, _build(DELAYS, c.delay, folder), c.loss, c.outages) for c in table.channels
    ]
    topology = _build(TOPOLOGIES, table.topology, folder)
    if isinstance(topology, GraphML) and not topology.path.is_file():
        raise ScenarioError(f"topology.path: {topology.path} does not exist: a GraphML file is needed")
    return Network(topology, channels, table.max_age)


def _build(known: Mapping[str, type], table: Any, folder: Path) -> Any:
    target = known[table.kind]
    given = {parameter.name: getattr(table, parameter.name) for parameter in parameters(target)}
    return target(**{name: folder / value if isinstance(value, Path) else value for name, value in given.items()})


def _one_of(targets: Mapping[str, type]) -> Any:
    tables = [table_model(name, target, "kind", Table) for name, target in targets.items()]
    return Annotated[Union[tuple(tables)], Field(discriminator="kind")]  # noqa: UP007


class _OrNumber:
    """Says in the JSON Schema that a number will do instead of the table."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "number", "minimum": 0}, handler(core)]}


def _as_delay(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"kind": "constant", "rounds": float(value)}
    if not isinstance(value, Mapping | BaseModel):
        raise ValueError("must be a number of rounds, or a table with kind and the parameters of a law")  # noqa: TRY004
    return value
