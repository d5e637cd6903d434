"""How many runs a minute a comparison does on one and on two processes, and what 10,000 stored runs take to read.

Run it as a script from the checkout, on a quiet machine; about eight minutes, or half a minute with ``--quick``::

    python tests/benchmarks/compare.py [--quick] [--repeats 2]

The grid is that of the ERCOT scenario with five forecasters and three elimination rules. One and two processes take
turns, so that whatever else the machine does meets both; both include starting the processes and writing every file.
Stored runs are those of four forecasters, written many times with noise, as if each were of 25 settings and 100 seeds;
either all met one market, whose days are resampled, or each seed its own. Each row is read by a process of its own: the
frames one after the other, and the page from nothing, with the peak of its memory.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measuring import note, options, peak_memory, show, timed

import omnisim
from omnisim.comparison import store
from omnisim.comparison.comparing import compare
from omnisim.comparison.records import AGENTS, LARGER_IS_BETTER, MEASURES, RUNS

FORECASTERS = [
    *("persistence", "persistence(lag=7)", "climatology", "ridge_autoregression"),
    "decision_calibrated(bases=[ridge_autoregression])",
]
ELIMINATIONS = ["first_violation", "cumulative_threshold", "subsequence_first_violation"]
SEEDS, QUICK_SEEDS = 4, 1
QUICK_ROUNDS = 40
SETTINGS, QUICK_SETTINGS = 25, 2
STORED_SEEDS, QUICK_STORED_SEEDS = 100, 10
NOISE = 0.02
FRAMES = ("table", "means", "differences", "gains", "growth", "certificates", "runs")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in READERS:
        options("", 1, arguments[2:])
        READERS[arguments[0]](Path(arguments[1]))
        return
    chosen = options(__doc__.splitlines()[0], 2, arguments)
    processes(chosen)
    stored(chosen)


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


def stored(chosen: argparse.Namespace) -> None:
    """Frames and page of many stored runs."""
    rows = []
    for one_market in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            runs = make_store(Path(folder), chosen.quick, one_market)
            size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet")) / 1e6
            market = "one market" if one_market else "a market a seed"
            read = [_in_a_process(reader, Path(folder), chosen.cpu) for reader in READERS]
            rows.append([f"{runs:,} runs, {size:,.0f} MB, {market}", *(text for each in read for text in each)])
    columns = ["", *FRAMES, "all s", "peak MB", "page s", "peak MB"]
    show(
        "Stored runs: seconds until a frame is there, one after the other; and of the page, from nothing", columns, rows
    )


def make_store(folder: Path, quick: bool, one_market: bool) -> int:
    """Write many runs into a folder, and return how many."""
    scenario = omnisim.load_scenario("ercot_day_ahead", {"rounds": QUICK_ROUNDS} if quick else {})
    compare(scenario, FORECASTERS[:4], seeds=1, jobs=1, out=folder)
    plan = store.Store(folder).read_plan()
    pieces = {}
    for variant in plan["variants"]:
        runs, agents = (folder / name / f"{variant['digest']}-0.parquet" for name in ("runs", "agents"))
        pieces[variant["digest"][3:]] = pq.read_table(runs).to_pylist()[0], pq.read_table(agents)
        runs.unlink()
        agents.unlink()
    plan["variants"] = [
        {**variant, "setting": f"setting={k}", "digest": f"{k:03d}{variant['digest'][3:]}"}
        for k in range(QUICK_SETTINGS if quick else SETTINGS)
        for variant in plan["variants"]
    ]
    plan["seeds"] = list(range(QUICK_STORED_SEEDS if quick else STORED_SEEDS))
    names = [(variant["digest"], seed) for variant in plan["variants"] for seed in plan["seeds"]]
    rng = np.random.default_rng(0)
    for first in range(0, len(names), store.GATHERED):
        part = f"part-{first:06d}.parquet"
        rows = []
        with pq.ParquetWriter(folder / "agents" / part, AGENTS, write_page_checksum=True, compression="zstd") as writer:
            for digest, seed in names[first : first + store.GATHERED]:
                run, agents = pieces[digest[3:]]
                outcomes = run["outcomes"] if one_market else f"{seed}"
                head = {"run": f"{digest}-{seed}", "seed": seed, "outcomes": outcomes}
                rows.append(_disturbed_run(run, rng) | head)
                writer.write_table(_disturbed_agents(agents, head, rng), row_group_size=len(agents))
        runs = pa.Table.from_pylist(rows, schema=RUNS)
        pq.write_table(runs, folder / "runs" / part, write_page_checksum=True, compression="zstd")
    store.Store(folder).write_plan(plan, {})
    return len(names)


def _disturbed_run(run: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    def disturbed(place: dict[str, Any]) -> dict[str, Any]:
        factors = dict(zip(MEASURES, (1 + NOISE * rng.standard_normal(len(MEASURES))).tolist(), strict=True))
        return {name: _times(value, factors[name]) if name in factors else value for name, value in place.items()}

    return run | {name: [disturbed(place) for place in run[name]] for name in ("summary", "growth", "blocks")}


def _times(value: Any, factor: float) -> Any:
    if isinstance(value, list):
        return [_times(each, factor) for each in value]
    return None if value is None else value * factor


def _disturbed_agents(agents: pa.Table, head: dict[str, Any], rng: np.random.Generator) -> pa.Table:
    columns = {name: pa.repeat(pa.scalar(head[name], AGENTS.field(name).type), len(agents)) for name in ("run", "seed")}
    for name in LARGER_IS_BETTER:
        columns[name] = pa.array(agents[name].to_numpy() * (1 + NOISE * rng.standard_normal(len(agents))))
    for name, column in columns.items():
        agents = agents.set_column(AGENTS.get_field_index(name), AGENTS.field(name), column)
    return agents


def _in_a_process(reader: str, folder: Path, cpu: bool) -> list[str]:
    command = [sys.executable, __file__, reader, str(folder), *(["--cpu"] if cpu else [])]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()  # noqa: S603 (ours)


def read_frames(folder: Path) -> None:
    """Print how long each frame takes, all together, and the peak of memory."""
    comparison = omnisim.load_comparison(folder)
    spent = [timed(lambda name=name: getattr(comparison, name))[0] for name in FRAMES]
    note(" ".join([*(f"{each:.1f}" for each in spent), f"{sum(spent):.1f}", f"{peak_memory():.0f}"]))


def read_page(folder: Path) -> None:
    """Print how long the page takes, and the peak of memory."""
    spent, _ = timed(lambda: omnisim.write_comparison(omnisim.load_comparison(folder), folder / "comparison.html"))
    note(f"{spent:.1f} {peak_memory():.0f}")


READERS = {"--frames": read_frames, "--page": read_page}
"""What the processes that read a store do."""


def _grid(scenario: omnisim.Scenario, eliminations: Sequence[str], seeds: int, jobs: int) -> omnisim.Comparison:
    return compare(scenario, FORECASTERS, eliminations=eliminations, seeds=seeds, jobs=jobs)


if __name__ == "__main__":
    main()
