"""How much slower omnisim is than a bare numpy loop, beside what it was at earlier commits.

Run it as a script from the checkout; about a minute, or seconds with ``--quick``, which records in no file but a given
one::

    python tests/benchmarks/history.py [--quick] [--repeats 5] [--file tests/benchmarks/history.jsonl]

The loop does the mathematics of the standard load under Algorithm 3, and nothing else: scores, candidates, choices and
costs, and a record of them. All figures are processor time in one thread, as multiples of the loop's right before and
after. A line of the file is a commit, with the median, the least and the largest multiple over the passes; the newest
is called slower where its median is above the median of the earlier ones by more than their spread.
"""

import argparse
import json
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np
from measuring import Clock, note, show, timed
from standard_load import AGENTS, ROUNDS, RULES, standard_load

import omnisim
from omnisim.reproducibility import versions
from omnisim.scenario.problem import Problem
from omnisim.threads import at_most_threads

FILE = Path(__file__).with_name("history.jsonl")
QUICK_AGENTS, QUICK_ROUNDS = 60, 20


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, compare with what is on file, and put it there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tiny load, to see that everything runs")
    parser.add_argument("--repeats", type=int, default=5, help="passes (default: 5)")
    parser.add_argument("--file", type=Path, help=f"where lines are appended (default: {FILE.name}, none with --quick)")
    chosen = parser.parse_args(arguments)
    Clock.now = staticmethod(time.process_time)
    size = (QUICK_AGENTS, QUICK_ROUNDS) if chosen.quick else (AGENTS, ROUNDS)
    found = {"commit": commit(), "date": datetime.now(UTC).date().isoformat(), "size": list(size),
             "versions": versions(),
             "ratios": ratios(*size, repeats=2 if chosen.quick else chosen.repeats)}  # fmt: skip
    file = chosen.file or (None if chosen.quick else FILE)
    earlier = [] if file is None or not file.exists() else list(map(json.loads, file.read_text().splitlines()))
    tell(found, [line for line in earlier if line["size"] == found["size"]])
    if file is not None:
        with file.open("a", encoding="utf-8") as history:
            history.write(json.dumps(found) + "\n")


def ratios(agents: int, rounds: int, repeats: int) -> dict[str, dict[str, float]]:
    """Median, least and largest multiple of the loop's time, of every rule, a calibrated forecast, and the analysis."""
    load = standard_load(agents, rounds)
    loads = {name: load.replace(elimination=rule) for name, rule in RULES.items()}
    loads["calibrated"] = standard_load(agents, rounds, calibrated="cutting_planes")
    traces = {name: omnisim.simulate(scenario) for name, scenario in loads.items()}
    parts: dict[str, Callable[[], object]] = {
        name: lambda scenario=scenario: omnisim.simulate(scenario) for name, scenario in loads.items()
    }
    problem, known = load.problem(0), traces["Algorithm 3"]
    parts["analysis"] = lambda: omnisim.analyze(known)
    parts["analysis"]()
    multiples = defaultdict(list)

    def bare() -> object:
        return bare_loop(problem, known.predictions, known.outcomes)

    with at_most_threads(1):
        for _ in range(repeats):
            before, _ = timed(bare)
            for name, part in parts.items():
                taken, _ = timed(part)
                after, _ = timed(bare)
                multiples[name].append(2 * taken / (before + after))
                before = after
    return {
        name: {"median": round(median(each), 3), "least": round(min(each), 3), "largest": round(max(each), 3)}
        for name, each in multiples.items()
    }


def bare_loop(problem: Problem, predictions: np.ndarray, outcomes: np.ndarray) -> dict[str, np.ndarray]:
    """Algorithm 3 in plain numpy: the actions of every population, (T, N); costs and fallback are recorded as well."""
    played = {}
    for population in problem.populations:
        shape, dimension = population.utility.shape[:2], population.dimension
        each = np.arange(population.agents)
        utility = population.utility.reshape(-1, dimension)
        slopes = [constraint.slope.reshape(-1, dimension) for constraint in population.constraints]
        sets = np.ones((len(problem.subsequences), *shape), dtype=bool)
        actions = np.empty((len(outcomes), population.agents), dtype=np.int8)
        costs = np.empty((*actions.shape, len(slopes)))
        fallback = np.empty(actions.shape, dtype=bool)
        for t, (prediction, outcome) in enumerate(zip(predictions, outcomes, strict=True)):
            scores = (utility @ prediction).reshape(shape) + population.offset
            candidates = sets[problem.active[t]].any(axis=0)
            fallback[t] = ~candidates.any(axis=1)
            actions[t] = np.where(candidates, scores, -np.inf).argmax(axis=1)
            within = np.ones(shape, dtype=bool)
            for j, constraint in enumerate(population.constraints):
                cost = (slopes[j] @ outcome).reshape(shape) + constraint.offset
                costs[t, :, j] = cost[each, actions[t]]
                within &= cost <= 0
            sets[problem.active[t]] &= within
        played[population.name] = actions
    return played


def tell(found: Mapping[str, Mapping], earlier: Sequence[Mapping[str, Mapping]]) -> None:
    """Print the newest line beside the earlier ones, and say what is slower."""
    rows = []
    for name, new in found["ratios"].items():
        known = [line["ratios"][name] for line in earlier if name in line["ratios"]]
        was = f"{median(each['median'] for each in known):.2f}" if known else "-"
        verdict = "slower" if is_slower(new, known) else "" if known else "new"
        rows.append([name, f"{new['median']:.2f}", f"{new['least']:.2f}", f"{new['largest']:.2f}", was, verdict])
    title = f"{found['commit']}: multiples of a bare numpy loop's processor time, {len(earlier)} earlier"
    show(title, ["", "median", "least", "largest", "earlier", ""], rows)
    slower = [row[0] for row in rows if row[-1] == "slower"]
    note(f"Slower than before: {', '.join(slower)}." if slower else "Nothing is slower than before.")


def is_slower(new: Mapping[str, float], earlier: Sequence[Mapping[str, float]]) -> bool:
    """Whether a median is above the median of the earlier ones by more than their spread.

    That is the range of their medians, or how far passes of one of them were apart, whichever is larger.
    """
    if not earlier:
        return False
    medians = [each["median"] for each in earlier]
    within = median(each["largest"] - each["least"] for each in earlier)
    return new["median"] > median(medians) + max(max(medians) - min(medians), within)


def commit() -> str:
    """The commit of the checkout, with a plus where files differ from it; a dash where there is none."""

    def git(*words: str) -> str:
        told = subprocess.run(["git", *words], cwd=FILE.parent, capture_output=True, text=True, check=False)  # noqa: S603, S607 (of this checkout)
        return told.stdout.strip()

    return (git("rev-parse", "--short", "HEAD") or "-") + ("+" if git("status", "--porcelain", "-uno") else "")


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"  # as the loop; with two, processor time counts what they wait for each other
    main()
