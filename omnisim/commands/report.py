"""The command ``omnisim report``."""

from pathlib import Path
from typing import Annotated

import typer

from omnisim.commands.options import Open
from omnisim.commands.showing import show_page
from omnisim.interruption import begins_anew


def report(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A folder of omnisim run or omnisim compare.")],
    open_: Open = False,
) -> None:
    """Write the report of a finished run again, with this version of omnisim; or that of a comparison as far as it is.

    [bold]Example[/bold]

      omnisim report reports/ercot_day_ahead-0123456789
    """
    import omnisim
    from omnisim import run_directory
    from omnisim.commands import comparing
    from omnisim.comparison.store import FOLDERS

    page = run_dir / run_directory.REPORT
    begins_anew(page)
    is_comparison = comparing.is_comparison(run_dir)
    if not is_comparison:
        run_directory.read_manifest(run_dir)  # no lock is laid into a folder that is not that of a run
    with run_directory.prepared(run_dir, *FOLDERS * is_comparison):
        if is_comparison:
            comparing.write_page(omnisim.load_comparison(run_dir), run_dir)
        else:
            trace, manifest = run_directory.read_run(run_dir)
            run_directory.write_page(run_dir, omnisim.analyze(trace), manifest)
    show_page(page, in_browser=open_)
