"""An output folder belongs to one process at a time.

While a command writes to a folder it holds a lock there, ``.omnisim.lock``, and says in ``.omnisim.owner`` who it is.
The lock is one of the operating system, which lets go of it when the process ends, however it ends: a killed command
blocks nobody. What it left half written is swept by the next one that holds the folder.
"""

import json
import os
import shlex
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import filelock

from omnisim.errors import FolderInUseError, OutputError
from omnisim.files import atomic_write, sweep

LOCK, OWNER = ".omnisim.lock", ".omnisim.owner"

PATIENCE = 2.0
"""Seconds to wait for a folder that may just be on its way to be free."""

_HELD: set[tuple[int, Path]] = set()
"""Threads of this process and the folders they hold."""


@contextmanager
def held(directory: Path, *subfolders: str) -> Iterator[None]:
    """Hold a folder for writing; make it if need be, and sweep what killed processes left half written.

    Within a thread, one that holds a folder may hold it again. If the body fails, folders that were made for it and
    are still empty are removed.

    Parameters
    ----------
    directory
        Need not exist.
    subfolders
        Names of folders in it that belong to it, and are swept as well.

    Raises
    ------
    FolderInUseError
        If somebody else holds it; the message says who.
    OutputError
        If the folder cannot be made or written to.
    """
    key = (threading.get_ident(), directory.resolve())
    if key in _HELD:
        yield
        return
    made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    try:
        lock = _acquired(directory)
        _HELD.add(key)
        try:
            _say_who(directory)
            for folder in (directory, *(directory / name for name in subfolders)):
                sweep(folder)
            yield
        finally:
            _HELD.discard(key)
            _release(directory, lock)
    except BaseException:
        with suppress(OSError):  # a folder that is not empty stays
            for folder in made:
                folder.rmdir()
        raise


def _acquired(directory: Path) -> filelock.BaseFileLock:
    try:
        lock = filelock.FileLock(directory / LOCK)
        for again in (True, True, False):
            directory.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=PATIENCE, poll_interval=0.05)
                break
            except FileNotFoundError:  # another process, whose work failed, has just removed the folder
                if not again:
                    raise
    except filelock.Timeout as cause:
        raise FolderInUseError(
            f"{directory}: is in use by {_who(directory)}: wait until it is done, or write to another folder"
        ) from cause
    except OSError as cause:
        raise OutputError(
            f"{directory}: cannot be written to: {cause.strerror or cause}; choose another folder with --out"
        ) from cause
    return lock


def _release(directory: Path, lock: filelock.BaseFileLock) -> None:
    # The file goes while it is locked: whoever opened it before sees that it is gone, and begins anew. Windows removes
    # no open file.
    for name in (OWNER, LOCK):
        with suppress(OSError):
            (directory / name).unlink(missing_ok=True)
    lock.release()
    if os.name == "nt":
        with suppress(OSError):
            (directory / LOCK).unlink(missing_ok=True)


def _say_who(directory: Path) -> None:
    program, *arguments = sys.argv or ["python"]
    owner = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
        "command": shlex.join([Path(program).name, *arguments]),
    }
    with atomic_write(directory / OWNER) as file:
        file.write(json.dumps(owner).encode())


def _who(directory: Path) -> str:
    try:
        owner = json.loads((directory / OWNER).read_text(encoding="utf-8"))
        pid, host, since, command = (str(owner[key]) for key in ("pid", "host", "since", "command"))
    except (OSError, ValueError, KeyError, TypeError):
        return "another process, which has not said who it is"
    return f"process {pid} on {host} since {since} ({command})"
