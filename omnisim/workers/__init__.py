"""The one place that starts workers: tasks run in this process, in several of this machine, or on a Dask cluster.

Comparisons and studies send their work through :func:`each_result`. It knows nothing of what a task does; that the
results do not depend on where they are computed is for the tasks to see to.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

import joblib

Result = TypeVar("Result")


def each_result(
    function: Callable[..., Result],
    tasks: Sequence[tuple[Any, ...]],
    jobs: int,
    scheduler: str | None = None,
    say: Callable[[str], None] | None = None,
) -> Generator[tuple[int, Result], None, None]:
    """Call the function with each tuple of arguments, and give the results as they come, with their indices.

    Close the generator to stop early: the workers are ended at once, and nothing is left running.

    Parameters
    ----------
    function
        Called in other processes: a function of a module, or of the main script.
    tasks
        Arguments of each call, handed out in this order.
    jobs
        Processes on this machine, >= 1; -1 for one per core, 1 for this process.
    scheduler
        Address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``, whose workers run the tasks instead.
    say
        Called with a line where that is silent for long, and is waited for.

    Raises
    ------
    WorkersLostError
        If processes that worked on the tasks, or the cluster, are gone; what was given before stands.
    OmnisimError
        If the scheduler cannot be reached, or a worker lacks the code.
    Exception
        What a call raised.
    """
    if not tasks:
        return
    if scheduler is not None:
        from omnisim.workers.cluster import on_cluster

        yield from on_cluster(function, tasks, scheduler, say)
        return
    # One where this process may not have children of its own.
    count = min(joblib.effective_n_jobs(jobs), len(tasks))
    if jobs == 1 or count == 1:
        yield from ((index, function(*task)) for index, task in enumerate(tasks))
        return
    from omnisim.workers.processes import in_processes

    yield from in_processes(function, tasks, count)
