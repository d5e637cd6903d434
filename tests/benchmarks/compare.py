"""How many runs a minute a comparison does on one and on two processes, and how large a store it can read.

Run it as a script from the checkout, on a quiet machine; about six minutes, or half a minute with ``--quick``::

    python tests/benchmarks/compare.py [--quick] [--repeats 2]

The grid is that of the ERCOT scenario with five forecasters and three elimination rules. One and two processes take
turns, so that whatever else the machine does meets both; both include starting the processes and writing every file.
Stored runs are real ones, written many times under other seeds; each row is read by a process of its own.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from measuring import note, options, peak_memory, show, timed

import omnisim
from omnisim.comparison import store
from omnisim.comparison.comparing import compare
from omnisim.comparison.records import AGENTS, RUNS

FORECASTERS = [
    *("persistence", "persistence(lag=7)", "climatology", "ridge_autoregression"),
    "decision_calibrated(bases=[ridge_autoregression])",
]
ELIMINATIONS = ["first_violation", "cumulative_threshold", "subsequence_first_violation"]
SEEDS, QUICK_SEEDS = 4, 1
QUICK_ROUNDS = 40
STORED, QUICK_STORED = 10_000, 100
FRAMES = ("table", "means", "differences", "gains", "growth", "certificates", "runs")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] == "--read":
        read(Path(arguments[1]))
        return
    chosen = options(__doc__.splitlines()[0], 2, arguments)
    processes(chosen)
    with tempfile.TemporaryDirectory() as folder:
        written = make_store(Path(folder), QUICK_STORED if chosen.quick else STORED, chosen.quick)
        show(
            "Stored runs: seconds until a frame is there, one after the other",
            ["", *FRAMES, "all s", "peak MB"],
            [written],
        )


def processes(chosen: argparse.Namespace) -> None:
    """The grid on one and on two processes."""
    scenario = omnisim.load_scenario("ercot_day_ahead", {"rounds": QUICK_ROUNDS} if chosen.quick else {})
    seeds = QUICK_SEEDS if chosen.quick else SEEDS
    eliminations = ELIMINATIONS[:1] if chosen.quick else ELIMINATIONS
    runs = len(FORECASTERS) * len(eliminations) * seeds
    seconds: dict[int, list[float]] = {1: [], 2: []}
    work: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(1 if chosen.quick else chosen.repeats):
        for jobs, taken in seconds.items():
            spent, found = timed(lambda jobs=jobs: _grid(scenario, eliminations, seeds, jobs))
            taken.append(spent)
            work[jobs].append(float(found.runs["seconds"].sum()))
    reference = min(seconds[1])
    rows = [
        [
            f"{jobs} {'process' if jobs == 1 else 'processes'}",
            f"{min(seconds[jobs]):.1f}",
            f"{runs / min(seconds[jobs]) * 60:.0f}",
            f"{reference / min(seconds[jobs]):.2f}",
            f"{work[jobs][seconds[jobs].index(min(seconds[jobs]))] / jobs / min(seconds[jobs]):.0%}",
        ]
        for jobs in seconds
    ]
    show(f"{runs} runs of {scenario.horizon} rounds", ["", "seconds", "runs a minute", "times faster", "in runs"], rows)
    note("In runs: share of the processes' time that is spent in runs; the rest starts processes, sends and writes.")


def make_store(folder: Path, count: int, quick: bool) -> list[str]:
    """A store of so many runs, and the row of what reading it takes."""
    scenario = omnisim.load_scenario("ercot_day_ahead", {"rounds": QUICK_ROUNDS} if quick else {})
    made = compare(scenario, FORECASTERS[:4], seeds=1, jobs=1, out=folder)
    plan = store.Store(folder).read_plan()
    plan["seeds"] = list(range(count // len(plan["variants"])))
    pieces = {
        variant["digest"]: [
            pq.read_table(folder / name / f"{variant['digest']}-0.parquet") for name in ("runs", "agents")
        ]
        for variant in plan["variants"]
    }
    names = [(digest, seed) for seed in plan["seeds"] for digest in pieces]
    for path in made.folder.glob("*/*.parquet"):
        path.unlink()
    for first in range(0, len(names), store.GATHERED):
        part = f"part-{first:06d}.parquet"
        rows = []
        with pq.ParquetWriter(folder / "agents" / part, AGENTS, write_page_checksum=True, compression="zstd") as writer:
            for digest, seed in names[first : first + store.GATHERED]:
                run, agents = (_renamed(table, f"{digest}-{seed}", seed) for table in pieces[digest])
                rows.append(run)
                writer.write_table(agents, row_group_size=len(agents))
        pq.write_table(pa.concat_tables(rows), folder / "runs" / part, write_page_checksum=True, compression="zstd")
    store.Store(folder).write_plan(plan, {})
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet")) / 1e6
    done = subprocess.run(  # noqa: S603 (this interpreter)
        [sys.executable, __file__, "--read", str(folder)], capture_output=True, text=True, check=True
    )
    return [f"{len(names):,} runs, {size:,.0f} MB", *done.stdout.split()]


def read(folder: Path) -> None:
    """Print how long each frame takes, all together, and the peak of memory."""
    comparison = omnisim.load_comparison(folder)
    spent = [timed(lambda name=name: getattr(comparison, name))[0] for name in FRAMES]
    note(" ".join([*(f"{each:.1f}" for each in spent), f"{sum(spent):.1f}", f"{peak_memory():.0f}"]))


def _grid(scenario: omnisim.Scenario, eliminations: Sequence[str], seeds: int, jobs: int) -> omnisim.Comparison:
    return compare(scenario, FORECASTERS, eliminations=eliminations, seeds=seeds, jobs=jobs)


def _renamed(table: pa.Table, run: str, seed: int) -> pa.Table:
    schema = RUNS if "status" in table.column_names else AGENTS
    for name, value in (("run", run), ("seed", seed)):
        field = schema.field(name)
        at = schema.get_field_index(name)
        table = table.set_column(at, field, pa.repeat(pa.scalar(value, field.type), len(table)))
    return table


if __name__ == "__main__":
    main()
