"""The panprediction gap: for every loss and every group, how far acting on p is from the best comparator for that pair.

For a loss l of actions and a prediction p, whoever trusts p plays BR_l(p). With D(a) = l(a, 1) - l(a, 0),

    E g l(BR_l(p), Y) - E g l(h, Y) <= |E g (Y - p) D(BR_l(p))| + |E g (Y - p) D(h)|,

since BR_l(p) is the best action where Y has mean p. A function f of bounded variation is f at the end minus a mixture
of steps 1[. <= v] of total mass Var f, so that each term is at most (|f(end)| + Var f) eps_g, with eps_g the step
calibration error within the group. D o BR_l falls in p, and the gap is at most twice (|D(BR_l(1))| + D(BR_l(0)) -
D(BR_l(1))) eps_g / P(g) where comparators act by best response. This holds on every sample, exactly.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, as_read
from omnisim.batch.panprediction.measures import Law, group_errors
from omnisim.batch.panprediction.sample import Sample
from omnisim.errors import ProblemError
from omnisim.problem.losses import LossTable, ProperLoss
from omnisim.refusing import MOST_COUNTED, one_of, whole
from omnisim.signatures import held_to_types
from omnisim.wording import in_short

COLUMNS = (
    "loss", "group", "points", "weight", "panpredictor", "best", "best_loss", "single", "single_loss", "gap", "low",
    "high", "bound",
)  # fmt: skip

RESAMPLES, LEVEL = 1000, 0.95


def losses_of(loss: LossTable | ProperLoss, predictions: FloatArray, outcomes: FloatArray) -> FloatArray:
    """l(BR_l(p), y) of a table of losses of actions; l(p, y) of a proper loss, whose best response to p is p."""
    return loss.of_prediction(predictions, outcomes) if isinstance(loss, LossTable) else loss(predictions, outcomes)


@held_to_types(ProblemError)
def expected_losses(law: Law, outcomes: FloatArray, loss: LossTable | ProperLoss) -> FloatArray:
    """l(BR_l(p), y) of each point, (n,), in expectation over the law of p."""
    each = losses_of(loss, law.support, outcomes[:, None])
    return np.asarray((law.probabilities * each).sum(axis=1))


@held_to_types(ProblemError)
def variation(loss: LossTable | ProperLoss) -> float:
    """|D(BR_l(1))| + D(BR_l(0)) - D(BR_l(1)): what a step calibration error costs at most, on one side of the gap.

    >>> variation(LossTable([[0.0, 0.75], [0.25, 0.0]]))  # D is 0.75, then -0.25
    1.25
    """
    ends = np.array([0.0, 1.0])
    responses = loss.table[loss.best_response(ends)] if isinstance(loss, LossTable) else loss(ends[:, None], ends)
    first, last = (float(l1 - l0) for l0, l1 in responses)
    return abs(last) + first - last


@held_to_types(ProblemError)
def gap_table(
    law: Law,
    sample: Sample,
    losses: Mapping[str, LossTable | ProperLoss],
    group_names: Sequence[str],
    comparator_names: Sequence[str],
    *,
    clusters: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One row per loss and group.

    Comparators act by best response, BR_l(h(x)): each is a model of P(Y = 1 | x) that the user of that loss trusts.

    Columns
    -------
    loss, group; points (with g > 0), weight (P(g));
    panpredictor
        E[l(BR_l(p), Y) | g].
    best, best_loss
        The comparator that is best for this loss and group on this sample, and its loss.
    single, single_loss
        The one comparator with the least mean loss over all rows, and its loss here.
    gap, low, high
        panpredictor - best_loss, with a percentile bootstrap interval of 95 % for the difference to that comparator.
    bound
        What the step calibration error on this sample allows the gap to be; see the top of this file.

    Points with the same number in ``clusters`` (n,), such as the hours of a day, are resampled together.

    Raises
    ------
    ProblemError
        If there are no losses or no comparators.
    """
    if not losses or not comparator_names:
        raise ProblemError("a report of gaps needs at least one loss and one comparator")
    for name, loss in losses.items():
        one_of(
            f"losses[{name!r}] of gap_table", loss, LossTable | ProperLoss, "a LossTable or a ProperLoss", ProblemError
        )
    for what, names, count in (
        ("group_names", group_names, sample.groups.shape[1]),
        ("comparator_names", comparator_names, sample.comparators.shape[1]),
    ):
        if len(names) != count:
            raise ProblemError(f"{what} of gap_table must be {count}, as the sample has, got {in_short(names)}")
    whole("resamples of gap_table", resamples, 1, MOST_COUNTED, ProblemError)
    if clusters is not None and as_read("clusters", clusters).shape != (len(sample),):
        raise ProblemError(f"clusters must be one number per point, {len(sample)}, got {in_short(clusters)}")
    g = sample.groups
    weight = g.mean(axis=0)
    errors = group_errors(law, sample)
    own = {name: expected_losses(law, sample.outcomes, loss) for name, loss in losses.items()}
    theirs = {name: losses_of(loss, sample.comparators, sample.outcomes[:, None]) for name, loss in losses.items()}
    # (|G|, |H|) per loss.
    means = {name: (g.T @ each) / len(sample) / weight[:, None] for name, each in theirs.items()}
    single = int(np.mean([mean.mean(axis=0) for mean in means.values()], axis=0).argmin())
    drawing = _Resampling(len(sample) if clusters is None else clusters, resamples, rng)
    rows = []
    for name, loss in losses.items():
        mine = (g.T @ own[name]) / len(sample) / weight
        best = means[name].argmin(axis=1)
        differences = own[name][:, None] - theirs[name][:, best]
        low, high = drawing.interval(g * differences, g)
        for k, group in enumerate(group_names):
            rows.append(
                {
                    "loss": name, "group": group, "points": int((g[:, k] > 0).sum()), "weight": float(weight[k]),
                    "panpredictor": float(mine[k]), "best": comparator_names[best[k]],
                    "best_loss": float(means[name][k, best[k]]), "single": comparator_names[single],
                    "single_loss": float(means[name][k, single]), "gap": float(mine[k] - means[name][k, best[k]]),
                    "low": float(low[k]), "high": float(high[k]),
                    "bound": 2 * variation(loss) * float(errors[k] / weight[k]),
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


class _Resampling:
    """Bootstrap of ratios of sums over points (or clusters of them), the same resamples for all."""

    def __init__(self, clusters: ArrayLike | int, resamples: int, rng: np.random.Generator) -> None:
        names = np.arange(clusters) if isinstance(clusters, int) else np.asarray(clusters)
        self._place = np.unique(names, return_inverse=True)[1].reshape(-1)
        self._size = int(self._place.max()) + 1
        equal = np.full(self._size, 1 / self._size)
        self._counts = rng.multinomial(self._size, equal, size=resamples).astype(np.float64)

    def interval(self, numerator: FloatArray, denominator: FloatArray) -> FloatArray:
        """The ends of percentile intervals of the ratio of column sums, (2, columns)."""
        with np.errstate(invalid="ignore"):
            # A resample without any point of the group says nothing about it.
            drawn = (self._counts @ self._sums(numerator)) / (self._counts @ self._sums(denominator))
        tail = (1 - LEVEL) / 2
        return np.asarray(np.nanquantile(drawn, [tail, 1 - tail], axis=0))

    def _sums(self, values: FloatArray) -> FloatArray:
        if self._size == len(values):
            return values[np.argsort(self._place)]
        total = np.zeros((self._size, values.shape[1]))
        np.add.at(total, self._place, values)
        return total
