"""The header of a record on disk: the part that is no array, as JSON."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from omnisim.errors import TraceError
from omnisim.problem.context import FORECASTER
from omnisim.reading import FORM, Versioned
from omnisim.trace.layout import prefix_of

Name = Annotated[str, Field(min_length=1)]
Names = list[Name]


class About(BaseModel):
    """Description of a run by itself; strategies' guarantees are read elsewhere, and a scenario may add anything."""

    model_config = FORM

    seed: Annotated[int, Field(ge=0)]
    rounds: Annotated[int, Field(ge=1)]
    horizon: Annotated[int, Field(ge=1)] | None = None
    adaptive: Names = []
    omnisim: str
    forecaster: str
    adversary: str
    elimination: dict[str, str]
    policies: Any = {}
    forecast: Any = {}
    other_forecasters: dict[str, str] = {}
    spells: dict[str, list[Annotated[int, Field(ge=0)]]] = {}
    population_notes: dict[str, list[str]] = {}


class PopulationHeader(BaseModel):
    """Names of a population."""

    model_config = FORM

    name: Name
    action_names: list[str]
    constraint_names: list[str]
    currency: str
    subscriptions: Names = [FORECASTER]
    limit_units: list[str] = []
    limit_averaged: list[bool] = []
    agent_names: Names | None = None

    @model_validator(mode="after")
    def _fit(self) -> "PopulationHeader":
        if self.limit_units and len(self.limit_units) != len(self.constraint_names):
            raise ValueError(
                f"limit_units has {len(self.limit_units)} entries for {len(self.constraint_names)} constraints"
            )
        if self.limit_averaged and len(self.limit_averaged) != len(self.limit_units):
            raise ValueError(f"limit_averaged has {len(self.limit_averaged)} entries for {len(self.limit_units)} units")
        _refuse_repeated("action_names", self.action_names)
        _refuse_repeated("subscriptions", self.subscriptions)
        return self


class MessagesHeader(BaseModel):
    """Names of kinds and participants, and the rounds that are logged."""

    model_config = FORM

    kinds: Names
    parties: Names
    roles: list[Literal["world", "forecaster", "population", "relay"]]
    logged: Annotated[list[int], Field(min_length=2, max_length=2)]

    @model_validator(mode="after")
    def _fit(self) -> "MessagesHeader":
        if len(self.roles) != len(self.parties):
            raise ValueError(f"messages has {len(self.roles)} roles for {len(self.parties)} parties")
        _refuse_repeated("kinds", self.kinds)
        _refuse_repeated("parties", self.parties)
        return self


class Header(Versioned):
    """All of it."""

    subsequences: Annotated[Names, Field(min_length=1)]
    about: About
    populations: Annotated[list[PopulationHeader], Field(min_length=1)]
    messages: MessagesHeader | None = None

    @model_validator(mode="after")
    def _fit(self) -> "Header":
        names = [population.name for population in self.populations]
        _refuse_repeated("populations", names)
        _refuse_repeated("subsequences", self.subsequences)
        told: dict[str, Collection[str]] = {
            "elimination": self.about.elimination,
            "policies": self.about.policies if isinstance(self.about.policies, Mapping) else {},
            "spells": self.about.spells,
        }
        for key, of_population in told.items():
            for name in of_population:
                if name not in names:
                    raise ValueError(f"about.{key} names the population {name!r}, which is not in the record")
        for name in names:
            if name not in self.about.elimination:
                raise ValueError(f"about.elimination has no population {name!r}")
        return self


def check_header(header: Mapping[str, Any], symbols: Mapping[str, Mapping[str, int]], arrays: Collection[str]) -> None:
    """Check what the header says of the arrays.

    Parameters
    ----------
    header
        Of the form above.
    symbols
        By prefix, what the symbols of the shapes stand for.
    arrays
        Names of all arrays.

    Raises
    ------
    TraceError
        If the two do not fit.
    """
    about, rounds = header["about"], symbols[""]["T"]
    if about["rounds"] != rounds:
        raise TraceError(f"about.rounds is {about['rounds']}, but the arrays have {rounds} rounds")
    if about.get("horizon", rounds) < rounds:
        raise TraceError(f"about.horizon is {about['horizon']}, less than the {rounds} rounds that were played")
    others = {name.partition("/")[2] for name in arrays if name.startswith("other_predictions/")}
    if set(about.get("other_forecasters", {})) != others:
        raise TraceError(f"about.other_forecasters and other_predictions do not name the same: {_few(others)}")
    for index, population in enumerate(header["populations"]):
        own, name = symbols[prefix_of(index)], population["name"]
        for forecaster in population.get("subscriptions", ()):
            if forecaster not in {FORECASTER, *others}:
                raise TraceError(f"population {name!r} hears {forecaster!r}, which predicted nothing")
        spells = about.get("spells", {}).get(name)
        if spells is not None and len(spells) != own["N"]:
            raise TraceError(f"about.spells of {name!r} are {len(spells)}, the record has {own['N']}")
        names = population.get("agent_names")
        if names is not None and len(names) != own["N"]:
            raise TraceError(f"population {name!r} has {len(names)} agent_names, the record has {own['N']} agents")
        if (f"{prefix_of(index)}limit_scale" in arrays) != bool(population.get("limit_units")):
            raise TraceError(f"{prefix_of(index)}limit_scale: population {name!r} has one of it and limit_units only")
    messages = header.get("messages")
    if messages is not None and not 0 <= messages["logged"][0] <= messages["logged"][1] < rounds:
        raise TraceError(f"messages.logged is {messages['logged']}: a first and a last round are needed")


def _few(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:3]) or "none"


def _refuse_repeated(what: str, names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        raise ValueError(f"{what} has {next(name for name in names if names.count(name) > 1)!r} twice")
