"""Accuracy of forecasts in a comparison, and tests of its differences: sentences and tables."""

from collections.abc import Iterator
from typing import Any

from omnisim.analysis.accuracy import BRIER, MAE
from omnisim.report.comparison.scope import Scope
from omnisim.report.comparison.tables import MOST_ROWS, labels, named, note, text
from omnisim.report.tables import Column, Table, cell
from omnisim.report.text import count, number, score, signed, signed_score

MOST_SENTENCES = 3
"""Forecasters that are told of."""

CHANCE = 0.05
"""Probability below which a difference is not put down to chance."""

WHAT = {MAE: "mean absolute error", BRIER: "Brier score (mean squared distance from what happened)"}


def sentences(scope: Scope) -> Iterator[str]:
    """Sentences on the differences in accuracy, by the Diebold-Mariano test."""
    found = scope.comparison.diebold_mariano
    for index, row in enumerate(found.head(MOST_SENTENCES).to_dict("records")):
        yield _said(scope, row, explain=index == 0)
    if len(found) > MOST_SENTENCES:
        yield f"{len(found) - MOST_SENTENCES:,} more are in the table of accuracy below."


def _said(scope: Scope, row: dict[Any, Any], *, explain: bool) -> str:
    words = scope.words((row["elimination"], row["adversary"], row["setting"]))
    unit, write = (f" {row['unit']}", number) if row["unit"] else ("", score)
    start = (
        f"{row['forecaster']}{f' ({words})' if words else ''}: {WHAT[row['loss']] if explain else row['loss']} "
        f"{write(row['mean'])}{unit}, {scope.reference} {write(row['reference_mean'])}{unit}, over the same "
        f"{count(row['rounds'], scope.round)}"
    )
    p_value, difference = float(row["p_value"]), float(row["difference"])
    if write(difference) == "0":
        return f"{start}: the same."
    if p_value != p_value:
        return f"{start}: too few {scope.round}s, or too alike, to say whether that is chance."
    meaning = f" (the chance of a difference this large between equally good forecasts, by a {NAME})" if explain else ""
    if p_value >= CHANCE:
        return f"{start}: a difference that may be chance, p = {number(p_value, 2)}{meaning}."
    chance = "p under 0.001" if p_value < 0.001 else f"p = {number(p_value, 2)}"
    return f"{start}: {'smaller' if difference < 0 else 'larger'}, {chance}{meaning}."


NAME = "Diebold-Mariano test"


def against_reference(scope: Scope) -> Table:
    """A row per variant but the reference: its loss beside that of the reference, and the Diebold-Mariano test."""
    found = scope.comparison.diebold_mariano
    if not len(found):
        return Table([], [])
    several = found["loss"].nunique() > 1 or found["unit"].nunique() > 1
    unit = "" if several else str(found["unit"].iloc[0])
    title = "loss" if several else str(found["loss"].iloc[0])
    columns = [
        *labels(scope),
        *([Column("loss", numeric=False), Column("unit", numeric=False)] if several else []),
        Column(title, unit),
        Column(scope.reference, unit),
        Column("difference", unit),
        Column("statistic", NAME),
        Column("p", "two-sided"),
        Column(f"{scope.round}s"),
        Column("lags", f"{scope.round}s"),
    ]
    plain, change = (score, signed_score) if not unit and not several else (number, signed)
    rows = [
        [
            *named(scope, row),
            *([text(row["loss"]), text(row["unit"] or "–")] if several else []),
            *(cell(row[name], write=plain) for name in ("mean", "reference_mean")),
            cell(row["difference"], write=change),
            cell(row["statistic"], write=lambda value: signed(value, 3)),
            cell(row["p_value"], write=_chance),
            cell(row["rounds"]),
            cell(row["lags"]),
        ]
        for row in found.head(MOST_ROWS).to_dict("records")
    ]
    left = note("Listed are the first {} of {}; comparison.diebold_mariano has all.", rows, len(found))
    return Table(columns, rows, note=left)


def _chance(value: float) -> str:
    return "under 0.001" if value < 0.001 else number(value, 2)


def measures(scope: Scope) -> Table:
    """A row per variant, forecaster of a run and measure on the whole run, beside persistence on the same rounds."""
    frame = scope.comparison.accuracy
    rows = frame[frame["subsequence"] == scope.whole_run]
    if not len(rows):
        return Table([], [])
    several = rows["broadcast_by"].nunique() > 1
    columns = [
        *labels(scope),
        *([Column("broadcast by", numeric=False)] if several else []),
        Column("measure", numeric=False),
        Column("value"),
        Column("persistence", f"the {scope.round} before"),
        Column("unit", numeric=False),
        Column(f"{scope.round}s"),
    ]
    made = [
        [
            *named(scope, row),
            *([text(row["broadcast_by"])] if several else []),
            text(row["measure"]),
            *(cell(row[key], write=number if row["unit"] else score) for key in ("value", "baseline")),
            text(row["unit"] or "–"),
            cell(row["rounds"]),
        ]
        for row in rows.head(MOST_ROWS).to_dict("records")
    ]
    left = note("Listed are the first {} of {}; comparison.accuracy has all.", made, len(rows))
    return Table(columns, made, note=left)
