"""Steps of ``omnisim compare`` once its command line is parsed."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omnisim import run_directory
from omnisim.comparison.choices import choices_from_text, settings_from_text
from omnisim.comparison.comparing import compare
from omnisim.comparison.comparison import Comparison
from omnisim.comparison.store import PLAN, Store
from omnisim.interruption import Results, if_interrupted
from omnisim.occupied import check_unoccupied
from omnisim.progress import runs_bar
from omnisim.report.comparison.page import write_comparison
from omnisim.scenario.scenario import Scenario


def run_comparison(
    scenario: Scenario,
    directory: Path,
    forecasters: str,
    eliminations: str | None,
    adversaries: str | None,
    settings: Sequence[str],
    arguments: Sequence[str],
    *,
    force: bool = False,
    **options: Any,
) -> Comparison:
    """Run the grid that the texts of the options describe, with progress on standard error.

    Parameters
    ----------
    scenario, directory
        What to run, and where its runs are kept.
    forecasters, eliminations, adversaries, settings
        Texts as given.
    arguments
        Of the command, to say what made the comparison.
    force
        Whether other results in the folder are to be replaced.
    options
        ``seeds``, ``reference``, ``jobs``, ``scheduler`` and ``fail_fast`` of :func:`omnisim.compare`.
    """
    about = {"name": scenario.name, "market": scenario.about.get("market", {})}
    check_unoccupied(directory, {"file": PLAN, **about}, force=force)
    results = Results(directory / run_directory.REPORT)
    planned: list[bool] = []
    if_interrupted(lambda: _how_to_go_on(directory, results, bool(planned)))
    with runs_bar(f"compare {scenario.name}") as (show, say):

        def on_run(done: int, total: int) -> None:
            planned.append(True)
            if show is not None:
                show(done, total)

        return compare(
            scenario,
            choices_from_text("forecaster", forecasters),
            eliminations=None if eliminations is None else choices_from_text("elimination", eliminations),
            adversaries=None if adversaries is None else choices_from_text("adversary", adversaries),
            settings=settings_from_text(settings),
            out=directory,
            on_run=on_run,
            say=say,
            command=shlex.join(["omnisim", "compare", *arguments]),
            **options,
        )


def _how_to_go_on(directory: Path, results: Results, planned: bool) -> str:
    if results.are_complete:
        return str(results)
    if not planned:
        return f"{results}: the same command begins anew"
    finished, asked = Store(directory).progress()
    return f"{finished} of {asked} runs are finished and kept in {directory}: the same command goes on from there"


def is_comparison(directory: Path) -> bool:
    """Whether a folder is that of a comparison."""
    return (directory / PLAN).is_file()


def write_page(comparison: Comparison, directory: Path) -> Path:
    """Write the page of a comparison into its folder."""
    page = directory / run_directory.REPORT
    write_comparison(comparison, page)
    return page


def verdict(comparison: Comparison) -> list[str]:
    """Result of a comparison in a few lines: in money where there is any."""
    from omnisim.report.comparison.scope import Scope
    from omnisim.report.comparison.verdict import summary

    return summary(Scope(comparison))


def warnings(comparison: Comparison) -> list[str]:
    """Warnings about a comparison, for standard error."""
    from omnisim.report.comparison.limits import alarming
    from omnisim.report.comparison.scope import Scope

    return list(alarming(Scope(comparison)))


def leaderboard(comparison: Comparison) -> list[str]:
    """A line per variant: money, or utility where there is none in common, and the difference to the reference."""
    from omnisim.report.comparison.scope import AXES, Scope, keyed
    from omnisim.report.text import interval

    scope = Scope(comparison)
    about, first = comparison.about, scope.first
    overall = comparison.overall[comparison.overall["measure"] == first.key]
    against = keyed(overall, ["forecaster", *AXES])
    rows = comparison.table.to_dict("records")
    names = [", ".join([row["forecaster"], *(row[axis] or "as given" for axis in scope.varied)]) for row in rows]
    width = max(map(len, names))
    confidence = f"{about['confidence']:.0%}"
    lines = [f"{first.title}, {first.unit}, and the difference to {about['reference']} with a {confidence} interval"]
    for name, row in zip(names, rows, strict=True):
        context = (row["elimination"], row["adversary"], row["setting"])
        factor, pair = scope.factor(context, first.key), against.get((row["forecaster"], *context))
        line = f"  {name:<{width}}  {first.plain(factor * row[first.key]):>12}"
        if pair is not None and pair["difference"] == pair["difference"]:
            line += f"  {first.signed(factor * pair['difference'])}"
            ends = (factor * pair["simultaneous_low"], factor * pair["simultaneous_high"])
            line += f" {interval(*ends, first.signed)}  {pair['verdict']}" if pair["verdict"] else "  no interval"
        lines.append(line)
    judged = overall.loc[overall["verdict"] != "", "method"]
    if len(judged):
        allowed = " and with ".join(sorted(set(judged)))
        count = int(overall["comparisons"].max())
        together = f"the {count} intervals hold together with {confidence}; " if count > 1 else ""
        lines.append(f"  {together}allowed for is what varies with {allowed}")
    return lines
