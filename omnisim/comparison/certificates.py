"""Certificates of all runs of a variant, counted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from omnisim.analysis.evidence import Status
from omnisim.arrays import IntArray
from omnisim.comparison.grid import LABELS

_KEY = ["theorem", "claim", "scope", "population", "subsequence", "probability"]

COUNTS: dict[str, Status] = {
    "held": Status.INFORMATIVE,
    "vacuous": Status.VACUOUS,
    "unmet": Status.UNMET,
    "checked": Status.CHECK,
    "violated": Status.VIOLATED,
}
"""Columns that count the runs in which a certificate came out so; they add up to all runs."""

COLUMNS = [*LABELS, *_KEY, "runs", *COUNTS, "excess", "measured", "bound", "worst_run"]


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
    rows = rows.assign(
        variant=variant,
        worst_run=run,
        runs=1,
        excess=rows["measured"] - rows["bound"],
        **{name: (rows["status"] == status).astype(int) for name, status in COUNTS.items()},
    )
    grouped = rows.groupby(["variant", *_KEY], sort=False, observed=True, dropna=False)
    counted = grouped[["runs", *COUNTS]].sum()
    # Where no agent meets the hypotheses in any run there is no worst one: its first row, of NaN, keeps the place.
    worst = rows.assign(rank=rows["excess"].fillna(-np.inf)).loc[
        lambda frame: frame.groupby(["variant", *_KEY], sort=False, observed=True, dropna=False)["rank"].idxmax()
    ]
    found = counted.reset_index().merge(
        worst[["variant", *_KEY, "excess", "measured", "bound", "worst_run"]], on=["variant", *_KEY], how="left"
    )
    for i, name in enumerate(LABELS):
        found[name] = [labels[v][i] for v in found["variant"]]
    return found[COLUMNS]
