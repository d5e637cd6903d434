"""The process of a cohort of populations: the agents."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

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
from omnisim.simulation.network import Network
from omnisim.simulation.protocol import Clock, Phase, Process
from omnisim.strategies.elimination.candidate_sets import CandidateSets
from omnisim.strategies.policy import Policy
from omnisim.trace import FORECASTER, PopulationRecord


class Agents:
    """A cohort: registers its candidates, responds to the predictions it received, eliminates when costs are known.

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
    default : (P,)
        The action of each population where none of its own reached the market in time.
    present : (T, P N) bool, optional
        Rows that are there; all if omitted.
    max_age
        See :class:`~omnisim.problem.network.Network`.
    ideal
        Whether everything is heard at once: then nothing about the network is booked.
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
        default: IntArray | None = None,
        present: BoolArray | None = None,
        max_age: int | None = None,
        ideal: bool = True,
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
        self._subscriptions, self._max_age = list(subscriptions), max_age
        self._violations = CandidateSets(subsequences, rows, cohort.actions, rounds)
        self._expected = CandidateSets(subsequences, rows, cohort.actions, rounds) if law_known else None
        self._last_law: Mixture | None = None
        self.books = Books(rounds, rows, constraints, np.dtype(np.int64) if seen else index_type(cohort.actions))
        self.ideal = ideal
        if not ideal:
            count, hears = cohort.count, len(self._subscriptions)
            self._default = cohort.spread(np.zeros(count, dtype=np.int64) if default is None else default)
            self._newest = np.full((count, hears), -1)
            self._predictions = np.zeros((hears, count, cohort.whole.dimension))
            self.actions[:] = self._default
            self.heard = np.full((rounds, count, hears), -1)
            self.defaulted = np.ones((rounds, count), dtype=np.bool_)
            self.settled_at = np.full((rounds, count), -1)
            self._recent_costs: dict[int, FloatArray] = {}

    @property
    def actions(self) -> IntArray:
        """Actions played, (T, P N)."""
        return self.books.actions

    @property
    def fallback(self) -> BoolArray:
        """Rounds in which an agent had no candidate left, (T, P N)."""
        return self.books.fallback

    @property
    def costs(self) -> FloatArray:
        """Costs of what was played, (T, P N, J)."""
        return self.books.costs

    @property
    def violated_at(self) -> IntArray:
        """The round of each action's first violation on each subsequence, (P N, A, L), or T."""
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

    def accept(self, t: int, message: Actions, who: BoolArray | None) -> None:
        """Take actions that reached the market before it closed in round t; those for an earlier round are void."""
        if who is None:
            self.actions[t] = message.actions
        elif message.round == t:
            self.defaulted[t] &= ~who
            np.copyto(self.actions[t], message.actions, where=self.cohort.spread(who))

    def book(self, t: int, outcome: FloatArray) -> None:
        """Close the books of round t: what was played, and what it cost."""
        self._round_costs = costs = self.cohort.costs(outcome)
        if not self.ideal:
            self._recent_costs[t] = costs
            self._recent_costs.pop(t - _RECENT, None)
        self.costs[t] = costs[self._rows, self.actions[t]]
        violates = np.asarray((costs > ROUNDING).any(axis=2))
        if self.present is not None:
            here = self.present[t]
            self.actions[t][~here] = ABSENT
            self.costs[t][~here] = 0.0
            self.fallback[t] &= here
            violates &= here[:, None]
        self._violations.remove(self._activity.active[t], violates, t)

    def of_round(self, t: int, rows: slice) -> IntArray:
        """Actions of these rows in round t, before its books are closed; -1 where nobody is there."""
        actions = self.actions[t, rows].astype(np.int64, copy=False)
        return actions if self.present is None else np.where(self.present[t, rows], actions, ABSENT)

    def note_in_flight(self, outcomes: Sequence[tuple[Outcome, BoolArray]]) -> None:
        """Tell settlements that had not arrived when the run ended from those that were lost."""
        for message, who in outcomes:
            self.settled_at[message.round, who] = len(self.actions)

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
        records = CohortRecord(self.cohort, self.books, *left, self._subscriptions, self.present).by_population()
        if self.ideal:
            return records
        return {
            name: replace(
                record,
                heard=self.heard[:, index],
                defaulted=self.defaulted[:, index],
                settled_at=self.settled_at[:, index],
            )
            for index, (name, record) in enumerate(records.items())
        }

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
            if self.ideal:
                predictions, acting = self.hear(mailbox.take(Forecast)), None
            else:
                predictions, acting = self._listen(t, network.receive(me, Forecast))
            network.send(me, Actions(me, t, self.act(t, active, predictions, shown), acting))
            yield clock.at(Phase.SETTLEMENT)
            if self.ideal:
                self.settle(t, mailbox.take_one(Outcome), active)
            else:
                self._learn(t, network.receive(me, Outcome))

    def register(self, t: int, active: BoolArray) -> BoolArray:
        """The actions (P N, A) that others are told of in round t of the active (L,) subsequences, read-only."""
        shown = self._offers.check(t, "registered()", self.policy.registered(active))
        return freeze(shown.copy(order="K")) if shown.flags.writeable else shown

    def act(self, t: int, active: BoolArray, predictions: FloatArray, shown: BoolArray) -> IntArray:
        """The action that each agent wants to play (P N,), given predictions (d,) or (P, d) and what it registered."""
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

    def hear(self, received: Sequence[Forecast]) -> FloatArray:
        """The prediction to act on (d,), where all are heard at once: the mean of those that it is subscribed to."""
        told = {message.forecaster: message.prediction for message in received}
        if len(self._subscriptions) == 1:
            return told[self._subscriptions[0]]
        return np.asarray(sum(told[name] for name in self._subscriptions) / len(self._subscriptions))

    def settle(self, t: int, message: Outcome, active: BoolArray) -> None:
        """Book the round and learn from it, where all is heard at once."""
        self.book(t, message.outcome)
        # A policy may look at what is recorded, and not change it.
        costs, actions = freeze(self._round_costs.view()), freeze(self.actions[t].astype(np.int64))
        if self.present is not None:
            # Costs of 0 teach nothing to whom a round does not concern.
            here = self.present[t]
            costs, actions = np.where(here[:, None, None], costs, 0.0), np.maximum(actions, 0)
            self.policy.concerned = here
        self.policy.settle(actions, message.outcome, costs, active)

    def _listen(
        self, t: int, received: Sequence[tuple[Forecast, BoolArray | None]]
    ) -> tuple[FloatArray, BoolArray | None]:
        """The predictions to act on, (d,) or (P, d), and which populations have one they can act on."""
        for message, who in received:
            index = self._subscriptions.index(message.forecaster)
            # A forecast that was overtaken by a newer one is not acted on.
            newer = self._newest[:, index] < message.round
            newer &= who is None or who
            self._newest[newer, index] = message.round
            self._predictions[index, newer] = message.prediction
        usable = self._newest >= 0
        if self._max_age is not None:
            usable &= t - self._newest <= self._max_age
        np.copyto(self.heard[t], self._newest, where=usable)
        acting = np.asarray(usable.any(axis=1))
        if self.policy.draws:
            acting = np.ones_like(acting)
        if len(self._subscriptions) == 1:
            return self._predictions[0], acting
        weights = usable / np.maximum(usable.sum(axis=1, keepdims=True), 1)
        return (weights.T[:, :, None] * self._predictions).sum(axis=0), acting

    def _learn(self, t: int, received: Sequence[tuple[Outcome, BoolArray | None]]) -> None:
        """Settle the rounds of which news has come, each for the populations that were told of it."""
        for batch in _batches(received, self._activity.active):
            active = self._activity.active[batch[0][0].round]
            # Costs of 0 teach nothing to whom a round does not concern.
            costs, actions = np.zeros_like(self._round_costs), np.zeros(len(self._rows), dtype=np.int64)
            concerned = np.zeros(len(self._rows), dtype=np.bool_)
            for message, who in batch:
                r = message.round
                self.settled_at[r, who] = t
                told = self.cohort.spread(who)
                if self.present is not None:
                    told = told & self.present[r]
                of_round = self._costs_of(message)
                np.copyto(costs, of_round, where=told[:, None, None])
                np.copyto(actions, self.actions[r], where=told)
                concerned |= told
            self.policy.round = t  # what leaves now leaves after round t, however old the news
            self.policy.concerned = freeze(concerned)
            self.policy.settle(actions, batch[-1][0].outcome, costs, active)

    def _costs_of(self, message: Outcome) -> FloatArray:
        known = self._recent_costs.get(message.round)
        return self.cohort.costs(message.outcome) if known is None else known

    def _of_present(self, t: int, marked: BoolArray) -> BoolArray:
        return marked if self.present is None else marked & self.present[t][:, None]


_RECENT = 8
"""Rounds whose costs are kept for settlements that come late; those of older ones are computed again."""

ABSENT = -1
"""Mark, in the record of actions, of an agent that was not there."""


def _batches(
    received: Sequence[tuple[Outcome, BoolArray | None]], active: BoolArray
) -> list[list[tuple[Outcome, BoolArray]]]:
    """News that can be learnt in one step: rounds of the same subsequences, told to different populations.

    Each population still learns of its rounds in their order.
    """
    batches: list[tuple[bytes, BoolArray, list[tuple[Outcome, BoolArray]]]] = []
    for message, who in received:
        assert who is not None  # noqa: S101 (messages that travel say whom they reached)
        key = active[message.round].tobytes()
        first = 1 + max((i for i, (_, members, _) in enumerate(batches) if (members & who).any()), default=-1)
        fitting = next((batch for batch in batches[first:] if batch[0] == key), None)
        if fitting is None:
            batches.append((key, who.copy(), [(message, who)]))
        else:
            fitting[1][...] |= who
            fitting[2].append((message, who))
    return [batch for _, _, batch in batches]


class Played:
    """Actions of agents in this process, up to a round; an object, so that a state of the run can refer to it."""

    def __init__(self, agents: Mapping[str, Agents], names: Sequence[str]) -> None:
        self._agents, self._names = agents, names

    def __call__(self, t: int) -> dict[str, IntArray]:
        """Actions in rounds 0 to t - 1, (t, N) by population."""
        parts = ((name, a.actions[:t, rows]) for a in self._agents.values() for _, name, rows in a.cohort.each())
        played = {name: freeze(actions) for name, actions in parts}
        return {name: played[name] for name in self._names}
