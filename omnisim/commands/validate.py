"""The command ``omnisim validate``."""

from typing import Annotated

import typer

from omnisim.commands.loading import add_plugins, given, load
from omnisim.commands.options import Horizon, Overrides, Plugins, Rounds, ScenarioOrNone, Seed
from omnisim.terminal import complain, say


def validate(
    scenario: ScenarioOrNone = None,
    seed: Seed = None,
    rounds: Rounds = None,
    horizon: Horizon = None,
    overrides: Overrides = None,
    plugin: Plugins = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of scenario files instead.")] = False,
) -> None:
    """Do all that run does before its rounds, and the first of them, and say what was read and what it will take.

    [bold]Examples[/bold]

      omnisim validate my.toml
      omnisim validate --schema > scenario.schema.json
    """
    if schema:
        import json

        from omnisim.scenario.schema import Schema

        add_plugins(plugin)
        print(json.dumps(Schema().json_schema(), indent=2))  # noqa: T201 (JSON escapes what a terminal would obey)
        return
    if scenario is None:
        raise typer.BadParameter("give a scenario, or --schema", param_hint="SCENARIO")
    loaded = load(scenario, overrides, plugin, given(seed, rounds, horizon))
    from omnisim.commands.validating import validated
    from omnisim.scenario.load import naming

    for line in loaded.about["market"].get("warnings", ()):
        complain(f"omnisim: warning: {line}")
    with naming(scenario):
        lines = validated(loaded)
    for line in lines:
        say(line)
