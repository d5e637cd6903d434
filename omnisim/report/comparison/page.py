"""The page of a comparison, written as one self-contained file like the report of a run.

It grows with the choices that were compared and not with the number of runs: figures show at most what
:mod:`omnisim.report.comparison.scope` says, tables are cut, and no agent is read one by one.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from omnisim.comparison.comparison import Comparison
from omnisim.errors import OutputError, ProblemError
from omnisim.files import atomic_write
from omnisim.refusing import one_of, path_of
from omnisim.report import embedding
from omnisim.report.comparison import accuracy, limits, tables, worth
from omnisim.report.comparison.figures import shown_figures
from omnisim.report.comparison.runs import runs_to_look_at
from omnisim.report.comparison.scope import AXES, Scope
from omnisim.report.comparison.verdict import verdict
from omnisim.report.template import page_template
from omnisim.report.text import count, few, listing, number


def write_comparison(comparison: Comparison, path: str | Path) -> None:
    """Write the page of a comparison as one HTML file that needs nothing else: no network, no other file.

    Parameters
    ----------
    comparison
        From :func:`omnisim.compare` or :func:`omnisim.load_comparison`; one that was interrupted will do.
    path
        The file to write; it is replaced at once or not at all. In the folder of the comparison, the page leads to
        the scenarios there.

    Raises
    ------
    OutputError
        If the file cannot be written.
    TraceError
        If no run is finished, or a file of the comparison is damaged.

    Examples
    --------
    >>> import omnisim, pathlib, tempfile
    >>> scenario = omnisim.Scenario(
    ...     populations=[omnisim.Population("bettors", utility=[[[1.0], [0.0]]], offset=[[0.0, 0.5]])],
    ...     adversary=omnisim.adversaries.Independent([[0.0], [1.0]]),
    ...     forecaster=omnisim.forecasters.Climatology(),
    ...     rounds=20,
    ... )
    >>> comparison = omnisim.compare(scenario, ["climatology", "conditional_mean"], seeds=4, jobs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "comparison.html")
    ...     omnisim.write_comparison(comparison, path)
    ...     path.stat().st_size < 1_500_000
    True
    """
    one_of("comparison of write_comparison", comparison, Comparison, "a Comparison, from compare", ProblemError)
    path = path_of("path of write_comparison", path, OutputError)
    with atomic_write(path) as file:
        file.write(render(comparison, beside=path.parent.resolve() == comparison.folder.resolve()))


def render(comparison: Comparison, *, beside: bool = False) -> bytes:
    """The page as bytes; ``beside`` where it will be in the folder of the comparison."""
    scope = Scope(comparison)
    figures = shown_figures(scope)
    context = {
        "scope": scope,
        "about": scope.about,
        "what_ran": _what_ran(scope),
        "composition": _composition(scope),
        "verdict": verdict(scope),
        "figures": figures,
        "leaderboard": tables.leaderboard(scope),
        "worth": worth.table(scope),
        "tests": accuracy.against_reference(scope),
        "measures": accuracy.measures(scope),
        "violations": limits.violations(scope),
        "differences": tables.differences(scope),
        "gains": tables.gains(scope),
        "certificates": tables.certificates(scope),
        "runs": runs_to_look_at(scope, beside=beside),
        "cost": tables.cost(scope),
        "spent": _spent(scope),
        "beside": beside,
        "provenance": _provenance(scope),
        **embedding.shell({name: each.variants for name, each in figures.items()}),
    }
    return page_template("comparison.html.j2").render(context).encode()


def _what_ran(scope: Scope) -> list[tuple[str, str]]:
    about = scope.about
    market = about["market"]
    runs = count(about["asked"], "run")
    if about["finished"] < about["asked"]:
        runs += f", {about['finished']:,} finished"
    rounds = sorted(set(scope.rounds.values()))
    facts = [
        ("Runs", runs),
        ("Forecasters", count(len(about["forecasters"]), "forecaster")),
        *((AXES[name].capitalize(), _few(about[f"{name}s"])) for name in AXES if name in scope.varied),
        ("Seeds", f"{len(about['seeds']):,}"),
        (f"{scope.round.capitalize()}s of a run", _lengths(rounds)),
        ("Compared to", scope.reference),
    ]
    if isinstance(market, Mapping) and market.get("name"):
        facts.append(("Market", str(market["name"])))
    return [*facts, ("omnisim", str(about["omnisim"]))]


def _lengths(rounds: list[int], most: int = 4) -> str:
    shown = [f"{each:,}" for each in rounds]
    return " or ".join(shown) if len(rounds) <= most else f"{len(rounds)} lengths from {shown[0]} to {shown[-1]}"


def _composition(scope: Scope) -> list[str]:
    populations = [f"{name} ({each['agents']:,}{_standing(each)})" for name, each in scope.about["populations"].items()]
    weighted = any(_standing(each) for each in scope.about["populations"].values())
    return [
        f"Forecasters: {_few(scope.about['forecasters'], 12)}",
        f"Populations, with their agents: {_few(populations, 12)}{_COUNTED if weighted else ''}",
        f"Subsequences: {_few(scope.about['subsequences'], 12)}",
    ]


_COUNTED = (
    ". Means of measures count each agent as often as its weight says; limits that were exceeded, and shares and "
    "distributions over agents, count each once"
)


def _standing(population: Mapping[str, object]) -> str:
    same = population["standing"] == population["agents"]
    return "" if same else f" for {population['standing']:,.6g}"


def _few(names: list[str], most: int = 4) -> str:
    return listing(few([str(name) or "as given" for name in names], most))


def _spent(scope: Scope) -> str:
    runs = scope.comparison.runs
    seconds, memory = float(runs["seconds"].sum()), float(runs["peak_memory_mb"].max())
    words = f"{number(seconds)} seconds" if seconds < 600 else f"{number(seconds / 3600)} hours"
    return f"All runs together took {words} of computing; the largest peak of memory was {number(memory)} MB."


def _provenance(scope: Scope) -> list[tuple[str, str]]:
    finished = scope.comparison.runs.query("status == 'finished'")
    found: dict[str, set[str]] = {}
    for text in finished["versions"].unique():
        for name, version in json.loads(text).items():
            found.setdefault(str(name), set()).add(str(version))
    facts = [(name, " and ".join(sorted(versions))) for name, versions in found.items()]
    market = scope.about["market"]
    if isinstance(market, Mapping) and market.get("attribution"):
        facts.append(("source of the data", str(market["attribution"])))
    return facts
