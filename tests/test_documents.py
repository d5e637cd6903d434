"""What README and site show works: their Python is executed and their commands are run, page by page, in order."""

import importlib
import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents import PAGES, README, ROOT, Block, arguments, blocks, name, outside_of_blocks
from scenario_files import omnisim_command

import omnisim

SAMPLES = ROOT / "docs" / "samples.md"
"""The page that makes the files which others name."""

BLOCKS = {page: blocks(page.read_text(encoding="utf-8")) for page in PAGES}

READMES_OWN = ("main job", "tests")
"""Marks of what .ci/run reads from the README and runs."""


def runs_here(block: Block, long: bool) -> bool:
    if block.mark in ("elsewhere", *READMES_OWN) or (block.mark == "long" and not long):
        return False
    return block.language == "python" or block.mark == "file" or bool(block.commands)


def is_long(page: Path) -> bool:
    return any(block.mark == "long" for block in BLOCKS[page])


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the page of samples makes."""
    folder = tmp_path_factory.mktemp("samples")
    (code,) = (block.python for block in BLOCKS[SAMPLES] if block.language == "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return folder


def run_page(page: Path, folder: Path, *, long: bool) -> None:
    namespace: dict[str, object] = {"__name__": "page"}
    for block in BLOCKS[page]:
        if not runs_here(block, long):
            continue
        where = f"{name(page)}, line {block.line}"
        if block.mark == "file":
            (folder / block.value).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.value).write_text(block.text + "\n", encoding="utf-8")
            importlib.invalidate_caches()
        elif block.language == "python":
            exec(compile(block.python, str(page), "exec"), namespace)  # noqa: S102 (our own pages)
        else:
            for command in block.commands:
                program, *words = arguments(command)
                if program == "omnisim" and "--plugin" not in words:
                    answer = omnisim_command(*words)
                    assert answer.code == 0, f"{where}: {command}: {answer.err}"
                else:
                    # A plug-in would stay registered in this process.
                    module = ["-m", "omnisim"] if program == "omnisim" else []
                    line = [sys.executable, *module, *words]
                    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603
                    assert done.returncode == 0, f"{where}: {command}: {done.stderr}"


def pages(*, long: bool) -> list[Path]:
    found = [page for page in PAGES if page != SAMPLES and any(runs_here(block, long) for block in BLOCKS[page])]
    return [page for page in found if is_long(page)] if long else found


@pytest.mark.parametrize("page", pages(long=False), ids=name)
@pytest.mark.whole
def test_a_page_works(page: Path, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path, samples, monkeypatch)
    run_page(page, tmp_path, long=False)


@pytest.mark.long
@pytest.mark.parametrize("page", pages(long=True), ids=name)
def test_a_page_works_with_what_takes_long(
    page: Path, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, samples, monkeypatch)
    run_page(page, tmp_path, long=True)


def prepare(folder: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder with the sample files becomes the current one, from which modules are imported as well."""
    monkeypatch.syspath_prepend(str(folder))
    for block in itertools.chain(*BLOCKS.values()):
        monkeypatch.delitem(sys.modules, block.value.removesuffix(".py"), raising=False)
    for file in samples.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(folder)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_of_a_page_is_run(page: Path) -> None:
    """Commands stand in blocks for a shell, and are ours, or are run where the mark says."""
    for block in BLOCKS[page]:
        if block.mark in READMES_OWN:
            assert page == README
        elif block.mark == "elsewhere":
            assert (ROOT / block.value).is_file(), f"{name(page)}, line {block.line}: there is no {block.value}"
        else:
            for command in block.commands:
                program = arguments(command)[0]
                assert program in ("omnisim", "python"), f"{name(page)}, line {block.line}: {command}"
    for number, line in outside_of_blocks(page.read_text(encoding="utf-8")):
        assert not line.startswith("    omnisim "), f"{name(page)}, line {number}: not in a block for a shell"


def test_there_is_python_and_there_are_commands_in_the_readme() -> None:
    assert any(runs_here(block, long=True) and block.commands for block in BLOCKS[README])
    assert [block.mark for block in BLOCKS[README] if block.mark in READMES_OWN] == list(READMES_OWN)


def test_the_readme_is_short_and_what_it_links_to_is_there() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_citation_is_of_this_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", text, re.MULTILINE) == [omnisim.__version__]


def test_blocks_are_found() -> None:
    text = """\
<!-- tests -->
```bash
python3 -m venv .venv && .venv/bin/omnisim run x
```
```python
a = 1
```
<!-- long -->
```bash
omnisim run x \\
  --seed 3   # why
# omnisim list
$ omnisim list scenarios
```
```toml
omnisim run y
```
<!-- file: b.py -->

```python
b = a
```
"""
    set_up, one, long, table, file = blocks(text)
    assert (set_up.mark, len(set_up.commands)) == ("tests", 1)
    assert (one.python.strip(), one.mark) == ("a = 1", "")
    assert one.python.splitlines()[5] == "a = 1"
    assert long.mark == "long"
    assert [arguments(command) for command in long.commands] == [
        ["omnisim", "run", "x", "--seed", "3"],
        ["omnisim", "list", "scenarios"],
    ]
    assert table.commands == []
    assert (file.mark, file.value, file.text) == ("file", "b.py", "b = a")
    assert [runs_here(block, long=False) for block in (set_up, one, long, table, file)] == [
        *(False, True, False, False, True)
    ]


def test_a_page_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(BLOCKS, README, blocks("```bash\nomnisim list nothing\n```"))
    with pytest.raises(AssertionError, match=r"README\.md, line 1: omnisim list nothing: omnisim: there is no kind"):
        run_page(README, tmp_path, long=False)


def test_the_numbers_beside_the_classifier_are_those_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = (block for block in BLOCKS[README] if "Postprocessor" in block.text)
    told = re.search(r"# on new patients: ([\d.]+) and ([\d.]+)", block.text)
    assert told is not None
    exec(compile(block.python, str(README), "exec"), {})  # noqa: S102 (our own page)
    printed = [float(line) for line in capsys.readouterr().out.split()]
    assert printed == pytest.approx([float(each) for each in told.groups()], abs=0.0006)
