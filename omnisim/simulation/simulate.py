"""Run a scenario: the function ``omnisim.simulate``."""

import copy
from collections.abc import Callable

import simpy
from threadpoolctl import threadpool_limits

from omnisim._version import __version__
from omnisim.problem.context import Service
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.network import Network, broadcast
from omnisim.simulation.processes import Agents, Environs, ForecastService, World
from omnisim.simulation.protocol import Clock
from omnisim.streams import stream
from omnisim.trace import Mixtures, PopulationRecord, Trace


def simulate(scenario: Scenario, seed: int | None = None, on_round: Callable[[int], None] | None = None) -> Trace:
    """Run a scenario and return the record of the run.

    The scenario and its strategies are left as they were: the run works on copies. The result depends on the
    scenario, the seed and the installed versions alone. Linear algebra runs on one thread, because the
    rounding of a threaded product may depend on the number of threads.

    Parameters
    ----------
    scenario
        What to run.
    seed
        Of all randomness in the run, >= 0; the scenario's own, 0 by default, if omitted.
    on_round
        Called with t after round t, for showing progress.

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
    adversary = copy.deepcopy(scenario.adversary)
    forecaster = copy.deepcopy(scenario.forecaster)
    adversary.start(stream(seed, "adversary/start"), problem.populations)
    environs = Environs(problem.active, problem.dates, problem.features, problem.forecasts)
    populations = problem.populations
    rules = {p.name: copy.deepcopy(scenario.elimination_of(p.name)) for p in populations}

    with threadpool_limits(limits=1):
        forecaster.start(
            Service(
                dimension=adversary.dimension,
                rounds=problem.rounds,
                populations=[p for p in populations if not rules[p.name].draws],
                subsequences=problem.subsequences,
                past=problem.past,
                law=(lambda context: adversary.law(context, None, None)) if adversary.oblivious else None,
            )
        )
        for population in populations:
            rules[population.name].start(
                population, problem.active, stream(seed, f"population/{population.name}/policy")
            )
        agents = {p.name: Agents(p, rules[p.name], problem.active) for p in populations}
        observers = [party.observe_law for party in agents.values()] if adversary.law_known else []
        world = World(environs, adversary, populations, stream(seed, "adversary"), observers)
        service = ForecastService(
            forecaster,
            problem.rounds,
            adversary.dimension,
            populations,
            stream(seed, "forecaster"),
            exposed=not adversary.oblivious,
        )

        environment = simpy.Environment()
        network = Network(broadcast(agents))
        clock = Clock(environment, problem.rounds, on_round)
        environment.process(clock.run())
        environment.process(world.run(clock, network))
        environment.process(service.run(clock, network))
        for party in agents.values():
            environment.process(party.run(clock, network))
        environment.run()

    return Trace(
        outcomes=world.outcomes,
        predictions=service.predictions,
        mixtures=Mixtures.of(service.mixtures),
        diagnostics=dict(service.diagnostics),
        active=problem.active,
        subsequences=tuple(problem.subsequences),
        dates=problem.dates,
        records={
            p.name: PopulationRecord(
                population=p.without_constraints(),
                constraint_names=p.constraint_names,
                actions=agents[p.name].actions,
                fallback=agents[p.name].fallback,
                costs=agents[p.name].costs,
                violated_at=agents[p.name].violated_at,
                expected_violated_at=agents[p.name].expected_violated_at if adversary.law_known else None,
                eliminated_at=agents[p.name].policy.eliminated_at,
            )
            for p in populations
        },
        about={
            **scenario.about,
            "seed": seed,
            "rounds": problem.rounds,
            "omnisim": __version__,
            "forecaster": type(forecaster).__name__,
            "forecast": forecaster.facts(),
            "adversary": type(adversary).__name__,
            "elimination": {name: type(rule).__name__ for name, rule in rules.items()},
            "policies": {name: rule.facts() for name, rule in rules.items()},
        },
    )
