"""The command ``omnisim tomorrow``."""

from pathlib import Path
from typing import Annotated

import typer

from omnisim.commands.loading import add_plugins
from omnisim.commands.options import Plugins
from omnisim.errors import ScenarioError
from omnisim.interruption import if_interrupted
from omnisim.terminal import complain, say


def tomorrow(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A folder of omnisim run --horizon DAYS.")],
    prices: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Prices up to today, in the form of the file that the run was made with."),
    ],
    forecasts: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="A newer file for one of market.forecast_files.", show_default=False),
    ] = None,
    signals: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE", help="A newer file, with all days, for one of market.signals.", show_default=False
        ),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Go on from the end of a run: learn the days since, and say what is forecast and done on the next one.

    Writes the forecast of the next delivery day and the schedule of every customer, as JSON and CSV, and the files of
    the run as they are now. Given once more, with the same file, it changes nothing.

    [bold]Examples[/bold]

      omnisim run --prices until-may.csv --horizon 365 --out mine
      omnisim tomorrow mine --prices until-today.csv
    """
    add_plugins(plugin)
    from omnisim import run_directory
    from omnisim.tomorrow.command import tomorrow as go_on

    if_interrupted(lambda: f"{run_dir} is as it was, or will be once the same command is given again")
    run_directory.read_manifest(run_dir)  # no lock is laid into a folder that is not that of a run
    newer = {
        "forecasts": dict(_named_file("forecasts", each) for each in forecasts or ()),
        "signals": dict(_named_file("signals", each) for each in signals or ()),
    }
    with run_directory.prepared(run_dir, run_directory.TOMORROW):
        told = go_on(run_dir, prices, newer, plugin or ())
    for line in told.warnings:
        complain(f"omnisim: warning: {line}")
    for line in told.lines:
        say(line)


def _named_file(option: str, text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not equals or not name or not file:
        key = {"forecasts": "forecast_files"}.get(option, option)
        raise ScenarioError(f"--{option} {text}: must have the form NAME=FILE, NAME as in market.{key}")
    return name, Path(file)
