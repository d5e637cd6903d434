"""The forecasters of the study, by name."""

from collections.abc import Callable, Mapping, Sequence

from omnisim.errors import DataError
from omnisim.market import Market
from omnisim.strategies.forecasters import (
    Climatology,
    Combination,
    ConditionalMean,
    DecisionCalibrated,
    Forecaster,
    Persistence,
    Published,
    RidgeAutoregression,
    Selection,
)

WEEK, DAY, CLIMATOLOGY, RIDGE = "persistence(7)", "persistence(1)", "climatology", "ridge"

SIMPLE: Mapping[str, Callable[[], Forecaster]] = {
    WEEK: lambda: Persistence(7),
    DAY: lambda: Persistence(1),
    CLIMATOLOGY: Climatology,
    RIDGE: RidgeAutoregression,
}
"""Forecasters that need no published forecast; the pool of a market that has none."""

WEAK = (WEEK, DAY, CLIMATOLOGY)

FORESIGHT = "perfect foresight"
SELECTION, COMBINATION = "Selection", "Combination"

EVERY = "all"
"""Word for all forecasts of the pool as bases, in the name of a calibrated forecaster."""


def calibrated(base: str) -> str:
    """The name of :class:`~omnisim.forecasters.DecisionCalibrated` on this base, or on ``EVERY``.

    >>> calibrated("ridge")
    'calibrated: ridge'
    """
    return f"calibrated: {base}"


def is_calibrated(name: str) -> bool:
    """Whether this is the name of a decision-calibrated forecaster."""
    return name.startswith(calibrated(""))


def pool(market: Market) -> tuple[str, ...]:
    """The forecasts that agents of this market can choose from: the published ones, or else the simple ones.

    Raises
    ------
    DataError
        If a published forecast has the name of another forecaster of the study.
    """
    taken = {*SIMPLE, FORESIGHT, SELECTION, COMBINATION, EVERY} & set(market.forecasts)
    if taken:
        raise DataError(f"{market.name}: a forecast is named {min(taken)!r}, as is another of the study: rename it")
    return tuple(market.forecasts) or tuple(SIMPLE)


def contenders(pool: Sequence[str]) -> list[str]:
    """The names of the forecasters that a market with this pool is played with first.

    Calibrated are the simple ones, and all of the pool together. The best of the pool follows, when it is known.
    """
    raw = dict.fromkeys([FORESIGHT, *SIMPLE, *pool])
    return [*raw, SELECTION, COMBINATION, *map(calibrated, [EVERY, *SIMPLE])]


def build(name: str, pool: Sequence[str]) -> Forecaster:
    """The forecaster of this name, where ``EVERY`` base means all of the pool.

    >>> build("calibrated: ridge", ["lear"]).bases[0].window
    365
    """
    if name in SIMPLE:
        return SIMPLE[name]()
    if name == FORESIGHT:
        return ConditionalMean()
    if name == SELECTION:
        return Selection([build(base, pool) for base in pool])
    if name == COMBINATION:
        return Combination([build(base, pool) for base in pool])
    if is_calibrated(name):
        base = name.removeprefix(calibrated(""))
        return DecisionCalibrated([build(one, pool) for one in (pool if base == EVERY else [base])])
    return Published(model=name)
