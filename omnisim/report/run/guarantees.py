"""Guarantees, counted honestly: what could have failed apart from what could not."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from omnisim.analysis import Analysis
from omnisim.analysis.evidence import Basis, Status
from omnisim.arrays import ROUNDING
from omnisim.report.text import count, number, percent


@dataclass(frozen=True)
class Guarantees:
    """The certificates of a run by what they say.

    Attributes
    ----------
    violated
        A theorem promised what the run did not keep.
    informative
        Held, and could have failed: the bound is below what could be lost without any promise.
    vacuous
        The bound is no lower than what could be lost in any case: nothing is promised.
    unmet
        No agent meets the hypotheses: nothing is promised.
    checks
        What cannot fail: assumptions that were checked, identities, bounds on what could not be lost anyway.
    """

    violated: pd.DataFrame
    informative: pd.DataFrame
    vacuous: pd.DataFrame
    unmet: pd.DataFrame
    checks: pd.DataFrame

    @property
    def claims(self) -> int:
        """Number of results that theorems state about the run, whatever they say."""
        return sum(len(rows) for rows in (self.violated, self.informative, self.vacuous, self.unmet))


def guarantees(table: pd.DataFrame) -> Guarantees:
    """Sort ``analysis.certificates`` by what its rows say."""
    holds, status = table["holds"].astype(bool), table["status"]
    order = (Status.INFORMATIVE, Status.VACUOUS, Status.UNMET, Status.CHECK)
    return Guarantees(table[~holds], *(table[holds & (status == each)] for each in order))


def sentences(analysis: Analysis) -> Iterator[str]:
    """Results of the certificates in sentences, with the best and the worst share of their bounds."""
    found = guarantees(analysis.certificates)
    if not len(analysis.certificates):
        yield "No theorem applies to this run, so nothing is certified."
        return
    if found.violated.empty and found.claims == 0:
        yield "No theorem applies beyond the assumptions, so nothing is certified."
    if not found.violated.empty:
        yield f"{len(found.violated):,} of {count(found.claims, 'certificate')} violated; see the top of the page."
    if not found.informative.empty:
        word = "certificate" if len(found.informative) == 1 else "certificates"
        yield (
            f"{len(found.informative):,} {word} (a theorem’s bound beside what was measured) could have failed and "
            f"{'holds' if len(found.informative) == 1 else 'hold'}{_closest(found.informative)}."
        )
        yield from _bases(found.informative)
    if not found.vacuous.empty:
        yield (
            f"{len(found.vacuous):,} promise nothing over so few rounds (vacuous): the bound is no lower than what "
            "could be lost without any promise."
        )
    if not found.unmet.empty:
        yield f"{len(found.unmet):,} promise nothing here: no agent meets the hypotheses of the theorem."
    if not found.checks.empty:
        words = "is met and cannot fail: it checks" if len(found.checks) == 1 else "are met and cannot fail: they check"
        yield f"{len(found.checks):,} {words} assumptions, or bound what could not be lost anyway."


def _bases(rows: pd.DataFrame) -> Iterator[str]:
    """The numbers of those promised before the run, and of those that follow from its record."""
    record = rows[rows["basis"] == Basis.RECORD]
    before, follow = len(rows) - len(record), len(record)
    below = int((record["bound"] < record["hindsight"]).sum())
    if follow:
        yield (
            f"Of these {before:,} {'was' if before == 1 else 'were'} promised before the run; {follow:,} "
            f"{'follows' if follow == 1 else 'follow'} from its record, {below:,} of them with a bound below what "
            "could have been lost with the outcomes that came."
        )


def _closest(rows: pd.DataFrame) -> str:
    bounded = rows[(rows["bound"] > ROUNDING) & rows["measured"].notna()]
    if bounded.empty:
        return ""
    used = (bounded["measured"] / bounded["bound"]).clip(lower=0)
    worst = bounded.iloc[int(used.to_numpy().argmax())]
    low, high = percent(float(used.min())), percent(float(used.max()))
    spread = f"between {low} and {high}" if len(used) > 1 else high
    return (
        f"; measured at {spread} of the bound, closest for {worst['theorem']} ({worst['scope']}: "
        f"{number(float(worst['measured']))} of {number(float(worst['bound']))})"
    )
