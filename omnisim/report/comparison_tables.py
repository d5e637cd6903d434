"""The tables of the page of a comparison; none grows with the number of runs beyond the rows stated here."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from omnisim.analysis.evidence import Status
from omnisim.comparison.certificates import COUNTS
from omnisim.report.certificate_groups import Groups, grouped, tally
from omnisim.report.comparison_scope import AXES, Scope, keyed
from omnisim.report.tables import Cell, Column, Table, cell
from omnisim.report.text import MISSING, count, interval, percent, signed
from omnisim.report.theorems import typeset

MOST_ROWS = 250
"""Rows of a table; the frames of the comparison have all."""


def leaderboard(scope: Scope) -> Table:
    """A row per variant, best first within its context."""
    money = scope.currency != ""
    columns = [
        *_labels(scope),
        Column("runs"),
        Column("utility", "per agent, over the run"),
        Column("difference", "utility"),
        Column("interval", "utility"),
        Column("verdict", "on utility", numeric=False),
        *([Column("money", scope.money(scope.currency).unit)] if money else []),
        *([Column("difference", "money"), Column("interval", "money")] if money else []),
        Column("gain", "% of agents"),
        Column("lose", "% of agents"),
        Column("swap regret", "utility"),
        Column("external regret", "utility"),
        Column("CCV+", "cost"),
        Column("CCV", "cost"),
        Column("fall\u00adback", f"{scope.round}s"),
        Column("certificates violated"),
    ]
    overall = scope.comparison.overall
    earned = keyed(overall[overall["measure"] == "money"], ["forecaster", *AXES])
    rows = []
    for context in scope.contexts:
        factor = scope.factor(context, "money")
        found = scope.of(scope.table, context).sort_values("utility", ascending=False, kind="stable")
        for row in found.to_dict("records"):
            reference = row["forecaster"] == scope.reference
            against = earned.get((row["forecaster"], *context))
            agents = sum(row[name] for name in ("wins", "losses", "ties"))
            rows.append(
                [
                    *_named(scope, row),
                    cell(row["runs"]),
                    cell(row["utility"], 5),
                    *_paired(row, "difference", "difference"),
                    _text("reference" if reference else row["verdict"] or "no interval"),
                    *([cell(factor * row["money"], 5)] if money else []),
                    *(_paired(against, "difference", "simultaneous", factor) if money else []),
                    *(cell(100 * row[name] / agents if agents else np.nan, 2) for name in ("wins", "losses")),
                    *(cell(row[name]) for name in ("swap_regret", "external_regret", "ccv_positive", "ccv")),
                    cell(row["fallback_rounds"]),
                    cell(row["certificates_violated"]),
                ]
            )
    return _cut(columns, rows, "Listed are the first {} of {} variants; comparison.table has all.")


def accuracy(scope: Scope) -> Table:
    """A row per variant but the reference: its loss beside that of the reference, and the Diebold-Mariano test."""
    found = scope.comparison.diebold_mariano
    if not len(found):
        return Table([], [])
    unit = str(found["unit"].iloc[0])
    columns = [
        *_labels(scope),
        Column(str(found["loss"].iloc[0]), unit),
        Column(scope.reference, unit),
        Column("difference", unit),
        Column("statistic", "Diebold-Mariano"),
        Column("p", "two-sided"),
        Column(f"{scope.round}s"),
    ]
    rows = [
        [
            *_named(scope, row),
            *(cell(row[name], 4) for name in ("mean", "reference_mean")),
            _difference(row["difference"], ""),
            cell(row["statistic"], 3),
            cell(row["p_value"], 2),
            cell(row["rounds"]),
        ]
        for row in found.head(MOST_ROWS).to_dict("records")
    ]
    return Table(columns, rows)


def differences(scope: Scope) -> Table:
    """A row per pair, population and subsequence: paired differences with simultaneous intervals and verdicts."""
    frame = scope.comparison.differences
    rows = frame[frame["measure"] == "utility"]
    if not len(rows):
        return Table([], [])
    keys = ["forecaster", *AXES, "population", "subsequence"]
    other = keyed(frame[frame["measure"] == "money"], keys)
    money = any(scope.currencies.values())
    order = {name: index for index, name in enumerate([*scope.subsequences, *scope.about["subsequences"]][::-1])}
    rows = rows.sort_values("subsequence", key=lambda names: -names.map(order), kind="stable").head(MOST_ROWS)
    columns = [
        *_labels(scope),
        Column("population", numeric=False),
        Column("subsequence", numeric=False),
        Column("difference", "utility"),
        Column("interval", "utility"),
        Column("verdict", "on utility", numeric=False),
        *([Column("difference", "money"), Column("interval", "money")] if money else []),
    ]
    made = []
    for row in rows.to_dict("records"):
        context = (row["elimination"], row["adversary"], row["setting"])
        factor = scope.factor(context, "money")
        suffix = scope.currencies[row["population"]]
        earned = other.get(tuple(row[key] for key in keys))
        made.append(
            [
                *_named(scope, row),
                _text(row["population"]),
                _text(row["subsequence"]),
                *_paired(row, "difference", "simultaneous"),
                _text(row["verdict"] or "no interval"),
                *(_paired(earned, "difference", "simultaneous", factor, suffix) if money else []),
            ]
        )
    total = int((frame["measure"] == "utility").sum())
    return Table(columns, made, note=_note("Listed are {} of {}; comparison.differences has all.", made, total))


def gains(scope: Scope) -> Table:
    """A row per pair, population and subsequence: how many agents gain and lose, and how much."""
    frame = scope.comparison.gains
    key = "money" if any(scope.currencies.values()) else "utility"
    rows = frame[frame["measure"] == key]
    if not len(rows):
        return Table([], [])
    rows = pd.concat([rows[rows["subsequence"] == scope.whole_run], rows[rows["subsequence"] != scope.whole_run]])
    unit = scope.money("").unit.strip() if key == "money" else "utility per agent"
    columns = [
        *_labels(scope),
        Column("population", numeric=False),
        Column("subsequence", numeric=False),
        Column("agents", "and seeds"),
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
                *_named(scope, row),
                _text(row["population"]),
                _text(row["subsequence"]),
                cell(row["agents"]),
                cell(100 * row["wins"] / row["agents"], 2),
                cell(100 * row["losses"] / row["agents"], 2),
                *(_difference(factor * row[level], suffix) for level in ("q00", "q05", "q50", "q95", "q100")),
            ]
        )
    return Table(columns, made, note=_note("Listed are {} of {}; comparison.gains has all.", made, len(rows)))


def certificates(scope: Scope) -> Groups:
    """The certificates by theorem, violated ones first."""
    return grouped(certificate_table(scope), lambda row: row[1].text, _outcome)


def certificate_table(scope: Scope) -> Table:
    """A row per theorem, claim and forecaster, violated ones first: how often it held, and the closest call."""
    frame = scope.comparison.certificates
    columns = [
        Column("theorem", numeric=False),
        Column("claim", numeric=False),
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
    for (theorem, claim, forecaster), found in frame.groupby(["theorem", "claim", "forecaster"], sort=False):
        counted = found[["runs", *COUNTS]].sum()
        worst = found.iloc[int(found["excess"].astype(float).fillna(-np.inf).argmax())]
        bound, measured = float(worst["bound"]), float(worst["measured"])
        used = 100 * measured / bound if bound > 0 else np.nan
        rows.append(
            [
                *(_text(text) for text in (theorem, typeset(str(claim)), forecaster)),
                *(cell(int(value)) for value in counted),
                cell(used),
                _text(worst["scope"] if measured == measured else MISSING),
                _text(worst["worst_run"] if measured == measured else MISSING),
            ]
        )
        whole = int(counted["vacuous"] + counted["unmet"]) == int(counted["runs"])
        marks.append(Status.VIOLATED if counted["violated"] else Status.VACUOUS if whole else Status.INFORMATIVE)
    order = sorted(range(len(rows)), key=lambda i: marks[i] != Status.VIOLATED)[:MOST_ROWS]
    note = _note("Listed are {} of {}, violated ones first; comparison.certificates has all.", order, len(rows))
    return Table(columns, [rows[i] for i in order], [marks[i] for i in order], note)


def _outcome(rows: Sequence[Sequence[Cell]], _marks: Sequence[str]) -> str:
    """How the checks of a theorem came out, over all forecasters."""
    # After theorem, claim, forecaster and number of checks.
    counted = [int(sum(float(row[4 + i].value or 0) for row in rows)) for i in range(len(COUNTS))]
    closest = max((float(row[4 + len(COUNTS)].value or 0) for row in rows), default=0.0)
    return tally(dict(zip(COUNTS.values(), counted, strict=True)), closest / 100)


def cost(scope: Scope) -> Table:
    """A row per variant: seconds and memory of its runs."""
    runs = scope.comparison.runs
    runs = runs[runs["status"] == "finished"]
    columns = [
        *_labels(scope),
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
        rows.append([*_named(scope, row), *(cell(value) for value in numbers)])
    return _cut(columns, rows, "Listed are the first {} of {} variants; comparison.runs has all.")


def _cut(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], note: str) -> Table:
    shown = rows[:MOST_ROWS]
    return Table(columns, shown, note=_note(note, shown, len(rows)))


def _note(text: str, shown: Sequence[Any], total: int) -> str:
    return "" if len(shown) == total else text.format(f"{len(shown):,}", f"{total:,}")


def _labels(scope: Scope) -> list[Column]:
    return [Column("forecaster", numeric=False), *(Column(AXES[axis], numeric=False) for axis in scope.varied)]


def _named(scope: Scope, row: Any) -> list[Cell]:
    return [_text(row["forecaster"]), *(_text(row[axis] or "as given") for axis in scope.varied)]


def _text(text: Any) -> Cell:
    return Cell(str(text), str(text))


def _paired(row: Any, value: str, ends: str, factor: float = 1.0, suffix: str = "") -> Iterable[Cell]:
    """A difference and its interval, which sorts by its lower end."""
    if not row or row[value] != row[value]:
        return Cell(MISSING, None), Cell(MISSING, None)
    low, high = factor * row[f"{ends}_low"], factor * row[f"{ends}_high"]
    text = interval(low, high)
    return _difference(factor * row[value], suffix), Cell(text, None if text == MISSING else float(f"{low:.7g}"))


def _difference(value: float, suffix: str = "") -> Cell:
    if not np.isfinite(value):
        return Cell(MISSING, None)
    return Cell(f"{signed(value)} {suffix}".strip(), float(f"{value:.7g}"))


def headcount(scope: Scope) -> str:
    """How many checks there were and how they went, in one sentence."""
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
