"""Which runs the study makes, in full and in quick.

Every market is played with every contender on the same days, and for each population seed with the same agents, so that
differences are paired. Replicate r of a study with seed s draws its agents with seed 1000 s + r.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omnisim.studies.real_markets.cases import Case
from omnisim.studies.real_markets.setting import Setting


@dataclass(frozen=True)
class Plan:
    """How many population seeds, agents (buyers, factories, operators) and days; None for all days."""

    replicates: int
    agents: tuple[int, int, int]
    rounds: int | None


FULL = Plan(replicates=5, agents=(140, 60, 100), rounds=None)
QUICK = Plan(replicates=2, agents=(14, 6, 10), rounds=90)


def cases(plan: Plan, seed: int, forecasters: Mapping[Setting, Sequence[str]]) -> list[Case]:
    """All runs of the study on these markets with these forecasters."""
    return [
        Case(setting, name, replicate, 1000 * seed + replicate, plan.agents)
        for setting, names in forecasters.items()
        for replicate in range(plan.replicates)
        for name in names
    ]
