"""Accuracy of forecasts over many runs, and whether two forecasts differ in it: the Diebold-Mariano test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from omnisim.arrays import ROUNDING, FloatArray, IntArray
from omnisim.comparison.grid import LABELS
from omnisim.comparison.measuring import block_length, group_size

TESTED = (
    *("reference", "loss", "unit", "rounds", "seeds", "mean", "reference_mean"),
    *("difference", "statistic", "p_value", "lags"),
)
"""Columns of the table of tests, after ``LABELS``."""

FEWEST = 14
"""Rounds, two weeks of days: with fewer, autocovariances over a week say nothing, and nothing is tested."""


def accuracy(frame: pd.DataFrame, variant: IntArray, labels: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    """Rows of ``Analysis.accuracy`` of many runs, averaged over the seeds of a variant.

    Parameters
    ----------
    frame
        The rows, with columns as there.
    variant
        Of each row.
    labels
        Of each variant.
    """
    keys = ["variant", "forecaster", "subsequence", "measure", "unit"]
    means = frame.assign(variant=variant).groupby(keys, sort=False, observed=True)[["value", "baseline", "rounds"]]
    found = means.mean().reset_index().rename(columns={"forecaster": "broadcast_by"})
    rounds = found["rounds"].round().astype(int)
    heads = pd.DataFrame([labels[v] for v in found["variant"]], columns=list(LABELS))
    texts = {name: found[name].astype(str) for name in ("broadcast_by", "subsequence", "measure")}
    numbers = {name: found[name] for name in ("value", "baseline")}
    return heads.assign(**texts, **numbers, unit=found["unit"].astype(str), rounds=rounds)


@dataclass(frozen=True)
class Test:
    """A Diebold-Mariano test of equal expected losses.

    Attributes
    ----------
    difference
        Mean loss of the first less that of the second forecast: below 0 the first is better.
    statistic
        The difference over its standard error, corrected for small samples.
    p_value
        Two-sided; NaN, as the statistic, where there are too few rounds or the losses differ by a constant.
    lags
        Autocovariances that the standard error allows for.
    """

    difference: float
    statistic: float
    p_value: float
    lags: int


def diebold_mariano(first: FloatArray, second: FloatArray, sizes: IntArray | None = None) -> Test:
    """Test whether two forecasts of the same rounds have the same expected loss (Diebold, Mariano 1995).

    The variance of the mean difference of R losses is that of Newey and West (1987), with Bartlett weights on h - 1
    lags, where h is the length of the blocks that intervals are resampled by: R^(1/3), at least 7 and so a week of days
    (8 in a year). As Harvey, Leybourne and Newbold (1997) propose for a variance with h - 1 lags, the statistic is
    multiplied by the root of (R + 1 - 2 h + h (h - 1) / R) / R, and compared with Student's t with R - 1 degrees of
    freedom. Without autocorrelation 5 to 6 % of the tests then reject at 5 %, from R = 20 on; where neighbouring
    differences are correlated by a half it is 7 % at R = 365 and 9 % at R = 60.

    Parameters
    ----------
    first, second : (R,)
        Losses by round, or their means over groups of neighbouring rounds.
    sizes : (R,)
        Rounds of each group; 1 if omitted.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth, noise = rng.normal(size=(2, 400))
    >>> found = diebold_mariano(np.abs(noise), np.abs(noise) + 0.1 + 0.1 * truth)
    >>> found.difference < 0, found.p_value < 0.001
    (True, True)
    """
    groups = len(first)
    weights = np.ones(groups) if sizes is None else np.asarray(sizes, dtype=np.float64)
    total = float(weights.sum())
    losses = np.asarray(first - second)
    difference = float(weights @ losses) / total
    horizon = min(block_length(groups), groups)
    centred = weights * (losses - difference)
    variance = float(centred @ centred)
    for lag in range(1, horizon):
        variance += 2 * (1 - lag / horizon) * float(centred[lag:] @ centred[:-lag])
    # Rounding of differences that are all the same must not look like variation.
    least = groups * (ROUNDING * float(np.abs(weights * losses).max(initial=0.0))) ** 2
    if groups < FEWEST or variance <= least:
        return Test(difference, float("nan"), float("nan"), horizon - 1)
    correction = np.sqrt((groups + 1 - 2 * horizon + horizon * (horizon - 1) / groups) / groups)
    statistic = float(difference * total / np.sqrt(variance) * correction)
    return Test(difference, statistic, float(2 * stats.t.sf(abs(statistic), groups - 1)), horizon - 1)


@dataclass(frozen=True)
class Losses:
    """The losses of a run by round.

    Attributes
    ----------
    kind, unit
        What a loss is, and its unit.
    rounds
        T.
    means : (K,)
        Means over groups of :func:`~omnisim.comparison.measuring.group_size` rounds; single losses in most runs.
    """

    kind: str
    unit: str
    rounds: int
    means: FloatArray


def paired_tests(
    losses: Sequence[Mapping[int, Losses]],
    pairs: Sequence[tuple[int, int]],
    labels: Sequence[tuple[str, ...]],
    reference: str,
) -> pd.DataFrame:
    """One test for each pair of a variant and its reference; columns are ``LABELS`` and ``TESTED``.

    Both are judged on the same rounds of the same seeds: of each round, the mean loss over the seeds under which both
    finished. Seeds whose losses are of another kind than those of the first (where no event happened at all) are left
    out, and so is a pair without a seed.

    Parameters
    ----------
    losses
        By variant, the losses of its finished runs by seed.
    pairs
        Variants and their references.
    labels
        Of each variant.
    reference
        Name of the forecaster compared to.
    """
    rows = []
    for v, r in pairs:
        shared = [(losses[v][seed], losses[r][seed]) for seed in sorted(losses[v].keys() & losses[r].keys())]
        alike = [(own, other) for own, other in shared if _sort(own) == _sort(other) == _sort(shared[0][1])]
        if not alike:
            continue
        known = alike[0][0]
        first, second = (np.mean([pair[i].means for pair in alike], axis=0) for i in (0, 1))
        sizes = np.full(len(first), group_size(known.rounds))
        sizes[-1] = known.rounds - sizes[:-1].sum()
        found = diebold_mariano(first, second, sizes)
        over = (float(sizes @ each) / known.rounds for each in (first, second))
        about = (reference, known.kind, known.unit, known.rounds, len(alike))
        rows.append((*labels[v], *about, *over, found.difference, found.statistic, found.p_value, found.lags))
    return pd.DataFrame(rows, columns=[*LABELS, *TESTED])


def _sort(losses: Losses) -> tuple[str, str, int]:
    return losses.kind, losses.unit, losses.rounds
