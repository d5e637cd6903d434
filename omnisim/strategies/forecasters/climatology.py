"""Climatology: the mean of past outcomes."""

from collections import deque

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.context import Context
from omnisim.strategies.forecasters.base import Forecaster


class Climatology(Forecaster):
    """Predicts the mean of the last ``window`` outcomes, or of all of them (at first 1/2).

    Parameters
    ----------
    window
        In rounds, >= 1; None for all.

    Examples
    --------
    >>> from omnisim.problem.context import Service
    >>> forecaster = Climatology()
    >>> forecaster.start(Service(dimension=1))
    >>> forecaster.update(np.array([0.25]))
    >>> forecaster.update(np.array([0.75]))
    >>> forecaster.predict(Context(round=2)).mean
    array([0.5])
    """

    def __init__(self, window: int | None = None) -> None:
        if window is not None and window < 1:
            raise StrategyError(f"window of Climatology must be at least 1 round, got {window}")
        self.window = window

    def _start(self) -> None:
        self._recent: deque[FloatArray] = deque()
        self._sum = np.zeros(self.service.dimension)
        self._count = 0

    def _predict(self, context: Context) -> FloatArray:
        if not self._count:
            return np.full(self.service.dimension, 0.5)
        # Adding and subtracting leaves rounding errors around 1e-16 outside the box.
        return np.clip(self._sum / self._count, 0.0, 1.0)

    def _update(self, outcome: FloatArray) -> None:
        self._sum += outcome
        self._count += 1
        if self.window is not None:
            self._recent.append(outcome)
            if self._count > self.window:
                self._sum -= self._recent.popleft()
                self._count -= 1
