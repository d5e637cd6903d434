"""Running the runs of a grid: in this process, in several, or on a cluster; the results do not depend on where."""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from typing import Any

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from omnisim.comparison.grid import Variant
from omnisim.comparison.run import Stored, execute
from omnisim.errors import OmnisimError

PATIENCE = 20
"""Seconds in which a scheduler has to answer."""

Task = tuple[Variant, int, str]
"""A variant, a seed, and the command that reproduces the run."""


def execute_all(tasks: Iterable[Task], jobs: int, scheduler: str | None = None) -> Iterator[Stored]:
    """Run all tasks and give each result when it is there, in any order.

    Parameters
    ----------
    tasks
        What to run. Scenarios travel to the workers with all their data: a cluster needs no files of ours.
    jobs
        Processes on this machine; -1 for one per core, 1 for this process.
    scheduler
        Address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``, whose workers run the tasks instead.

    Raises
    ------
    OmnisimError
        If the scheduler cannot be reached, or a process dies.
    """
    # One task at a time, so that a result is kept as soon as it is there.
    options: dict[str, Any] = {"return_as": "generator_unordered", "batch_size": 1}
    own = scheduler is None and jobs != 1
    function = partial(_execute_for, os.getpid()) if own else execute
    with nullcontext() if scheduler is None else _cluster(scheduler):
        if scheduler is None:
            options |= {"n_jobs": jobs, "max_nbytes": None}
        try:
            yield from joblib.Parallel(**options)(joblib.delayed(function)(*task) for task in tasks)
        except BrokenProcessPool as cause:
            raise OmnisimError(
                "a process that ran the comparison died, most often for want of memory; finished runs are kept: "
                f"give the same command again, with fewer --jobs ({' '.join(str(cause).split())[:200]})"
            ) from cause
        except (ImportError, AttributeError) as cause:
            # A run records its own errors, so this one comes from reading the task.
            raise OmnisimError(f"a worker has not the code of the comparison: {cause}; install it there too") from cause


def _execute_for(parent: int, variant: Variant, seed: int, command: str) -> Stored:
    _leave_with(parent)
    return execute(variant, seed, command)


@cache
def _leave_with(parent: int) -> None:
    """End this process soon after its parent; left alone, a worker of a killed comparison would wait for minutes."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _cluster(address: str) -> AbstractContextManager[None]:
    try:
        import distributed
    except ImportError as cause:
        raise OmnisimError(
            "a Dask scheduler needs the package distributed: pip install 'omnisim-lab[cluster]'"
        ) from cause
    return _Connection(distributed, address)


class _Connection(AbstractContextManager[None]):
    """A connection to a scheduler, and joblib told to use it."""

    def __init__(self, distributed: Any, address: str) -> None:
        try:
            self._client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as cause:
            raise OmnisimError(
                f"--scheduler {address}: cannot be reached: {' '.join(str(cause).split())} "
                "(it should look like tcp://10.0.0.1:8786)"
            ) from cause
        if not self._client.scheduler_info()["workers"]:
            self._client.close()
            raise OmnisimError(f"--scheduler {address}: has no workers")
        self._config = joblib.parallel_config(backend="dask", client=self._client)

    def __enter__(self) -> None:
        self._config.__enter__()

    def __exit__(self, *error: object) -> None:
        self._config.__exit__(*error)
        self._client.close()
