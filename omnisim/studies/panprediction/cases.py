"""The cases of the study of panprediction: runs on the synthetic law, and comparisons on real data.

The law is the same for all replicates; a replicate's sample and its learner's randomness are its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from omnisim.studies import Options
from omnisim.studies.panprediction import comparison, growth
from omnisim.studies.panprediction.comparison import PROBLEMS, Comparison
from omnisim.studies.panprediction.growth import METHODS, Growth

_COMPARISON_COST = 20_000
"""About how many points of growth one comparison takes as long as."""


@dataclass(frozen=True)
class Plan:
    """Sizes of samples and replicates; what is varied at ``fixed_points``; and whether few real data are enough.

    While the number of groups grows, there are as many comparators as the largest has groups, so that each has its own.
    """

    points: tuple[int, ...]
    replicates: int
    groups: int
    comparators: int
    fixed_points: int
    group_sizes: tuple[int, ...]
    comparator_sizes: tuple[int, ...]
    fixed_groups: int
    fixed_replicates: int
    quick: bool


FULL = Plan(
    points=tuple(2**k for k in range(8, 15)),
    replicates=20,
    groups=4,
    comparators=4,
    fixed_points=1024,
    group_sizes=tuple(2**k for k in range(1, 7)),
    comparator_sizes=tuple(2**k for k in range(2, 9)),
    fixed_groups=4,
    fixed_replicates=10,
    quick=False,
)
QUICK = Plan(
    points=(64, 128),
    replicates=2,
    groups=3,
    comparators=3,
    fixed_points=64,
    group_sizes=(2, 4),
    comparator_sizes=(2, 4),
    fixed_groups=2,
    fixed_replicates=2,
    quick=True,
)


def cases(plan: Plan, options: Options) -> list[Growth | Comparison]:
    """All runs, those on the synthetic law first."""
    described = {problem: options.data if problem == "prices" else None for problem in PROBLEMS}
    compared = [Comparison(problem, data, options.seed, plan.quick) for problem, data in described.items()]
    return [*growths(plan, options.seed), *compared]


def cost(case: Growth | Comparison) -> int:
    """About how long a run takes beside the others."""
    return case.points * case.groups if isinstance(case, Growth) else _COMPARISON_COST


def measure(case: Growth | Comparison) -> list[dict[str, Any]]:
    """The rows of one run."""
    return growth.measure(case) if isinstance(case, Growth) else comparison.measure(case)


def growths(plan: Plan, seed: int) -> Iterator[Growth]:
    """The runs on the synthetic law."""
    for method in METHODS:
        for replicate in range(plan.replicates):
            own = 1000 * seed + replicate
            for points in plan.points:
                yield Growth("points", method, points, plan.groups, plan.comparators, replicate, own)
        for replicate in range(plan.fixed_replicates):
            own = 1000 * seed + replicate
            for size in plan.group_sizes:
                yield Growth("groups", method, plan.fixed_points, size, plan.group_sizes[-1], replicate, own)
            for size in plan.comparator_sizes:
                yield Growth("comparators", method, plan.fixed_points, plan.fixed_groups, size, replicate, own)
