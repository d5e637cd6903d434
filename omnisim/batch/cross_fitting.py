"""Cross-fitting of any base predictors.

Forecasters learn with it in a run, so it imports none of what is needed for the models of others.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray
from omnisim.batch.base_predictors import BasePredictors, check_lengths
from omnisim.batch.given import Seed, as_rows, generator
from omnisim.batch.weighting import check_counts, rows_of
from omnisim.errors import ProblemError
from omnisim.refusing import is_whole
from omnisim.signatures import held_to_types
from omnisim.wording import in_short


@held_to_types(ProblemError)
def cross_fitted(
    fit: Callable[..., BasePredictors],
    x: ArrayLike,
    y: ArrayLike,
    folds: int = 5,
    random_state: Seed = 0,
    *,
    sample_weight: ArrayLike | None = None,
) -> tuple[BoolArray, BasePredictors]:
    """Answers for an ensemble to be fitted on the *same* sample as its base predictors.

    Each row is answered by base predictors fitted on the other folds. New points are answered by base predictors fitted
    on all rows. Where there is data enough, a sample of the base predictors' own is the theory's choice.

    Parameters
    ----------
    fit
        From (x, y) to base predictors: ``lambda x, y: empirical_minimizers(x, y, m=16)``. With weights from (x, y, w).
    x, y : (n, ...), (n,)
        The sample.
    folds
        At least 2, at most n; rows are dealt at random.
    random_state
        A seed or generator for that.
    sample_weight : (n,)
        How many rows each stands for, >= 0; None for one each. A row is in one fold, whatever its weight; one of weight
        0 is in none, and is answered by base predictors for new points.

    Returns
    -------
    exceeds : (n, m) bool
        For fitting the ensemble.
    base
        Base predictors for new points.

    Raises
    ------
    ProblemError
        If the number of folds does not fit, or an argument is malformed.

    Examples
    --------
    >>> from omnisim.batch import empirical_minimizers
    >>> exceeds, base = cross_fitted(lambda x, y: empirical_minimizers(x, y, m=2), [1, 2, 3, 4], [0, 0, 1, 1], folds=2)
    >>> exceeds.shape, base.m
    ((4, 2), 2)
    """
    points, outcomes = x if hasattr(x, "iloc") else as_rows("x", x), as_rows("y", y)
    rows = row_count(points)
    check_lengths(rows, len(outcomes))
    weights = check_counts(sample_weight, rows)
    used = np.flatnonzero(np.ones(rows) if weights is None else weights)
    if not is_whole(folds) or not 2 <= folds <= len(used):
        raise ProblemError(f"folds must be >= 2 and at most the number of rows, {len(used)}, got {in_short(folds)}")
    fold = np.full(rows, _NO_FOLD)
    fold[used] = generator("cross_fitted", random_state).permutation(len(used)) % folds

    def fitted(some: Any) -> BasePredictors:
        given = (rows_of(points, some), outcomes[some])
        return fit(*given) if weights is None else fit(*given, weights[some])

    base = fit(points, outcomes) if weights is None else fitted(used)
    exceeds = np.zeros((rows, base.m), dtype=np.bool_)
    for k in range(folds):
        exceeds[fold == k] = fitted((fold != k) & (fold != _NO_FOLD)).exceeds(rows_of(points, fold == k))
    if len(used) < rows:
        exceeds[fold == _NO_FOLD] = base.exceeds(rows_of(points, fold == _NO_FOLD))
    return exceeds, base


def row_count(x: Any) -> int:
    """Number of rows of an array or data frame."""
    return len(x) if hasattr(x, "iloc") else len(as_rows("x", x))


_NO_FOLD = -1
