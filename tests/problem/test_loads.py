"""Sums of loads do not depend on where agents are."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnisim.problem import loads
from omnisim.problem.loads import load_by_block, sum_of_blocks, total_load


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loads, "BLOCK", 4)
        yield


@given(agents=st.integers(1, 30), periods=st.integers(1, 3), cuts=st.sets(st.integers(1, 29)), seed=st.integers(0, 99))
def test_parts_add_up_to_the_same_bits(agents: int, periods: int, cuts: set[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    load, actions = rng.normal(size=(agents, 3, periods)), rng.integers(-1, 3, agents)
    edges = [0, *sorted(cut for cut in cuts if cut < agents), agents]
    parts = [load_by_block(load[first:last], actions[first:last], first, agents) for first, last in pairwise(edges)]
    whole = total_load(load, actions)
    assert sum_of_blocks(parts, periods).tobytes() == whole.tobytes()
    for h in range(periods):
        expected = math.fsum(load[n, a, h] for n, a in enumerate(actions) if a >= 0)
        assert whole[h] == pytest.approx(expected, abs=1e-12)


def test_of_a_whole_block_only_the_sum_travels() -> None:
    found = load_by_block(np.ones((7, 1, 2)), np.zeros(7, dtype=int), first=2, whole=20)
    assert {block: each.shape for block, each in found.items()} == {0: (2, 2), 1: (1, 2), 2: (1, 2)}
    assert found[1].tolist() == [[4.0, 4.0]]
