"""What earns in a calibrated forecast: the combination, its correction, or the minimax step; on data nobody chose by.

Run it as a script from the checkout, about a minute, or seconds with ``--quick``::

    python tests/benchmarks/credit.py [--quick]

Two ERCOT series that no design decision was made on, a year each, with 100 customers of ``calibrated.toml``. Earned is
utility in per cent of the distance from climatology to perfect foresight without constraints; regret is the swap regret
over all days, summed over the agents; acted is on how many days the minimax step was broadcast.
"""

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import omnisim
from omnisim.forecasters import Climatology, Combination, DecisionCalibrated, Persistence, RidgeAutoregression

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "calibrated.toml"
YEARS = (
    ("hb_west", dt.date(2021, 7, 1), dt.date(2022, 6, 30)),
    ("lz_south", dt.date(2021, 12, 1), dt.date(2022, 11, 30)),
)
FORECASTERS = {
    "climatology": Climatology(),
    "persistence": Persistence(),
    "ridge": RidgeAutoregression(),
    "combination of persistence": Combination([Persistence()]),
    "combination of climatology": Combination([Climatology()]),
    "calibrated, no base": DecisionCalibrated(),
    "calibrated, persistence": DecisionCalibrated([Persistence()]),
    "calibrated, persistence, not combined": DecisionCalibrated([Persistence()], combine=False),
    "calibrated, climatology": DecisionCalibrated([Climatology()]),
    "calibrated, climatology, not combined": DecisionCalibrated([Climatology()], combine=False),
    "calibrated, ridge": DecisionCalibrated([RidgeAutoregression()]),
}


def earned(trace: omnisim.Trace) -> tuple[float, float]:
    """Utility of the actions played, and of the best ones in hindsight of every day, over all agents."""
    played = best = 0.0
    for record in trace.records.values():
        for outcome, actions in zip(trace.outcomes, record.actions, strict=True):
            utilities = record.population.utilities(outcome)
            played += float(np.take_along_axis(utilities, actions[:, None], axis=1).sum())
            best += float(utilities.max(axis=1).sum())
    return played, best


QUICK = {
    "rounds": 20, "populations.buyers.agents": 4, "populations.factories.agents": 2, "populations.operators.agents": 4,
}  # fmt: skip
"""Changes that make it small."""

JULY = {"market.first_day": dt.date(2022, 7, 1), "market.last_day": dt.date(2022, 7, 31)}
"""Days that are in each subsequence of the scenario."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each series."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few days and customers, to see that everything runs")
    chosen = parser.parse_args(arguments)
    for series, first, last in YEARS:
        changes = {
            "market.series": series,
            "market.first_day": first,
            "market.last_day": last,
            "populations.buyers.agents": 40,
            "populations.factories.agents": 20,
            "populations.operators.agents": 40,
            **(QUICK | JULY if chosen.quick else {}),
        }
        scenario, rows, base = omnisim.load_scenario(SCENARIO, changes), [], 0.0
        for name, forecaster in FORECASTERS.items():
            trace = omnisim.simulate(scenario.replace(forecaster=forecaster), seed=0)
            utility, best = earned(trace)
            base = base or utility
            regret = omnisim.analyze(trace).agents.query("subsequence == 'all'")["swap_regret"].sum()
            acted = trace.diagnostics.get("intervened", np.zeros(1)).sum()
            rows.append((name, 100 * (utility - base) / (best - base), regret, int(acted)))
        sys.stdout.write(f"{series}\n")
        sys.stdout.write(
            pd.DataFrame(rows, columns=["forecast", "earned", "regret", "acted"]).to_string(index=False) + "\n"
        )


if __name__ == "__main__":
    main()
