"""A comparison small enough to be run many times, and its results without what differs from run to run."""

import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

import omnisim
from omnisim.comparison import store

FORECASTERS = {"last": "persistence", "mean": "climatology", "truth": "conditional_mean"}

ROUNDS = 24

MEASURED = ["seconds", "simulate_seconds", "analyze_seconds", "peak_memory_mb"]
"""Columns of ``Comparison.runs`` that depend on the machine."""


def small_scenario(adversary: Any = None, rounds: int = ROUNDS) -> omnisim.Scenario:
    """Two populations with a constraint, whose outcomes are drawn anew for each seed unless an adversary is given."""
    rng = np.random.default_rng(5)
    populations = []
    for name, agents in (("many", 4), ("few", 2)):
        utility = rng.uniform(0, 1 / 3, (agents, 3, 2))
        limit = omnisim.LinearConstraint(rng.uniform(-0.4, 0.4, (agents, 3, 2)), np.full((agents, 3), -0.2))
        money = omnisim.Money(rng.uniform(1, 5, agents), rng.uniform(-1, 1, agents), "EUR")
        populations.append(omnisim.Population(name, utility, rng.uniform(0, 1 / 3, (agents, 3)), [limit], money=money))
    even = np.arange(rounds) % 2 == 0
    return omnisim.Scenario(
        name="small",
        populations=populations,
        adversary=adversary or omnisim.adversaries.Independent(rng.uniform(0, 1, (6, 2))),
        forecaster=omnisim.forecasters.Climatology(),
        elimination=omnisim.elimination.SubsequenceFirstViolation(),
        subsequences={"even": even, "all": None},
        rounds=rounds,
    )


def replayed(rounds: int = ROUNDS, seed: int = 3) -> Any:
    """An adversary that plays the same outcomes under every seed."""
    return omnisim.adversaries.Replay(np.random.default_rng(seed).uniform(0, 1, (rounds, 2)))


def compared(out: Path | None = None, seeds: int = 8, **options: Any) -> omnisim.Comparison:
    """The comparison."""
    return omnisim.compare(small_scenario(), FORECASTERS, seeds=seeds, out=out, **{"jobs": 1, **options})


def results(comparison: omnisim.Comparison) -> dict[str, pd.DataFrame]:
    """All frames, without columns that depend on the machine."""
    frames = {name: getattr(comparison, name) for name in ("means", "differences", "gains", "growth", "agents")}
    frames["certificates"] = comparison.certificates
    frames["runs"] = comparison.runs.drop(columns=MEASURED)
    frames["table"] = comparison.table.drop(columns=MEASURED, errors="ignore")
    return frames


_EXPECTED: "WeakKeyDictionary[omnisim.Comparison, dict[str, pd.DataFrame]]" = WeakKeyDictionary()


def assert_same(first: omnisim.Comparison, second: omnisim.Comparison) -> None:
    """Every number of every frame is the same; those of the second are asked for once, however often it is compared."""
    if second not in _EXPECTED:
        _EXPECTED[second] = results(second)
    others = _EXPECTED[second]
    for name, frame in results(first).items():
        pd.testing.assert_frame_equal(frame, others[name], check_exact=True, obj=name)


def run_until_killed(out: Path, line: Connection, operations: int | None) -> None:
    """Run the comparison; with ``operations``, die by SIGKILL just before that many more file operations."""
    left = [operations]

    def count(event: str, _arguments: object) -> None:
        if event in ("open", "os.rename", "os.remove", "os.mkdir") and left[0] is not None:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def on_run(done: int, total: int) -> None:
        line.send((done, total))

    with mock.patch.object(store, "GATHERED", 5):
        sys.addaudithook(count)
        compared(out, on_run=on_run)
