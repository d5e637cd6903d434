"""Direct ensembling against a literal transcription of Algorithms 3 and 5, and Lemma 10 on finite laws."""

import math

import numpy as np
import pytest
from finite_laws import FiniteLaw, loss, theta
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.batch import direct_ensemble
from omnisim.batch.merging import merge
from omnisim.errors import ProblemError
from omnisim.problem.losses import thresholds

INFINITY = math.inf


def detailed_merge(sample, points, low, high, thetas_low, thetas_high, epsilon, start):
    """Algorithm 5 with its sets A_l and A_h of points, from the start that Algorithm 2 prints, or from max Theta_l.

    Algorithm 5 prints min Theta_l and max Theta_h as its start, from where the walks would be over at once.
    """
    n = len(sample)
    theta_l, theta_h = {"min_high": min(thetas_high), "max_low": max(thetas_low)}[start], max(thetas_low)
    a_low, a_high = set(), set(points)
    direction = "low"
    while theta_l != -INFINITY and theta_h != INFINITY:
        conflict = {x for x in points if high[x] > theta_h and low[x] <= theta_l}
        if direction == "low":
            gain = sum(loss(theta_l, 0, y) - loss(theta_l, 1, y) for x, y in sample if x in conflict) / n
            if gain < -epsilon - 1e-12:
                a_low, a_high = a_low | conflict, a_high - conflict
                theta_h = min((at for at in thetas_high if at > theta_h), default=INFINITY)
                direction = "high"
            else:
                theta_l = max((at for at in thetas_low if at < theta_l), default=-INFINITY)
        else:
            gain = sum(loss(theta_h, 1, y) - loss(theta_h, 0, y) for x, y in sample if x in conflict) / n
            if gain < -epsilon - 1e-12:
                a_high, a_low = a_high | conflict, a_low - conflict
                theta_l = max((at for at in thetas_low if at < theta_l), default=-INFINITY)
                direction = "low"
            else:
                theta_h = min((at for at in thetas_high if at > theta_h), default=INFINITY)
    assert a_low | a_high == set(points)
    assert not a_low & a_high
    return {x: low[x] if x in a_low else high[x] for x in points}


def direct(samples, points, answers, epsilon, start):
    """Algorithm 3; ``samples`` has one sample per round."""
    m = answers.shape[1]
    predictors = [
        {x: theta(i, m) + (1 if answers[x, i - 1] else -1) / (2 * m) for x in points} for i in range(1, m + 1)
    ]
    sets = [[theta(i, m)] for i in range(1, m + 1)]
    for sample in samples:
        merged, joined = [], []
        for j in range(0, len(predictors) - 1, 2):
            merged.append(detailed_merge(sample, points, *predictors[j : j + 2], *sets[j : j + 2], epsilon, start))
            joined.append(sets[j] + sets[j + 1])
        if len(predictors) % 2:
            merged.append(predictors[-1])
            joined.append(sets[-1])
        predictors, sets = merged, joined
    (final,) = predictors
    return [final[x] for x in points]


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 2, 3, 4, 5, 7, 8, 11, 16]),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.booleans(),
    st.sampled_from(["min_high", "max_low"]),
    st.booleans(),
)
@settings(max_examples=160, deadline=None)
def test_direct_ensembling_is_algorithm_3_with_algorithm_2(seed, m, c, split, start, arbitrary):
    rng = np.random.default_rng(seed)
    points, n = range(20 if arbitrary else 6), int(rng.integers(5, 40))
    # Answers that have nothing to do with the outcomes contradict each other at any level, and walks are long.
    answers = rng.random((20, m)) < 0.5 if arbitrary else FiniteLaw.random(rng, 6, m).exceeds
    drawn, y = rng.integers(0, len(points), n), rng.integers(0, 2, n)
    fitted = direct_ensemble(answers[drawn], y, c=c, split=split, start=start)
    sample = list(zip(drawn.tolist(), y.tolist(), strict=True))
    rounds = math.ceil(math.log2(m))
    edges = [n * k // rounds for k in range(rounds + 1)] if rounds else []
    samples = [sample[edges[k] : edges[k + 1]] if split else sample for k in range(rounds)]
    expected = direct(samples, points, answers, c * math.sqrt(math.log(m) / n), start)
    assert fitted.mean(answers) == pytest.approx(expected, abs=1e-9)
    assert len(fitted.rounds) == rounds
    assert sum(len(merges) for merges in fitted.rounds) == m - 1


STARTS = st.sampled_from(["min_high", "max_low", "middle"])


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 5), STARTS)
@settings(max_examples=120, deadline=None)
def test_a_merge_costs_each_side_at_most_the_largest_deviation_twice(seed, below, above, start):
    # Lemma 10, on the population: with epsilon no less than every deviation of the empirical means over the conflicts,
    # both sides lose at most 2 epsilon on each of their thresholds (Lemma 16 at the last step).
    rng = np.random.default_rng(seed)
    m, points, n = below + above, 6, 60
    low = rng.integers(0, below + 1, points)
    high = rng.integers(below, m + 1, points)
    mass, chance = rng.dirichlet(np.ones(points)), rng.random(points)
    drawn = rng.choice(points, size=n, p=mass)
    y = (rng.random(n) < chance[drawn]).astype(float)
    thetas = thresholds(m)
    deviations = [
        abs(
            (chance[:, None] - thetas[None, :])[:, i] @ (mass * (high >= cut) * (low < examined))
            - ((y - thetas[i]) * (high[drawn] >= cut) * (low[drawn] < examined)).mean()
        )
        for i in range(m)
        for cut in range(below, m + 1)
        for examined in range(1, below + 2)
    ]
    epsilon = max(deviations)
    both = merge(low[drawn], high[drawn], (thetas - y[:, None]).T.copy().__getitem__, (0, below, m), epsilon, start)
    merged = both(low, high)
    for i in range(1, m + 1):
        followed = low if i <= below else high
        excess = mass @ ((thetas[i - 1] - chance) * ((merged >= i) * 1.0 - (followed >= i)))
        assert excess <= 2 * epsilon + 1e-9


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.sampled_from([0.0, 0.2, 1.0]), STARTS)
@settings(max_examples=120, deadline=None)
def test_on_the_sample_hardly_anything_is_lost_and_nothing_without_a_buffer(seed, m, c, start):
    # Lemma 16 with the sample as the law, over all rounds of merges (Theorem 11 without probability).
    rng = np.random.default_rng(seed)
    law = FiniteLaw.random(rng, 6, m)
    exceeds, y = law.draw(rng, 50)
    fitted = direct_ensemble(exceeds, y, c=c, start=start)
    sample = FiniteLaw(np.full(50, 1 / 50), y, exceeds)
    excess = sample.excess(fitted.mixture(exceeds))
    assert fitted.excess == pytest.approx(excess)
    assert excess.max() <= 2 * fitted.epsilon * math.ceil(math.log2(m)) + 1e-9


@pytest.mark.parametrize("level", range(5))
def test_answers_in_agreement_with_each_other_and_the_sample_are_kept(level):
    exceeds = np.tile(np.arange(4) < level, (4, 1))
    fitted = direct_ensemble(exceeds, np.arange(4) < level)
    assert fitted.mean(exceeds) == pytest.approx(level / 4)


def test_nothing_of_the_sample_is_kept():
    rng = np.random.default_rng(0)
    small, large = (direct_ensemble(rng.random((n, 8)) < 0.5, rng.integers(0, 2, n)) for n in (20, 2000))
    for one, other in zip(small.rounds, large.rounds, strict=True):
        assert [merged.follows_high.shape for merged in one] == [merged.follows_high.shape for merged in other]


def test_the_buffer_is_that_of_as_many_rows_as_weights_say():
    """c sqrt(ln(m) / W), W their sum; 0 is no row, and excess losses are means of weighted rows, one by one."""
    rng = np.random.default_rng(2)
    exceeds, y, weights = rng.random((12, 4)) < 0.5, rng.integers(0, 2, 12), np.arange(12) / 4
    fitted = direct_ensemble(exceeds, y, c=0.3, sample_weight=weights)
    assert fitted.epsilon == pytest.approx(0.3 * math.sqrt(math.log(4) / sum(weights)))
    predicted = fitted.mean(exceeds)
    for i in range(4):
        at = theta(i + 1, 4)
        each = [
            w * (at - o) * (float(p > at) - e) for w, o, p, e in zip(weights, y, predicted, exceeds[:, i], strict=True)
        ]
        assert fitted.excess[i] == pytest.approx(sum(each) / sum(weights))


def test_too_few_rows_to_split():
    with pytest.raises(ProblemError, match="split=True needs a row for each of the 3 rounds of merges, got n = 2"):
        direct_ensemble(np.zeros((2, 8), dtype=bool), [0, 1], split=True)


def test_a_start_that_is_none_is_refused():
    with pytest.raises(
        ProblemError, match="start of direct_ensemble must be one of min_high, max_low, middle, got 'l'"
    ):
        direct_ensemble([[True, False]], [1], start="l")
