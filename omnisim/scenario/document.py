"""Read a scenario file into a checked document, with errors that name the file, the key and what would be right."""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ValidationError

from omnisim.errors import ScenarioError
from omnisim.scenario.schema import Schema
from omnisim.suggest import nearest

_TAGS = ("kind", "source")


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
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as cause:
        raise ScenarioError(f"{path}: there is no such file") from cause
    except OSError as cause:
        raise ScenarioError(f"{path}: cannot be read: {cause.strerror or cause}") from cause
    except UnicodeDecodeError as cause:
        raise ScenarioError(f"{path}: is not a text file in UTF-8: {cause}") from cause
    except tomllib.TOMLDecodeError as cause:
        raise ScenarioError(f"{path}: is not valid TOML: {_repeated(cause)}") from cause
    # Another kind has other parameters, so it comes first and what the file says about the old one goes.
    for key in sorted(overrides, key=lambda key: key.rpartition(".")[2] not in _TAGS):
        _override(tree, key, overrides[key])
    schema = Schema().document
    try:
        return schema.model_validate(tree)
    except ValidationError as cause:
        raise ScenarioError(f"{path}: {_explain(cause, tree, schema)}") from cause


def parse_override(text: str) -> tuple[str, Any]:
    """Split ``KEY=VALUE``; the value is read as TOML, or else taken as a string.

    >>> parse_override("forecaster.lag=7")
    ('forecaster.lag', 7)
    >>> parse_override("market.series=hb_west")
    ('market.series', 'hb_west')
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ScenarioError(f"--set {text}: must have the form KEY=VALUE, for example forecaster.lag=7")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def resolved(document: BaseModel, folder: Path) -> dict[str, Any]:
    """The document with every default written out and every path absolute, as a TOML tree."""
    return _plain(document, folder)  # type: ignore[no-any-return]


def to_toml(tree: Mapping[str, Any]) -> str:
    """The tree as TOML text."""
    return tomli_w.dumps(tree)


def digest(tree: Mapping[str, Any]) -> str:
    """Ten hexadecimal digits that depend on what the scenario says and on the contents of the files it names."""
    text = json.dumps(_contents(tree), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _plain(value: Any, folder: Path) -> Any:
    if isinstance(value, BaseModel):
        items = ((name, getattr(value, name)) for name in type(value).model_fields)
        return {name: _plain(item, folder) for name, item in items if item is not None}
    if isinstance(value, Mapping):
        return {key: _plain(item, folder) for key, item in value.items()}
    if isinstance(value, Path):
        return str((folder / value).resolve())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item, folder) for item in value]
    return value


def _contents(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {
            key: hashlib.sha256(Path(value).read_bytes()).hexdigest() if key == "path" else _contents(value)
            for key, value in tree.items()
        }
    return tree


def _override(tree: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    place = tree
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise ScenarioError(f"--set {key}: {parent!r} is a value, not a table, so it has no key {last!r}")
    if last in _TAGS and place.get(last) != value:
        place.clear()
    place[last] = value


def _repeated(cause: tomllib.TOMLDecodeError) -> str:
    text = str(cause)
    return f"{text}: names must differ" if "Cannot declare" in text or "overwrite" in text else text


def _explain(error: ValidationError, tree: Mapping[str, Any], schema: type[BaseModel]) -> str:
    # Errors below a tagged table come with the tag in their location: it is no key of the file.
    first, *others = error.errors()
    location = _location(first["loc"], tree)
    key = ".".join(map(str, location))
    more = f" (and {len(others)} more)" if others else ""
    match first["type"]:
        case "extra_forbidden":
            known = _keys(first["loc"][:-1], schema)
            return f"{key}: unknown key{nearest(str(location[-1]), known)}{more}"
        case "missing":
            return f"{key}: is missing{more}"
        case "union_tag_not_found":
            return f"{key}.{_tag(first)}: is missing; there is: {first['ctx']['expected_tags']}{more}"
        case "union_tag_invalid":
            expected = [tag.strip().strip("'") for tag in first["ctx"]["expected_tags"].split(",")]
            return f"{key}.{_tag(first)}: is {first['ctx']['tag']!r}{nearest(first['ctx']['tag'], expected)}{more}"
        case "value_error":
            return f"{key}: {first['ctx']['error']}{more}"
        case _:
            return f"{key}: {first['msg'].lower()}, got {first['input']!r}{more}"


def _tag(error: Any) -> str:
    return str(error["ctx"]["discriminator"]).strip("'")


def _location(loc: Sequence[int | str], tree: Any) -> list[int | str]:
    keys: list[int | str] = []
    place = tree
    for index, part in enumerate(loc):
        is_tag = isinstance(place, Mapping) and part not in place and part in (place.get(t) for t in _TAGS)
        of_union = isinstance(part, str) and (part == "RuleTable" or part.startswith("literal["))
        if (is_tag or of_union) and index < len(loc) - (not of_union):
            continue
        keys.append(part)
        place = place.get(part) if isinstance(place, Mapping) else None
    return keys


def _keys(loc: Sequence[int | str], schema: type[BaseModel]) -> list[str]:
    """Valid keys of the table at a location: walk the JSON schema along it."""
    full = schema.model_json_schema()
    node: Any = full
    for part in loc:
        node = _resolve(node, full)
        if part in node.get("properties", {}):
            node = node["properties"][part]
        elif "mapping" in node.get("discriminator", {}) and part in node["discriminator"]["mapping"]:
            node = {"$ref": node["discriminator"]["mapping"][part]}
        elif part == "RuleTable":
            node = {"$ref": "#/$defs/RuleTable"}
        elif "additionalProperties" in node:
            node = node["additionalProperties"]
    return list(_resolve(node, full).get("properties", {}))


def _resolve(node: Any, full: Any) -> Any:
    while True:
        if "$ref" in node:
            node = full["$defs"][node["$ref"].rpartition("/")[2]]
        elif "anyOf" in node:
            node = next((n for n in node["anyOf"] if "discriminator" in n or "$ref" in n), {})
        else:
            return node
