"""Events of one's own: the bias of predictions on whatever a function of context and prediction says."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.errors import StrategyError
from omnisim.game.objectives import Objectives
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.products import inner, weighted_sums

Event: TypeAlias = Callable[[Context, FloatArray], float]
"""E(x, p): a number in [0, 1], or a truth value, for a context and a prediction (d,)."""


class Events(Objectives):
    """Bias of every coordinate on events E(x, p): r = +-E (p_i - y_i) (Bechavod, Lu, Roth, Theorem 13).

    K = 2 d |E| objectives. Contexts may be chosen round by round, by an adversary, and an event may depend on all that
    came before (a function that is told of every round, say): bounds hold as long as its value in a round is fixed by
    what is known before the outcome. A subsequence that depends on the history is an event that ignores p.

    Parameters
    ----------
    events
        Functions of a context and a prediction.
    dimension
        d, the number of coordinates of an outcome.

    Raises
    ------
    StrategyError
        If there is no event; in a round, if one has no value in [0, 1].

    Examples
    --------
    An event that is decided by context and prediction, and one that always happens:

    >>> events = Events([lambda x, p: x.features["load"][0] > 5 and p[0] > 0.3, lambda x, p: 1.0], dimension=1)
    >>> events.prepare(Context(0, features={"load": np.array([7.0])}), [])
    >>> rows, gains = events.gains(Mixture.point([0.5]), np.array([0.25]))
    >>> rows, gains
    (array([0, 1]), array([[0.25],
           [0.25]]))
    """

    two_sided = True

    def __init__(self, events: Sequence[Event], dimension: int) -> None:
        if not events:
            raise StrategyError("events must be functions of a context and a prediction, at least one")
        self.events = tuple(events)
        self.rows, self.columns = len(self.events), dimension

    def prepare(self, context: Context, bases: Sequence[FloatArray]) -> None:
        """See :meth:`Objectives.prepare`."""
        self._context = context
        self._known: dict[bytes, FloatArray] = {}

    def values(self, prediction: FloatArray) -> FloatArray:
        """E of every event in this round, (|E|,)."""
        key = prediction.tobytes()
        if key not in self._known:
            self._known[key] = np.array([self._value(i, prediction) for i in range(self.rows)])
        return self._known[key]

    def _value(self, index: int, prediction: FloatArray) -> float:
        value = self.events[index](self._context, prediction)
        try:
            found = float(value)
        except (TypeError, ValueError):
            found = np.nan
        if not 0 <= found <= 1:
            raise StrategyError(
                f"event {index} is {value!r} in round {self._context.round}: it must be a number in [0, 1]"
            )
        return found

    def weighted_gain(self, net: FloatArray, prediction: FloatArray) -> tuple[float, FloatArray]:
        """See :meth:`Objectives.weighted_gain`."""
        slope = weighted_sums(self.values(prediction), net)
        return inner(slope, prediction), -slope

    def gains(self, mixture: Mixture, outcome: FloatArray) -> tuple[IntArray, FloatArray]:
        """See :meth:`Objectives.gains`."""
        total, fired = np.zeros((self.rows, self.columns)), np.zeros(self.rows, dtype=np.bool_)
        for weight, prediction in zip(mixture.weights, mixture.support, strict=True):
            values = self.values(prediction)
            total += weight * values[:, None] * (prediction - outcome)
            fired |= values > 0
        rows = fired.nonzero()[0]
        return rows, total[rows]
