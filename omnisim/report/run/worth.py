"""Worth of the forecasts of a run, to whom and when: the first thing on a page.

Money at the true outcomes, against persistence and perfect foresight, see :mod:`omnisim.analysis.worth`. Runs over days
are told per customer and year, others per agent and run.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from omnisim.analysis import Analysis
from omnisim.analysis.units import units
from omnisim.analysis.worth import Worth, course
from omnisim.arrays import FloatArray
from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.report.tables import Cell, Column, Table
from omnisim.report.text import amount, count, listing, percent, signed_amount
from omnisim.statistics.gains import HALF_A_CENT

TOTAL = "all"
"""Name of the row of all populations together."""


@dataclass(frozen=True)
class Share:
    """Earnings of a group of agents under the three forecasts of :data:`omnisim.analysis.worth.KINDS`.

    Attributes
    ----------
    name
        Of the population, or ``TOTAL``.
    currency
        Of the money.
    whole_run : (3, N)
        Sums over the run.
    weights : (N,)
        How many customers each agent stands for.
    """

    name: str
    currency: str
    whole_run: FloatArray
    weights: FloatArray

    @property
    def agents(self) -> int:
        """Number of agents."""
        return int(self.whole_run.shape[1])

    @property
    def means(self) -> FloatArray:
        """Mean money of an agent, counted by its weight, under the three forecasts, over the run, (3,)."""
        return np.average(self.whole_run, axis=1, weights=self.weights)

    @property
    def gain(self) -> float:
        """Mean money of an agent more than with the baseline, over the run."""
        return float(self.means[0] - self.means[1])

    @property
    def possible(self) -> float:
        """Largest possible worth: money with perfect foresight less that of the baseline."""
        return float(self.means[2] - self.means[1])

    @property
    def captured(self) -> float:
        """Share of what is possible that was gained; NaN where nothing is."""
        return self.gain / self.possible if self.possible > NOTHING else float("nan")

    @property
    def losing(self) -> int:
        """Number of agents that earned less than with the baseline."""
        return int((self.whole_run[0] - self.whole_run[1] < -NOTHING).sum())


NOTHING = HALF_A_CENT
"""Money, over the run, that is too little to be told."""


def shares(analysis: Analysis) -> list[Share]:
    """A share for each population and, if they count the same money, one for all of them."""
    found = [Share(name, worth.currency, worth.whole_run, worth.weights) for name, worth in analysis.worth.items()]
    if len(found) > 1 and len({share.currency for share in found}) == 1:
        everyone = np.concatenate([share.whole_run for share in found], axis=1)
        found.append(Share(TOTAL, found[0].currency, everyone, np.concatenate([share.weights for share in found])))
    return found


@dataclass(frozen=True)
class Terms:
    """Terms for the money of a run: names and the factor to yearly sums.

    Attributes
    ----------
    agent, agents
        What an agent is called: a customer of a market.
    factor
        From sums over the run to what is told.
    each
        What a sum is told per: ``"customer and year"``.
    round
        ``day`` or ``round``.
    baseline
        What the baseline is, in words.
    """

    agent: str
    agents: str
    factor: float
    each: str
    round: str
    baseline: str


def terms(analysis: Analysis) -> Terms:
    """Choose the terms for the money of a run."""
    trace, unit = analysis.trace, units(analysis.trace)
    yearly = trace.dates is not None
    return Terms(
        unit.agent,
        f"{unit.agent}s",
        DAYS_OF_A_YEAR / trace.rounds if yearly else 1.0,
        f"{unit.agent} and year" if yearly else f"{unit.agent} over the run",
        unit.round,
        f"persistence (acting on the {unit.quantity}s of the {unit.round} before)",
    )


def headline(analysis: Analysis) -> str:
    """Sentence on the worth of the forecast."""
    found, said = shares(analysis), terms(analysis)
    forecaster = str(analysis.trace.about.get("forecaster") or "the forecast")
    if len(found) == 1 or found[-1].name == TOTAL:
        return f"Acting on {forecaster} earned {_compared(found[-1], said)}."
    parts = [f"{share.name} {_compared(share, said)}" for share in found]
    return f"Acting on {forecaster} earned {'; '.join(parts)}."


def _compared(share: Share, said: Terms) -> str:
    gain = said.factor * share.gain
    if amount(gain) == "0":
        return f"no more and no less per {said.each} than {said.baseline}"
    more = "more" if gain > 0 else "less"
    text = f"{amount(abs(gain))} {share.currency} {more} per {said.each} than {said.baseline}"
    if share.captured > 0:
        text += f", {percent(share.captured)} of what perfect foresight would have added"
    return text


def sentences(analysis: Analysis) -> Iterator[str]:
    """Sentences on the agents that lose, the one that loses most, and the days on which it does."""
    found, said = shares(analysis), terms(analysis)
    everyone = [share for share in found if share.name != TOTAL]
    losing, agents = sum(share.losing for share in everyone), sum(share.agents for share in everyone)
    if losing:
        names = [f"{share.losing:,} of {share.agents:,} {share.name}" for share in everyone if share.losing]
        detail = f" ({listing(names)})" if len(everyone) > 1 else ""
        yield f"{losing:,} of {count(agents, said.agent)} earned less than with {_short(said)}{detail}."
    else:
        whose = f"The {said.agent}" if agents == 1 else f"None of the {agents:,} {said.agents}"
        yield f"{whose} earned {'no ' if agents == 1 else ''}less than with {_short(said)}."
    yield from _worst(analysis, said)
    standing = [share for share in everyone if (share.weights != 1).any()]
    if standing:
        told = [f"{share.agents:,} of {share.name} for {share.weights.sum():,.6g}" for share in standing]
        yield (
            f"Means of money count each {said.agent} as often as its weight says: {listing(told)}; everything else "
            "counts each once."
        )
    if said.factor != 1.0 and analysis.trace.rounds != DAYS_OF_A_YEAR:
        scaled = "up" if analysis.trace.rounds < DAYS_OF_A_YEAR else "down"
        yield f"Sums over a year are those of {count(analysis.trace.rounds, said.round)}, scaled {scaled}."
    if analysis.trace.about.get("adversary") == "DemandResponse":
        yield (
            "Prices answer to what agents do here; the comparison is at the prices that came, not at those that other "
            "actions would have led to."
        )


def explained(analysis: Analysis) -> str:
    """Explanation of the terms in the table."""
    said = terms(analysis)
    quantity = units(analysis.trace).quantity
    return (
        f"Money per {said.each}, at the true {quantity}s. “With persistence” is what the same {said.agents} would have "
        f"earned in the same {said.round}s, choosing among the same actions, had the {quantity}s of the {said.round} "
        f"before been their forecast; “with foresight”, had they known the {quantity}s: no forecast can earn more. "
        "“Worth” is money less that with persistence, “captured” its share of what foresight would have added, “worst” "
        f"the worth to the {said.agent} that lost most."
    )


def _short(said: Terms) -> str:
    return said.baseline.partition(" (")[0]


def worst_agent(analysis: Analysis) -> tuple[str, int]:
    """Population and index of the agent that lost most money against the baseline, or gained least."""
    found = [(float(worth.gain.min()), name, int(worth.gain.argmin())) for name, worth in analysis.worth.items()]
    _, name, agent = min(found, key=lambda entry: entry[0])
    return name, agent


def who(analysis: Analysis, population: str, agent: int) -> str:
    """Name of an agent on a page: its number, by which it can be chosen, after its own name if it has one."""
    names = analysis.trace.records[population].population.agent_names
    return f"agent {agent}" if names is None else f"{names[agent]} (agent {agent})"


def _worst(analysis: Analysis, said: Terms) -> Iterator[str]:
    trace = analysis.trace
    name, agent = worst_agent(analysis)
    worth = analysis.worth[name]
    gain = float(worth.gain[agent])
    if sum(found.whole_run.shape[1] for found in analysis.worth.values()) == 1:
        return
    if gain >= -NOTHING:
        if gain > NOTHING:
            least = _told(gain * said.factor, worth)
            yield f"It was worth least to {who(analysis, name, agent)} of {name}: {least} {_yearly(said)}."
        return
    days = course(trace, name, agent)
    daily = days[0] - days[1]
    order = np.argsort(daily, kind="stable")[:3]
    when = [f"{_day(analysis, int(t))} ({amount(float(daily[t]))})" for t in order if daily[t] < -NOTHING]
    lost = _told(gain * said.factor, worth)
    yield (
        f"The worst off in money is {who(analysis, name, agent)} of {name}: {lost} {_yearly(said)} "
        f"against {_short(said)}; its worst {said.round}s were {listing(when)}."
    )


def _told(value: float, worth: Worth) -> str:
    return f"{signed_amount(value)} {worth.currency}"


def _yearly(said: Terms) -> str:
    return "a year" if said.factor != 1.0 or "year" in said.each else "over the run"


def _day(analysis: Analysis, t: int) -> str:
    dates = analysis.trace.dates
    return f"round {t + 1:,}" if dates is None else str(dates[t])


def table(analysis: Analysis) -> Table:
    """A row per population, and one for all: what the forecast was worth."""
    said = terms(analysis)
    found = shares(analysis)
    same = len({share.currency for share in found}) == 1
    unit = found[0].currency if same else ""
    columns = [
        Column("population", numeric=False),
        Column("worth", unit),
        Column("captured", "of foresight"),
        Column("earn less", said.agents),
        Column("worst", unit),
        Column(said.agents),
        Column("money", unit),
        Column("with persistence", unit),
        Column("with foresight", unit),
    ]
    rows = []
    for share in found:
        suffix = "" if same else f" {share.currency}"
        gains = said.factor * (share.whole_run[0] - share.whole_run[1])
        money = [*(said.factor * share.means), said.factor * share.gain]
        rows.append(
            [
                Cell(share.name, share.name),
                Cell(signed_amount(money[3]) + suffix, float(f"{money[3]:.7g}")),
                Cell(percent(share.captured), None if share.captured != share.captured else share.captured),
                Cell(f"{share.losing:,}", share.losing),
                Cell(signed_amount(float(gains.min())) + suffix, float(f"{gains.min():.7g}")),
                Cell(f"{share.agents:,}", share.agents),
                *(Cell(amount(float(value)) + suffix, float(f"{value:.7g}")) for value in money[:3]),
            ]
        )
    return Table(columns, rows, note="")
