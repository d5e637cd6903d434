"""``omnisim tomorrow`` killed between any two steps: the same command, given again, leaves what it would have left."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from commands import POSIX, done, finish, start
from growing_run import begin, tomorrow, write
from scenario_files import omnisim_command

pytestmark = [pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]

FIRST = 24

COUNTING = """
import os, signal, sys
left = [{operations}]
def count(event, arguments):
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "sqlite3.connect"):
        if {folder!r} in str(arguments[0]):
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
"""
"""Python that ends the process just before that many more operations on files of a folder."""


class KilledError(BaseException):
    """Raised in the place of a signal."""


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that was asked for one next day, and prices of two further days."""
    folder = tmp_path_factory.mktemp("begun")
    begin(folder, FIRST)
    tomorrow(folder)
    write(folder, FIRST + 2)
    return folder


@pytest.fixture(scope="module")
def undisturbed(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(begun / "run", folder / "run")
    shutil.copy(begun / "prices.csv", folder)
    tomorrow(folder)
    return left(folder / "run")


def left(run_dir: Path) -> dict[str, Any]:
    """Bytes of the files a command has left, rows of the store, and of the manifest all but the time it took."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in run_dir.rglob("*") if path.is_file()):
        name = str(path.relative_to(run_dir))
        if name == "manifest.json":
            found[name] = {k: v for k, v in json.loads(path.read_bytes()).items() if k != "wall_seconds"}
        elif name == "documents.sqlite":
            connection = sqlite3.connect(path)
            found[name] = connection.execute("SELECT * FROM documents ORDER BY day, kind").fetchall()
            connection.close()
        elif name == "scenario.toml":  # it names the file of prices
            found[name] = [line for line in path.read_text(encoding="utf-8").splitlines() if "path" not in line]
        elif name not in ("report.html", "state.npz"):  # which names the commands and times, and has noise in it
            found[name] = path.read_bytes()
        else:
            found[name] = None
    return found


STEPS = [
    "omnisim.simulation.standing.snapshot.write",
    "omnisim.run_directory.write_run",
    "omnisim.run_directory._write_text",
    "omnisim.run_directory.write_page",
    "omnisim.tomorrow.store.put",
    "omnisim.tomorrow.command._write_files",
    "omnisim.tomorrow.command.atomic_write",
]


@pytest.mark.one_in(12)
@pytest.mark.parametrize("step", STEPS)
def test_before_a_step(begun: Path, undisturbed: dict[str, Any], tmp_path: Path, step: str) -> None:
    shutil.copytree(begun / "run", tmp_path / "run")
    shutil.copy(begun / "prices.csv", tmp_path)
    arguments = ["tomorrow", tmp_path / "run", "--prices", tmp_path / "prices.csv"]
    with mock.patch(step, side_effect=KilledError), pytest.raises(KilledError):
        omnisim_command(*arguments)
    tomorrow(tmp_path)
    assert left(tmp_path / "run") == undisturbed


@pytest.mark.long
@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
def test_before_any_operation_on_a_file(begun: Path, undisturbed: dict[str, Any], tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    shutil.copy(begun / "prices.csv", prices)
    killed = 0
    for operations in range(1, 1000):
        run_dir = tmp_path / "run"
        shutil.rmtree(run_dir, ignore_errors=True)
        shutil.copytree(begun / "run", run_dir)
        arguments = ["tomorrow", run_dir, "--prices", prices]
        ended, _, complaint = finish(
            start(*arguments, before=COUNTING.format(operations=operations, folder=str(run_dir)))
        )
        if ended == 0:
            break
        assert ended == -9, complaint
        killed += 1
        code, _, complaint = done(*arguments)
        assert (code, complaint) == (0, ""), operations
        assert left(run_dir) == undisturbed, operations
    assert killed >= 20
