"""The command ``omnisim run``."""

import time
from pathlib import Path
from typing import Annotated

import typer

from omnisim.commands.loading import file_name, given, load, load_prices
from omnisim.commands.options import (
    Force,
    Horizon,
    Open,
    Overrides,
    OwnPrices,
    Plugins,
    Rounds,
    ScenarioOrNone,
    Scheduler,
    Seed,
)
from omnisim.commands.showing import show_page
from omnisim.interruption import Results, if_interrupted
from omnisim.progress import rounds_bar
from omnisim.terminal import complain, say

VIOLATED = 3
"""Exit code of ``--strict`` where a certificate is violated."""


def run(
    scenario: ScenarioOrNone = None,
    prices: OwnPrices = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results; default: reports/<scenario>-<digest>.", show_default=False),
    ] = None,
    seed: Seed = None,
    rounds: Rounds = None,
    horizon: Horizon = None,
    overrides: Overrides = None,
    plugin: Plugins = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 3 if a certificate is violated.")] = False,
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            metavar="ROUNDS",
            help="Keep the state in the folder; the same command goes on from it after the run was killed.",
            show_default=False,
        ),
    ] = None,
    shards: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Divide the agents into K parts, on a Dask cluster of this machine or of --scheduler; same numbers.",
            show_default=False,
        ),
    ] = None,
    scheduler: Scheduler = None,
    force: Force = False,
    open_: Open = False,
) -> None:
    """Run a scenario and write its report.

    Writes the resolved scenario, the trace, the table of all agents and an HTML page into one folder.

    [bold]Examples[/bold]

      omnisim run ercot_day_ahead
      omnisim run my.toml --seed 3 --set forecaster.kind=persistence --out results
      omnisim run my.toml --checkpoint-every 100
      omnisim run my.toml --shards 8 --scheduler tcp://10.0.0.1:8786
      omnisim run --prices my.csv
    """
    extra = given(seed, rounds, horizon)
    if (scenario is None) == (prices is None):
        raise typer.BadParameter("give a scenario, or --prices FILE", param_hint="SCENARIO")
    choices: list[str] = []
    if prices is not None:
        scenario = str(prices)
        loaded, choices = load_prices(prices, overrides, plugin, extra)
    else:
        loaded = load(str(scenario), overrides, plugin, extra)
    from omnisim import run_directory
    from omnisim.occupied import check_unoccupied

    directory = out or Path("reports") / f"{file_name(loaded.name)}-{loaded.about['digest']}"
    import omnisim
    from omnisim.scenario.load import naming

    started = time.perf_counter()
    results, checkpoint = Results(directory / run_directory.REPORT), None
    if checkpoint_every is not None:
        checkpoint = omnisim.Checkpoint(directory / run_directory.CHECKPOINT, checkpoint_every)
    if_interrupted(lambda: run_directory.how_to_go_on(results, checkpoint.path if checkpoint else None))
    with run_directory.prepared(directory):
        check_unoccupied(directory, {"digest": loaded.about["digest"]}, force=force)
        with naming(str(scenario)), rounds_bar(loaded.name) as on_rounds:
            if checkpoint is not None and checkpoint.path.exists():
                complain(f"omnisim: going on from {checkpoint.path}")
            trace = omnisim.simulate(
                loaded,
                on_round=on_rounds and (lambda t: on_rounds(t + 1, loaded.played)),
                checkpoint=checkpoint,
                state=None if loaded.declared_horizon is None else directory / run_directory.STATE,
                shards=shards,
                scheduler=scheduler,
                say=lambda line: complain(f"omnisim: {line}"),
            )
        analysis = omnisim.analyze(trace)
        seconds = time.perf_counter() - started
        run_directory.forget_days(directory)
        run_directory.write_run(directory, loaded, trace, analysis, seconds, plugin or (), choices)
    certificates = analysis.certificates
    violated = certificates[~certificates["holds"]]
    from omnisim.report.run.verdict import alarming, summary

    for line in summary(analysis):
        say(line)
    for line in alarming(analysis):
        complain(f"omnisim: warning: {line}")
    if prices is not None:
        say(f"{directory / run_directory.SCENARIO} is the scenario that was run: change what does not fit")
    show_page(directory / run_directory.REPORT, in_browser=open_)
    for row in violated.itertuples():
        complain(f"omnisim: violated: {row.theorem}, {row.scope}: {row.measured:.6g} > {row.bound:.6g}")
    if strict and len(violated):
        raise typer.Exit(VIOLATED)
