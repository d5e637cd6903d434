"""The scenarios that come with omnisim, by name."""

import os
from pathlib import Path

from omnisim.errors import ScenarioError
from omnisim.suggest import nearest


def folder() -> Path:
    """Folder of the shipped scenarios: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def find(scenario: str) -> Path:
    """The path that a scenario argument means: a file, or the name of a shipped scenario.

    Raises
    ------
    ScenarioError
        If it is neither.
    """
    path = Path(scenario)
    # A folder of results may have the name of the scenario. (Path.exists raises on a name too long.)
    if path.suffix == ".toml" or (os.path.exists(path) and not os.path.isdir(path)):  # noqa: PTH110, PTH112
        return path
    shipped = folder() / f"{scenario}.toml"
    if scenario not in summaries():
        if os.path.isdir(path):  # noqa: PTH112
            return path  # which cannot be read, and that is what is wrong
        raise ScenarioError(
            f"{scenario}: is neither a .toml file nor a shipped scenario{nearest(scenario, summaries())}"
        )
    return shipped


def summaries() -> dict[str, str]:
    """Each shipped scenario's first line, which says what it shows."""
    return {
        path.stem: path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        for path in sorted(folder().glob("*.toml"))
    }
