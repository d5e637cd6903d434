"""Agents on a network that delays or loses messages."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray, freeze
from omnisim.simulation.adaptive import Activity
from omnisim.simulation.agents import Agents
from omnisim.simulation.cohorts import Cohort
from omnisim.simulation.messages import Actions, Forecast, Outcome
from omnisim.simulation.network import Received, Transport
from omnisim.strategies.policy import Policy
from omnisim.trace import FORECASTER, PopulationRecord

_RECENT = 8
"""Rounds whose costs are kept for settlements that come late; those of older ones are computed again."""


class LateAgents(Agents):
    """A cohort that acts on the newest forecasts it has, and learns of a round when news of it arrives.

    What it heard, and when, is booked beside what it did.

    Parameters
    ----------
    cohort, policy, activity, subscriptions, present, seen, law_known
        See :class:`~omnisim.simulation.agents.Agents`.
    transport
        Of its messages.
    default : (P,)
        The action of each population where none of its own reached the market in time.
    max_age
        See :class:`~omnisim.problem.network.Network`.
    """

    def __init__(
        self,
        cohort: Cohort,
        policy: Policy,
        activity: Activity,
        transport: Transport,
        default: IntArray,
        subscriptions: Sequence[str] = (FORECASTER,),
        present: BoolArray | None = None,
        max_age: int | None = None,
        seen: bool = True,
        law_known: bool = True,
    ) -> None:
        super().__init__(cohort, policy, activity, subscriptions, present, seen, law_known)
        self._transport, self._max_age = transport, max_age
        rounds, count, hears = len(activity.active), cohort.count, len(self._subscriptions)
        self._newest = np.full((count, hears), -1)
        self._predictions = np.zeros((hears, count, cohort.whole.dimension))
        self.actions[:] = cohort.spread(default)
        self.heard = np.full((rounds, count, hears), -1)
        self.defaulted = np.ones((rounds, count), dtype=np.bool_)
        self.settled_at = np.full((rounds, count), -1)
        self._recent_costs: dict[int, FloatArray] = {}

    def accept(self, t: int, message: Actions, who: BoolArray | None) -> None:
        """Take actions that reached the market before it closed in round t; those for an earlier round are void."""
        if message.round == t:
            assert who is not None  # noqa: S101 (messages that travel say whom they are from)
            self.defaulted[t] &= ~who
            np.copyto(self.actions[t], message.actions, where=self.cohort.spread(who))

    def book(self, t: int, outcome: FloatArray) -> None:
        """Close the books of round t: what was played, and what it cost."""
        super().book(t, outcome)
        self._recent_costs[t] = self._round_costs
        self._recent_costs.pop(t - _RECENT, None)

    def hear(self, t: int, received: Received[Forecast]) -> tuple[FloatArray, BoolArray | None]:
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

    def learn(self, t: int, received: Received[Outcome], _: BoolArray) -> None:
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

    def records(self, law_known: bool) -> dict[str, PopulationRecord]:
        """The record of each population, by name; settlements still in flight are told from those that were lost."""
        for message, who in self._transport.in_flight(self.cohort.name, Outcome):
            self.settled_at[message.round, who] = len(self.actions)
        return {
            name: replace(
                record,
                heard=self.heard[:, index],
                defaulted=self.defaulted[:, index],
                settled_at=self.settled_at[:, index],
            )
            for index, (name, record) in enumerate(super().records(law_known).items())
        }


def _batches(received: Received[Outcome], active: BoolArray) -> list[list[tuple[Outcome, BoolArray]]]:
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
