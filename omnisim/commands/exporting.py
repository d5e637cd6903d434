"""The command ``omnisim schedules``: the schedules of a run as one Parquet file, written group of rows by group."""

from itertools import chain
from pathlib import Path

from omnisim import run_directory
from omnisim.analysis.schedules import schedule_tables
from omnisim.files import atomic_write
from omnisim.trace import Trace


def export_schedules(directory: Path) -> tuple[Path, int]:
    """Write the schedules of a finished run into its folder; the file, and how many rows it has.

    Raises
    ------
    TraceError
        If it is no folder of a run, or the run has no schedules.
    OutputError
        If the file cannot be written.
    """
    trace, _ = run_directory.read_run(directory)
    path = directory / run_directory.SCHEDULES
    return path, write_schedules(trace, path)


def write_schedules(trace: Trace, path: Path) -> int:
    """Write the schedules of a run; how many rows there are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = schedule_tables(trace)
    first = next(tables)
    # Dictionaries differ from population to population: in the file these columns are texts.
    texts = [pa.field(f.name, pa.string()) if pa.types.is_dictionary(f.type) else f for f in first.schema]
    schema, rows = pa.schema(texts), 0
    with atomic_write(path) as file, pq.ParquetWriter(file, schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table.cast(schema))
            rows += table.num_rows
    return rows
