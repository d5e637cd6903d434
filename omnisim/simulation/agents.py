"""The process of a cohort of populations: the agents."""

from collections.abc import Sequence

import numpy as np

from omnisim.arrays import ROUNDING, BoolArray, FloatArray, IntArray, freeze, index_type
from omnisim.errors import ProblemError
from omnisim.plug_ins import is_ours
from omnisim.problem.mixture import Mixture
from omnisim.simulation.adaptive import Activity
from omnisim.simulation.answers import Offers
from omnisim.simulation.books import Books
from omnisim.simulation.cohort_record import CohortRecord
from omnisim.simulation.cohorts import Cohort
from omnisim.simulation.messages import Actions, Forecast, Notice, Outcome, Registration
from omnisim.simulation.network import Network, Received
from omnisim.simulation.protocol import Clock, Phase, Process
from omnisim.strategies.elimination.candidate_sets import CandidateSets
from omnisim.strategies.policy import Policy
from omnisim.trace import FORECASTER, PopulationRecord


class Agents:
    """A cohort: registers its candidates, responds to the predictions it received, eliminates when costs are known.

    It hears everything at once, as in the theory; :class:`~omnisim.simulation.late_agents.LateAgents` need not.

    Beside what its policy needs, its books hold what was done and what that cost, and the round in which each action
    first violated a constraint on each subsequence, whatever the policy and whoever knew.

    Parameters
    ----------
    cohort
        The populations.
    policy
        Their rule, started.
    activity
        Of the run: the subsequences of every round, as far as they are known.
    subscriptions
        The forecasters it hears, in the order in which their predictions are averaged.
    present : (T, R) bool, optional
        Rows that are there; all if omitted.
    seen
        Whether an adversary is shown what was played: then it is kept as int64 until the end, with which nobody's
        arithmetic overflows, and in the narrowest type otherwise.
    law_known
        Whether ``observe_law`` will be told the law of every round.
    """

    def __init__(
        self,
        cohort: Cohort,
        policy: Policy,
        activity: Activity,
        subscriptions: Sequence[str] = (FORECASTER,),
        present: BoolArray | None = None,
        seen: bool = True,
        law_known: bool = True,
    ) -> None:
        rounds, subsequences = activity.active.shape
        rows, constraints = cohort.rows, len(cohort.whole.constraints)
        self.cohort, self.policy = cohort, policy
        whose = f"{type(policy).__name__} of population {cohort.populations[0].name!r}"
        self._offers = Offers(whose, rows, cohort.actions)
        self._rows = np.arange(rows)
        self._theirs = not is_ours(policy)
        self._activity, self.present = activity, present
        self._subscriptions = list(subscriptions)
        self._violations = CandidateSets(subsequences, rows, cohort.actions, rounds)
        self._expected = CandidateSets(subsequences, rows, cohort.actions, rounds) if law_known else None
        self._last_law: Mixture | None = None
        self.books = Books(rounds, rows, constraints, np.dtype(np.int64) if seen else index_type(cohort.actions))

    @property
    def actions(self) -> IntArray:
        """Actions played, (T, R)."""
        return self.books.actions

    @property
    def fallback(self) -> BoolArray:
        """Rounds in which an agent had no candidate left, (T, R)."""
        return self.books.fallback

    @property
    def costs(self) -> FloatArray:
        """Costs of what was played, (T, R, J)."""
        return self.books.costs

    @property
    def violated_at(self) -> IntArray:
        """The round of each action's first violation on each subsequence, (R, A, L), or T."""
        return self._violations.left_at

    @property
    def expected_violated_at(self) -> IntArray | None:
        """Round of each action's first violation in expectation; None where laws are not known."""
        return None if self._expected is None else self._expected.left_at

    def observe_law(self, t: int, law: Mixture) -> None:
        """Record which actions violate in expectation under the law of round t."""
        if law is not self._last_law:
            self._last_law = law
            self._violates = np.asarray((self.cohort.expected_costs(law) > ROUNDING).any(axis=2))
        if self._expected is not None:
            self._expected.remove(self._activity.active[t], self._of_present(t, self._violates), t)

    def accept(self, t: int, message: Actions, who: BoolArray | None) -> None:  # noqa: ARG002 (all of them, at once)
        """Take the actions that reached the market before it closed in round t."""
        self.actions[t] = message.actions

    def book(self, t: int, outcome: FloatArray) -> None:
        """Close the books of round t: what was played, and what it cost."""
        self._round_costs = costs = self.cohort.costs(outcome)
        self.costs[t] = costs[self._rows, self.actions[t]]
        violates = np.asarray((costs > ROUNDING).any(axis=2))
        if self.present is not None:
            here = self.present[t]
            self.actions[t][~here] = ABSENT
            self.costs[t][~here] = 0.0
            self.fallback[t] &= here
            violates &= here[:, None]
        self._violations.remove(self._activity.active[t], violates, t)

    def wanted(self, t: int, rows: slice) -> IntArray:
        """Actions of these rows in round t, before its books are closed; -1 where nobody is there."""
        actions = self.actions[t, rows].astype(np.int64, copy=False)
        return actions if self.present is None else np.where(self.present[t, rows], actions, ABSENT)

    @property
    def symbols(self) -> dict[str, int]:
        """Values of the symbols in the shapes of the arrays recorded so far; the cohort counts as one population."""
        rounds, subsequences = self._activity.active.shape
        agents, actions = self.cohort.rows, self.cohort.actions
        return {"T": rounds, "L": subsequences, "N": agents, "A": actions, "J": len(self.cohort.whole.constraints)}

    @property
    def recorded(self) -> dict[str, np.ndarray]:
        """Arrays recorded so far, by field."""
        expected = self.expected_violated_at
        return {
            "actions": self.actions,
            "fallback": self.fallback,
            "costs": self.costs,
            "violated_at": self.violated_at,
            "eliminated_at": self.policy.eliminated_at,
            **({} if expected is None else {"expected_violated_at": expected}),
        }

    @property
    def _eliminated_at(self) -> IntArray:
        rounds, subsequences = self._activity.active.shape
        return self._offers.check_eliminated_at(rounds, subsequences, self.policy.eliminated_at)

    def left(self, law_known: bool) -> tuple[IntArray, IntArray, IntArray | None]:
        """``violated_at``, ``eliminated_at`` (checked) and, where laws are known, ``expected_violated_at``."""
        return self.violated_at, self._eliminated_at, self.expected_violated_at if law_known else None

    def records(self, law_known: bool) -> dict[str, PopulationRecord]:
        """The record of each population, by name."""
        left = self.left(law_known)
        return CohortRecord(self.cohort, self.books, *left, self._subscriptions, self.present).by_population()

    def run(self, clock: Clock, network: Network) -> Process:
        """The process."""
        me = self.cohort.name
        mailbox = network.mailboxes[me]
        while True:
            t: int = yield clock.at(Phase.REGISTRATION)
            active = mailbox.take_one(Notice).context.active
            shown = self.register(t, active)
            network.send(me, Registration(me, t, shown))
            yield clock.at(Phase.ACTION)
            predictions, acting = self.hear(t, network.receive(me, Forecast))
            network.send(me, Actions(me, t, self.act(t, active, predictions, shown), acting))
            yield clock.at(Phase.SETTLEMENT)
            self.learn(t, network.receive(me, Outcome), active)

    def register(self, t: int, active: BoolArray) -> BoolArray:
        """The actions (R, A) that others are told of in round t of the active (L,) subsequences, read-only."""
        shown = self._offers.check(t, "registered()", self.policy.registered(active))
        return freeze(shown.copy(order="K")) if shown.flags.writeable else shown

    def act(self, t: int, active: BoolArray, predictions: FloatArray, shown: BoolArray) -> IntArray:
        """The action that each agent wants to play (R,), given predictions (d,) or (P, d) and what it registered."""
        offered, fallback = self._offers.pair(t, self.policy.playable(active))
        candidates = self._offers.check(t, "playable()", offered)
        self.fallback[t] = self._offers.check_fallback(t, fallback)
        try:
            chosen = self.cohort.best_response(predictions, candidates)
        except ProblemError as cause:
            raise self._offers.without_action(t, cause) from cause
        if self._theirs:
            self._offers.check_registered(t, shown, candidates, draws=self.policy.draws)
            self._offers.check_chosen(t, chosen, self.fallback[t], self._eliminated_at, active)
        return chosen

    def hear(self, t: int, received: Received[Forecast]) -> tuple[FloatArray, BoolArray | None]:  # noqa: ARG002
        """The predictions to act on, (d,) or (P, d), and which populations (P,) can act (None: all).

        Where forecasters disagree, that is the mean of those that the cohort is subscribed to.
        """
        told = {message.forecaster: message.prediction for message, _ in received}
        if len(self._subscriptions) == 1:
            return told[self._subscriptions[0]], None
        return np.asarray(sum(told[name] for name in self._subscriptions) / len(self._subscriptions)), None

    def learn(self, t: int, received: Received[Outcome], active: BoolArray) -> None:
        """Settle round t of the active (L,) subsequences, whose outcome is what was received."""
        ((message, _),) = received
        # A policy may look at what is recorded, and not change it.
        costs, actions = freeze(self._round_costs.view()), freeze(self.actions[t].astype(np.int64))
        if self.present is not None:
            # Costs of 0 teach nothing to whom a round does not concern.
            here = self.present[t]
            costs, actions = np.where(here[:, None, None], costs, 0.0), np.maximum(actions, 0)
            self.policy.concerned = here
        self.policy.settle(actions, message.outcome, costs, active)

    def _of_present(self, t: int, marked: BoolArray) -> BoolArray:
        return marked if self.present is None else marked & self.present[t][:, None]


ABSENT = -1
"""Mark, in the record of actions, of an agent that was not there."""
