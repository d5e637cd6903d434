"""Rows of a sample of which probabilities are measured: checked once, and only those that have a weight."""

from typing import Any

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray, as_read, within
from omnisim.batch.panprediction.grouping import Grouping, as_frame
from omnisim.batch.samples import scores
from omnisim.batch.weighting import check_counts, rows_of
from omnisim.errors import ProblemError

_TWO = 2
"""Labels of an outcome."""


class Rows:
    """Checked rows of a sample that have a weight: predictions, outcomes and counts, (n,) each."""

    def __init__(self, p: Any, y: Any, sample_weight: Any) -> None:
        predictions = scores(p, "p")
        if not len(predictions):
            raise ProblemError("p is empty: a measure needs at least one row")
        self._given = len(predictions)
        counts = check_counts(sample_weight, self._given)
        counts = np.ones(self._given) if counts is None else counts
        self._used = counts > 0
        self.p, self.counts = predictions[self._used], counts[self._used]
        self.y = _outcomes(y, self._used)
        self.total = float(self.counts.sum())

    def mean(self, values: FloatArray) -> float:
        """Mean of numbers (n,) over the rows."""
        return float(self.counts @ values) / self.total

    def others(self, name: str, p: Any) -> FloatArray:
        """Another model's predictions, (n,)."""
        values = scores(p, name)
        if len(values) != self._given:
            raise ProblemError(f"{name} has {len(values)} rows and p has {self._given}: one of each is needed per row")
        return values[self._used]

    def groups(self, groups: Any, frame: Any, depth: int) -> tuple[FloatArray, list[str]]:
        """Memberships (n, G) of groups and their names."""
        described = None if frame is None else groups
        table = as_frame(groups if frame is None else frame, self._given, "; descriptions need these as frame=")
        table = None if table is None else rows_of(table, self._used)
        grouping = Grouping(described, depth, 1).fit(table, len(self.p), self.counts)
        return grouping.table(table, len(self.p)), grouping.names


def _outcomes(y: Any, used: Any) -> FloatArray:
    """Outcomes in [0, 1] of the rows that are used."""
    values: Any = y if isinstance(y, np.ma.MaskedArray) else as_read("y", y)
    if values.dtype.kind in "OUS" and values.ndim == 1:
        column = pd.Series(values)
        if column.isna().any():
            raise ProblemError(f"y is missing in row {int(column.isna().argmax())}: leave such rows out")
        values = column.infer_objects().to_numpy()
        if values.dtype.kind in "OUS":
            values = _labels(values, used)
    return np.asarray(within("y", values, (len(used),), 0, 1)[used])


def _labels(values: Any, used: Any) -> FloatArray:
    """Places (n,) of labels among the two of the rows that are used."""
    if len(values) != len(used):
        raise ProblemError(f"y has {len(values)} rows and p has {len(used)}: one of each is needed per row")
    labels = sorted(set(map(str, values[used])))
    if len(labels) != _TWO:
        raise ProblemError(
            f"y has the labels {', '.join(map(repr, labels[:3]))}: two are needed to tell which is which. Give 0 and 1,"
            " or of several classes one against the rest"
        )
    return np.array([float(str(value) == labels[1]) for value in values])
