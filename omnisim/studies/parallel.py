"""Many independent runs on several processes."""

import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

from joblib import Parallel, delayed

from omnisim.studies import Progress

Case = TypeVar("Case")
Result = TypeVar("Result")


def run_all(
    measure: Callable[[Case], Result],
    cases: Sequence[Case],
    costs: Sequence[int],
    jobs: int,
    progress: Progress | None = None,
) -> list[Result]:
    """The results of all cases, in their order, whatever the number of jobs.

    Parameters
    ----------
    measure
        Called with one case, in another process: a function of a module.
    cases, costs
        What to run, and the rounds of each; the costliest start first, so that no process ends up alone with one.
    jobs
        Processes; -1 for one per core.
    progress
        Told the rounds done and those of all cases, after each case.
    """
    order = sorted(range(len(cases)), key=lambda index: -costs[index])
    results: dict[int, Result] = {}
    done, total = 0, sum(costs)
    tasks = (delayed(_indexed)(measure, index, cases[index]) for index in order)
    with warnings.catch_warnings():
        # joblib replaces a process that has grown, and says so as if it were a fault; no result is lost.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given to the executor")
        for index, result in Parallel(n_jobs=jobs, return_as="generator_unordered")(tasks):
            results[index] = result
            done += costs[index]
            if progress is not None:
                progress(done, total)
    return [results[index] for index in range(len(cases))]


def _indexed(measure: Callable[[Case], Result], index: int, case: Case) -> tuple[int, Result]:
    return index, measure(case)
