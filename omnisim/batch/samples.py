"""Checks of what every algorithm on samples, or measure of a sample, is given."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from omnisim.arrays import BoolArray, FloatArray, as_read, numbers, within
from omnisim.batch.given import outcomes_of
from omnisim.errors import ProblemError
from omnisim.problem.losses.targets import Target
from omnisim.refusing import is_number
from omnisim.wording import in_short


def check_exceeds(exceeds: ArrayLike, m: int | None = None) -> BoolArray:
    """The answers ``exceeds`` as a boolean array (n, m): ``exceeds[t, i]`` says whether f_i(x_t) > theta_i.

    Numbers are taken if all of them are 0 or 1; predictions f_i(x_t) themselves are refused.

    Raises
    ------
    ProblemError
        If it is no such table, or m is given and differs from the number of columns.
    """
    array = exceeds if isinstance(exceeds, np.ndarray) else numbers("exceeds", exceeds)
    if array.ndim != 2 or array.shape[1] < 1:
        raise ProblemError(f"exceeds must have shape (n, m) with m >= 1, got {array.shape}")
    if m is not None and array.shape[1] != m:
        raise ProblemError(
            f"exceeds has {array.shape[1]} columns: fitted with m = {m} base predictors, it must have {m}"
        )
    if array.dtype != np.bool_:
        if not np.isin(array, (0, 1)).all():
            raise ProblemError("exceeds must be boolean, (n, m): whether each base prediction exceeds its threshold")
        array = array.astype(np.bool_)
    return np.ascontiguousarray(array)


def check_sample(exceeds: ArrayLike, y: ArrayLike, target: Target) -> tuple[BoolArray, FloatArray]:
    """The sample that an ensemble is fitted on: answers (n, m) and outcomes (n,), n >= 1.

    Raises
    ------
    ProblemError
        If one of them is malformed, they differ in length, or they are empty.
    """
    answers, outcomes = check_exceeds(exceeds), outcomes_of(target, y)
    if len(answers) != len(outcomes):
        raise ProblemError(f"exceeds has {len(answers)} rows and y has {len(outcomes)}: one outcome per row is needed")
    if not len(answers):
        raise ProblemError("exceeds and y are empty: an ensemble needs at least one observation")
    return answers, outcomes


def check_scale(name: str, c: float, positive: bool = False) -> float:
    """The constant c of a rate, refused unless finite and >= 0 (or > 0)."""
    if not is_number(c) or not 0 <= c < np.inf or (positive and c == 0):
        raise ProblemError(f"c of {name} must be a finite number {'> 0' if positive else '>= 0'}, got {in_short(c)}")
    return float(c)


def scores(p: Any, name: str = "scores") -> FloatArray:
    """Scores (n,) in [0, 1], from themselves or from what ``predict_proba`` of two classes returns.

    >>> scores([[0.75, 0.25], [0.5, 0.5]])
    array([0.25, 0.5 ])
    """
    if sparse.issparse(p):
        raise ProblemError(f"{name} are sparse: give one number per row, p.toarray()")
    values = numbers(name, p)
    if values.ndim == 2 and values.shape[1] not in (1, 2):
        raise ProblemError(f"{name} have {values.shape[1]} columns: give those of one class against the rest, (n,)")
    if values.ndim == 2:
        values = values[:, -1]
    return within(name, values, ("n",), 0, 1)


def labels_of(y: Any, classes: Any, rows: int) -> FloatArray:
    """Labels (n,) of rows that a classifier of two classes is measured on: 1 for the second class.

    >>> labels_of(["no", "yes"], ["no", "yes"], 2)
    array([0., 1.])
    """
    labels = as_read("y", y)
    if labels.shape != (rows,):
        raise ProblemError(f"y must have a label for each of {rows} rows, got {in_short(y)}")
    strange = ~np.isin(labels, classes)
    if strange.any():
        raise ProblemError(
            f"y has the label {labels[strange].tolist()[0]!r}: fitted with {np.asarray(classes).tolist()}"
        )
    return np.asarray(labels == classes[1], dtype=np.float64)


def holds_dates(column: Any) -> bool:
    """Whether a series holds dates or times, however they are kept."""
    import pandas as pd

    values = column.dropna()
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    kind = pd.api.types.infer_dtype(values, skipna=True)
    return kind in ("datetime64", "datetime", "date", "time", "timedelta64", "timedelta", "period")


def refuse_dates(X: Any) -> None:
    """Refuse dates, or a data frame with a column of them, of which no model by default makes anything sensible.

    Raises
    ------
    ProblemError
        In a line that says which column, and what to do.
    """
    if not hasattr(X, "columns"):
        if getattr(X, "dtype", np.dtype(float)).kind in "mM":
            raise ProblemError("X holds dates or times: give the year, the month or the like as numbers")
        return
    for k, name in enumerate(X.columns):
        if holds_dates(X.iloc[:, k]):
            raise ProblemError(
                f"column {str(name)!r} holds dates or times: give the year, the month or the like as a column of its "
                "own, leave it out, or give a pipeline that takes it as base"
            )


def distinct_rows(exceeds: BoolArray) -> tuple[BoolArray, "np.ndarray[tuple[int], np.dtype[np.intp]]"]:
    """The distinct rows (u, m), and for each row (n,) which of them it is.

    What is predicted depends on a row's answers alone, and linear classes give few different ones.
    """
    packed = np.ascontiguousarray(np.packbits(exceeds, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return np.ascontiguousarray(exceeds[first]), which.reshape(-1)
