"""The command ``omnisim inspect``."""

from pathlib import Path
from typing import Annotated

import typer

from omnisim.terminal import say


def inspect_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="A file of prices, in any form; several as 'folder/*.csv'.")
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A key of the table that is known, e.g. timezone=Europe/Oslo."),
    ] = None,
) -> None:
    r"""Say what a file of prices is and how it would be read, and print the \[market] table to paste into a scenario.

    [bold]Examples[/bold]

      omnisim inspect my.csv
      omnisim inspect my.csv --set timezone=Europe/Oslo --set price=NO1
      omnisim inspect 'prices/*.csv'
    """
    from omnisim.market.inspection import inspected
    from omnisim.scenario.own_file import market_keys, market_lines
    from omnisim.scenario.toml import parse_override

    if len(files) > 1:
        raise typer.BadParameter(
            f"{len(files)} files: put a pattern in quotes, as in 'folder/*.csv', and they are read as one market",
            param_hint="FILE",
        )
    lines, table = inspected(files[0], market_keys(dict(map(parse_override, settings or []))))
    for line in [*lines, "", *market_lines(table)]:
        say(line)
