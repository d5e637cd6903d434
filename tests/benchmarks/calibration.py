"""How fast decision-calibrated forecasts are, where the time goes, and how far that is from what memory allows.

Run it as a script from the checkout, on a quiet machine; about ten minutes, or seconds with ``--quick``::

    python tests/benchmarks/calibration.py [--quick] [--repeats 3] [--cpu]

Figures are the best of several passes. *Published* is the standard load, whose published forecast passes the test of
calibration, so that one prediction a round is evaluated; *biased* is the same with a forecast that fails it, so that
the minimax step has to find mixtures of its own. The column T^3/3 says how many times more evaluations simulated play
would make, which makes t^2 in round t. Memory is the peak of the process up to that row.
"""

import cProfile
import os
import pstats
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
from measuring import note, options, peak_memory, show, timed
from standard_load import ACTIONS, AGENTS, DIMENSION, ROUNDS, standard_load

import omnisim
from omnisim.game.tables import PotentialTables

BIAS = 0.15
LONG = 20.0
"""Seconds; a run that takes longer is not repeated."""

SIZES, SIZES_ROUNDS = (100, 300, 1000, 3000, 10_000), 200
SMALL_AGENTS, SMALL_ROUNDS = 12, 60
SUBSEQUENCES, ACTIVE = 5, 3
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
TABLES = 4
"""Of the potential: sums of gains, sums of their squares, potentials, weights."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    chosen = options(__doc__.splitlines()[0], 3, arguments)
    warm_up()
    if chosen.quick:
        standard(agents=30, rounds=10, one_dimensional=6, repeats=1)
        grow(sizes=(9, 18), rounds=8, repeats=1)
        simulated_play(agents=3, rounds=5)
        kernel(sizes=(12,), copied=1 << 16, repeats=1)
        single_precision(agents=12, rounds=20)
    else:
        standard(AGENTS, ROUNDS, one_dimensional=100, repeats=chosen.repeats)
        grow(SIZES, SIZES_ROUNDS, max(1, chosen.repeats // 2))
        simulated_play(SMALL_AGENTS, SMALL_ROUNDS)
        kernel((1000, 10_000), 1 << 25, 20 * chosen.repeats)
        single_precision(agents=200, rounds=ROUNDS)


def warm_up() -> None:
    """Load, or compile, what is loaded or compiled at its first use, so that no run is charged for it."""
    for load in (
        standard_load(AGENTS, 10, calibrated="cutting_planes"),
        standard_load(9, 20, bias=0.5, calibrated="cutting_planes"),
    ):
        analysis = omnisim.analyze(omnisim.simulate(load))
        _ = analysis.agents, analysis.certificates


def standard(agents: int, rounds: int, one_dimensional: int, repeats: int) -> None:
    """Rounds per second, evaluations per round, and where the time goes."""
    loads = {
        f"published, N = {agents}": standard_load(agents, rounds, calibrated="cutting_planes"),
        f"biased, N = {agents}": standard_load(agents, rounds, calibrated="cutting_planes", bias=BIAS),
        f"published, N = {one_dimensional}, d = 1": standard_load(
            one_dimensional, rounds, dimension=1, calibrated="cutting_planes"
        ),
        f"biased, N = {one_dimensional}, d = 1": standard_load(
            one_dimensional, rounds, dimension=1, calibrated="cutting_planes", bias=BIAS
        ),
    }
    speed, split = [], []
    for name, scenario in loads.items():
        runs = []
        while not runs or (len(runs) < repeats and runs[0][0] < LONG):
            runs.append(timed(lambda scenario=scenario: omnisim.simulate(scenario)))
        seconds, trace = min(spent for spent, _ in runs), runs[-1][1]
        evaluations = trace.diagnostics["evaluations"]
        points = np.diff(trace.mixtures.starts)
        analyzed, analysis = timed(lambda trace=trace: omnisim.analyze(trace))
        checked, certificates = timed(lambda analysis=analysis: analysis.certificates)
        speed.append(
            [
                name,
                f"{rounds / seconds:.0f}",
                f"{evaluations.mean():.2f}",
                f"{evaluations.max():.0f}",
                f"{rounds**3 / 3 / evaluations.sum():.3g}",
                f"{points.mean():.1f}",
                f"{trace.diagnostics['potential'].max():.3f}",
                "yes" if certificates["holds"].all() else "NO",
                f"{analyzed / seconds:.0%}",
                f"{checked:.2f}",
                f"{peak_memory():.0f}",
            ]
        )
        split.append([name, *_split(scenario, rounds)])
    show(
        f"Decision-calibrated forecasts, {rounds} rounds, d = {DIMENSION} unless stated",
        [
            "",
            "rounds/s",
            "evaluations",
            "most",
            "T^3/3",
            "points",
            "Phi / K",
            "certified",
            "analyze",
            "certificates s",
            "peak MB",
        ],
        speed,
    )
    show(
        "Where the time goes (profiled, which slows the simulation most), milliseconds a round",
        ["", "minimax step", "gains", "weights", "other forecasting", "simulation", "total"],
        split,
    )


def grow(sizes: Sequence[int], rounds: int, repeats: int) -> None:
    """Cost against the number of agents."""
    rows = []
    for agents in sizes:
        scenario = standard_load(agents, rounds, calibrated="cutting_planes")
        seconds = min(timed(lambda scenario=scenario: omnisim.simulate(scenario))[0] for _ in range(repeats))
        each = seconds / (agents * rounds) * 1e9
        rows.append([f"N = {agents}", f"{rounds / seconds:.0f}", f"{each:.0f}", f"{peak_memory():.0f}"])
    show(
        f"Against the number of agents, published, d = {DIMENSION}, {rounds} rounds",
        ["", "rounds/s", "ns per agent-round", "peak MB"],
        rows,
    )


def simulated_play(agents: int, rounds: int) -> None:
    """Event evaluations beside the simulated play of the papers, which makes t^2 of them in round t."""
    rows, needed = [], {}
    for kind, bias in (("published", 0.0), ("biased", BIAS)):
        for minimax in ("cutting_planes", "simulated_play"):
            scenario = standard_load(agents, rounds, calibrated=minimax, bias=bias)
            seconds, trace = timed(lambda scenario=scenario: omnisim.simulate(scenario))
            found = omnisim.analyze(trace).certificates
            bias_rows = found[found["claim"].str.startswith(("bias", "Phi"))]
            count = needed[kind, minimax] = trace.diagnostics["evaluations"].sum()
            rows.append(
                [
                    f"{kind}, {minimax}",
                    f"{count:.0f}",
                    f"{seconds:.2f}",
                    f"{trace.diagnostics['potential'].max():.3f}",
                    f"{int(bias_rows['holds'].sum())} of {len(bias_rows)}",
                ]
            )
    show(
        f"The minimax step, N = {agents}, {rounds} rounds",
        ["", "evaluations", "seconds", "Phi / K", "certificates held"],
        rows,
    )
    for kind in ("published", "biased"):
        ratio = needed[kind, "simulated_play"] / needed[kind, "cutting_planes"]
        note(f"{kind}: {ratio:.0f} times fewer evaluations")


def kernel(sizes: Sequence[int], copied: int, repeats: int) -> None:
    """The update of the weights beside the bandwidth of memory."""
    bandwidths = {threads: _bandwidth(copied, threads, repeats) for threads in sorted({1, CORES})}
    fastest = max(bandwidths.values())
    rows = []
    for agents, kind in [(agents, kind) for agents in sizes for kind in (np.float64, np.float32)]:
        seconds, entries = _update(agents, repeats, kind)
        size = np.dtype(kind).itemsize
        limit = TABLES * 2 * size * entries / fastest
        rows.append(
            [
                f"N = {agents}, {np.dtype(kind)}",
                f"{entries / 1e3:.0f} k",
                f"{seconds * 1e3:.3f}",
                f"{seconds / entries * 1e9:.2f}",
                f"{TABLES * 2 * size * entries / 1e6:.1f}",
                f"{limit * 1e3:.3f}",
                f"{limit / entries * 1e9:.2f}",
                f"{seconds / limit:.1f}",
            ]
        )
    show(
        f"The update of the weights, d = {DIMENSION}, {ACTIVE} of {SUBSEQUENCES} subsequences active, T = {ROUNDS}",
        ["", "pairs", "ms", "ns per pair", "MB touched", "limit ms", "limit ns", "x limit"],
        rows,
    )
    copies = ", ".join(f"{value / 1e9:.1f} GB/s with {threads} thread(s)" for threads, value in bandwidths.items())
    note(f"Copy bandwidth, bytes read and written: {copies}. The limit reads and writes {TABLES} tables at the larger.")


def single_precision(agents: int, rounds: int) -> None:
    """What tables of float32 would change: the same gains, added up in both."""
    rng = np.random.default_rng(0)
    double, single = _tables(agents, np.float64, rounds), _tables(agents, np.float32, rounds)
    events = np.arange(ACTIVE)[:, None] * agents + np.arange(agents)
    for _ in range(rounds):
        fired = (events * ACTIONS + rng.integers(ACTIONS, size=agents)).reshape(-1)
        gains = rng.normal(0.02, 0.1, (len(fired), DIMENSION))
        for tables in (double, single):
            tables.update([(fired, gains)])
    apart = max(float(np.abs(a - b).max()) for a, b in zip(double.total, single.total, strict=True))
    spent, also = (sum(float(each.sum(dtype=np.float64)) for each in tables._potential) for tables in (double, single))
    relative = abs(also / spent - 1)
    note(
        f"Tables of float32 after {rounds:,} rounds of {agents:,} agents: Phi / K differs by {relative:.1e} of it, the "
        f"sum of the gains of an objective by {apart:.1e} at most ({double.largest_gain:.1f} is the largest)."
    )


def _split(scenario: omnisim.Scenario, rounds: int) -> list[str]:
    profile = cProfile.Profile()
    profile.runcall(omnisim.simulate, scenario)
    stats = pstats.Stats(profile).stats

    def inside(file: str, function: str) -> float:
        return sum(entry[3] for (path, _, name), entry in stats.items() if name == function and path.endswith(file))

    play, learn = inside("engine.py", "play"), inside("engine.py", "begin_learning")
    weights = inside("tables.py", "update")
    forecasting = inside("decision_calibrated.py", "_predict") + inside("decision_calibrated.py", "_update")
    total = inside("simulate.py", "simulate")
    parts = [play, learn - weights, weights, forecasting - play - learn, total - forecasting, total]
    return [f"{part / rounds * 1e3:.3f}" for part in parts]


def _tables(agents: int, kind: type, rounds: int = ROUNDS) -> PotentialTables:
    """The tables of the decision events of so many agents, of this type."""
    events = SimpleNamespace(rows=SUBSEQUENCES * agents * ACTIONS, columns=DIMENSION, two_sided=True)
    tables = PotentialTables([events], rounds)
    for name in ("total", "squares", "_potential", "net"):
        setattr(tables, name, [table.astype(kind) for table in getattr(tables, name)])
    return tables


def _update(agents: int, repeats: int, kind: type) -> tuple[float, int]:
    """Seconds of one update when a decision of every agent fires in each active subsequence, and pairs updated."""
    rng = np.random.default_rng(0)
    tables = _tables(agents, kind)
    events = np.arange(ACTIVE)[:, None] * agents + np.arange(agents)
    seconds = []
    for _ in range(repeats + 1):
        rows = (events * ACTIONS + rng.integers(ACTIONS, size=agents)).reshape(-1)
        gains = rng.normal(0.0, 0.1, (len(rows), DIMENSION))
        seconds.append(timed(lambda rows=rows, gains=gains: tables.update([(rows, gains)]))[0])
    return min(seconds[1:]), ACTIVE * agents * DIMENSION


def _bandwidth(length: int, threads: int, repeats: int) -> float:
    """Bytes read and written a second by copies of a large array."""
    source, target = np.ones(length), np.empty(length)
    spans = [slice(k * length // threads, (k + 1) * length // threads) for k in range(threads)]

    def copy(span: slice) -> None:
        np.copyto(target[span], source[span])

    with ThreadPoolExecutor(threads) as pool:
        seconds = min(timed(lambda: list(pool.map(copy, spans)))[0] for _ in range(repeats + 1))
    return 2 * source.nbytes / seconds


if __name__ == "__main__":
    main()
