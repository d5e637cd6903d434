"""Notation of strategies on one line: ``persistence(lag=7)``.

.. code-block:: text

    choice  = name | name "(" key "=" value "," ... ")" | TOML table
    value   = TOML value | "[" value "," ... "]" | choice

A bare name as a value is a string, or, for a parameter that holds strategies, the strategy of that name:
``decision_calibrated(bases=[ridge_autoregression, persistence(lag=7)])``. Nothing is ever evaluated.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from omnisim.errors import ScenarioError
from omnisim.scenario.registry import find
from omnisim.scenario.table_models import parameters, tables_of

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")
_SCALAR = re.compile(r"[^\s,()\[\]{}=]+")
_SPACE = re.compile(r"\s*")
_OPEN, _CLOSE = "([{", ")]}"


def split_list(text: str) -> list[str]:
    """Split at the commas that are outside brackets and quotes.

    >>> split_list("climatology, selection(bases=[climatology, persistence])")
    ['climatology', 'selection(bases=[climatology, persistence])']
    """
    parts, depth, begin, at = [], 0, 0, 0
    while at < len(text):
        quoted = _STRING.match(text, at)
        if quoted:
            at = quoted.end()
            continue
        depth += (text[at] in _OPEN) - (text[at] in _CLOSE)
        if text[at] == "," and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
        at += 1
    return [part.strip() for part in (*parts, text[begin:])]


def read_choice(text: str, kinds: Sequence[str]) -> str | dict[str, Any]:
    """Read one choice: a bare name stays one, everything else becomes a table with its ``kind``.

    Raises
    ------
    ScenarioError
        If the text is not a choice.

    Examples
    --------
    >>> read_choice("climatology", ["forecasters"])
    'climatology'
    >>> read_choice("selection(bases=[climatology, persistence(lag=7)])", ["forecasters"])
    {'kind': 'selection', 'bases': [{'kind': 'climatology'}, {'kind': 'persistence', 'lag': 7}]}
    """
    reader = _Reader(text)
    value = reader.value()
    reader.end()
    if isinstance(value, str) and not _NAME.fullmatch(text.strip()):
        raise reader.error("must be a name, without quotes")
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise reader.error("must be a name, with its parameters in parentheses if it has any")
    return with_tables(value, kinds)


def with_tables(table: Mapping[str, Any], kinds: Sequence[str]) -> dict[str, Any]:
    """The table with names of strategies made tables, where a parameter holds strategies."""
    found = dict(table)
    for kind in kinds:
        try:
            target = find(kind, str(table.get("kind")))
        except ScenarioError:
            continue  # whoever builds the strategy says what is wrong with its name
        for parameter in parameters(target):
            inner, given = tables_of(parameter), found.get(parameter.name)
            if inner is not None and isinstance(given, list):
                found[parameter.name] = [
                    with_tables({"kind": each} if isinstance(each, str) else each, [inner])
                    if isinstance(each, str | Mapping)
                    else each
                    for each in given
                ]
    return found


def show_choice(table: Mapping[str, Any]) -> str:
    """A table as one line that :func:`read_choice` reads.

    >>> show_choice({"kind": "selection", "bases": [{"kind": "climatology"}, {"kind": "persistence", "lag": 7}]})
    'selection(bases=[climatology, persistence(lag=7)])'
    """
    inner = ", ".join(f"{key}={_show(value)}" for key, value in table.items() if key != "kind")
    return f"{table['kind']}({inner})" if inner else str(table["kind"])


def show_value(value: Any) -> str:
    """A value as TOML on one line; strings that are plain names lose their quotes.

    >>> show_value([1, 2.5]), show_value("hb_west"), show_value(True)
    ('[1, 2.5]', 'hb_west', 'true')
    """
    return value if isinstance(value, str) and _NAME.fullmatch(value) else _show(value)


def _show(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str() | Path():
            return json.dumps(str(value), ensure_ascii=False)
        case Mapping() if "kind" in value:
            return show_choice(value)
        case Mapping():
            return "{" + ", ".join(f"{key} = {_show(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return f"[{', '.join(map(_show, value))}]"
        case date() | datetime() | time():
            return value.isoformat()
        case _:
            return repr(value)


class _Reader:
    """Reads a text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def error(self, wrong: str) -> ScenarioError:
        return ScenarioError(f"{self._text!r} {wrong}: such as persistence, or 'persistence(lag=7)'")

    def end(self) -> None:
        self._skip()
        if self._at < len(self._text):
            raise self.error(f"goes on with {self._text[self._at :]!r} where it should end")

    def value(self) -> Any:
        if self._taken("["):
            return self._until("]", self.value)
        if self._taken("{"):
            return dict(self._until("}", self._pair))
        quoted = self._match(_STRING)
        if quoted is not None:
            return self._scalar(quoted)
        word = self._match(_SCALAR)
        if word is None:
            raise self.error("lacks a value" if self._at else "is not a choice")
        if _NAME.fullmatch(word) and word not in ("true", "false", "inf", "nan"):
            return {"kind": word, **dict(self._until(")", self._pair))} if self._taken("(") else word
        return self._scalar(word)

    def _pair(self) -> tuple[str, Any]:
        key = self._match(_NAME)
        if key is None or not self._taken("="):
            raise self.error("lacks the name of a parameter and '='")
        return key, self.value()

    def _until(self, close: str, part: Any) -> list[Any]:
        found: list[Any] = []
        while not self._taken(close):
            if found and not self._taken(","):
                raise self.error(f"lacks {close!r}")
            if found and self._taken(close):
                return found
            found.append(part())
        return found

    def _scalar(self, text: str) -> Any:
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError as cause:
            raise self.error(f"has the value {text}, which is none of TOML") from cause

    def _taken(self, mark: str) -> bool:
        self._skip()
        taken = self._text.startswith(mark, self._at)
        self._at += len(mark) if taken else 0
        return taken

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        self._skip()
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found.group()

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = self._at if space is None else space.end()
