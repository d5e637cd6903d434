"""Tables of the runs of each variant: accuracy and its tests, certificates, limits exceeded, and clipping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omnisim.analysis.evidence import Status
from omnisim.arrays import FloatArray, IntArray
from omnisim.comparison.grid import LABELS
from omnisim.comparison.run import group_size
from omnisim.problem.clipping import larger_share
from omnisim.statistics.diebold_mariano import diebold_mariano

TESTED = (
    *("reference", "loss", "unit", "rounds", "seeds", "mean", "reference_mean"),
    *("difference", "statistic", "p_value", "lags"),
)
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
class Losses:
    """The losses of a run by round.

    Attributes
    ----------
    kind, unit
        What a loss is, and its unit.
    rounds
        T.
    means : (K,)
        Means over groups of :func:`~omnisim.comparison.run.group_size` rounds; single losses in most runs.
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


_KEY = ["theorem", "claim", "scope", "population", "subsequence", "basis", "probability"]

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
    share = larger_share(rows["prices"], rows["money"])
    texts = {name: rows[name].astype(str) for name in ("quantity", "unit")}
    ordered = rows.assign(variant=variant, share=share, **texts).sort_values("share", ascending=False, kind="stable")
    found = ordered.drop_duplicates("variant").sort_values("variant").reset_index(drop=True)
    return _named(found, labels)[list(CUT)]


def _named(frame: pd.DataFrame, labels: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    return frame.assign(**{name: [labels[v][i] for v in frame["variant"]] for i, name in enumerate(LABELS)})
