"""The command ``omnisim schedules``."""

from pathlib import Path
from typing import Annotated

import typer

from omnisim.interruption import begins_anew
from omnisim.terminal import say


def schedules(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A folder of omnisim run.")],
) -> None:
    """Write what every customer of a finished run drew when, and what it came to, as schedules.parquet.

    [bold]Example[/bold]

      omnisim schedules reports/ercot_day_ahead-0123456789
    """
    from omnisim import run_directory
    from omnisim.commands.exporting import export_schedules

    path = run_dir / run_directory.SCHEDULES
    begins_anew(path)
    run_directory.read_manifest(run_dir)  # no lock is laid into a folder that is not that of a run
    with run_directory.prepared(run_dir):
        path, rows = export_schedules(run_dir)
    say(f"{rows:,} rows")
    say(f"{path}")
