"""Groups that are found: leaves of a tree grown over describing columns where predictions are wrong."""

from typing import Any, Self

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray, IntArray
from omnisim.errors import ProblemError


class ResidualTree:
    """A regression tree of residuals, whose leaves are groups.

    Parameters
    ----------
    leaves
        At most so many, >= 2 (1 is one group of everyone).
    smallest
        Rows in a leaf.
    seed
        Of equally good cuts.
    """

    def __init__(self, leaves: int, smallest: int, seed: int) -> None:
        self.leaves, self.smallest, self.seed = leaves, smallest, seed

    def fit(
        self, frame: pd.DataFrame, residuals: FloatArray, base: FloatArray, weights: FloatArray, rows: IntArray
    ) -> Self:
        """Grow it on some rows of a frame (n, k), given y - p (n,), p (n,) and weights (n,)."""
        from sklearn.tree import DecisionTreeRegressor

        self._categories = {
            name: sorted(frame[name].dropna().astype(str).unique())
            for name in frame.columns
            if not pd.api.types.is_numeric_dtype(frame[name].dtype)
        }
        table = self._encoded(frame, base)
        self._tree: Any = DecisionTreeRegressor(
            max_leaf_nodes=max(2, self.leaves), min_samples_leaf=self.smallest, random_state=self.seed
        ).fit(table[rows], residuals[rows], sample_weight=weights[rows])
        self._leaf = np.flatnonzero(self._tree.tree_.children_left < 0)
        return self

    @property
    def names(self) -> list[str]:
        """Names of the leaves."""
        return [f"found {k}" for k in range(self.leaves)]

    def table(self, frame: Any, base: FloatArray) -> FloatArray:
        """Memberships (n, leaves); columns beyond the number of leaves that were grown are 0."""
        place = self._tree.apply(self._encoded(frame, base))
        found = np.zeros((len(base), self.leaves))
        for k, leaf in enumerate(self._leaf[: self.leaves]):
            found[:, k] = place == leaf
        return found

    def _encoded(self, frame: pd.DataFrame, base: FloatArray) -> FloatArray:
        """Numbers (n, .): categories as a column per value, and the prediction itself."""
        parts = [base]
        for name in frame.columns:
            column = frame[name]
            if name in self._categories:
                text = column.astype(object).where(column.notna(), None).astype(str)
                parts += [(text == value).to_numpy(dtype=np.float64) for value in self._categories[name]]
            else:
                try:
                    parts.append(column.to_numpy(dtype=np.float64, na_value=np.nan))
                except (TypeError, ValueError) as cause:
                    raise ProblemError(f"column {str(name)!r} must hold numbers, as in fit: {cause}") from cause
        return np.column_stack(parts)
