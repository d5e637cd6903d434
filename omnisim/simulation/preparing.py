"""A run before its first round: populations drawn, subsequences found, network built, strategies started.

Whatever can be refused of a scenario is refused here, so that a scenario that can be prepared can be run.
"""

import copy
from collections.abc import Callable, Mapping, Sequence

import simpy

from omnisim.arrays import BoolArray, IntArray
from omnisim.errors import ScenarioError
from omnisim.memory import physical_memory, shown
from omnisim.plug_ins import strategies_named
from omnisim.problem.context import Service
from omnisim.problem.elsewhere import Pieces, blocks
from omnisim.scenario.known_rounds import checked_limits
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.adaptive import adaptive_rounds
from omnisim.simulation.cohorts import Cohort
from omnisim.simulation.local_agents import LocalAgents
from omnisim.simulation.messages import Actions
from omnisim.simulation.network import Network, Transport
from omnisim.simulation.processes import ForecastService, World
from omnisim.simulation.protocol import Clock, Phase
from omnisim.simulation.roster import Roster
from omnisim.simulation.round_data import RoundData
from omnisim.simulation.run_agents import RunAgents
from omnisim.simulation.sharded import ShardedAgents, Sharding
from omnisim.simulation.topology import WORLD, Role, topology
from omnisim.strategies.adversaries.replay import Replay
from omnisim.strategies.forecasters.conditional_mean import ConditionalMean
from omnisim.streams import stream
from omnisim.threads import at_most_threads
from omnisim.trace import FORECASTER
from omnisim.trace.description import RECORD, RUN, size_of


class Prepared:
    """A run whose participants are built and started, and which has played no round.

    Strategies are copies of those of the scenario, which is left as it was.

    Parameters
    ----------
    scenario
        What to run.
    seed
        Of all randomness in the run, >= 0.
    sharding
        Where the agents are, if they are not in this process.

    Raises
    ------
    OmnisimError
        If the scenario is not consistent, a strategy refuses to start, or the record is larger than memory.
    """

    def __init__(self, scenario: Scenario, seed: int, sharding: Sharding | None = None) -> None:
        self.scenario, self.seed = scenario, seed
        self.problem = problem = scenario.problem(seed)
        self.populations = {p.name: p for p in problem.populations}
        adversary = self.adversary = copy.deepcopy(scenario.adversary)
        self._refuse_too_large()
        if problem.declared:
            self._refuse_unfinished()
        adversary.start(stream(seed, "adversary/start"), problem.populations)
        self.forecasters = {name: copy.deepcopy(each) for name, each in scenario.forecasters.items()}
        self._hears = {name: scenario.subscriptions_of(name) for name in self.populations}
        with at_most_threads(1):
            roster = self._roster()
            cohorts = roster.cohorts()
            self.transport = _transport(scenario, cohorts, self._hears, problem.rounds, seed)
            if sharding is not None and self.transport is not None:
                raise ScenarioError(
                    "shards need a network on which nothing is late or lost: this one delays or loses messages"
                )
            round_data = RoundData(
                problem.active, problem.dates, problem.features, problem.forecasts, problem.unclipped_forecasts
            )
            self.adaptive = adaptive_rounds(problem.active, problem.subsequences, problem.memberships, adversary)
            self.agents: RunAgents = (
                LocalAgents(roster, cohorts, self.adaptive or round_data, self.transport)
                if sharding is None
                else ShardedAgents(roster, cohorts, sharding, self._blocks())
            )
            self._start_forecasters()
            self.world = World(
                round_data,
                adversary,
                self.agents,
                list(self.populations),
                stream(seed, "adversary"),
                self._answering(),
                self.adaptive,
            )
            self.services = {name: self._service_of(name) for name in self.forecasters}

    @property
    def active(self) -> BoolArray:
        """The subsequences of every round, (T, L), as far as they have been decided."""
        return self.problem.active if self.adaptive is None else self.adaptive.active

    @property
    def parties(self) -> dict[str, object]:
        """Everything that remembers something, by name."""
        return {"adversary": self.adversary, **self.learning}

    @property
    def learning(self) -> dict[str, object]:
        """The participants but for the adversary, which remembers nothing where it replays data."""
        found = {"world": self.world, **_named("forecaster", self.forecasters)}
        found |= {**_named("service", self.services), **self.agents.memory}
        found |= {} if self.adaptive is None else {"adaptive": self.adaptive}
        return found | ({} if self.transport is None else {"transport": self.transport})

    @property
    def record_size(self) -> int:
        """Bytes of the record of the run in memory, without messages and mixtures."""
        problem = self.problem
        rounds, subsequences = problem.active.shape
        shared = {"T": rounds, "L": subsequences, "d": self.adversary.dimension_for(problem.populations)}
        size = size_of(RUN, shared)
        for population in problem.populations:
            known = shared | {"N": population.agents, "A": population.actions, "J": len(population.constraints)}
            there = {"present"} if population.name in problem.present else set()
            there |= {"expected_violated_at"} if self.adversary.law_known else set()
            size += size_of(RECORD, known | {"K": subsequences}, there)
        return size

    def play(
        self, on_round: Callable[[int], None] | None = None, first_round: int = 0, rounds: int | None = None
    ) -> None:
        """Play rounds from the first one on.

        Parameters
        ----------
        on_round
            Called with t after round t.
        first_round
            Where the participants are.
        rounds
            Where to end; default: where the data do.

        Raises
        ------
        OmnisimError
            If a strategy breaks its contract on the way.
        """
        self._run(on_round, first_round, self.problem.known if rounds is None else rounds, Phase.CONTEXT)

    def eve(self, t: int) -> dict[str, IntArray]:
        """Play round t up to where its outcome is drawn, which is not known yet; earlier rounds have been played.

        Their prediction is the service's of that round. Nothing can be played after this.

        Returns
        -------
        dict
            From populations to what the agents do, (N,); -1 for one that is not there.

        Raises
        ------
        OmnisimError
            If a strategy breaks its contract.
        """
        network = self._run(None, t, t, Phase.OUTCOME)
        for message, who in network.receive(WORLD, Actions):
            self.agents.accept(t, message, who)
        return self.agents.wanted(t)

    def _run(self, on_round: Callable[[int], None] | None, first_round: int, rounds: int, until: Phase) -> Network:
        environment = simpy.Environment(initial_time=first_round)
        clock = Clock(environment, rounds, on_round, first_round, until)
        listeners = {name: self.agents.listeners(name) for name in self.services}
        roles = {
            WORLD: Role.WORLD,
            **dict.fromkeys(self.services, Role.FORECASTER),
            **dict.fromkeys(self.agents.names, Role.POPULATION),
        }
        network = Network(environment, roles, listeners, self.transport)
        processes = [clock.run(), self.world.run(clock, network)]
        processes += [service.run(clock, network) for service in self.services.values()]
        processes += self.agents.processes(clock, network)
        for process in processes:
            environment.process(process)
        try:
            with at_most_threads(1), strategies_named(lambda: f"in round {int(environment.now)}"):
                environment.run()
        finally:
            # Those that wait for a round that never comes hold the clock, which holds them: gigabytes, until collected.
            for process in processes:
                process.close()
        return network

    def _start_forecasters(self) -> None:
        adversary, problem = self.adversary, self.problem
        for name, forecaster in self.forecasters.items():
            forecaster.start(
                Service(
                    dimension=adversary.dimension,
                    rounds=problem.rounds,
                    populations=[self.populations[p] for p in self._served_by(name)],
                    subsequences=problem.subsequences,
                    past=problem.past,
                    law=(lambda context: adversary.law(context, None, None))
                    if adversary.oblivious and not problem.declared
                    else None,
                    models=tuple(problem.forecasts),
                    limits=checked_limits(self.scenario.limits),
                    elsewhere=self.agents.elsewhere if forecaster.by_blocks else None,
                )
            )

    def _roster(self) -> Roster:
        problem, network = self.problem, self.scenario.network
        return Roster(
            problem.populations,
            {name: self.scenario.elimination_of(name) for name in self.populations},
            self._hears,
            problem.present,
            problem.default_actions,
            problem.declared_activity,
            sum(population.agents for population in problem.populations),
            self.seed,
            seen=not self.adversary.oblivious or bool(problem.memberships or self.adversary.published),
            law_known=self.adversary.law_known,
            max_age=None if network is None else network.max_age,
        )

    def _service_of(self, name: str) -> ForecastService:
        return ForecastService(
            self.forecasters[name],
            self.problem.rounds,
            self.adversary.dimension,
            self.agents,
            self._heard_by(name),
            stream(self.seed, name if name == FORECASTER else f"{FORECASTER}/{name}"),
            name,
            exposed=not self.adversary.oblivious and name == FORECASTER,
        )

    def _draws(self, population: str) -> bool:
        return self.scenario.elimination_of(population).draws

    def _answering(self) -> list[str]:
        """Populations that act on this round's prediction of the first forecaster, and on nothing else."""
        if self.transport is not None:
            return []
        alone = [name for name in self.populations if tuple(self._hears[name]) == (FORECASTER,)]
        return [name for name in alone if not self._draws(name)]

    def _served_by(self, forecaster: str) -> list[str]:
        """Populations that are registered with a forecaster."""
        return [name for name in self._heard_by(forecaster) if not self._draws(name)]

    def _blocks(self) -> list[Pieces]:
        """Blocks of agents that a forecaster adds up where they are."""
        calibrated = [name for name, each in self.forecasters.items() if each.by_blocks]
        return [block for name in calibrated for block in blocks([self.populations[p] for p in self._served_by(name)])]

    def _heard_by(self, forecaster: str) -> list[str]:
        return [name for name in self.populations if forecaster in self._hears[name]]

    def _refuse_unfinished(self) -> None:
        """Refuse what cannot go on from the end of a run: outcomes that are not data, forecasts of what is to come."""
        if type(self.adversary) is not Replay:
            raise ScenarioError(
                f"horizon is declared, and the adversary is {type(self.adversary).__name__}: only a run on data can "
                "go on when there are more; leave horizon out, and set rounds"
            )
        if self.problem.memberships:
            name = self.problem.subsequences[min(self.problem.memberships)]
            raise ScenarioError(
                f"horizon is declared, and subsequence {name!r} is a function of what happens: a run can go on only "
                "with subsequences that its data decide; leave one out"
            )
        for name, forecaster in self.scenario.forecasters.items():
            for each in (forecaster, *getattr(forecaster, "bases", ())):
                if isinstance(each, ConditionalMean):
                    raise ScenarioError(
                        f"horizon is declared, and {name} is or has a ConditionalMean, which reads the outcomes "
                        "before they come; leave one out"
                    )

    def _refuse_too_large(self) -> None:
        memory = physical_memory()
        if memory is not None and self.record_size > memory:
            agents = sum(population.agents for population in self.problem.populations)
            raise ScenarioError(
                f"the record of {self.problem.rounds:,} rounds of {agents:,} agents takes {shown(self.record_size)} of "
                f"memory: this machine has {shown(memory)}; fewer rounds or agents would do"
            )


def _transport(
    scenario: Scenario, cohorts: Sequence[Cohort], hears: Mapping[str, Sequence[str]], rounds: int, seed: int
) -> Transport | None:
    """The transport of messages; None where the network delays and loses nothing."""
    if scenario.network is None:
        return None
    graph = topology(
        scenario.network,
        list(hears),
        list(scenario.forecasters),
        stream(seed, "network/topology"),
    )
    listeners = {
        name: [cohort.name for cohort in cohorts if name in hears[cohort.names[0]]] for name in scenario.forecasters
    }
    transport = Transport(graph, {cohort.name: cohort for cohort in cohorts}, listeners, rounds, seed)
    return None if transport.ideal else transport


def _named(kind: str, parties: Mapping[str, object]) -> dict[str, object]:
    return {f"{kind} {name!r}": party for name, party in parties.items()}
