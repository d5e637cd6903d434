"""Real data that users give by path and that do not come with the project."""

import os
from pathlib import Path

import pytest


def data_file(*parts: str) -> Path:
    """The path of a file of the data folder; skips the test where it is not there."""
    declared = os.environ.get("OMNISIM_DATA")
    root = Path(declared) if declared else Path(__file__).parents[1].parent / "shared" / "data"
    path = root.joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"{'/'.join(parts)} is not in the data folder {root} (set OMNISIM_DATA)")
    return path
