"""The application that ``omnisim`` runs: every command, by its name."""

from typing import Annotated, Any

import typer
import typer.core

from omnisim._version import __version__
from omnisim.commands.compare import compare
from omnisim.commands.inspecting import inspect_
from omnisim.commands.listing import list_, overview
from omnisim.commands.report import report
from omnisim.commands.run import run
from omnisim.commands.schedules import schedules
from omnisim.commands.serve import serve
from omnisim.commands.study import study
from omnisim.commands.tomorrow import tomorrow
from omnisim.commands.validate import validate
from omnisim.commands.value import value
from omnisim.environment import check_environment
from omnisim.interruption import Interrupted, NobodyReadsError
from omnisim.plug_ins import as_theirs
from omnisim.terminal import say


class _Commands(typer.core.TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        """Leave it to the entry point to end the process; typer would do so without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as cause:
            raise as_theirs(cause) or Interrupted() from cause
        except BrokenPipeError as cause:
            raise NobodyReadsError(cause) from cause
        except EOFError as cause:
            # Of which typer would make the word "Aborted."
            raise RuntimeError(f"unforeseen end of a file: {cause}") from cause


def misunderstood(error: BaseException) -> str | None:
    """The line about a command line that cannot be understood; None about any other error."""
    # The base of typer's own errors about what was typed, which has no public name.
    usage = typer.BadParameter.__mro__[1]
    if not isinstance(error, usage):
        return None
    said: Any = error
    where = said.ctx.command_path if said.ctx is not None else "omnisim"
    message = str(said.format_message()).rstrip(".")
    return f"{message}{'' if message.endswith('?') else ':'} see {where} -h"


app = typer.Typer(
    cls=_Commands,
    name="omnisim",
    help="Simulate predictions as a service: one forecaster, many constrained agents, one report.",
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Start with:  omnisim run ercot_day_ahead  - the day-ahead market of ERCOT, on embedded prices.",
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        say(__version__)
        raise typer.Exit
    check_environment()
    if context.invoked_subcommand is None:
        overview()


for command in (run, compare, value, report, schedules, tomorrow, serve, validate, study):
    app.command()(command)
app.command("list")(list_)
app.command("inspect")(inspect_)
