"""The runs of the crowding study: two markets, several forecasters, and what is measured of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from omnisim.analysis import analyze
from omnisim.problem.population import Population
from omnisim.scenario.load import load_scenario
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.simulate import simulate
from omnisim.strategies.adversaries import DemandResponse
from omnisim.strategies.elimination import BestResponse
from omnisim.strategies.forecasters import Climatology, DecisionCalibrated, Persistence, RidgeAutoregression
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.studies import Options

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


@dataclass(frozen=True)
class Case:
    """One run: ``part`` is ``"hours"`` or ``"merit order"``."""

    part: str
    forecaster: str
    rounds: int
    customers: float
    replicate: int
    seed: int


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
    """All runs; forecasters meet the same agents and the same weather in the same replicate."""
    sizes = [("hours", rounds, 1.0) for rounds in plan.horizons]
    sizes += [("merit order", plan.rounds, customers) for customers in plan.customers]
    return [
        Case(part, name, rounds, customers, replicate, options.seed * 1000 + replicate)
        for part, rounds, customers in sizes
        for name in FORECASTERS
        for replicate in range(plan.replicates)
    ]


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


def measure(case: Case) -> dict[str, Any]:
    """Run a case; its row.

    ``paid`` is the mean price of what the agents drew, weighted with the MWh, ``money`` what an agent has of a round,
    both in the money of the market at its true prices (units of the outcome in the two-hour market, where nothing is
    scaled); regrets are means over agents, in utility inside the range of the theory; ``cut`` is the share that this
    range cuts off the sum of the prices or by which it would change the money, whichever is larger; ``violated`` counts
    certificates that do not hold.
    """
    forecaster = FORECASTERS[case.forecaster]()
    if case.part == "hours":
        scenario = two_hours(forecaster, case.rounds)
    else:
        scenario = merit_order(forecaster, case.rounds, case.customers)
    trace = simulate(scenario, seed=case.seed)
    analysis = analyze(trace)
    record = trace.records["buyers"]
    load = record.population.load
    assert load is not None  # noqa: S101 (the market refuses populations without; this tells the type checker)
    drawn = load[np.arange(record.population.agents), record.actions]
    prices = trace.prices[:, None, :]
    agents = analysis.agents[analysis.agents["subsequence"] == "all"]
    return vars(case) | {
        "swap_regret": float(agents["swap_regret"].mean()),
        "external_regret": float(agents["external_regret"].mean()),
        "paid": float((drawn * prices).sum() / drawn.sum()),
        "money": float(agents["money"].mean() / case.rounds),
        "cut": analysis.clipping.share,
        "certificates": len(analysis.certificates),
        "violated": int((~analysis.certificates["holds"]).sum()),
    }
