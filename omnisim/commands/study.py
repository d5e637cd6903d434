"""The command ``omnisim study``."""

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

from omnisim.commands.completing import studies_that_begin
from omnisim.commands.options import Force, Jobs, Open
from omnisim.commands.showing import show_page
from omnisim.interruption import Results, if_interrupted
from omnisim.progress import rounds_bar
from omnisim.terminal import complain, say


def study(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="One of omnisim list studies.", autocompletion=studies_that_begin),
    ],
    quick: Annotated[
        bool, typer.Option("--quick", help="The small variant: shows in seconds that it works, judges little.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for page and tables; default: reports/study-<name>.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all randomness.")] = 0,
    jobs: Jobs = -1,
    data: Annotated[
        Path | None,
        typer.Option(help="File or folder the study is about; default: what the package ships.", show_default=False),
    ] = None,
    force: Force = False,
    open_: Open = False,
) -> None:
    """Rerun what the papers claim and write one page of figures, slopes and verdicts.

    Writes report.html and, beside it, every table as Parquet and CSV. A full study takes minutes.

    [bold]Examples[/bold]

      omnisim study scaling --quick
      omnisim study scaling --seed 1 --out results
    """
    from omnisim import run_directory, studies
    from omnisim.occupied import check_unoccupied

    found = studies.find(name)
    directory = out or Path("reports") / f"study-{name}"
    given = [*(["--quick"] if quick else []), *([f"--data {shlex.quote(str(data))}"] if data else [])]
    command = " ".join(["omnisim study", name, *given, f"--seed {seed}"])
    started = time.perf_counter()
    results = Results(directory / run_directory.REPORT)
    if_interrupted(lambda: _how_to_go_on(directory, results))
    with run_directory.prepared(directory):
        check_unoccupied(directory, {"study": name, "command": command}, force=force)
        with rounds_bar(f"study {name}") as on_rounds:
            result = found(studies.Options(quick, seed, jobs, on_rounds, data, directory))
        from omnisim.studies.directory import write

        page = write(result, directory, command, seed, time.perf_counter() - started)
    for line in result.warnings:
        complain(f"omnisim: warning: {line}")
    for finding in result.findings:
        say(f"{_MARKS[finding.holds]}  {finding.measured}")
    show_page(page, in_browser=open_)


def _how_to_go_on(directory: Path, results: Results) -> str:
    if results.are_complete:
        return str(results)
    from omnisim.report.text import count
    from omnisim.studies.contests import kept

    runs = kept(directory)
    if not runs:
        return f"{results}: the same command begins anew"
    finished = count(runs, "run is", "runs are")
    return f"{finished} finished and kept in {directory}: the same command goes on from there"


_MARKS = {True: "agrees    ", False: "DISAGREES ", None: "not judged"}
