"""Runs that between them add up whatever a run adds up: every kind of agent, forecaster, learner and network.

As a script, ``python many_runs.py FOLDER`` writes the trace of each to a folder: in a process of its own, whose
environment says how many threads there are, how to hash, and which processor to take this one for.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

import omnisim
from omnisim.forecasters import Climatology, DecisionCalibrated, Persistence, RidgeAutoregression, Selection

FEW = {f"populations.{name}.agents": 4 for name in ("buyers", "factories", "operators")}


def _seasonal(rounds: int, forecaster: omnisim.forecasters.Forecaster) -> omnisim.Scenario:
    return omnisim.load_scenario("synthetic_seasonal", {"rounds": rounds, **FEW}).replace(forecaster=forecaster)


def _cornered() -> omnisim.Scenario:
    rng = np.random.default_rng(3)
    limits = omnisim.LinearConstraint(rng.uniform(-0.3, 0.3, (6, 4, 3)), np.full((6, 4), -0.2))
    population = omnisim.Population("cornered", rng.random((6, 4, 3)) / 3, None, [limits])
    return omnisim.Scenario(
        populations=[population],
        adversary=omnisim.adversaries.WorstCase(),
        forecaster=DecisionCalibrated(),
        rounds=40,
    )


BASES = [Persistence(), Climatology()]

WITHOUT_STEPS: dict[str, Callable[[], omnisim.Scenario]] = {
    "own prices": lambda: omnisim.load_scenario("own_prices"),
    "conditional mean": lambda: omnisim.load_scenario("synthetic_seasonal", {"rounds": 40, **FEW}),
    "ridge": lambda: omnisim.load_scenario("ercot_day_ahead", {"rounds": 60}),
    "learners": lambda: omnisim.load_scenario("learners", {"rounds": 30}),
    "losses and delays": lambda: omnisim.load_scenario("lossy_broadcast", {"rounds": 40}),
    "two forecasters": lambda: omnisim.load_scenario("two_forecasters", {"rounds": 40}),
    "spikes": lambda: omnisim.load_scenario("price_spikes", {"rounds": 150}),
    "selection": lambda: _seasonal(60, Selection([*BASES, RidgeAutoregression()])),
}
"""Runs in which no minimax step is solved, whose solution need not be unique."""

WITH_STEPS: dict[str, Callable[[], omnisim.Scenario]] = {
    "calibrated": lambda: omnisim.load_scenario("calibrated", {"rounds": 40}),
    "merit order": lambda: omnisim.load_scenario("merit_order", {"rounds": 60}),
    "steps": lambda: omnisim.load_scenario("panprediction", {"rounds": 200}),
    "utilities": lambda: _seasonal(60, DecisionCalibrated(BASES, objectives="utilities")),
    "hedge": lambda: _seasonal(60, DecisionCalibrated(BASES, weights="hedge")),
    "msmwc": lambda: _seasonal(40, DecisionCalibrated(weights="msmwc")),
    "simulated play": lambda: _seasonal(10, DecisionCalibrated(minimax="simulated_play")),
    "worst case": _cornered,
}

RUNS = WITHOUT_STEPS | WITH_STEPS


def write_elsewhere(folder: Path, environment: Mapping[str, str], names: Mapping[str, object] = RUNS) -> None:
    """Write these runs in a process with these environment variables."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, str(folder), *names]
    done = subprocess.run(  # noqa: S603 (itself)
        command, env={**os.environ, **environment}, check=False, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr


def contents(path: Path) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Every array of a saved trace: its type, shape and bytes."""
    with np.load(path) as stored:
        return {name: (str(stored[name].dtype), stored[name].shape, stored[name].tobytes()) for name in stored.files}


def differences(one: Path, other: Path) -> list[str]:
    """The runs and arrays whose bytes differ between two folders."""
    found = []
    for path in sorted(one.glob("*.npz")):
        mine, theirs = contents(path), contents(other / path.name)
        found += [f"{path.stem}: {name}" for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)]
    return sorted(found)


if __name__ == "__main__":
    for run in sys.argv[2:] or RUNS:
        omnisim.simulate(RUNS[run]()).save(Path(sys.argv[1]) / f"{run}.npz")
