"""The store of documents: a SQLite file in the folder of a run, with the documents of every day that was asked for.

Whoever reads may have to undo what a killed writer left, so nobody opens the file as one that cannot be written.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from omnisim.errors import OutputError, TraceError
from omnisim.run_directory import DOCUMENTS
from omnisim.tomorrow.documents import Document

_VERSION = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS documents (
    day TEXT NOT NULL, kind TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (day, kind)
) STRICT
"""


def put(folder: Path, documents: Iterable[Document]) -> bool:
    """Put documents in place of those of the same day and kind, all or none; whether that changed anything.

    Raises
    ------
    OutputError
        If the store cannot be written.
    """
    path = folder / DOCUMENTS
    wanted = [(each.day, each.kind, each.text) for each in documents]
    if path.exists() and all(get(folder, kind, day) == text for day, kind, text in wanted):
        return False
    try:
        with _opened(path, create=True) as connection, connection:
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", wanted)
    except sqlite3.Error as cause:
        raise OutputError(f"{path}: cannot be written: {cause}") from cause
    return True


def get(folder: Path, kind: str, day: str | None = None) -> str | None:
    """The document of a kind about a delivery day, by default the last one, as JSON; None if there is none.

    Raises
    ------
    TraceError
        If the store is damaged.
    """
    query = "SELECT content FROM documents WHERE kind = ? AND (? IS NULL OR day = ?) ORDER BY day DESC LIMIT 1"
    found = _ask(folder, query, (kind, day, day))
    return found[0][0] if found else None


def days(folder: Path) -> list[str]:
    """The delivery days there are documents about, oldest first.

    Raises
    ------
    TraceError
        If the store is damaged.
    """
    return [day for (day,) in _ask(folder, "SELECT DISTINCT day FROM documents ORDER BY day", ())]


def _ask(folder: Path, query: str, values: tuple[str | None, ...]) -> list[tuple[str, ...]]:
    path = folder / DOCUMENTS
    if not path.exists():
        return []
    try:
        with _opened(path) as connection:
            if connection.execute("PRAGMA user_version").fetchone() != (_VERSION,):
                # Made, and killed before the first document was there; or another program's.
                empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
                if empty:
                    return []
                raise TraceError(f"{path}: is not a store of documents of this version of omnisim: remove it")
            return connection.execute(query, values).fetchall()
    except sqlite3.Error as cause:
        raise TraceError(f"{path}: cannot be read: {cause}; remove it, and ask for tomorrow again") from cause


@contextmanager
def _opened(path: Path, *, create: bool = False) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}", uri=True)
    try:
        if not create:
            connection.execute("PRAGMA query_only = ON")
        yield connection
    finally:
        connection.close()
