"""Parts of a scenario that are fixed once the seed is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from omnisim.arrays import BoolArray, DateArray, FloatArray, IntArray, freeze
from omnisim.by_value import ByValue
from omnisim.problem.context import Past
from omnisim.problem.population import Population
from omnisim.problem.subsequences import Membership, Rule


@dataclass(frozen=True, eq=False, repr=False)
class Problem(ByValue):
    """Problem of a run, fixed once the seed is: agents, subsequences, and the data of every round known beforehand."""

    populations: tuple[Population, ...]
    subsequences: tuple[str, ...]
    active: BoolArray
    """(T, L); no subsequence is active in rounds that are not known yet, nor an adaptive one anywhere."""
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
    """Agent behind each row, by population with churn; see :mod:`omnisim.problem.churn`."""
    present: Mapping[str, BoolArray] = field(default_factory=dict)
    """Rounds in which each row is present, (T, N), by population with churn."""
    default_actions: Mapping[str, int] = field(default_factory=dict)
    memberships: Mapping[int, Rule | Membership] = field(default_factory=dict)
    """Adaptive subsequences by place; see :mod:`omnisim.problem.subsequences`."""

    @property
    def rounds(self) -> int:
        """T."""
        return len(self.active)

    @property
    def declared_activity(self) -> BoolArray:
        """Activity that thresholds allow for, (T, L): ``active``, or True where it is not known beforehand.

        Beside a declared horizon that is everywhere: what a run is played with must not depend on when it is asked.
        """
        if not self.declared and not self.memberships:
            return self.active
        found = self.active | self.declared
        found[:, list(self.memberships)] = True
        return freeze(found)


def padded(active: BoolArray, rounds: int) -> BoolArray:
    """Extend the activity of the first rounds to T rounds; no subsequence is active in the others."""
    if len(active) == rounds:
        return active
    return freeze(np.concatenate([active, np.zeros((rounds - len(active), active.shape[1]), dtype=np.bool_)]))
