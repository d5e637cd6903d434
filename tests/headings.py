"""Headings of the tables on pages, and whether the glossary explains them.

A heading is explained if it is an entry of ``docs/glossary.md``, or is put together from entries, units and the small
words between them: "CCV+, 95th pct." from ``CCV+`` and ``percentile``.
"""

import ast
import html
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from documents import ROOT

_SMALL_WORDS = (
    "a all and as at before by how in is its least met more most of on or over per than that the to with within"
)

SMALL_WORDS = frozenset(_SMALL_WORDS.split(" "))
"""Words that join others and mean nothing of their own."""

UNITS = {"%", "s", "MB", "USD", "EUR", "MWh", "EUR/MWh", "USD/MWh", "events"}

_WORD = re.compile(r"[^\s,;()]+")


@lru_cache(maxsize=1)
def entries() -> frozenset[tuple[str, ...]]:
    """Words of the glossary, those of its code font and in quotes as well, split at spaces."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    found = set()
    for block in re.findall(r"```\{glossary\}\n(.*?)```", text, flags=re.DOTALL):
        found |= {line for line in block.splitlines() if line and not line.startswith(" ")}
    single = {part for entry in found for part in [entry, *entry.split(", ")]}
    return frozenset(tuple(_WORD.findall(entry.lower())) for entry in single)


def unexplained(heading: str) -> list[str]:
    """What of a heading the glossary does not explain."""
    words = _WORD.findall(heading.replace("\u00ad", "").replace("_", " ").replace("’s", ""))
    left, place = [], 0
    while place < len(words):
        for end in range(len(words), place, -1):
            if _known(tuple(word.lower() for word in words[place:end])):
                place = end
                break
        else:
            if not (words[place].lower() in SMALL_WORDS or words[place] in UNITS):
                left.append(words[place])
            place += 1
    return left


def _known(words: tuple[str, ...]) -> bool:
    *first, last = words
    singular = {last, last.removesuffix("s"), f"{last.removesuffix('ies')}y", last.removesuffix("es")}
    return any((*first, form) in entries() for form in singular)


def unexplained_on(page: Path) -> dict[str, list[str]]:
    """Headings of the tables of a page that the glossary does not explain, with the words that are missing."""
    found = headings(page)
    assert found, f"{page} has no table"
    return {each: missing for each in found if (missing := unexplained(each))}


def headings(page: Path) -> list[str]:
    """The headings of the tables of a page."""
    found = re.findall(r"<th\b[^>]*>(.*?)</th>", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", each)).split()) for each in found]


def written_headings() -> Iterator[str]:
    """What the code itself writes of headings: texts in calls of ``Column``."""
    for path in sorted((ROOT / "omnisim" / "report").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Column":
                yield from _texts(node.args)


def _texts(arguments: Iterable[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value
