"""The oldest versions that pyproject.toml declares, as constraints for an installer.

.. code-block:: sh

    python tests/minima.py smoke > minima.txt
    python -m pip install -e ".[smoke]" -c minima.txt
    python -m pytest $(python tests/minima.py --tests)
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"

SMOKE = (
    "tests/test_cli.py",
    "tests/test_validate.py",
    "tests/test_run_directory.py",
    "tests/scenario/test_load.py",
    "tests/simulation/test_golden.py",
    "tests/comparison/test_comparison.py",
    "tests/batch/test_classifiers.py",
    "tests/market/test_files.py",
)
"""Tests that touch every library of the package."""

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)>=([0-9]+(?:\.[0-9]+)*)")


def minima(extras: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Names of libraries, and the oldest version that is declared for each: of the package, and of some extras.

    Raises
    ------
    ValueError
        If a requirement names no oldest version.
    """
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    for requirement in (
        *project["dependencies"],
        *(line for extra in extras for line in project["optional-dependencies"][extra]),
    ):
        found = _REQUIREMENT.fullmatch(requirement)
        if found is None:
            raise ValueError(f"{requirement!r} names no oldest version, as in 'numpy>=1.26.4'")
        yield found[1], found[2]


def main() -> None:
    """Print a line per library of the package and of the extras that are named; with ``--tests``, the smoke set."""
    if sys.argv[1:] == ["--tests"]:
        print(" ".join(SMOKE))
        return
    for name, version in minima(sys.argv[1:]):
        print(f"{name}=={version}")


if __name__ == "__main__":
    main()
