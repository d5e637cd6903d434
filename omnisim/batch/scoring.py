"""Measures of anybody's probabilities: plain numbers ``p, y, groups, sample_weight``.

Predictions p (n,) in [0, 1], from whatever model, or (n, 2) as ``predict_proba`` returns them; outcomes y (n,) 0 or 1,
probabilities of 1, or two labels that are texts, of which the second in alphabetical order counts as 1. Weights count:
a row of weight w stands for w rows (:mod:`omnisim.batch.weighting`), in means, bins, deviations and resamples alike.

Groups are what :class:`~omnisim.batch.Postprocessor` takes: columns that describe the rows (a data frame, mapping,
series or array), whose values and thirds make the groups; or, with these columns given as ``frame``, descriptions:
expressions, names of columns, functions. Everyone is always one of them.

Scorers are in :mod:`omnisim.batch.scorers`, drawings in :mod:`omnisim.figures`. Laws on a grid have measures of their
own (:mod:`omnisim.batch.measures`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, IntArray, within
from omnisim.batch.given import Seed, check_resamples, generator
from omnisim.batch.panprediction.gaps import losses_of
from omnisim.batch.panprediction.measures import Law, as_table, worst_sets
from omnisim.batch.panprediction.sample import Sample
from omnisim.batch.scored_rows import Rows
from omnisim.batch.weighting import Resampling, in_rounds, quantiles
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.problem.losses import LossTable, ProperLoss, murphy_curve, thresholds
from omnisim.refusing import MOST_COUNTED, is_whole, whole
from omnisim.signatures import held_to_types
from omnisim.wording import in_short

Named: TypeAlias = Mapping[Any, ArrayLike] | pd.DataFrame
"""Predictions (n,) of models by name."""


@held_to_types(ProblemError)
def expected_calibration_error(p: ArrayLike, y: ArrayLike, sample_weight: Any = None, *, bins: int = 10) -> float:
    """Sum over bins of |E (y - p) 1[p in bin]|, for bins with equal numbers of rows; ties of p stay together.

    >>> round(expected_calibration_error([0.2, 0.2, 0.8, 0.8], [0, 0, 1, 1], bins=2), 9)
    0.2
    """
    table = reliability_table(p, y, sample_weight, bins=bins)
    weight, rate, mean = (table[name].to_numpy() for name in ("weight", "rate", "mean prediction"))
    return float(weight @ np.abs(rate - mean))


@held_to_types(ProblemError)
def reliability_table(p: ArrayLike, y: ArrayLike, sample_weight: Any = None, *, bins: int | None = 10) -> pd.DataFrame:
    """A reliability diagram as numbers, a row per bin of p.

    Columns: weight (its share), mean prediction, rate (of y), deviation (of the rate, of so many independent outcomes),
    and what it adds to miscalibration and to discrimination: these sum to the parts of :func:`brier_decomposition` with
    the same bins.

    Bins hold equal numbers of rows, as far as ties of p allow; None for those of isotonic regression.
    """
    rows = Rows(p, y, sample_weight)
    place = _bins(rows, bins)
    total = np.bincount(place, rows.counts)
    mean, rate = (np.bincount(place, rows.counts * column) / total for column in (rows.p, rows.y))
    recalibrated, overall = (rows.y - rate[place]) ** 2, rows.mean(rows.y)
    gains = ((rows.y - one) ** 2 - recalibrated for one in (rows.p, overall))
    parts = [np.bincount(place, rows.counts * gain) / rows.total for gain in gains]
    return pd.DataFrame(
        {
            "weight": total / rows.total,
            "mean prediction": mean,
            "rate": rate,
            "deviation": np.sqrt(rate * (1 - rate) / total),
            "miscalibration": parts[0],
            "discrimination": parts[1],
        }
    )


@dataclass(frozen=True)
class Decomposition:
    """Mean squared error = miscalibration - discrimination + uncertainty, exactly (CORP; Dimitriadis et al. 2021).

    Attributes
    ----------
    miscalibration
        What recalibrating p would gain: by the best increasing function, or in bins by their rates.
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


@held_to_types(ProblemError)
def brier_decomposition(
    p: ArrayLike, y: ArrayLike, sample_weight: Any = None, *, bins: int | None = None
) -> Decomposition:
    """The parts of the Brier score, by isotonic regression of y on p, or in the bins of a reliability table.

    >>> parts = brier_decomposition([0.2, 0.2, 0.6, 0.6], [0, 0, 0, 1])
    >>> round(parts.miscalibration, 4), round(parts.discrimination, 4), round(parts.uncertainty, 4)
    (0.025, 0.0625, 0.1875)
    """
    table, rows = reliability_table(p, y, sample_weight, bins=bins), Rows(p, y, sample_weight)
    uncertainty = rows.mean((rows.y - rows.mean(rows.y)) ** 2)
    return Decomposition(float(table["miscalibration"].sum()), float(table["discrimination"].sum()), uncertainty)


@dataclass(frozen=True, eq=False, repr=False)
class StepCalibration(ByValue):
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


@held_to_types(ProblemError)
def step_calibration(
    p: ArrayLike,
    y: ArrayLike,
    groups: Any = None,
    sample_weight: Any = None,
    *,
    frame: Any = None,
    comparators: Named | None = None,
    depth: int = 1,
    replicates: int = 99,
    random_state: Seed = 0,
) -> StepCalibration:
    """Step calibration with a p-value: if y were drawn from p, an error as large would come up with that chance.

    Parameters
    ----------
    p, y, groups, sample_weight, frame
        As at the top of this file.
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
    rows = Rows(p, y, sample_weight)
    whole("replicates of step_calibration", replicates, 0, MOST_COUNTED, ProblemError)
    memberships, names = rows.groups(groups, frame, depth)
    given = {} if comparators is None else dict(comparators)
    h = np.column_stack(
        [rows.others(f"comparator {name!r}", one) for name, one in given.items()] or [np.zeros((len(rows.p), 0))]
    )
    law, weighted = Law.points(rows.p), memberships * (rows.counts / rows.counts.mean())[:, None]
    found = worst_sets(law, Sample(weighted, h, rows.y))
    error = max(abs(one.bias) for one in found)
    rng, larger = generator("step_calibration", random_state), 0
    # A row of weight w is so many independent outcomes.
    each, shares = in_rounds(rows.counts, "step_calibration") if replicates else (np.zeros(0, int), np.zeros(0))
    for _ in range(replicates):
        ones = shares * (rng.random(len(each)) < rows.p[each])
        drawn = np.clip(np.bincount(each, ones, len(rows.p)) / rows.counts, 0.0, 1.0)
        largest = max(abs(one.bias) for one in worst_sets(law, Sample(weighted, h, drawn)))
        larger += largest >= error * (1 - _ROUNDING)
    return StepCalibration(error, (1 + larger) / (1 + replicates), as_table(found, names, list(given)))


@held_to_types(ProblemError)
def group_calibration(
    p: ArrayLike,
    y: ArrayLike,
    groups: Any = None,
    sample_weight: Any = None,
    *,
    frame: Any = None,
    bins: int = 10,
    depth: int = 1,
) -> pd.DataFrame:
    """Multicalibration as a table, the worst group first.

    Columns: group, rows (that its weights stand for), weight (their share), mean prediction, rate, bias (rate - mean
    prediction), deviation (of the bias, were y drawn from p), and calibration error
    (:func:`expected_calibration_error` within the group).
    """
    rows = Rows(p, y, sample_weight)
    memberships, names = rows.groups(groups, frame, depth)
    found = []
    for name, member in zip(names, memberships.T, strict=True):
        own, inside = rows.counts * member, member > 0
        if not inside.any():
            continue
        mean, rate = (float(np.average(column, weights=own)) for column in (rows.p, rows.y))
        variance = float(np.sum(rows.counts * member**2 * rows.p * (1 - rows.p)))
        error = expected_calibration_error(rows.p[inside], rows.y[inside], own[inside], bins=bins)
        size, share = float(rows.counts[inside].sum()), float(own.sum() / rows.total)
        found.append((name, size, share, mean, rate, rate - mean, np.sqrt(variance) / float(own.sum()), error))
    columns = ["group", "rows", "weight", "mean prediction", "rate", "bias", "deviation", "calibration error"]
    table = pd.DataFrame(found, columns=columns)
    if (table["rows"] % 1 == 0).all():
        table["rows"] = table["rows"].astype(np.int64)
    worst = (table["bias"].abs() / table["deviation"].clip(lower=1e-300)).sort_values(ascending=False, kind="stable")
    return table.loc[worst.index].reset_index(drop=True)


@held_to_types(ProblemError)
def omniprediction_gaps(
    p: ArrayLike,
    y: ArrayLike,
    models: Named,
    sample_weight: Any = None,
    *,
    groups: Any = None,
    frame: Any = None,
    m: int = 32,
    depth: int = 1,
) -> pd.DataFrame:
    """Loss of acting on p beside named models: per model and group, the threshold of the largest excess, and this.

    Losses are means within the group. The largest excess over models and thresholds is the omniprediction error of p
    against them, at the m thresholds (i - 1/2) / m; twice that plus 2 / m bounds the regret of every bounded proper
    loss.

    >>> omniprediction_gaps([0.5, 0.5], [0, 1], {"knows": [0.0, 1.0]}, m=2)["excess"].round(3).tolist()
    [0.125]
    """
    rows = Rows(p, y, sample_weight)
    if not len(models):
        raise ProblemError("models must name one model or more to compare with")
    memberships, names = rows.groups(groups, frame, depth)
    thetas, found = thresholds(m), []
    others = {name: rows.others(f"model {name!r}", other) for name, other in models.items()}
    for group, member in zip(names, memberships.T, strict=True):
        mass = rows.counts * member
        if not mass.any():
            continue
        own = murphy_curve(rows.p, rows.y, thetas, mass)
        for name, theirs in others.items():
            excess = own - murphy_curve(theirs, rows.y, thetas, mass)
            worst = int(excess.argmax())
            found.append((name, group, float(thetas[worst]), float(excess[worst])))
    return pd.DataFrame(found, columns=["model", "group", "threshold", "excess"]).sort_values(
        "excess", ascending=False, kind="stable", ignore_index=True
    )


@held_to_types(ProblemError)
def murphy_difference(
    p: ArrayLike,
    q: ArrayLike,
    y: ArrayLike,
    sample_weight: Any = None,
    *,
    thetas: ArrayLike | None = None,
    level: float = 0.95,
    replicates: int = 500,
    random_state: Seed = 0,
) -> pd.DataFrame:
    """A Murphy diagram of two predictions, p less q, with a band: theta, difference, low, high.

    The band holds at all thresholds together with about the chance ``level`` (bootstrap of the largest standardized
    deviation). Where it lies below 0, p is better for every user who acts at such thresholds.
    """
    rows = Rows(p, y, sample_weight)
    second = rows.others("q", q)
    check_resamples("murphy_difference", level, replicates, 2)
    at = np.arange(1, 100) / 100 if thetas is None else within("thetas", thetas, ("K",), 0, 1)
    if not len(at):
        raise ProblemError("thetas of murphy_difference must be one threshold or more, got none")

    def difference(counts: FloatArray) -> FloatArray:
        return murphy_curve(rows.p, rows.y, at, counts) - murphy_curve(second, rows.y, at, counts)

    rng = generator("murphy_difference", random_state)
    resampling = Resampling(rows.counts, "murphy_difference")
    found = difference(rows.counts)
    drawn = np.array([difference(resampling.draw(rng)) for _ in range(replicates)])
    spread = drawn.std(axis=0, ddof=1)
    standard = np.abs(drawn - found) / np.where(spread > 0, spread, 1.0)
    half = float(np.quantile(standard.max(axis=1), level)) * spread
    return pd.DataFrame({"theta": at, "difference": found, "low": found - half, "high": found + half})


@held_to_types(ProblemError)
def regret_table(
    p: ArrayLike,
    y: ArrayLike,
    losses: Mapping[Any, Any],
    models: Named,
    groups: Any = None,
    sample_weight: Any = None,
    *,
    frame: Any = None,
    depth: int = 1,
    level: float = 0.95,
    replicates: int = 0,
    random_state: Seed = 0,
) -> pd.DataFrame:
    """The heat map of regret: a row per group, a column per loss.

    Entries are the loss of acting on p less that of the model which is best for that loss and group. Losses by name: a
    :class:`~omnisim.problem.losses.LossTable`, a :class:`~omnisim.problem.losses.ProperLoss`, or the losses (A, 2) of A
    actions under y = 0 and y = 1; everybody acts by best response.

    With ``replicates`` > 0 there are three columns per loss, (loss, "regret"), (loss, "low") and (loss, "high"): beside
    the entry the percentile interval of the bootstrap, of that level, of the difference to that model.
    """
    rows = Rows(p, y, sample_weight)
    if not len(models) or not losses:
        raise ProblemError("a table of regret needs at least one loss and one model")
    check_resamples("regret_table", level, replicates, 0)
    memberships, names = rows.groups(groups, frame, depth)
    others = np.column_stack([rows.others(f"model {k!r}", one) for k, one in models.items()])
    weights = memberships * rows.counts[:, None]
    weights = weights / weights.sum(axis=0)
    found, differences = {}, {}
    for name, loss in losses.items():
        table = loss if isinstance(loss, LossTable | ProperLoss) else LossTable(loss)
        own, theirs = losses_of(table, rows.p, rows.y), losses_of(table, others, rows.y[:, None])
        means = weights.T @ theirs
        found[str(name)] = weights.T @ own - means.min(axis=1)
        differences[str(name)] = own[:, None] - theirs[:, means.argmin(axis=1)]
    index = pd.Index(names, name="group")
    if not replicates:
        return pd.DataFrame(found, index=index)
    rng, resampling = generator("regret_table", random_state), Resampling(rows.counts, "regret_table")
    drawn: dict[str, list[FloatArray]] = {name: [] for name in found}
    for _ in range(replicates):
        mass = memberships * resampling.draw(rng)[:, None]
        with np.errstate(invalid="ignore"):  # a resample without any row of a group says nothing about it
            for name, each in differences.items():
                drawn[name].append((mass * each).sum(axis=0) / mass.sum(axis=0))
    tails = [(1 - level) / 2, (1 + level) / 2]
    columns: dict[tuple[str, str], FloatArray] = {}
    for name, regret in found.items():
        low, high = np.nanquantile(np.array(drawn[name]), tails, axis=0)
        columns |= {(name, "regret"): regret, (name, "low"): low, (name, "high"): high}
    return pd.DataFrame(columns, index=index)


def _bins(rows: Rows, bins: int | None) -> IntArray:
    """The bin (n,) of each row, none of them empty."""
    if bins is None:
        from sklearn.isotonic import IsotonicRegression

        levels = IsotonicRegression().fit(rows.p, rows.y, sample_weight=rows.counts).predict(rows.p)
    elif not is_whole(bins) or not 1 <= bins <= MOST_COUNTED:
        raise ProblemError(f"bins must be a whole number >= 1, or None, got {in_short(bins)}")
    else:
        ends = np.unique(quantiles(rows.p, np.arange(1, bins) / bins, rows.counts))
        levels = np.searchsorted(ends, rows.p, side="left")
    return np.asarray(np.unique(levels, return_inverse=True)[1].reshape(-1), dtype=np.int64)


_ROUNDING = 1e-12
