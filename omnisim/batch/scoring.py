"""Measures of anybody's probabilities: plain numbers ``p, y, groups, sample_weight``, as functions and as scorers.

Predictions p (n,) in [0, 1], from whatever model; outcomes y (n,) 0 or 1, or probabilities of 1; weights of rows >= 0.
Laws on a grid have measures of their own (:mod:`omnisim.batch.measures`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, within
from omnisim.batch.panprediction.gaps import losses_of
from omnisim.batch.panprediction.grouping import Grouping, as_frame
from omnisim.batch.panprediction.measures import Law, as_table, worst_sets
from omnisim.batch.panprediction.sample import Sample
from omnisim.batch.weighting import check_weights
from omnisim.errors import ProblemError
from omnisim.problem.losses import LossTable, ProperLoss, murphy_curve, thresholds


def expected_calibration_error(p: ArrayLike, y: ArrayLike, sample_weight: Any = None, *, bins: int = 10) -> float:
    """Sum over bins of |E (y - p) 1[p in bin]|, for bins with equal numbers of rows; ties of p stay together.

    >>> round(expected_calibration_error([0.2, 0.2, 0.8, 0.8], [0, 0, 1, 1], bins=2), 9)
    0.2
    """
    table = reliability_table(p, y, sample_weight, bins=bins)
    weight, rate, mean = (table[name].to_numpy() for name in ("weight", "rate", "mean prediction"))
    return float(weight @ np.abs(rate - mean))


def reliability_table(p: ArrayLike, y: ArrayLike, sample_weight: Any = None, *, bins: int = 10) -> pd.DataFrame:
    """A reliability diagram as numbers: per bin of p its weight, mean prediction, rate of y, and deviation of the rate.

    Bins hold equal numbers of rows, as far as ties of p allow.
    """
    predictions, outcomes, mass = _checked(p, y, sample_weight)
    if bins < 1:
        raise ProblemError(f"bins must be >= 1, got {bins}")
    inner = np.quantile(predictions, np.arange(1, bins) / bins)
    place = np.unique(np.searchsorted(np.unique(inner), predictions, side="left"), return_inverse=True)[1]
    total = np.bincount(place, mass)
    used = total > 0
    mean, rate = (np.bincount(place, mass * column)[used] / total[used] for column in (predictions, outcomes))
    squares = np.bincount(place, mass**2)[used] / total[used] ** 2
    return pd.DataFrame(
        {
            "weight": total[used] / mass.sum(),
            "mean prediction": mean,
            "rate": rate,
            "deviation": np.sqrt(rate * (1 - rate) * squares),
        }
    )


@dataclass(frozen=True)
class Decomposition:
    """Mean squared error = miscalibration - discrimination + uncertainty, exactly (CORP; Dimitriadis et al. 2021).

    Attributes
    ----------
    miscalibration
        What recalibrating p by the best increasing function would gain.
    discrimination
        What the recalibrated p gains over the mean outcome.
    uncertainty
        The squared error of the mean outcome.
    """

    miscalibration: float
    discrimination: float
    uncertainty: float

    @property
    def score(self) -> float:
        """The mean squared error."""
        return self.miscalibration - self.discrimination + self.uncertainty


def brier_decomposition(p: ArrayLike, y: ArrayLike, sample_weight: Any = None) -> Decomposition:
    """The parts of the Brier score, by isotonic regression of y on p: no bins to choose.

    >>> parts = brier_decomposition([0.2, 0.2, 0.6, 0.6], [0, 0, 0, 1])
    >>> round(parts.miscalibration, 4), round(parts.discrimination, 4), round(parts.uncertainty, 4)
    (0.025, 0.0625, 0.1875)
    """
    from sklearn.isotonic import IsotonicRegression

    predictions, outcomes, mass = _checked(p, y, sample_weight)
    curve = IsotonicRegression().fit(predictions, outcomes, sample_weight=mass)
    recalibrated, mean = curve.predict(predictions), np.average(outcomes, weights=mass)
    own, best, flat = (np.average((outcomes - q) ** 2, weights=mass) for q in (predictions, recalibrated, mean))
    return Decomposition(float(own - best), float(flat - best), float(flat))


@dataclass(frozen=True)
class StepCalibration:
    """The worst set {p <= v}, {h <= w} of a group, and whether chance alone would show one as bad.

    Attributes
    ----------
    error
        sup |E g (y - p) 1[p <= v] 1[h <= w]|.
    p_value
        How often outcomes drawn from the predictions themselves show as large an error; 1 / (replicates + 1) at least.
    sets
        A data frame: the worst set of every group and comparator.
    """

    error: float
    p_value: float
    sets: pd.DataFrame


def step_calibration(
    p: ArrayLike,
    y: ArrayLike,
    groups: Any = None,
    sample_weight: Any = None,
    *,
    comparators: Mapping[str, ArrayLike] | None = None,
    depth: int = 1,
    replicates: int = 99,
    random_state: int = 0,
) -> StepCalibration:
    """Step calibration with a p-value: if y were drawn from p, an error as large would come up with that chance.

    Parameters
    ----------
    p, y, sample_weight
        As at the top of this file.
    groups
        A data frame, mapping, series or array that describes the rows; its values and thirds make the groups, see
        :class:`~omnisim.batch.Postprocessor`.
    comparators
        Other models' predictions (n,) by name.
    depth
        Of intersections of groups.
    replicates
        How often outcomes are drawn, >= 0; with 0 the p-value is 1.
    random_state
        Of those draws.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(500) < 0.7
    >>> step_calibration(np.full(500, 0.5), y).p_value, step_calibration(np.full(500, y.mean()), y).error < 1e-9
    (0.01, True)
    """
    predictions, outcomes, mass = _checked(p, y, sample_weight)
    memberships, names = _groups(groups, len(predictions), depth)
    given = {} if comparators is None else dict(comparators)
    h = np.column_stack(
        [within(f"comparator {name!r}", one, (len(predictions),), 0, 1) for name, one in given.items()]
        or [np.zeros((len(predictions), 0))]
    )
    law, weighted = Law.points(predictions), memberships * mass[:, None]
    found = worst_sets(law, Sample(weighted, h, outcomes))
    error = max(abs(one.bias) for one in found)
    rng, larger = np.random.default_rng(random_state), 0
    for _ in range(replicates):
        drawn = (rng.random(len(predictions)) < predictions).astype(np.float64)
        larger += max(abs(one.bias) for one in worst_sets(law, Sample(weighted, h, drawn))) >= error
    return StepCalibration(error, (1 + larger) / (1 + replicates), as_table(found, names, list(given)))


def group_calibration(
    p: ArrayLike, y: ArrayLike, groups: Any = None, sample_weight: Any = None, *, bins: int = 10, depth: int = 1
) -> pd.DataFrame:
    """Multicalibration as a table, the worst group first.

    Columns: group, rows, weight, mean prediction, rate, bias (rate - mean prediction), deviation (of the bias, were y
    drawn from p), and calibration error (:func:`expected_calibration_error` within the group).
    """
    predictions, outcomes, mass = _checked(p, y, sample_weight)
    memberships, names = _groups(groups, len(predictions), depth)
    rows = []
    for name, member in zip(names, memberships.T, strict=True):
        own, inside = mass * member, member > 0
        if not own.any():
            continue
        mean, rate = (float(np.average(column, weights=own)) for column in (predictions, outcomes))
        noise = float(np.sqrt(np.sum(own**2 * predictions * (1 - predictions)))) / float(own.sum())
        error = expected_calibration_error(predictions[inside], outcomes[inside], own[inside], bins=bins)
        share = float(own.sum() / mass.sum())
        rows.append((name, int(inside.sum()), share, mean, rate, rate - mean, noise, error))
    columns = ["group", "rows", "weight", "mean prediction", "rate", "bias", "deviation", "calibration error"]
    table = pd.DataFrame(rows, columns=columns)
    worst = (table["bias"].abs() / table["deviation"].clip(lower=1e-300)).sort_values(ascending=False, kind="stable")
    return table.loc[worst.index].reset_index(drop=True)


def omniprediction_gaps(
    p: ArrayLike, y: ArrayLike, models: Mapping[str, ArrayLike], sample_weight: Any = None, *, m: int = 32
) -> pd.DataFrame:
    """Loss of acting on p beside named models: per model, the threshold of the largest excess loss, and that excess.

    The largest excess over models and thresholds is the omniprediction error of p against them, at the m thresholds
    (i - 1/2) / m; twice that plus 2 / m bounds the regret of every bounded proper loss.

    >>> omniprediction_gaps([0.5, 0.5], [0, 1], {"knows": [0.0, 1.0]}, m=2)["excess"].round(3).tolist()
    [0.125]
    """
    predictions, outcomes, mass = _checked(p, y, sample_weight)
    if not models:
        raise ProblemError("models must name one model or more to compare with")
    thetas = thresholds(m)
    own, rows = murphy_curve(predictions, outcomes, thetas, mass), []
    for name, other in models.items():
        theirs = within(f"model {name!r}", other, (len(predictions),), 0, 1)
        excess = own - murphy_curve(theirs, outcomes, thetas, mass)
        worst = int(excess.argmax())
        rows.append((name, float(thetas[worst]), float(excess[worst])))
    return pd.DataFrame(rows, columns=["model", "threshold", "excess"]).sort_values(
        "excess", ascending=False, kind="stable", ignore_index=True
    )


def murphy_difference(
    p: ArrayLike,
    q: ArrayLike,
    y: ArrayLike,
    sample_weight: Any = None,
    *,
    thetas: ArrayLike | None = None,
    level: float = 0.95,
    replicates: int = 500,
    random_state: int = 0,
) -> pd.DataFrame:
    """A Murphy diagram of two predictions, p less q, with a band: theta, difference, low, high.

    The band holds at all thresholds together with about the chance ``level`` (bootstrap of the largest standardized
    deviation). Where it lies below 0, p is better for every user who acts at such thresholds.
    """
    first, outcomes, mass = _checked(p, y, sample_weight)
    second = within("q", q, (len(first),), 0, 1)
    if not 0 < level < 1 or replicates < 2:
        raise ProblemError(f"level must lie in (0, 1) and replicates be >= 2, got {level} and {replicates}")
    at = np.arange(1, 100) / 100 if thetas is None else within("thetas", thetas, ("K",), 0, 1)

    def difference(weights: FloatArray) -> FloatArray:
        return murphy_curve(first, outcomes, at, weights) - murphy_curve(second, outcomes, at, weights)

    rng, n = np.random.default_rng(random_state), len(first)
    found = difference(mass)
    drawn = np.array([
        difference(mass * rng.multinomial(n, np.full(n, 1 / n)).astype(np.float64)) for _ in range(replicates)
    ])  # fmt: skip
    spread = drawn.std(axis=0, ddof=1)
    standard = np.abs(drawn - found) / np.where(spread > 0, spread, 1.0)
    half = float(np.quantile(standard.max(axis=1), level)) * spread
    return pd.DataFrame({"theta": at, "difference": found, "low": found - half, "high": found + half})


def regret_table(
    p: ArrayLike,
    y: ArrayLike,
    losses: Mapping[str, Any],
    models: Mapping[str, ArrayLike],
    groups: Any = None,
    sample_weight: Any = None,
    *,
    depth: int = 1,
) -> pd.DataFrame:
    """The heat map of regret: a row per group, a column per loss.

    Entries are the loss of acting on p less that of the model which is best for that loss and group. Losses by name: a
    :class:`~omnisim.problem.losses.LossTable`, a :class:`~omnisim.problem.losses.ProperLoss`, or the losses (A, 2) of A
    actions under y = 0 and y = 1; everybody acts by best response.
    """
    predictions, outcomes, mass = _checked(p, y, sample_weight)
    if not models or not losses:
        raise ProblemError("a table of regret needs at least one loss and one model")
    memberships, names = _groups(groups, len(predictions), depth)
    rows = len(predictions)
    others = np.column_stack([within(f"model {k!r}", one, (rows,), 0, 1) for k, one in models.items()])
    weights = memberships * mass[:, None]
    weights = weights / weights.sum(axis=0)
    found = {}
    for name, loss in losses.items():
        table = loss if isinstance(loss, LossTable | ProperLoss) else LossTable(loss)
        own = weights.T @ losses_of(table, predictions, outcomes)
        theirs = weights.T @ losses_of(table, others, outcomes[:, None])
        found[str(name)] = own - theirs.min(axis=1)
    return pd.DataFrame(found, index=pd.Index(names, name="group"))


def calibration_scorer(bins: int = 10) -> Any:
    """A scikit-learn scorer for two classes: minus the :func:`expected_calibration_error` of ``predict_proba``.

    >>> from sklearn.dummy import DummyClassifier
    >>> score = calibration_scorer()(DummyClassifier().fit([[0], [0]], [0, 1]), [[0], [0]], [0, 1])
    >>> bool(score == 0)
    True
    """
    from sklearn.metrics import make_scorer

    return make_scorer(_negative_calibration, response_method="predict_proba", bins=bins)


def step_calibration_scorer() -> Any:
    """A scikit-learn scorer for two classes, minus the step calibration error of ``predict_proba`` for everyone."""
    from sklearn.metrics import make_scorer

    return make_scorer(_negative_step, response_method="predict_proba")


def _negative_calibration(y: Any, p: Any, *, bins: int, sample_weight: Any = None) -> float:
    return -expected_calibration_error(_positive(p), _codes(y), sample_weight, bins=bins)


def _negative_step(y: Any, p: Any, sample_weight: Any = None) -> float:
    return -step_calibration(_positive(p), _codes(y), sample_weight=sample_weight, replicates=0).error


def _positive(p: Any) -> FloatArray:
    values = np.asarray(p, dtype=np.float64)
    return values[:, 1] if values.ndim == 2 else values


def _codes(y: Any) -> FloatArray:
    labels, codes = np.unique(np.asarray(y), return_inverse=True)
    if len(labels) > 2:
        raise ProblemError(f"y must have two labels, got {len(labels)}: measure one class against the rest")
    single = len(labels) == 1 and bool(labels[0])
    return np.ones(len(codes)) if single else codes.reshape(-1).astype(np.float64)


def _checked(p: ArrayLike, y: ArrayLike, sample_weight: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    predictions = within("p", p, ("n",), 0, 1)
    if not len(predictions):
        raise ProblemError("p is empty: a measure needs at least one row")
    outcomes = within("y", np.asarray(y, dtype=np.float64), (len(predictions),), 0, 1)
    return predictions, outcomes, check_weights(sample_weight, len(predictions))


def _groups(groups: Any, rows: int, depth: int) -> tuple[FloatArray, list[str]]:
    frame = as_frame(groups, rows)
    grouping = Grouping(None, depth, 1).fit(frame, rows)
    return grouping.table(frame, rows), grouping.names
