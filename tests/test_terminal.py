"""Names that a terminal would obey are shown in every line of every command."""

import unicodedata
from pathlib import Path

import pytest
from scenario_files import TOY, omnisim_command, write_scenario

from omnisim.terminal import visible

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp\u2028x\x9b31m\r"
"""Sets the title, clears the screen, turns the direction of writing, ends a line, and returns to its beginning."""

AS_TOML = "".join(f"\\u{ord(c):04x}" for c in HOSTILE)

SHOWN = r"\x1b]0;owned\x07\x1b[2J\u202egnp\u2028x\x9b31m\r"


def harmless(text: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c == "\u202e" for c in text.replace("\n", ""))


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A scenario in which everything that has a name has a hostile one."""
    text = TOY.replace('name = "toy"', f'name = "{AS_TOML}"\ndescription = "{AS_TOML}"')
    text = text.replace("[populations.buyers]", f'[populations."{AS_TOML}"]')
    return write_scenario(tmp_path, text + f'\n[subsequences]\n"{AS_TOML}" = true\n')


@pytest.mark.whole
def test_every_command(hostile: Path) -> None:
    out = hostile.parent / "out"
    for arguments in (
        ["validate", hostile],
        ["run", hostile, "--out", out],
        ["report", out],
        ["compare", hostile, "--forecasters", "persistence,climatology", "--seeds", 2, "--jobs", 1, "--out", out / "c"],
        ["report", out / "c"],
    ):
        answer = omnisim_command(*arguments)
        assert answer.code == 0, answer
        assert harmless(answer.out + answer.err), arguments
        if arguments[0] != "report":
            assert SHOWN in answer.out


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "override",
    [
        f'forecaster.kind="{AS_TOML}"',
        f'"{AS_TOML}"=1',
        f'market.path="{AS_TOML}"',
        f'market.price="{AS_TOML}"',
        f'forecaster={{kind="published", model="{AS_TOML}"}}',
        f'subsequences.x={{feature="{AS_TOML}", operator=">", value=1}}',
        f'network={{channels=[{{sender="{AS_TOML}"}}]}}',
    ],
)
def test_every_refusal(hostile: Path, override: str) -> None:
    for command in (["validate", hostile], ["run", hostile, "--out", hostile.parent / "out"]):
        answer = omnisim_command(*command, "--set", override)
        assert (answer.code, answer.out) == (1, "")
        assert answer.err.count("\n") == 1
        assert harmless(answer.err)


COMPARED = ["--forecasters", "persistence,climatology", "--seeds", 2, "--jobs", 1]


@pytest.mark.long
@pytest.mark.parametrize("command", [["run", []], ["compare", COMPARED]], ids=lambda command: command[0])
def test_warnings_of_the_command_line(hostile: Path, command: tuple[str, list[object]]) -> None:
    hostile.write_text(hostile.read_text(encoding="utf-8").replace("high = 100.0", "high = 61.0"), encoding="utf-8")
    answer = omnisim_command(command[0], hostile, *command[1], "--out", hostile.parent / "out")
    assert answer.code == 0
    assert "omnisim: warning: " in answer.err
    assert harmless(answer.out + answer.err)


def test_what_is_not_obeyed_stays() -> None:
    for text in ("é 中 😀 a-b_c", "tab", "Märkte"):
        assert visible(text) == text
    assert visible(HOSTILE) == SHOWN
