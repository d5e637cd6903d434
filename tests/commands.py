"""The command in a process of its own, to which things are done from outside."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

POSIX = os.name == "posix"

ENOUGH = 300.0
"""Seconds after which what was waited for will not come any more, however slow the machine is."""


_NOTHING_IGNORED = """
import signal
for each in {"SIGINT", "SIGTERM", "SIGHUP"} & set(dir(signal)):
    handler = signal.default_int_handler if each == "SIGINT" else signal.SIG_DFL
    signal.signal(getattr(signal, each), handler)
"""
"""Python that takes signals as from a terminal: where tests run in the background, or by nohup, some are ignored."""


def start(*arguments: object, before: str = "", **options: object) -> "subprocess.Popen[str]":
    """Start ``omnisim`` with these arguments; ``before`` is Python that is executed first."""
    code = f"{_NOTHING_IGNORED}\n{before}\nfrom omnisim.__main__ import main\nmain()"
    # With faulthandler, a command that does not end can be asked where it is.
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # noqa: S603 (this interpreter)
        [sys.executable, "-X", "faulthandler", "-c", code, *map(str, arguments)],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": POSIX, **options},
    )


def finish(command: "subprocess.Popen[str]", seconds: float = ENOUGH) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command, once it has ended; nothing of it is left running.

    Raises
    ------
    AssertionError
        If it does not end in so many seconds; with what it printed, and where it was.
    """
    try:
        out, err = command.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"the command did not end; {_ended_by_force(command)}") from None
    finally:
        command.kill()
        wait_until(lambda: not session_of(command))
    return command.returncode, out, err


def wait_for(command: "subprocess.Popen[str]", true: Callable[[], object], seconds: float = ENOUGH) -> None:
    """Wait until something holds or the command has ended; if neither comes, fail with what the command printed."""
    try:
        wait_until(lambda: command.poll() is not None or true(), seconds)
    except AssertionError as never:
        raise AssertionError(f"{never}; {_ended_by_force(command)}") from None


def _ended_by_force(command: "subprocess.Popen[str]") -> str:
    """Where a command is and what it has printed; it is ended, and so are its workers."""
    if POSIX:
        command.send_signal(signal.SIGABRT)  # faulthandler answers with the stack of every thread
        with contextlib.suppress(subprocess.TimeoutExpired):
            command.wait(10.0)
        with contextlib.suppress(OSError):
            os.killpg(command.pid, signal.SIGKILL)  # whoever holds the other ends of its pipes
    command.kill()
    out, err = command.communicate()
    return f"it printed:\n{out}\nand on standard error:\n{err}"


def done(*arguments: object, **options: object) -> tuple[int, str, str]:
    """Run ``omnisim`` to its end."""
    return finish(start(*arguments, **options))


def wait_until(true: Callable[[], object], seconds: float = ENOUGH) -> None:
    """Wait until something holds, and fail if it never does."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "this never came to hold"
        time.sleep(0.01)


def session_of(command: "subprocess.Popen[str]") -> list[str]:
    """The processes that a command has started, itself included, as far as they are alive; where /proc can be read."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            name, _, fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")
        except OSError:  # it has ended meanwhile
            continue
        state, _, _, session = fields.split()[:4]
        if int(session) == command.pid and state != "Z":
            found.append(name)
    return found


def send(command: "subprocess.Popen[str]", name: str) -> None:
    """Send a signal to the command, and to none of its workers."""
    command.send_signal(getattr(signal, name))
