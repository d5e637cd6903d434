"""The SimPy processes of the world and of the forecasters; those of the agents are in ``agents``.

Each keeps its own record of the run, arrays with the round first, from which the trace is made. What happened to
everyone is booked by the world when the outcome is known; who learns of it, and when, is up to the network.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, freeze
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.simulation.adaptive import AdaptiveRounds
from omnisim.simulation.answers import check_bases, check_diagnostic, check_gain_gradient
from omnisim.simulation.messages import Actions, Commitment, Forecast, Notice, Outcome, Registration
from omnisim.simulation.network import Network
from omnisim.simulation.protocol import Clock, Phase, Process
from omnisim.simulation.round_data import RoundData
from omnisim.simulation.run_agents import RunAgents
from omnisim.simulation.topology import WORLD
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.trace import FORECASTER


class World:
    """Publishes contexts, plays the adversary, has what was done booked, reveals outcomes.

    Parameters
    ----------
    round_data, adversary, rng
        What it plays with.
    agents
        Of the run; where the law of a round is known, their record is told of it, and no rule is.
    populations
        Their names.
    answering
        Populations that act on this round's prediction of the first forecaster and on nothing else.
    adaptive
        What completes the contexts, where they are not known beforehand.
    """

    def __init__(
        self,
        round_data: RoundData,
        adversary: Adversary,
        agents: RunAgents,
        populations: Sequence[str],
        rng: np.random.Generator,
        answering: Collection[str] | None = None,
        adaptive: AdaptiveRounds | None = None,
    ) -> None:
        rounds = len(round_data.active)
        self._round_data, self._adversary, self._rng = round_data, adversary, rng
        self.outcomes, self.unclipped_outcomes = np.empty((2, rounds, adversary.dimension))
        self._heard_predictions = np.empty((rounds, adversary.dimension))
        self._agents, self._populations = agents, list(populations)
        self._answering, self._adaptive = answering, adaptive

    @property
    def symbols(self) -> dict[str, int]:
        """Values of the symbols in the shapes of the arrays recorded so far."""
        return {"T": len(self._round_data.active), "d": self._adversary.dimension}

    @property
    def recorded(self) -> dict[str, np.ndarray]:
        """Arrays recorded so far, by field."""
        return {"outcomes": self.outcomes, "unclipped_outcomes": self.unclipped_outcomes}

    def run(self, clock: Clock, network: Network) -> Process:
        """The process."""
        mailbox = network.mailboxes[WORLD]
        while True:
            t: int = yield clock.at(Phase.CONTEXT)
            context = self._round_data.context(t)
            if self._adaptive is not None:
                context = self._adaptive.completed(context, self._history(t))
            network.send(WORLD, Notice(context))
            yield clock.at(Phase.LAW)
            commitment = mailbox.take_one(Commitment)
            registered = mailbox.take(Registration)
            if not self._adversary.oblivious:
                by_cohort = {message.cohort: message.candidates for message in registered}
                context = replace(
                    context,
                    candidates=self._agents.candidates(by_cohort, self._populations),
                    gain_gradient=commitment.gain_gradient,
                    answering=self._answering,
                )
            history = None if self._adversary.oblivious else self._history(t)
            law = self._adversary.law(context, commitment.mixture, history)
            if self._adversary.law_known:
                self._agents.observe_law(t, law)
            yield clock.at(Phase.OUTCOME)
            self._heard_predictions[t] = mailbox.take_one(Forecast).prediction
            for message, who in network.receive(WORLD, Actions):
                self._agents.accept(t, message, who)
            drawn = law.draw(self._rng)
            outcome = self.outcomes[t] = law.support[drawn]
            self.unclipped_outcomes[t] = law.before_clipping(drawn)
            self._agents.book(t, outcome)  # who learns late does not make history wait
            unclipped = freeze(self.unclipped_outcomes[t].copy())
            network.send(WORLD, Outcome(t, freeze(self.outcomes[t].copy()), unclipped))

    def _history(self, t: int) -> History:
        played, loads = self._agents.played(t), self._agents.loads(t)
        return History(freeze(self.outcomes[:t]), freeze(self._heard_predictions[:t]), played, loads)


class ForecastService:
    """Commits to a mixture, samples the prediction, learns the outcome; ``exposed`` to a white-box adversary.

    An outcome that arrives late is learnt as that of its own round: the forecaster is asked again for its prediction in
    the context of that round, which pairs the two, and then told the outcome. It learns in the order of arrival.

    Parameters
    ----------
    forecaster
        The strategy.
    rounds, dimension
        T and d.
    agents
        Of the run.
    populations
        Names of those that are subscribed.
    rng
        For sampling.
    name
        Of the participant; only the first forecaster commits to the world.
    exposed
        See above.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        rounds: int,
        dimension: int,
        agents: RunAgents,
        populations: Sequence[str],
        rng: np.random.Generator,
        name: str = FORECASTER,
        exposed: bool = False,
    ) -> None:
        self._forecaster, self._rng, self._exposed = forecaster, rng, exposed
        self.name, self._agents, self._who = name, agents, type(forecaster).__name__
        self._populations = list(populations)
        cohorts = {c: agents.cohorts[c] for c in agents.listeners(name) if c in agents.cohorts}
        self._registered = {c: np.full(cohort.count, -1) for c, cohort in cohorts.items()}
        self._candidates = {
            c: freeze(np.ones((cohort.rows, cohort.actions), dtype=np.bool_)) for c, cohort in cohorts.items()
        }
        self._contexts: dict[int, Context] = {}
        self._paired = -1
        self.predictions, self.unclipped_predictions = np.empty((2, rounds, dimension))
        self.mixtures: list[Mixture] = []
        self.bases: list[FloatArray] = []
        self.diagnostics: defaultdict[str, FloatArray] = defaultdict(lambda: np.full(rounds, np.nan))

    @property
    def symbols(self) -> dict[str, int]:
        """Values of the symbols in the shapes of the arrays recorded so far."""
        rounds, dimension = self.predictions.shape
        return {"T": rounds, "d": dimension}

    @property
    def recorded(self) -> dict[str, np.ndarray]:
        """Arrays recorded so far, by field."""
        return {"predictions": self.predictions, "unclipped_predictions": self.unclipped_predictions}

    def run(self, clock: Clock, network: Network) -> Process:
        """The process."""
        mailbox = network.mailboxes[self.name]
        while True:
            t: int = yield clock.at(Phase.FORECAST)
            for message, who in network.receive(self.name, Registration):
                self._register(message, who)
            shown = self._agents.candidates(self._candidates, self._populations)
            context = self._contexts[t] = replace(mailbox.take_one(Notice).context, candidates=shown)
            mixture = self._predict(context)
            self.mixtures.append(mixture)
            bases = self._forecaster.base_predictions()
            if bases is not None:
                known = self.bases[0] if self.bases else None
                self.bases.append(check_bases(self._who, t, bases, known, mixture.dimension))
            if self.name == FORECASTER:
                gradient = self._forecaster.gain_gradient() if self._exposed else None
                checked = check_gain_gradient(self._who, t, gradient, mixture.dimension)
                network.send(self.name, Commitment(mixture, checked))
            yield clock.at(Phase.BROADCAST)
            drawn = mixture.draw(self._rng)
            prediction = self.predictions[t] = mixture.support[drawn]
            self.unclipped_predictions[t] = mixture.before_clipping(drawn)
            network.send(self.name, Forecast(self.name, t, prediction))
            yield clock.at(Phase.SETTLEMENT)
            for outcome, _ in network.receive(self.name, Outcome):
                self._learn(outcome)

    def _predict(self, context: Context) -> Mixture:
        self._paired = context.round
        return self._forecaster.predict(context)

    def _learn(self, message: Outcome) -> None:
        context = self._contexts.pop(message.round)
        if self._paired != message.round:
            self._predict(context)
        self._forecaster.update(message.outcome, message.unclipped)
        for name, value in self._forecaster.diagnostics().items():
            self.diagnostics[name][message.round] = check_diagnostic(self._who, message.round, name, value)

    def _register(self, message: Registration, who: BoolArray | None) -> None:
        name = message.cohort
        if who is None:
            self._candidates[name] = message.candidates
            return
        newer = who & (self._registered[name] < message.round)
        self._registered[name][newer] = message.round
        # Contexts of earlier rounds go on showing what was known then.
        known = self._candidates[name].copy(order="K")
        np.copyto(known, message.candidates, where=self._agents.cohorts[name].spread(newer)[:, None])
        self._candidates[name] = freeze(known)
