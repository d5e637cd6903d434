"""Facts about a run: those at the head of the page and those needed to run it again."""

from collections.abc import Mapping
from typing import Any

from omnisim.analysis import Analysis
from omnisim.analysis.benchmark import EXPECTED, UNKNOWN
from omnisim.analysis.units import Units, market_of, units
from omnisim.report.selection import MOST_SUBSEQUENCES
from omnisim.report.text import count, few, listing, number
from omnisim.trace import Trace

_SHOWN_ELSEWHERE = frozenset(
    {"scenario", "description", "market", "seed", "rounds", "omnisim", "forecaster", "adversary", "elimination"}
)

_Facts = list[tuple[str, str]]


def name_of(trace: Trace) -> str:
    """Name of the run on the page."""
    return str(trace.about.get("scenario") or "A run of omnisim")


def _outcomes(trace: Trace, unit: Units) -> str:
    dimension = trace.outcomes.shape[1]
    if len(trace.blocks) > 1:
        each = [f"{block.name.replace('_', ' ')} in {block.unit}" for block in trace.blocks]
        return f"{count(dimension, 'coordinate')}, {dimension // len(each)} each of {listing(each)}"
    what = "event (1) or none (0)" if unit.quantity == "event" else f"{unit.quantity} in {unit.outcome}"
    return f"{count(dimension, 'coordinate')}, {what}"


def what_ran(trace: Trace) -> _Facts:
    """Pairs of a word and what it was in this run."""
    about = trace.about
    unit = units(trace)
    length = count(trace.rounds, unit.round)
    if trace.horizon > trace.rounds:
        length = f"{unit.round} {trace.rounds:,} of {trace.horizon:,} that are declared"
    if trace.dates is not None:
        length += f", {trace.dates[0]} to {trace.dates[-1]}"
    facts = [("Seed", _said(about.get("seed"))), (f"{unit.round.capitalize()}s", length)]
    market = market_of(trace)
    if market.get("name"):
        facts.append(("Market", str(market["name"])))
    facts += [
        ("Outcomes", _outcomes(trace, unit)),
        ("Forecaster", _forecasters(about)),
        ("Adversary", _said(about.get("adversary"))),
        ("Decision rule", _rules(about.get("elimination"))),
        ("omnisim", _said(about.get("omnisim"))),
    ]
    return facts


def composition(trace: Trace) -> list[str]:
    """A line per population, what is to be said of how it was made, and a line on the subsequences."""
    notes = trace.about.get("population_notes", {})
    lines = [
        f"{name}: {_agents(trace, name)}, {count(record.population.actions, 'action')}, "
        f"{count(record.costs.shape[2], 'constraint')}"
        + (f" ({listing(record.constraint_names)})" if record.constraint_names else "")
        + "".join(f". {note}" for note in notes.get(name, ()))
        for name, record in trace.records.items()
    ]
    lengths = trace.active.sum(axis=0).tolist()
    names = [f"{name} ({rounds:,})" for name, rounds in zip(trace.subsequences, lengths, strict=True)]
    word = "subsequence" if len(trace.subsequences) == 1 else "subsequences"
    named = listing(few(names, MOST_SUBSEQUENCES))
    return [*lines, f"{count(len(trace.subsequences), word, word)}, with their {units(trace).round}s: {named}"]


def benchmark(analysis: Analysis) -> str:
    """Benchmark that regret is measured against, in one or more sentences."""
    names: dict[str, list[str]] = {}
    for name, measures in analysis.measures.items():
        names.setdefault(measures.benchmark_name, []).append(name)
    sentences = []
    for kind, group in names.items():
        whose = "an agent" if len(names) == 1 else f"an agent of {listing(group)}"
        actions = "never violates a constraint in expectation" if kind == EXPECTED else "never violated a constraint"
        sentence = f"The benchmark of {whose} on a subsequence is every action that {actions} in a round of it"
        if kind == UNKNOWN:
            sentence += (
                "; the rule competes with the actions that never violate in expectation, which are not known "
                "because the adversary does not state its law"
            )
        sentences.append(f"{sentence}.")
    return " ".join(sentences)


def provenance(trace: Trace, details: Mapping[str, Any]) -> _Facts:
    """Versions, digest, time taken, and whatever else the scenario has to say about itself."""
    versions = details.get("versions") or {"omnisim": trace.about.get("omnisim", "unknown")}
    facts = [(str(name), str(version)) for name, version in dict(versions).items()]
    if isinstance(details.get("wall_seconds"), int | float):
        facts.append(("time taken", f"{number(float(details['wall_seconds']))} s"))
    facts += [
        (str(key), str(value))
        for key, value in trace.about.items()
        if key not in _SHOWN_ELSEWHERE and isinstance(value, str | int | float)
    ]
    return facts


def _said(value: Any) -> str:
    return "not recorded" if value is None else str(value)


def _forecasters(about: Mapping[str, Any]) -> str:
    others = about.get("other_forecasters")
    first = _said(about.get("forecaster"))
    if not isinstance(others, Mapping):
        return first
    return ", ".join([first, *(f"{kind} ({name})" for name, kind in others.items())])


def _agents(trace: Trace, population: str) -> str:
    """Number of agents; where they come and go, the number of their intervals of presence as well."""
    rows = trace.about.get("spells", {}).get(population)
    number_of_rows = trace.records[population].population.agents
    if rows is None:
        return count(number_of_rows, "agent")
    return f"{count(len(set(rows)), 'agent')} in {count(number_of_rows, 'presence interval')}"


def _rules(elimination: Any) -> str:
    if not isinstance(elimination, Mapping):
        return _said(elimination)
    rules = {str(rule) for rule in elimination.values()}
    if len(rules) == 1:
        return rules.pop()
    return ", ".join(f"{rule} ({name})" for name, rule in elimination.items())
