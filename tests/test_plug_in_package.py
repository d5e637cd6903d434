"""The package of docs/how-to/plug-in.md: its files, its entry point, its own test, and installed by pip."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from documents import ROOT, blocks
from scenario_files import omnisim_commands_elsewhere

pytestmark = pytest.mark.whole

PAGE = blocks((ROOT / "docs" / "how-to" / "plug-in.md").read_text(encoding="utf-8"))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for block in PAGE:
        if block.mark == "file":
            path = tmp_path / block.value
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text + "\n", encoding="utf-8")
    return tmp_path / "my_forecasts"


def commands() -> list[list[str]]:
    """Those of the page that are ours, the run on few days."""
    (shell,) = (block for block in PAGE if block.mark == "elsewhere")
    install, *ours = shell.commands
    assert install == "pip install ./my_forecasts"
    return [[*command.split()[1:], *(["--rounds", "12"] if " run " in command else [])] for command in ours]


def check(folder: Path, site: Path) -> None:
    listed, ran = omnisim_commands_elsewhere(commands(), folder, {"PYTHONPATH": str(site)})
    assert listed.code == 0, listed.err
    assert "days = 7\n    How many, >= 1.\n" in listed.out
    assert ran.code == 0, ran.err
    assert "MedianOfDays" in ran.out


def test_its_entry_point_is_found(package: Path) -> None:
    points = tomllib.loads((package / "pyproject.toml").read_text())["project"]["entry-points"]
    info = package / "my_forecasts-0.1.dist-info"
    info.mkdir()
    lines = [f"[{group}]\n" + "\n".join(f"{k} = {v}" for k, v in table.items()) for group, table in points.items()]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-forecasts\nVersion: 0.1\n")
    check(package.parent, package)


def test_its_own_test_passes(package: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_contract.py"],
        cwd=package, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_pip_installs_it(package: Path) -> None:
    site = package.parent / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, package]
    done = subprocess.run(install, capture_output=True, text=True, check=False)  # noqa: S603 (this interpreter)
    assert done.returncode == 0, done.stderr
    check(package.parent, site)
