"""The runs of the crowding study: two markets, several forecasters, and what is measured of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omnisim.analysis import Analysis
from omnisim.comparison.comparison import Comparison
from omnisim.problem.population import Population
from omnisim.scenario.load import load_scenario
from omnisim.scenario.scenario import Scenario
from omnisim.strategies.adversaries import DemandResponse
from omnisim.strategies.elimination import BestResponse
from omnisim.strategies.forecasters import Climatology, DecisionCalibrated, Persistence, RidgeAutoregression
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.studies import Options
from omnisim.studies.contests import Contest

CALIBRATED = ("DecisionCalibrated", "DecisionCalibrated on Persistence")
FORECASTERS: Mapping[str, Callable[[], Forecaster]] = {
    "Persistence": Persistence,
    "Climatology": Climatology,
    "RidgeAutoregression": RidgeAutoregression,
    "DecisionCalibrated": DecisionCalibrated,
    "DecisionCalibrated on Persistence": lambda: DecisionCalibrated(bases=[Persistence()]),
}
SINGLE = tuple(name for name in FORECASTERS if name not in CALIBRATED)
"""Forecasters that commit to one prediction, which everybody follows."""

CROWDED, EMPTY = 0.7, 0.2
"""Prices of the two-hour market, in units of the outcome: of an hour that all buyers have chosen, and of the other."""

_BUYERS = 10


@dataclass(frozen=True, eq=False, kw_only=True)
class Case(Contest):
    """One market of some size: ``part`` is ``"hours"`` or ``"merit order"``."""

    part: str
    customers: float


@dataclass(frozen=True)
class Plan:
    """Sizes of the runs, and their numbers."""

    horizons: tuple[int, ...]
    customers: tuple[float, ...]
    rounds: int
    replicates: int


FULL = Plan((64, 128, 256, 512, 1024), (0.0, 300.0, 600.0, 900.0, 1200.0), 365, 5)
QUICK = Plan((32, 64), (0.0, 1200.0), 40, 2)


def cases(plan: Plan, options: Options) -> list[Case]:
    """All markets; forecasters meet the same agents and the same weather in the same replicate."""
    seeds = [1000 * options.seed + replicate for replicate in range(plan.replicates)]
    forecasters = {name: make() for name, make in FORECASTERS.items()}

    def case(part: str, size: float, customers: float, scenario: Scenario) -> Case:
        return Case(
            name=f"{part} {size:g}",
            scenario=scenario,
            forecasters=forecasters,
            seeds=seeds,
            observe=observe,
            part=part,
            customers=customers,
        )

    own = forecasters[SINGLE[0]]
    hours = [case("hours", rounds, 1.0, two_hours(own, rounds)) for rounds in plan.horizons]
    markets = [case("merit order", many, many, merit_order(own, plan.rounds, many)) for many in plan.customers]
    return [*hours, *markets]


def two_hours(forecaster: Forecaster, rounds: int) -> Scenario:
    """Ten identical buyers of one MWh, in the first or the second hour; the cheap generator serves half of them."""
    load = np.tile([[[1.0, 0.0], [0.0, 1.0]]], (_BUYERS, 1, 1))
    return Scenario(
        populations=[Population("buyers", -load, np.ones((_BUYERS, 2)), load=load)],
        adversary=DemandResponse(
            {"cheap": {"capacity": 100 + _BUYERS / 2, "cost": EMPTY}, "dear": {"capacity": 100, "cost": CROWDED}},
            base_load=[100.0, 100.0],
            noise=0.0,
            schedules="expected",
        ),
        forecaster=forecaster,
        elimination=BestResponse(),
        rounds=rounds,
    )


def merit_order(forecaster: Forecaster, rounds: int, customers: float) -> Scenario:
    """The shipped scenario ``merit_order`` with another forecaster and number of customers."""
    scenario = load_scenario("merit_order", {"rounds": rounds, "adversary.customers": customers})
    return scenario.replace(forecaster=forecaster)


def observe(analysis: Analysis) -> dict[str, list[float]]:
    """Numbers that are kept of a run beside those of a comparison.

    ``paid`` is the mean price of what the agents drew, weighted with the MWh, in the money of the market at its true
    prices (units of the outcome in the two-hour market, where nothing is scaled); ``cut`` is the share that the range
    of the theory cuts off the sum of the prices or by which it would change the money, whichever is larger.
    """
    trace = analysis.trace
    record = trace.records["buyers"]
    load = record.population.load
    assert load is not None  # noqa: S101 (the market refuses populations without; this tells the type checker)
    drawn = load[np.arange(record.population.agents), record.actions]
    prices = trace.prices[:, None, :]
    return {"paid": [float((drawn * prices).sum() / drawn.sum())], "cut": [analysis.clipping.share]}


def runs(case: Case, comparison: Comparison) -> pd.DataFrame:
    """One row per forecaster and replicate.

    Columns beside those that say which run it is: swap_regret and external_regret (means over agents, in utility inside
    the range of the theory), money (what an agent has of a round, in that of the market at its true prices), paid and
    cut (see :func:`observe`), certificates, and violated (how many of them do not hold).
    """
    found = case.runs(comparison, "paid", "cut")
    found = found.assign(part=case.part, customers=case.customers, money=found["money"] / found["rounds"])
    return found[[*_RUN, "swap_regret", "external_regret", "paid", "money", "cut", "certificates", "violated"]]


_RUN = ["part", "forecaster", "rounds", "customers", "replicate", "seed"]
