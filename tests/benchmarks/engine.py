"""How fast simulate and analyze are, beside other simulators in the same process.

Run it as a script from the checkout, on a quiet machine; about three minutes, or seconds with ``--quick``::

    python tests/benchmarks/engine.py [--quick] [--repeats 5] [--cpu]

``pip install 'omnisim-lab[bench]'`` brings Mesa and AgentPy; without them their rows say so. Figures are the best of
several passes (the median stands beside it), each pass running every contender once, so that whatever else the machine
does meets all of them. Memory is the peak of the process up to that row.
"""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

import numpy as np
from measuring import note, options, peak_memory, show, timed
from peers import PEERS, REFERENCE, installed_peers
from standard_load import AGENTS, ROUNDS, RULES, standard_load

import omnisim
from omnisim.statistics.slopes import fit_slope

QUICK_AGENTS, QUICK_ROUNDS = 60, 20
SIZES = (100, 1000, 10_000)
QUICK_SIZES = (30, 60)
LARGE = {
    "N": [(agents, 250) for agents in (1000, 2000, 4000, 8000)],
    "T": [(1000, rounds) for rounds in (250, 500, 1000, 2000)],
}
"""Agents and rounds from which exponents are made, by what grows."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    chosen = options(__doc__.splitlines()[0], 5, arguments)
    if chosen.quick:
        compare(QUICK_AGENTS, QUICK_ROUNDS, repeats=1)
        grow(QUICK_SIZES, QUICK_ROUNDS, repeats=1)
        exponents({"N": [(30, 20), (60, 20)], "T": [(30, 10), (30, 20)]}, repeats=2)
    else:
        compare(AGENTS, ROUNDS, chosen.repeats)
        grow(SIZES, ROUNDS, max(1, chosen.repeats // 2))
        exponents(LARGE, max(2, chosen.repeats // 2))


def compare(agents: int, rounds: int, repeats: int) -> None:
    """Every rule on the standard load, and every peer."""
    load, hard = standard_load(agents, rounds), standard_load(agents, rounds, safe=0)
    loads = {name: load.replace(elimination=rule) for name, rule in RULES.items()}
    loads |= {
        f"{name}, no safe actions": hard.replace(elimination=RULES[name]) for name in ("Algorithm 1", "Algorithm 3")
    }
    before, described = peak_memory(), {}
    for name, scenario in loads.items():
        described[name] = _describe(scenario)
    peers, missing = installed_peers()
    seconds = defaultdict(list)
    for _ in range(repeats):
        for name, scenario in loads.items():
            for part, spent in _run(scenario).items():
                seconds[name, part].append(spent)
        for name, loop in peers.items():
            seconds[name, "simulate"].append(timed(lambda loop=loop: loop(agents, rounds))[0])

    reference = min(seconds[REFERENCE, "simulate"]) if REFERENCE in peers else None

    def speed(name: str) -> list[str]:
        spent = seconds[name, "simulate"]
        ratio = "-" if reference is None else f"{reference / min(spent):.2f}"
        return [*(f"{agents * rounds / value / 1e6:.2f}" for value in (min(spent), median(spent))), ratio]

    rows = []
    for name in loads:
        spent, analyzed, tables = (min(seconds[name, part]) for part in ("simulate", "analyze", "tables"))
        measured = [f"{analyzed:.3f}", f"{analyzed / spent:.0%}", f"{tables:.3f}", *described[name]]
        rows.append([f"omnisim, {name}", *speed(name), *measured])
    rows += [[name, *speed(name), *[""] * 5] if name in peers else _absent(name) for name in PEERS]
    show(
        f"{agents} agents, {rounds} rounds; the peers decide nothing",
        ["", "M agent-steps/s", "median", "x Mesa+DC", "analyze s", "of simulate", "tables s", "fallback", "peak MB"],
        rows,
    )
    note(f"Memory before the first run: {before:.0f} MB. Fallback: share of agent-rounds without a candidate.")
    if missing:
        note(f"Not installed: {'; '.join(missing)}. Try: pip install 'omnisim-lab[bench]'")


def grow(sizes: Sequence[int], rounds: int, repeats: int) -> None:
    """Cost against the number of agents, Algorithm 3."""
    rows = []
    for agents in sizes:
        load = standard_load(agents, rounds)
        passes = [_run(load) for _ in range(repeats)]
        best = {part: min(spent[part] for spent in passes) for part in passes[0]}
        each = [f"{best[part] / (agents * rounds) * 1e9:.0f}" for part in ("simulate", "analyze")]
        rows.append([f"N = {agents}", f"{best['simulate']:.3f}", *each, f"{peak_memory():.0f}"])
    show(
        f"Algorithm 3 against the number of agents, {rounds} rounds",
        ["", "simulate s", "ns per agent-step", "analyze, ns", "peak MB"],
        rows,
    )


def exponents(loads: dict[str, list[tuple[int, int]]], repeats: int) -> None:
    """Exponents of the growth of time, Algorithm 3, with intervals that say how passes differ."""
    rows = []
    for name, sizes in loads.items():
        scenarios = [standard_load(*size) for size in sizes]
        passes = [[_run(scenario) for scenario in scenarios] for _ in range(repeats)]
        grown = [size["NT".index(name)] for size in sizes]
        slopes = [
            fit_slope(grown, np.array([[spent[part] for spent in each] for each in passes]), floor=1e-6)
            for part in ("simulate", "analyze", "tables")
        ]
        rows.append([f"in {name}, from {grown[0]:,} to {grown[-1]:,}", *map(str, slopes)])
    show("Exponents of time, with 95 % intervals", ["", "simulate", "analyze", "tables"], rows)


def _run(scenario: omnisim.Scenario) -> dict[str, float]:
    simulated, trace = timed(lambda: omnisim.simulate(scenario))
    analyzed, analysis = timed(lambda: omnisim.analyze(trace))
    tables, _ = timed(lambda: (analysis.agents, analysis.certificates))
    return {"simulate": simulated, "analyze": analyzed, "tables": tables}


def _describe(scenario: omnisim.Scenario) -> list[str]:
    # Also the first run of everything, which is not timed.
    trace = omnisim.simulate(scenario)
    analysis = omnisim.analyze(trace)
    _ = analysis.agents, analysis.certificates
    fallbacks = sum(int(fallback.sum()) for fallback in trace.fallback.values())
    players = sum(fallback.size for fallback in trace.fallback.values())
    return [f"{fallbacks / players:.1%}", f"{peak_memory():.0f}"]


def _absent(name: str) -> list[str]:
    return [name, "not installed", *[""] * 7]


if __name__ == "__main__":
    main()
