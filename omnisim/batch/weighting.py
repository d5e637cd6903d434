"""Weights of rows, and what they mean, in one place.

Weights count: a row of weight w stands for w rows, in what learns and in what measures. Then a whole number is that
many copies of the row, 0 is no row, and the sum W of the weights is the sample size n wherever one enters (a rate, a
buffer, the noise of a set, the deviation of a rate, the number of thresholds). Scaling all weights is to claim another
sample size; where none enters, such as in an empirical minimizer, a mean or a quantile, it changes nothing. Weights
that say how much a row matters, and not how many there are of it, should be scaled to a mean of 1.

Estimators put rows in an order that depends on their content alone, and repeat those of whole weights
(:func:`rows_to_learn_from`). So "copies of the row" is exact there, whatever is fitted to them, folds dealt at random
and models of others included: after these two steps both samples are the same. (Behind a transformer that is fitted
with weights, features are the same but for rounding, and so is the order.)
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray, IntArray, finite
from omnisim.errors import ProblemError

_MOST_REPEATED = 2**20
"""Rows up to which those of whole weights are repeated."""

_MOST_ROUNDS = 2**22
"""Rounds up to which a game is played with weights of any size."""

_FEWEST = 2
"""Rows that weights should stand for at least."""


def check_counts(weights: Any, rows: int) -> FloatArray | None:
    """Weights (rows,) as they are, or None for one each.

    Raises
    ------
    ProblemError
        If their number is another one, one is negative or no number, or all are 0.

    Examples
    --------
    >>> check_counts([1, 0], 2)
    array([1., 0.])
    >>> check_counts([1, -1], 2)
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: sample_weight must be >= 0, got -1 in row 1
    """
    if weights is None:
        return None
    values = finite("sample_weight", weights, (rows,))
    negative = np.flatnonzero(values < 0)
    if len(negative):
        raise ProblemError(f"sample_weight must be >= 0, got {values[negative[0]]:g} in row {negative[0]}")
    if rows and not values.any():
        raise ProblemError("sample_weight must be >= 0, and not all of the weights may be zero")
    if not np.isfinite(values.sum()):
        raise ProblemError("sample_weight sums to infinity: scale the weights, such as to a mean of 1")
    return values


def counted(weights: Any, rows: int, *tables: Any) -> tuple[FloatArray | None, float, list[Any]]:
    """Checked weights of the rows that have any, their sum W, and these rows of some tables.

    Without weights all is returned as it was, and W is the number of rows.

    >>> counted([2, 0], 2, np.array([[5.0], [6.0]]))
    (array([2.]), 2.0, [array([[5.]])])
    """
    values = check_counts(weights, rows)
    if values is None:
        return None, float(rows), list(tables)
    used = values > 0
    return values[used], float(values.sum()), [rows_of(table, used) for table in tables]


def rows_of(X: Any, rows: Any) -> Any:
    """Some rows of an array or data frame."""
    return X.iloc[rows] if hasattr(X, "iloc") else np.asarray(X)[rows]


def rows_to_learn_from(X: Any, y: Any, sample_weight: Any, name: str) -> tuple[IntArray, FloatArray | None]:
    """Rows (R,) of a sample in the order of their content, and what each counts (R,); None for one each.

    Rows of weight 0 are left out. If all weights are whole numbers, rows are repeated, as long as there are at most
    2^20 of them: fits to them are then those to the rows repeated, to the last bit.

    Parameters
    ----------
    X : (n, ...)
        An array or data frame.
    y : (n,)
        Outcomes of any kind.
    sample_weight : (n,)
        As given by a user, or None.
    name
        What learns, for errors.

    Raises
    ------
    ProblemError
        If the weights are malformed, or their sum is below 2 rows.

    Examples
    --------
    >>> rows, counts = rows_to_learn_from(np.eye(3), [0, 1, 1], [2, 0, 1], "it")
    >>> sorted(rows.tolist()), counts
    ([0, 0, 2], None)
    """
    weights = check_counts(sample_weight, len(y))
    if weights is None:
        return np.lexsort(_content(X, y, np.ones(len(y), dtype=bool))), None
    if weights.sum() < _FEWEST and len(y) >= _FEWEST:
        raise ProblemError(
            f"sample_weight of {name} sums to {weights.sum():.4g}, but weights count rows, and at least {_FEWEST} are "
            "needed: scale them, such as to a mean of 1"
        )
    order = np.lexsort((weights, *_content(X, y, weights > 0)))
    order = order[weights[order] > 0]
    used = weights[order]
    if (used == np.floor(used)).all() and used.sum() <= max(_MOST_REPEATED, len(used)):
        return np.repeat(order, used.astype(np.int64)), None
    return order, used


def in_rounds(weights: FloatArray, name: str) -> tuple[IntArray, FloatArray]:
    """Rounds in which a game plays rows of these weights: the row (R,) of each, and what it counts (R,), in (0, 1].

    A row of weight w is played in floor(w) rounds that count 1, and one more that counts what is left.

    Raises
    ------
    ProblemError
        If they are more than four million, and more than four per row.

    Examples
    --------
    >>> in_rounds(np.array([2.0, 0.0, 0.5]), "it")
    (array([0, 0, 2]), array([1. , 1. , 0.5]))
    """
    copies = np.ceil(weights)
    if copies.sum() > max(_MOST_ROUNDS, 4 * len(weights)):
        raise ProblemError(
            f"sample_weight of {name} sums to {weights.sum():.4g}: a row is played as often as its weight, in at most "
            f"{_MOST_ROUNDS:,} rounds; scale the weights, such as to a mean of 1"
        )
    rows = np.repeat(np.arange(len(weights)), copies.astype(np.int64))
    counts = np.ones(len(rows))
    ends = copies.cumsum().astype(np.int64) - 1
    played = copies > 0
    counts[ends[played]] = (weights - copies + 1)[played]
    return rows, counts


def quantiles(values: FloatArray, levels: ArrayLike, counts: FloatArray) -> FloatArray:
    """Quantiles of numbers (n,) that stand for so many rows each, (n,): always one of the numbers.

    The quantile of level q is the least number that, with all below it, has the share q of the rows.

    >>> quantiles(np.array([5.0, 1.0, 3.0]), [0.5, 0.9], np.array([1.0, 2.0, 1.0]))
    array([1., 5.])
    """
    order = np.argsort(values, kind="stable")
    reached = counts[order].cumsum()
    # A share that is reached but for rounding is reached.
    place = np.searchsorted(reached, np.asarray(levels) * reached[-1] * (1 - _ROUNDING), side="left")
    return np.asarray(values[order][np.minimum(place, len(values) - 1)])


class Resampling:
    """Bootstrap resamples of rows that stand for so many rows each, (n,).

    As many are drawn as there are rounds (:func:`in_rounds`): of whole counts as many as they sum to, each alike.
    """

    def __init__(self, counts: FloatArray, name: str) -> None:
        self._rows, self._shares = in_rounds(counts, name)
        self._size = len(counts)

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """The numbers of rows (n,) that each stands for in one resample."""
        rounds = len(self._rows)
        drawn = rng.multinomial(rounds, np.full(rounds, 1 / rounds))
        return np.asarray(np.bincount(self._rows, self._shares * drawn, self._size), dtype=np.float64)


_ROUNDING = 1e-12
"""Relative error of sums of counts."""


def _content(X: Any, y: Any, used: BoolArray) -> tuple[Any, Any]:
    """Two numbers (n,) per row: of what it holds, and before that of what it holds to six digits.

    So rounding, as of a scaled feature, hardly ever moves a row. Numbers count whatever their type, and outcomes that
    are none as numbers of the sorted labels of the rows that are used. Two different rows share a number with a chance
    of 2^-64.
    """
    import pandas as pd

    table = (X if hasattr(X, "iloc") else pd.DataFrame(np.asarray(X).reshape(len(y), -1))).infer_objects()
    parts = [table.iloc[:, k] for k in range(table.shape[1])] + [pd.Series(_numbered(y, used))]
    exact: Any = np.zeros(len(y), dtype=np.uint64)
    rounded = exact.copy()
    for part in parts:
        if pd.api.types.is_numeric_dtype(part.dtype):
            values = part.to_numpy(dtype=np.float64, na_value=np.nan)
            mantissa, exponent = np.frexp(values)
            near = np.ldexp(np.round(np.ldexp(mantissa, _BITS)), exponent - _BITS)
            both = [_hashed(pd.Series(each + 0.0)) for each in (values, near)]  # 0 has no sign
        else:
            both = 2 * [_hashed(part)]
        exact, rounded = (found * _MULTIPLIER + each for found, each in zip((exact, rounded), both, strict=True))
    return exact, rounded


def _hashed(part: Any) -> Any:
    import pandas as pd

    try:
        hashed = pd.util.hash_pandas_object(part, index=False)
    except TypeError:
        # Cells that are lists and the like.
        hashed = pd.util.hash_pandas_object(part.astype(str), index=False)
    return hashed.to_numpy(dtype=np.uint64)


def _numbered(y: Any, used: BoolArray) -> Any:
    """Outcomes (n,) as they are, or where they are labels their places among those of the rows that are used."""
    values = np.asarray(y)
    if values.dtype.kind in "biuf":
        return values
    try:
        return np.searchsorted(np.unique(values[used]), values)
    except TypeError:  # labels of several types have no order
        return values


_BITS = 20
"""Binary digits of numbers that say where a row stands."""

_MULTIPLIER = np.uint64(6364136223846793005)
"""Odd, of Knuth's linear congruential generator: the same numbers in other columns give another sum."""
