"""The command ``omnisim list``."""

from typing import Annotated

import typer

from omnisim.commands.loading import add_plugins
from omnisim.commands.options import Plugins
from omnisim.errors import ScenarioError
from omnisim.terminal import say


def list_(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="forecasters, elimination, learners, adversaries, populations, markets, scenarios or studies.",
        ),
    ],
    plugin: Plugins = None,
) -> None:
    """List what a scenario can name, with parameters and defaults; or the scenarios and studies there are.

    [bold]Examples[/bold]

      omnisim list scenarios
      omnisim list forecasters --plugin my_forecasters
    """
    from omnisim.scenario import registry, shipped
    from omnisim.scenario.describe import describe
    from omnisim.suggest import nearest

    add_plugins(plugin)
    if kind == "scenarios":
        for name, summary in shipped.summaries().items():
            _entry(name, summary)
        return
    if kind == "studies":
        from omnisim import studies

        for name, summary in studies.summaries().items():
            _entry(name, summary)
        return
    if kind not in registry.KINDS:
        raise ScenarioError(f"there is no kind {kind!r}{nearest(kind, [*registry.KINDS, 'scenarios', 'studies'])}")
    for name in registry.names(kind):
        signature, summary = describe(kind, name)
        _entry(signature, summary)


def _entry(name: str, summary: str) -> None:
    say(name)
    say(f"    {summary}")
