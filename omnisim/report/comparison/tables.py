"""The tables of the page of a comparison; none grows with the number of runs beyond the rows stated here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from omnisim.analysis.evidence import Status
from omnisim.comparison.tables import COUNTS
from omnisim.report.certificate_groups import Groups, grouped, tally
from omnisim.report.comparison.scope import AXES, Measure, Scope, keyed
from omnisim.report.tables import Cell, Column, Table, cell
from omnisim.report.text import MISSING, count, interval, percent, score, sortable
from omnisim.report.theorems import typeset

MOST_ROWS = 250
"""Rows of a table; the frames of the comparison have all."""


def leaderboard(scope: Scope) -> Table:
    """A row per variant, best first within its context: money first, then what the theory measures."""
    compared = [measure for measure in scope.measures if measure.larger_is_better]
    lost = [measure for measure in scope.measures if not measure.larger_is_better]
    first = compared[0]
    columns = [
        *labels(scope),
        Column("runs"),
        *(column for measure in compared for column in _compared(measure)),
        Column("gain", f"% of {scope.agent}s, in {first.title}"),
        Column("lose", f"% of {scope.agent}s, in {first.title}"),
        *(Column(measure.title, measure.unit) for measure in lost),
        Column("fall\u00adback", f"{scope.round}s per {scope.agent}"),
        Column("certificates violated"),
    ]
    overall, gains = scope.comparison.overall, scope.comparison.gains
    against = keyed(overall, ["forecaster", *AXES, "measure"])
    counted = gains[(gains["measure"] == first.key) & (gains["subsequence"] == scope.whole_run)]
    sums = keyed(counted.groupby(["forecaster", *AXES])[["agents", "wins", "losses"]].sum().reset_index(), [
        "forecaster", *AXES
    ])  # fmt: skip
    rows = []
    for context in scope.contexts:
        found = scope.of(scope.table, context).sort_values(first.key, ascending=False, kind="stable")
        for row in found.to_dict("records"):
            key = (row["forecaster"], *context)
            won = sums.get(key, {"agents": 0})
            shares = [100 * won[name] / won["agents"] if won["agents"] else np.nan for name in ("wins", "losses")]
            cells = [*named(scope, row), cell(row["runs"])]
            for measure in compared:
                factor, pair = scope.factor(context, measure.key), against.get((*key, measure.key))
                cells.append(cell(factor * row[measure.key], write=measure.plain))
                cells += _paired(pair, "difference", "simultaneous", measure.signed, factor)
                cells.append(text("reference" if pair is None else pair["verdict"] or "no interval"))
            cells += [cell(share, 2) for share in shares]
            cells += [cell(scope.factor(context, each.key) * row[each.key], write=each.plain) for each in lost]
            rows.append([*cells, cell(row["fallback_rounds"], write=score), cell(row["certificates_violated"])])
    return _cut(columns, rows, "Listed are the first {} of {} variants; comparison.table has all.")


def _compared(measure: Measure) -> list[Column]:
    return [
        Column(measure.title, measure.unit),
        Column("difference", measure.title),
        Column("interval", measure.title),
        Column("verdict", f"on {measure.title}", numeric=False),
    ]


def differences(scope: Scope) -> Table:
    """A row per pair, population and subsequence: paired differences with simultaneous intervals and verdicts."""
    frame = scope.comparison.differences
    rows = frame[frame["measure"] == "utility"]
    if not len(rows):
        return Table([], [])
    keys = ["forecaster", *AXES, "population", "subsequence"]
    compared = [*([scope.money("")] if any(scope.currencies.values()) else []), scope.utility]
    other = {measure.key: keyed(frame[frame["measure"] == measure.key], keys) for measure in compared}
    order = {name: index for index, name in enumerate([*scope.subsequences, *scope.about["subsequences"]][::-1])}
    rows = rows.sort_values("subsequence", key=lambda names: -names.map(order), kind="stable").head(MOST_ROWS)
    columns = [
        *labels(scope),
        Column("population", numeric=False),
        Column("subsequence", numeric=False),
        *(column for measure in compared for column in (
            Column("difference", f"{measure.title} {measure.unit}"),
            Column("interval", measure.title),
            Column("verdict", f"on {measure.title}", numeric=False),
        )),
    ]  # fmt: skip
    made = []
    for row in rows.to_dict("records"):
        context = (row["elimination"], row["adversary"], row["setting"])
        cells = [*named(scope, row), text(row["population"]), text(row["subsequence"])]
        for measure in compared:
            pair = other[measure.key].get(tuple(row[key] for key in keys))
            suffix = scope.currencies[row["population"]] if measure.key == "money" else ""
            factor = scope.factor(context, measure.key)
            cells += _paired(pair, "difference", "simultaneous", measure.signed, factor, suffix)
            cells.append(text((pair or {}).get("verdict") or "no interval"))
        made.append(cells)
    total = int((frame["measure"] == "utility").sum())
    left = note("Listed are the first {} of {}; comparison.differences has all.", made, total)
    return Table(columns, made, note=left)


def gains(scope: Scope) -> Table:
    """A row per pair, population and subsequence: how many agents gain and lose, and how much."""
    frame = scope.comparison.gains
    key = "money" if any(scope.currencies.values()) else "utility"
    rows = frame[frame["measure"] == key]
    if not len(rows):
        return Table([], [])
    rows = pd.concat([rows[rows["subsequence"] == scope.whole_run], rows[rows["subsequence"] != scope.whole_run]])
    measure = scope.money("") if key == "money" else scope.utility
    unit = measure.unit if key == "money" else f"utility {measure.unit}"
    columns = [
        *labels(scope),
        Column("population", numeric=False),
        Column("subsequence", numeric=False),
        Column(f"{scope.agent}s", "and seeds"),
        Column("gain", "%"),
        Column("lose", "%"),
        *(Column(words, unit) for words in ("most lost", "5th pct.", "median", "95th pct.", "most gained")),
    ]
    made = []
    for row in rows.head(MOST_ROWS).to_dict("records"):
        factor = scope.factor((row["elimination"], row["adversary"], row["setting"]), key)
        suffix = scope.currencies[row["population"]]
        made.append(
            [
                *named(scope, row),
                text(row["population"]),
                text(row["subsequence"]),
                cell(row["agents"]),
                cell(100 * row["wins"] / row["agents"], 2),
                cell(100 * row["losses"] / row["agents"], 2),
                *(
                    _difference(factor * row[level], measure.signed, suffix)
                    for level in ("q00", "q05", "q50", "q95", "q100")
                ),
            ]
        )
    return Table(columns, made, note=note("Listed are the first {} of {}; comparison.gains has all.", made, len(rows)))


def certificates(scope: Scope) -> Groups:
    """The certificates by theorem, violated ones first."""
    return grouped(certificate_table(scope), lambda row: row[1].text, _outcome)


def certificate_table(scope: Scope) -> Table:
    """A row per theorem, claim, basis and forecaster, violated ones first: how often it held, and the closest call."""
    frame = scope.comparison.certificates
    columns = [
        Column("theorem", numeric=False),
        Column("claim", numeric=False),
        Column("known", numeric=False),
        Column("forecaster", numeric=False),
        Column("checks"),
        Column("held"),
        Column("promise nothing"),
        Column("hypotheses unmet"),
        Column("cannot fail"),
        Column("violated"),
        Column("closest", "% of the bound"),
        Column("where", numeric=False),
        Column("run", numeric=False),
    ]
    rows, marks = [], []
    keys = ["theorem", "claim", "basis", "forecaster"]
    for (theorem, claim, basis, forecaster), found in frame.groupby(keys, sort=False):
        counted = found[["runs", *COUNTS]].sum()
        worst = found.iloc[int(found["excess"].astype(float).fillna(-np.inf).argmax())]
        bound, measured = float(worst["bound"]), float(worst["measured"])
        used = 100 * measured / bound if bound > 0 else np.nan
        rows.append(
            [
                *(text(words) for words in (theorem, typeset(str(claim)), basis, forecaster)),
                *(cell(int(value)) for value in counted),
                cell(used),
                text(worst["scope"] if measured == measured else MISSING),
                text(worst["worst_run"] if measured == measured else MISSING),
            ]
        )
        whole = int(counted["vacuous"] + counted["unmet"]) == int(counted["runs"])
        marks.append(Status.VIOLATED if counted["violated"] else Status.VACUOUS if whole else Status.INFORMATIVE)
    order = sorted(range(len(rows)), key=lambda i: marks[i] != Status.VIOLATED)[:MOST_ROWS]
    left = note("Listed are the first {} of {}, of which violated ones lead; comparison.certificates has all.", order,
                len(rows))  # fmt: skip
    return Table(columns, [rows[i] for i in order], [marks[i] for i in order], left)


def _outcome(rows: Sequence[Sequence[Cell]], _marks: Sequence[str]) -> str:
    """Result of the checks of a theorem, over all forecasters."""
    # After theorem, claim, basis, forecaster and number of checks.
    counted = [int(sum(float(row[5 + i].value or 0) for row in rows)) for i in range(len(COUNTS))]
    closest = max((float(row[5 + len(COUNTS)].value or 0) for row in rows), default=0.0)
    return tally(dict(zip(COUNTS.values(), counted, strict=True)), closest / 100)


def cost(scope: Scope) -> Table:
    """A row per variant: seconds and memory of its runs."""
    runs = scope.comparison.runs
    runs = runs[runs["status"] == "finished"]
    columns = [
        *labels(scope),
        Column("runs"),
        Column("time", "s, mean"),
        Column("time", "s, longest"),
        Column("simulate", "s, mean"),
        Column("analyze", "s, mean"),
        Column("memory", "MB, peak"),
    ]
    rows = []
    for key, found in runs.groupby(["forecaster", *AXES], sort=False):
        row = dict(zip(["forecaster", *AXES], key, strict=True))
        seconds = found["seconds"]
        means = [seconds.mean(), seconds.max(), found["simulate_seconds"].mean(), found["analyze_seconds"].mean()]
        numbers = [len(found), *means, found["peak_memory_mb"].max()]
        rows.append([*named(scope, row), *(cell(value) for value in numbers)])
    return _cut(columns, rows, "Listed are the first {} of {} variants; comparison.runs has all.")


def _cut(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], words: str) -> Table:
    shown = rows[:MOST_ROWS]
    return Table(columns, shown, note=note(words, shown, len(rows)))


def note(words: str, shown: Sequence[Any], total: int) -> str:
    """Note on the number of rows that a table lists, and of all rows; empty if it lists all."""
    return "" if len(shown) == total else words.format(f"{len(shown):,}", f"{total:,}")


def labels(scope: Scope) -> list[Column]:
    """The first columns of a table by variant."""
    return [Column("forecaster", numeric=False), *(Column(AXES[axis], numeric=False) for axis in scope.varied)]


def named(scope: Scope, row: Any) -> list[Cell]:
    """The cells of :func:`labels`."""
    return [text(row["forecaster"]), *(text(row[axis] or "as given") for axis in scope.varied)]


def text(words: Any) -> Cell:
    """A cell of words."""
    return Cell(str(words), str(words))


def _paired(
    row: Any, value: str, ends: str, write: Callable[[float], str], factor: float = 1.0, suffix: str = ""
) -> Iterable[Cell]:
    """A difference and its interval, which sorts by its lower end."""
    if not row or row[value] != row[value]:
        return Cell(MISSING, None), Cell(MISSING, None)
    low, high = factor * row[f"{ends}_low"], factor * row[f"{ends}_high"]
    words = interval(low, high, write)
    return _difference(factor * row[value], write, suffix), Cell(words, None if words == MISSING else sortable(low))


def _difference(value: float, write: Callable[[float], str], suffix: str = "") -> Cell:
    found = cell(value, write=write)
    return found if found.value is None else replace(found, text=f"{found.text} {suffix}".strip())


def headcount(scope: Scope) -> str:
    """Number of checks and their results, in one sentence."""
    frame = scope.comparison.certificates
    runs = int(frame["runs"].sum())
    held, vacuous, unmet, checked, violated = (int(frame[name].sum()) for name in COUNTS)
    if not runs:
        return "No theorem applies to these runs, so nothing is certified."
    checks = count(runs, "check")
    if violated:
        return f"{violated:,} of {checks} are violated ({percent(violated / runs)})."
    others = (
        (vacuous, "promise nothing, because so much could not be lost anyway"),
        (unmet, "say nothing, because no agent meets the hypotheses"),
        (checked, "cannot fail"),
    )
    rest = "".join(f"; {number:,} {words}" for number, words in others if number)
    return f"{held:,} of {checks} could have failed and hold{rest}."
