"""First steps of commands: load a scenario or a file of prices, with what the command line adds."""

import sys
from pathlib import Path
from typing import Any

from omnisim.terminal import complain


def load_prices(
    prices: Path, overrides: list[str] | None, plugins: list[str] | None, extra: dict[str, Any]
) -> tuple[Any, list[str]]:
    """The scenario of a file of prices, and the choices that the file left open, which are said at once."""
    from omnisim.scenario.own_file import scenario_of_prices

    add_plugins(plugins)
    loaded, choices = scenario_of_prices(prices, overridden_by(overrides) | extra)
    for choice in choices:
        complain(f"omnisim: warning: {choice}")
    return loaded, choices


def overridden_by(settings: list[str] | None) -> dict[str, Any]:
    """Keys and values of ``--set``. Paths there are relative to where one stands, not to the scenario."""
    from omnisim.scenario.toml import parse_override

    paths = ("path", "generator_file")
    return {
        key: str(Path(value).absolute()) if key.rpartition(".")[2] in paths and isinstance(value, str) else value
        for key, value in map(parse_override, settings or [])
    }


def load(scenario: str, overrides: list[str] | None, plugins: list[str] | None, extra: dict[str, Any]) -> Any:
    """The scenario of this file, or of this name."""
    from omnisim.scenario.load import load_scenario

    add_plugins(plugins)
    return load_scenario(scenario, overridden_by(overrides) | extra)


def add_plugins(plugins: list[str] | None) -> None:
    """Import the modules of ``--plugin``, from the current folder as well."""
    if not plugins:
        return
    from omnisim.scenario import registry

    # Last, so that no file of the folder takes the place of an installed package.
    sys.path.append(str(Path.cwd()))
    for module in plugins:
        registry.add_plugin(module)


def given(seed: int | None, rounds: int | None, horizon: int | None) -> dict[str, Any]:
    """Overrides by options of their own."""
    options = {"seed": seed, "rounds": rounds, "horizon": horizon}
    return {key: value for key, value in options.items() if value is not None}


def file_name(name: str) -> str:
    """A name of a folder for this name of a scenario.

    >>> file_name("Märkte / 2024"), file_name("..")
    ('Märkte---2024', 'scenario')
    """
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("-.")
    return kept or "scenario"
