"""The verdict: what a run showed, in plain sentences computed from its numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from omnisim.analysis import Analysis
from omnisim.analysis.benchmark import EXPECTED
from omnisim.analysis.units import market_of, units
from omnisim.arrays import BoolArray
from omnisim.report.figures.forecasts import repetition_error
from omnisim.report.figures.style import quantiles
from omnisim.report.selection import broadest
from omnisim.report.text import count, number, percent


@dataclass(frozen=True)
class Verdict:
    """What a run showed.

    Attributes
    ----------
    headline
        One sentence on the certificates.
    holds
        Whether every certificate holds.
    alarms
        A sentence for each violated certificate.
    points
        Pairs of a heading and the sentences under it.
    """

    headline: str
    holds: bool
    alarms: list[str]
    points: list[tuple[str, list[str]]]


def verdict(analysis: Analysis) -> Verdict:
    """Say what a run showed."""
    table = analysis.certificates
    violated = table[~table["holds"].astype(bool)]
    vacuous = int((table["hypotheses_met"] == 0).sum())
    if len(violated):
        headline = f"{len(violated)} of {count(len(table), 'certificate')} violated"
    elif not len(table):
        headline = "No theorem applies to this run, so nothing is certified."
    else:
        headline = "The one certificate holds." if len(table) == 1 else f"All {len(table)} certificates hold."
        if vacuous == len(table):
            headline = "No certificate says anything: no agent meets the hypotheses."
        elif vacuous:
            headline = f"{headline[:-1]}, {vacuous} of them vacuously: no agent meets the hypotheses."
    alarms = [
        f"{row['theorem']} ({row['claim']}) for {row['scope']}: measured {number(row['measured'], 4)}, bound "
        f"{number(row['bound'], 4)}, exceeded by {number(-row['margin'])}; the theorem promises it "
        + ("with certainty." if row["probability"] == 1 else f"with probability {number(row['probability'], 4)}.")
        for row in violated.to_dict("records")
    ]
    sections = (
        ("Forecast", _forecast),
        ("Regret", _regret),
        ("Constraints", _constraints),
        ("Elimination", _elimination),
        ("Data", _data),
    )
    points = [(heading, sentences) for heading, say in sections if (sentences := list(say(analysis)))]
    return Verdict(headline, not len(violated), alarms, points)


def _forecast(analysis: Analysis) -> Iterator[str]:
    trace = analysis.trace
    unit = units(trace)
    error = float(np.abs(trace.predictions - trace.outcomes).mean())
    bias = float((trace.predictions - trace.outcomes).mean())
    sentence = f"The forecast missed the {unit.quantity} by {number(unit.span * error)} {unit.outcome} on average"
    repeated = repetition_error(trace.outcomes)
    if repeated > 0:
        sentence += f"; repeating the {unit.round} before would have missed by {number(unit.span * repeated)}"
    direction = "high" if bias > 0 else "low"
    yield f"{sentence}."
    if abs(bias) > 0.05 * error:
        yield f"It was too {direction} by {number(unit.span * abs(bias))} {unit.outcome} on average."


def _regret(analysis: Analysis) -> Iterator[str]:
    trace = analysis.trace
    word, k = units(trace).round, broadest(trace)
    subsequence = trace.subsequences[k]
    for name, measures in analysis.measures.items():
        regret = measures.swap_regret[k]
        if np.isnan(regret).all():
            yield f"{name}: every benchmark on “{subsequence}” is empty, so regret is undefined."
            continue
        rounds = np.maximum(measures.own_rounds[k], 1)
        median, high = quantiles(regret / rounds, [0.5, 0.95])
        money = measures.population.money
        worth = quantiles(regret * money.scale / rounds, [0.5, 0.95])
        whose = "the median agent" if measures.population.agents > 1 else "the agent"
        start = f"{name}: with the best change of actions in hindsight, {whose} on “{subsequence}” would "
        if median <= 0:
            rest = ""
            if measures.population.agents > 1:
                gain = f"{number(worth[1], 2)} {money.currency} a {word}"
                rest = f", and 95 % of the agents at most {gain}" if high > 0 else ", nor would 95 % of the agents"
            yield f"{start}have gained nothing{rest}."
        else:
            earned = float(np.median((measures.utility[k] / rounds)[np.isfinite(regret)]))
            share = f", {percent(median / earned)} of the utility it earned" if earned > 0 else ""
            yield f"{start}have gained {number(worth[0], 2)} {money.currency} a {word}{share}."
    yield from _worst(analysis)


def _worst(analysis: Analysis) -> Iterator[str]:
    trace = analysis.trace
    found = [
        (float(quantiles(measures.swap_regret[k] / np.maximum(measures.own_rounds[k], 1), [0.5])[0]), name, subsequence)
        for name, measures in analysis.measures.items()
        for k, subsequence in enumerate(trace.subsequences)
    ]
    defined = [entry for entry in found if entry[0] == entry[0]]
    if len(found) > 1 and defined:
        worst, name, subsequence = max(defined, key=lambda entry: entry[0])
        if worst > 0:
            k = trace.subsequences.index(subsequence)
            measures = analysis.measures[name]
            earned = float(np.median(measures.utility[k] / np.maximum(measures.own_rounds[k], 1)))
            share = f", {percent(worst / earned)} of the utility earned" if earned > 0 else ""
            yield (
                f"Worst off were {name} on “{subsequence}”, with a median swap regret of {number(worst, 2)} utility a "
                f"{units(trace).round}{share}."
            )


def _constraints(analysis: Analysis) -> Iterator[str]:
    trace = analysis.trace
    word, k = units(trace).round, broadest(trace)
    constrained = {name: r for name, r in trace.records.items() if r.costs.shape[2]}
    if not constrained:
        yield "No population has constraints: every action is a benchmark and nothing can be violated."
        return
    lasting = [np.any(analysis.measures[name].benchmark.all(axis=0), axis=1) for name in constrained]
    clean: BoolArray = np.concatenate(lasting)
    expected = all(analysis.measures[name].benchmark_name == EXPECTED for name in constrained)
    never = "never violates in expectation" if expected else "never violated"
    fallback = np.concatenate([r.fallback.mean(axis=0) for r in constrained.values()])
    total, without = len(clean), int((~clean).sum())
    sentence = f"{int(clean.sum()):,} of {count(total, 'agent')} had at least one action that {never}"
    if without:
        rounds = percent(float(fallback[~clean].mean()))
        sentence += f"; {without:,} had none and had to fall back on {rounds} of their {word}s"
    yield f"{sentence}."
    if np.any(fallback[clean]):
        yield f"Agents that had one fell back on {percent(float(fallback[clean].mean()))} of their {word}s."
    spread = {name: quantiles(analysis.measures[name].ccv_positive[k], [0.5, 0.95, 1.0]) for name in constrained}
    worst = max(spread, key=lambda name: float(spread[name][2]))
    middle, _, largest = spread[worst]
    if largest > 0:
        yield (
            f"The largest violation was among {worst}: CCV+ {number(largest)} over the "
            f"{int(analysis.measures[worst].rounds[k]):,} {word}s of “{trace.subsequences[k]}” (median agent "
            f"{number(middle)})."
        )
    else:
        yield "No constraint was violated by an action played."


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
    market = market_of(analysis.trace)
    clipped, values = market.get("clipped"), market.get("values")
    if isinstance(clipped, int) and isinstance(values, int) and values > 0:
        each = "hourly" if analysis.trace.outcomes.shape[1] > 1 else "daily"
        low, high = (_written(market.get(end)) for end in ("low", "high"))
        bounds = f"the declared range from {low} to {high} {market.get('currency', '')}/MWh"
        yield (
            f"{clipped:,} of {values:,} {each} values lay outside {bounds} and were clipped to it "
            f"({percent(clipped / values)})."
            if clipped
            else f"No value had to be clipped: all {values:,} {each} values lie in {bounds}."
        )
    notes = market.get("notes")
    yield from (str(note) for note in notes) if isinstance(notes, list | tuple) else ()
    if market.get("attribution"):
        yield f"Source: {market['attribution']}"


def _written(value: object) -> str:
    return number(float(value), 6) if isinstance(value, int | float) else str(value)
