"""Tasks in several processes of this machine."""

import os
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from itertools import islice
from pickle import PicklingError  # what is raised; nothing is unpickled here
from typing import Any, TypeVar

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool, ProcessPoolExecutor, TerminatedWorkerError

from omnisim.errors import OmnisimError, WorkersLostError, one_line
from omnisim.interruption import children_hear_nothing, signals_wait
from omnisim.workers import parting

Result = TypeVar("Result")

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""Variables by which libraries are told how many threads to start."""

_NOT_FROM_HERE = {"PYTHONSAFEPATH": "1"}
"""Setting that keeps Python from putting the current folder first on the import path.

A ``json.py`` of the user there would take the place of the library's. Once a process has begun it gets the import path
of this one.
"""

_HARMLESS = (
    "A worker stopped while some jobs were given to the executor",  # it had grown and was replaced; nothing is lost
    "Failed to kill subprocesses on this platform",  # there is neither psutil nor pgrep; our workers have no children
)


def in_processes(
    function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], count: int
) -> Generator[tuple[int, Result], None, None]:
    """Run tasks in ``count`` >= 1 processes; see :func:`omnisim.workers.each_result`.

    The processes are started for these tasks and end with them: none is kept for later. They belong to the thread
    that takes the results, as Linux sees it: it must not end before the generator is closed.
    """
    # Each process gets its share of the cores, unless the user has said how many threads there shall be.
    share = str(max(joblib.cpu_count() // count, 1))
    with children_hear_nothing(), _environment(_NOT_FROM_HERE):
        if os.name == "posix":
            # A process of Python's own. Were it started with the first worker, that one would hear signals.
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()
    with children_hear_nothing(), _environment(_NOT_FROM_HERE):
        executor = ProcessPoolExecutor(
            count,
            initializer=parting.begin,
            initargs=(os.getpid(),),
            env={name: os.environ.get(name, share) for name in _THREADS} | _NOT_FROM_HERE,
        )
    ahead = enumerate(tasks)
    waiting: dict[Future[Result], int] = {}
    finished = False
    with warnings.catch_warnings():
        for text in _HARMLESS:
            warnings.filterwarnings("ignore", text)
        try:
            # A few are sent ahead, so that no process waits for its next task, and not all, which may be large.
            for index, task in islice(ahead, 2 * count):
                waiting[_sent(executor, function, task)] = index
            while waiting:
                # With a limit, since Windows delivers no signal to a thread that waits without one.
                done, _ = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
                for future in done:
                    index = waiting.pop(future)
                    result = future.result()
                    for next_index, task in islice(ahead, 1):
                        waiting[_sent(executor, function, task)] = next_index
                    yield index, result
            finished = True
        except TerminatedWorkerError as cause:
            raise WorkersLostError(
                f"a process that worked on it died, most often for want of memory: try fewer --jobs ({one_line(cause)})"
            ) from cause
        except PicklingError as cause:
            raise OmnisimError(
                f"a task cannot be sent to another process: {one_line(cause.__cause__ or cause)}: use "
                "functions and classes of a module, no lambdas, or --jobs 1"
            ) from cause
        except BrokenProcessPool as cause:
            # The cause is the text of a traceback in the other process; its last line says what went wrong.
            said = [line for line in str(cause.__cause__ or cause).splitlines() if line.strip(' "')]
            raise OmnisimError(
                f"a process could not read its task: {one_line(OmnisimError(said[-1]) if said else cause)}"
            ) from cause
        finally:
            if not finished:
                _until_taken_up(waiting)
            executor.shutdown(wait=True, kill_workers=not finished)


def _until_taken_up(waiting: Iterable[Future[Any]]) -> None:
    # A pool that is killed while it has tasks that it did not take up yet looks for them in vain, and complains.
    deadline = time.monotonic() + _MOMENT
    while any(not (each.running() or each.done()) for each in waiting) and time.monotonic() < deadline:
        time.sleep(_MOMENT / 100)


_MOMENT = 1.0
"""Seconds after which a pool takes nothing up any more, since it is broken."""


def _sent(executor: ProcessPoolExecutor, function: Callable[..., Result], task: tuple[Any, ...]) -> Future[Result]:
    # A process that is left while it is being started complains on standard error.
    with signals_wait(), children_hear_nothing(), _environment(_NOT_FROM_HERE):
        future: Future[Result] = executor.submit(function, *task)
        return future


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
