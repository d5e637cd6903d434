"""A synthetic law whose Bayes predictor is known, and on which every measure can be computed exactly.

A population of 3,000 points, equally likely, has six features, uniform on [0, 1], and

    p*(x) = 1 / (1 + exp(-(4 x_1 + 3 x_2 - 3.5 + 2.5 s(x_3) (2 x_4 - 1)))),  s = 1 above one half, else -1,

is the probability of Y = 1. Group 0 is everyone; group k > 0 is half of the circle into which a feature is bent, from a
random place on: groups overlap, and each has about half of the probability, so that the error within a group does not
grow for the trivial reason that there are ever smaller ones. Comparator k is p* within group k, and a random logistic
function outside, whether or not group k is one of those that are served: more groups leave the comparators as they are,
and more comparators the groups. So the best comparator of a group is the Bayes predictor there, as long as |H| >= |G|,
and the gap is what is lost to an omniscient user.

The users' losses are those of acting at the thresholds 0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8 and 0.9.
"""

from dataclasses import dataclass

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.batch.panprediction import Sample, sample
from omnisim.problem.losses import LossTable

POINTS, FEATURES = 3000, 6
SEED = 20261
"""Seed of the population, the groups and the comparators: the law is the same in every study."""

LOSSES = {f"threshold {theta:g}": LossTable([[0, 1 - theta], [theta, 0]]) for theta in (0.1, 0.2, 0.3, 0.5, 0.6, 0.7,
                                                                                    0.8, 0.9)}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Law:
    """The population: groups (n, |G|), comparators (n, |H|), and p* (n,)."""

    groups: FloatArray
    comparators: FloatArray
    bayes: FloatArray

    @property
    def population(self) -> Sample:
        """All points, with p* in place of outcomes: every measure is affine in y, so this gives its expectation."""
        return sample(self.groups, self.comparators, self.bayes)

    def draw(self, points: int, rng: np.random.Generator) -> Sample:
        """Independent points with outcomes 0 or 1."""
        drawn = rng.integers(len(self.bayes), size=points)
        outcomes = (rng.random(points) < self.bayes[drawn]).astype(np.float64)
        groups = self.groups[drawn]
        # A group may be missed by a handful of points; it could not be learnt on.
        assert groups.any(axis=0).all()  # noqa: S101 (of groups of half the population, by more than 64 points)
        return sample(groups, self.comparators[drawn], outcomes)


def law(groups: int, comparators: int) -> Law:
    """The law with so many groups and comparators; those of a smaller law are the first of a larger one."""
    rng = np.random.default_rng(SEED)
    x = rng.random((POINTS, FEATURES))
    sign = np.where(x[:, 2] > 0.5, 1.0, -1.0)
    bayes = _logistic(4 * x[:, 0] + 3 * x[:, 1] - 3.5 + 2.5 * sign * (2 * x[:, 3] - 1))
    inside = np.ones((POINTS, max(groups, comparators)), dtype=np.bool_)
    starts = np.random.default_rng([SEED, 1])
    for k in range(1, inside.shape[1]):
        inside[:, k] = (x[:, k % FEATURES] - starts.random()) % 1 < 0.5
    wrong = np.random.default_rng([SEED, 2])
    columns = [_comparator(inside[:, k], bayes, x, wrong) for k in range(comparators)]
    return Law(inside[:, :groups].astype(np.float64), np.column_stack(columns), bayes)


def _comparator(right: BoolArray, bayes: FloatArray, x: FloatArray, rng: np.random.Generator) -> FloatArray:
    return np.where(right, bayes, _logistic(3 * x @ rng.normal(size=FEATURES) - 1))


def _logistic(score: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-score)))
