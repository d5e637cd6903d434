"""Read a scenario file into a checked document, with errors that name the file, the key and what would be right."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from omnisim.errors import ScenarioError
from omnisim.reading import reading
from omnisim.scenario.explaining import explain
from omnisim.scenario.schema import Schema
from omnisim.scenario.table_models import one_table
from omnisim.scenario.toml import overridden, read_toml, refuse_large, refuse_nesting


def read_document(path: Path, overrides: Mapping[str, Any]) -> BaseModel:
    """Read and validate a scenario file.

    Parameters
    ----------
    path
        Of a TOML file.
    overrides
        From dotted keys to values, put in place of what the file says. Overriding a ``kind`` or ``source`` with
        another one drops the parameters that the file gives for the old one.

    Raises
    ------
    ScenarioError
        On the first thing that is wrong.
    """
    tree = overridden(read_toml(path), overrides)
    try:
        return check_document(tree, Schema())
    except ScenarioError as cause:
        raise ScenarioError(f"{path}: {cause}") from cause.__cause__


def check_document(tree: Mapping[str, Any], schema: Schema) -> BaseModel:
    """Validate what a scenario file says.

    Raises
    ------
    ScenarioError
        On the first thing that is wrong.
    """
    refuse_nesting(tree)
    try:
        document = schema.document.model_validate(tree)
    except ValidationError as cause:
        raise ScenarioError(explain(cause, tree, schema)) from cause
    refuse_large(tree)
    return document


def check_table(key: str, table: Mapping[str, Any], *kinds: str) -> Any:
    """Validate the table of one strategy, as if it stood under ``key`` in a scenario file.

    Raises
    ------
    ScenarioError
        On the first thing that is wrong.
    """
    refuse_nesting({key: table})
    refuse_large({key: table})
    try:
        return getattr(one_table(key, *kinds).model_validate({key: dict(table)}), key)
    except ValidationError as cause:
        raise ScenarioError(explain(cause, {key: table}, Schema())) from cause


def resolved(document: BaseModel, folder: Path) -> dict[str, Any]:
    """The document with every default written out and every path absolute, as a TOML tree."""
    return _plain(document, lambda path: str((folder / path).resolve()))  # type: ignore[no-any-return]


def digest(document: BaseModel, folder: Path) -> str:
    """Ten hexadecimal digits that depend on what the scenario says and on the contents of the files it names."""
    text = json.dumps(_plain(document, lambda path: _hash(folder / path)), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _hash(path: Path) -> str:
    with reading(path, ScenarioError):
        paths = sorted(path.parent.glob(path.name)) if "*" in path.name else [path]
    content = hashlib.sha256()
    for each in paths:
        with reading(each, ScenarioError):
            content.update(each.read_bytes())
    return content.hexdigest()


def _plain(value: Any, of_path: Callable[[Path], str]) -> Any:
    if isinstance(value, BaseModel):
        items = ((name, getattr(value, name)) for name in type(value).model_fields)
        return {name: _plain(item, of_path) for name, item in items if item is not None}
    if isinstance(value, Mapping):
        return {key: _plain(item, of_path) for key, item in value.items()}
    if isinstance(value, Path):
        return of_path(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item, of_path) for item in value]
    return value
