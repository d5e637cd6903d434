"""The load of agents together: a sum over blocks of agents, which does not depend on where they are.

The loads of a block are added one after the other, and so are the sums of blocks. A process that has some of the agents
can add the blocks that it has all of, and hands out single loads of the others.
"""

from collections.abc import Iterable

import numpy as np

from omnisim.arrays import FloatArray, IntArray

BLOCK = 1024
"""Agents that are added to each other before others are."""


def total_load(load: FloatArray, actions: IntArray) -> FloatArray:
    """The load of all agents together, (H,); those of action -1 are not there.

    Parameters
    ----------
    load : (N, A, H)
        Of each action.
    actions : (N,)

    Examples
    --------
    >>> total_load(np.array([[[1.0], [2.0]], [[4.0], [8.0]], [[16.0], [32.0]]]), np.array([0, 1, -1]))
    array([9.])
    """
    return sum_of_blocks([load_by_block(load, actions, 0, len(load))], load.shape[2])


def load_by_block(load: FloatArray, actions: IntArray, first: int, whole: int) -> dict[int, FloatArray]:
    """Loads (R, H) of consecutive agents, by block: their sum (R = 1) where all of a block are among them.

    Parameters
    ----------
    load : (n, A, H)
        Of each action.
    actions : (n,)
    first
        Number of the first of them in the population.
    whole
        Number of agents of the population.
    """
    last = first + len(load)
    found = {}
    for block in range(first // BLOCK, -(-last // BLOCK)):
        begin, end = block * BLOCK, min(whole, (block + 1) * BLOCK)
        part = slice(max(begin, first) - first, min(end, last) - first)
        here = part.start + np.flatnonzero(actions[part] >= 0)
        each = load[here, actions[here]]
        found[block] = each.sum(axis=0)[None] if first <= begin and end <= last else each
    return found


def sum_of_blocks(parts: Iterable[dict[int, FloatArray]], periods: int) -> FloatArray:
    """The sum (H,) of what consecutive agents draw, from what :func:`load_by_block` says of each part of them."""
    blocks: dict[int, list[FloatArray]] = {}
    for part in parts:
        for block, each in part.items():
            blocks.setdefault(block, []).append(each)
    total = np.zeros(periods)
    for _, arrays in sorted(blocks.items()):
        total += np.concatenate(arrays).sum(axis=0)
    return total
