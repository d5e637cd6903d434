"""Certificates of all runs of a variant, counted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from omnisim.arrays import IntArray
from omnisim.comparison.grid import LABELS

_KEY = ["theorem", "claim", "scope", "population", "subsequence", "probability"]

COLUMNS = [*LABELS, *_KEY, "runs", "held", "vacuous", "violated", "excess", "measured", "bound", "worst_run"]


def certificates(
    rows: pd.DataFrame, variant: IntArray, run: np.ndarray, labels: Sequence[tuple[str, ...]]
) -> pd.DataFrame:
    """Count how often each certificate held, and find the run that came closest to breaking it.

    Parameters
    ----------
    rows
        Certificates of all runs, one below the other.
    variant, run
        Which variant and run each row is of.
    labels
        ``LABELS`` of each variant.
    """
    if not len(rows):
        return pd.DataFrame(columns=COLUMNS)
    vacuous = rows["hypotheses_met"] == 0
    holds = rows["holds"].astype(bool)
    rows = rows.assign(
        variant=variant,
        worst_run=run,
        runs=1,
        held=(holds & ~vacuous).astype(int),
        vacuous=vacuous.astype(int),
        violated=(~holds).astype(int),
        excess=rows["measured"] - rows["bound"],
    )
    grouped = rows.groupby(["variant", *_KEY], sort=False, observed=True, dropna=False)
    counted = grouped[["runs", "held", "vacuous", "violated"]].sum()
    # Where all are vacuous there is no worst one; the place is kept with its first row, whose numbers are NaN.
    worst = rows.assign(rank=rows["excess"].fillna(-np.inf)).loc[
        lambda frame: frame.groupby(["variant", *_KEY], sort=False, observed=True, dropna=False)["rank"].idxmax()
    ]
    found = counted.reset_index().merge(
        worst[["variant", *_KEY, "excess", "measured", "bound", "worst_run"]], on=["variant", *_KEY], how="left"
    )
    for i, name in enumerate(LABELS):
        found[name] = [labels[v][i] for v in found["variant"]]
    return found[COLUMNS]
