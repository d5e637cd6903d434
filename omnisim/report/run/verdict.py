"""The verdict: what a run was worth, to whom and when, before what was violated and which theorem held.

Every sentence is computed from the numbers of the analysis; its sign decides its words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from omnisim.analysis import Analysis
from omnisim.analysis.units import market_of, units
from omnisim.problem.clipping import ALARMING, NOTICED
from omnisim.report.clipping import Cut
from omnisim.report.run import forecasts, guarantees, violations, worth
from omnisim.report.selection import broadest
from omnisim.report.tables import Table
from omnisim.report.text import amount, count, listing, number, percent, signed_amount
from omnisim.trace import Trace

MOST_FALLBACK = 0.01
"""Share of rounds without a candidate from which a run did not go well."""

Tone = Literal["good", "fair", "bad"]


@dataclass(frozen=True)
class Verdict:
    """Findings of a run.

    Attributes
    ----------
    headline
        One sentence: what the forecast was worth.
    tone
        ``"good"`` where nothing speaks against it, ``"fair"`` where ``reservations`` do, ``"bad"`` where a certificate
        is violated.
    reservations
        Why the tone is not good, each a short clause.
    notices
        What must be known before any number is read, such as what clipping cut.
    alarms
        A sentence for each violated certificate.
    certified
        Number of certificates.
    worth
        The table of what the forecast was worth, by population.
    explained
        What the terms of the table mean.
    points
        Pairs of a heading and the sentences under it.
    """

    headline: str
    tone: Tone
    reservations: list[str]
    notices: list[str]
    alarms: list[str]
    certified: int
    worth: Table
    explained: str
    points: list[tuple[str, list[str]]]

    @property
    def holds(self) -> bool:
        """Whether every certificate holds."""
        return not self.alarms


def verdict(analysis: Analysis) -> Verdict:
    """Say what a run showed."""
    alarms = list(_alarms(analysis))
    reservations = list(_reservations(analysis))
    sections = (
        ("Worth", worth.sentences),
        ("Violations", violations.sentences),
        ("Guarantees", guarantees.sentences),
        ("Forecast", forecasts.sentences),
        ("Hindsight", _regret),
        ("Elimination", _elimination),
        ("Data", _data),
    )
    return Verdict(
        worth.headline(analysis),
        "bad" if alarms else "fair" if reservations else "good",
        reservations,
        list(notices(analysis)),
        alarms,
        len(analysis.certificates),
        worth.table(analysis),
        worth.explained(analysis),
        [(heading, said) for heading, say in sections if (said := list(say(analysis)))],
    )


def summary(analysis: Analysis) -> list[str]:
    """The verdict in five lines, for a terminal: worth, by population, who loses, violations, guarantees."""
    said = worth.terms(analysis)
    found = [share for share in worth.shares(analysis) if share.name != worth.TOTAL]
    parts = [
        f"{share.name} {signed_amount(said.factor * share.gain)} {share.currency}"
        + (f" ({percent(share.captured)} of foresight)" if share.captured > 0 else "")
        for share in found[:6]
    ]
    more = f", and {len(found) - 6} more populations" if len(found) > 6 else ""
    return [
        worth.headline(analysis),
        f"By population, per {said.each}: {', '.join(parts)}{more}.",
        " ".join(worth.sentences(analysis)),
        violations.in_short(analysis),
        " ".join(guarantees.sentences(analysis)),
    ]


def _alarms(analysis: Analysis) -> Iterator[str]:
    table = analysis.certificates
    for row in table[~table["holds"].astype(bool)].to_dict("records"):
        yield (
            f"{row['theorem']} ({row['claim']}) for {row['scope']}: measured {number(row['measured'], 4)}, bound "
            f"{number(row['bound'], 4)}, exceeded by {number(-row['margin'])}; the theorem promises it "
            + ("with certainty." if row["probability"] == 1 else f"with probability {number(row['probability'], 4)}.")
        )


def notices(analysis: Analysis) -> Iterator[str]:
    """Notices to be read before any number."""
    clipping = analysis.clipping
    if not clipping.share < NOTICED:  # nor where it is no share of anything
        yield clipping_told(analysis)
    yield from _of_the_market(analysis)


def alarming(analysis: Analysis) -> Iterator[str]:
    """Warnings that the command line prints as well."""
    if analysis.clipping.share >= ALARMING:
        yield clipping_told(analysis)
    yield from _of_the_market(analysis)


def _of_the_market(analysis: Analysis) -> Iterator[str]:
    warnings = market_of(analysis.trace).get("warnings")
    yield from (str(warning) for warning in warnings) if isinstance(warnings, list | tuple) else ()


def clipping_told(analysis: Analysis) -> str:
    """Sentence on the parts that clipping cut off prices and money, and on a range that would cut less."""
    return Cut.of(analysis.clipping, units(analysis.trace)).told()


def _reservations(analysis: Analysis) -> Iterator[str]:
    found = [share for share in worth.shares(analysis) if share.name != worth.TOTAL]
    said = worth.terms(analysis)
    # What populations earned in different currencies has no sum.
    totals: dict[str, float] = {}
    for share in found:
        totals[share.currency] = totals.get(share.currency, 0.0) + share.gain * float(share.weights.sum())
    worthless = [currency for currency, total in totals.items() if total <= worth.NOTHING]
    losing, agents = sum(share.losing for share in found), sum(share.agents for share in found)
    if worthless:
        where = f" in {listing(worthless)}" if len(worthless) < len(totals) else ""
        yield f"the forecast was worth no more than persistence{where}"
    if losing:
        yield f"{losing:,} of {count(agents, said.agent)} earned less than with persistence"
    if analysis.clipping.share >= ALARMING:
        yield f"clipping cut {percent(analysis.clipping.share)}"
    without = int((~violations.with_benchmark(analysis)).sum())
    if without:
        verb = "has" if without == 1 else "have"
        yield f"{without:,} of {count(agents, said.agent)} {verb} no action within all limits"
    fallback = violations.fallback_share(analysis)
    if fallback > MOST_FALLBACK:
        yield f"no action was left to choose from on {percent(fallback)} of {said.agent} {said.round}s"
    certified = guarantees.guarantees(analysis.certificates)
    silent = len(certified.vacuous) + len(certified.unmet)
    if certified.claims == 0:
        yield "no theorem applies"
    elif 2 * silent > certified.claims:
        yield f"{silent:,} of {certified.claims:,} guarantees promise nothing"


def _regret(analysis: Analysis) -> Iterator[str]:
    trace = analysis.trace
    subsequence = trace.subsequences[broadest(trace)]
    told = [_regret_of(analysis, name) for name in analysis.measures]
    if any(more for _, more in told):
        yield (
            f"What the best change of actions in hindsight would have added on “{subsequence}” (swap regret, for "
            "actions that never violated a limit, at prices inside the range):"
        )
    yield from (sentence for sentence, _ in told)


def _regret_of(analysis: Analysis, name: str) -> tuple[str, bool]:
    """Sentence on the regret of a population in money, and whether there is any."""
    said, k, measures = worth.terms(analysis), broadest(analysis.trace), analysis.measures[name]
    regret, money = measures.swap_regret[k], measures.population.money
    if np.isnan(regret).all():
        return f"{name}: every benchmark on “{analysis.trace.subsequences[k]}” is empty, so regret is undefined.", False
    lost = regret * money.scale / np.maximum(measures.own_rounds[k], 1)
    worst = int(np.nanargmax(lost))
    if amount(max(float(lost[worst]), 0.0)) == "0":
        benchmark = "actions that never violated a limit"
        return f"{name}: no {said.agent} would have earned more by any change of its actions for {benchmark}.", False
    middle = max(float(np.nanmedian(lost)), 0.0)
    median = "nothing" if amount(middle) == "0" else f"{amount(middle)} {money.currency} a {said.round}"
    if measures.population.agents == 1:
        return f"{name}: {median}.", True
    most = f"{amount(float(lost[worst]))} {money.currency} a {said.round}"
    whom = worth.who(analysis, name, worst)
    return f"{name}: {median} for the median {said.agent}; {most} for {whom}, the most of all.", True


def _elimination(analysis: Analysis) -> Iterator[str]:
    trace = analysis.trace
    records = trace.records.values()
    by_round = sum(np.bincount(record.eliminated_at.reshape(-1), minlength=trace.rounds + 1) for record in records)
    so_far = np.cumsum(by_round)
    left, places = int(so_far[-2]), int(so_far[-1])
    if not left:
        yield "No action left a candidate set."
        return
    half = int(np.searchsorted(so_far, left / 2))
    when = f"{units(trace).round} {half + 1:,}"
    if trace.dates is not None:
        when = f"{trace.dates[half]}, {when}"
    yield (
        f"{percent(left / places)} of the places in candidate sets were empty by the end; half of "
        f"these eliminations had happened by {when}."
    )


def _data(analysis: Analysis) -> Iterator[str]:
    trace = analysis.trace
    market, unit = market_of(trace), units(trace)
    if unit.quantity == "price":
        prices = analysis.clipping.prices
        if not prices.clipped:
            yield (
                f"No value had to be clipped: all {prices.count:,} prices lie between {number(unit.low, 6)} and "
                f"{number(unit.low + unit.span, 6)} {unit.outcome}."
            )
        elif analysis.clipping.share < NOTICED:
            yield clipping_told(analysis)
        yield (
            f"The mean price was {amount(float(trace.prices.mean()))} {unit.outcome}, from {amount(prices.lowest)} to "
            f"{amount(prices.highest)}."
        )
        for block in forecasts.signals(trace):
            values, clipped = block.values(trace.true_outcomes), block.part(trace.true_outcomes)
            beyond = int(((clipped < 0) | (clipped > 1)).sum())
            ends = f"{number(block.low, 6)} to {number(block.high, 6)}"
            yield (
                f"The signal “{block.name}” was {amount(float(values.mean()))} {block.unit} on average, from "
                f"{amount(float(values.min()))} to {amount(float(values.max()))}; {beyond:,} of {values.size:,} values "
                f"lie outside {ends}, the range of the theory."
            )
    elif unit.quantity == "event":
        came = int((trace.true_outcomes[:, 0] > 0.5).sum())
        yield f"The event came on {came:,} of {count(trace.rounds, unit.round)}."
    notes = market.get("notes")
    if isinstance(notes, list | tuple):
        yield from (str(note) for note in notes if _inside(trace, str(note)))
    if market.get("attribution"):
        yield f"Source: {market['attribution']}"


def _inside(trace: Trace, note: str) -> bool:
    """Whether a note is about the run: it is not if it names days, all of them, and each is outside."""
    days = _DAY.findall(note)
    if trace.dates is None or not days or _MORE.search(note):
        return True
    return any(str(trace.dates[0]) <= day <= str(trace.dates[-1]) for day in days)


_DAY = re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b")
_MORE = re.compile(r"and \d+ more")
