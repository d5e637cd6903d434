"""The command ``omnisim compare``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from omnisim.commands.loading import file_name, given, load
from omnisim.commands.options import Force, Jobs, Open, Plugins, Rounds, ScenarioPath, Scheduler
from omnisim.commands.showing import show_page
from omnisim.terminal import complain, say

_Likewise = Annotated[
    str | None, typer.Option(metavar="A,B", help="Likewise; default: the scenario's.", show_default=False)
]


def compare(
    scenario: ScenarioPath,
    forecasters: Annotated[
        str,
        typer.Option(
            metavar="A,B",
            help="Names, with parameters in parentheses: persistence,'persistence(lag=7)'; or a TOML file of tables.",
        ),
    ],
    eliminations: _Likewise = None,
    adversaries: _Likewise = None,
    seeds: Annotated[int, typer.Option(help="How many: 0, 1, 2, ...; the same for every forecaster.")] = 10,
    rounds: Rounds = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=A,B", help="Values of a key of the scenario, each combined with each."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(help="Forecaster that the others are compared to; default: the first.", show_default=False),
    ] = None,
    jobs: Jobs = -1,
    scheduler: Scheduler = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the runs; default: reports/compare-<scenario>-<digest>.", show_default=False),
    ] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop when a run fails, instead of going on.")] = False,
    plugin: Plugins = None,
    force: Force = False,
    open_: Open = False,
) -> None:
    """Run forecasters on the same seeds and say which serves whom, with intervals.

    Every run is kept as Parquet, and report.html shows what came out.
    The same command into the same folder goes on where it was interrupted.

    [bold]Examples[/bold]

      omnisim compare ercot_day_ahead --forecasters persistence,climatology,ridge_autoregression
      omnisim compare my.toml --forecasters 'persistence(lag=7),published(model=dnn)' --set market.series=a,b
    """
    loaded = load(scenario, None, plugin, given(None, rounds, None))
    from omnisim import run_directory
    from omnisim.commands.comparing import leaderboard, run_comparison, verdict, warnings, write_page
    from omnisim.comparison.store import FOLDERS

    directory = out or Path("reports") / f"compare-{file_name(loaded.name)}-{loaded.about['digest']}"
    # Held until the page is written: it shows what was asked here, whatever comes into the folder later.
    with run_directory.prepared(directory, *FOLDERS):
        comparison = run_comparison(
            loaded,
            directory,
            forecasters,
            eliminations,
            adversaries,
            settings or [],
            sys.argv[2:],
            seeds=seeds,
            reference=reference,
            jobs=jobs,
            scheduler=scheduler,
            fail_fast=fail_fast,
            force=force,
        )
        page = write_page(comparison, directory)
        alarming, lines = warnings(comparison), [*verdict(comparison), *leaderboard(comparison)]
    for line in alarming:
        complain(f"omnisim: warning: {line}")
    for line in lines:
        say(line)
    show_page(page, in_browser=open_)
