"""Run a grid: the function ``omnisim.compare``."""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from omnisim._version import __version__
from omnisim.comparison.comparison import Comparison
from omnisim.comparison.grid import LABELS, Grid, Variant, make_grid
from omnisim.comparison.run import Observe, execute
from omnisim.comparison.store import FOLDERS, PAGES, SCENARIOS, Store
from omnisim.errors import OmnisimError, ScenarioError, WorkersLostError
from omnisim.output_folder import held
from omnisim.problem.subsequences import adaptive
from omnisim.refusing import is_whole, one_of, path_of, table
from omnisim.scenario.load import load_scenario
from omnisim.scenario.scenario import Scenario
from omnisim.signatures import check_values
from omnisim.wording import in_short
from omnisim.workers import each_result

SEEDS = 10
"""Default number of seeds."""

Task = tuple[Variant, int, str, Observe | None]
"""A variant, a seed, the command that reproduces the run, and what is observed of it."""

Progress = Callable[[int, int], None]
"""Function that is called with the number of runs done and of all runs."""


def compare(
    scenario: Scenario | Path | str,
    forecasters: Any,
    *,
    seeds: Iterable[int] | int = SEEDS,
    eliminations: Any = None,
    adversaries: Any = None,
    settings: Mapping[str, Sequence[Any]] | None = None,
    reference: str | None = None,
    jobs: int = -1,
    scheduler: str | None = None,
    out: Path | str | None = None,
    fail_fast: bool = False,
    on_run: Progress | None = None,
    say: Callable[[str], None] | None = None,
    command: str = "",
) -> Comparison:
    """Run every choice of every axis under every seed, and compare the forecasters.

    Parameters
    ----------
    scenario
        A scenario, or what ``load_scenario`` takes. Subsequences that depend on what happens are not compared: their
        rounds are others in every run.
    forecasters
        Names, with parameters in parentheses if need be (``"persistence(lag=7)"``), tables (``{"kind": "persistence",
        "lag": 7}``) or strategies; a mapping from labels to these gives them other labels. Where a bare name is the
        kind that the scenario has, the scenario's parameters are kept.
    seeds
        Whole numbers >= 0, or how many; each is a run of every variant, with the same agents and random numbers.
    eliminations, adversaries
        Likewise; what the scenario says if omitted. Populations with a rule of their own keep it.
    settings
        From dotted keys of the scenario to the values they take, each combined with each:
        ``{"market.series": ["hb_west", "hb_houston"]}``.
    reference
        Label of the forecaster that the others are compared to; the first if omitted.
    jobs
        Processes; -1 for one per core. The results do not depend on it.
    scheduler
        Address of a Dask scheduler whose workers run the grid instead (extra ``cluster``).
    out
        Folder that keeps the runs. What is finished there already is not run again; failed runs are. If omitted, they
        are kept for as long as the result.
    fail_fast
        Raise when a run fails, instead of recording its error and going on.
    on_run
        For showing progress.
    say
        Told in one line of each damaged file in ``out``, of each run that fails, and of a scheduler that is silent.
    command
        What the store says it was made by.

    Raises
    ------
    OmnisimError
        If a choice is not valid, the folder cannot be written to, the cluster cannot be reached, or with ``fail_fast``
        a run fails.

    Examples
    --------
    >>> import omnisim
    >>> scenario = omnisim.Scenario(
    ...     populations=[omnisim.Population("bettors", utility=[[[1.0], [0.0]]], offset=[[0.0, 0.5]])],
    ...     adversary=omnisim.adversaries.Independent([[0.0], [1.0]]),
    ...     forecaster=omnisim.forecasters.Climatology(),
    ...     rounds=20,
    ... )
    >>> comparison = omnisim.compare(scenario, ["climatology", "conditional_mean"], seeds=5, jobs=1)
    >>> comparison.table[["forecaster", "runs", "failed"]]
             forecaster  runs  failed
    0       climatology     5       0
    1  conditional_mean     5       0
    """
    _check_jobs(jobs)
    options = {"scheduler": scheduler, "fail_fast": fail_fast, "on_run": on_run, "say": say, "command": command}
    check_values(compare, options, ScenarioError)
    if reference is not None:
        one_of("reference", reference, str, "the label of a forecaster", ScenarioError)
    if settings is not None:
        table("settings", settings, ScenarioError)
    if out is not None:
        path_of("out", out, ScenarioError)
    loaded = (
        scenario
        if isinstance(scenario, Scenario)
        else load_scenario(path_of("scenario of compare, if it is no Scenario,", scenario, ScenarioError))
    )
    grid = make_grid(loaded, forecasters, seeds, eliminations, adversaries, settings, reference)
    _check_subsequences(loaded, say or _unheard)
    return run_grid(
        grid, out, jobs=jobs, scheduler=scheduler, fail_fast=fail_fast, on_run=on_run, say=say, command=command
    )


def _check_subsequences(scenario: Scenario, say: Callable[[str], None]) -> None:
    """Say which subsequences are not compared, because their rounds are others in every run."""
    names = [*scenario.subsequences]
    found = [names[place] for place in adaptive(scenario.subsequences, scenario.adversary.published)]
    if len(found) == len(names):
        raise ScenarioError(
            f"all subsequences ({', '.join(found)}) depend on what happens, so that their rounds are others in every "
            'run: a comparison needs one that does not (add "all")'
        )
    if found:
        say(
            f"{', '.join(found)}: not compared, since the rounds of such subsequences depend on what happens and are "
            "others in every run"
        )


def run_grid(
    grid: Grid,
    out: Path | str | None = None,
    *,
    jobs: int = -1,
    scheduler: str | None = None,
    fail_fast: bool = False,
    on_run: Progress | None = None,
    say: Callable[[str], None] | None = None,
    command: str = "",
    observe: Observe | None = None,
) -> Comparison:
    """Run a grid that is built and checked; parameters and errors are those of :func:`compare`.

    What ``observe`` gives of every run is kept with it; see :meth:`~omnisim.Comparison.observed`.
    """
    folder = Path(tempfile.mkdtemp(prefix="omnisim-compare-")) if out is None else Path(out)
    store = Store(folder)
    say, on_run = say or _unheard, on_run or _unheard
    with held(folder, *FOLDERS):
        finished = store.repair(say)
        plan = store.write_plan(_plan(grid, command), {v.digest: v.toml for v in grid.variants if v.toml is not None})
        asked = grid.tasks
        tasks: list[Task] = [(variant, seed, _command(variant, seed), observe) for variant, seed in asked]
        waiting = [task for task in tasks if task[0].run(task[1]) not in finished]
        on_run(len(asked) - len(waiting), len(asked))
        try:
            _run(waiting, store, len(asked), jobs, scheduler, fail_fast, on_run, say)
        except WorkersLostError as cause:
            kept, again = store.progress()[0], f"go on with {command}" if command else "the same call goes on"
            raise WorkersLostError(
                f"{cause}; {kept} of {len(asked)} runs are finished and kept in {folder}: {again}"
            ) from cause
    return Comparison.in_temporary_folder(folder, plan) if out is None else Comparison(folder, plan)


def _run(
    waiting: Sequence[Task],
    store: Store,
    asked: int,
    jobs: int,
    scheduler: str | None,
    fail_fast: bool,
    on_run: Progress,
    say: Callable[[str], None],
) -> None:
    done = asked - len(waiting)
    with closing(each_result(execute, waiting, jobs, scheduler, say)) as results:
        for index, stored in results:
            store.write(stored)
            store.gather()
            if stored.error:
                variant, seed, *_ = waiting[index]
                line = f"{', '.join(label for label in variant.labels if label)}, seed {seed}: {stored.error}"
                if fail_fast:
                    raise OmnisimError(line)
                say(f"failed: {line}")
            done += 1
            on_run(done, asked)


def _unheard(*said: object) -> None:
    """Ignore progress."""


def _plan(grid: Grid, command: str) -> dict[str, Any]:
    about = grid.scenario.about
    return {
        "name": grid.scenario.name,
        "description": about.get("description", ""),
        "market": about.get("market", {}),
        "reference": grid.reference,
        "variants": [
            {**dict(zip(LABELS, variant.labels, strict=True)), "digest": variant.digest} for variant in grid.variants
        ],
        "seeds": list(grid.seeds),
        "command": command,
        "omnisim": __version__,
    }


def _command(variant: Variant, seed: int) -> str:
    """Run from inside the folder of the comparison, it gives the same run again."""
    if variant.toml is None:
        return ""
    return f"omnisim run {SCENARIOS}/{variant.digest}.toml --seed {seed} --out {PAGES}/{variant.run(seed)}"


def _check_jobs(jobs: int) -> None:
    if not is_whole(jobs) or jobs == 0 or jobs < -1:
        raise ScenarioError(f"jobs must be a number of processes >= 1, or -1 for one per core, got {in_short(jobs)}")
