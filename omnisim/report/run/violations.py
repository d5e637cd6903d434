"""Sentences on the limits that a run exceeded, in their own units at the true outcomes."""

from collections.abc import Iterator, Sequence

import numpy as np

from omnisim.analysis import Analysis
from omnisim.analysis.benchmark import EXPECTED
from omnisim.arrays import BoolArray
from omnisim.report.run import worth
from omnisim.report.text import count, number, percent
from omnisim.trace import Trace


def sentences(analysis: Analysis) -> Iterator[str]:
    """Sentences on limits that were exceeded, and on agents that had no action within all of them."""
    trace = analysis.trace
    said = worth.terms(analysis)
    constrained = {name: r for name, r in trace.records.items() if r.costs.shape[2]}
    if not constrained:
        yield "No population has constraints: nothing can be violated."
        return
    table = Analysis.whole_run_violations.kept(analysis)
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


def in_short(analysis: Analysis) -> str:
    """The same in one line."""
    table, said = Analysis.whole_run_violations.kept(analysis), worth.terms(analysis)
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


def fallback_share(analysis: Analysis) -> float:
    """Share of the rounds of all agents in which one had no candidate left."""
    records = analysis.trace.records.values()
    return sum(int(r.fallback.sum()) for r in records) / max(1, sum(int((r.actions >= 0).sum()) for r in records))


def with_benchmark(analysis: Analysis, populations: Sequence[str] | None = None) -> BoolArray:
    """Agents with an action that never violated on any subsequence, of these populations or all, one after another."""
    names = list(analysis.measures) if populations is None else populations
    return np.concatenate([np.any(analysis.measures[name].benchmark.all(axis=0), axis=1) for name in names])


def _on_a_sum(trace: Trace, population: str, constraint: str) -> bool:
    """Whether a limit is one on the sum over the run."""
    record = trace.records[population]
    return any(
        limit.averaged and name == constraint
        for name, limit in zip(record.constraint_names, record.limits, strict=False)
    )


def _fallbacks(analysis: Analysis, constrained: list[str]) -> Iterator[str]:
    trace = analysis.trace
    said = worth.terms(analysis)
    clean = with_benchmark(analysis, constrained)
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
