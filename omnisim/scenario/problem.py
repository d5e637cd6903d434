"""What is fixed of a scenario once the seed is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from omnisim.arrays import BoolArray, DateArray, FloatArray, IntArray, freeze
from omnisim.problem.context import Past
from omnisim.problem.population import Population


@dataclass(frozen=True)
class Problem:
    """What is fixed once the seed is: agents, subsequences, and what is known of every round beforehand."""

    populations: tuple[Population, ...]
    subsequences: tuple[str, ...]
    active: BoolArray
    """(T, L); beside a declared horizon, no subsequence is active in rounds that are not known yet."""
    dates: DateArray | None
    features: Mapping[str, FloatArray]
    forecasts: Mapping[str, FloatArray]
    unclipped_forecasts: Mapping[str, FloatArray]
    past: Past | None
    known: int
    """Rounds there are data for: T, or fewer beside a declared horizon. Arrays by round but ``active`` end there."""
    declared: bool = False
    """Whether T was declared, because more rounds may come later."""
    rows: Mapping[str, IntArray] = field(default_factory=dict)
    """By population with churn, whose spell each of its agents is; see :mod:`omnisim.problem.churn`."""
    present: Mapping[str, BoolArray] = field(default_factory=dict)
    """By population with churn, (T, N)."""
    default_actions: Mapping[str, int] = field(default_factory=dict)

    @property
    def rounds(self) -> int:
        """T."""
        return len(self.active)

    @property
    def declared_activity(self) -> BoolArray:
        """What thresholds are for, (T, L): ``active``, or beside a declared horizon every round of every subsequence.

        Which rounds it will have is not known then, and what a run is played with must not depend on when it is asked.
        """
        return freeze(np.ones_like(self.active)) if self.declared else self.active


def padded(active: BoolArray, rounds: int) -> BoolArray:
    """What is active in T rounds of which the first are known."""
    if len(active) == rounds:
        return active
    return freeze(np.concatenate([active, np.zeros((rounds - len(active), active.shape[1]), dtype=np.bool_)]))
