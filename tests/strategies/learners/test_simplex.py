import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import minimize

from omnisim.strategies.learners.simplex import project_on_simplex

POINTS = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=st.floats(-100, 100, allow_subnormal=False)
)


@pytest.mark.long
@settings(max_examples=300, deadline=None, derandomize=True)
@given(POINTS)
def test_no_vertex_lies_on_the_other_side(points: np.ndarray) -> None:
    """What characterizes the projection p of x: (x - p) . (v - p) <= 0 for every vertex v, and p in the simplex."""
    found = project_on_simplex(points)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    away = points - found
    assert (away - (away * found).sum(axis=1, keepdims=True) <= 1e-11).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_against_a_quadratic_program(actions: int, seed: int) -> None:
    point = np.random.default_rng(seed).normal(scale=0.7, size=actions)
    solved = minimize(
        lambda p: ((p - point) ** 2).sum(),
        np.full(actions, 1 / actions),
        jac=lambda p: 2 * (p - point),
        bounds=[(0, 1)] * actions,
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1, "jac": lambda p: np.ones(actions)},
        method="SLSQP",
        options={"ftol": 1e-14},
    )
    np.testing.assert_allclose(project_on_simplex(point[None])[0], solved.x, atol=1e-6)


def test_a_distribution_stays() -> None:
    points = np.random.default_rng(0).dirichlet(np.ones(7), size=50)
    np.testing.assert_allclose(project_on_simplex(points), points, atol=1e-15)
