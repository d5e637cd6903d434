"""Laws of finite support."""

import copy
import pickle

import numpy as np
import pytest

from omnisim.errors import ProblemError
from omnisim.problem.mixture import Mixture


def test_mean_is_the_weighted_sum() -> None:
    law = Mixture([[0.0, 1.0], [0.5, 0.25], [1.0, 0.0]], [0.5, 0.25, 0.25])
    assert law.mean.tolist() == [0.375, 0.5625]
    assert law.dimension == 2


def test_weights_off_by_rounding_are_normalized() -> None:
    law = Mixture([[0.0], [1.0]], [0.5, 0.5 + 1e-8])
    assert law.weights.sum() == pytest.approx(1, abs=1e-15)


def test_points_off_by_rounding_are_clipped() -> None:
    assert Mixture.point([1 + 1e-12, -1e-12]).support.tolist() == [[1.0, 0.0]]


def test_frequencies_of_a_sample() -> None:
    law = Mixture([[0.0], [0.5], [1.0]], [0.2, 0.0, 0.8])
    rng = np.random.default_rng(0)
    drawn = np.array([law.sample(rng)[0] for _ in range(20_000)])
    assert not (drawn == 0.5).any()
    # Hoeffding: beyond 0.02 with probability at most 2 exp(-2 * 20000 * 0.02^2) = 2.3e-7.
    assert abs(drawn.mean() - 0.8) < 0.02


def test_a_single_point_draws_nothing() -> None:
    rng, untouched = np.random.default_rng(0), np.random.default_rng(0)
    assert Mixture.point([0.25]).sample(rng).tolist() == [0.25]
    assert Mixture([[0.25]], [1.0]).sample(rng).tolist() == [0.25]
    assert rng.random() == untouched.random()


def test_it_keeps_copies_that_cannot_be_written_to() -> None:
    support = np.array([[0.5]])
    laws = [Mixture(support, [1.0]), Mixture.point(support[0])]
    support[:] = 0
    for law in laws:
        assert law.support.tolist() == [[0.5]]
        with pytest.raises(ValueError, match="read-only"):
            law.support[0] = 1
        with pytest.raises(ValueError, match="read-only"):
            law.weights[0] = 2


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda law: pickle.loads(pickle.dumps(law))])  # noqa: S301
def test_copies_are_equal(copied: object) -> None:
    law = Mixture([[0.0, 0.5], [1.0, 0.25]], [0.5, 0.5])
    again = copied(law)  # type: ignore[operator]
    np.testing.assert_array_equal(again.support, law.support)
    np.testing.assert_array_equal(again.weights, law.weights)
    draws = [one.sample(np.random.default_rng(4)).tolist() for one in (law, again)]
    assert draws[0] == draws[1]


@pytest.mark.parametrize(
    ("support", "weights", "message"),
    [
        ([[0.5], [np.nan]], [0.5, 0.5], r"support of a mixture\[1, 0\] is nan: every entry must be a finite number"),
        ([[0.5], [1.5]], [0.5, 0.5], r"support of a mixture\[1, 0\] is 1.5: every entry must lie in \[0, 1\]"),
        ([[-0.5]], [1.0], r"support of a mixture\[0, 0\] is -0.5: every entry must lie in \[0, 1\]"),
        ([0.5], [1.0], r"support of a mixture must have shape \(K, d\), got \(1,\)"),
        ([["much"]], [1.0], r"support of a mixture must be an array of numbers of shape \(K, d\)"),
        ([[0.5], [1.0]], [1.0], r"weights of a mixture must have shape \(2,\), got \(1,\)"),
        ([[0.5], [1.0]], [np.nan, 1.0], r"weights of a mixture\[0\] is nan"),
        ([[0.5], [1.0]], [-0.5, 1.5], r"weights of a mixture\[0\] is -0.5"),
        ([[0.5], [1.0]], [0.5, 0.25], "weights of a mixture sum to 0.75: probabilities must sum to 1"),
        (np.empty((0, 1)), [], "weights of a mixture sum to 0: probabilities must sum to 1"),
    ],
)
def test_bad_laws_are_refused(support: object, weights: object, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Mixture(support, weights)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ([np.inf], r"point\[0\] is inf: every entry must be a finite number"),
        ([0.5, 1.01], r"point\[1\] is 1.01: every entry must lie in \[0, 1\]"),
        (0.5, r"point must have shape \(d,\), got \(\)"),
    ],
)
def test_bad_points_are_refused(point: object, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Mixture.point(point)  # type: ignore[arg-type]
