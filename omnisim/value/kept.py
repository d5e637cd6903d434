"""Earnings with each seed, kept until the page is there, so that an interrupted command goes on.

.. code-block:: text

    plays/seed-0.npz    key           which plays these are: scenario, contents of its files, players, versions; seed
                        populations   names of the populations, (P,)
                        agents        how many customers each has, (P,)
                        names         of all customers, one population after another, (N,)
                        weights       how many customers each stands for, (N,)
                        days          player x population x round, as in omnisim.value.ledger
                        sums          player x customer
                        hindsight     population x round
                        worst         player x population x round; empty where nobody minds

A file that is damaged, or of other plays, counts as none: its seed is played again.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.archives import Archive, digest
from omnisim.errors import OutputError
from omnisim.files import atomic_write
from omnisim.reproducibility import versions
from omnisim.scenario.scenario import Scenario
from omnisim.value.ledger import KEPT
from omnisim.value.risk import Risk

FOLDER = "plays"


def kept_in(folder: Path) -> int:
    """Number of seeds that are kept in the folder of results."""
    return len([*(folder / FOLDER).glob("seed-*.npz")])


class Kept:
    """The files of the seeds of one command.

    Parameters
    ----------
    folder
        Where they are.
    key
        Which plays they are of; see :func:`key_of`.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder / FOLDER, key

    def load(self, seed: int) -> dict[str, np.ndarray] | None:
        """The arrays of a seed, or None if there are none of these plays."""
        try:
            with self._path(seed).open("rb") as file:
                archive = Archive(file)
                arrays = {name: archive.read(name) for name in KEPT}
                if str(archive.read("key")) != self._sealed(seed, arrays):
                    return None
                return arrays
        except Exception:  # noqa: BLE001 (whatever is wrong with it, the seed can be played again)
            return None

    def save(self, seed: int, arrays: dict[str, np.ndarray]) -> None:
        """Keep the arrays of a seed.

        Raises
        ------
        OutputError
            If they cannot be written.
        """
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as cause:
            raise OutputError(f"{self._folder}: cannot be made: {cause.strerror or cause}") from cause
        content: dict[str, Any] = {"key": np.array(self._sealed(seed, arrays)), **arrays}
        with atomic_write(self._path(seed)) as file:
            np.savez_compressed(file, **content)

    def _sealed(self, seed: int, arrays: dict[str, np.ndarray]) -> str:
        """Name of these plays of a seed, with what they came to: a file that was changed is not that of any."""
        return f"{self._key} {seed} {digest(arrays)}"

    def _path(self, seed: int) -> Path:
        return self._folder / f"seed-{seed}.npz"


def key_of(scenario: Scenario, players: Sequence[str], risk: Risk | None) -> str:
    """Digest of all that a seed's numbers depend on: scenario, contents of its files, players, versions, plug-ins."""
    told = {
        "scenario": scenario.about["digest"],
        "players": list(players),
        "risk": None if risk is None else [risk.level, risk.weight],
        "versions": versions(),
        "plug-ins": {name: _source(name) for name in sorted(_modules(scenario)) if not name.startswith("omnisim.")},
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _modules(scenario: Scenario) -> set[str]:
    """Names of the modules in which the kinds of agents and their rules are defined."""
    parts = [getattr(population, "agents", population) for population in scenario.populations]
    rules = [scenario.elimination_of(population.name) for population in scenario.populations]
    return {type(each).__module__ for each in (*parts, *rules)}


def _source(module: str) -> str:
    """A digest of the file of a module; its name where it has none."""
    path = getattr(sys.modules.get(module), "__file__", None)
    try:
        return module if path is None else hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return module
