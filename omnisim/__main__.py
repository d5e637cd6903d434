"""The ``omnisim`` command as a process: its signals, its standard streams, and how it ends.

.. code-block:: text

    0       it did its work
    1       bad input, a strategy from elsewhere that fails, or something that the command cannot help: one line on
            standard error says what
    2       a command line that cannot be understood
    3       omnisim run --strict: a certificate is violated
    70      a bug of omnisim: one line says where the full account of it was written
    128+n   ended by signal n (130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP): one line says what is there and how
            to go on; 141, without a word, if whoever read the output has left (SIGPIPE)
"""

import os
import platform
import select
import sys
import tempfile
import traceback
from typing import NoReturn, TextIO

from omnisim._version import __version__
from omnisim.errors import OmnisimError, StrategyFailedError
from omnisim.interruption import Interrupted, NobodyReadsError, signals_interrupt
from omnisim.plug_ins import as_theirs
from omnisim.terminal import complain

_BUG, _NOBODY_READS = 70, 141

_LONGEST = 1500
"""Characters of a line of complaint: names from files may have any number of them."""


def main() -> None:
    """Entry point of the ``omnisim`` command, with which the process ends."""
    command(ends_process=True)


def command(*, ends_process: bool = False) -> None:
    """Run the command that ``sys.argv`` says."""
    _open_streams()
    with signals_interrupt(ends_process=ends_process):
        try:
            _run()
        except (Interrupted, KeyboardInterrupt) as error:
            interruption = error if isinstance(error, Interrupted) else Interrupted()
            _fail(str(interruption), interruption.code)


def _run() -> None:
    try:
        # Imported here so that a signal that comes meanwhile is answered, too.
        from omnisim.commands.application import app, misunderstood

        try:
            code = app(prog_name="omnisim", standalone_mode=False)
        except Exception as error:
            if (line := misunderstood(error)) is not None:
                _fail(line, 2)
            raise
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        if code:
            sys.exit(code)
    except (Interrupted, KeyboardInterrupt):
        raise
    except BaseException as error:  # a strategy may raise anything, before and after its rounds as well
        _end_by(error)
        raise


def _end_by(error: BaseException) -> None:
    """End the process with the line and the code for this; what asks for the end by itself is left to Python."""
    theirs = error if isinstance(error, StrategyFailedError) else as_theirs(error)
    if theirs is not None:
        _fail(_of_a_strategy(theirs, error), 1)
    if isinstance(error, MemoryError):
        _fail(f"not enough memory for so many agents and rounds: {error}", 1)
    if isinstance(error, NobodyReadsError | BrokenPipeError):
        if _nobody_reads(sys.stdout) or _nobody_reads(sys.stderr):
            _leave_quietly()
        _fail(f"the pipe to another process is broken: {error}", 1)
    if isinstance(error, OmnisimError | OSError):
        _fail(str(error), 1)
    if isinstance(error, Exception):  # the last resort: whatever was not foreseen
        _fail(_bug(error), _BUG)


def _fail(message: str, code: int) -> NoReturn:
    line = " ".join(message.split())
    try:
        # What is wrong stands at either end: names are in the middle.
        half = _LONGEST // 2
        complain(f"omnisim: {line if len(line) <= _LONGEST else f'{line[:half]} ... {line[-half:]}'}")
    except OSError:  # nobody reads it
        _silence(sys.stderr)
    sys.exit(code)


def _of_a_strategy(error: StrategyFailedError, raised: BaseException) -> str:
    """The line about a strategy of the user that failed; the full account goes into a file."""
    written, said = _written("omnisim-trace-", raised)
    return f"{error}; {f'the full trace is in {written}' if written else said}"


def _bug(error: Exception) -> str:
    """The line that says so; the full account goes into a file."""
    kind = type(error).__name__
    said = " ".join(str(error).split())
    line = f"this is a bug of omnisim {__version__}: {kind}{': ' * bool(said)}{said[:200]}"
    written, said = _written("omnisim-bug-", error)
    if not written:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{line} ({where.filename}, line {where.lineno}; {said})"
    return f"{line}; please report it with {written}, which holds the full account"


def _written(prefix: str, error: BaseException) -> tuple[str, str]:
    """The file with the full account of an error; "" if it cannot be written, and why."""
    account = [
        f"omnisim {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {sys.argv}",
        "".join(traceback.format_exception(error)),
    ]
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix=prefix, suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.write("\n".join(account))
    except OSError as cause:
        return "", f"the account could not be written: {cause.strerror}"
    return file.name, ""


def _open_streams() -> None:
    """Give the process standard streams that can be written to.

    Where a shell closed one (``2>&-``), the next file that is opened would take its place, and be written into by
    whatever prints there. What a terminal cannot show is escaped.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Open until the process ends.
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _nobody_reads(stream: TextIO) -> bool:
    """Whether the other end of a pipe is closed."""
    if not hasattr(select, "poll"):
        return True
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (OSError, ValueError):
        return False


def _leave_quietly() -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        _silence(stream)
    sys.exit(_NOBODY_READS)


def _silence(stream: TextIO) -> None:
    """Let what is still to be written go nowhere, so that Python does not complain of it when it ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return


if __name__ == "__main__":
    main()
