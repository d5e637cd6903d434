"""Rows of agents by the place that they are at, in whatever order they stand in a file."""

import numpy as np
import pyarrow as pa
import pytest

from omnisim.comparison.differences import _places


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_a_place_are_found_wherever_they_stand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = ["plants", "buyers", "operators"], ["weekend", "all", "cold", "dear"]
    codes = rng.integers(0, 3, 60), rng.integers(0, 4, 60)
    keys = [
        pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), pa.array(name))
        for code, name in zip(codes, names, strict=True)
    ]
    order, places = _places(keys)
    at = [(names[0][a], names[1][b]) for a, b in zip(*codes, strict=True)]
    assert set(places) == set(at)
    for place, rows in places.items():
        # In the order in which they stand, so that the same agents of two files are paired.
        assert order[rows].tolist() == [row for row, found in enumerate(at) if found == place]
