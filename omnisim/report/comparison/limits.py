"""Limits that agents exceeded in the runs of a comparison, in their own units, and what clipping cut."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from omnisim.problem.clipping import ALARMING, NOTICED, larger_share
from omnisim.report.clipping import Cut
from omnisim.report.comparison.scope import AXES, Context, Scope
from omnisim.report.comparison.tables import MOST_ROWS, labels, named, note, text
from omnisim.report.tables import Column, Table, cell
from omnisim.report.text import count, percent, score

MOST_FALLBACK = 0.01
"""Share of the rounds without a candidate from which a comparison did not go well, as of a run."""

MOST_SENTENCES = 6
"""Limits that are told of."""


def sentences(scope: Scope) -> Iterator[str]:
    """Frequency and size of the violations of each limit in each context, with each forecaster."""
    table = scope.comparison.violations
    if table.empty:
        yield "No population has constraints: nothing can be violated."
        return
    broken = [
        (context, str(population), str(constraint), found)
        for context in scope.contexts
        for (population, constraint), found in _whole_run(scope, context).groupby(
            ["population", "constraint"], sort=False
        )
        if (found["violated"] > 0).any()
    ]
    if not broken:
        yield "No limit was exceeded."
    for each in broken[:MOST_SENTENCES]:
        yield _said(scope, *each)
    more = len(broken) - MOST_SENTENCES
    if more > 0:
        again = "" if len(scope.contexts) == 1 else ", or the same in other settings,"
        verb = "is" if more == 1 else "are"
        yield f"{count(more, 'more limit', 'more limits')}{again} {verb} in comparison.violations."
    name, share = most_fallback(scope)
    if share > 0:
        yield (
            f"No action was left to choose from on {percent(share)} of {scope.agent} {scope.round}s with {name}, the "
            "most of all; then the least bad one is played."
        )


def _said(scope: Scope, context: Context, population: str, constraint: str, rows: pd.DataFrame) -> str:
    words = scope.words(context)
    where = f" ({words})" if words else ""
    shares = rows.set_index("forecaster")["violated"].dropna()
    others = shares.drop(scope.reference, errors="ignore")
    names = [scope.reference] if scope.reference in shares else []
    if len(others):
        names += dict.fromkeys((str(others.idxmin()), str(others.idxmax())))
    parts = [f"{percent(float(shares[name]))} with {name}" for name in names]
    worst = max(rows.to_dict("records"), key=lambda row: float(row["largest"]))
    return (
        f"{population}{where}: share of {scope.agent} {scope.round}s on which “{constraint}” was exceeded: "
        f"{', '.join(parts)}; by {score(float(worst['largest']))} {worst['unit']} at most, with {worst['forecaster']}."
    )


def most_fallback(scope: Scope) -> tuple[str, float]:
    """The forecaster with which agents most often had no candidate left, and on which share of rounds."""
    found = []
    for row in scope.table.to_dict("records"):
        context = (row["elimination"], row["adversary"], row["setting"])
        if row["runs"]:
            words = scope.words(context)
            name = f"{row['forecaster']}{f' ({words})' if words else ''}"
            found.append((float(row["fallback_rounds"]) / scope.rounds[context], name))
    share, name = max(found, key=lambda each: each[0])
    return name, share


def reservations(scope: Scope) -> Iterator[str]:
    """Reservations about limits and clipping, each a short clause."""
    cut, where = largest_cut(scope)
    if cut.share >= ALARMING:
        yield cut.briefly + where
    name, fallback = most_fallback(scope)
    if fallback > MOST_FALLBACK:
        yield f"no action was left to choose from on {percent(fallback)} of {scope.agent} {scope.round}s with {name}"


def notices(scope: Scope) -> Iterator[str]:
    """Notices to be read before any number."""
    cut, where = largest_cut(scope)
    if not cut.share < NOTICED:  # nor where it is no share of anything
        yield cut.told(where)
    market = scope.about["market"]
    warnings = market.get("warnings") if isinstance(market, dict) else None
    yield from (str(warning) for warning in warnings) if isinstance(warnings, list | tuple) else ()


def alarming(scope: Scope) -> Iterator[str]:
    """Warnings that the command line prints as well."""
    cut, where = largest_cut(scope)
    if cut.share >= ALARMING:
        yield cut.told(where)


def largest_cut(scope: Scope) -> tuple[Cut, str]:
    """Clipping in the variant with the most, and the variant's words in parentheses unless all have the same."""
    frame = scope.comparison.clipping
    row = max(
        frame.to_dict("records"),
        key=lambda row: np.nan_to_num(larger_share(row["prices"], row["money"]), nan=NOTICED),
    )
    low, high = float(row["suggested_low"]), float(row["suggested_high"])
    words = scope.words([str(row[axis]) for axis in AXES])
    same = frame[["low", "high", "prices"]].drop_duplicates()
    return Cut(
        str(row["quantity"]), str(row["unit"]), float(row["low"]), float(row["high"]), int(row["values"]),
        int(row["clipped"]), float(row["lowest"]), float(row["highest"]), float(row["prices"]), float(row["money"]),
        None if low != low else (low, high),
    ), f" ({words})" if words and len(same) > 1 else ""  # fmt: skip


def _whole_run(scope: Scope, context: Context) -> pd.DataFrame:
    return scope.of(scope.comparison.violations, context, subsequence=scope.whole_run)


def violations(scope: Scope) -> Table:
    """A row per variant and limit on the whole run: how often and how far it was exceeded."""
    frame = scope.comparison.violations
    rows = frame[frame["subsequence"] == scope.whole_run]
    if not len(rows):
        return Table([], [])
    columns = [
        *labels(scope),
        Column("population", numeric=False),
        Column("limit", numeric=False),
        Column("exceeded", f"% of {scope.agent} {scope.round}s"),
        Column("ever", f"% of {scope.agent}s"),
        Column("excess", f"per {scope.agent} over the run"),
        Column("largest", f"of a {scope.agent} {scope.round}"),
        Column("unit", numeric=False),
    ]
    made = [
        [
            *named(scope, row),
            text(row["population"]),
            text(row["constraint"]),
            *(cell(100 * row[share], write=score) for share in ("violated", "exceeding")),
            *(cell(row[value], write=score) for value in ("total", "largest")),
            text(row["unit"]),
        ]
        for row in rows.head(MOST_ROWS).to_dict("records")
    ]
    left = note("Listed are the first {} of {}; comparison.violations has all.", made, len(rows))
    return Table(columns, made, note=left)
