"""The draws of the study of price spikes, and the errors of the methods on one."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from omnisim.studies import Options
from omnisim.studies.omniprediction.finite_class import Pools, by_threshold, experiment
from omnisim.studies.omniprediction.spikes import Spikes, given, spikes
from omnisim.studies.real_markets.sources import Source


@dataclass(frozen=True)
class Plan:
    """Sample sizes, and numbers of draws and markets."""

    sizes: tuple[int, ...]
    draws: int
    markets: int | None = None


FULL = Plan((25, 50, 100, 200, 400, 800, 1600, 3200), 20)
QUICK = Plan((25, 400), 3, 2)

LEVELS = 16
"""m of the figure by threshold."""


@dataclass(frozen=True)
class Case:
    """One draw of all samples in one market."""

    source: Source
    sizes: tuple[int, ...]
    draw: int
    seed: int


def cases(plan: Plan, options: Options) -> list[Case]:
    """All runs."""
    found = given(options.data)[: plan.markets]
    return [Case(source, plan.sizes, draw, options.seed) for source in found for draw in range(plan.draws)]


def measure(case: Case) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Errors by rule, size, method and c; and excess losses by threshold, for the largest size and m = 16."""
    data = read(case.source)
    pools = pools_of(data)
    seeds = [case.seed, case.draw]
    about = {"market": data.market, "draw": case.draw}
    rows = [about | row for row in experiment(pools, case.sizes, seeds)]
    return rows, [about | row for row in by_threshold(pools, max(case.sizes), LEVELS, seeds)]


def pools_of(data: Spikes) -> Pools:
    """Base predictors and methods draw hours of the first year, all later hours judge."""
    fit, later = np.flatnonzero(data.first_year), np.flatnonzero(~data.first_year)
    return Pools(data.columns, data.y, fit, fit, later)


@lru_cache(maxsize=8)
def read(source: Source) -> Spikes:
    """The hours of a market, read once in a process."""
    return spikes(source)
