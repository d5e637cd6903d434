"""Accuracy of forecasts over many runs, and whether two forecasts differ in it: the Diebold-Mariano test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from omnisim.arrays import FloatArray, IntArray
from omnisim.comparison.grid import LABELS
from omnisim.comparison.run import block_length

TESTED = (
    "reference", "loss", "unit", "rounds", "mean", "reference_mean", "difference", "statistic", "p_value", "lags",
)  # fmt: skip
"""Columns of the table of tests, after ``LABELS``."""


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
        Two-sided, from Student's t with R - 1 degrees of freedom; NaN where the losses do not differ at all.
    lags
        Autocovariances that the standard error allows for.
    """

    difference: float
    statistic: float
    p_value: float
    lags: int


def diebold_mariano(first: FloatArray, second: FloatArray) -> Test:
    """Test whether two forecasts of the same rounds have the same expected loss (Diebold, Mariano 1995).

    The variance of the mean difference is that of Newey and West (1987), with Bartlett weights on as many lags as the
    blocks of the bootstrap intervals are long, less one (7 in a year of days). The statistic is corrected as by Harvey,
    Leybourne and Newbold (1997) for one-step forecasts and compared with Student's t.

    Parameters
    ----------
    first, second : (R,)
        Losses by round, R >= 2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth, noise = rng.normal(size=(2, 400))
    >>> found = diebold_mariano(np.abs(noise), np.abs(noise) + 0.1 + 0.1 * truth)
    >>> found.difference < 0, found.p_value < 0.001
    (True, True)
    """
    losses = np.asarray(first - second)
    rounds = len(losses)
    lags = min(block_length(rounds), rounds) - 1
    centred = losses - losses.mean()
    variance = float(centred @ centred) / rounds
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag]) / rounds
    difference = float(losses.mean())
    if not variance > 0:
        return Test(difference, float("nan"), float("nan"), lags)
    statistic = difference / np.sqrt(variance / rounds) * np.sqrt((rounds - 1) / rounds)
    return Test(difference, float(statistic), float(2 * stats.t.sf(abs(statistic), rounds - 1)), lags)


def tests(
    losses: Sequence[FloatArray | None],
    pairs: Sequence[tuple[int, int]],
    labels: Sequence[tuple[str, ...]],
    reference: str,
    loss: tuple[str, str],
) -> pd.DataFrame:
    """One test for each pair of a variant and its reference; columns are ``LABELS`` and ``TESTED``.

    Parameters
    ----------
    losses
        By variant, (T,): mean over its seeds; None where it has no finished run.
    pairs
        Variants and their references.
    labels
        Of each variant.
    reference
        Name of the forecaster compared to.
    loss
        What the losses are, and their unit.
    """
    rows = []
    for v, r in pairs:
        first, second = losses[v], losses[r]
        if first is None or second is None or len(first) != len(second):
            continue
        both = np.isfinite(first) & np.isfinite(second)
        if both.sum() < 2:
            continue
        found = diebold_mariano(first[both], second[both])
        means = float(first[both].mean()), float(second[both].mean())
        rows.append(
            (*labels[v], reference, *loss, int(both.sum()), *means, found.difference, found.statistic, found.p_value,
             found.lags)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=[*LABELS, *TESTED])
