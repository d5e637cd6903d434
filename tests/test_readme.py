"""What the README shows works: its Python is executed, its commands are run.

Python blocks of one section share a namespace, as a reader would type them one after the other. The one-liners
that set up a virtual environment are left to whoever sets one up.
"""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from scenario_files import omnisim_command

README = Path(__file__).parents[1] / "README.md"


@dataclass
class Section:
    """The code blocks below one heading."""

    title: str
    python: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


def sections(text: str) -> list[Section]:
    """The sections of a Markdown text that hold code of ours.

    A block begins with three or more backticks and a language, and ends with as many backticks.
    """
    found = [Section("top")]
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        if heading := re.match(r"#{1,6} (.+)", line):
            found.append(Section(heading[1].strip()))
        fence = re.match(r"\s*(```+)\s*([\w-]*)", line)
        if not fence:
            continue
        block = []
        for _, inner in lines:
            if inner.strip() == fence[1]:
                break
            block.append(inner)
        if fence[2] == "python":
            # Empty lines in front make the numbers in tracebacks those of the README.
            found[-1].python.append("\n" * number + "\n".join(block))
        elif fence[2] in ("bash", "sh", "console", "shell"):
            joined = "\n".join(block).replace("\\\n", " ")
            stripped = (command.strip().removeprefix("$ ") for command in joined.splitlines())
            found[-1].commands += [c for c in stripped if c.startswith("omnisim ") and "venv" not in c]
    return [section for section in found if section.python or section.commands]


SECTIONS = sections(README.read_text(encoding="utf-8"))


def test_there_is_python_and_there_are_commands() -> None:
    assert any(section.python for section in SECTIONS), "README.md shows no Python"
    assert any(section.commands for section in SECTIONS), "README.md shows no omnisim command"


@pytest.mark.parametrize("section", [s for s in SECTIONS if s.python], ids=lambda section: section.title)
def test_the_python_of_a_section(section: Section, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "readme"}
    for block in section.python:
        exec(compile(block, str(README), "exec"), namespace)  # noqa: S102 (our own README)


@pytest.mark.parametrize("section", [s for s in SECTIONS if s.commands], ids=lambda section: section.title)
def test_the_commands_of_a_section(section: Section, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in section.commands:
        answer = omnisim_command(*shlex.split(command, comments=True)[1:])
        assert answer.code == 0, f"{command}: {answer.err}"


def test_blocks_are_found_and_set_up_is_left_out() -> None:
    text = """\
```bash
python3 -m venv .venv && .venv/bin/omnisim run x
```
## One
```python
a = 1
```
```bash
omnisim run x \\
  --seed 3   # why
# omnisim list
$ omnisim list scenarios
```
```toml
omnisim run y
```
## Two
```python
b = a
```
"""
    one, two = sections(text)
    assert [block.strip() for block in one.python + two.python] == ["a = 1", "b = a"]
    assert [shlex.split(command, comments=True)[1:] for command in one.commands] == [
        ["run", "x", "--seed", "3"],
        ["list", "scenarios"],
    ]
