"""The pages of the manual (README and site) as a reader would use them: their blocks of code, in order.

A page is one script: its Python shares a namespace, its commands a folder. A comment above a block says more of it:

- ``<!-- file: NAME -->``: the block is the text of that file;
- ``<!-- long -->``: only the long suite runs it;
- ``<!-- elsewhere: PATH -->``: it cannot be run in a page, and that test or script does it.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

README = ROOT / "README.md"

PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
"""All pages with code for readers; those of CONTRIBUTING are for developers."""

SHELLS = ("bash", "sh", "console", "shell")

MARKS = ("file", "long", "elsewhere", "main job", "tests")

_MARK = re.compile(r"\s*<!-- (" + "|".join(MARKS) + r")(?:: (.+?))? -->\s*$")


@dataclass(frozen=True)
class Block:
    """A block of code, the line of the page on which it begins, and what the comment above it says."""

    language: str
    text: str
    line: int
    mark: str = ""
    value: str = ""

    @property
    def commands(self) -> list[str]:
        """The commands of a block for a shell, without prompts and comments."""
        if self.language not in SHELLS:
            return []
        lines = (line.strip().removeprefix("$ ") for line in self.text.replace("\\\n", " ").splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    @property
    def python(self) -> str:
        """The text with empty lines in front, so that numbers in tracebacks are those of the page."""
        return "\n" * self.line + self.text


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a Markdown text.

    A block begins with three or more backticks and a language, and ends with as many backticks.
    """
    found, mark, value = [], "", ""
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        if marked := _MARK.match(line):
            mark, value = marked[1], marked[2] or ""
            continue
        if fence := re.match(r"\s*(```+)\s*([\w{}-]*)", line):
            inner = []
            for _, each in lines:
                if each.strip() == fence[1]:
                    break
                inner.append(each)
            found.append(Block(fence[2], "\n".join(inner), number, mark, value))
        if line.strip():
            mark, value = "", ""
    return found


def outside_of_blocks(text: str) -> list[tuple[int, str]]:
    """Number and text of the lines that are in no block."""
    kept, fence = [], ""
    for number, line in enumerate(text.splitlines(), start=1):
        found = re.match(r"\s*(```+)", line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif found:
            fence = found[1]
        else:
            kept.append((number, line))
    return kept


def arguments(command: str) -> list[str]:
    """The words of a command, without a comment behind it."""
    return shlex.split(command, comments=True)


def name(page: Path) -> str:
    """A page as the tests call it."""
    return page.relative_to(ROOT).as_posix()
