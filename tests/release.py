"""What has to work before a release: wheel and sdist are built, installed into empty environments, and run there.

Run it from the checkout, some minutes; ``pip install build`` comes first::

    python tests/release.py [--pythons python3.11 python3.13 ...]

Each distribution is installed for each Python that is found, by name or by path; the main job runs from an empty folder
and must leave its page, and a scenario, customers and prices that are shipped as files must be there. Fewer than three
versions of Python are not enough.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]

COMMANDS = (
    ("run", "ercot_day_ahead", "--out", "houston"),
    ("run", "customers", "--rounds", "20", "--out", "customers"),
    ("list", "scenarios"),
)
"""The main job of the README, and what needs files that are shipped."""

LEAST = 3
"""Versions of Python on which a release is tried."""

PAGES = ("houston/report.html", "customers/report.html")


def main(arguments: Sequence[str] | None = None) -> None:
    """Build, install and run; ends with an error if anything fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = ["python3.11", "python3.12", "python3.13", "python3.14"]
    parser.add_argument("--pythons", nargs="+", default=default, help="default: those of the README that are found")
    asked = parser.parse_args(arguments).pythons
    found = {python: _version(python) for python in asked if shutil.which(python)}
    told = ", ".join(f"{python} ({version})" for python, version in found.items())
    print(f"Pythons: {told}; not here: {', '.join(each for each in asked if each not in found) or 'none'}", flush=True)
    if len({version.rpartition(".")[0] for version in found.values()}) < LEAST:
        sys.exit(f"a release is tried on {LEAST} versions of Python or more: name others with --pythons")
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "dist"
        _call([sys.executable, "-m", "build", "--outdir", built, ROOT], Path(folder))
        for distribution in sorted(built.iterdir()):
            for python, version in found.items():
                _try(distribution, python, Path(folder) / f"{distribution.suffix[1:]}-{version}")
                print(f"{distribution.name}, {version}: works", flush=True)


def _version(python: str) -> str:
    program = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def _try(distribution: Path, python: str, folder: Path) -> None:
    work = folder / "work"
    work.mkdir(parents=True)
    _call([python, "-m", "venv", folder / "environment"], work)
    programs = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")
    _call([programs / "python", "-m", "pip", "install", "-q", distribution], work)
    for command in COMMANDS:
        _call([programs / "omnisim", *command], work)
    for page in PAGES:
        if not (work / page).is_file():
            sys.exit(f"{distribution.name}, {python}: there is no {page}")


def _call(command: Sequence[object], folder: Path) -> None:
    words = [str(word) for word in command]
    # Nothing of the checkout, or of the environment this runs in, may be found by what is tried.
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)  # noqa: S603, PLW1510
    if done.returncode:
        sys.exit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")


if __name__ == "__main__":
    main()
