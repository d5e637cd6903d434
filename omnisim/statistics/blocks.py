"""Blocks of consecutive rounds, which are resampled together because neighbouring days resemble each other."""

import numpy as np

from omnisim.arrays import IntArray

SHORTEST_BLOCK = 7
"""Rounds: a week of a day-ahead market, whose days resemble those of the week before."""

MOST_BLOCKS = 200


def block_length(rounds: int) -> int:
    """Rounds that are resampled together: T^(1/3), the rate that is best for a mean, and at least a week.

    Very long runs have longer blocks, so that there are never more than ``MOST_BLOCKS``.

    >>> block_length(365), block_length(1000), block_length(100_000)
    (8, 10, 500)
    """
    return max(SHORTEST_BLOCK, int(np.ceil(round(rounds ** (1 / 3), 9))), -(-rounds // MOST_BLOCKS))


def block_starts(rounds: int) -> IntArray:
    """The first round of every block, (M,); the last block may be shorter.

    >>> block_starts(20)
    array([ 0,  7, 14])
    """
    return np.arange(0, rounds, block_length(rounds), dtype=np.int64)
