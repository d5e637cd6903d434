"""Elementary functions of arrays are those of Python's ``math``, which are the C library's."""

import math

import numpy as np
import pytest

from omnisim import elementary

AT = [0.0, -0.0, 1.0, 0.1, 3.0, 1e-300, 1e-9, 17.5, 300.0]


@pytest.mark.parametrize("name", ["exp", "sinh", "asinh", "sin", "cos", "log1p"])
def test_entry_by_entry(name: str) -> None:
    points = np.concatenate([AT, np.random.default_rng(0).random(500) * 20])
    if name != "log1p":
        points = np.concatenate([points, -points])
    expected = [getattr(math, name)(x) for x in points.tolist()]
    assert getattr(elementary, name)(points).tolist() == expected


def test_the_logarithm() -> None:
    points = np.random.default_rng(0).random((20, 30)) * 10.0 ** np.arange(-15, 15)
    assert elementary.log(points).tolist() == [[math.log(x) for x in row] for row in points.tolist()]


def test_where_there_is_no_number() -> None:
    assert elementary.exp([1e9, -1e9, math.nan]).tolist()[:2] == [math.inf, 0.0]
    assert elementary.log([0.0]).tolist() == [-math.inf]
    assert np.isnan(elementary.log([-1.0])).all()


def test_shapes_and_kinds() -> None:
    table = np.arange(12).reshape(3, 4)
    assert elementary.exp(table.T).tolist() == [[math.exp(x) for x in row] for row in table.T.tolist()]
    assert elementary.cos(0).shape == ()
    assert elementary.sin(np.empty((0, 2))).shape == (0, 2)
    frozen = np.ones(3)
    frozen.setflags(write=False)
    assert elementary.exp(frozen).tolist() == [math.e] * 3
