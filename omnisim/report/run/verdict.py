"""The verdict: what a run was worth, to whom and when, before what was violated and which theorem held.

Every sentence is computed from the numbers of the analysis; its sign decides its words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from omnisim.analysis import Analysis
from omnisim.analysis.accuracy import BIAS, BRIER, MAE, RANK, SKILL
from omnisim.analysis.benchmark import EXPECTED
from omnisim.analysis.units import market_of, units
from omnisim.arrays import BoolArray
from omnisim.problem.blocks import Block
from omnisim.problem.clipping import ALARMING, NOTICED
from omnisim.report.clipping import Cut
from omnisim.report.run import guarantees, worth
from omnisim.report.selection import broadest
from omnisim.report.tables import Table
from omnisim.report.text import amount, count, number, percent, signed_amount
from omnisim.trace import FORECASTER, Trace

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
        ("Violations", _violations),
        ("Guarantees", guarantees.sentences),
        ("Forecast", _forecast),
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
        _violations_in_short(analysis),
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
    if clipping.share >= NOTICED:
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
    total = sum(share.gain * share.agents for share in found)
    losing, agents = sum(share.losing for share in found), sum(share.agents for share in found)
    if total <= worth.NOTHING:
        yield "the forecast was worth no more than persistence"
    if losing:
        yield f"{losing:,} of {count(agents, said.agent)} earned less than with persistence"
    if analysis.clipping.share >= ALARMING:
        yield f"clipping cut {percent(analysis.clipping.share)}"
    without = int((~_with_benchmark(analysis)).sum())
    if without:
        verb = "has" if without == 1 else "have"
        yield f"{without:,} of {count(agents, said.agent)} {verb} no action within all limits"
    fallback = fallback_share(analysis)
    if fallback > MOST_FALLBACK:
        yield f"no action was left to choose from on {percent(fallback)} of {said.agent} {said.round}s"
    certified = guarantees.guarantees(analysis.certificates)
    silent = len(certified.vacuous) + len(certified.unmet)
    if certified.claims == 0:
        yield "no theorem applies"
    elif 2 * silent > certified.claims:
        yield f"{silent:,} of {certified.claims:,} guarantees promise nothing"


def fallback_share(analysis: Analysis) -> float:
    """Share of the rounds of all agents in which one had no candidate left."""
    records = analysis.trace.records.values()
    return sum(int(r.fallback.sum()) for r in records) / max(1, sum(int((r.actions >= 0).sum()) for r in records))


def _violations(analysis: Analysis) -> Iterator[str]:
    trace = analysis.trace
    said = worth.terms(analysis)
    constrained = {name: r for name, r in trace.records.items() if r.costs.shape[2]}
    if not constrained:
        yield "No population has constraints: nothing can be violated."
        return
    table = analysis.whole_run_violations
    broken = table[table["violated"] > 0]
    if broken.empty:
        yield "No limit was exceeded."
    for (population, constraint), rows in broken.groupby(["population", "constraint"], sort=False):
        everyone = int((trace.records[str(population)].actions >= 0).sum())
        times, unit = int(rows["violated"].sum()), str(rows["unit"].iloc[0])
        worst = rows.iloc[int(rows["total"].to_numpy().argmax())]
        whom = worth.who(analysis, str(population), int(worst["agent"]))
        if _on_a_sum(trace, str(population), str(constraint)):
            agents = trace.records[str(population)].population.agents
            yield (
                f"{population}: “{constraint}”, a limit on the sum over the run, was exceeded by "
                f"{count(len(rows), said.agent)} of {agents:,}, most by {whom}: {number(float(worst['total']))} {unit} "
                f"in the end. The sum so far was above its share on {times:,} of {everyone:,} {said.agent} "
                f"{said.round}s, by {number(float(rows['largest'].max()))} {unit} at most."
            )
            continue
        yield (
            f"{population}: “{constraint}” was exceeded on {times:,} of {everyone:,} {said.agent} {said.round}s "
            f"({percent(times / everyone)}), by {number(float(rows['largest'].max()))} {unit} at most; "
            f"{whom} by {number(float(worst['total']))} {unit} in all, the most of "
            f"{count(len(rows), said.agent)}."
        )
    yield from _fallbacks(analysis, list(constrained))


def _on_a_sum(trace: Trace, population: str, constraint: str) -> bool:
    """Whether a limit is one on the sum over the run."""
    record = trace.records[population]
    return any(
        limit.averaged and name == constraint
        for name, limit in zip(record.constraint_names, record.limits, strict=False)
    )


def _violations_in_short(analysis: Analysis) -> str:
    table, said = analysis.whole_run_violations, worth.terms(analysis)
    if table.empty:
        return "No population has constraints: nothing can be violated."
    broken = table[table["violated"] > 0]
    parts = [
        f"{population} “{constraint}” in sum by {count(len(rows), said.agent)}, by "
        f"{number(float(rows['total'].max()))} {rows['unit'].iloc[0]} at most"
        if _on_a_sum(analysis.trace, str(population), str(constraint))
        else f"{population} “{constraint}” on {int(rows['violated'].sum()):,} {said.agent} {said.round}s, by "
        f"{number(float(rows['largest'].max()))} {rows['unit'].iloc[0]} at most"
        for (population, constraint), rows in broken.groupby(["population", "constraint"], sort=False)
    ]
    text = f"Limits exceeded: {'; '.join(parts)}." if parts else "No limit was exceeded."
    fallback = fallback_share(analysis)
    if fallback > 0:
        text += f" No action was left to choose from on {percent(fallback)} of {said.agent} {said.round}s."
    return text


def _fallbacks(analysis: Analysis, constrained: list[str]) -> Iterator[str]:
    trace = analysis.trace
    said = worth.terms(analysis)
    clean = _with_benchmark(analysis, constrained)
    expected = all(analysis.measures[name].benchmark_name == EXPECTED for name in constrained)
    never = "never violates in expectation" if expected else "never violated"
    fallback = np.concatenate([trace.records[name].fallback.mean(axis=0) for name in constrained])
    total, without = len(clean), int((~clean).sum())
    if not without:
        whose = f"The {said.agent}" if total == 1 else f"Each of the {total:,} {said.agents}"
        sentence = f"{whose} had at least one action that {never}"
    else:
        verb = "has" if without == 1 else "have"
        sentence = f"{without:,} of {count(total, said.agent)} {verb} no action that {never}"
        if np.any(fallback[~clean]):
            sentence += (
                f", and had nothing left to choose from (so that the least bad action was played) on "
                f"{percent(float(fallback[~clean].mean()))} of their {said.round}s"
            )
    yield f"{sentence}."
    if np.any(fallback[clean]):
        yield f"Agents that had one fell back on {percent(float(fallback[clean].mean()))} of their {said.round}s."


def _with_benchmark(analysis: Analysis, populations: Sequence[str] | None = None) -> BoolArray:
    """Agents with an action that never violated on any subsequence, of these populations or all, one after another."""
    names = list(analysis.measures) if populations is None else populations
    return np.concatenate([np.any(analysis.measures[name].benchmark.all(axis=0), axis=1) for name in names])


def _forecast(analysis: Analysis) -> Iterator[str]:
    yield from _forecast_of(analysis, None)
    for block in _signals(analysis.trace):
        yield from _forecast_of(analysis, block.name)


def _signals(trace: Trace) -> list[Block]:
    """Signals that are no prices with a cap, which say little that the prices do not: tables and figures have them."""
    return [block for block in trace.blocks[1:] if block.cap is None]


def _forecast_of(analysis: Analysis, signal: str | None) -> Iterator[str]:
    """Sentences on the accuracy of the forecasts, of the prices or of a signal."""
    trace = analysis.trace
    unit = units(trace, signal)
    k = trace.subsequences[broadest(trace)]
    table = analysis.accuracy if signal is None else analysis.accuracy_of(signal)
    for name in dict.fromkeys(table["forecaster"]):
        rows = table[(table["forecaster"] == name) & (table["subsequence"] == k)].set_index("measure")
        who = "The forecast" if name == FORECASTER else f"The forecast of {name}"
        if not rows["rounds"].max():
            continue
        over = "" if trace.active[:, trace.subsequences.index(k)].all() else f" on “{k}”"
        same = f" over the same {count(int(rows['rounds'].max()), unit.round)}"
        if BRIER in rows.index:
            score, skill = rows.loc[BRIER], rows.loc[SKILL]
            yield (
                f"{who} is a probability: its Brier score (mean squared distance from what happened){over} was "
                f"{number(score['value'])}, that of repeating the {unit.round} before {number(score['baseline'])}{same}"
                f"{_relation(score['value'], score['baseline'])}; against always forecasting the mean frequency its "
                f"skill was {_percent_signed(float(skill['value']))}."
            )
            continue
        error, bias = rows.loc[MAE], float(rows.loc[BIAS, "value"])
        yield (
            f"{who} missed the {unit.quantity} by {number(error['value'])} {unit.outcome} on average{over}; repeating "
            f"the {unit.round} before would have missed by {number(error['baseline'])}{same}"
            f"{_relation(error['value'], error['baseline'])}."
        )
        if abs(bias) > 0.05 * float(error["value"]):
            yield f"It was too {'high' if bias > 0 else 'low'} by {number(abs(bias))} {unit.outcome} on average."
        if RANK in rows.index and rows.loc[RANK, "rounds"]:
            rank = rows.loc[RANK]
            periods = "hours" if unit.hours in (None, 1) else "periods"
            yield (
                f"It put the {periods} of a {unit.round} in order with a rank correlation of "
                f"{number(rank['value'], 2)} (1 is the true order, repeating the {unit.round} before "
                f"{number(rank['baseline'], 2)})."
                if unit.hours is not None
                else f"Its rank correlation within a {unit.round} was {number(rank['value'], 2)}."
            )


def _relation(value: float, baseline: float) -> str:
    """Relation of a score, of which less is better, to that of the baseline, in words."""
    if not baseline > 0 or abs(value / baseline - 1) < 0.0005:
        return ", the same" if abs(value - baseline) <= 0.0005 * max(abs(baseline), 1e-9) else ""
    return f", {percent(abs(value / baseline - 1))} {'less' if value < baseline else 'more'}"


def _percent_signed(share: float) -> str:
    return f"{percent(abs(share))} {'better' if share > 0 else 'worse'}"


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
    left_at = np.concatenate([record.eliminated_at.reshape(-1) for record in trace.records.values()])
    left = left_at[left_at < trace.rounds]
    if not len(left):
        yield "No action left a candidate set."
        return
    half = int(np.quantile(left, 0.5, method="inverted_cdf"))
    when = f"{units(trace).round} {half + 1:,}"
    if trace.dates is not None:
        when = f"{trace.dates[half]}, {when}"
    yield (
        f"{percent(len(left) / len(left_at))} of the places in candidate sets were empty by the end; half of "
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
        for block in _signals(trace):
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
