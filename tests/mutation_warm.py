"""Pytest again and again, each time in a child of a process that has imported the libraries, for :mod:`mutation`.

Libraries take longer to import than most tests that notice a fault take to run, and no fault is in them. Nothing of the
package, its tests or what pytest rewrites is imported here: every child sees the files as they are when it begins.
Requests are lines of JSON on standard input, answers exit codes on standard output; ``null`` if it took too long: by
the processor's clock, so that nothing is too slow because others are busy, or by four times as much on the wall.
For POSIX systems, where a process can be forked.
"""

import contextlib
import importlib
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

LIBRARIES = (
    *("numpy", "pandas", "numba", "scipy.optimize", "scipy.sparse", "scipy.stats", "pyarrow.parquet", "networkx"),
    *("simpy", "highspy", "pydantic", "typer", "plotly.graph_objects", "sklearn.base", "pytest", "_pytest.doctest"),
)
"""What most tests import."""


class Warm:
    """The process, as others see it, in a folder and with what is added to the environment.

    Examples
    --------
    >>> with Warm(Path("."), {}) as warm:  # doctest: +SKIP
    ...     warm.ask(["-q", "tests/test_arrays.py"], {}, seconds=60.0)
    0
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        known = os.environ | environment
        self._process = subprocess.Popen([sys.executable, __file__], cwd=folder, env=known, text=True, **pipes)  # noqa: S603

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, arguments: Sequence[str], environment: Mapping[str, str], seconds: float) -> int | None:
        """The exit code of pytest with these arguments; None if it computed for longer than so many seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"arguments": arguments, "environment": environment, "seconds": seconds}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        code: int | None = json.loads(self._process.stdout.readline())
        return code


def answer(arguments: Sequence[str], environment: Mapping[str, str], seconds: float) -> int | None:
    """The exit code of pytest with these arguments; None if it computed for longer than so many seconds."""
    child = os.fork()
    if child == 0:
        _run(arguments, environment, seconds)
    deadline = time.monotonic() + 4 * seconds
    try:
        while time.monotonic() < deadline:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                child = 0
                code = os.waitstatus_to_exitcode(status)
                return None if code == -signal.SIGXCPU else code
            time.sleep(0.01)
        return None
    finally:  # also where this process is asked to end
        if child:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)  # and what it has started
            os.kill(child, signal.SIGKILL)  # where it has not even begun
            os.waitpid(child, 0)


def _run(arguments: Sequence[str], environment: Mapping[str, str], seconds: float) -> None:
    code = 3  # of an internal error of pytest
    try:
        os.setsid()
        most = math.ceil(seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ.update(environment)
        import pytest
        from numba.core import config

        config.reload_config()
        sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
        code = int(pytest.main(list(arguments)))
    finally:
        os._exit(code)


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    answers = os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        answers.write(json.dumps(answer(**request)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
