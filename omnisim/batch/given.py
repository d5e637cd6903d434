"""Checks of arguments that many functions on samples have in common: targets, seeds, levels, numbers of resamples."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from omnisim.arrays import FloatArray, as_read
from omnisim.errors import ProblemError, StrategyError
from omnisim.problem.losses.targets import Target
from omnisim.refusing import MOST_COUNTED, is_number, one_of, whole
from omnisim.signatures import check_values
from omnisim.wording import in_short

Seed: TypeAlias = int | np.random.Generator | None
"""Seed of what is drawn, a generator of it, or None for another one every time."""


def outcomes_of(target: Target, y: ArrayLike) -> FloatArray:
    """Outcomes (n,) in the range of a target, which is one itself.

    >>> outcomes_of("mean", [0.5])
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: target must be a Target, such as Probability() or Quantile(0.9), got 'mean'
    """
    one_of("target", target, Target, "a Target, such as Probability() or Quantile(0.9)", ProblemError)
    return target.check(y)


def generator(name: str, random_state: Seed) -> np.random.Generator:
    """The generator that a seed stands for, or the one that is given.

    >>> generator("two_player", -1)
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: random_state of two_player must be a whole number >= 0, a Generator or None, got -1
    """
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as cause:
        wanted = "a whole number >= 0, a Generator or None"
        raise ProblemError(f"random_state of {name} must be {wanted}, got {in_short(random_state)}") from cause


def check_resamples(name: str, level: float, replicates: int, least: int = 1) -> None:
    """Refuse a level of an interval outside (0, 1), and a number of resamples that is none, or below the least."""
    if not is_number(level) or not 0 < level < 1:
        raise ProblemError(f"level of {name} must lie in (0, 1), got {in_short(level)}")
    whole(f"replicates of {name}", replicates, least, MOST_COUNTED, ProblemError)


def check_options(estimator: Any) -> None:
    """Refuse options of an estimator of another type than its signature declares."""
    check_values(type(estimator), estimator.get_params(deep=False), StrategyError)


def as_rows(name: str, value: Any) -> NDArray[Any]:
    """The array with a row per point that numpy reads, of whatever it holds.

    >>> as_rows("x", 3)
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: x must have a row for each point, got 3
    """
    array = as_read(name, value)
    if not array.ndim:
        raise ProblemError(f"{name} must have a row for each point, got {in_short(value)}")
    return array
