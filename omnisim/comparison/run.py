"""One run of a comparison: simulated, analyzed, and put into the rows that the store keeps.

This is what the workers do. A run returns the bytes of its two Parquet files, so that the process which writes them
has next to nothing to do.
"""

import io
import json
import time
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from omnisim import memory
from omnisim._version import __version__
from omnisim.analysis import analyze
from omnisim.comparison.grid import LABELS, Variant
from omnisim.comparison.measuring import measured
from omnisim.comparison.records import AGENTS, FAILED, FINISHED, RUNS
from omnisim.reproducibility import machine, versions
from omnisim.simulation.simulate import simulate


@dataclass(frozen=True)
class Stored:
    """A run as the store keeps it.

    Attributes
    ----------
    run
        Its name.
    runs, agents
        Bytes of Parquet files; ``agents`` is None for a run that failed.
    error
        What went wrong, or "".
    """

    run: str
    runs: bytes
    agents: bytes | None
    error: str


def execute(variant: Variant, seed: int, command: str) -> Stored:
    """Run a variant with a seed; whatever goes wrong becomes the result."""
    head = {"run": variant.run(seed), **dict(zip(LABELS, variant.labels, strict=True)), "seed": seed}
    facts: dict[str, Any] = {"omnisim": __version__, "command": command}
    facts |= {"versions": json.dumps(versions()), "machine": json.dumps(machine())}
    started = time.perf_counter()
    memory.forget_peak()
    agents, error = None, ""
    try:
        trace = simulate(variant.scenario, seed)
        simulated = time.perf_counter()
        row, agents = measured(analyze(trace))
        facts |= row | {"status": FINISHED, "error": error}
        facts["simulate_seconds"] = simulated - started
        facts["analyze_seconds"] = time.perf_counter() - simulated
    except Exception as cause:  # noqa: BLE001 (a strategy may raise anything; it is recorded, and the rest goes on)
        error = f"{type(cause).__name__}: {' '.join(str(cause).split())}"
        facts |= {"status": FAILED, "error": error}
    facts |= {"seconds": time.perf_counter() - started, "peak_memory_mb": memory.peak() / 1e6}
    table = pa.Table.from_pylist([head | facts], schema=RUNS)
    return Stored(variant.run(seed), to_parquet(table), None if agents is None else _agents(head, agents), error)


def to_parquet(table: pa.Table) -> bytes:
    """The bytes of a Parquet file with one row group, every page of which carries a checksum."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=max(1, len(table)), write_page_checksum=True, compression="zstd")
    return buffer.getvalue()


def _agents(head: dict[str, Any], agents: pd.DataFrame) -> bytes:
    columns = {name: agents[name] if name in agents else pa.repeat(head[name], len(agents)) for name in AGENTS.names}
    arrays = [pa.array(columns[field.name], field.type, from_pandas=False) if field.name in agents else
              columns[field.name].cast(field.type) for field in AGENTS]  # fmt: skip
    return to_parquet(pa.table(arrays, schema=AGENTS))
