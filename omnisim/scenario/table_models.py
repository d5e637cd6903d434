"""Tables of a scenario file whose keys are the parameters of what they configure.

Each is read off the signature of the class or function, so that a parameter and its default are stated once.
"""

import inspect
import types
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field, Strict, create_model

from omnisim.errors import ScenarioError
from omnisim.reading import reading
from omnisim.scenario import registry
from omnisim.strategies.parameters import Written

STRICT = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True, protected_namespaces=())
"""Settings of the models: no unknown keys, and types as they are written."""

FROM_MARKET = ("outcomes", "price_range")
"""Parameters that the loader supplies: the outcomes of the market, and the prices that become outcomes 0 and 1."""


class Table(BaseModel):
    """A table that knows all its keys."""

    model_config = STRICT


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
        fields[parameter.name] = (form_of(parameter.annotation), default)
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


def form_of(annotation: Any) -> Any:
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
