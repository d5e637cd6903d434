"""Run a scenario: the function ``omnisim.simulate``."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import simpy
from threadpoolctl import threadpool_limits

from omnisim._version import __version__
from omnisim.problem.context import Service
from omnisim.scenario.scenario import Problem, Scenario
from omnisim.simulation.agents import Agents
from omnisim.simulation.checkpoint import Checkpoint, Keeper
from omnisim.simulation.cohorts import Cohort, cohorts
from omnisim.simulation.messages import Outcome
from omnisim.simulation.network import Lines, Network
from omnisim.simulation.processes import Environs, ForecastService, World
from omnisim.simulation.protocol import Clock
from omnisim.simulation.settlement import differing, true_costs
from omnisim.simulation.topology import WORLD, Role, topology
from omnisim.strategies.policy import Policy
from omnisim.streams import stream
from omnisim.trace import FORECASTER, Mixtures, PopulationRecord, Trace
from omnisim.trace.declarations import written


def simulate(
    scenario: Scenario,
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
        What to run.
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
    seed = scenario.seed if seed is None else seed
    problem = scenario.problem(seed)
    populations = {p.name: p for p in problem.populations}
    adversary = copy.deepcopy(scenario.adversary)
    adversary.start(stream(seed, "adversary/start"), problem.populations)
    environs = Environs(problem.active, problem.dates, problem.features, problem.forecasts, problem.unclipped_forecasts)
    forecasters = {name: copy.deepcopy(forecaster) for name, forecaster in scenario.forecasters.items()}
    hears = {name: scenario.subscriptions_of(name) for name in populations}

    with threadpool_limits(limits=1):
        crews, rules = _crews(scenario, problem, hears, seed)
        home = {name: crew.name for crew in crews for name in crew.names}
        heard_by = {name: [p for p in populations if name in hears[p]] for name in forecasters}
        for name, forecaster in forecasters.items():
            forecaster.start(
                Service(
                    dimension=adversary.dimension,
                    rounds=problem.rounds,
                    populations=[populations[p] for p in heard_by[name] if not rules[home[p]].draws],
                    subsequences=problem.subsequences,
                    past=problem.past,
                    law=(lambda context: adversary.law(context, None, None)) if adversary.oblivious else None,
                    models=tuple(problem.forecasts),
                )
            )
        lines = _lines(scenario, crews, hears, problem.rounds, seed)
        agents = {
            crew.name: Agents(
                crew,
                rules[crew.name],
                problem.active,
                hears[crew.populations[0].name],
                np.array([problem.default_actions.get(p.name, 0) for p in crew.populations]),
                problem.present.get(crew.populations[0].name),
                None if scenario.network is None else scenario.network.max_age,
                ideal=lines is None,
            )
            for crew in crews
        }
        observers = [party.observe_law for party in agents.values()] if adversary.law_known else []
        world = World(environs, adversary, agents, list(populations), stream(seed, "adversary"), observers)
        services = {
            name: ForecastService(
                forecaster,
                problem.rounds,
                adversary.dimension,
                {crew.name: crew for crew in crews if name in hears[crew.populations[0].name]},
                heard_by[name],
                stream(seed, name if name == FORECASTER else f"{FORECASTER}/{name}"),
                name,
                exposed=not adversary.oblivious and name == FORECASTER,
            )
            for name, forecaster in forecasters.items()
        }

        parties = {"adversary": adversary, "world": world, **_named("forecaster", forecasters), **_named("rule", rules)}
        parties |= {**_named("service", services), **_named("agents", agents)} | (
            {} if lines is None else {"lines": lines}
        )
        keeper = None if checkpoint is None else Keeper(checkpoint, scenario, problem, seed, parties)
        first_round = 0 if keeper is None else keeper.resume()
        environment = simpy.Environment(initial_time=first_round)
        roles = {
            WORLD: Role.WORLD,
            **dict.fromkeys(services, Role.FORECASTER),
            **dict.fromkeys(agents, Role.POPULATION),
        }
        network = Network(environment, roles, _listeners(crews, hears, forecasters), lines)
        clock = Clock(environment, problem.rounds, _both(keeper, on_round), first_round)
        environment.process(clock.run())
        environment.process(world.run(clock, network))
        for service in services.values():
            environment.process(service.run(clock, network))
        for party in agents.values():
            environment.process(party.run(clock, network))
        environment.run()

    first, forecaster = services[FORECASTER], forecasters[FORECASTER]
    records: dict[str, PopulationRecord] = {}
    for name, party in agents.items():
        if lines is not None:
            party.note_in_flight(lines.in_flight(name, Outcome))
        records |= party.records(adversary.law_known)
    unclipped_outcomes = differing(world.unclipped_outcomes, world.outcomes)
    if unclipped_outcomes is not None:
        records = {
            name: replace(record, true_costs=true_costs(populations[name], record, unclipped_outcomes))
            for name, record in records.items()
        }
    return Trace(
        outcomes=world.outcomes,
        predictions=first.predictions,
        unclipped_outcomes=unclipped_outcomes,
        unclipped_predictions=differing(first.unclipped_predictions, first.predictions),
        before=None if problem.past is None else problem.past.last,
        mixtures=Mixtures.of(first.mixtures),
        bases=np.stack(first.bases) if first.bases else None,
        diagnostics=dict(first.diagnostics),
        other_predictions={name: service.predictions for name, service in services.items() if name != FORECASTER},
        messages=None if lines is None else lines.record(),
        active=problem.active,
        subsequences=tuple(problem.subsequences),
        dates=problem.dates,
        records={name: records[name] for name in populations},
        about={
            **scenario.about,
            "seed": seed,
            "rounds": problem.rounds,
            "omnisim": __version__,
            "forecaster": type(forecaster).__name__,
            "forecast": written(forecaster.declared()),
            "adversary": type(adversary).__name__,
            "elimination": {name: type(rules[home[name]]).__name__ for name in populations},
            "policies": {
                name: written(rules[home[name]].declared(), rules[home[name]].benchmark) for name in populations
            },
            **_about_network(scenario, problem),
        },
    )


def _crews(
    scenario: Scenario, problem: Problem, hears: Mapping[str, Sequence[str]], seed: int
) -> tuple[list[Cohort], dict[str, Policy]]:
    """The cohorts, and by their names their rules, started."""
    given = {p.name: scenario.elimination_of(p.name) for p in problem.populations}
    # Agents that come and go are masked by themselves: their populations stay alone.
    apart = {name: (tuple(hears[name]), name if name in problem.present else None) for name in given}
    crews = cohorts(problem.populations, given, apart)
    rules: dict[str, Policy] = {}
    for crew in crews:
        first = crew.populations[0].name
        rules[crew.name] = copy.deepcopy(given[first])
        rules[crew.name].start(crew.whole, problem.active, stream(seed, f"population/{first}/policy"))
    return crews, rules


def _lines(
    scenario: Scenario, crews: Sequence[Cohort], hears: Mapping[str, Sequence[str]], rounds: int, seed: int
) -> Lines | None:
    """What travels; None where the network delays and loses nothing."""
    if scenario.network is None:
        return None
    graph = topology(
        scenario.network,
        list(hears),
        list(scenario.forecasters),
        stream(seed, "network/topology"),
    )
    listeners = _listeners(crews, hears, scenario.forecasters)
    lines = Lines(graph, {crew.name: crew for crew in crews}, listeners, rounds, seed)
    return None if lines.ideal else lines


def _listeners(
    crews: Sequence[Cohort], hears: Mapping[str, Sequence[str]], forecasters: Mapping[str, Any]
) -> dict[str, list[str]]:
    """From forecasters to the cohorts that hear them."""
    return {name: [crew.name for crew in crews if name in hears[crew.populations[0].name]] for name in forecasters}


def _named(kind: str, parties: Mapping[str, object]) -> dict[str, object]:
    return {f"{kind} {name!r}": party for name, party in parties.items()}


def _both(keeper: Keeper | None, on_round: Callable[[int], None] | None) -> Callable[[int], None] | None:
    """First the state of a round is safe, then it is said to be over."""
    if keeper is None:
        return on_round

    def call(t: int) -> None:
        keeper.round_is_over(t)
        if on_round is not None:
            on_round(t)

    return call


def _about_network(scenario: Scenario, problem: Problem) -> dict[str, Any]:
    """Facts about forecasters and agents beyond those that every run has."""
    about: dict[str, Any] = {}
    if scenario.other_forecasters:
        about["other_forecasters"] = {name: type(f).__name__ for name, f in scenario.other_forecasters.items()}
    if problem.rows:
        about["spells"] = {name: rows.tolist() for name, rows in problem.rows.items()}
    return about
