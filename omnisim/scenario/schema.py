"""The form of a scenario file, as pydantic models.

The tables of strategies, populations and markets are not written here: each is read off the signature of the
class or function it configures, so that a parameter and its default are stated once.
"""

import inspect
import math
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from numpy.typing import ArrayLike
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    Strict,
    Tag,
    create_model,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema

from omnisim.arrays import Written
from omnisim.errors import ScenarioError
from omnisim.market.data import Resolution
from omnisim.market.forecast_files import with_forecast
from omnisim.market.signals import with_signal
from omnisim.problem.subsequences import Operator, Rule
from omnisim.reading import reading
from omnisim.scenario import registry

_STRICT = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True, protected_namespaces=())

FROM_MARKET = ("outcomes", "price_range")
"""Parameters that the loader supplies: the outcomes of the market, and the prices that become outcomes 0 and 1."""


def _form(annotation: Any) -> Any:
    """The type a parameter has in a file: paths are written as strings, arrays as their note says."""
    if get_origin(annotation) is Annotated:
        written = [note.form for note in annotation.__metadata__ if isinstance(note, Written)]
        if written and isinstance(written[0], str):
            return types.GenericAlias(list, (union(written[0], nested=True),))
        return written[0] if written else annotation
    if annotation is Path or Path in get_args(annotation):
        loose = Annotated[Path, Strict(strict=False)]
        return loose | None if type(None) in get_args(annotation) else loose
    if get_origin(annotation) is tuple:
        return Annotated[annotation, Strict(strict=False)]  # TOML has lists only
    return annotation


def _number_or_numbers(value: Any) -> Any:
    # One message instead of one for each side of the union.
    cells = value if isinstance(value, list) else [value]
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in cells)
    if value is not None and not (cells and numbers):
        raise ValueError("must be a finite number, or a list of them for the operator 'in'")
    return value


class RuleTable(BaseModel):
    """Rounds in which a daily feature compares to a value or is in a list, or to a quantile of its recent past."""

    model_config = _STRICT

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


class Table(BaseModel):
    """A table that knows all its keys."""

    model_config = _STRICT


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
            fields[parameter.name] = (_form(parameter.annotation), parameter.default)
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
        fields[name] = (_form(each.annotation), ... if each.default is each.empty else each.default)
    return create_model("SignalFile", __base__=Table, **fields)


class MarketTable(BaseModel):
    """Keys common to all market tables, whatever the source."""

    model_config = _STRICT

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
    model_config = _STRICT

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
        return self.document.model_json_schema(schema_generator=_JsonSchema)

    @property
    def document(self) -> type[BaseModel]:
        """The model of a whole file."""
        return self._document(registry.registered())

    @staticmethod
    @lru_cache(maxsize=4)
    def _document(registered: tuple[object, ...]) -> type[BaseModel]:  # noqa: ARG004 (it is the key)
        elimination = union(*registry.POLICIES)
        from omnisim.scenario.network_tables import ChurnTable, network_table

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


def one_table(key: str, *kinds: str) -> type[BaseModel]:
    """The model of a table of these kinds, as if it stood alone in a file under ``key``."""
    return _one_table(key, kinds, registry.registered())


@lru_cache(maxsize=8)
def _one_table(key: str, kinds: tuple[str, ...], registered: tuple[object, ...]) -> type[BaseModel]:  # noqa: ARG001
    fields: dict[str, Any] = {key: (union(*kinds), ...)}
    return create_model("Table", **fields)


def union(*kinds: str, extra: dict[str, Any] | None = None, nested: bool = False) -> Any:
    """Any table of these kinds, told apart by its ``kind``.

    Inside another table (``nested``) only those that hold no tables themselves.
    """
    tables = []
    for kind in kinds:
        for name in registry.names(kind):
            try:
                target = registry.find(kind, name)
                if not (nested and any(tables_of(parameter) for parameter in parameters(target))):
                    tables.append(table_model(name, target, "kind", Table, extra))
            except ScenarioError:
                # A plug-in that fails to load stops the scenarios that name it, and no others.
                if not registry.is_foreign(kind, name):
                    raise
    return Annotated[Union[tuple(tables)], Field(discriminator="kind")]  # noqa: UP007


def why_not(kinds: Sequence[str], name: str) -> None:
    """Raise what kept a registered name out of :func:`union`; nothing if there is no such name.

    Raises
    ------
    ScenarioError
        Naming the plug-in.
    """
    for kind in kinds:
        if name in registry.names(kind):
            table_model(name, registry.find(kind, name), "kind", Table)


def tables_of(parameter: inspect.Parameter) -> str | None:
    """The kind of the tables that a parameter holds, if it holds a list of tables."""
    notes = getattr(parameter.annotation, "__metadata__", ())
    return next((note.form for note in notes if isinstance(note, Written) and isinstance(note.form, str)), None)


class _JsonSchema(GenerateJsonSchema):
    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:  # noqa: ARG002
        """Schema of a plug-in's parameter of a type that no file can hold: anything."""
        return {}


def table_model(
    name: str,
    target: Callable[..., Any],
    tag: str,
    base: type[BaseModel],
    extra: dict[str, Any] | None = None,
) -> type[BaseModel]:
    """A model with a field for each parameter of ``target`` that a file can give, and ``tag = name``.

    Raises
    ------
    ScenarioError
        If a parameter of a plug-in cannot be one.
    """
    fields: dict[str, Any] = {tag: (Literal[name], Field(description=_summary(target)))}
    for parameter in parameters(target):
        if parameter.name in base.model_fields:
            continue
        default = ... if parameter.default is inspect.Parameter.empty else _as_written(parameter.default)
        fields[parameter.name] = (_form(parameter.annotation), default)
    with reading(f"the plug-in {name!r}", ScenarioError, "has parameters that no scenario file can give"):
        return create_model(f"{tag}={name}", __base__=base, **(extra or {}), **fields)


def parameters(target: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a class or function that a scenario file can give, with resolved annotations.

    Raises
    ------
    ScenarioError
        If an annotation names something that does not exist.
    """
    name = getattr(target, "__qualname__", repr(target))
    function: Any = target.__init__ if inspect.isclass(target) else target
    with reading(f"the plug-in {name}", ScenarioError, "has an annotation that cannot be resolved"):
        hints = get_type_hints(function, include_extras=True)
        given = list(inspect.signature(target).parameters.values())
    found = []
    for parameter in given:
        annotation = hints.get(parameter.name, Any)
        named = parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        if named and parameter.name not in FROM_MARKET and not _only_in_python(annotation):
            found.append(parameter.replace(annotation=annotation))
    return found


def _only_in_python(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        if any(isinstance(note, Written) for note in annotation.__metadata__):
            return False
        annotation = get_args(annotation)[0]
    # Newer versions of numpy keep the name of the alias, older ones are a union that merges into others.
    sides = {annotation, *get_args(annotation)}
    merged = set(get_args(ArrayLike))
    return ArrayLike in sides or (bool(merged) and merged <= sides)


def _as_written(default: Any) -> Any:
    return list(default) if isinstance(default, tuple) else default


def _summary(target: Callable[..., Any]) -> str:
    return (inspect.getdoc(target) or "").partition("\n")[0]
