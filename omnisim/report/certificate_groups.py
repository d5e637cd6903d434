"""Certificates as a page shows them: grouped by theorem, with what each promises, those that hold folded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from omnisim.analysis.evidence import Status
from omnisim.report.tables import Cell, Table
from omnisim.report.text import percent
from omnisim.report.theorems import SYMBOLS, Theorem, anchor_of, theorem_of


@dataclass(frozen=True)
class Group:
    """The certificates of one theorem.

    Attributes
    ----------
    name
        Of the theorem.
    theorem
        What it promises.
    anchor
        Identifier in the page of its formula.
    outcome
        How many hold, in words.
    violated
        Whether any does not: then the group is not folded.
    table
        A row per certificate.
    """

    name: str
    theorem: Theorem
    anchor: str
    outcome: str
    violated: bool
    table: Table


@dataclass(frozen=True)
class Groups:
    """All groups, violated ones first; the symbols of their formulas; and which certificates are not listed."""

    groups: Sequence[Group]
    symbols: Sequence[tuple[str, str]]
    note: str

    @property
    def rows(self) -> int:
        """Certificates that are listed."""
        return sum(len(group.table.rows) for group in self.groups)


def grouped(
    table: Table,
    claims: Callable[[Sequence[Cell]], str],
    outcome: Callable[[Sequence[Sequence[Cell]], Sequence[str]], str],
) -> Groups:
    """Split a table by its first column, the theorem, which the groups no longer have.

    Parameters
    ----------
    table
        With a mark per row, a member of :class:`~omnisim.analysis.evidence.Status`.
    claims
        The claim of a row.
    outcome
        How the rows of a group came out, in words, from the rows and their marks.
    """
    names = list(dict.fromkeys(row[0].text for row in table.rows))
    groups = []
    for name in names:
        of = [i for i, row in enumerate(table.rows) if row[0].text == name]
        rows, marks = [table.rows[i] for i in of], [table.marks[i] for i in of]
        said = list(dict.fromkeys(claims(row) for row in rows))
        groups.append(
            Group(
                name,
                theorem_of(name, said),
                anchor_of(name),
                outcome(rows, marks),
                Status.VIOLATED in marks,
                Table(table.columns[1:], [row[1:] for row in rows], marks),
            )
        )
    groups.sort(key=lambda group: not group.violated)
    return Groups(groups, SYMBOLS, table.note)


def tally(counts: Mapping[Status, int], closest: float) -> str:
    """Counts of the statuses of a theorem's certificates, in words; ``closest`` is the largest share of a bound used.

    >>> tally({Status.INFORMATIVE: 2, Status.VACUOUS: 1}, 0.45)
    '2 hold, the closest at 45 % of its bound; 1 promises nothing'
    """
    violated, informative, check = (
        counts.get(status, 0) for status in (Status.VIOLATED, Status.INFORMATIVE, Status.CHECK)
    )
    nothing = counts.get(Status.VACUOUS, 0) + counts.get(Status.UNMET, 0)
    parts = [f"{violated:,} violated"] if violated else []
    if informative:
        words = f"{informative:,} {'holds' if informative == 1 else 'hold'}"
        parts.append(f"{words}, the closest at {percent(closest)} of its bound" if closest > 0 else words)
    if nothing:
        parts.append(f"{nothing:,} {'promises' if nothing == 1 else 'promise'} nothing")
    if check:
        parts.append(f"{check:,} {'is' if check == 1 else 'are'} met and cannot fail")
    return "; ".join(parts)
