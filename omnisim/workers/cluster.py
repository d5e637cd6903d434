"""Tasks on a Dask cluster, which is watched: what is lost is said, and never waited for.

The connection must be trusted: tasks and results travel pickled, and whoever can reach the scheduler can have anything
executed by it, by its workers, and by this process.
"""

import importlib
import logging
import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pickle import PicklingError  # what is raised; nothing is unpickled here
from types import ModuleType
from typing import Any, TypeVar

from omnisim.errors import OmnisimError, WorkersLostError, one_line

Result = TypeVar("Result")

PATIENCE = 25.0
"""Seconds in which a scheduler has to answer, and in which there has to be a worker.

A worker that died comes back within seconds if somebody looks after it. A machine that was cut off is noticed after
30 seconds by the operating system (``distributed.comm.timeouts.tcp``), so that all is said within a minute.
"""

LOOK = 2.0
"""Seconds between two looks at the cluster, and for which a result is waited for."""

_ADDRESS = re.compile(r"(\w+://)?[^\s/]+:\d+(/\S*)?")
"""Addresses of schedulers: a host and a port."""

_CHATTY = ("distributed", "tornado", "asyncio")
"""Loggers that tell at length what is said here in a line."""


def on_cluster(
    function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], address: str
) -> Generator[tuple[int, Result], None, None]:
    """Run tasks on the workers of a scheduler; see :func:`omnisim.workers.each_result`."""
    distributed = library()
    with quiet(), connected(distributed, address) as client:
        watch = Watch(distributed, client, address)
        ahead = enumerate(tasks)
        waiting: dict[Any, int] = {}
        while True:
            watch.look()
            # A few are sent ahead, so that no worker waits for its next task, and not all, which may be large.
            for index, task in islice(ahead, max(0, 2 * watch.threads - len(waiting))):
                waiting[_submitted(client, function, task, address)] = index
            if not waiting:
                return
            for future, result in _finished(distributed, client, list(waiting), address):
                yield waiting.pop(future), result


def _submitted(client: Any, function: Callable[..., Any], task: tuple[Any, ...], address: str) -> Any:
    try:
        return client.submit(function, *task, pure=False)
    except (PicklingError, TypeError, AttributeError) as cause:
        raise OmnisimError(
            f"--scheduler {address}: a task cannot be sent there: {one_line(cause)}: use functions and classes "
            "of a module, no lambdas"
        ) from cause


def _finished(distributed: ModuleType, client: Any, waiting: list[Any], address: str) -> Iterator[tuple[Any, Any]]:
    """Wait a while for futures, and yield those that are done with their results."""
    try:
        with suppress(TimeoutError), client.as_current():
            distributed.wait(waiting, timeout=LOOK, return_when="FIRST_COMPLETED")
        for future in waiting:
            if future.done():
                with suppress(TimeoutError):
                    yield future, _result_of(distributed, future, address)
    except distributed.CancelledError as cause:  # the library's word for a lost connection
        raise WorkersLostError(f"--scheduler {address}: the scheduler is gone") from cause


def _result_of(distributed: ModuleType, future: Any, address: str) -> Any:
    """Result of a task; a TimeoutError if it was lost with its worker and is computed again."""
    try:
        return future.result(timeout=LOOK)
    except distributed.KilledWorker as cause:
        raise WorkersLostError(
            f"--scheduler {address}: one task after the other lost its worker with it, most often for want of memory "
            f"({one_line(cause)})"
        ) from cause
    except (ImportError, AttributeError) as cause:
        raise without_code(address, cause) from cause


def without_code(address: str, cause: Exception) -> OmnisimError:
    """Make the error for workers on which something is not installed."""
    return OmnisimError(f"--scheduler {address}: has not the code of its task: {one_line(cause)}; install it there too")


class Watch:
    """Looks whether the scheduler answers and has workers.

    Attributes
    ----------
    threads
        Of all workers, at the last look.
    workers
        Their addresses.
    address
        Of the scheduler.

    Raises
    ------
    OmnisimError
        If there are none to begin with.
    """

    def __init__(self, distributed: ModuleType, client: Any, address: str) -> None:
        self._client, self.address, self._cancelled = client, address, distributed.CancelledError
        self.threads, self.workers = 0, set[str]()
        self._answered = self._worked = self._looked = time.monotonic()
        self._ask()
        if not self.threads:
            raise OmnisimError(f"--scheduler {address}: has no workers")

    def look(self, *, at_once: bool = False) -> None:
        """Ask the scheduler, if it is time or must be known at once.

        Raises
        ------
        WorkersLostError
            If it has not answered, or has had no workers, for as long as there is patience.
        """
        if not at_once and time.monotonic() - self._looked < LOOK:
            return
        self._ask()
        for since, lost in (
            (self._answered, "the scheduler is gone: it has not answered"),
            (self._worked, "all workers are gone: there was none"),
        ):
            if self._looked - since > PATIENCE:
                raise WorkersLostError(f"--scheduler {self.address}: {lost} for {PATIENCE:.0f} seconds")

    def _ask(self) -> None:
        with suppress(OSError, TimeoutError, self._cancelled, RuntimeError, ValueError):
            found = self._client.sync(self._client.scheduler.identity, callback_timeout=5 * LOOK)
            self._answered = time.monotonic()
            self.workers = set(found["workers"])
            self.threads = sum(worker["nthreads"] for worker in found["workers"].values())
            if self.threads:
                self._worked = self._answered
        self._looked = time.monotonic()


@contextmanager
def connected(distributed: ModuleType, address: str, *, direct: bool = False) -> Iterator[Any]:
    """A client of the scheduler at this address, which speaks to workers itself if ``direct``.

    Raises
    ------
    OmnisimError
        If it cannot be reached.
    """
    # The library would look up a name without a port for as long as it waits for schedulers, and once more at its end.
    if not _ADDRESS.fullmatch(address):
        raise OmnisimError(f"--scheduler {address}: is not an address: it should look like tcp://10.0.0.1:8786")
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False, direct_to_workers=direct)
    except (OSError, ValueError, TimeoutError) as cause:
        raise OmnisimError(
            f"--scheduler {address}: cannot be reached: {one_line(cause)} (it should look like tcp://10.0.0.1:8786)"
        ) from cause
    try:
        yield client
    finally:
        with suppress(OSError, TimeoutError, distributed.CancelledError, RuntimeError):
            client.close(timeout=LOOK)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the libraries of the cluster; what they say of a loss is said here in one line."""
    loggers = [
        logging.getLogger(name)
        for name in [*logging.root.manager.loggerDict, *_CHATTY]
        if name.partition(".")[0] in _CHATTY
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def library() -> ModuleType:
    """The library of the cluster.

    Raises
    ------
    OmnisimError
        If it is not installed.
    """
    try:
        return importlib.import_module("distributed")
    except ImportError as cause:
        raise OmnisimError(
            "a Dask scheduler needs the package distributed: pip install 'omnisim-lab[cluster]'"
        ) from cause
