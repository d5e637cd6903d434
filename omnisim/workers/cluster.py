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
"""Seconds in which a scheduler without a connection has to answer, and in which there has to be a worker.

A worker that died comes back within seconds if somebody looks after it. A machine that was cut off is noticed after
30 seconds by the operating system (``distributed.comm.timeouts.tcp``), which ends the connection, so that all is said
within a minute.
"""

BUSY = 300.0
"""Seconds in which a scheduler has to answer to which the connection stands.

It ends with the process of the scheduler and with its machine. One that is silent is busy, or its machine is, with the
imports of tasks of a dozen workers, say, and answers in the end, unless it hangs.
"""

_GLANCE = 0.1
"""Seconds between two looks at a scheduler that has not answered yet."""

LOOK = 2.0
"""Seconds between two looks at the cluster, and for which a result is waited for."""

_ADDRESS = re.compile(r"(\w+://)?[^\s/]+:\d+(/\S*)?")
"""Addresses of schedulers: a host and a port."""

_CHATTY = ("distributed", "tornado", "asyncio")
"""Loggers that tell at length what is said here in a line."""


def on_cluster(
    function: Callable[..., Result],
    tasks: Sequence[tuple[Any, ...]],
    address: str,
    say: Callable[[str], None] | None = None,
) -> Generator[tuple[int, Result], None, None]:
    """Run tasks on the workers of a scheduler; see :func:`omnisim.workers.each_result`."""
    distributed = library()
    with quiet(), connected(distributed, address) as client:
        watch = Watch(distributed, client, address, say)
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
                watch.hear()
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

    ``say`` is called with a line where the scheduler is silent for long, and is waited for.

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
    WorkersLostError
        If the scheduler does not say so for as long as there is patience.
    """

    def __init__(
        self, distributed: ModuleType, client: Any, address: str, say: Callable[[str], None] | None = None
    ) -> None:
        self._client, self.address, self._cancelled = client, address, distributed.CancelledError
        self._say = say
        self.threads, self.workers = 0, set[str]()
        self._answered = self._looked = time.monotonic()
        self._without_workers: float | None = None
        self._heard = self._told = False
        self.look(at_once=True)
        while not self._heard:
            time.sleep(_GLANCE)
            self.look(at_once=True)
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
        silent = self._looked - self._answered
        connected = self._client.status == "running"
        if silent > (BUSY if connected else PATIENCE):
            lost = (
                f"the scheduler hangs: it has not answered for {BUSY:.0f} seconds, and the connection to it stands"
                if connected
                else f"the scheduler is gone: it has not answered for {PATIENCE:.0f} seconds"
            )
            raise WorkersLostError(f"--scheduler {self.address}: {lost}")
        if connected and silent > PATIENCE and not self._told:
            self._told = True
            if self._say is not None:
                self._say(
                    f"--scheduler {self.address}: has not answered for {silent:.0f} seconds: as the connection to it "
                    f"stands, it is waited for, up to {BUSY:.0f} seconds"
                )
        # What is not known, because the scheduler is silent, is not held against the workers.
        if self._without_workers is not None and self._answered - self._without_workers > PATIENCE:
            raise WorkersLostError(
                f"--scheduler {self.address}: all workers are gone: there was none for {PATIENCE:.0f} seconds"
            )

    def hear(self) -> None:
        """Take note that the scheduler has sent something, which is as good as an answer."""
        self._answered = max(self._answered, time.monotonic())
        self._heard, self._told = True, False

    def _ask(self) -> None:
        # One that has been silent for long is given as long to answer: asked again, it would begin anew.
        silent = time.monotonic() - self._answered
        patience = max(5 * LOOK, min(silent, BUSY - silent)) if self._client.status == "running" else 5 * LOOK
        with suppress(OSError, TimeoutError, self._cancelled, RuntimeError, ValueError):
            found = self._client.sync(self._client.scheduler.identity, callback_timeout=patience)
            self.hear()
            self.workers = set(found["workers"])
            self.threads = sum(worker["nthreads"] for worker in found["workers"].values())
            if self.threads:
                self._without_workers = None
            elif self._without_workers is None:
                self._without_workers = self._answered
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
