"""A run before its first round: populations drawn, subsequences found, network built, strategies started.

Whatever can be refused of a scenario is refused here, so that a scenario that can be prepared can be run.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import simpy

from omnisim.arrays import BoolArray, IntArray
from omnisim.errors import ScenarioError
from omnisim.memory import physical_memory, shown
from omnisim.plug_ins import strategies_named
from omnisim.problem.context import Service
from omnisim.scenario.known_rounds import checked_limits
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.adaptive import adaptive_rounds
from omnisim.simulation.agents import Played
from omnisim.simulation.books import Books
from omnisim.simulation.cohorts import ByPopulation, Cohort
from omnisim.simulation.messages import Actions, Outcome
from omnisim.simulation.network import Lines, Network
from omnisim.simulation.processes import ForecastService, Shown, World
from omnisim.simulation.protocol import Clock, Phase
from omnisim.simulation.roster import Roster
from omnisim.simulation.round_data import RoundData
from omnisim.simulation.shard import Declared
from omnisim.simulation.sharded import NAME, ShardedAgents, Sharding
from omnisim.simulation.topology import WORLD, Role, topology
from omnisim.strategies.adversaries.replay import Replay
from omnisim.strategies.forecasters.conditional_mean import ConditionalMean
from omnisim.streams import stream
from omnisim.threads import at_most_threads
from omnisim.trace import FORECASTER, PopulationRecord
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
            self._cohorts = roster.cohorts()
            self.rules = {} if sharding else {cohort.name: roster.started(cohort) for cohort in self._cohorts}
            self._start_forecasters()
            self.lines = _lines(scenario, self._cohorts, self._hears, problem.rounds, seed)
            if sharding is not None and self.lines is not None:
                raise ScenarioError(
                    "shards need a network on which nothing is late or lost: this one delays or loses messages"
                )
            round_data = RoundData(
                problem.active, problem.dates, problem.features, problem.forecasts, problem.unclipped_forecasts
            )
            self.adaptive = adaptive_rounds(problem.active, problem.subsequences, problem.memberships, adversary)
            activity = self.adaptive or round_data
            self.sharded = None if sharding is None else ShardedAgents(roster, self._cohorts, sharding)
            self.agents = {
                cohort.name: roster.agents(cohort, self.rules[cohort.name], activity, ideal=self.lines is None)
                for cohort in self._cohorts
                if cohort.name in self.rules
            }
            parties = self.agents.values() if self.sharded is None else [self.sharded]
            observers = [party.observe_law for party in parties] if adversary.law_known else []
            self.world = World(
                round_data,
                adversary,
                self.agents,
                self._shown(list(self.populations), self._cohorts),
                Played(self.agents, list(self.populations)) if self.sharded is None else self.sharded.played,
                None if self.sharded is None else self.sharded.loads,
                stream(seed, "adversary"),
                observers,
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
        found |= {**_named("rule", self.rules), **_named("service", self.services), **_named("agents", self.agents)}
        found |= {} if self.adaptive is None else {"adaptive": self.adaptive}
        found |= {} if self.sharded is None else {"shards": self.sharded.kept}
        return found | ({} if self.lines is None else {"lines": self.lines})

    @property
    def books(self) -> list[Books]:
        """The books of all cohorts."""
        return [party.books for party in self.agents.values()] if self.sharded is None else self.sharded.books

    @property
    def policies(self) -> dict[str, Declared]:
        """Name and promises of the rule of each population."""
        if self.sharded is not None:
            return self.sharded.declared()
        declared = {name: Declared.of(rule) for name, rule in self.rules.items()}
        return {name: declared[cohort.name] for cohort in self._cohorts for name in cohort.names}

    def records(self, law_known: bool) -> dict[str, PopulationRecord]:
        """The record of each population, by name, when all rounds are over."""
        if self.sharded is not None:
            return self.sharded.records(law_known)
        found: dict[str, PopulationRecord] = {}
        for name, party in self.agents.items():
            if self.lines is not None:
                party.note_in_flight(self.lines.in_flight(name, Outcome))
            found |= party.records(law_known)
        return found

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
            self.agents[message.cohort].accept(t, message, who)
        return {
            name: party.of_round(t, rows) for party in self.agents.values() for _, name, rows in party.cohort.each()
        }

    def _run(self, on_round: Callable[[int], None] | None, first_round: int, rounds: int, until: Phase) -> Network:
        environment = simpy.Environment(initial_time=first_round)
        roles = {
            WORLD: Role.WORLD,
            **dict.fromkeys(self.services, Role.FORECASTER),
            **dict.fromkeys(self.agents if self.sharded is None else [NAME], Role.POPULATION),
        }
        listeners = _listeners(self._cohorts, self._hears, self.forecasters)
        if self.sharded is not None:
            listeners = {name: [NAME] for name in self.forecasters}
        network = Network(environment, roles, listeners, self.lines)
        clock = Clock(environment, rounds, on_round, first_round, until)
        processes = [clock.run(), self.world.run(clock, network)]
        processes += [service.run(clock, network) for service in self.services.values()]
        processes += [party.run(clock, network) for party in self.agents.values()]
        processes += [] if self.sharded is None else [self.sharded.run(clock, network)]
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
                    populations=[self.populations[p] for p in self._heard_by(name) if not self._draws(p)],
                    subsequences=problem.subsequences,
                    past=problem.past,
                    law=(lambda context: adversary.law(context, None, None))
                    if adversary.oblivious and not problem.declared
                    else None,
                    models=tuple(problem.forecasts),
                    limits=checked_limits(self.scenario.limits),
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
        cohorts = [cohort for cohort in self._cohorts if name in self._hears[cohort.populations[0].name]]
        return ForecastService(
            self.forecasters[name],
            self.problem.rounds,
            self.adversary.dimension,
            {} if self.sharded is not None else {cohort.name: cohort for cohort in cohorts},
            self._shown(self._heard_by(name), cohorts),
            stream(self.seed, name if name == FORECASTER else f"{FORECASTER}/{name}"),
            name,
            exposed=not self.adversary.oblivious and name == FORECASTER,
        )

    def _shown(self, order: Sequence[str], among: Sequence[Cohort]) -> Shown:
        """Shows the candidates of these populations, which are in these cohorts."""
        if self.sharded is not None:
            return self.sharded.candidates(order)
        return ByPopulation({cohort.name: cohort for cohort in among}, order)

    def _draws(self, population: str) -> bool:
        return self.scenario.elimination_of(population).draws

    def _answering(self) -> list[str]:
        """Populations that act on this round's prediction of the first forecaster, and on nothing else."""
        if self.lines is not None:
            return []
        alone = [name for name in self.populations if tuple(self._hears[name]) == (FORECASTER,)]
        return [name for name in alone if not self._draws(name)]

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


def _lines(
    scenario: Scenario, cohorts: Sequence[Cohort], hears: Mapping[str, Sequence[str]], rounds: int, seed: int
) -> Lines | None:
    """Make the lines that messages travel along; None where the network delays and loses nothing."""
    if scenario.network is None:
        return None
    graph = topology(
        scenario.network,
        list(hears),
        list(scenario.forecasters),
        stream(seed, "network/topology"),
    )
    listeners = _listeners(cohorts, hears, scenario.forecasters)
    lines = Lines(graph, {cohort.name: cohort for cohort in cohorts}, listeners, rounds, seed)
    return None if lines.ideal else lines


def _listeners(
    cohorts: Sequence[Cohort], hears: Mapping[str, Sequence[str]], forecasters: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Names of the cohorts that hear each forecaster."""
    return {
        name: [cohort.name for cohort in cohorts if name in hears[cohort.populations[0].name]] for name in forecasters
    }


def _named(kind: str, parties: Mapping[str, object]) -> dict[str, object]:
    return {f"{kind} {name!r}": party for name, party in parties.items()}
