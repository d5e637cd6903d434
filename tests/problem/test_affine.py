"""Ranges of affine functions against their values at all corners, however many agents are taken at once."""

from itertools import product

import numpy as np
import pytest

from omnisim.problem import affine


@pytest.mark.parametrize("block", [1, 7, 24, 1 << 20])
def test_ranges_are_those_over_the_corners(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affine, "_BLOCK", block)
    rng = np.random.default_rng(0)
    slope, offset = rng.normal(size=(11, 2, 3)), rng.normal(size=(11, 2))
    corners = np.array(list(product([0.0, 1.0], repeat=3)))
    values = np.einsum("nai,ci->cna", slope, corners) + offset
    low, high = affine.ranges(slope, offset)
    np.testing.assert_allclose(low, values.min(axis=0), atol=1e-12)
    np.testing.assert_allclose(high, values.max(axis=0), atol=1e-12)
    steps = np.abs(values[:, None] - values[None]).max(axis=(0, 1, 3))
    np.testing.assert_allclose(affine.steepness(slope), steps, atol=1e-12)


def test_without_agents_there_are_no_ranges() -> None:
    low, high = affine.ranges(np.empty((0, 2, 3)), np.empty((0, 2)))
    assert low.shape == high.shape == (0, 2)
    assert affine.steepness(np.empty((0, 2, 3))).shape == (0,)
