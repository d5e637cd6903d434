"""Many independent cases of a study on several processes."""

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TypeVar

from omnisim.studies import Progress
from omnisim.workers import each_result

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
    with closing(each_result(measure, [(cases[index],) for index in order], jobs)) as found:
        for place, result in found:
            index = order[place]
            results[index] = result
            done += costs[index]
            if progress is not None:
                progress(done, total)
    return [results[index] for index in range(len(cases))]
