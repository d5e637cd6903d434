"""Accuracy of forecasts over many runs, and tests of whether two forecasts differ in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray, IntArray
from omnisim.comparison.grid import LABELS
from omnisim.comparison.measuring import group_size
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
