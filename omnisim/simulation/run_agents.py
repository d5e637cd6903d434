"""All agents of a run together, wherever they are."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.problem.elsewhere import AgentsElsewhere
from omnisim.problem.mixture import Mixture
from omnisim.simulation.books import Books
from omnisim.simulation.cohorts import Cohort
from omnisim.simulation.messages import Actions
from omnisim.simulation.network import Network
from omnisim.simulation.protocol import Clock, Process
from omnisim.strategies.policy import Policy
from omnisim.trace import PopulationRecord
from omnisim.trace.declarations import written


@dataclass(frozen=True)
class Declared:
    """Name and promises of a population's rule, as in the ``about`` of a trace."""

    name: str
    policy: Mapping[str, object]

    @classmethod
    def of(cls, rule: Policy) -> "Declared":
        """Name and promises of a rule."""
        return cls(type(rule).__name__, written(rule.declared(), rule.benchmark))


class RunAgents(ABC):
    """All agents of a run, as the world, forecasters and record see them.

    Attributes
    ----------
    names
        Of their participants.
    cohorts
        By name, those that are decided in this process: they register and act by messages.
    shards
        Number of shards that agents are in; None if they are in this process.
    elsewhere
        Themselves, for whoever adds them up where they are; None if they are in this process.
    """

    names: Sequence[str]
    cohorts: Mapping[str, Cohort]
    shards: int | None
    elsewhere: AgentsElsewhere | None

    @abstractmethod
    def listeners(self, forecaster: str) -> list[str]:
        """Names of the participants that hear a forecaster."""

    @abstractmethod
    def processes(self, clock: Clock, network: Network) -> list[Process]:
        """The processes of the participants."""

    @abstractmethod
    def observe_law(self, t: int, law: Mixture) -> None:
        """Record which actions violate in expectation under the law of round t."""

    @abstractmethod
    def accept(self, t: int, message: Actions, who: BoolArray | None) -> None:
        """Take actions that reached the market before it closed in round t."""

    @abstractmethod
    def book(self, t: int, outcome: FloatArray) -> None:
        """Close the books of round t, in which this (d,) happened."""

    @abstractmethod
    def candidates(self, registered: Mapping[str, BoolArray], names: Sequence[str]) -> Mapping[str, BoolArray]:
        """Candidates (N, A) of these populations in this round, from those that were registered by cohort."""

    @abstractmethod
    def played(self, t: int) -> Mapping[str, IntArray]:
        """Actions in rounds 0 to t - 1, (t, N) by population."""

    @abstractmethod
    def loads(self, t: int) -> Mapping[str, FloatArray] | None:
        """Loads of round t - 1, (H,) by population; None where they are for others to add up."""

    @abstractmethod
    def wanted(self, t: int) -> dict[str, IntArray]:
        """Actions of agents in round t, whose outcome is not known yet, (N,) by population; -1 for one not there.

        Raises
        ------
        ScenarioError
            If they are told of rounds that are over only.
        """

    @property
    @abstractmethod
    def books(self) -> list[Books]:
        """The books of all cohorts."""

    @property
    @abstractmethod
    def memory(self) -> Mapping[str, object]:
        """The objects that remember something, by name."""

    @abstractmethod
    def keep(self, rounds: int) -> None:
        """Have in ``memory`` and ``books`` how agents stand after so many rounds.

        Raises
        ------
        TraceError
            If a rule holds what no state can.
        """

    @abstractmethod
    def go_on(self, rounds: int) -> None:
        """Go on after so many rounds, from what was put into ``memory`` and ``books``.

        Raises
        ------
        TraceError
            If either is damaged.
        """

    @abstractmethod
    def declared(self) -> dict[str, Declared]:
        """Name and promises of the rule of each population."""

    @abstractmethod
    def records(self, law_known: bool) -> dict[str, PopulationRecord]:
        """The record of each population, by name, when all rounds are over."""
