"""Signals that ask the command to end: it leaves in order, and says what is there and how to go on."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_ASKING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Those that ask a process to end; not every system knows all of them."""

_SAME_REQUEST = 1.0
"""Seconds in which signals are one request: a terminal that closes, or ``timeout``, sends several."""


_TELL: list[Callable[[], str]] = []
"""What an interruption says beside its name: at most one entry."""


class Interrupted(BaseException):
    """A signal asked the command to end.

    Parameters
    ----------
    number
        Of the signal.
    """

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(number)
        self.number = number

    @property
    def code(self) -> int:
        """The exit code of a process that was ended by the signal: 128 and its number."""
        return 128 + self.number

    def __str__(self) -> str:
        return "; ".join([f"interrupted by {signal.Signals(self.number).name}", *(tell() for tell in _TELL)])


class NobodyReadsError(BaseException):
    """Whoever read what the command prints has left; it ends without a word."""


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Make each of these signals raise :class:`Interrupted` in the main thread, unless it is ignored as by ``nohup``.

    Who asks again, a second later or more, does not want to wait: the process ends at once.
    """
    _TELL.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    first: list[float] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not first:
            first.append(now)
            raise Interrupted(number)
        if now - first[0] > _SAME_REQUEST:
            os._exit(128 + number)

    before = {}
    for name in _ASKING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def if_interrupted(tell: Callable[[], str]) -> None:
    """Have an interruption say this from now on: what is there, and how to go on. Asked when all is cleaned up."""
    _TELL[:] = [tell]


class Results:
    """What a command has left so far in its folder, where a page comes last; shown as a clause.

    Parameters
    ----------
    page
        Path of the page. An earlier one may be there when this is made, before the command begins.
    """

    def __init__(self, page: Path) -> None:
        self._page = page
        self._before = self._stamp()

    @property
    def are_complete(self) -> bool:
        """Whether the page has been written since."""
        return self._stamp() not in (None, self._before)

    def __str__(self) -> str:
        folder = self._page.parent
        if self.are_complete:
            return f"{self._page} is complete"
        if self._page.exists():
            return f"{folder} is as it was"
        if not folder.exists() or not any(folder.iterdir()):
            return f"nothing was written to {folder}"
        return f"{folder} has no {self._page.name}, so its results are not complete"

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._page.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns
