"""Signals that ask the command to end: it leaves in order, and says what is there and how to go on."""

import _thread
import atexit
import os
import signal
import socket
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_ASKING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Signals that ask a process to end; not every system knows all of them."""

_SAME_REQUEST = 1.0
"""Seconds in which signals are one request: a terminal that closes, or ``timeout``, sends several."""


_AGAIN = 0.05
"""Seconds after which a request that is lost is repeated."""

_TELL: list[Callable[[], str]] = []
"""Sources of the clause that an interruption adds to its name: at most one entry."""


_LATE: list[int] = []
"""Signals that came too late to stop anything once a command has ended its work."""


def _ignore_late_ones() -> None:
    """Ignore them to the very end: when Python ends it puts handlers back that kill the process."""
    for number in _LATE:
        signal.signal(number, signal.SIG_IGN)


atexit.register(_ignore_late_ones)


_BEFORE = "nothing was written: the same command begins anew"
"""Clause for a command that still reads its input; a command that writes replaces it beforehand."""


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
        told = [tell() for tell in _TELL] or [_BEFORE]
        return "; ".join([f"interrupted by {signal.Signals(self.number).name}", *told])


class NobodyReadsError(BaseException):
    """Whoever read what the command prints has left; it ends without a word."""


@contextmanager
def signals_interrupt(*, ends_process: bool = False) -> Iterator[None]:
    """Make each of these signals raise :class:`Interrupted` in the main thread, unless it is ignored as by ``nohup``.

    Who asks again, a second later or more, does not want to wait: the process ends at once. No request is lost: it is
    repeated if it came while the main thread was about to sleep, which then sleeps on, or if what was raised vanished
    where nothing can be raised.

    Parameters
    ----------
    ends_process
        Whether the process ends after the block, where nothing is left that a request could stop: the first is ignored
        then. Otherwise handlers are put back.
    """
    _TELL.clear()
    _HELD.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    first: list[float] = []
    raised: list[weakref.ref[Interrupted]] = []
    over = threading.Event()

    def interrupt(number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if first and now - first[0] > _SAME_REQUEST and (over.is_set() or not is_lost()):
            os._exit(128 + number)
        if over.is_set():
            first[:] = first or [now]
        elif _HELD:
            _HELD[:] = [number]
        elif is_lost():
            first[:] = first or [now]
            error = Interrupted(number)
            raised[:] = [weakref.ref(error)]
            try:
                raise error
            finally:
                del error  # which its traceback would keep alive

    def is_lost() -> bool:
        return not _HELD and (not raised or raised[0]() is None)

    told = sys.unraisablehook

    def unless_ours(unraisable: "sys.UnraisableHookArgs") -> None:
        # Where nothing can be raised Python prints it; ours is raised again, and then said in one line.
        if not issubclass(unraisable.exc_type, Interrupted):
            told(unraisable)

    sys.unraisablehook = unless_ours
    before = {}
    for name in _ASKING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            before[number] = signal.signal(number, interrupt)
    try:
        # Where a library has put a handler of its own in the place of ours, it is asked once.
        with _watched(lambda number: signal.getsignal(number) is interrupt, is_lost, over):
            yield
    finally:
        over.set()
        sys.unraisablehook = told
        if ends_process:
            _LATE[:] = [*before]
        else:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _watched(is_ours: Callable[[int], bool], is_lost: Callable[[], bool], over: threading.Event) -> Iterator[None]:
    """Repeat a signal of ours, once it has come, whenever it is lost, until all is over."""
    # Python tells of a signal by a byte as soon as the process gets it, whatever the main thread does.
    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def watch() -> None:
        while (number := reader.recv(1)[0]) != _OVER:
            while is_ours(number) and not over.wait(_AGAIN):
                if is_lost():
                    _ask_main_thread(number)

    watcher = threading.Thread(target=watch, name="signals", daemon=True)
    watcher.start()
    previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(previous)
        writer.setblocking(True)
        writer.send(bytes([_OVER]))
        watcher.join()
        for end in (reader, writer):
            end.close()


_OVER = 0
"""No signal has this number."""


def _ask_main_thread(number: int) -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, number)  # which also wakes it where it sleeps
    else:
        _thread.interrupt_main(signal.Signals(number))


_HELD: list[int] = []
"""Waiting requests, one entry while there are any: the signal that came last, 0 if none did."""


@contextmanager
def signals_wait() -> Iterator[None]:
    """Let a request wait until the end of the block, which must be short: what it does cannot be left half done.

    Within another such block it waits until the end of that; in threads other than the main one none arrives.
    """
    if _HELD or threading.current_thread() is not threading.main_thread():
        yield
        return
    _HELD[:] = [0]
    try:
        yield
    finally:
        number = _HELD.pop()
        if number:
            signal.raise_signal(number)


@contextmanager
def children_hear_nothing() -> Iterator[None]:
    """Let processes that are started in the block hear none of these signals until they say otherwise.

    A terminal sends them to all processes at once, also to those that have not come as far as to know what to do.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    numbers = {getattr(signal, name) for name in _ASKING if hasattr(signal, name)}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def if_interrupted(tell: Callable[[], str]) -> None:
    """Have an interruption say this from now on: what is there, and how to go on. Asked when all is cleaned up."""
    _TELL[:] = [tell]


def begins_anew(page: Path) -> None:
    """Have an interruption say that the same command begins anew, unless it has written its last file by then."""
    results = Results(page)
    if_interrupted(lambda: f"{results}{'' if results.are_complete else ': the same command begins anew'}")


class Results:
    """Results that a command has left so far in its folder, where a page comes last; shown as a clause.

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
