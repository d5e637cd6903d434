"""Customers who mind bad days: conditional value at risk of what a day brings in.

The CVaR at level alpha is the mean of the worst 1 - alpha of what may come. A risk-averse customer does what has the
largest (1 - w) x mean + w x CVaR of the money of the day; of the actions there are finitely many, so each is tried.
This is no utility that is affine in the prices, so none of the guarantees of a run is about it.
"""

from dataclasses import dataclass

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import ScenarioError
from omnisim.signatures import held_to_types

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Risk:
    """Aversion of customers to bad days, by CVaR.

    Attributes
    ----------
    level
        alpha of the CVaR, in (0, 1): the worst 1 - alpha counts.
    weight
        w in (0, 1]; 1 minds nothing else.
    """

    level: float
    weight: float = 1.0

    @classmethod
    @held_to_types(ScenarioError)
    def of(cls, text: str) -> "Risk":
        """Parse ``cvar:LEVEL`` or ``cvar:LEVEL:WEIGHT``.

        Raises
        ------
        ScenarioError
            If it has another form, or a number is out of its range.

        >>> Risk.of("cvar:0.9"), Risk.of("cvar:0.95:0.5")
        (Risk(level=0.9, weight=1.0), Risk(level=0.95, weight=0.5))
        """
        kind, *numbers = text.strip().split(":")
        try:
            given = [float(number) for number in numbers]
        except ValueError:
            given = []
        if kind.lower() != "cvar" or len(given) not in (1, 2):
            raise ScenarioError(f"risk is {text!r}: it must be cvar:LEVEL or cvar:LEVEL:WEIGHT, such as cvar:0.9:0.5")
        if not 0 < given[0] < 1:
            raise ScenarioError(
                f"risk is {text!r}: the level must lie strictly between 0 and 1, such as 0.9 for the worst tenth"
            )
        if len(given) == 2 and not 0 < given[1] <= 1:
            raise ScenarioError(f"risk is {text!r}: the weight must be > 0 and <= 1; with 0 nobody minds")
        return cls(*given)

    @property
    def worst(self) -> str:
        """Days that count, in words.

        >>> Risk(0.9).worst
        'worst 10 % of days'
        """
        return f"worst {100 * (1 - self.level):.3g} % of days"


def mean_of_worst(money: FloatArray, level: float) -> FloatArray:
    """CVaR at a level of equally likely amounts (..., M), (...): the mean of the worst (1 - level) M of them.

    Where that is no whole number, the last of them counts in part.

    >>> amounts = np.array([[5.0, 1.0, 3.0, 9.0]])
    >>> mean_of_worst(amounts, 0.5), mean_of_worst(amounts, 0.625).round(3)  # the worst 2, and the worst 1.5
    (array([2.]), array([1.667]))
    """
    number, whole = _counted(money.shape[-1], level)
    lowest = np.sort(np.partition(money, whole, axis=-1)[..., : whole + 1], axis=-1)
    return np.asarray((lowest[..., :whole].sum(axis=-1) + (number - whole) * lowest[..., whole]) / number)


def terms_of_worst(money: FloatArray, level: float) -> FloatArray:
    """Numbers (T, N) whose means over the days are the CVaR of each customer's money (T, N).

    With q the value at risk they are q - max(0, q - money) / (1 - level) (Rockafellar, Uryasev, 2000). Since q
    minimizes, resampling the terms resamples the CVaR to first order.

    >>> terms_of_worst(np.array([[5.0], [1.0], [3.0], [9.0]]), 0.5).mean(axis=0)
    array([2.])
    """
    _, whole = _counted(len(money), level)
    q = np.partition(money, whole, axis=0)[whole]
    number, _ = _counted(len(money), level)
    return np.asarray(q - np.maximum(0.0, q - money) * (len(money) / number))


def _counted(size: int, level: float) -> tuple[float, int]:
    """Number of the worst scenarios that count, of which the last in part, and the place of that one."""
    number = (1 - level) * size
    if abs(number - round(number)) < _ROUNDING * size:
        number = float(round(number))
    number = max(number, _ROUNDING)
    return number, min(int(number), size - 1)
