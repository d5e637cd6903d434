"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from omnisim.commands.completing import scenarios_that_begin

_SCENARIO_HELP = "A TOML file, or the name of a shipped scenario."

ScenarioPath = Annotated[
    str, typer.Argument(metavar="SCENARIO", help=_SCENARIO_HELP, autocompletion=scenarios_that_begin)
]
ScenarioOrNone = Annotated[
    str | None,
    typer.Argument(metavar="SCENARIO", help=_SCENARIO_HELP, autocompletion=scenarios_that_begin, show_default=False),
]
"""A scenario that may be left out where something else takes its place."""
OwnPrices = Annotated[
    Path | None,
    typer.Option(
        "--prices",
        metavar="FILE",
        help="Instead of a scenario: a file of prices, or several as 'folder/*.csv'.",
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a key of the scenario, e.g. forecaster.lag=7."),
]
Plugins = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin", metavar="MODULE", help="Import a Python module that defines strategies or kinds of customers."
    ),
]

Jobs = Annotated[int, typer.Option(help="Processes; -1 for one per core. The numbers do not depend on it.")]
Seed = Annotated[int | None, typer.Option(help="Of all randomness; default: the scenario's.", show_default=False)]
Rounds = Annotated[int | None, typer.Option(help="Rounds to run; default: the scenario's.", show_default=False)]
Horizon = Annotated[
    int | None,
    typer.Option(
        help="Rounds that guarantees are for, if omnisim tomorrow goes on from the end; default: those that are run.",
        show_default=False,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Run on a Dask cluster, e.g. tcp://10.0.0.1:8786.", show_default=False),
]
Open = Annotated[bool, typer.Option("--open", help="Show the page in a browser when it is written.")]
Force = Annotated[bool, typer.Option("--force", help="Replace other results in the folder.")]
