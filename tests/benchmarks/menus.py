"""What a larger menu is worth to batteries on real prices, and what it costs the engine.

    python tests/benchmarks/menus.py [--agents 30]

For menus of A schedules, made from 2021 and played in 2022 at ERCOT's Houston hub: the share of what perfect foresight
earns that the menu could capture on the past and on the days played (prices in the range), then what a battery earned
on each forecast, in thousand USD a year at true prices, and the seconds that the run took.
"""

import argparse
import datetime as dt
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import omnisim
from omnisim.market import load_ercot
from omnisim.market.agents.devices import Tariff, best_schedules
from omnisim.market.agents.menus import make_menu
from omnisim.market.agents.storage import battery
from omnisim.scenario.toml import to_toml

SIZES = (2, 4, 8, 16, 32, 64, 128, 256)
FORECASTERS = ("persistence", "ridge_autoregression", "decision_calibrated")
SCENARIO = {
    "market": {"source": "ercot", "low": -50.0, "high": 250.0, "first_day": dt.date(2022, 1, 1)},
    "forecaster": {"kind": "persistence"},
    "populations": {"batteries": {"kind": "storage", "durations_hours": [2.0], "rest_levels": [0.0], "captured": 1.0}},
}


def captured(size: int) -> tuple[float, float]:
    """Share of foresight that the best of a menu earns on the past, and on the days played, within the range."""
    past, played = np.split(np.clip(load_ercot().prices, -50, 250), [365])
    device = battery(1.0, 2.0, 0.88, 0.15 * 45)
    menu = make_menu(device, Tariff(), past, size, 1.0)
    best = best_schedules(device, Tariff(), played)
    foresight = -(best.net * played).sum() - best.cost.sum()
    return float(menu.captured[-1]), float((-(menu.net @ played.T) - menu.cost[:, None]).max(axis=0).sum() / foresight)


def main() -> None:
    """Print a row for each size of the menu."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=365)
    given = parser.parse_args()
    sys.stdout.write(f"A, past, played, {', '.join(FORECASTERS)}\n")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "menus.toml"
        path.write_text(to_toml(SCENARIO), encoding="utf-8")
        for size in SIZES:
            cells = [str(size), *(f"{share:.1%}" for share in captured(size))]
            for forecaster in FORECASTERS:
                changes = {"populations.batteries.agents": given.agents, "populations.batteries.menu": size}
                scenario = omnisim.load_scenario(
                    path, {"rounds": given.rounds, "forecaster": {"kind": forecaster}, **changes}
                )
                begun = time.perf_counter()
                trace = omnisim.simulate(scenario)
                seconds = time.perf_counter() - begun
                money = omnisim.analyze(trace).agents["money"].mean() * 365 / given.rounds
                cells.append(f"{money / 1000:.2f} ({seconds:.1f} s)")
            sys.stdout.write(", ".join(cells) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
