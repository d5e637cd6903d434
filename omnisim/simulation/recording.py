"""The record of a run, from what its participants have kept of the rounds that were played."""

from dataclasses import replace
from typing import Any

import numpy as np

from omnisim._version import __version__
from omnisim.arrays import IntArray
from omnisim.scenario.problem import Problem
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.preparing import Prepared
from omnisim.simulation.settlement import differing, true_costs
from omnisim.trace import FORECASTER, Mixtures, PopulationRecord, Trace
from omnisim.trace.declarations import written


def recorded(run: Prepared, rounds: int) -> Trace:
    """The record of a run of which so many rounds were played.

    Of a run that may go on, it is the record of one that ends here: what would happen later did not.
    """
    problem, world, adversary = run.problem, run.world, run.adversary
    first, forecaster = run.services[FORECASTER], run.forecasters[FORECASTER]
    outcomes = world.outcomes[:rounds]
    records = run.agents.records(adversary.law_known and not adversary.draws_in_law)
    if rounds < problem.rounds:
        records = {name: _cut(record, rounds) for name, record in records.items()}
    unclipped_outcomes = differing(world.unclipped_outcomes[:rounds], outcomes)
    if unclipped_outcomes is not None:
        records = {
            name: replace(record, true_costs=true_costs(run.populations[name], record, outcomes, unclipped_outcomes))
            for name, record in records.items()
        }
    policies = run.agents.declared()
    others = {name: each.predictions[:rounds] for name, each in run.services.items() if name != FORECASTER}
    return Trace(
        outcomes=outcomes,
        predictions=first.predictions[:rounds],
        unclipped_outcomes=unclipped_outcomes,
        unclipped_predictions=differing(first.unclipped_predictions[:rounds], first.predictions[:rounds]),
        before=None if problem.past is None else problem.past.last,
        mixtures=Mixtures.of(first.mixtures[:rounds]),
        bases=np.stack(first.bases[:rounds]) if first.bases else None,
        diagnostics={name: values[:rounds] for name, values in first.diagnostics.items()},
        other_predictions=others,
        messages=None if run.transport is None else run.transport.record(),
        active=run.active[:rounds],
        subsequences=tuple(problem.subsequences),
        dates=None if problem.dates is None else problem.dates[:rounds],
        records={name: records[name] for name in run.populations},
        about={
            **run.scenario.about,
            "seed": run.seed,
            "rounds": rounds,
            **({"horizon": problem.rounds} if problem.declared else {}),
            **(
                {"adaptive": [problem.subsequences[k] for k in sorted(problem.memberships)]}
                if problem.memberships
                else {}
            ),
            "omnisim": __version__,
            "forecaster": type(forecaster).__name__,
            "forecast": written(forecaster.declared()),
            "adversary": type(adversary).__name__,
            "elimination": {name: policies[name].name for name in run.populations},
            "policies": {name: policies[name].policy for name in run.populations},
            **_about_network(run.scenario, problem),
            **_about_populations(problem),
        },
    )


def _cut(record: PopulationRecord, rounds: int) -> PopulationRecord:
    """The record of the first rounds of a run on no network: what had not happened by then never did, which is T."""

    def by_then(left_at: IntArray | None) -> IntArray | None:
        return None if left_at is None else np.minimum(left_at, rounds)

    return replace(
        record,
        actions=record.actions[:rounds],
        fallback=record.fallback[:rounds],
        costs=record.costs[:rounds],
        violated_at=np.minimum(record.violated_at, rounds),
        expected_violated_at=by_then(record.expected_violated_at),
        eliminated_at=np.minimum(record.eliminated_at, rounds),
        present=None if record.present is None else record.present[:rounds],
    )


def _about_populations(problem: Problem) -> dict[str, Any]:
    """Notes on the making of agents, for populations that have any."""
    notes = {population.name: list(population.notes) for population in problem.populations if population.notes}
    return {"population_notes": notes} if notes else {}


def _about_network(scenario: Scenario, problem: Problem) -> dict[str, Any]:
    """Facts about forecasters and agents beyond those that every run has."""
    about: dict[str, Any] = {}
    if scenario.other_forecasters:
        about["other_forecasters"] = {name: type(f).__name__ for name, f in scenario.other_forecasters.items()}
    if problem.rows:
        about["spells"] = {name: rows.tolist() for name, rows in problem.rows.items()}
    return about
