"""The experiment on a finite class of forecasts: base predictors, methods and judgement each have rows of their own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.batch import finite_minimizers
from omnisim.problem.losses import thresholds
from omnisim.studies.omniprediction.methods import CONSTANTS, RULES, Points, errors, excess

BASE_POINTS = 500
"""Rows on which base predictors minimize their losses, as in the paper."""

ERROR = "omniprediction error"


@dataclass(frozen=True, eq=False)
class Pools:
    """Rows, and which of them the three samples are drawn from.

    Attributes
    ----------
    columns : (n, F)
        Probabilities that the members of the class give.
    y : (n,)
        Outcomes.
    base, train, judged
        Indices of rows; no row drawn for the base predictors is drawn for the methods.
    test_points
        How many of ``judged`` are drawn; None for all.
    """

    columns: FloatArray
    y: FloatArray
    base: IntArray
    train: IntArray
    judged: IntArray
    test_points: int | None = None


def experiment(
    pools: Pools,
    sizes: Sequence[int],
    seeds: Sequence[int],
    constants: Mapping[str, Sequence[float]] = CONSTANTS,
) -> Iterator[dict[str, Any]]:
    """One draw: a row per rule for m, size, method and c: rule, n, m, method, c, chosen, and the error.

    Smaller samples are parts of larger ones.
    """
    base, train, judged = _drawn(pools, max(sizes), np.random.default_rng(list(seeds)))
    for rule, thresholds_of in RULES.items():
        for n in sizes:
            m = thresholds_of(n)
            sample, judges = _points(pools, m, base, train[:n], judged)
            about = {"rule": rule, "n": n, "m": m}
            yield from (about | row for row in errors(sample, {ERROR: judges}, constants))


def by_threshold(pools: Pools, n: int, m: int, seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    """One draw at the chosen c: a row per method and threshold, with the excess loss on the rows judged."""
    base, train, judged = _drawn(pools, n, np.random.default_rng(list(seeds)))
    sample, judges = _points(pools, m, base, train, judged)
    for method, each in excess(sample, judges):
        for theta, value in zip(thresholds(m), each, strict=True):
            yield {"method": method, "threshold": float(theta), "excess": float(value)}


def _drawn(pools: Pools, n: int, rng: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
    base = rng.permutation(pools.base)[:BASE_POINTS]
    train = rng.permutation(np.setdiff1d(pools.train, base))[:n]
    judged = pools.judged if pools.test_points is None else rng.permutation(pools.judged)[: pools.test_points]
    return base, train, judged


def _points(pools: Pools, m: int, base: IntArray, train: IntArray, judged: IntArray) -> tuple[Points, Points]:
    chosen = finite_minimizers(pools.columns[base], pools.y[base], m)
    sample, judges = (
        Points(chosen.exceeds(pools.columns[rows]), pools.y[rows], columns=pools.columns[rows])
        for rows in (train, judged)
    )
    return sample, judges
