from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.strategies.learners.rates import exponential_weights
from omnisim.strategies.learners.stationary import stationary


def exactly(chain: np.ndarray) -> list[Fraction]:
    """The stationary distribution in rational arithmetic: Gauss-Jordan on p (I - Q) = 0, sum p = 1."""
    states = len(chain)
    q = [[Fraction(float(x)) for x in row] for row in chain]
    q = [[x / sum(row) for x in row] for row in q]
    rows = [[(i == j) - q[i][j] for i in range(states)] + [Fraction(0)] for j in range(states - 1)]
    rows.append([Fraction(1)] * (states + 1))
    for k in range(states):
        pivot = next(r for r in range(k, states) if rows[r][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for r in range(states):
            if r != k:
                rows[r] = [x - rows[r][k] * y for x, y in zip(rows[r], rows[k], strict=True)]
    return [row[-1] for row in rows]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 5), st.sampled_from([1.0, 30.0, 300.0]), st.integers(0, 2**32 - 1))
def test_every_entry_has_a_small_relative_error(states: int, spread: float, seed: int) -> None:
    """Rows of exponential weights whose exponents are ``spread`` apart: chains that almost fall apart included."""
    gains = np.random.default_rng(seed).random((3, states, states)) * spread
    chains = exponential_weights(gains, 1.0)
    for found, chain in zip(stationary(chains), chains, strict=True):
        for value, exact in zip(found, exactly(chain), strict=True):
            assert float(abs(Fraction(float(value)) - exact)) <= 1e-12 * float(exact)


def test_it_is_a_fixed_point() -> None:
    chains = np.random.default_rng(0).dirichlet(np.ones(8), size=(100, 8))
    found = stationary(chains)
    np.testing.assert_allclose(np.einsum("na,nab->nb", found, chains), found, rtol=1e-13)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-15)


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ([[1.0]], [1.0]),
        ([[1.0, 0.0], [0.5, 0.5]], [1.0, 0.0]),
        ([[0.5, 0.5], [0.0, 1.0]], [0.0, 1.0]),
        ([[0.0, 1.0], [1.0, 0.0]], [0.5, 0.5]),
        ([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], [0.0, 0.5, 0.5]),
        # 1e-300 stands for 0.
        ([[1.0, 0.0], [3e-300, 1.0]], [0.75, 0.25]),
        ([[1.0, 0.5e-300], [1e-300, 1.0]], [0.5, 0.5]),
    ],
)
def test_where_exponentials_have_underflowed(chain: list[list[float]], expected: list[float]) -> None:
    np.testing.assert_allclose(stationary(np.array([chain]))[0], expected, atol=1e-15)


def test_a_chain_that_falls_apart_still_has_one() -> None:
    chain = np.eye(4)[None]
    found = stationary(chain)
    np.testing.assert_allclose(found @ chain[0], found)
    np.testing.assert_allclose(found.sum(), 1)
