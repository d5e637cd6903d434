"""Propositions 2 and 4 as replicated statistical tests: benchmark actions are removed in at most a share delta of runs.

The law is as hard as it gets: every action costs +1 or -1 with probability 1/2 each, so its expected cost is exactly 0,
all of them belong to BE, and no threshold smaller than the theory's order keeps them. A run fails if any action of any
agent leaves any set. The number of failures in ``RUNS`` runs is at most Binomial(RUNS, delta); more than ``ALLOWED`` of
them happen with probability below 1e-6, which is the chance that a correct rule fails one of these tests.
"""

import numpy as np
import pytest
from examples import Suite
from scipy import stats

from omnisim.elimination import CumulativeThreshold, SubsequenceThreshold
from omnisim.problem.constraints import LinearConstraint
from omnisim.problem.population import Population

RUNS, ROUNDS, DELTA = 2000 if Suite.long else 120, 60, 0.05
ALLOWED = int(stats.binom.isf(1e-6, RUNS, DELTA))


def cut(rule):
    """The same rule with its thresholds cut to a tenth, and its bets won at the tenth root of the stake."""
    start = rule.threshold.start

    def smaller(sums, sizes, rounds):
        start(sums, sizes, rounds)
        rule.threshold.largest = rule.threshold.largest / 10
        rule.threshold._log = rule.threshold._log / 10

    rule.threshold.start = smaller
    return rule


def removals(build, subsequences):
    """In how many of the runs an action was removed; one agent, two actions, two constraints."""
    rng = np.random.default_rng(20_250_117)
    zero = np.zeros((1, 2, 1))
    limits = [LinearConstraint(zero, np.zeros((1, 2))) for _ in range(2)]
    population = Population("one", zero, constraints=limits)
    active = np.ones((ROUNDS, subsequences), dtype=np.bool_)
    if subsequences > 1:
        active[::2, 1] = False
    failures = 0
    for _ in range(RUNS):
        rule = build()
        rule.start(population, active)
        costs = rng.choice([-1.0, 1.0], size=(ROUNDS, 1, 2, 2))
        for t in range(ROUNDS):
            candidates, _ = rule.playable(active[t])
            # Stay with the first action that is left: the more rounds are attributed to one, the more it may stray.
            rule.update(candidates.argmax(axis=1), costs[t], active[t])
        failures += bool((rule.eliminated_at < ROUNDS).any())
    return failures


@pytest.mark.one_in(8)
@pytest.mark.sampled
@pytest.mark.parametrize("gamma", [None, "plain", "anytime", "betting"])
@pytest.mark.parametrize(("rule", "subsequences"), [(CumulativeThreshold, 1), (SubsequenceThreshold, 2)])
def test_benchmark_actions_are_kept(rule, subsequences, gamma):
    assert removals(lambda: rule(gamma, DELTA), subsequences) <= ALLOWED


@pytest.mark.one_in(4)
@pytest.mark.sampled
@pytest.mark.parametrize(("rule", "subsequences"), [(CumulativeThreshold, 1), (SubsequenceThreshold, 2)])
@pytest.mark.parametrize("gamma", [None, "betting"])
def test_a_threshold_cut_to_a_tenth_is_caught(rule, subsequences, gamma):
    assert removals(lambda: cut(rule(gamma, DELTA)), subsequences) > ALLOWED
