"""What calibration bounds, and what distance does: Theorem 1 and Proposition 12 of Gibbs and Tibshirani.

Both are checked exactly, on finite laws. They are about proper losses with values in [0, 1]; the weighted 0-1 losses
are such, and every other is a mixture of them of mass 2 at most (Theorem 5), so that the largest excess over all losses
is between theirs and twice theirs.
"""

import numpy as np
import pytest
from finite_laws import FiniteLaw, loss, theta
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.batch import calibration_error, class_omniprediction_error, multiaccuracy_error, multicalibration_error

POINTS = 4


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_calibrated_multiaccuracy_bounds_the_excess(seed: int, m: int) -> None:
    """Theorem 1: OP <= MA + ECE <= 2 MC, for members of a class drawn at random and any randomized prediction."""
    rng = np.random.default_rng(seed)
    law = FiniteLaw.random(rng, POINTS, m)
    mixture = rng.dirichlet(np.full(m + 1, 0.3), size=POINTS)
    members = rng.random((POINTS, 3))
    at = [theta(i, m) for i in range(1, m + 1)]
    derivatives = np.array(
        [[loss(each, f, 1) - loss(each, f, 0) for each in at for f in members[x]] for x in range(POINTS)]
    )
    excess = float(class_omniprediction_error(mixture, members, law.chance, law.mass))
    both = float(multiaccuracy_error(mixture, derivatives, law.chance, law.mass)) + float(
        calibration_error(mixture, law.chance, law.mass)
    )
    with_one = np.hstack([derivatives, np.ones((POINTS, 1))])
    assert excess <= both + 1e-12
    assert both <= 2 * float(multicalibration_error(mixture, with_one, law.chance, law.mass)) + 1e-12


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_without_a_class_the_excess_is_a_matter_of_distance(seed: int) -> None:
    """Proposition 12: E|p - p*|^2 / 210 <= the largest excess over the true probability <= 2 E|p - p*|."""
    rng = np.random.default_rng(seed)
    mass, chance, p = rng.dirichlet(np.ones(POINTS)), rng.random(POINTS), rng.random(POINTS)
    # Between two neighbouring predictions the excess is affine in theta, so it is largest beside one of them.
    cuts = np.sort([*p, *chance])
    at = [0.0, *cuts, *np.nextafter(cuts, 0), 1.0]
    largest = max(
        sum(
            mass[x] * weight * (loss(each, p[x], y) - loss(each, chance[x], y))
            for x in range(POINTS)
            for y, weight in ((0, 1 - chance[x]), (1, chance[x]))
        )
        for each in at
    )
    distance = mass @ np.abs(p - chance)
    assert largest <= 2 * distance + 1e-12
    assert 2 * largest >= distance**2 / 210 - 1e-12


def test_theorem_1_by_hand() -> None:
    """A prediction of 1/2 of what is certain loses 1/8 at theta = 1/4; (3/4 (0 - 1/2) - 1/4 (1 - 1/2)) / 2 = -1/4."""
    mixture, chance = [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]], [0.0, 1.0]
    members = [[0.0], [1.0]]
    derivatives = [[loss(t, f, 1) - loss(t, f, 0) for t in (0.25, 0.75)] for f in (0.0, 1.0)]
    assert float(calibration_error(mixture, chance)) == pytest.approx(0)
    assert float(class_omniprediction_error(mixture, members, chance)) == pytest.approx(1 / 8)
    assert float(multiaccuracy_error(mixture, derivatives, chance)) == pytest.approx(1 / 4)
