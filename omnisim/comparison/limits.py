"""Limits that agents exceeded and what clipping cut, over all runs of a variant."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from omnisim.arrays import IntArray
from omnisim.comparison.grid import LABELS

LIMITS = (
    *LABELS,
    *("population", "subsequence", "constraint", "unit", "agents", "rounds"),
    *("violated", "exceeding", "total", "largest"),
)
"""Columns of the table of violations."""

CUT = (
    *LABELS,
    *("quantity", "unit", "low", "high", "values", "clipped", "prices", "money"),
    *("lowest", "highest", "suggested_low", "suggested_high"),
)
"""Columns of the table of clipping."""


def limits(rows: pd.DataFrame, variant: IntArray, labels: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    """One row per variant, population, subsequence and constraint: means over seeds, and the largest excess of all.

    Parameters
    ----------
    rows
        Those of :func:`~omnisim.analysis.violation.violated_limits` of all runs, one below the other.
    variant
        Of each row.
    labels
        ``LABELS`` of each variant.
    """
    keys = ["population", "subsequence", "constraint", "unit"]
    shares = rows.assign(
        variant=variant,
        rounds=rows["rounds"] / rows["agents"],
        violated=rows["violated"] / rows["rounds"].where(rows["rounds"] > 0),
        exceeding=rows["exceeding"] / rows["agents"],
        total=rows["total"] / rows["agents"],
    )
    grouped = shares.groupby(["variant", *keys], sort=False, observed=True)
    means = grouped[["agents", "rounds", "violated", "exceeding", "total"]].mean()
    found = means.assign(largest=grouped["largest"].max()).reset_index().astype({"agents": int})
    found[keys] = found[keys].astype(str)
    return _named(found, labels)[list(LIMITS)]


def cut(rows: pd.DataFrame, variant: IntArray, labels: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    """One row per variant: the run of which most was cut.

    Parameters
    ----------
    rows
        The column ``clipping`` of all runs, one row each.
    variant
        Of each row.
    labels
        ``LABELS`` of each variant.
    """
    share = np.maximum(rows["prices"], rows["money"])
    texts = {name: rows[name].astype(str) for name in ("quantity", "unit")}
    ordered = rows.assign(variant=variant, share=share, **texts).sort_values("share", ascending=False, kind="stable")
    found = ordered.drop_duplicates("variant").sort_values("variant").reset_index(drop=True)
    return _named(found, labels)[list(CUT)]


def _named(frame: pd.DataFrame, labels: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    return frame.assign(**{name: [labels[v][i] for v in frame["variant"]] for i, name in enumerate(LABELS)})
