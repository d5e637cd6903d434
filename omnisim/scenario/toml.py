"""TOML trees of scenarios: read from files, overridden by options, written."""

import copy
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from omnisim.errors import ScenarioError
from omnisim.reading import read_bytes, reading

MOST_NESTED = 30
"""Tables and lists within each other; the deepest a scenario needs is ten."""

_SHOWN = 60
"""Characters of a wrong value that a message repeats."""

TAGS = ("kind", "source")
"""Keys that decide which others a table has."""


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
            refuse_nesting(tree)
        except ScenarioError as cause:
            raise ScenarioError(f"{path}: {cause}") from cause
    return tree


def to_toml(tree: Mapping[str, Any]) -> str:
    """The tree as TOML text."""
    return tomli_w.dumps(tree)


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


def overridden(tree: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of what a file says with overrides in place, which are as in :func:`read_document`.

    Raises
    ------
    ScenarioError
        If a key is not a dotted one, or leads through a value.
    """
    for given in (tree, overrides):
        refuse_nesting(given)
    changed = copy.deepcopy(dict(tree))
    # Another kind has other parameters, so it comes first and what the file says about the old one goes.
    for key in sorted(overrides, key=lambda key: key.rpartition(".")[2] not in TAGS):
        _override(changed, key, overrides[key])
    return changed


def refuse_nesting(tree: Mapping[str, Any]) -> None:
    """Refuse a tree that is too deep for whoever walks it.

    Raises
    ------
    ScenarioError
        Naming the key.
    """
    for key, depth, _ in _leaves(tree):
        if depth > MOST_NESTED:
            raise ScenarioError(f"{shortened(key)}: is nested more than {MOST_NESTED} deep")


def refuse_large(tree: Mapping[str, Any]) -> None:
    """Refuse whole numbers of more than 64 bits.

    Raises
    ------
    ScenarioError
        Naming the key.
    """
    # Beyond 64 bits TOML promises nothing, and compiled code wraps around.
    for key, _, value in _leaves(tree):
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise ScenarioError(f"{key}: is a whole number of {value.bit_length()} bits: it may have 64")


def shortened(text: str) -> str:
    """A text cut to a readable length."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


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


def _override(tree: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = _parts(key)
    place = tree
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise ScenarioError(f"--set {key}: {parent!r} is a value, not a table, so it has no key {last!r}")
    if last in TAGS and place.get(last) != value:
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
