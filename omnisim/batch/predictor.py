"""Fitted predictor common to the algorithms on samples: from the base predictors' answers to a law on the grid."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray
from omnisim.batch.samples import check_exceeds, distinct_rows
from omnisim.errors import ProblemError
from omnisim.problem.losses.thresholds import prediction_grid, thresholds
from omnisim.products import times
from omnisim.signatures import held_to_types

_ROWS = 4096
"""Rows whose laws are in memory at a time."""


class Omnipredictor(ABC):
    """A fitted ensemble of m base predictors, one per threshold theta_i = (i - 1/2) / m.

    It reads answers ``exceeds`` (n, m), ``exceeds[t, i]`` = 1[f_i(x_t) > theta_i], and predicts a law on
    {0, 1/m, ..., 1}. Public methods are here; a subclass writes ``_law``.

    Attributes
    ----------
    m
        How many base predictors.
    """

    def __init__(self, m: int) -> None:
        self.m = m

    @property
    def thetas(self) -> FloatArray:
        """The thresholds (m,)."""
        return thresholds(self.m)

    @property
    def grid(self) -> FloatArray:
        """The possible predictions (m + 1,)."""
        return prediction_grid(self.m)

    def mixture(self, exceeds: ArrayLike) -> FloatArray:
        """The law of the prediction at each row: (n, m + 1), rows sum to 1.

        Raises
        ------
        ProblemError
            If ``exceeds`` is not a boolean table of m columns.
        """
        answers = check_exceeds(exceeds, self.m)
        if not len(answers):
            return np.zeros((0, self.m + 1))
        rows, which = distinct_rows(answers)
        return np.asarray(self._law(rows)[which])

    def mean(self, exceeds: ArrayLike) -> FloatArray:
        """The mean of that law: (n,), in [0, 1]. Laws are in memory for a few thousand rows at a time."""
        rows, which = distinct_rows(check_exceeds(exceeds, self.m))
        means = np.empty(len(rows))
        for begin in range(0, len(rows), _ROWS):
            block = slice(begin, begin + _ROWS)
            means[block] = times(self._law(rows[block]), self.grid)
        return np.asarray(np.clip(means, 0.0, 1.0)[which])

    @held_to_types(ProblemError)
    def sample(self, exceeds: ArrayLike, rng: np.random.Generator) -> FloatArray:
        """One draw from that law per row: (n,), on the grid. Draws n uniforms from ``rng``.

        Laws are in memory for a few thousand rows at a time.
        """
        rows, which = distinct_rows(check_exceeds(exceeds, self.m))
        uniform, levels = rng.random(len(which)), np.empty(len(which), dtype=np.int64)
        order = np.argsort(which, kind="stable")
        ends = np.searchsorted(which[order], np.arange(0, len(rows) + _ROWS, _ROWS))
        for begin, first, last in zip(range(0, len(rows), _ROWS), ends[:-1], ends[1:], strict=False):
            cumulative = self._law(rows[begin : begin + _ROWS]).cumsum(axis=1)
            for start in range(first, last, _ROWS):
                asked = order[start : min(start + _ROWS, last)]
                law = cumulative[which[asked] - begin]
                levels[asked] = (law <= uniform[asked][:, None] * law[:, -1:]).sum(axis=1)
        return np.asarray(self.grid[levels])

    @abstractmethod
    def _law(self, exceeds: BoolArray) -> FloatArray:
        """The law (u, m + 1) at distinct rows (u, m)."""


def point_laws(levels: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]", m: int) -> FloatArray:
    """Laws (n, m + 1) with all mass on the grid points of these indices (n,)."""
    law = np.zeros((len(levels), m + 1))
    law[np.arange(len(levels)), levels] = 1.0
    return law
