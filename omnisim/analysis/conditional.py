"""Promises conditional on limits of outcomes: which outcomes they are about, and what rounds beyond the limits cost.

See :mod:`omnisim.problem.limits`. Bounds are those for the outcomes within the limits, which the forecaster learnt;
what is measured is at the outcomes that came; so a bound on a subsequence is raised by what its rounds beyond the
limits cost, and so is what could be lost without any promise.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from omnisim.analysis.evidence import Evidence
from omnisim.analysis.stakes import Stakes, rounds_present
from omnisim.arrays import BoolArray, FloatArray
from omnisim.problem.limits import Limits
from omnisim.problem.ranges import utility_range


@dataclass(frozen=True)
class Conditional:
    """The outcomes of a run as its forecaster learnt them."""

    evidence: Evidence
    limits: Limits

    @cached_property
    def outcomes(self) -> FloatArray:
        """The outcomes within the limits, (T, d)."""
        return self.limits.within(self.evidence.trace.outcomes)

    @cached_property
    def beyond(self) -> BoolArray:
        """Rounds beyond the limits, (T,)."""
        return self.limits.beyond(self.evidence.trace.outcomes)

    @cached_property
    def utility_range(self) -> FloatArray:
        """The largest difference of two utilities of each agent within the limits, (N,)."""
        return utility_range(self.evidence.record.population, self.limits)

    def cost(self, k: int) -> FloatArray:
        """Largest cost, to any regret of each agent, of the rounds of subsequence k beyond the limits, (N,)."""
        return np.asarray(self._costs[self.evidence.trace.active[self.beyond, k]].sum(axis=0))

    def error(self, k: int) -> float:
        """Largest bias of any coordinate that the rounds of subsequence k beyond the limits add."""
        moved = np.abs(self.evidence.trace.outcomes - self.outcomes)[self.evidence.trace.active[:, k]]
        return float(moved.max(axis=1).sum())

    def regret_stakes(self, k: int) -> Stakes:
        """Largest possible regret of each agent on subsequence k."""
        here = rounds_present(self.evidence.record, self.evidence.member(k))
        return Stakes(here * self.utility_range + self.cost(k), self.evidence.regret_stakes(k).hindsight, utility=True)

    def told(self, row: dict[str, object], k: int) -> dict[str, object]:
        """A row on subsequence k, with what the limits add to its claim and, counted, to its note."""
        if self.limits:
            count = int(self.beyond[self.evidence.trace.active[:, k]].sum())
            row["claim"] = f"{row['claim']}, + cost of outcomes beyond their limits"
            counted = f"{count:,} {'round was' if count == 1 else 'rounds were'} beyond the limits of outcomes"
            row["note"] = "; ".join(filter(None, [str(row["note"]), counted]))
        return row

    @cached_property
    def _costs(self) -> FloatArray:
        """Largest cost of each round beyond the limits to each agent, (R, N)."""
        population = self.evidence.record.population
        moved = (self.evidence.trace.outcomes - self.outcomes)[self.beyond]
        found = [np.ptp(population.utility @ each, axis=1) for each in moved]
        return np.stack(found) if found else np.zeros((0, population.agents))
