"""Messages on what is wrong in a scenario file: the key, the value and what would be right."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from omnisim.scenario import registry
from omnisim.scenario.schema import Schema
from omnisim.scenario.table_models import why_not
from omnisim.scenario.toml import TAGS, shortened
from omnisim.suggest import nearest
from omnisim.wording import with_article

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


def explain(error: ValidationError, tree: Mapping[str, Any], schema: Schema) -> str:
    """One line on the first thing that is wrong with a tree, and how many more there are."""
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
            return f"{key}: must be {with_article(wanted)}, got {_show(first['input'])}{more}"
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
        if tag in _tags((table,), schema) and key not in TAGS and key in _keys((table, str(tag)), schema):
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
