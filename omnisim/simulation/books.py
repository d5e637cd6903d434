"""Books of a run: the part of its record that no later round changes, and its file while the run goes on.

What agents played and what it cost is nearly all there is to the record of many agents. A round is written once, so
checkpoints append the rounds since the last one to a file, and leave it out of the state.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.errors import OutputError, TraceError


class Books:
    """The books of a cohort: arrays with the round first, in which a round is complete when it is over.

    Parameters
    ----------
    rounds, rows, constraints
        T, R and J.
    actions
        Type of the numbers of actions.

    Attributes
    ----------
    actions : (T, R)
    fallback : (T, R)
    costs : (T, R, J)
    """

    def __init__(self, rounds: int, rows: int, constraints: int, actions: np.dtype[Any]) -> None:
        self.actions = np.empty((rounds, rows), dtype=actions)
        self.fallback = np.empty((rounds, rows), dtype=np.bool_)
        self.costs = np.empty((rounds, rows, constraints))

    def round(self, t: int) -> tuple[memoryview, ...]:
        """The bytes of a round, of each array."""
        return tuple(each[t].reshape(-1).view(np.uint8).data for each in (self.actions, self.fallback, self.costs))


class BooksFile:
    """File to which the rounds of all books of a run are appended.

    It is of use only with what :meth:`append` returned last, which says where it ends and that it is what was written:
    what a killed process appended after that is not looked at, and is replaced.

    Parameters
    ----------
    path
        Of the file.
    books
        Of the run, in their order.
    """

    def __init__(self, path: Path, books: Sequence[Books]) -> None:
        self._path, self._books = path, books
        self._rounds, self._digest, self._end = 0, b"", 0

    def append(self, rounds: int) -> str:
        """Write the rounds up to this number that are not written yet; digest of all of them.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        digest, end = self._digest, self._end
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("r+b") if self._rounds else self._path.open("wb") as file:
                file.seek(end)
                file.truncate()
                for t in range(self._rounds, rounds):
                    chain = hashlib.sha256(digest)
                    for part in self._parts(t):
                        chain.update(part)
                        file.write(part)
                        end += part.nbytes
                    digest = chain.digest()
        except OSError as cause:
            raise OutputError(f"{self._path}: cannot be written: {cause.strerror or cause}") from cause
        self._rounds, self._digest, self._end = rounds, digest, end
        return digest.hex()

    def read(self, rounds: int, digest: str) -> None:
        """Put the first rounds into the books, to go on from there.

        Parameters
        ----------
        rounds, digest
            Their number and what :meth:`append` returned for them.

        Raises
        ------
        TraceError
            If they are not in the file.
        """
        found, end = b"", 0
        try:
            with self._path.open("rb") as file:
                for t in range(rounds):
                    chain = hashlib.sha256(found)
                    for part in self._parts(t):
                        if file.readinto(part) < part.nbytes:
                            raise TraceError(f"{self._path.name} beside it ends in round {t} of {rounds}")
                        chain.update(part)
                        end += part.nbytes
                    found = chain.digest()
        except OSError as cause:
            raise TraceError(f"{self._path.name} beside it cannot be read: {cause.strerror or cause}") from cause
        if found.hex() != digest:
            raise TraceError(f"{self._path.name} beside it is not what was written")
        self._rounds, self._digest, self._end = rounds, found, end

    def _parts(self, t: int) -> Iterator[memoryview]:
        return (part for books in self._books for part in books.round(t))
