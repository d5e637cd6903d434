"""Read a scenario file into a checked document, with errors that name the file, the key and what would be right."""

import copy
import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ValidationError

from omnisim.errors import ScenarioError
from omnisim.reading import read_bytes, reading
from omnisim.scenario import registry
from omnisim.scenario.schema import Schema
from omnisim.scenario.table_models import one_table, why_not
from omnisim.suggest import nearest

_TAGS = ("kind", "source")

_SHOWN = 60
"""Characters of a wrong value that a message repeats."""

MOST_NESTED = 30
"""Tables and lists within each other; the deepest a scenario needs is ten."""

_WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "a string in quotes",
    "bool_type": "true or false",
    "date_type": "a date without quotes, such as 2021-12-31",
    "path_type": "a path in quotes",
    "list_type": "a list",
    "sequence_str": "a list",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "string_too_short": "a string that is not empty",
    "too_short": "a table with at least one entry",
}
"""Descriptions of valid values by pydantic's type of error, in the words of TOML."""


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


def read_toml(path: Path, option: str = "") -> dict[str, Any]:
    """Content of a TOML file.

    Parameters
    ----------
    option
        That the file was given to, which the line of an error begins with.

    Raises
    ------
    ScenarioError
        If it cannot be read, or is not TOML.
    """
    try:
        return _read_toml(path)
    except ScenarioError as cause:
        raise ScenarioError(f"{option} {cause}".lstrip()) from cause


def _read_toml(path: Path) -> dict[str, Any]:
    with reading(path, ScenarioError, "is not valid TOML"):
        try:
            tree = tomllib.loads(read_bytes(path).decode("utf-8-sig"))
        except UnicodeDecodeError as cause:
            line = cause.object[: cause.start].count(b"\n") + 1
            raise ScenarioError(f"{path}: is not a text file in UTF-8 (line {line}): {cause.reason}") from cause
        except tomllib.TOMLDecodeError as cause:
            raise ScenarioError(f"{path}: is not valid TOML: {_repeated(cause)}") from cause
        try:
            _refuse_nesting(tree)
        except ScenarioError as cause:
            raise ScenarioError(f"{path}: {cause}") from cause
    return tree


def overridden(tree: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of what a file says with overrides in place, which are as in :func:`read_document`.

    Raises
    ------
    ScenarioError
        If a key is not a dotted one, or leads through a value.
    """
    for given in (tree, overrides):
        _refuse_nesting(given)
    changed = copy.deepcopy(dict(tree))
    # Another kind has other parameters, so it comes first and what the file says about the old one goes.
    for key in sorted(overrides, key=lambda key: key.rpartition(".")[2] not in _TAGS):
        _override(changed, key, overrides[key])
    return changed


def check_document(tree: Mapping[str, Any], schema: Schema) -> BaseModel:
    """Validate what a scenario file says.

    Raises
    ------
    ScenarioError
        On the first thing that is wrong.
    """
    _refuse_nesting(tree)
    try:
        document = schema.document.model_validate(tree)
    except ValidationError as cause:
        raise ScenarioError(_explain(cause, tree, schema)) from cause
    _refuse_large(tree)
    return document


def check_table(key: str, table: Mapping[str, Any], *kinds: str) -> Any:
    """Validate the table of one strategy, as if it stood under ``key`` in a scenario file.

    Raises
    ------
    ScenarioError
        On the first thing that is wrong.
    """
    _refuse_nesting({key: table})
    _refuse_large({key: table})
    try:
        return getattr(one_table(key, *kinds).model_validate({key: dict(table)}), key)
    except ValidationError as cause:
        raise ScenarioError(_explain(cause, {key: table}, Schema())) from cause


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
    with reading(f"--set {shortened(text)}", ScenarioError, "is not a value of TOML"):
        try:
            parsed = tomllib.loads(f"value = {value}")
        except tomllib.TOMLDecodeError:
            parsed = {}
    # Anything but one value is text with a line break in it.
    return key.strip(), parsed["value"] if set(parsed) == {"value"} else value.strip()


def resolved(document: BaseModel, folder: Path) -> dict[str, Any]:
    """The document with every default written out and every path absolute, as a TOML tree."""
    return _plain(document, lambda path: str((folder / path).resolve()))  # type: ignore[no-any-return]


def to_toml(tree: Mapping[str, Any]) -> str:
    """The tree as TOML text."""
    return tomli_w.dumps(tree)


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


def _leaves(tree: Mapping[str, Any]) -> Iterator[tuple[str, int, Any]]:
    """Key, depth and value of everything in a tree, tables and lists included; without recursion."""
    waiting: list[tuple[str, int, Any]] = [("", 0, tree)]
    while waiting:
        key, depth, value = waiting.pop()
        yield key, depth, value
        if isinstance(value, Mapping):
            waiting += [(f"{key}.{name}".lstrip("."), depth + 1, inner) for name, inner in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(f"{key}.{i}", depth + 1, inner) for i, inner in enumerate(value)]


def _refuse_nesting(tree: Mapping[str, Any]) -> None:
    for key, depth, _ in _leaves(tree):
        if depth > MOST_NESTED:
            raise ScenarioError(f"{shortened(key)}: is nested more than {MOST_NESTED} deep")


def _refuse_large(tree: Mapping[str, Any]) -> None:
    # Beyond 64 bits TOML promises nothing, and compiled code wraps around.
    for key, _, value in _leaves(tree):
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise ScenarioError(f"{key}: is a whole number of {value.bit_length()} bits: it may have 64")


def _override(tree: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = _parts(key)
    place = tree
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise ScenarioError(f"--set {key}: {parent!r} is a value, not a table, so it has no key {last!r}")
    if last in _TAGS and place.get(last) != value:
        place.clear()
    place[last] = value


def _parts(key: str) -> list[str]:
    # A key is split as in TOML: populations."my buyers".agents has three parts.
    parts = []
    try:
        place: Any = tomllib.loads(f"{key} = 0")
        while isinstance(place, dict):
            ((part, place),) = place.items()
            parts.append(part)
    except (ValueError, RecursionError) as cause:
        raise ScenarioError(
            f"--set {shortened(key)}: is not a dotted key such as forecaster.lag (a name with spaces or dots goes in "
            "quotes)"
        ) from cause
    return parts


def _repeated(cause: tomllib.TOMLDecodeError) -> str:
    text = str(cause)
    return f"{text}: names must differ" if "Cannot declare" in text or "overwrite" in text else text


def _explain(error: ValidationError, tree: Mapping[str, Any], schema: Schema) -> str:
    # A misspelt key comes first: it is why another one is missing.
    first, *others = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    location = _location(first, tree)
    key = ".".join(map(str, location))
    sides = [each for each in others if each["type"] in _WANTED and _location(each, tree) == location]
    others = [each for each in others if each not in sides]
    more = f" (and {len(others)} more)" if others else ""
    match first["type"]:
        case "extra_forbidden":
            if place := _belonging(key, tree, schema):
                return f"{key}: unknown key: did you mean '{place}.{key}'?{more}"
            known = _keys(first["loc"][:-1], schema)
            return f"{key}: unknown key{nearest(str(location[-1]), known)}{more}"
        case "missing":
            return f"{key}: is missing{more}"
        case "union_tag_not_found":
            return f"{key}.{_tag(first)}: is missing: available: {', '.join(_tags(first['loc'], schema))}{more}"
        case "union_tag_invalid":
            given = first["input"][_tag(first)]
            known = _tags(first["loc"], schema)
            why_not([kind for kind in registry.EXTENSIBLE if set(known) & set(registry.names(kind))], given)
            return f"{key}.{_tag(first)}: is {_show(given)}{nearest(str(given), known)}{more}"
        case "value_error":
            got = "" if isinstance(first["input"], Mapping) else f", got {_show(first['input'])}"
            return f"{key}: {first['ctx']['error']}{got}{more}"
        case "literal_error":
            return f"{key}: must be {first['ctx']['expected']}, got {_show(first['input'])}{more}"
        case "greater_than_equal":
            return f"{key}: must be >= {first['ctx']['ge']}, got {_show(first['input'])}{more}"
        case "less_than_equal":
            return f"{key}: must be <= {first['ctx']['le']}, got {_show(first['input'])}{more}"
        case "is_instance_of":
            wanted = "list" if first["ctx"]["class"] == "Sequence" else first["ctx"]["class"]
            return f"{key}: must be a {wanted}, got {_show(first['input'])}{more}"
        case kind if kind in _WANTED:
            wanted = dict.fromkeys(_WANTED[each["type"]] for each in (first, *sides))
            return f"{key}: must be {' or '.join(wanted)}, got {_show(first['input'])}{more}"
        case _:
            return f"{key}: {first['msg'].lower()}, got {_show(first['input'])}{more}"


def _belonging(key: str, tree: Mapping[str, Any], schema: Schema) -> str | None:
    """The table of the file that has a key of this name, which was given without its table."""
    for table in ("market", "forecaster", "adversary", "elimination"):
        settings = tree.get(table)
        tag = settings.get("source" if table == "market" else "kind") if isinstance(settings, Mapping) else None
        if tag in _tags((table,), schema) and key not in _TAGS and key in _keys((table, str(tag)), schema):
            return table
    return None


def _show(value: Any) -> str:
    """A value much as TOML writes it, cut to a readable length."""
    match value:
        case bool():
            text = str(value).lower()
        case Mapping():
            text = "a table" if value else "an empty table"
        case list():
            text = f"[{', '.join(map(_show, value))}]"
        case dt.date() | dt.time():
            text = value.isoformat()
        case _:
            text = repr(value)
    return shortened(text)


def shortened(text: str) -> str:
    """A text cut to a readable length."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _tag(error: Any) -> str:
    return str(error["ctx"]["discriminator"]).strip("'")


def _location(error: Any, tree: Any) -> list[int | str]:
    """The keys of the file in the location of an error, which names the chosen sides of unions as well."""
    keys: list[int | str] = []
    place, loc = tree, error["loc"]
    for index, part in enumerate(loc):
        if _is_tag(loc, index):
            continue
        if isinstance(place, Mapping):
            # What is not there is missing, or else the side of a union that was tried.
            if part not in place and error["type"] != "missing":
                break
            keys.append(part)
            place = place.get(part)
        elif isinstance(place, list) and isinstance(part, int) and part < len(place):
            keys.append(part)
            place = place[part]
        else:
            break
    return keys


def _is_tag(loc: Sequence[int | str], index: int) -> bool:
    match tuple(loc[:index]):
        case (("market" | "forecaster" | "adversary" | "elimination"),):
            return True
        case (("populations" | "subsequences"), _):
            return True
        case ("populations", _, _, "elimination"):
            return True
        case ("forecaster", _, _, int()) | ("other_forecasters", _, _, _, int()):
            return True
        case ("other_forecasters", _) | ("network", "topology") | ("network", "channels", int(), "delay"):
            return True
    return False


def _keys(loc: Sequence[int | str], schema: Schema) -> list[str]:
    return list(_node(loc, schema).get("properties", {}))


def _tags(loc: Sequence[int | str], schema: Schema) -> list[str]:
    return list(_node(loc, schema)["discriminator"]["mapping"])


def _node(loc: Sequence[int | str], schema: Schema) -> Any:
    """Find the part of the JSON Schema for a location, by the walk along it."""
    full = schema.described
    node: Any = full
    for index, part in enumerate(loc):
        node = _resolve(node, full)
        if isinstance(part, int):
            node = node.get("items", {})
        elif not _is_tag(loc, index):
            node = node.get("properties", {}).get(part, node.get("additionalProperties"))
        elif loc[0] == "subsequences":
            node = next(side for side in node["oneOf"] if "$ref" in side)
        else:
            node = {"$ref": node["discriminator"]["mapping"][part]}
    return _resolve(node, full)


def _resolve(node: Any, full: Any) -> Any:
    while True:
        if "$ref" in node:
            node = full["$defs"][node["$ref"].rpartition("/")[2]]
        elif "anyOf" in node:
            node = next((n for n in node["anyOf"] if "discriminator" in n or "$ref" in n), {})
        else:
            return node
