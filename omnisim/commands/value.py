"""The command ``omnisim value``: what forecasts are worth to customers, on one page."""

import hashlib
import shlex
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from omnisim.commands.options import Force, Jobs, Open, Overrides, Plugins
from omnisim.commands.showing import show_page
from omnisim.interruption import Results, if_interrupted
from omnisim.progress import runs_bar
from omnisim.terminal import complain, say

_SEEDS = 10


def value(
    forecasts: Annotated[
        list[str],
        typer.Argument(
            metavar="FORECASTS...",
            help="Files of dated forecasts, NAME=FILE, or columns of the file of prices.",
            show_default=False,
        ),
    ],
    prices: Annotated[
        Path,
        typer.Option(metavar="FILE", help="A file of prices, or several as 'folder/*.csv'.", show_default=False),
    ],
    customers: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=r"A scenario whose \[populations] are the customers, or KIND=TABLE; default: those of run --prices.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for page and tables; default: reports/value-<prices>-<digest>.", show_default=False),
    ] = None,
    seeds: Annotated[int, typer.Option(help="How many: 0, 1, 2, ...; each draws the customers anew.")] = _SEEDS,
    risk: Annotated[
        str | None,
        typer.Option(
            metavar="cvar:LEVEL",
            help="Play customers too who mind the worst days, such as cvar:0.9, or cvar:0.9:0.5 with half the weight.",
            show_default=False,
        ),
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="Days to play; default: all.", show_default=False)] = None,
    overrides: Overrides = None,
    jobs: Jobs = -1,
    plugin: Plugins = None,
    force: Force = False,
    open_: Open = False,
) -> None:
    """Say what forecasts are worth to customers, in money a year, beside climatology and perfect foresight.

    Each is played over the same days by the same customers. Tells who gains and on which days, which measure of
    accuracy would have chosen the right one, what combining them adds, and what it costs to be wrong.

    [bold]Examples[/bold]

      omnisim value vendor_a.csv vendor_b.csv --prices prices.csv
      omnisim value new=2024/new.csv old=2024/old.csv --prices prices.csv --customers my.toml
      omnisim value vendor_a.csv --prices prices.csv --customers storage=batteries.csv
      omnisim value quantiles.csv ensemble.csv --prices prices.csv --risk cvar:0.9
      omnisim value dnn lear --prices prices_and_forecasts.csv --seeds 20
    """
    from omnisim import run_directory
    from omnisim.commands.loading import add_plugins, file_name, overridden_by
    from omnisim.occupied import check_unoccupied
    from omnisim.scenario.own_file import scenario_of_prices
    from omnisim.scenario.toml import to_toml
    from omnisim.studies.directory import write
    from omnisim.value.kept import FOLDER
    from omnisim.value.mistakes import errors_of, sizes
    from omnisim.value.page import page
    from omnisim.value.plays import market_of, played
    from omnisim.value.risk import Risk
    from omnisim.value.sources import overrides_of

    minded = None if risk is None else Risk.of(risk)
    started = time.perf_counter()
    add_plugins(plugin)
    given = overridden_by(overrides)
    found, names = overrides_of(forecasts, prices, given)
    own, table = customers_of(customers)
    days = {} if rounds is None else {"rounds": rounds}
    scenario, choices = scenario_of_prices(prices, {**found, **own, **given, **days}, table)
    for choice in choices:
        complain(f"omnisim: warning: {choice}")
    market = market_of(scenario, names)
    tried = sizes(errors_of(market))
    plays = digest_of(scenario.about["digest"], customers, risk)
    directory = out or Path("reports") / f"value-{file_name(scenario.name)}-{plays}"
    command = shlex.join(
        [
            *("omnisim", "value", *forecasts, "--prices", str(prices)),
            *([] if customers is None else ["--customers", customers]),
            *("--seeds", str(seeds)),
            *([] if risk is None else ["--risk", risk]),
            *([] if rounds is None else ["--rounds", str(rounds)]),
            *(part for text in overrides or [] for part in ("--set", text)),
            *(part for module in plugin or [] for part in ("--plugin", module)),
        ]
    )
    results = Results(directory / run_directory.REPORT)
    if_interrupted(lambda: how_to_go_on(results, directory))
    with run_directory.prepared(directory, FOLDER):
        check_unoccupied(directory, {"study": "value", "command": command}, force=force)
        with runs_bar(f"value {scenario.name}") as (show, _):
            ledger = played(
                scenario, market, names, tried, seeds=seeds, jobs=jobs, risk=minded, folder=directory, on_run=show
            )
        study = page(ledger, tried, scenario.about["market"])
        files = {run_directory.SCENARIO: to_toml(scenario.source).encode()}
        written = write(study, directory, command, 0, time.perf_counter() - started, files)
    for line in study.warnings:
        complain(f"omnisim: warning: {line}")
    say(study.headline)
    for finding in study.findings:
        say(f"  {finding.measured}")
    for line in study.notices[1:]:
        say(line)
    show_page(written, in_browser=open_)


def digest_of(scenario: str, customers: str | None, risk: str | None) -> str:
    """Digest for the default folder: of a scenario's own, and of options that it does not tell.

    Two files may say the same of customers; the results of each have a folder.

    >>> digest_of("5e4b6bfd1e", None, None), digest_of("5e4b6bfd1e", "a.toml", None)
    ('5e4b6bfd1e', 'c315613d17')
    """
    if customers is None and risk is None:
        return scenario
    return hashlib.sha256(repr((scenario, customers, risk)).encode()).hexdigest()[: len(scenario)]


def how_to_go_on(results: Results, directory: Path) -> str:
    """State of an interrupted command's results, and the way to go on."""
    from omnisim.report.text import count
    from omnisim.value.kept import kept_in

    if results.are_complete:
        return str(results)
    seeds = kept_in(directory)
    return f"{results}: the same command " + (f"goes on after {count(seeds, 'seed')}" if seeds else "begins anew")


def customers_of(text: str | None) -> tuple[dict[str, Any], tuple[str, Path] | None]:
    """Customers of ``--customers``: populations and signals of a scenario file, or a kind of agents and its table.

    Raises
    ------
    ScenarioError
        If the file cannot be read, or has no populations.
    """
    from omnisim.errors import ScenarioError
    from omnisim.scenario.load import naming
    from omnisim.scenario.own_file import customers_in
    from omnisim.scenario.toml import read_toml

    if text is None:
        return {}, None
    kind, equals, table = text.partition("=")
    if equals and not Path(text).exists():
        return {}, (kind.strip(), Path(table))
    path = Path(text)
    if path.suffix.lower() != ".toml":
        raise ScenarioError(f"--customers {path}: must be a scenario (.toml), or KIND=TABLE, such as storage={path}")
    tree = read_toml(path, "--customers")
    found = tree.get("populations")
    if not isinstance(found, dict) or not found or not all(isinstance(each, dict) for each in found.values()):
        raise ScenarioError(f"--customers {path}: has no table [populations.NAME] of customers")
    market = tree.get("market")
    signals = market.get("signals") if isinstance(market, dict) else None
    with naming(f"--customers {path}"):
        return customers_in(found, signals, path.parent), None
