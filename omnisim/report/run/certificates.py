"""The certificates of a run, a group per theorem."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from omnisim.analysis import Analysis
from omnisim.analysis.evidence import Status
from omnisim.problem.money import UTILITY
from omnisim.report.certificate_groups import Groups, grouped, tally
from omnisim.report.tables import Cell, Column, Table, cell
from omnisim.report.text import amount
from omnisim.report.theorems import typeset

_CLAIM, _MEASURED, _BOUND = 3, 4, 5
"""Positions in a row of the table."""

_WORDS = {
    Status.VIOLATED: "violated",
    Status.INFORMATIVE: "holds",
    Status.VACUOUS: "promises nothing",
    Status.UNMET: "hypotheses unmet",
    Status.CHECK: "cannot fail",
}


def certificate_groups(analysis: Analysis, most_rows: int) -> Groups:
    """The certificates by theorem, violated ones first; only the tightest if there are over ``most_rows``."""
    return grouped(certificate_table(analysis, most_rows), lambda row: row[_CLAIM].text, _outcome)


def certificate_table(analysis: Analysis, most_rows: int) -> Table:
    """A row per certificate."""
    table = analysis.certificates
    note = ""
    if len(table) > most_rows:
        note = f"Listed are the {most_rows} of {len(table):,} that are violated or closest to their bound."
        slack = (table["margin"] / table["bound"].clip(lower=1)).where(table["holds"].astype(bool), -np.inf)
        table = table.loc[slack.sort_values(kind="stable", na_position="last").index[:most_rows].sort_values()]
    columns = [
        Column("theorem", numeric=False),
        Column("population", numeric=False),
        Column("subsequence", numeric=False),
        Column("claim", numeric=False),
        Column("measured"),
        Column("bound"),
        Column("without a promise", "could be lost"),
        Column("in hindsight", "could be lost"),
        Column("known", numeric=False),
        Column("came out", numeric=False),
        Column("with probability", "at least"),
        Column("hypotheses met by", "agents"),
        Column("note", numeric=False),
    ]
    rows, marks = [], []
    currencies = {name: record.population.money.currency for name, record in analysis.trace.records.items()}
    for row in table.sort_values("holds", kind="stable").to_dict("records"):
        met, agents = int(row["hypotheses_met"]), int(row["agents"])
        status = Status(row["status"]) if row["holds"] else Status.VIOLATED
        claim = typeset(str(row["claim"]))
        unit, currency = float(row["money"]), currencies[str(row["population"])]
        rows.append(
            [
                *(Cell(str(row[key]), str(row[key])) for key in ("theorem", "population", "subsequence")),
                Cell(claim, claim),
                *(_lost(float(row[key]), unit, currency) for key in ("measured", "bound", "trivial", "hindsight")),
                Cell(str(row["basis"]), str(row["basis"])),
                Cell(_WORDS[status], _WORDS[status]),
                cell(float(row["probability"]), 4),
                Cell(f"{met:,} of {agents:,}", met),
                Cell(str(row["note"]), str(row["note"])),
            ]
        )
        marks.append(status)
    return Table(columns, rows, marks, note)


def _lost(value: float, unit: float, currency: str) -> Cell:
    """A cell of what was or could be lost; a regret is money as well, where utility is."""
    found = cell(value, 4)
    if found.value is None or not np.isfinite(unit) or currency == UTILITY:
        return found
    return replace(found, text=f"{found.text} ({amount(unit * value)} {currency})")


def _outcome(rows: Sequence[Sequence[Cell]], marks: Sequence[str]) -> str:
    shares = [_share(row) for row, mark in zip(rows, marks, strict=True) if mark == Status.INFORMATIVE]
    return tally(Counter(map(Status, marks)), max(shares, default=0.0))


def _share(row: Sequence[Cell]) -> float:
    """The share of the bound that was used; 0 where there is none."""
    measured, bound = row[_MEASURED].value, row[_BOUND].value
    if not isinstance(measured, float) or not isinstance(bound, float) or bound <= 0:
        return 0.0
    return measured / bound
