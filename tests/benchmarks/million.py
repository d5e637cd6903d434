"""Time and memory of every stage of a run, to a million agents.

Run it as a script from the checkout; minutes, or seconds with ``--quick``::

    python tests/benchmarks/million.py [--quick] [--agents 1000 20000 100000] [--rounds 50] [--every 10]
    python tests/benchmarks/million.py --calibrated [--agents ...] [--rounds ...]
    python tests/benchmarks/million.py --run [--agents ...] [--rounds ...]

``--agents 1000000 --rounds 365 --every 50`` is a million agents over a year, with a checkpoint every 50 rounds: in the
middle the run is killed, and goes on from the last one (a stage of its own). Algorithm 3 with a published forecast: 24
coordinates, 8 actions, one constraint, three overlapping subsequences. Half of the actions are safe, as in the standard
load. Each size has a process of its own, so that its peak of memory is its own, and is measured after a small run of
everything, which compiles. With ``--calibrated`` the forecaster calibrates the published forecast for all the agents.

``--run`` takes what ``omnisim run tests/benchmarks/million.toml`` does, stage by stage: customers of a market with 24
prices a day, their record, the tables and the page.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from measuring import note, peak_memory, show

import omnisim
from omnisim.run_directory import AGENTS, REPORT, write_agents

ACTIONS, DIMENSION = 8, 24
TRACE = "trace.npz"
SIZES, ROUNDS = (1_000, 20_000, 100_000), 50
QUICK_SIZES, QUICK_ROUNDS = (60, 120), 12
STAGES = ("build", "simulate", "go on", "analyze", "certificates", "table", "worth", "page", "save", "load")
SCENARIO = Path(__file__).with_suffix(".toml")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    parser.add_argument("--agents", type=int, nargs="+", help=f"sizes (default: {SIZES})")
    parser.add_argument("--rounds", type=int, help=f"T (default: {ROUNDS})")
    parser.add_argument(
        "--every", type=int, help="rounds between checkpoints, with a kill in the middle (default: none)"
    )
    parser.add_argument("--calibrated", action="store_true", help="a decision-calibrated forecaster")
    parser.add_argument("--run", action="store_true", help=f"everything that omnisim run {SCENARIO.name} does")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    rounds = chosen.rounds or (QUICK_ROUNDS if chosen.quick else ROUNDS)
    if chosen.one is not None:
        note(json.dumps(stages(chosen.one, rounds, chosen.every, chosen.calibrated, chosen.run)))
        return
    sizes = chosen.agents or (QUICK_SIZES if chosen.quick else SIZES)
    compare(sorted(sizes), rounds, chosen.every, chosen.calibrated, chosen.run)


def compare(sizes: Sequence[int], rounds: int, every: int | None, calibrated: bool, run: bool) -> None:
    """Every stage at every size, and how each grows from one size to the next."""
    found = {}
    for agents in sizes:
        command = [sys.executable, __file__, "--one", str(agents), "--rounds", str(rounds)]
        command += [] if every is None else ["--every", str(every)]
        command += ["--calibrated"] if calibrated else ["--run"] if run else []
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 (this file)
        found[agents] = json.loads(printed.stdout)
    names = [f"N = {agents:,}" for agents in sizes]
    there = [stage for stage in STAGES if all(stage in one["seconds"] for one in found.values())]
    columns = ["", *(f"{stage} s" for stage in there), "analyze / simulate", "file MB"]
    rows = []
    for name, one in zip(names, found.values(), strict=True):
        seconds = one["seconds"]
        ratio = seconds["analyze"] / (seconds["simulate"] + seconds.get("go on", 0.0))
        rows.append([name, *(f"{seconds[stage]:.2f}" for stage in there), f"{ratio:.2f}", f"{one['file']:.1f}"])
    show(f"Processor time, {rounds} rounds", columns, rows)
    rows = []
    for name, one in zip(names, found.values(), strict=True):
        wall = [one["wall"][stage] for stage in there]
        rows.append([f"{name}:", *(f"{each:.2f}" for each in wall), f"{sum(wall):.1f}"])
    show("Wall time, s", ["", *there, "all"], rows)
    rows = []
    for name, one in zip(names, found.values(), strict=True):
        peaks = one["peak"]
        ratio = peaks["analyze"] / peaks["simulate"]
        rows.append([f"{name}:", f"{one['before']:.0f}", *(f"{peaks[stage]:.0f}" for stage in there), f"{ratio:.2f}"])
    show("Peak of memory so far, MB", ["", "before", *there, "analyze / simulate"], rows)
    rows = []
    for small, large in pairwise(sizes):
        rows.append([f"from {small:,} to {large:,}", *(_exponent(found, stage, small, large) for stage in there)])
    show("Exponents of processor time in N", ["", *there], rows)


def _exponent(found: dict[int, dict], stage: str, small: int, large: int) -> str:
    few, many = (found[size]["seconds"][stage] for size in (small, large))
    return f"{math.log(max(many, 1e-6) / max(few, 1e-6)) / math.log(large / small):.2f}"


class Stages:
    """Seconds of processor time and by the clock, and the peak of memory in MB so far, of each stage by its name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.wall: dict[str, float] = {}
        self.peak: dict[str, float] = {}

    def __call__(self, name: str, function: Callable[..., Any], *given: object) -> Any:
        """Call a function as a stage."""
        begin, began = time.process_time(), time.perf_counter()
        result = function(*given)
        self.seconds[name], self.wall[name] = time.process_time() - begin, time.perf_counter() - began
        self.peak[name] = peak_memory()
        return result


def stages(agents: int, rounds: int, every: int | None, calibrated: bool, run: bool) -> dict[str, object]:
    """What was measured of each stage, and MB of the trace's file."""

    def taken(agents: int, rounds: int, every: int | None, folder: Path) -> Stages:
        return _command(agents, rounds, folder) if run else _run(agents, rounds, every, calibrated, folder)

    with tempfile.TemporaryDirectory() as folder:
        # In several blocks of agents, as large runs are: loops are compiled for the layout of what they are given.
        taken(min(agents, 3_000), 8, None if every is None else 2, Path(folder) / "small")
        before = peak_memory()
        found = taken(agents, rounds, every, Path(folder))
        size = (Path(folder) / TRACE).stat().st_size / 1e6
        return {"before": before, "file": size, **vars(found)}


def _command(agents: int, rounds: int, folder: Path) -> Stages:
    """The stages of ``omnisim run``."""
    folder.mkdir(exist_ok=True)
    stage, changes = Stages(), {"rounds": rounds, "populations.operators.agents": agents}
    scenario = stage("build", omnisim.load_scenario, SCENARIO, changes)
    trace = stage("simulate", omnisim.simulate, scenario)
    analysis = stage("analyze", omnisim.analyze, trace)
    stage("save", trace.save, folder / TRACE)
    stage("table", write_agents, folder / AGENTS, analysis)
    stage("certificates", lambda: analysis.certificates)
    stage("worth", lambda: analysis.worth)
    stage("page", omnisim.write_report, analysis, folder / REPORT)
    return stage


def _run(agents: int, rounds: int, every: int | None, calibrated: bool, folder: Path) -> Stages:
    stage = Stages()

    def play() -> omnisim.Trace:
        scenario = stage("build", load, agents, rounds, calibrated)
        if every is None:
            return stage("simulate", omnisim.simulate, scenario)
        checkpoint = omnisim.Checkpoint(folder / "state.npz", every)
        stage("simulate", killed, scenario, checkpoint)
        return stage("go on", lambda: omnisim.simulate(scenario, checkpoint=checkpoint))

    # What is no longer needed is let go between stages, as a program for a million agents would.
    trace = play()
    measure(trace, stage)
    stage("save", trace.save, folder / TRACE)
    trace = None
    stage("load", omnisim.load_trace, folder / TRACE)
    return stage


class _KilledError(Exception):
    """Raised in the place of a signal."""


def killed(scenario: omnisim.Scenario, checkpoint: omnisim.Checkpoint) -> None:
    """Play half of the rounds, and be killed."""

    def stop(t: int) -> None:
        if t >= scenario.horizon // 2:
            raise _KilledError

    with suppress(_KilledError):
        omnisim.simulate(scenario, None, stop, checkpoint)


def measure(trace: omnisim.Trace, stage: Callable[..., Any]) -> None:
    """The stages of an analysis."""
    analysis = stage("analyze", omnisim.analyze, trace)
    stage("certificates", lambda: analysis.certificates)
    stage("table", lambda: analysis.agents)


def load(agents: int, rounds: int, calibrated: bool) -> omnisim.Scenario:
    """The scenario that is measured; agents are made in blocks, so that making them needs little memory beside them."""
    rng = np.random.default_rng(0)
    outcomes = rng.random((rounds, DIMENSION))
    predictions = np.clip(outcomes + rng.normal(0.0, 0.1, outcomes.shape), 0.0, 1.0)
    forecaster: omnisim.forecasters.Forecaster = omnisim.forecasters.Published(predictions)
    if calibrated:
        forecaster = omnisim.forecasters.DecisionCalibrated([forecaster])
    days = np.arange(rounds)
    return omnisim.Scenario(
        name="a million agents",
        populations=[omnisim.Population("all", utility=_utility(agents, rng), constraints=[_constraint(agents, rng)])],
        adversary=omnisim.adversaries.Replay(outcomes),
        forecaster=forecaster,
        elimination=omnisim.elimination.SubsequenceFirstViolation(),
        subsequences={"all": None, "weekdays": days % 7 < 5, "even": days % 2 == 0},
        rounds=rounds,
    )


def _utility(agents: int, rng: np.random.Generator) -> np.ndarray:
    utility = np.empty((agents, ACTIONS, DIMENSION))
    for part in _parts(agents):
        utility[part] = rng.random(utility[part].shape) / DIMENSION
    return utility


def _constraint(agents: int, rng: np.random.Generator) -> omnisim.LinearConstraint:
    slope = np.empty((agents, ACTIONS, DIMENSION))
    offset = np.empty((agents, ACTIONS))
    for part in _parts(agents):
        drawn = rng.normal(size=slope[part].shape)
        # The cost is drawn . (y - 1/2) - slack, of which no outcome makes more than |drawn|_1 / 2 - slack.
        spread = np.abs(drawn).sum(axis=2) / 2
        slack = np.sqrt((drawn**2).sum(axis=2) / 12) * rng.uniform(0.0, 3.0, spread.shape)
        slack[:, : ACTIONS // 2] = spread[:, : ACTIONS // 2]
        largest = spread + slack
        slope[part] = drawn / largest[:, :, None]
        offset[part] = (-drawn.sum(axis=2) / 2 - slack) / largest - 1e-12
    return omnisim.LinearConstraint(slope, offset)


def _parts(agents: int) -> Iterator[slice]:
    return (slice(first, first + 10_000) for first in range(0, agents, 10_000))


if __name__ == "__main__":
    main()
