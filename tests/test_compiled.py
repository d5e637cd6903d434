"""Compiled functions work where nothing can be kept, and it is said once."""

import subprocess
import sys
from pathlib import Path

import pytest
from commands import done
from scenario_files import write_scenario

import omnisim

NOWHERE = """
import tempfile
def refuse(*_, **__):
    raise PermissionError(13, "Permission denied")
tempfile.TemporaryFile = refuse  # by which numba finds out whether it can write to a folder
"""


@pytest.mark.parametrize("command", ["validate", pytest.param("run", marks=pytest.mark.long)])
@pytest.mark.whole
def test_a_command_works_without_a_cache_and_says_so_once(tmp_path: Path, command: str) -> None:
    out = ["--out", tmp_path / "out"] if command == "run" else []
    code, said, complaint = done(command, write_scenario(tmp_path), *out, before=NOWHERE)
    assert code == 0, complaint
    assert said
    assert complaint.startswith("omnisim: compiled code cannot be kept, so every start takes some seconds longer: ")
    assert "NUMBA_CACHE_DIR" in complaint
    assert complaint.count("\n") == 1


FUNCTION = """
from omnisim.compiled import compiled

@compiled()
def triple(x):
    return 3 * x

print(triple(14))
"""


@pytest.mark.parametrize("damage", ["cut", pytest.param("garbled", marks=pytest.mark.long), "gone"])
@pytest.mark.whole
def test_a_damaged_cache_costs_time_and_nothing_else(tmp_path: Path, damage: str) -> None:
    module, cache = tmp_path / "tripling.py", tmp_path / "cache"
    module.write_text(FUNCTION, encoding="utf-8")

    def run() -> tuple[str, str]:
        ran = subprocess.run(  # noqa: S603 (this interpreter)
            [sys.executable, str(module)], env=environment(cache), capture_output=True, text=True, check=True
        )
        return ran.stdout, ran.stderr

    assert run() == ("42\n", "")
    kept = [path for path in cache.rglob("*.nb*") if "tripling" in path.name]
    assert {path.suffix for path in kept} == {".nbi", ".nbc"}
    for path in kept:
        if damage == "gone":
            path.unlink()
            path.mkdir()  # can be neither read nor replaced, not even by a superuser
        else:
            whole = path.read_bytes()
            path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"\x80\x05" + b"\xff" * len(whole))
    out, err = run()
    assert out == "42\n"
    assert err.startswith("omnisim: compiled code cannot be kept")
    assert err.count("\n") == 1


def environment(cache: Path) -> dict[str, str]:
    import os

    return {**os.environ, "NUMBA_CACHE_DIR": str(cache)}


def test_one_place_compiles() -> None:
    root = Path(omnisim.__file__).parent
    compiling = {path.name for path in root.rglob("*.py") if "njit(" in path.read_text(encoding="utf-8")}
    assert compiling == {"compiled.py"}, "use omnisim.compiled.compiled"
