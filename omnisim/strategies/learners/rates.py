"""The learning rate of exponential weights, shared by Hedge and what is built on it."""

from typing import Literal, TypeAlias

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.elementary import exp
from omnisim.errors import StrategyError

Rate: TypeAlias = float | Literal["tuned", "anytime"]
"""A learning rate > 0, or how it is chosen: for the T of the run, or for any number of rounds."""


SMALLEST, LARGEST = 1e-12, 1e12
"""Range of a parameter of a learner: beyond it, products overflow or vanish."""


def check_size(what: str, value: float) -> None:
    """Refuse a parameter > 0 that is so small or so large that nothing can be computed with it."""
    if not SMALLEST <= value <= LARGEST:
        raise StrategyError(f"{what} must be >= {SMALLEST:g} and <= {LARGEST:g}, got {value}")


def check_rate(name: str, eta: Rate) -> None:
    """Refuse what is no rate, for the parameter ``eta`` of the learner called ``name``."""
    if isinstance(eta, str):
        if eta not in ("tuned", "anytime"):
            raise StrategyError(f"eta of {name} is {eta!r}: it must be a number > 0, 'tuned' or 'anytime'")
    elif not 0 < eta < np.inf:
        raise StrategyError(f"eta of {name} must be > 0 and finite, got {eta}: a rate <= 0 learns nothing")
    else:
        check_size(f"eta of {name}", eta)


def rate(eta: Rate, complexity: float, t: int, rounds: int) -> float:
    """The rate of round t >= 1 out of ``rounds``.

    ``"tuned"`` is sqrt(8 C / T), ``"anytime"`` 2 sqrt(C / t), C being the ``complexity``, ln A for Hedge.
    """
    match eta:
        case "tuned":
            return float(np.sqrt(8 * complexity / rounds))
        case "anytime":
            return float(2 * np.sqrt(complexity / t))
        case number:
            return float(number)


def regret_bound(eta: Rate, complexity: float, rounds: int) -> float:
    """Bound on the regret of exponential weights of this complexity C after T rounds, in expectation over their draws.

    sqrt(C T / 2) for ``"tuned"``, sqrt(C T) for ``"anytime"``, C / eta + eta T / 8 for a number.
    """
    match eta:
        case "tuned":
            return float(np.sqrt(complexity * rounds / 2))
        case "anytime":
            return float(np.sqrt(complexity * rounds))
        case number:
            return float(complexity / number + number * rounds / 8)


def exponential_weights(gains: FloatArray, eta: float) -> FloatArray:
    """Distributions proportional to exp(eta * gains), along the last axis.

    >>> exponential_weights(np.array([0.0, 2000.0]), eta=1.0)
    array([0., 1.])
    """
    weights = exp(eta * (gains - gains.max(axis=-1, keepdims=True)))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.asarray(weights)
