"""The agents of a run in this process."""

from collections.abc import Mapping, Sequence

from omnisim.arrays import BoolArray, FloatArray, IntArray, freeze
from omnisim.problem.mixture import Mixture
from omnisim.simulation.adaptive import Activity
from omnisim.simulation.books import Books
from omnisim.simulation.cohorts import Cohort, by_population
from omnisim.simulation.messages import Actions
from omnisim.simulation.network import Network, Transport
from omnisim.simulation.protocol import Clock, Process
from omnisim.simulation.roster import Roster
from omnisim.simulation.run_agents import Declared, RunAgents
from omnisim.trace import PopulationRecord


class LocalAgents(RunAgents):
    """The agents of a run in this process, cohort by cohort.

    Parameters
    ----------
    roster
        All agents.
    cohorts
        As they are decided together.
    activity
        Of the run.
    transport
        Of their messages; None where everything is heard at once.

    Raises
    ------
    OmnisimError
        If a rule refuses to start.
    """

    shards = elsewhere = None

    def __init__(
        self, roster: Roster, cohorts: Sequence[Cohort], activity: Activity, transport: Transport | None
    ) -> None:
        self.cohorts = {cohort.name: cohort for cohort in cohorts}
        self.names = list(self.cohorts)
        self._populations = [population.name for population in roster.populations]
        self._agents = {cohort.name: roster.agents(cohort, activity, transport) for cohort in cohorts}
        self._hears = {cohort.name: roster.hears[cohort.names[0]] for cohort in cohorts}

    def listeners(self, forecaster: str) -> list[str]:
        """Names of the cohorts that hear a forecaster."""
        return [name for name, heard in self._hears.items() if forecaster in heard]

    def processes(self, clock: Clock, network: Network) -> list[Process]:
        """The process of each cohort."""
        return [agents.run(clock, network) for agents in self._agents.values()]

    def observe_law(self, t: int, law: Mixture) -> None:
        """Record which actions violate in expectation under the law of round t."""
        for agents in self._agents.values():
            agents.observe_law(t, law)

    def accept(self, t: int, message: Actions, who: BoolArray | None) -> None:
        """Take actions that reached the market before it closed in round t."""
        self._agents[message.cohort].accept(t, message, who)

    def book(self, t: int, outcome: FloatArray) -> None:
        """Close the books of round t, in which this (d,) happened."""
        for agents in self._agents.values():
            agents.book(t, outcome)

    def candidates(self, registered: Mapping[str, BoolArray], names: Sequence[str]) -> Mapping[str, BoolArray]:
        """Candidates (N, A) of these populations, from those that were registered by cohort."""
        return by_population(self.cohorts, registered, names)

    def played(self, t: int) -> Mapping[str, IntArray]:
        """Actions in rounds 0 to t - 1, (t, N) by population."""
        parts = ((name, a.actions[:t, rows]) for a in self._agents.values() for _, name, rows in a.cohort.each())
        played = {name: freeze(actions) for name, actions in parts}
        return {name: played[name] for name in self._populations}

    def loads(self, t: int) -> Mapping[str, FloatArray] | None:  # noqa: ARG002
        """None: whoever wants loads adds them up from what was played."""
        return None

    def wanted(self, t: int) -> dict[str, IntArray]:
        """Actions of agents in round t, whose outcome is not known yet, (N,) by population; -1 for one not there."""
        return {name: a.wanted(t, rows) for a in self._agents.values() for _, name, rows in a.cohort.each()}

    @property
    def books(self) -> list[Books]:
        """The books of all cohorts."""
        return [agents.books for agents in self._agents.values()]

    @property
    def memory(self) -> Mapping[str, object]:
        """Agents and rules, by name."""
        rules = {f"rule {name!r}": agents.policy for name, agents in self._agents.items()}
        return rules | {f"agents {name!r}": agents for name, agents in self._agents.items()}

    def keep(self, rounds: int) -> None:
        """Nothing to do: ``memory`` is what remembers."""

    def go_on(self, rounds: int) -> None:
        """Nothing to do: ``memory`` is what remembers."""

    def declared(self) -> dict[str, Declared]:
        """Name and promises of the rule of each population."""
        return {
            name: declared
            for agents in self._agents.values()
            for declared in [Declared.of(agents.policy)]
            for name in agents.cohort.names
        }

    def records(self, law_known: bool) -> dict[str, PopulationRecord]:
        """The record of each population, by name, when all rounds are over."""
        return {name: r for agents in self._agents.values() for name, r in agents.records(law_known).items()}
