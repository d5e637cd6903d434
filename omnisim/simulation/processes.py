"""The SimPy processes: the world, the forecaster, and one for each population.

Each keeps its own record of the run, arrays with the round first, from which the trace is made.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from omnisim.arrays import ROUNDING, BoolArray, DateArray, FloatArray, IntArray, freeze
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.simulation.messages import Actions, Commitment, Forecast, Notice, Outcome, Registration
from omnisim.simulation.network import FORECASTER, WORLD, Network, party
from omnisim.simulation.protocol import Clock, Phase, Process
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.elimination.candidate_sets import CandidateSets
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.policy import Policy


@dataclass(frozen=True)
class Environs:
    """What the world knows of every round beforehand.

    Attributes
    ----------
    active : (T, L) bool
    dates : (T,) datetime64[D] or None
    features, forecasts
        Each (T, k).
    """

    active: BoolArray
    dates: DateArray | None
    features: Mapping[str, FloatArray]
    forecasts: Mapping[str, FloatArray]

    def context(self, t: int) -> Context:
        """The context of round t, without candidates."""
        return Context(
            t,
            self.active[t],
            None if self.dates is None else self.dates[t],
            {name: values[t] for name, values in self.features.items()},
            {name: values[t] for name, values in self.forecasts.items()},
        )


class World:
    """Publishes contexts, plays the adversary, reveals outcomes.

    ``observers`` are shown each round's law for the record; nobody who plays is among them.
    """

    def __init__(
        self,
        environs: Environs,
        adversary: Adversary,
        populations: Sequence[Population],
        rng: np.random.Generator,
        observers: Sequence[Callable[[int, Mixture], None]] = (),
    ) -> None:
        rounds = len(environs.active)
        self._environs, self._adversary, self._rng = environs, adversary, rng
        self.outcomes = np.empty((rounds, adversary.dimension))
        self._heard_predictions = np.empty((rounds, adversary.dimension))
        self._order = [p.name for p in populations]
        self._observers = tuple(observers)
        self._heard_actions = {p.name: np.empty((rounds, p.agents), dtype=np.int64) for p in populations}

    def run(self, clock: Clock, network: Network) -> Process:
        """The process."""
        mailbox = network.mailboxes[WORLD]
        while True:
            t: int = yield clock.at(Phase.CONTEXT)
            context = self._environs.context(t)
            network.send(WORLD, Notice(context))
            yield clock.at(Phase.LAW)
            commitment = mailbox.take_one(Commitment)
            registered = mailbox.take(Registration)
            if not self._adversary.oblivious:
                candidates = _by_population(registered, self._order)
                context = replace(context, candidates=candidates, exposure=commitment.exposure)
            law = self._adversary.law(context, commitment.mixture, self._history(t))
            for observe in self._observers:
                observe(t, law)
            yield clock.at(Phase.OUTCOME)
            self._heard_predictions[t] = mailbox.take_one(Forecast).prediction
            for message in mailbox.take(Actions):
                self._heard_actions[message.population][t] = message.actions
            self.outcomes[t] = law.sample(self._rng)
            network.send(WORLD, Outcome(freeze(self.outcomes[t].copy())))

    def _history(self, t: int) -> History | None:
        if self._adversary.oblivious:
            return None
        return History(
            freeze(self.outcomes[:t]),
            freeze(self._heard_predictions[:t]),
            {name: freeze(actions[:t]) for name, actions in self._heard_actions.items()},
        )


class ForecastService:
    """Commits to a mixture, samples the prediction, learns the outcome; ``exposed`` to a white-box adversary."""

    def __init__(
        self,
        forecaster: Forecaster,
        rounds: int,
        dimension: int,
        populations: Sequence[Population],
        rng: np.random.Generator,
        exposed: bool = False,
    ) -> None:
        self._forecaster, self._rng, self._exposed = forecaster, rng, exposed
        self._order = [p.name for p in populations]
        self.predictions = np.empty((rounds, dimension))
        self.mixtures: list[Mixture] = []
        self.diagnostics: defaultdict[str, FloatArray] = defaultdict(lambda: np.full(rounds, np.nan))

    def run(self, clock: Clock, network: Network) -> Process:
        """The process."""
        mailbox = network.mailboxes[FORECASTER]
        while True:
            t: int = yield clock.at(Phase.FORECAST)
            candidates = _by_population(mailbox.take(Registration), self._order)
            context = replace(mailbox.take_one(Notice).context, candidates=candidates)
            mixture = self._forecaster.predict(context)
            self.mixtures.append(mixture)
            network.send(FORECASTER, Commitment(mixture, self._forecaster.exposure() if self._exposed else None))
            yield clock.at(Phase.BROADCAST)
            prediction = mixture.sample(self._rng)
            self.predictions[t] = prediction
            network.send(FORECASTER, Forecast(prediction))
            yield clock.at(Phase.SETTLEMENT)
            self._forecaster.update(mailbox.take_one(Outcome).outcome)
            for name, value in self._forecaster.diagnostics().items():
                self.diagnostics[name][t] = value


class Agents:
    """One population: registers its candidates, responds to the prediction it received, eliminates.

    Beside what the agents do it records, for the analysis, what their actions cost and the round in which
    each action first violated a constraint on each subsequence, whatever the policy.
    """

    def __init__(self, population: Population, policy: Policy, active: BoolArray) -> None:
        rounds, subsequences = active.shape
        agents, constraints = population.agents, len(population.constraints)
        self._population, self.policy = population, policy
        self._agents = np.arange(agents)
        self._active = active
        self._violations = CandidateSets(subsequences, agents, population.actions, rounds)
        self._expected = CandidateSets(subsequences, agents, population.actions, rounds)
        self._last_law: Mixture | None = None
        self.actions = np.empty((rounds, agents), dtype=np.int64)
        self.fallback = np.empty((rounds, agents), dtype=np.bool_)
        self.costs = np.empty((rounds, agents, constraints))

    @property
    def violated_at(self) -> IntArray:
        """The round of each action's first violation on each subsequence, (N, A, L), or T."""
        return self._violations.left_at

    @property
    def expected_violated_at(self) -> IntArray:
        """The same for expected costs, as far as ``observe_law`` was told the law of every round."""
        return self._expected.left_at

    def observe_law(self, t: int, law: Mixture) -> None:
        """Record which actions violate in expectation under the law of round t."""
        if law is not self._last_law:
            self._last_law = law
            self._violates = np.asarray((self._population.expected_costs(law) > ROUNDING).any(axis=2))
        self._expected.remove(self._active[t], self._violates, t)

    def run(self, clock: Clock, network: Network) -> Process:
        """The process."""
        population, policy = self._population, self.policy
        me = party(population.name)
        mailbox = network.mailboxes[me]
        while True:
            t: int = yield clock.at(Phase.REGISTRATION)
            active = mailbox.take_one(Notice).context.active
            shown = policy.registered(active)
            if shown.flags.writeable:
                shown = freeze(shown.copy(order="K"))
            network.send(me, Registration(population.name, shown))
            yield clock.at(Phase.ACTION)
            candidates, self.fallback[t] = policy.playable(active)
            actions = population.best_response(mailbox.take_one(Forecast).prediction, candidates)
            self.actions[t] = actions
            network.send(me, Actions(population.name, actions))
            yield clock.at(Phase.SETTLEMENT)
            outcome = mailbox.take_one(Outcome).outcome
            costs = population.costs(outcome)
            self.costs[t] = costs[self._agents, actions]
            self._violations.remove(active, np.asarray((costs > 0).any(axis=2)), t)
            policy.settle(actions, outcome, costs, active)


def _by_population(registered: Sequence[Registration], order: Sequence[str]) -> dict[str, BoolArray]:
    # In the order of the scenario, not of arrival.
    candidates = {message.population: message.candidates for message in registered}
    return {name: candidates[name] for name in order}
