"""Ridge regression against exact arithmetic, and against the condition that its solution satisfies."""

from fractions import Fraction

import numpy as np
import pytest

from omnisim.strategies.forecasters.normal_equations import ridge_slopes


def exactly(rows: np.ndarray, targets: np.ndarray, penalty: float) -> list[Fraction]:
    """The coefficients for one target, by Gaussian elimination in fractions."""
    x, y = [[Fraction(v) for v in row] for row in rows.tolist()], [Fraction(v) for v in targets.tolist()]
    size = len(x[0])
    system = [
        [sum(row[i] * row[j] for row in x) + (Fraction(penalty) if i == j else 0) for j in range(size)]
        + [sum(row[i] * t for row, t in zip(x, y, strict=True))]
        for i in range(size)
    ]
    for i in range(size):
        system[i] = [v / system[i][i] for v in system[i]]
        for j in range(size):
            if j != i:
                system[j] = [a - system[j][i] * b for a, b in zip(system[j], system[i], strict=True)]
    return [row[-1] for row in system]


@pytest.mark.parametrize(("rounds", "regressors"), [(1, 1), (5, 3), (9, 11), (40, 9)])
def test_against_fractions(rounds: int, regressors: int) -> None:
    rng = np.random.default_rng(rounds)
    rows, targets = rng.normal(size=(rounds, regressors)), rng.normal(size=(rounds, 3))
    found = ridge_slopes(rows, targets, penalty=0.5)
    for k in range(3):
        np.testing.assert_allclose(found[:, k], [float(v) for v in exactly(rows, targets[:, k], 0.5)], atol=1e-13)


@pytest.mark.parametrize(("rounds", "regressors", "outputs"), [(365, 112, 24), (14, 200, 1), (30, 1, 5)])
def test_the_gradient_vanishes(rounds: int, regressors: int, outputs: int) -> None:
    rng = np.random.default_rng(1)
    rows, targets = rng.normal(size=(rounds, regressors)), rng.normal(size=(rounds, outputs))
    slopes = ridge_slopes(rows, targets, penalty=30.0)
    gradient = np.einsum("tp,td->pd", rows, targets - np.einsum("tp,pd->td", rows, slopes)) - 30.0 * slopes
    assert np.abs(gradient).max() < 1e-11


def test_a_penalty_lost_in_rounding_leaves_numbers() -> None:
    column = np.random.default_rng(2).normal(size=(50, 1))
    rows = np.concatenate([column, column, np.zeros((50, 1)), 2 * column], axis=1)
    slopes = ridge_slopes(rows, 3 * column, penalty=1e-300)
    assert np.isfinite(slopes).all()
    np.testing.assert_allclose((rows * slopes[:, 0]).sum(axis=1), 3 * column[:, 0], rtol=1e-6)


def test_nothing_given_is_changed() -> None:
    rows, targets = np.arange(6.0).reshape(3, 2), np.ones((3, 1))
    before = rows.copy(), targets.copy()
    ridge_slopes(rows, targets, 1.0)
    np.testing.assert_array_equal(rows, before[0])
    np.testing.assert_array_equal(targets, before[1])
