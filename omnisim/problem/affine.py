"""Affine functions of the outcome, slope[n, a] . y + offset[n, a]: their ranges and how fast they change.

Agents are taken in blocks: beside the slopes of a million of them there is no room for another array of that size.
"""

from collections.abc import Iterator

import numpy as np

from omnisim.arrays import FloatArray

_BLOCK = 1 << 20
"""Slopes in one block."""


def ranges(slope: FloatArray, offset: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The least and the largest value of each function over [0, 1]^d, each (N, A).

    Parameters
    ----------
    slope : (N, A, d)
    offset : (N, A)

    Examples
    --------
    >>> low, high = ranges(np.array([[[0.5, -0.25]]]), np.array([[0.25]]))
    >>> low, high
    (array([[0.]]), array([[0.75]]))
    """
    low, high = np.empty((2, *slope.shape[:2]))
    for block in _blocks(slope):
        low[block] = offset[block] + np.minimum(slope[block], 0).sum(axis=2)
        high[block] = offset[block] + np.maximum(slope[block], 0).sum(axis=2)
    return low, high


def steepness(slope: FloatArray) -> FloatArray:
    """Lipschitz constant in the sup norm of y of the steepest function of each agent, (N,).

    >>> steepness(np.array([[[0.5, -0.25], [0.0, 0.5]]]))
    array([0.75])
    """
    found = np.empty(len(slope))
    for block in _blocks(slope):
        found[block] = np.abs(slope[block]).sum(axis=2).max(axis=1)
    return found


def _blocks(slope: FloatArray) -> Iterator[slice]:
    size = max(1, _BLOCK // max(1, slope[:1].size))
    return (slice(first, first + size) for first in range(0, len(slope), size))
