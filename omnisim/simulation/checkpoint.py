"""Checkpoints: a long run leaves its state in a file, and goes on from there after it was killed.

Between two rounds every process waits for the next one and has nothing in hand: all there is to a run is what its
participants remember, what is on its way between them, and the round. A run that goes on builds everything anew from
the scenario, starts it, restores the state and begins with the next round; it ends in the same trace, byte for byte.

What was played and what it cost is in a file beside that of the state, to which rounds are appended: a state is as
large as what its participants remember, however long the run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from omnisim import snapshot
from omnisim.errors import ScenarioError, TraceError
from omnisim.files import atomic_write
from omnisim.refusing import is_whole, path_of
from omnisim.simulation.books import Books, BooksFile
from omnisim.simulation.identity import BUILT, identity, packages
from omnisim.simulation.preparing import Prepared
from omnisim.snapshot import Snapshots
from omnisim.trace.checking import check_recorded
from omnisim.wording import in_short

_PARTS = {"run", "round", "books", "state"}
"""Keys of what is in the file of a state."""


@dataclass(frozen=True)
class Checkpoint:
    """File in which a run leaves its state, and the number of rounds between two states.

    If there is a file of this run at ``path``, the run goes on from it. Each state replaces the one before. Beside it,
    with ``.rounds`` appended to its name, is a file of what was played in the rounds so far.

    Parameters
    ----------
    path
        Of the file.
    every
        Rounds between two states, >= 1.

    Raises
    ------
    ScenarioError
        If ``every`` is out of its range.
    """

    path: Path
    every: int = 100

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", path_of("path of Checkpoint", self.path, ScenarioError))
        if not is_whole(self.every) or self.every < 1:
            raise ScenarioError(f"the rounds between two checkpoints must be >= 1, got {in_short(self.every)}")

    @property
    def books(self) -> Path:
        """Path of the file beside that of the state."""
        return books_beside(self.path)


def books_beside(path: Path) -> Path:
    """Path of the file of rounds that belongs to the state in a file."""
    return path.with_name(f"{path.name}.rounds")


@runtime_checkable
class Recorder(Protocol):
    """A participant that keeps part of the record of the run."""

    @property
    def recorded(self) -> Mapping[str, np.ndarray]:
        """Arrays recorded so far, by the names of :mod:`omnisim.trace.description`."""
        ...

    @property
    def symbols(self) -> Mapping[str, int]:
        """Values of the symbols in their shapes."""
        ...


class Checkpointer:
    """Writes and reads the checkpoints of one run.

    Parameters
    ----------
    checkpoint
        Where and how often.
    run
        That has played nothing yet.
    """

    def __init__(self, checkpoint: Checkpoint, run: Prepared) -> None:
        self._checkpoint, self._rounds = checkpoint, run.problem.rounds
        self._parties, self._agents = list(run.parties.values()), run.agents
        self._books = BooksFile(checkpoint.books, run.agents.books)
        self._snapshots = Snapshots(run.parties, (*BUILT, Books), packages(run.scenario))
        self._run = identity(run.scenario, run.problem, run.seed)
        self._run["the number of shards"] = run.agents.shards

    def resume(self) -> int:
        """Put the state of the file, if there is one, in place; the round to go on with.

        Raises
        ------
        TraceError
            If the file is damaged, or of another run.
        """
        path = self._checkpoint.path
        try:
            with path.open("rb") as file:
                return self._put(snapshot.read(file))
        except FileNotFoundError:
            self._snapshots.take(copy=False)  # what cannot be stored is refused now, not after hours
            return 0
        except OSError as cause:
            raise TraceError(f"{path}: cannot be read: {cause.strerror or cause}") from cause
        except TraceError as cause:
            raise TraceError(f"{path}: {cause}") from cause

    def round_is_over(self, t: int) -> None:
        """Write the state after round t, if it is time.

        Raises
        ------
        OutputError
            If the file cannot be written.
        TraceError
            If a strategy holds what no state can.
        """
        if (t + 1) % self._checkpoint.every == 0 and t + 1 < self._rounds:
            self._agents.keep(t + 1)
            books = self._books.append(t + 1)
            tree, arrays = self._snapshots.take(copy=False)
            about = {"run": self._run, "round": t + 1, "books": books, "state": tree}
            with atomic_write(self._checkpoint.path) as file:
                snapshot.write(file, (about, arrays))

    def _put(self, stored: snapshot.Stored) -> int:
        tree, arrays = stored
        if not isinstance(tree, dict) or set(tree) != _PARTS or not isinstance(tree["run"], dict):
            raise TraceError("is not the state of a run")
        found = tree["run"]
        other = [name for name, value in self._run.items() if found.get(name) != value]
        if other:
            raise TraceError(
                f"is the state of another run, which differs in {', '.join(other)}: use another folder, or remove it"
            )
        t = tree["round"]
        if type(t) is not int or not 0 < t < self._rounds:
            raise TraceError(f"is the state after {t!r} rounds, the run has {self._rounds}")
        self._snapshots.put((tree["state"], arrays))
        self._books.read(t, tree["books"])
        self._agents.go_on(t)
        for party in self._parties:
            if isinstance(party, Recorder):
                check_recorded(party.recorded, party.symbols, t)
        return t
