"""Worth of forecasters against the reference, in money at the true prices: by population first, then in total."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.report.comparison.scope import AXES, Context, Scope, keyed
from omnisim.report.comparison.tables import MOST_ROWS, labels, named, note, text
from omnisim.report.tables import Cell, Column, Table, cell
from omnisim.report.text import count, interval, listing, percent, signed_amount, sortable
from omnisim.statistics.verdicts import BETTER, NOT_SEPARATED, WORSE

MOST_FORECASTERS = 3
"""Forecasters that are told of in sentences."""

MOST_PARTS = 6
"""Populations that are named in a sentence."""

HALF = 0.5
"""Share of a total from which the population that it comes from is named."""


@dataclass(frozen=True)
class Gain:
    """Gain of a group of agents with a forecaster over the reference, in money.

    Attributes
    ----------
    name
        Of the population.
    currency
        Of the money.
    mean
        Per agent and what money is told per.
    ends
        Of its interval, which holds together with those of all others.
    verdict
        What that says.
    standing
        How many customers the agents of one seed stand for: what a sum over them counts.
    agents, losing
        Pairs of agent and seed, and how many of them earn less.
    worst
        Least gain of one agent, per what money is told per.
    whose
        Agent and seed of it.
    """

    name: str
    currency: str
    mean: float
    ends: tuple[float, float]
    verdict: str
    standing: float
    agents: int
    losing: int
    worst: float
    whose: tuple[int, int]

    @property
    def amount(self) -> str:
        """The mean."""
        return f"{signed_amount(self.mean)} {self.currency}"

    @property
    def judged(self) -> str:
        """Verdict from the interval, in words."""
        return judged(self.verdict, self.mean)


@dataclass(frozen=True)
class Worth:
    """Worth of a forecaster in a context: by population, and in total where all count the same money.

    ``mean`` and ``ends`` of the total are NaN, and ``verdict`` empty, where populations count different money.
    """

    forecaster: str
    context: Context
    populations: list[Gain]
    mean: float
    ends: tuple[float, float]
    verdict: str

    @cached_property
    def losing(self) -> int:
        """Pairs of agent and seed that earn less than with the reference."""
        return sum(gain.losing for gain in self.populations)

    @cached_property
    def agents(self) -> int:
        """Pairs of agent and seed."""
        return sum(gain.agents for gain in self.populations)

    @cached_property
    def total(self) -> Gain | None:
        """All populations together; None where there is one, or they count different money."""
        if self.mean != self.mean:
            return None
        worst = min(self.populations, key=lambda gain: gain.worst)
        return replace(
            worst,
            name="in total",
            mean=self.mean,
            ends=self.ends,
            verdict=self.verdict,
            standing=sum(gain.standing for gain in self.populations),
            agents=self.agents,
            losing=self.losing,
        )

    @cached_property
    def source(self) -> tuple[str, float]:
        """The population that most of the total comes from, and its share of it; ("", NaN) without a total."""
        sums = np.array([gain.mean * gain.standing for gain in self.populations])
        total = float(sums.sum())
        if self.mean != self.mean or signed_amount(self.mean) == "0" or total == 0:
            return "", float("nan")
        most = int((sums * np.sign(total)).argmax())
        return self.populations[most].name, float(sums[most] / total)


def worths(scope: Scope, context: Context) -> list[Worth]:
    """Worth of each forecaster but the reference, best first; empty where nobody counts money."""
    paid = [name for name, currency in scope.currencies.items() if currency]
    differences = scope.of(scope.comparison.differences, context, subsequence=scope.whole_run, measure="money")
    totals = keyed(scope.of(scope.comparison.overall, context, measure="money"), ["forecaster"])
    gains = scope.of(scope.comparison.gains, context, subsequence=scope.whole_run, measure="money")
    means, counted = (keyed(frame, ["forecaster", "population"]) for frame in (differences, gains))
    factor, found = scope.factor(context, "money"), []
    for name in scope.forecasters[1:]:
        populations = [
            _gain(scope, population, means[name, population], counted[name, population], factor)
            for population in paid
            if (name, population) in counted and np.isfinite(means[name, population]["difference"])
        ]
        if populations:
            total = totals[(name,)]
            mean = factor * float(total["difference"]) if len(populations) > 1 else float("nan")
            found.append(Worth(name, context, populations, mean, _ends(total, factor), str(total["verdict"])))
    if scope.currency:
        found.sort(key=lambda worth: -_order(worth))
    return found


def _order(worth: Worth) -> float:
    return worth.mean if worth.mean == worth.mean else worth.populations[0].mean


def _gain(scope: Scope, name: str, mean: dict[str, Any], counted: dict[str, Any], factor: float) -> Gain:
    return Gain(
        name, scope.currencies[name], factor * float(mean["difference"]), _ends(mean, factor), str(mean["verdict"]),
        float(scope.about["populations"][name]["standing"]), int(counted["agents"]), int(counted["losses"]),
        factor * float(counted["q00"]),
        (int(counted["worst_agent"]), int(counted["worst_seed"])),
    )  # fmt: skip


def _ends(row: dict[str, Any], factor: float) -> tuple[float, float]:
    return factor * float(row["simultaneous_low"]), factor * float(row["simultaneous_high"])


def judged(verdict: str, value: float) -> str:
    """Verdict of an interval on a difference of money, in words.

    >>> judged("better", 12.0), judged("not separated", -3.0), judged("better", 0.001)
    ('better', 'not separated from 0', 'less than a cent')
    """
    if verdict in (BETTER, WORSE) and signed_amount(value) == "0":
        return "less than a cent"
    return {"": "no interval", NOT_SEPARATED: "not separated from 0"}.get(verdict, verdict)


def headline(scope: Scope) -> str:
    """Sentence on the worth of the forecaster that earns most in the first context; empty without money."""
    found = worths(scope, scope.contexts[0])
    if not found:
        return ""
    best = found[0]
    if scope.currency and signed_amount(_order(best)).startswith("−"):
        return f"No forecaster earned more than {scope.reference}. {_line(scope, best)}"
    return _line(scope, best)


def losers(scope: Scope) -> str:
    """Sentence on the agents that lose with the forecaster of the headline; empty without money."""
    found = worths(scope, scope.contexts[0])
    return _losing(scope, found[0]) if found else ""


def sentences(scope: Scope) -> Iterator[str]:
    """Sentences on the worth of the next forecasters and contexts, on those who lose, and on the scale of sums."""
    for index, context in enumerate(scope.contexts[:MOST_FORECASTERS]):
        found = worths(scope, context)
        for place, worth in enumerate(found[:MOST_FORECASTERS]):
            if index or place:
                yield _line(scope, worth)
            yield _losing(scope, worth)
        if len(found) > MOST_FORECASTERS:
            yield f"{count(len(found) - MOST_FORECASTERS, 'more forecaster is', 'more forecasters are')} below."
    more = len(scope.contexts) - MOST_FORECASTERS
    if more > 0 and worths(scope, scope.contexts[0]):
        yield f"{count(more, 'more setting is', 'more settings are')} in the tables below."


def explained(scope: Scope) -> str:
    """Explanation of the words in the sentences; empty without money."""
    if not worths(scope, scope.contexts[0]):
        return ""
    rounds = scope.rounds[scope.contexts[0]]
    scaled = ""
    if scope.round == "day" and rounds != DAYS_OF_A_YEAR:
        way = "up" if rounds < DAYS_OF_A_YEAR else "down"
        scaled = f" Sums over a year are those of {count(rounds, 'day')}, scaled {way}."
    return (
        f"Money per {scope.per} at the true outcomes, beside that of the same {scope.agent}s on the same "
        f"{scope.round}s with {scope.reference}. “Better” and “worse” are differences whose interval leaves out 0; "
        f"intervals hold together with {scope.about['confidence']:.0%}.{scaled}"
    )


def table(scope: Scope) -> Table:
    """A row per variant but the reference and population, and one for all: what it is worth, and who loses."""
    found = [worth for context in scope.contexts for worth in worths(scope, context)]
    if not found:
        return Table([], [])
    unit = f"{scope.currency} per {scope.per}".strip()
    columns = [
        *labels(scope),
        Column("population", numeric=False),
        Column("worth", unit),
        Column("interval", "of all together"),
        Column("verdict", numeric=False),
        Column("earn less", f"of {scope.agent}s"),
        Column(f"{scope.agent}s", "and seeds"),
        Column("worst", unit),
    ]
    rows = []
    for worth in found:
        head = dict(zip(("forecaster", *AXES), (worth.forecaster, *worth.context), strict=True))
        for gain in (*worth.populations, *([worth.total] if worth.total else [])):
            suffix = "" if scope.currency else gain.currency
            rows.append(
                [
                    *named(scope, head),
                    text(gain.name),
                    money(gain.mean, suffix),
                    Cell(interval(*gain.ends, signed_amount), sortable(gain.ends[0])),
                    text(gain.judged),
                    Cell(percent(gain.losing / gain.agents), gain.losing / gain.agents),
                    cell(gain.agents),
                    money(gain.worst, suffix),
                ]
            )
    shown = rows[:MOST_ROWS]
    left = note(
        "Listed are the first {} of {}; comparison.differences and comparison.gains have all.", shown, len(rows)
    )
    return Table(columns, shown, note=left)


def money(value: float, suffix: str) -> Cell:
    """A difference of money, with its currency where there are several."""
    return Cell(f"{signed_amount(value)} {suffix}".strip(), sortable(value))


def reservations(scope: Scope) -> Iterator[str]:
    """Reservations about money: nothing is better for certain, or some lose."""
    found = worths(scope, scope.contexts[0])
    measure = "money" if found else "utility"
    rows = scope.comparison.differences
    rows = rows[(rows["measure"] == measure) & (rows["subsequence"] == scope.whole_run)]
    overall = scope.comparison.overall
    verdicts = [*rows["verdict"], *overall.loc[overall["measure"] == measure, "verdict"]]
    known = [verdict for verdict in verdicts if verdict]
    if not known:
        yield "no interval can be formed, so nothing is judged"
    elif BETTER not in known:
        yield f"no forecaster is separated from {scope.reference} for the better in {measure}"
    elif 2 * len(known) < len(verdicts):
        yield f"{len(verdicts) - len(known):,} of {count(len(verdicts), 'difference')} in {measure} are not judged"
    if found and found[0].losing:
        best, words = found[0], scope.words(found[0].context)
        yield (
            f"{best.losing:,} of {count(best.agents, scope.agent)} {'earns' if best.losing == 1 else 'earn'} less with "
            f"{best.forecaster}{f' ({words})' if words else ''} than with {scope.reference}"
        )


def _line(scope: Scope, worth: Worth) -> str:
    words = scope.words(worth.context)
    where = f" ({words})" if words else ""
    shown = sorted(worth.populations, key=lambda gain: -abs(gain.mean * gain.standing))[:MOST_PARTS]
    told = [gain for gain in worth.populations if gain in shown]
    total = worth.total
    judgements = {gain.judged for gain in (*told, *([total] if total else []))}
    alike = min(judgements) if len(judgements) == 1 and (len(told) > 1 or total) else ""

    def part(gain: Gain) -> str:
        return f"{gain.name} {gain.amount}{'' if alike else f' ({gain.judged})'}"

    more = len(worth.populations) - len(shown)
    line = f"{worth.forecaster}{where} against {scope.reference}, per {scope.per}: {', '.join(map(part, told))}"
    if more:
        line += f", and {count(more, 'smaller population')}"
    if total:
        line += f"; {part(total)}"
        name, share = worth.source
        if share > 1:
            line += f", all of it and more from {name}"
        elif share >= HALF:
            line += f", {percent(share)} of it from {name}"
    return f"{line}{_OF_ALL[alike]}."


_OF_ALL = {
    "": "",
    "better": "; all of it better",
    "worse": "; all of it worse",
    "not separated from 0": "; nothing of it separated from 0",
    "no interval": "; no interval can be formed",
    "less than a cent": "; all of it less than a cent",
}
"""Clauses for the case that the intervals of all parts agree."""


def _losing(scope: Scope, worth: Worth) -> str:
    words = scope.words(worth.context)
    who = f"{worth.forecaster}{f' ({words})' if words else ''}"
    if not worth.losing:
        return f"{who}: none of {count(worth.agents, scope.agent)} earns less than with {scope.reference}."
    parts = [f"{gain.losing:,} of {gain.agents:,} {gain.name}" for gain in worth.populations if gain.losing]
    seeds = len(scope.about["seeds"])
    over = f", counted under each of {seeds:,} seeds" if seeds > 1 else ""
    detail = f"{listing(parts)}{over}" if len(worth.populations) > 1 else over.removeprefix(", ")
    verb = "earns" if worth.losing == 1 else "earn"
    return (
        f"{who}: {worth.losing:,} of {count(worth.agents, scope.agent)} {verb} less than with {scope.reference}"
        f"{f' ({detail})' if detail else ''}. {_worst(scope, worth)}"
    )


def _worst(scope: Scope, worth: Worth) -> str:
    """Sentence on the agent that loses most, in each currency."""
    told = []
    for currency in dict.fromkeys(gain.currency for gain in worth.populations):
        worst = min((gain for gain in worth.populations if gain.currency == currency), key=lambda gain: gain.worst)
        if signed_amount(worst.worst).startswith("−"):
            agent, seed = worst.whose
            told.append(
                f"{scope.agent} {agent} of {worst.name} under seed {seed}, {signed_amount(worst.worst)} {currency}"
                f"{' a year' if scope.round == 'day' else ' over the run'}"
            )
    return f"Most is lost by {listing(told)}." if told else "Nobody loses more than a cent."
