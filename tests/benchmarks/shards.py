"""What a run in shards costs beside one in this process: what is sent, what a round waits for.

Run it as a script from the checkout; a minute, or seconds with ``--quick``::

    python tests/benchmarks/shards.py [--quick] [--agents 1000 100000] [--rounds 100] [--shards 1 2]

The load is that of ``million.py``. The cluster is one of this machine, and its start is not counted: ``begin`` is
making the agents and sending them, ``play`` the rounds, ``collect`` fetching the record. Seconds are those of the
clock, since shards are processes of their own; ``here`` is processor time of this process while rounds are played,
which more shards do not share.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import million
import numpy as np
from measuring import note, show

import omnisim
from omnisim.problem.elsewhere import BLOCK
from omnisim.simulation.preparing import Prepared
from omnisim.simulation.recording import recorded
from omnisim.simulation.shard import Shard
from omnisim.simulation.sharded import Sharding
from omnisim.workers.actors import actors

SIZES, ROUNDS, SHARDS = (1_000, 100_000), 100, (1, 2)
QUICK_SIZES, QUICK_ROUNDS = (60,), 12
KINDS = ("published", "market", "calibrated")
"""Nobody looks at the agents; prices answer to what they did; the forecaster calibrates for them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each kind of run and size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    parser.add_argument("--agents", type=int, nargs="+", help=f"sizes (default: {SIZES})")
    parser.add_argument("--rounds", type=int, help=f"T (default: {ROUNDS})")
    parser.add_argument("--shards", type=int, nargs="+", default=SHARDS, help=f"numbers (default: {SHARDS})")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of runs (default: all)")
    chosen = parser.parse_args(arguments)
    rounds = chosen.rounds or (QUICK_ROUNDS if chosen.quick else ROUNDS)
    for agents in chosen.agents or (QUICK_SIZES if chosen.quick else SIZES):
        for kind in chosen.kinds:
            least = BLOCK * max(chosen.shards) if kind == "calibrated" else 1  # shards divide blocks of agents
            compare(kind, max(agents, least), rounds, chosen.shards)


def compare(kind: str, agents: int, rounds: int, counts: Sequence[int]) -> None:
    """One process, and each number of shards."""
    rows, digests = [], set()
    for count in (None, *counts):
        seconds, digest = measured(kind, agents, rounds, count)
        digests.add(digest)
        name = "this process" if count is None else f"{count} shards"
        rows.append(
            [name, *(f"{each:.2f}" for each in seconds[:3]), *(f"{1e3 * each / rounds:.2f}" for each in seconds[1::2])]
        )
    columns = ["", "begin s", "play s", "collect s", "play ms a round", "here ms a round"]
    show(f"{kind}, {agents:,} agents, {rounds} rounds", columns, rows)
    note("the same bytes" if len(digests) == 1 else "DIFFERENT BYTES")


def measured(kind: str, agents: int, rounds: int, count: int | None) -> tuple[list[float], str]:
    """Seconds of the three stages, and of this process in the second one; and the digest of the trace."""
    given = scenario(kind, agents, rounds)
    if count is None:
        _stages(scenario(kind, 60, 8), None)  # compiles
        return _stages(given, None)
    with actors(Shard, count) as make:
        few = BLOCK * count if kind == "calibrated" else 60
        _stages(scenario(kind, few, 8), Sharding(count, make))
        return _stages(given, Sharding(count, make))


def scenario(kind: str, agents: int, rounds: int) -> omnisim.Scenario:
    """A run of this kind."""
    given = million.load(agents, rounds, calibrated=kind == "calibrated")
    if kind != "market":
        return given
    (all_of_them,) = given.populations
    population = omnisim.Population(
        "all", all_of_them.utility, all_of_them.offset, all_of_them.constraints, load=all_of_them.utility
    )
    generators = {"base": {"capacity": 0.3 * agents, "cost": 0.2}, "gas": {"capacity": 10.0 * agents, "cost": 0.7}}
    market = omnisim.adversaries.DemandResponse(generators, base_load=0.28 * agents, schedules="yesterday")
    return given.replace(populations=[population], adversary=market)


def _stages(given: omnisim.Scenario, sharding: Sharding | None) -> tuple[list[float], str]:
    times = [time.perf_counter()]
    run = Prepared(given, 0, sharding)
    times.append(time.perf_counter())
    worked = time.process_time()
    run.play()
    worked = time.process_time() - worked
    times.append(time.perf_counter())
    trace = recorded(run, run.problem.known)
    times.append(time.perf_counter())
    with tempfile.TemporaryDirectory() as folder:
        trace.save(Path(folder) / "trace.npz")
        return [*np.diff(times).tolist(), worked], hashlib.sha256((Path(folder) / "trace.npz").read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
