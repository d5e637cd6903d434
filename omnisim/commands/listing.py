"""The command ``omnisim list``, and the overview that the bare command gives."""

from typing import Annotated

import typer

from omnisim.commands.completing import kinds, kinds_that_begin, names_that_begin
from omnisim.commands.loading import add_plugins
from omnisim.commands.options import Plugins
from omnisim.errors import ScenarioError
from omnisim.terminal import say

QUESTIONS = (
    ("See an example: a year of Houston, 340 customers, in money.", "omnisim run ercot_day_ahead"),
    ("How is my file of prices read, and what is a forecast worth there?", "omnisim inspect my.csv"),
    ("", "omnisim run --prices my.csv"),
    ("Which forecast is worth more to my customers?", "omnisim value a.csv b.csv --prices my.csv"),
    ("What should they do tomorrow?", "omnisim tomorrow RUN_DIR --prices until-today.csv"),
    ("How good is my algorithm?", "omnisim compare ercot_day_ahead --forecasters mine,persistence --plugin mine"),
    ("Do the theorems of the papers show?", "omnisim study scaling --quick"),
)
"""Questions that omnisim answers, with a command each; an empty question is that of the line before."""


def overview() -> None:
    """Say what omnisim answers, with a command each."""
    say("omnisim: what a forecast is worth, to whom, in money, and what is guaranteed.")
    for question, command in QUESTIONS:
        if question:
            say("")
            say(question)
        say(f"    {command}")
    say("")
    say("omnisim list shows what there is to choose from; omnisim -h, and COMMAND -h, the commands and their options.")


def list_(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]",
            help="forecasters, elimination, learners, adversaries, populations, markets, scenarios or studies; "
            "default: how many there are of each.",
            autocompletion=kinds_that_begin,
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="One of them: what each of its parameters means.",
            autocompletion=names_that_begin,
            show_default=False,
        ),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """List what a scenario can name, with parameters and defaults, or what they mean; scenarios and studies likewise.

    [bold]Examples[/bold]

      omnisim list
      omnisim list scenarios
      omnisim list forecasters --plugin my_forecasters
      omnisim list forecasters ridge_autoregression
    """
    from omnisim.scenario import registry
    from omnisim.suggest import nearest

    add_plugins(plugin)
    if kind is None:
        for each in kinds():
            names = _names(each)
            _entry(each, f"{len(names)}: {', '.join(names)}")
        say("")
        say("omnisim list KIND says what each does, omnisim list KIND NAME what its parameters mean")
        return
    if kind not in kinds():
        raise ScenarioError(f"there is no kind {kind!r}{nearest(kind, kinds())}")
    if name is None:
        for each in _names(kind):
            _entry(*_described(kind, each))
    elif name not in _names(kind):
        raise ScenarioError(f"{name!r} is not among the {kind}{nearest(name, _names(kind))}")
    elif kind in registry.KINDS:
        from omnisim.scenario.describe import explain

        for line in explain(kind, name):
            say(line)
    else:
        _entry(*_described(kind, name))
        say("")
        say(f"    omnisim {'run' if kind == 'scenarios' else 'study'} {name}")


def _names(kind: str) -> list[str]:
    from omnisim.scenario import registry

    return registry.names(kind) if kind in registry.KINDS else list(_summaries(kind))


def _described(kind: str, name: str) -> tuple[str, str]:
    from omnisim.scenario import registry
    from omnisim.scenario.describe import describe

    return describe(kind, name) if kind in registry.KINDS else (name, _summaries(kind)[name])


def _summaries(kind: str) -> dict[str, str]:
    from omnisim import studies
    from omnisim.scenario import shipped

    return shipped.summaries() if kind == "scenarios" else studies.summaries()


def _entry(name: str, summary: str) -> None:
    say(name)
    say(f"    {summary}")
