"""Recalibration within groups: a small change of log-odds, linear in them, for every group, pulled towards none.

Log-odds s of a score become s + sum_g g(x) (a_g + b_g s), where a and b minimize the logistic loss of the sample plus
ridge / 2 times the sum of their squares. So they are the most likely ones if each was drawn from a normal law of
variance 1 / ridge: of a group with few rows hardly anything is believed, of everyone much, and what several groups have
in common is shared among them. Swapping the two classes mirrors it; where the slope at 0 vanishes nothing is changed.
"""

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.batch.cross_fitted_models import log_odds
from omnisim.threads import at_most_threads

_ROWS = 1 << 14
"""Rows whose columns are in memory at a time."""

_STEPS, _HALVINGS = 100, 40


class Recalibration:
    """The fitted change.

    Attributes
    ----------
    shifts, slopes : (G,)
        a and b of each group.
    others : (K,)
        Coefficients of other columns, if there are any.
    """

    def __init__(self, shifts: FloatArray, slopes: FloatArray, others: FloatArray) -> None:
        self.shifts, self.slopes, self.others = shifts, slopes, others

    def __call__(self, scores: FloatArray, groups: FloatArray, others: FloatArray | None = None) -> FloatArray:
        """Probabilities (n,), from scores (n,), memberships (n, G) and other columns (n, K)."""
        odds = log_odds(scores)
        changed = odds + groups @ self.shifts + (groups @ self.slopes) * odds
        return np.asarray(_expit(changed if others is None else changed + others @ self.others))


def recalibrate(
    scores: FloatArray,
    groups: FloatArray,
    outcomes: FloatArray,
    weights: FloatArray,
    ridge: float,
    near: Recalibration | None = None,
    others: FloatArray | None = None,
) -> Recalibration:
    """Find it by Newton's method, with steps halved until the objective falls.

    Parameters
    ----------
    scores, outcomes : (n,)
        In [0, 1].
    groups : (n, G)
        Memberships in [0, 1].
    weights : (n,)
        How many rows each stands for.
    ridge
        > 0.
    near
        One that is likely near, which saves steps and has no part in the result; None for no change.
    others : (n, K)
        Other columns that log-odds are linear in, whose coefficients are pulled towards 0 likewise.

    Examples
    --------
    One group of everyone, and scores of 1/2 where all outcomes are 1: ridge a = sum of 1 - p.

    >>> y = np.ones(10)
    >>> found = recalibrate(np.full(10, 0.5), np.ones((10, 1)), y, y, 5.0)
    >>> bool(abs(5 * found.shifts[0] - 10 * (1 - 1 / (1 + np.exp(-found.shifts[0])))) < 1e-9)
    True
    """
    # Of products as small as these, threads wait for each other for longer than they work.
    with at_most_threads(1):
        beside = np.zeros((len(scores), 0)) if others is None else others
        start = np.zeros(2 * groups.shape[1] + beside.shape[1])
        if near is not None:
            start = np.concatenate([near.shifts, near.slopes, near.others])
        return _newton(log_odds(scores), groups, beside, outcomes, weights, ridge, start)


def _newton(
    odds: FloatArray,
    groups: FloatArray,
    others: FloatArray,
    outcomes: FloatArray,
    weights: FloatArray,
    ridge: float,
    start: FloatArray,
) -> Recalibration:
    count, found = groups.shape[1], start

    def objective(at: FloatArray) -> float:
        changed = odds + groups @ at[:count] + (groups @ at[count : 2 * count]) * odds + others @ at[2 * count :]
        losses = np.logaddexp(0.0, changed) - outcomes * changed
        return float(weights @ losses + ridge / 2 * (at @ at))

    value = objective(found)
    for _ in range(_STEPS):
        slope, curvature = ridge * found, ridge * np.eye(len(found))
        for begin in range(0, len(odds), _ROWS):
            some = slice(begin, begin + _ROWS)
            columns = np.hstack([groups[some], groups[some] * odds[some, None], others[some]])
            p = _expit(odds[some] + columns @ found)
            slope += columns.T @ (weights[some] * (p - outcomes[some]))
            curvature += (columns * (weights[some] * p * (1 - p))[:, None]).T @ columns
        step = np.linalg.solve(curvature, slope)
        if slope @ step < _DONE * (1 + abs(value)):
            break
        for _ in range(_HALVINGS):
            after = objective(found - step)
            if after < value:
                break
            step /= 2
        else:
            break
        found, value = found - step, after
    return Recalibration(found[:count], found[count : 2 * count], found[2 * count :])


_DONE = 1e-14
"""Falls of the objective below this, of its size, are rounding."""


def _expit(odds: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-np.logaddexp(0.0, -odds)))
