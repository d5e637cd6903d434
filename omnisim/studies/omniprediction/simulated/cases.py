"""The draws of the simulated example, and the errors of the methods on one.

X is 0.05, 0.45 or 0.85, and Y = 1 is likeliest in the middle, so that the best linear functions of x for different
thresholds contradict each other.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.batch import empirical_minimizers
from omnisim.studies import Options
from omnisim.studies.omniprediction.methods import CHOSEN, CONSTANTS, RULES, Points, errors

SUPPORT = np.array([0.05, 0.45, 0.85])
MASS = np.array([0.1, 0.6, 0.3])
CHANCE = np.array([0.3, 0.9, 0.4])
"""P(Y = 1 | X)."""

BASE_POINTS, TEST_POINTS = 500, 2000
EXACT, ESTIMATE = "population error", "estimate from 2,000 points"


@dataclass(frozen=True)
class Plan:
    """Sample sizes, the paper's number of ``draws`` for every c, and ``more`` for the c that are judged."""

    sizes: tuple[int, ...]
    draws: int
    more: int


FULL = Plan((25, 50, 100, 200, 400, 800, 1600, 3200), 40, 200)
QUICK = Plan((25, 100, 400), 4, 6)


@dataclass(frozen=True)
class Case:
    """A draw of all samples, for one size and one rule for m; ``varied`` says whether for every c.

    The base sample and test points are the draw's, the same for all sizes and rules.
    """

    rule: str
    n: int
    draw: int
    seed: int
    varied: bool = True


def cases(plan: Plan, options: Options) -> list[Case]:
    """All runs."""
    return [
        Case(rule, n, draw, options.seed, varied=draw < plan.draws)
        for rule in RULES
        for n in plan.sizes
        for draw in range(plan.more)
    ]


def measure(case: Case) -> list[dict[str, Any]]:
    """A row per method and c: rule, n, m, draw, method, c, chosen, and the two errors."""
    m = RULES[case.rule](case.n)
    base_x, base_y = draw(BASE_POINTS, np.random.default_rng([case.seed, case.draw, 0]))
    test_x, test_y = draw(TEST_POINTS, np.random.default_rng([case.seed, case.draw, 1]))
    x, y = draw(case.n, np.random.default_rng([case.seed, case.draw, 2]))
    base = empirical_minimizers(base_x, base_y, m)
    judged = {
        EXACT: Points(base.exceeds(SUPPORT), CHANCE, MASS),
        ESTIMATE: Points(base.exceeds(test_x), test_y),
    }
    about = {"rule": case.rule, "n": case.n, "m": m, "draw": case.draw}
    constants = CONSTANTS if case.varied else {method: (CHOSEN[method],) for method in CONSTANTS}
    return [about | row for row in errors(Points(base.exceeds(x), y), judged, constants)]


def draw(points: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Independent X and Y, each (points,); shorter samples of a generator are beginnings of longer ones.

    >>> x, y = draw(3, np.random.default_rng(0))
    >>> bool((draw(2, np.random.default_rng(0))[0] == x[:2]).all())
    True
    """
    uniform = rng.random((points, 2))
    index = np.searchsorted(MASS.cumsum()[:-1], uniform[:, 0], side="right")
    return SUPPORT[index], (uniform[:, 1] < CHANCE[index]).astype(np.float64)
