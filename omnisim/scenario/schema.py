"""The form of a scenario file, as pydantic models.

The tables of strategies, populations and markets are not written here: each is read off the signature of what it
configures, see :mod:`omnisim.scenario.table_models`.
"""

import copy
import inspect
import math
import types
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union

from pydantic import (
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    FiniteFloat,
    Strict,
    Tag,
    create_model,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema

from omnisim.market.data import Resolution
from omnisim.market.forecast_files import with_forecast
from omnisim.market.signals import with_signal
from omnisim.problem.subsequences import Operator, Rule
from omnisim.scenario import registry
from omnisim.scenario.network_tables import ChurnTable, network_table
from omnisim.scenario.table_models import STRICT, Table, form_of, table_model, union


def _number_or_numbers(value: Any) -> Any:
    # One message instead of one for each side of the union.
    cells = value if isinstance(value, list) else [value]
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in cells)
    if value is not None and not (cells and numbers):
        raise ValueError("must be a finite number, or a list of them for the operator 'in'")
    return value


class RuleTable(BaseModel):
    """Rounds in which a daily feature compares to a value or is in a list, or to a quantile of its recent past."""

    model_config = STRICT

    feature: str
    operator: Operator
    value: Annotated[FiniteFloat | list[FiniteFloat] | None, BeforeValidator(_number_or_numbers)] = None
    quantile: float | None = None
    window: int = 60

    def rule(self) -> Rule:
        """The rule that the table describes."""
        return Rule(**self.model_dump())


def _every_round(value: Any) -> Any:
    if value is not True:
        raise ValueError("must be true, for every round, or a table with feature, operator, and value or quantile")
    return value


def _form_of_subsequence(value: Any) -> str:
    return "rule" if isinstance(value, Mapping | RuleTable) else "every"


SubsequenceForm = Annotated[
    Annotated[Literal[True], BeforeValidator(_every_round), Tag("every")] | Annotated[RuleTable, Tag("rule")],
    Discriminator(_form_of_subsequence),
]
"""Forms of a subsequence in a file: ``true``, or a table."""


PLAYED = ("first_day", "last_day")
"""Keys of a market that its files of forecasts take over."""


def _forecast_table() -> type[BaseModel]:
    """A table for each file of forecasts: the keywords of the function that reads it, and its path."""
    fields: dict[str, Any] = {
        "path": (
            Annotated[Path, Strict(strict=False)] | list[Annotated[Path, Strict(strict=False)]],
            Field(description="file of forecasts; several, or one with * in its name"),
        )
    }
    for parameter in inspect.signature(with_forecast).parameters.values():
        if parameter.kind == parameter.KEYWORD_ONLY and parameter.name not in PLAYED:
            fields[parameter.name] = (form_of(parameter.annotation), parameter.default)
    return create_model("ForecastFile", __base__=Table, **fields)


def _signal_table() -> type[BaseModel]:
    """A table for each signal: the keywords of the function that reads it, its path, and its range."""
    own = inspect.signature(with_signal).parameters.values()
    given = {each.name: each for each in own if each.kind == each.KEYWORD_ONLY and each.name not in (*PLAYED, "ahead")}
    fields: dict[str, Any] = {
        "path": (
            Annotated[Path, Strict(strict=False)] | list[Annotated[Path, Strict(strict=False)]],
            Field(description="file of its values; several, or one with * in its name"),
        ),
        "low": (float | None, Field(None, description="value that becomes outcome 0; default: from the past")),
        "high": (float | None, Field(None, description="value that becomes outcome 1; default: from the past")),
    }
    for name, each in given.items():
        fields[name] = (form_of(each.annotation), ... if each.default is each.empty else each.default)
    return create_model("SignalFile", __base__=Table, **fields)


class MarketTable(BaseModel):
    """Keys common to all market tables, whatever the source."""

    model_config = STRICT

    low: float | None = Field(None, description="price that becomes outcome 0, per MWh; default: from the past")
    high: float | None = Field(None, description="price that becomes outcome 1, per MWh; default: from the past")
    first_day: date | None = Field(None, description="first delivery day to play; days before it are past")
    last_day: date | None = Field(None, description="last delivery day to play")
    price_limits: list[FiniteFloat] | None = Field(
        None, description="[lowest, highest] price expected, per MWh, between low and high; default: those"
    )
    forecast_files: dict[str, _forecast_table()] = Field(  # type: ignore[valid-type]
        {}, description="files of dated forecasts of the prices, by the name of the model"
    )
    signals: dict[str, _signal_table()] = Field(  # type: ignore[valid-type]
        {}, description="series revealed with the prices, such as carbon intensity, by name"
    )


class SyntheticMarketTable(MarketTable):
    """Prices made by the adversary: only their scale is declared."""

    source: Literal["synthetic"]
    low: float = Field(description="price that becomes outcome 0, per MWh")
    high: float = Field(description="price that becomes outcome 1, per MWh")
    currency: str = "USD"
    resolution: Resolution = Field(
        "hour", description="prices a day: 24, 48, 96, 288 or one; the adversary must play as many"
    )

    @model_validator(mode="after")
    def _no_days(self) -> "SyntheticMarketTable":
        if self.first_day is not None or self.last_day is not None:
            raise ValueError("first_day and last_day need a market with data: a synthetic one has rounds only")
        for key in ("forecast_files", "signals"):
            if getattr(self, key):
                raise ValueError(f"{key} need a market with data: a synthetic one has no days")
        return self


class _DocumentBase(BaseModel):
    model_config = STRICT

    name: str | None = Field(None, min_length=1, description="what reports call it; default: the file's name")
    description: str = Field("", description="one sentence for the report")
    seed: int = Field(0, ge=0, description="of all randomness in the run")
    rounds: int | None = Field(
        None, ge=1, le=1_000_000_000, description="rounds to run; default: as many as there are data"
    )
    horizon: int | None = Field(
        None,
        ge=1,
        le=1_000_000_000,
        description="rounds that thresholds and guarantees are for, if more come later, day by day; default: rounds",
    )


class Schema:
    """The schema of scenario files with everything registered so far."""

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of a whole file."""
        return copy.deepcopy(self.described)

    @property
    def described(self) -> dict[str, Any]:
        """The JSON Schema of a whole file, made once: not to be changed."""
        return self._described(registry.registered())

    @staticmethod
    @lru_cache(maxsize=4)
    def _described(registered: tuple[object, ...]) -> dict[str, Any]:
        return Schema._document(registered).model_json_schema(schema_generator=_JsonSchema)

    @property
    def document(self) -> type[BaseModel]:
        """The model of a whole file."""
        return self._document(registry.registered())

    @staticmethod
    @lru_cache(maxsize=4)
    def _document(registered: tuple[object, ...]) -> type[BaseModel]:  # noqa: ARG004 (it is the key)
        elimination = union(*registry.POLICIES)
        own: dict[str, Any] = {
            "elimination": (elimination | None, Field(None, description="own rule of this population")),
            "subscriptions": (
                list[str] | None,
                Field(None, description='forecasters whose predictions it averages; ["forecaster"]'),
            ),
            "default_action": (
                int | str | None,
                Field(None, description="index or name of what is booked when no action arrives in time"),
            ),
            "churn": (ChurnTable | None, Field(None, description="how its agents come and go")),
        }
        population: Any = union("populations", extra=own)
        forecaster: Any = union("forecasters")
        forecasters: Any = types.GenericAlias(dict, (str, forecaster))
        network: Any = network_table() | None
        populations: Any = types.GenericAlias(Mapping, (str, population))
        return create_model(
            "Scenario",
            __base__=_DocumentBase,
            market=(_markets(), Field(description="prices, their source and scale")),
            populations=(
                populations,
                Field(min_length=1, description="agents, by the name of their population"),
            ),
            forecaster=(forecaster, Field(description="who predicts")),
            adversary=(union("adversaries"), Field(default={"kind": "replay"}, validate_default=True)),
            elimination=(
                elimination,
                Field(default={"kind": "subsequence_first_violation"}, validate_default=True),
            ),
            subsequences=(
                dict[str, SubsequenceForm],
                Field(default={"all": True}, min_length=1, description="true for every round, or a rule"),
            ),
            other_forecasters=(forecasters, Field(default={}, description="further forecasters, by name")),
            network=(network, Field(None, description="who hears whom, and how well")),
        )


def _markets() -> Any:
    tables = [
        table_model(name, registry.find("markets", name), "source", MarketTable) for name in registry.names("markets")
    ]
    return Annotated[Union[(*tables, SyntheticMarketTable)], Field(discriminator="source")]


class _JsonSchema(GenerateJsonSchema):
    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:  # noqa: ARG002
        """Schema of a plug-in's parameter of a type that no file can hold: anything."""
        return {}
