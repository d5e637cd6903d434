"""Benchmarks: the actions that a population is measured against, B(S) or BE(S) (theory, section 1)."""

from omnisim.arrays import IntArray
from omnisim.problem.guarantees import Benchmark
from omnisim.trace import Trace

REALIZED, EXPECTED, UNKNOWN = str(Benchmark.REALIZED), str(Benchmark.EXPECTED), "realized (law unknown)"
"""B(S); BE(S); B(S) for a rule that competes with BE(S), which is not known."""


def benchmark_of(trace: Trace, population: str) -> tuple[str, IntArray]:
    """The name of the benchmark, and the round in which each action left it on each subsequence, (N, A, L), or T."""
    record = trace.records[population]
    if trace.policy(population).benchmark == Benchmark.REALIZED:
        return REALIZED, record.violated_at
    if record.expected_violated_at is None:
        return UNKNOWN, record.violated_at
    return EXPECTED, record.expected_violated_at
