"""CCV and CCV+ by loops."""

import numpy as np
import pytest

from omnisim.analysis.violation import cumulative_violation


@pytest.mark.parametrize("order", ["C", "F"])
def test_against_loops(order: str) -> None:
    rng = np.random.default_rng(0)
    costs, active = rng.uniform(-1, 1, (13, 5, 2)), rng.random((13, 3)) < 0.5
    given = np.asarray(costs, order=order)  # type: ignore[call-overload]
    ccv, positive = cumulative_violation(given, active)
    for k, n in np.ndindex(3, 5):
        sums = [[costs[t, n, j] for t in range(13) if active[t, k]] for j in range(2)]
        assert ccv[k, n] == pytest.approx(max(map(sum, sums)), abs=1e-12)
        assert positive[k, n] == pytest.approx(max(sum(c for c in each if c > 0) for each in sums), abs=1e-12)


def test_a_rounding_error_violates_nothing() -> None:
    costs = np.array([5e-10, 2e-9, -5e-10])[:, None, None]
    ccv, positive = cumulative_violation(costs, np.ones((3, 1), dtype=np.bool_))
    assert ccv[0, 0] == pytest.approx(2e-9, rel=1e-12)
    assert positive[0, 0] == 2e-9
