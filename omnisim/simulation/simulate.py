"""Run a scenario: the function ``omnisim.simulate``."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from omnisim._version import __version__
from omnisim.errors import ScenarioError
from omnisim.scenario.load import load_scenario
from omnisim.scenario.scenario import Problem, Scenario
from omnisim.simulation.checkpoint import Checkpoint, Checkpointer
from omnisim.simulation.messages import Outcome
from omnisim.simulation.preparing import Prepared
from omnisim.simulation.settlement import differing, true_costs
from omnisim.trace import FORECASTER, Mixtures, PopulationRecord, Trace
from omnisim.trace.declarations import written


def simulate(
    scenario: Scenario | str | Path,
    seed: int | None = None,
    on_round: Callable[[int], None] | None = None,
    checkpoint: Checkpoint | None = None,
) -> Trace:
    """Run a scenario and return the record of the run.

    The scenario and its strategies are left as they were: the run works on copies.

    On one machine with one set of versions, a scenario and a seed give the same bytes, whatever the number of workers
    and threads, the hash seed, the order in which processes start, and a network that delays and loses nothing. On
    another processor, or with other versions of libraries that draw the same random numbers, decisions are the same
    and recorded numbers agree to 1e-12 (of the largest in their array, where that is above 1), as long as nothing is
    decided within rounding, such as between two actions that tie, by a cost of 0, or by a minimax step with several
    solutions: from that round on, runs may part.

    Linear algebra of other libraries runs on one thread, because the rounding of a threaded product may depend on the
    number of threads.

    Parameters
    ----------
    scenario
        What to run; or the name of a shipped scenario, or the path of a file.
    seed
        Of all randomness in the run, >= 0; the scenario's own, 0 by default, if omitted.
    on_round
        Called with t after round t, for showing progress.
    checkpoint
        Where to leave the state of the run, and to go on from if there is one.

    Raises
    ------
    OmnisimError
        If the scenario is not consistent, or a strategy breaks its contract on the way.

    Examples
    --------
    >>> import omnisim
    >>> scenario = omnisim.Scenario(
    ...     populations=[omnisim.Population("bettors", utility=[[[1.0], [0.0]]], offset=[[0.0, 0.5]])],
    ...     adversary=omnisim.adversaries.Replay([[0.9], [0.9], [0.1], [0.1]]),
    ...     forecaster=omnisim.forecasters.Persistence(lag=1),
    ...     elimination=omnisim.elimination.BestResponse(),
    ... )
    >>> omnisim.simulate(scenario).actions["bettors"][:, 0]
    array([0, 0, 0, 1])
    """
    if isinstance(scenario, str | Path):
        scenario = load_scenario(scenario)
    elif not isinstance(scenario, Scenario):
        raise ScenarioError(f"simulate needs a Scenario, the name of one or a path, got {type(scenario).__name__}")
    run = Prepared(scenario, scenario.seed if seed is None else seed)
    checkpointer = None
    if checkpoint is not None:
        checkpointer = Checkpointer(checkpoint, scenario, run.problem, run.seed, run.parties)
    run.play(_both(checkpointer, on_round), 0 if checkpointer is None else checkpointer.resume())
    return _recorded(run)


def _recorded(run: Prepared) -> Trace:
    """The record of a run that is over."""
    problem, world, adversary = run.problem, run.world, run.adversary
    first, forecaster = run.services[FORECASTER], run.forecasters[FORECASTER]
    records: dict[str, PopulationRecord] = {}
    for name, party in run.agents.items():
        if run.lines is not None:
            party.note_in_flight(run.lines.in_flight(name, Outcome))
        records |= party.records(adversary.law_known and not adversary.draws_in_law)
    unclipped_outcomes = differing(world.unclipped_outcomes, world.outcomes)
    if unclipped_outcomes is not None:
        records = {
            name: replace(record, true_costs=true_costs(run.populations[name], record, unclipped_outcomes))
            for name, record in records.items()
        }
    rules = {name: run.rules[run.home[name]] for name in run.populations}
    others = {name: service.predictions for name, service in run.services.items() if name != FORECASTER}
    return Trace(
        outcomes=world.outcomes,
        predictions=first.predictions,
        unclipped_outcomes=unclipped_outcomes,
        unclipped_predictions=differing(first.unclipped_predictions, first.predictions),
        before=None if problem.past is None else problem.past.last,
        mixtures=Mixtures.of(first.mixtures),
        bases=np.stack(first.bases) if first.bases else None,
        diagnostics=dict(first.diagnostics),
        other_predictions=others,
        messages=None if run.lines is None else run.lines.record(),
        active=problem.active,
        subsequences=tuple(problem.subsequences),
        dates=problem.dates,
        records={name: records[name] for name in run.populations},
        about={
            **run.scenario.about,
            "seed": run.seed,
            "rounds": problem.rounds,
            "omnisim": __version__,
            "forecaster": type(forecaster).__name__,
            "forecast": written(forecaster.declared()),
            "adversary": type(adversary).__name__,
            "elimination": {name: type(rule).__name__ for name, rule in rules.items()},
            "policies": {name: written(rule.declared(), rule.benchmark) for name, rule in rules.items()},
            **_about_network(run.scenario, problem),
            **_about_populations(problem),
        },
    )


def _both(checkpointer: Checkpointer | None, on_round: Callable[[int], None] | None) -> Callable[[int], None] | None:
    """First the state of a round is safe, then it is said to be over."""
    if checkpointer is None:
        return on_round

    def call(t: int) -> None:
        checkpointer.round_is_over(t)
        if on_round is not None:
            on_round(t)

    return call


def _about_populations(problem: Problem) -> dict[str, Any]:
    """How agents were made, where there is something to say of it."""
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
