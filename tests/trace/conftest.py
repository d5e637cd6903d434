"""A record with every kind of array on disk, and copies of it to be tampered with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trace_files import everything, law_known, sealed


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a run with nearly every array, not to be written to."""
    path = tmp_path_factory.mktemp("recorded") / "trace.npz"
    everything().save(path)
    return path


@pytest.fixture(scope="session")
def recorded_with_law(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a run with the others."""
    path = tmp_path_factory.mktemp("recorded") / "trace.npz"
    law_known().save(path)
    return path


@pytest.fixture
def tampered(recorded: Path, tmp_path: Path) -> Callable[..., Path]:
    """Change arrays and header of a copy, and write it again as numpy does, with digests that fit or the old ones."""

    def write(change: Callable[[dict[str, np.ndarray], Any], Any], of: Path = recorded, *, seal: bool = True) -> Path:
        with np.load(of) as opened:
            arrays = dict(opened)
        header = json.loads(arrays.pop("header").tobytes())
        change(arrays, header)
        arrays["header"] = np.frombuffer(json.dumps(header, sort_keys=True).encode(), dtype=np.uint8)
        np.savez(tmp_path / "trace.npz", **(sealed(arrays) if seal else arrays))
        return tmp_path / "trace.npz"

    return write
