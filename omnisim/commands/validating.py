"""Output of ``omnisim validate`` on a scenario that can be run: the data read, and the size of the run."""

from collections.abc import Iterator, Mapping
from typing import Any

from omnisim.memory import shown
from omnisim.report.text import count
from omnisim.scenario.problem import Problem
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.preparing import Prepared
from omnisim.simulation.trial import trial

_WIDTH = 14


def validated(scenario: Scenario) -> list[str]:
    """Do all that a run does up to its first rounds, and say in lines what there is.

    Raises
    ------
    OmnisimError
        What the run would raise.
    """
    run = Prepared(scenario, scenario.seed)
    size = run.record_size  # of a run that has not been played
    problem = run.problem
    agents = ", ".join(f"{p.agents} {p.name}" for p in problem.populations)
    head = f"{scenario.name}: valid; {_rounds(problem)}; {agents}; subsequences {', '.join(problem.subsequences)}"
    played = trial(run)
    named = [*_market(scenario.about.get("market", {})), *_problem(run)]
    named.append(("memory", f"about {shown(size)} for the record of the run"))
    named.append(
        ("time", f"about {_duration(played.seconds)} for all rounds, from the first {played.rounds:,}; then the page")
    )
    return [head, *(f"  {name:<{_WIDTH}}{text}" for name, text in named)]


def _rounds(problem: Problem) -> str:
    declared = "" if problem.known == problem.rounds else f" of a horizon of {problem.rounds:,}"
    return f"{problem.known} rounds{declared}"


def _market(about: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Lines about the market's data and prices, in its own units."""
    if not about:
        return
    unit = f"{about['currency']}/MWh"
    yield "market", f"{about['name']}, {_A_PRICE[about['resolution']]}"
    data = about.get("data")
    if data is not None:
        yield "read", f"{count(data['days'], 'day')}, {data['first_day']} to {data['last_day']}"
        ends = f"from {about['lowest']:,.2f} to {about['highest']:,.2f}, on average {about['mean']:,.2f} {unit}"
        yield "prices", f"{about['values']:,} of the days played: {ends}"
    yield "scale", f"{about['low']:g} to {about['high']:g} {unit} are outcomes 0 to 1{_clipped(about)}"
    for block in about.get("blocks", ())[1:]:
        ends = f"{block['low']:g} to {block['high']:g} {block['unit']} are outcomes 0 to 1"
        yield "signal", f"{block['name']}, {ends}; {block['coordinates']} coordinates behind those of the prices"
    for name in ("notes", "warnings"):
        for sentence in about.get(name, ()):
            yield name.removesuffix("s"), str(sentence)


def _clipped(about: Mapping[str, Any]) -> str:
    if "clipped" not in about:
        return ""
    share = "prices that are all 0" if about["cut"] is None else f"{about['cut']:.2%} off the sum of all"
    return f"; {count(about['clipped'], 'price')} beyond, and clipping cuts {share}"


def _problem(run: Prepared) -> Iterator[tuple[str, str]]:
    """The days played, who is there, and what they do."""
    problem, scenario = run.problem, run.scenario
    if problem.dates is not None:
        before = "" if problem.past is None else f", after {count(len(problem.past.outcomes), 'day')} to learn from"
        yield "played", f"{problem.dates[0]} to {problem.dates[-1]}{before}"
    for population in problem.populations:
        parts = [count(population.agents, "agent"), count(population.actions, "action")]
        parts.append(count(len(population.constraints), "constraint"))
        parts.append(f"rule {type(scenario.elimination_of(population.name)).__name__}")
        yield "population", f"{population.name}: {', '.join(parts)}"
        for note in population.notes:
            yield "", note
    for place, (name, active) in enumerate(zip(problem.subsequences, problem.active.T, strict=True)):
        found = "decided as the run goes" if place in problem.memberships else count(int(active.sum()), "round")
        yield "subsequence", f"{name}: {found}"
    for name, forecaster in scenario.forecasters.items():
        kind = type(forecaster).__name__
        yield "forecaster", kind if name == "forecaster" else f"{kind} ({name})"
    yield "adversary", type(scenario.adversary).__name__


_A_PRICE = {
    "hour": "a price an hour",
    "30min": "a price every 30 minutes",
    "15min": "a price every 15 minutes",
    "5min": "a price every 5 minutes",
    "day": "a price a day",
}


def _duration(seconds: float) -> str:
    """A time for people.

    >>> _duration(0.31), _duration(75.0), _duration(5400.0), _duration(1e6)
    ('1 s', '75 s', '90 min', '278 h')
    """
    if seconds < 120:
        return f"{max(1.0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.0f} h"
