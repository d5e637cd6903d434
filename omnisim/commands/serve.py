"""The command ``omnisim serve``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from omnisim.errors import OmnisimError
from omnisim.interruption import if_interrupted
from omnisim.terminal import say


def serve(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A folder of omnisim tomorrow.")],
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than one's own machine can ask at 0.0.0.0.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 8000,
) -> None:
    """Show the documents of omnisim tomorrow over HTTP, as JSON, to those who ask by machine; needs the extra "serve".

    [bold]Example[/bold]

      omnisim serve mine --port 8000
    """
    from omnisim import run_directory

    run_directory.read_manifest(run_dir)
    try:
        from omnisim.tomorrow import service
    except ImportError as cause:
        raise OmnisimError(f"omnisim serve needs {cause.name}: pip install 'omnisim-lab[serve]'") from cause
    if_interrupted(lambda: f"{run_dir} is no longer served")

    def ready(address: str) -> None:
        say(f"{address} shows {run_dir}; Ctrl-C ends it")
        sys.stdout.flush()  # whoever started it waits for this line

    service.serve(run_dir, host, port, ready)
