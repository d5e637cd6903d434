"""Runs worth looking at: the slowest, the worst, the failed, each with what makes it again."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from omnisim.comparison.store import PAGE, PAGES, SCENARIOS
from omnisim.report.comparison.scope import AXES, Measure, Scope
from omnisim.report.tables import Cell, Column, Table, cell
from omnisim.report.text import MISSING, listing, score, shorten

EACH = 5
"""Runs of a kind that are listed."""

_DIGEST = re.compile("[0-9a-f]+")
_RUN = re.compile("[0-9a-f]+-[0-9]+")

MOST_FAILED = 10
"""Failed runs that are listed."""


def runs_to_look_at(scope: Scope, *, beside: bool) -> Table:
    """A row per run and reason to look at it; failed and violated ones are marked.

    Parameters
    ----------
    scope
        Of the comparison.
    beside
        Whether the page is in the folder of the comparison, so that links to files there lead somewhere.
    """
    first = scope.first
    columns = [
        Column("why", numeric=False),
        Column("forecaster", numeric=False),
        *(Column(AXES[axis], numeric=False) for axis in scope.varied),
        Column("seed"),
        Column(first.title, first.unit),
        Column("difference", first.title),
        Column("CCV+", f"cost {scope.over_the_run}"),
        Column("time", "s"),
        Column("memory", "MB"),
        Column("page", numeric=False),
        Column("scenario", numeric=False),
        Column("command", numeric=False, code=True),
    ]
    rows, marks = [], []
    for why, mark, row in _picked(with_differences(scope), first):
        factor = scope.factor((row["elimination"], row["adversary"], row["setting"]), first.key)
        digest = row["run"].rpartition("-")[0]
        file = f"{SCENARIOS}/{digest}.toml" if row["command"] else ""
        command = row["command"] or "built in Python: no command"
        if row["error"]:
            command += f" ({shorten(row['error'], 160)})"
        rows.append(
            [
                Cell(why, why),
                Cell(row["forecaster"], row["forecaster"]),
                *(Cell(row[axis] or "as given", row[axis] or "as given") for axis in scope.varied),
                cell(row["seed"]),
                cell(factor * row[first.key], write=first.plain),
                cell(factor * row["difference"], write=first.signed),
                cell(row["ccv_positive"], write=score),
                cell(row["seconds"]),
                cell(row["peak_memory_mb"]),
                _page(scope, row["run"], beside=beside),
                Cell(digest, digest, file if beside and _DIGEST.fullmatch(digest) else ""),
                Cell(command, command),
            ]
        )
        marks.append(mark)
    return Table(columns, rows, marks, _left_out(scope.comparison.runs))


def _page(scope: Scope, run: str, *, beside: bool) -> Cell:
    """A link to the page of a run, where it has been made."""
    page = f"{PAGES}/{run}/{PAGE}"
    made = beside and _RUN.fullmatch(run) and (scope.comparison.folder / page).is_file()
    return Cell("report", run, page) if made else Cell(MISSING, "")


def with_differences(scope: Scope) -> pd.DataFrame:
    """All runs, with the difference to the reference's run of the same context and seed in what is compared first."""
    runs, key = scope.comparison.runs, scope.first.key
    paired = [*AXES, "seed"]
    reference = runs[runs["forecaster"] == scope.reference].set_index(paired)[key].rename("earned")
    runs = runs.join(reference, on=paired)
    differences = (runs[key] - runs["earned"]).where(runs["forecaster"] != scope.reference)
    return runs.assign(difference=differences)


def _picked(runs: pd.DataFrame, first: Measure) -> Iterator[tuple[str, str, dict[str, Any]]]:
    failed, violated = _bad(runs)
    finished = runs[runs["status"] == "finished"]
    for why, mark, found in (
        ("failed", "violated", failed.head(MOST_FAILED)),
        ("certificate violated", "violated", violated.nlargest(EACH, "certificates_violated")),
        ("worst difference", "", _least(finished[finished["difference"] < 0], "difference")),
        (f"least {first.title}", "", _least(finished, first.key)),
        ("most CCV+", "", _most(finished[finished["ccv_positive"] > 0], "ccv_positive")),
        ("slowest", "", _most(finished, "seconds")),
        ("most memory", "", _most(finished, "peak_memory_mb").head(1)),
    ):
        for row in found.to_dict("records"):
            yield why, mark, {str(key): value for key, value in row.items()}


def _bad(runs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The runs that failed, and those that violated certificates."""
    violated = runs[(runs["status"] == "finished") & (runs["certificates_violated"] > 0)]
    return runs[runs["status"] == "failed"], violated


def _left_out(runs: pd.DataFrame) -> str:
    """Sentence on bad runs that are not listed; empty if all are."""
    failed, violated = map(len, _bad(runs))
    parts = []
    if failed > MOST_FAILED:
        parts.append(f"the first {MOST_FAILED} of {failed:,} that failed")
    if violated > EACH:
        parts.append(f"the {EACH} of {violated:,} with violated certificates that violated most")
    return f"Listed are {listing(parts)}; comparison.runs has all." if parts else ""


def _least(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    return runs.iloc[np.argsort(runs[column].to_numpy(dtype=np.float64), kind="stable")[:EACH]]


def _most(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    return runs.iloc[np.argsort(-runs[column].to_numpy(dtype=np.float64), kind="stable")[:EACH]]
