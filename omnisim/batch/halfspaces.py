"""Linear base predictors of several features: half-spaces of least empirical loss."""

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray, IntArray, finite
from omnisim.batch.base_predictors import TIE, BasePredictors, check_lengths, empirical_minimizers
from omnisim.batch.given import outcomes_of
from omnisim.batch.half_planes import cheapest_half_planes
from omnisim.batch.weighting import counted
from omnisim.errors import ProblemError
from omnisim.problem.losses.targets import Probability, Target
from omnisim.problem.losses.thresholds import thresholds
from omnisim.signatures import held_to_types

_PROBABILITY = Probability()

MARGIN = 1e-4
"""Least distance of points of a half-space from its edge, in the program's units.

Well above the solver's tolerances for feasibility (1e-6) times the numbers in a row.
"""


class Halfspaces(BasePredictors):
    """Sets {x : coefficients_i . x + intercept_i > 0}, one per threshold.

    Attributes
    ----------
    coefficients, intercept : (m, d), (m,)
        In the units of the features.
    gap : (m,)
        How much smaller ``risk`` could still be, at most: 0 where the program was solved to optimality.
    """

    def __init__(self, risk: FloatArray, coefficients: FloatArray, intercept: FloatArray, gap: FloatArray) -> None:
        super().__init__(risk)
        self.coefficients, self.intercept, self.gap = coefficients, intercept, gap

    def exceeds(self, x: ArrayLike) -> BoolArray:
        """The answers (n, m) at features x (n, d)."""
        points = finite("x", x, ("n", self.coefficients.shape[1]))
        return np.asarray(points @ self.coefficients.T + self.intercept > 0)


@held_to_types(ProblemError)
def linear_minimizers(
    x: ArrayLike,
    y: ArrayLike,
    m: int,
    target: Target = _PROBABILITY,
    time_limit: float = 10.0,
    *,
    sample_weight: ArrayLike | None = None,
) -> Halfspaces:
    """Minimizers over the linear functions of several features, with the gap that the time left open.

    Two features are solved exactly, by turning lines about all points: O(n^2 (log n + m)). For more there is one
    mixed-integer program per threshold, with a binary variable per distinct point: minimize sum_u v_u z_u with v_u the
    point's sum of V(theta_i, y), where z_u = 1 forces w . x_u + b >= margin (needed if v_u < 0) and z_u = 0 forces
    w . x_u + b <= 0 (if v_u > 0), features scaled to [-1, 1], |w_j| <= 1. So it is exact among half-spaces whose edge
    can be that far from the points in it. The best half-line of any one feature is a candidate too. HiGHS proves
    optimality for some dozens of points and leaves a gap for some hundreds.

    Parameters
    ----------
    x : (n, d)
        Features, d >= 1. For one feature :func:`~omnisim.batch.empirical_minimizers` is exact and fast.
    y, m, target, sample_weight
        As there; scaled weights may find another of equally good half-spaces.
    time_limit
        Seconds for each of the m programs of three features or more, > 0. A program that hits it may give another
        answer on another machine; ``gap`` says where.

    Raises
    ------
    ProblemError
        If an argument is malformed.

    Examples
    --------
    >>> x = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> base = linear_minimizers(x, [0, 0, 0, 1], m=1)
    >>> base.exceeds(x)[:, 0].tolist(), base.gap
    ([False, False, False, True], array([0.]))
    """
    points, outcomes, thetas = finite("x", x, ("n", "d")), outcomes_of(target, y), thresholds(m)
    check_lengths(len(points), len(outcomes))
    if not points.shape[1]:
        raise ProblemError("x must have a feature or more, got none")
    if not time_limit > 0:
        raise ProblemError(f"time_limit must be > 0 seconds, got {time_limit}")
    weights, n, (points, outcomes) = counted(sample_weight, len(outcomes), points, outcomes)
    distinct, which = np.unique(points, axis=0, return_inverse=True)
    middle = (distinct.max(axis=0) + distinct.min(axis=0)) / 2
    half = (distinct.max(axis=0) - distinct.min(axis=0)) / 2
    half[half == 0] = 1.0
    scaled = (distinct - middle) / half
    identification = target.identification(thetas, outcomes)
    if weights is not None:
        # Tolerances of programs and of half-planes are for costs of the order of 1 a row.
        n = float(len(outcomes))
        identification = identification * (weights / weights.mean())[:, None]
    costs = np.zeros((len(distinct), m))
    np.add.at(costs, which.reshape(-1), identification)
    varying = (distinct.max(axis=0) > distinct.min(axis=0)).nonzero()[0]
    exact = cheapest_half_planes(scaled[:, varying], costs) if len(varying) == 2 else None
    lines = [
        empirical_minimizers(points[:, j], outcomes, m, target, sample_weight=weights) for j in range(points.shape[1])
    ]
    d = points.shape[1]
    risk, gap = np.empty(m), np.empty(m)
    coefficients, intercept = np.zeros((m, d)), np.zeros(m)
    for i in range(m):
        candidates = [_as_halfspace(line.cut[i], bool(line.upwards[i]), j, d) for j, line in enumerate(lines)]
        bound = float(min(line.risk[i] for line in lines)) * n
        if exact is not None:
            bound = exact[2][i]
            candidates.append(_unscaled(exact[0][i], exact[1][i], varying, middle, half))
        elif len(varying) > 2:
            found, bound = _solve(scaled[:, varying], costs[:, i], time_limit)
            candidates += [_unscaled(slopes, offset, varying, middle, half) for slopes, offset in found]
        sums = [float(identification[points @ w + b > 0, i].sum()) for w, b in candidates]
        best = int(np.argmax(np.array(sums) <= min(sums) + TIE * n))
        coefficients[i], intercept[i] = candidates[best]
        risk[i] = sums[best] / n
        # Bounds and sums are computed in different orders: what is left of a proven optimum is rounding.
        left = max(0.0, sums[best] - bound) / n
        gap[i] = left if left > 1e-9 else 0.0
    return Halfspaces(risk, coefficients, intercept, gap)


def _solve(points: FloatArray, costs: FloatArray, time_limit: float) -> tuple[list[tuple[FloatArray, float]], float]:
    """The best (w, b) found, and a lower bound of the costs: {w . x + b > 0} holds the points of the set.

    None where the time was too short, or where the best set is clear: nothing and everything are among the half-lines.
    """
    import highspy

    from omnisim.solver import quiet_model

    d = points.shape[1]
    largest = 2 * d + 1 + MARGIN  # of |w . x + b|, b in [-(d + 1), d + 1], and the margin
    matters = costs != 0
    bound = float(costs[costs < 0].sum())
    rows, values, wanted = points[matters], costs[matters], costs[matters] < 0
    if wanted.all() or not wanted.any():
        return [], bound
    size = len(values)
    model = quiet_model()
    model.setOptionValue("time_limit", time_limit)
    model.setOptionValue("mip_rel_gap", 0.0)
    lower = np.concatenate([-np.ones(d), [-(d + 1.0)], np.zeros(size)])
    upper = np.concatenate([np.ones(d), [d + 1.0], np.ones(size)])
    model.addVars(d + 1 + size, lower, upper)
    binary = np.arange(d + 1, d + 1 + size, dtype=np.int32)
    model.changeColsCost(size, binary, values)
    model.changeColsIntegrality(size, binary, np.full(size, highspy.HighsVarType.kInteger))
    # Each row: w . x_u + b - largest z_u.
    columns = np.column_stack([np.tile(np.arange(d + 1), (size, 1)), binary]).astype(np.int32)
    coefficients = np.column_stack([rows, np.ones(size), np.full(size, -largest)])
    least = np.where(wanted, MARGIN - largest, -highspy.kHighsInf)
    most = np.where(wanted, highspy.kHighsInf, 0.0)
    starts = np.arange(size, dtype=np.int32) * (d + 2)
    model.addRows(size, least, most, coefficients.size, starts, columns.reshape(-1), coefficients.reshape(-1))
    model.run()
    information = model.getInfo()
    lower_bound = max(bound, float(information.mip_dual_bound))
    if information.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return [], lower_bound
    found = np.array(model.getSolution().col_value)
    return [(found[:d], float(found[d]) - MARGIN / 2)], lower_bound


def _unscaled(
    slopes: FloatArray, offset: float, varying: IntArray, middle: FloatArray, half: FloatArray
) -> tuple[FloatArray, float]:
    """Convert a half-space to the units of all features; those that do not vary have coefficient 0."""
    coefficients = np.zeros(len(middle))
    coefficients[varying] = slopes / half[varying]
    return coefficients, float(offset) - float(coefficients @ middle)


def _as_halfspace(cut: float, upwards: bool, feature: int, d: int) -> tuple[FloatArray, float]:
    slopes = np.zeros(d)
    if np.isinf(cut):
        return slopes, 1.0 if upwards == (cut < 0) else -1.0
    slopes[feature] = 1.0 if upwards else -1.0
    return slopes, -cut if upwards else cut
