"""Which runs the study of panprediction makes, in full and in quick.

Replicate r of a study with seed s has the seed 1000 s + r: its sample and its learner's randomness are its own. The law
is the same for all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from omnisim.studies.panprediction.comparison import PROBLEMS, Comparison
from omnisim.studies.panprediction.growth import METHODS, Growth


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


def comparisons(plan: Plan, seed: int, data: Path | None) -> list[Comparison]:
    """The runs on real data."""
    return [Comparison(problem, data if problem == "prices" else None, seed, plan.quick) for problem in PROBLEMS]
