"""The simulated example of Gibbs and Tibshirani (Appendix B.1), its population error computed exactly."""

import numpy as np
import pytest
from finite_laws import SIMULATED_CHANCE, SIMULATED_MASS, SIMULATED_X

from omnisim.batch import (
    calibrated_multiaccuracy,
    direct_ensemble,
    empirical_minimizers,
    omniprediction_error,
    two_player,
)

FUNCTIONS = {"calma": calibrated_multiaccuracy, "two_player": two_player, "direct": direct_ensemble}
DRAWS, M = 40, 16


def draw(rng, n):
    points = rng.choice(3, size=n, p=SIMULATED_MASS)
    return SIMULATED_X[points], (rng.random(n) < SIMULATED_CHANCE[points]).astype(int)


def errors(n, seed):
    """Errors of 40 draws, (40,) per method: base sample 500, each method at its default c."""
    found = {name: [] for name in FUNCTIONS}
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        base = empirical_minimizers(*draw(rng, 500), M)
        x, y = draw(rng, n)
        at = base.exceeds(SIMULATED_X)
        for name, function in FUNCTIONS.items():
            law = function(base.exceeds(x), y).mixture(at)
            found[name].append(float(omniprediction_error(law, at, SIMULATED_CHANCE, SIMULATED_MASS)))
    return {name: np.array(values) for name, values in found.items()}


def exceeds(larger, smaller):
    """Whether the mean of paired differences is positive by two standard errors."""
    difference = larger - smaller
    return difference.mean() > 2 * difference.std(ddof=1) / np.sqrt(len(difference))


@pytest.mark.long
def test_calma_is_worst_and_the_others_are_of_the_papers_order():
    # In a pilot of four other seeds the differences were 5.3 to 8.3 standard errors: each of the four comparisons fails
    # with a probability of about P(Z < -3.3) = 0.0005. Means of 40 errors with standard deviation 0.002 around 0.001
    # do not reach 0.01.
    for n in (50, 200):
        found = errors(n, seed=n)
        assert exceeds(found["calma"], found["two_player"])
        assert exceeds(found["calma"], found["direct"])
    found = errors(800, seed=800)
    assert found["two_player"].mean() < 0.01
    assert found["direct"].mean() < 0.01
