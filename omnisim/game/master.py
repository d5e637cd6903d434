"""The linear program of the cutting planes, kept warm between rows."""

from typing import Any

import highspy
import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.solver import quiet_model

_ZERO = 1e-12
"""Dual prices below this are zeros of the solver."""


class Master:
    """max z over y in [0, 1]^d subject to z <= b_k + h_k . y for the rows added so far.

    Parameters
    ----------
    dimension
        d.
    """

    def __init__(self, dimension: int) -> None:
        infinity = highspy.kHighsInf
        self._model: Any = quiet_model()
        lower = np.append(np.zeros(dimension), -infinity)
        upper = np.append(np.ones(dimension), infinity)
        self._model.addVars(dimension + 1, lower, upper)
        self._model.changeColCost(dimension, -1.0)
        self._columns = np.arange(dimension + 1, dtype=np.int32)
        self._scale = 1.0
        self._rows = 0

    def add(self, intercept: float, slope: FloatArray) -> None:
        """Add the cut of a prediction with weighted gain ``intercept`` + ``slope`` . y."""
        if self._rows == 0:
            # Weights may be of any size; the solver's tolerances are absolute.
            self._scale = max(abs(intercept), float(np.abs(slope).max(initial=0.0))) or 1.0
        coefficients = np.append(-slope / self._scale, 1.0)
        self._model.addRow(-highspy.kHighsInf, intercept / self._scale, len(coefficients), self._columns, coefficients)
        self._rows += 1

    def solve(self) -> tuple[FloatArray, FloatArray]:
        """The worst outcome (d,) and the dual prices (rows,), which are >= 0 and sum to 1.

        Raises
        ------
        StrategyError
            If the solver fails, which a bounded program with a row gives it no reason to.
        """
        self._model.run()
        if self._model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise StrategyError(f"the minimax program was not solved: {self._model.getModelStatus()}")
        solution = self._model.getSolution()
        outcome = np.clip(np.array(solution.col_value)[:-1], 0.0, 1.0)
        prices = -np.array(solution.row_dual)
        prices[prices < _ZERO] = 0.0
        return outcome, prices / prices.sum()
