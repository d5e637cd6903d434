"""The methods that the studies compare, fitted to one sample and judged on others."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from omnisim.arrays import BoolArray, FloatArray
from omnisim.batch import (
    BestSingle,
    Estimate,
    Omnipredictor,
    best_single,
    calibrated_multiaccuracy,
    direct_ensemble,
    omniprediction_error,
    two_player,
)

CALMA, TWO_PLAYER, DIRECT, SINGLE = "CalMA", "two-player", "direct ensembling", "best single model"
PRINTED = "direct ensembling, started as printed"
"""Merges examine min Theta_h first, as Algorithm 2 prints; ``DIRECT`` begins with max Theta_l."""

FITS: Mapping[str, Callable[[BoolArray, FloatArray, float], Omnipredictor]] = {
    CALMA: calibrated_multiaccuracy,
    TWO_PLAYER: two_player,
    DIRECT: direct_ensemble,
    PRINTED: partial(direct_ensemble, start="min_high"),
}

CONSTANTS: Mapping[str, Sequence[float]] = {
    CALMA: (0.25, 0.5, 1.0, 2.0),
    TWO_PLAYER: (2.0, 8.0, 32.0, 128.0),
    DIRECT: (0.0, 0.1, 0.25, 0.5),
    PRINTED: (0.0,),
}
"""Values of c for each method."""

CHOSEN: Mapping[str, float] = {CALMA: 0.5, TWO_PLAYER: 32.0, DIRECT: 0.0, PRINTED: 0.0, SINGLE: math.nan}
"""c of the paper's comparison of methods (Figures 1 and 3)."""

RULES: Mapping[str, Callable[[int], int]] = {
    "m = 16": lambda _: 16,
    "m grows with n": lambda n: 2 ** int(math.log2(n) / 2),
}
"""The paper's choices of the number of thresholds: 16, and 2^floor(log2 sqrt(n))."""


@dataclass(frozen=True, eq=False)
class Points:
    """Rows: answers ``exceeds`` (n, m) of the base predictors, outcomes (n,), and what each row counts (n,).

    ``columns`` (n, F) are the predictions of the members of a finite class, where the class is one.
    """

    exceeds: BoolArray
    y: FloatArray
    weights: FloatArray | None = None
    columns: FloatArray | None = None


def errors(
    sample: Points, judged: Mapping[str, Points], constants: Mapping[str, Sequence[float]] = CONSTANTS
) -> Iterator[dict[str, Any]]:
    """A row per method and c: method, c, chosen, and the omniprediction error on each of ``judged``, by its name."""
    for method, c, law in _fitted(sample, constants):
        found = {name: float(_error(law(points), points)) for name, points in judged.items()}
        yield {"method": method, "c": c, "chosen": method == SINGLE or c == CHOSEN[method]} | found


def excess(sample: Points, judged: Points) -> Iterator[tuple[str, FloatArray]]:
    """Excess loss of every method at its chosen c, at each threshold (m,); the largest is the error."""
    for method, _, law in _fitted(sample, {method: (CHOSEN[method],) for method in FITS}):
        yield method, _error(law(judged), judged).each


def _fitted(
    sample: Points, constants: Mapping[str, Sequence[float]]
) -> Iterator[tuple[str, float, Callable[[Points], FloatArray]]]:
    for method, values in constants.items():
        for c in values:
            yield method, c, partial(_law, FITS[method](sample.exceeds, sample.y, c))
    if sample.columns is not None:
        yield SINGLE, math.nan, partial(_law, best_single(sample.columns, sample.exceeds, sample.y))


def _law(fitted: Omnipredictor | BestSingle, points: Points) -> FloatArray:
    if isinstance(fitted, Omnipredictor):
        return fitted.mixture(points.exceeds)
    assert points.columns is not None  # noqa: S101 (points of a finite class have them; this tells the type checker)
    return fitted.mixture(points.columns)


def _error(law: FloatArray, points: Points) -> Estimate:
    return omniprediction_error(law, points.exceeds, points.y, points.weights)
