"""Agents of a run before its first round: what they are made of, and the cohorts that are made of it.

All of them are made in one process, or shares of them in several (:mod:`omnisim.simulation.shares`).
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from omnisim.arrays import BoolArray
from omnisim.problem.population import Population
from omnisim.simulation.adaptive import Activity
from omnisim.simulation.agents import Agents
from omnisim.simulation.cohorts import Cohort, cohorts
from omnisim.simulation.late_agents import LateAgents
from omnisim.simulation.network import Transport
from omnisim.strategies.policy import Policy
from omnisim.streams import stream


@dataclass(frozen=True)
class Part:
    """The agents of a population from number ``first`` on, of ``whole`` in all, that a share has of it."""

    first: int
    whole: int


@dataclass(frozen=True)
class Roster:
    """Plain data that the agents of a run, or a share of them, are made of.

    Attributes
    ----------
    populations
        Of the share; with some of their agents only where ``parts`` says so.
    rules
        By population, not started.
    hears
        By population, the forecasters that it hears.
    present
        By population with churn, (T, N): rows that are there.
    default_actions
        By population, the action where none of its own reached the market; 0 where it is not said.
    declared_activity : (T, L)
        Activity that thresholds allow for.
    everyone
        Number of agents of the whole run.
    seed
        Of the run.
    seen, law_known, max_age
        See :class:`~omnisim.simulation.late_agents.LateAgents`.
    parts
        By population of which only some agents are there: which.
    """

    populations: tuple[Population, ...]
    rules: Mapping[str, Policy]
    hears: Mapping[str, Sequence[str]]
    present: Mapping[str, BoolArray]
    default_actions: Mapping[str, int]
    declared_activity: BoolArray
    everyone: int
    seed: int
    seen: bool
    law_known: bool
    max_age: int | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)

    def cohorts(self) -> list[Cohort]:
        """The populations as they are decided together."""
        # Agents that come and go are masked by themselves: their populations stay alone.
        apart = {
            p.name: (tuple(self.hears[p.name]), p.name if p.name in self.present else None) for p in self.populations
        }
        return cohorts(self.populations, self.rules, apart)

    def _started(self, cohort: Cohort) -> Policy:
        """The rule of a cohort, started."""
        first = cohort.names[0]
        rule = copy.deepcopy(self.rules[first])
        rule.everyone = self.everyone
        if first in self.parts:
            rule.first, rule.whole = self.parts[first].first, self.parts[first].whole
        rule.start(cohort.whole, self.declared_activity, stream(self.seed, f"population/{first}/policy"))
        return rule

    def agents(self, cohort: Cohort, activity: Activity, transport: Transport | None = None) -> Agents:
        """A cohort with its rule, started, in a run of this activity, and of this transport if messages travel."""
        first = cohort.names[0]
        known = (self.hears[first], self.present.get(first))
        if transport is None:
            return Agents(cohort, self._started(cohort), activity, *known, self.seen, self.law_known)
        default = np.array([self.default_actions.get(name, 0) for name in cohort.names])
        return LateAgents(
            cohort,
            self._started(cohort),
            activity,
            transport,
            default,
            *known,
            self.max_age,
            seen=self.seen,
            law_known=self.law_known,
        )
