"""Randomness: one stream per component, found by the component's name.

A stream depends on the seed and on the name alone, so adding a population, or starting processes in another
order, changes nobody else's draws.
"""

import hashlib

import numpy as np

from omnisim.errors import StrategyError
from omnisim.refusing import is_whole
from omnisim.wording import in_short


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of the component called ``name`` in the run with this ``seed``.

    Examples
    --------
    >>> stream(0, "adversary").random() == stream(0, "adversary").random()
    True
    >>> stream(0, "adversary").random() == stream(0, "forecaster").random()
    False
    """
    check_seed(seed)
    digest = hashlib.sha256(name.encode()).digest()
    key = np.frombuffer(digest, dtype="<u4")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=tuple(map(int, key)))))


def check_seed(seed: int) -> None:
    """Refuse what is no whole number >= 0.

    >>> check_seed(-1)
    Traceback (most recent call last):
    ...
    omnisim.errors.StrategyError: seed must be an integer >= 0, got -1
    """
    if not is_whole(seed) or seed < 0:
        raise StrategyError(f"seed must be an integer >= 0, got {in_short(seed)}")
