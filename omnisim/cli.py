"""The command line: parse, call the public surface, print, exit.

How the process ends, with which exit code, is in :mod:`omnisim.__main__`.
"""

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from omnisim.__main__ import main
from omnisim._version import __version__
from omnisim.environment import check_environment
from omnisim.errors import OmnisimError, ScenarioError
from omnisim.interruption import Interrupted, NobodyReadsError, Results, if_interrupted
from omnisim.progress import rounds_bar
from omnisim.terminal import complain, say
from omnisim.value_command import value

__all__ = ["app", "main"]


class _Commands(typer.core.TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        """Leave it to the entry point to end the process; typer would do so without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as cause:
            raise Interrupted from cause
        except BrokenPipeError as cause:
            raise NobodyReadsError(cause) from cause
        except EOFError as cause:
            # Of which typer would make the word "Aborted."
            raise RuntimeError(f"unforeseen end of a file: {cause}") from cause


app = typer.Typer(
    cls=_Commands,
    name="omnisim",
    help="Simulate predictions as a service: one forecaster, many constrained agents, one report.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Start with:  omnisim run ercot_day_ahead  - the day-ahead market of ERCOT, on embedded prices.",
)

ScenarioPath = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A TOML file, or the name of a shipped scenario.")
]
OwnPrices = Annotated[
    Path | None,
    typer.Option(
        "--prices",
        metavar="FILE",
        help="Instead of a scenario: a file of prices, or several as 'folder/*.csv'.",
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a key of the scenario, e.g. forecaster.lag=7."),
]
Plugins = Annotated[
    list[str] | None,
    typer.Option("--plugin", metavar="MODULE", help="Import a Python module that defines strategies."),
]

Seed = Annotated[int | None, typer.Option(help="Of all randomness; default: the scenario's.", show_default=False)]
Rounds = Annotated[int | None, typer.Option(help="Rounds to run; default: the scenario's.", show_default=False)]
Horizon = Annotated[
    int | None,
    typer.Option(
        help="Rounds that guarantees are for, if omnisim tomorrow goes on from the end; default: those that are run.",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace other results in the folder.")]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        say(__version__)
        raise typer.Exit
    check_environment()


@app.command()
def run(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCENARIO]", help="A TOML file, or the name of a shipped scenario.", show_default=False
        ),
    ] = None,
    prices: OwnPrices = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results; default: reports/<scenario>-<digest>.", show_default=False),
    ] = None,
    seed: Seed = None,
    rounds: Rounds = None,
    horizon: Horizon = None,
    overrides: Overrides = None,
    plugin: Plugins = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a certificate is violated.")] = False,
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            metavar="ROUNDS",
            help="Keep the state in the folder; the same command goes on from it after the run was killed.",
            show_default=False,
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Run a scenario and write its report.

    Writes the resolved scenario, the trace, the table of all agents and an HTML page into one folder.

    [bold]Examples[/bold]

      omnisim run ercot_day_ahead
      omnisim run my.toml --seed 3 --set forecaster.kind=persistence --out results
      omnisim run my.toml --checkpoint-every 100
      omnisim run --prices my.csv
    """
    extra = _given(seed, rounds, horizon)
    if (scenario is None) == (prices is None):
        raise typer.BadParameter("give a scenario, or --prices FILE", param_hint="SCENARIO")
    choices: list[str] = []
    if prices is not None:
        scenario = str(prices)
        loaded, choices = _load_prices(prices, overrides, plugin, extra)
    else:
        loaded = _load(str(scenario), overrides, plugin, extra)
    from omnisim import run_directory
    from omnisim.occupied import check_unoccupied

    directory = out or Path("reports") / f"{_file_name(loaded.name)}-{loaded.about['digest']}"
    import omnisim
    from omnisim.scenario.load import naming

    started = time.perf_counter()
    results, checkpoint = Results(directory / run_directory.REPORT), None
    if checkpoint_every is not None:
        checkpoint = omnisim.Checkpoint(directory / run_directory.CHECKPOINT, checkpoint_every)
    if_interrupted(lambda: run_directory.how_to_go_on(results, checkpoint.path if checkpoint else None))
    with run_directory.prepared(directory):
        check_unoccupied(directory, {"digest": loaded.about["digest"]}, force=force)
        with naming(str(scenario)), rounds_bar(loaded.name) as on_rounds:
            if checkpoint is not None and checkpoint.path.exists():
                complain(f"omnisim: going on from {checkpoint.path}")
            trace = omnisim.simulate(
                loaded,
                on_round=on_rounds and (lambda t: on_rounds(t + 1, loaded.played)),
                checkpoint=checkpoint,
                state=None if loaded.declared_horizon is None else directory / run_directory.STATE,
            )
        analysis = omnisim.analyze(trace)
        seconds = time.perf_counter() - started
        run_directory.forget_days(directory)
        run_directory.write_run(directory, loaded, trace, analysis, seconds, plugin or (), choices)
    certificates = analysis.certificates
    violated = certificates[~certificates["holds"]]
    from omnisim.report.run.verdict import alarming, summary

    for line in summary(analysis):
        say(line)
    for line in alarming(analysis):
        complain(f"omnisim: warning: {line}")
    if prices is not None:
        say(f"{directory / run_directory.SCENARIO} is the scenario that was run: change what does not fit")
    say(f"{directory / run_directory.REPORT}")
    for row in violated.itertuples():
        complain(f"omnisim: violated: {row.theorem}, {row.scope}: {row.measured:.6g} > {row.bound:.6g}")
    if strict and len(violated):
        raise typer.Exit(1)


@app.command()
def compare(
    scenario: ScenarioPath,
    forecasters: Annotated[
        str,
        typer.Option(
            metavar="A,B",
            help="Names, with parameters in parentheses: persistence,'persistence(lag=7)'; or a TOML file of tables.",
        ),
    ],
    eliminations: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Likewise; default: the scenario's.", show_default=False),
    ] = None,
    adversaries: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Likewise; default: the scenario's.", show_default=False),
    ] = None,
    seeds: Annotated[int, typer.Option(help="How many: 0, 1, 2, ...; the same for every forecaster.")] = 10,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=A,B", help="Values of a key of the scenario, each combined with each."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(help="Forecaster that the others are compared to; default: the first.", show_default=False),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes; -1 for one per core. The numbers do not depend on it.")] = -1,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Run on a Dask cluster, e.g. tcp://10.0.0.1:8786.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the runs; default: reports/compare-<scenario>-<digest>.", show_default=False),
    ] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop when a run fails, instead of going on.")] = False,
    plugin: Plugins = None,
    force: Force = False,
) -> None:
    """Run forecasters on the same seeds and say which serves whom, with intervals.

    Every run is kept as Parquet, and report.html shows what came out.
    The same command into the same folder goes on where it was interrupted.

    [bold]Examples[/bold]

      omnisim compare ercot_day_ahead --forecasters persistence,climatology,ridge_autoregression
      omnisim compare my.toml --forecasters 'persistence(lag=7),published(model=dnn)' --set market.series=a,b
    """
    loaded = _load(scenario, None, plugin, {})
    from omnisim import run_directory
    from omnisim.compare_command import leaderboard, run_comparison, verdict, warnings, write_page
    from omnisim.comparison.store import FOLDERS

    directory = out or Path("reports") / f"compare-{_file_name(loaded.name)}-{loaded.about['digest']}"
    # Held until the page is written: it shows what was asked here, whatever comes into the folder later.
    with run_directory.prepared(directory, *FOLDERS):
        comparison = run_comparison(
            loaded,
            directory,
            forecasters,
            eliminations,
            adversaries,
            settings or [],
            sys.argv[2:],
            seeds=seeds,
            reference=reference,
            jobs=jobs,
            scheduler=scheduler,
            fail_fast=fail_fast,
            force=force,
        )
        page = write_page(comparison, directory)
        alarming, lines = warnings(comparison), [*verdict(comparison), *leaderboard(comparison)]
    for line in alarming:
        complain(f"omnisim: warning: {line}")
    for line in lines:
        say(line)
    say(f"{page}")


app.command()(value)


@app.command()
def report(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A folder of omnisim run or omnisim compare.")],
) -> None:
    """Write the report of a finished run again, with this version of omnisim; or that of a comparison as far as it is.

    [bold]Example[/bold]

      omnisim report reports/ercot_day_ahead-0123456789
    """
    import omnisim
    from omnisim import compare_command, run_directory
    from omnisim.comparison.store import FOLDERS

    page = run_dir / run_directory.REPORT
    results = Results(page)
    if_interrupted(lambda: f"{results}{'' if results.are_complete else ': the same command begins anew'}")
    is_comparison = compare_command.is_comparison(run_dir)
    if not is_comparison:
        run_directory.read_manifest(run_dir)  # no lock is laid into a folder that is not that of a run
    with run_directory.prepared(run_dir, *FOLDERS * is_comparison):
        if is_comparison:
            compare_command.write_page(omnisim.load_comparison(run_dir), run_dir)
        else:
            trace, manifest = run_directory.read_run(run_dir)
            run_directory.write_page(run_dir, omnisim.analyze(trace), manifest)
    say(f"{page}")


@app.command()
def schedules(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A folder of omnisim run.")],
) -> None:
    """Write what every customer of a finished run drew when, and what it came to, as schedules.parquet.

    [bold]Example[/bold]

      omnisim schedules reports/ercot_day_ahead-0123456789
    """
    from omnisim import run_directory
    from omnisim.schedules_command import export_schedules

    path = run_dir / run_directory.SCHEDULES
    results = Results(path)
    if_interrupted(lambda: f"{results}{'' if results.are_complete else ': the same command begins anew'}")
    run_directory.read_manifest(run_dir)  # no lock is laid into a folder that is not that of a run
    with run_directory.prepared(run_dir):
        path, rows = export_schedules(run_dir)
    say(f"{rows:,} rows")
    say(f"{path}")


@app.command()
def tomorrow(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A folder of omnisim run --horizon DAYS.")],
    prices: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Prices up to today, in the form of the file that the run was made with."),
    ],
    forecasts: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="A newer file for one of market.forecast_files.", show_default=False),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Go on from the end of a run: learn the days since, and say what is forecast and done on the next one.

    Writes the forecast of the next delivery day and the schedule of every customer, as JSON and CSV, and the files of
    the run as they are now. Given once more, with the same file, it changes nothing.

    [bold]Examples[/bold]

      omnisim run --prices until-may.csv --horizon 365 --out mine
      omnisim tomorrow mine --prices until-today.csv
    """
    _add_plugins(plugin)
    from omnisim import run_directory
    from omnisim.tomorrow.command import tomorrow as go_on

    if_interrupted(lambda: f"{run_dir} is as it was, or will be once the same command is given again")
    run_directory.read_manifest(run_dir)  # no lock is laid into a folder that is not that of a run
    newer = dict(_named_file(each) for each in forecasts or ())
    with run_directory.prepared(run_dir, run_directory.TOMORROW):
        told = go_on(run_dir, prices, newer, plugin or ())
    for line in told.warnings:
        complain(f"omnisim: warning: {line}")
    for line in told.lines:
        say(line)


@app.command()
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


def _named_file(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not equals or not name or not file:
        raise ScenarioError(f"--forecasts {text}: must have the form NAME=FILE, NAME as in market.forecast_files")
    return name, Path(file)


@app.command()
def validate(
    scenario: Annotated[
        str | None,
        typer.Argument(metavar="SCENARIO", help="A TOML file, or the name of a shipped scenario."),
    ] = None,
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

        _add_plugins(plugin)
        print(json.dumps(Schema().json_schema(), indent=2))  # noqa: T201 (JSON escapes what a terminal would obey)
        return
    if scenario is None:
        raise typer.BadParameter("give a scenario, or --schema", param_hint="SCENARIO")
    loaded = _load(scenario, overrides, plugin, _given(seed, rounds, horizon))
    from omnisim.scenario.load import naming
    from omnisim.validate_command import validated

    for line in loaded.about["market"].get("warnings", ()):
        complain(f"omnisim: warning: {line}")
    with naming(scenario):
        lines = validated(loaded)
    for line in lines:
        say(line)


@app.command()
def study(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of omnisim list studies.")],
    quick: Annotated[
        bool, typer.Option("--quick", help="The small variant: shows in seconds that it works, judges little.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for page and tables; default: reports/study-<name>.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all randomness.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes; -1 for one per core. The numbers do not depend on it.")] = -1,
    data: Annotated[
        Path | None,
        typer.Option(help="File or folder the study is about; default: what the package ships.", show_default=False),
    ] = None,
    force: Force = False,
) -> None:
    """Rerun what the papers claim and write one page of figures, slopes and verdicts.

    Writes report.html and, beside it, every table as Parquet and CSV. A full study takes minutes.

    [bold]Examples[/bold]

      omnisim study scaling --quick
      omnisim study scaling --seed 1 --out results
    """
    from omnisim import run_directory, studies
    from omnisim.occupied import check_unoccupied

    found = studies.find(name)
    directory = out or Path("reports") / f"study-{name}"
    given = [*(["--quick"] if quick else []), *([f"--data {shlex.quote(str(data))}"] if data else [])]
    command = " ".join(["omnisim study", name, *given, f"--seed {seed}"])
    started = time.perf_counter()
    results = Results(directory / run_directory.REPORT)
    if_interrupted(lambda: f"{results}{'' if results.are_complete else ': the same command begins anew'}")
    with run_directory.prepared(directory):
        check_unoccupied(directory, {"study": name, "command": command}, force=force)
        with rounds_bar(f"study {name}") as on_rounds:
            result = found(studies.Options(quick, seed, jobs, on_rounds, data))
        from omnisim.studies.directory import write

        page = write(result, directory, command, seed, time.perf_counter() - started)
    for line in result.warnings:
        complain(f"omnisim: warning: {line}")
    for finding in result.findings:
        say(f"{_MARKS[finding.holds]}  {finding.measured}")
    say(f"{page}")


_MARKS = {True: "agrees    ", False: "DISAGREES ", None: "not judged"}


@app.command("list")
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

    _add_plugins(plugin)
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


def _given(seed: int | None, rounds: int | None, horizon: int | None) -> dict[str, Any]:
    """Overrides by options of their own."""
    given = {"seed": seed, "rounds": rounds, "horizon": horizon}
    return {key: value for key, value in given.items() if value is not None}


@app.command("inspect")
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
    from omnisim.scenario.document import parse_override
    from omnisim.scenario.own_file import market_keys, market_lines

    if len(files) > 1:
        raise typer.BadParameter(
            f"{len(files)} files: put a pattern in quotes, as in 'folder/*.csv', and they are read as one market",
            param_hint="FILE",
        )
    lines, table = inspected(files[0], market_keys(dict(map(parse_override, settings or []))))
    for line in [*lines, "", *market_lines(table)]:
        say(line)


def _load_prices(
    prices: Path, overrides: list[str] | None, plugins: list[str] | None, extra: dict[str, Any]
) -> tuple[Any, list[str]]:
    """The scenario of a file of prices, and what was chosen beside what its market warns of."""
    from omnisim.scenario.document import parse_override
    from omnisim.scenario.own_file import scenario_of_prices

    _add_plugins(plugins)
    loaded, choices = scenario_of_prices(prices, _from_here(dict(map(parse_override, overrides or []))) | extra)
    chosen = [choice for choice in choices if choice not in loaded.about["market"].get("warnings", ())]
    for choice in chosen:
        complain(f"omnisim: warning: {choice}")
    return loaded, chosen


def _from_here(overrides: dict[str, Any]) -> dict[str, Any]:
    """Paths that are given on the command line are relative to where one stands, not to the scenario."""
    paths = ("path", "generator_file")
    return {
        key: str(Path(value).absolute()) if key.rpartition(".")[2] in paths and isinstance(value, str) else value
        for key, value in overrides.items()
    }


def _load(scenario: str, overrides: list[str] | None, plugins: list[str] | None, extra: dict[str, Any]) -> Any:
    from omnisim.scenario.document import parse_override
    from omnisim.scenario.load import load_scenario

    _add_plugins(plugins)
    return load_scenario(scenario, _from_here(dict(map(parse_override, overrides or []))) | extra)


def _add_plugins(plugins: list[str] | None) -> None:
    if not plugins:
        return
    from omnisim.scenario import registry

    # Last, so that no file of the folder takes the place of an installed package.
    sys.path.append(str(Path.cwd()))
    for module in plugins:
        registry.add_plugin(module)


def _entry(name: str, summary: str) -> None:
    say(name)
    say(f"    {summary}")


def _file_name(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("-.")
    return kept or "scenario"
