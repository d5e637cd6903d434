"""Calibrated multiaccuracy of many rounds at once, against one round and one row after the other."""

import numpy as np
import pytest

from omnisim.game.calibration_kernels import mean_calibrated


def law_of(h: np.ndarray) -> np.ndarray:
    """The law that Algorithm 4 plays at sums H_k, by its definition: ends that are right, or both outer crossings."""
    m, law = len(h) - 1, np.zeros(len(h))
    ends = [k for k, right in ((0, h[0] <= 0), (m, h[m] >= 0)) if right]
    for k in ends:
        law[k] += 1 / len(ends)
    if not ends:
        for k in (
            next(k for k in range(m) if h[k] > 0 >= h[k + 1]),
            max(k for k in range(m) if h[k] >= 0 > h[k + 1]),
        ):
            share = h[k] / (h[k] - h[k + 1])
            law[k] += (1 - share) / 2
            law[k + 1] += share / 2
    return law


@pytest.mark.parametrize("level", [-3.0, 0.0, 3.0])
@pytest.mark.parametrize("m", [1, 2, 9])
def test_the_mixture_of_all_rounds_is_their_mean(m: int, level: float) -> None:
    """Profiles of any level, which what is added takes back: only their sums tell where to play."""
    rng = np.random.default_rng([m, int(level + 3)])
    weights = rng.normal(size=(12, m))
    correlates = rng.normal(size=(150, m))
    # Mostly from above to below, with steps back.
    profiles = level + np.sort(rng.normal(size=(12, m + 1)), axis=1)[:, ::-1] + 0.3 * rng.normal(size=(12, m + 1))
    correlates[:, 0] = -(level + correlates[:, 1:] @ weights[0, 1:]) / weights[0, 0] + 0.1 * correlates[:, 0]
    weights[1:] = weights[0] * (1 + 0.1 * rng.normal(size=(11, 1)))
    counts = rng.random(12)
    expected = (
        np.array(
            [
                sum(
                    c * law_of(weight @ row + profile)
                    for c, weight, profile in zip(counts, weights, profiles, strict=True)
                )
                for row in correlates
            ]
        )
        / counts.sum()
    )
    inner = expected[:, 1:-1].sum()
    assert m == 1 or inner > 0.2 * expected.sum()  # not all of it is played at the ends
    found = mean_calibrated(weights, np.ascontiguousarray(profiles), correlates, counts)
    np.testing.assert_allclose(found, expected, atol=1e-9)
