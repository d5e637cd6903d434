"""The folder of a comparison: what is finished, and reading it back.

.. code-block:: text

    comparison.json             what was asked: variants with their digests, seeds, reference
    scenarios/<digest>.toml     each variant, resolved: every default written out
    runs/<digest>-<seed>.parquet      one run each, one row
    agents/<digest>-<seed>.parquet    its agents, one row group
    pages/<digest>-<seed>/            the folder of a run that was made again with its page, by omnisim run
    runs/part-*.parquet, agents/part-*.parquet    many finished runs, one row group per run in ``agents``

A run is finished when both of its files are there, the one in ``runs`` is written last, and each is renamed from a
temporary name: killing the process at any moment loses the runs in flight and nothing else. When there are many files,
finished runs are gathered in parts of the same name in both folders; the single files go when both parts are there.
Every page carries a checksum, so a damaged file is noticed; it is named, removed, and its runs are computed again.

The labels in the files are those under which a run was first computed; ``comparison.json`` says the present ones.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from omnisim._version import __version__
from omnisim.comparison.checking import TOGETHER, Plan, check_agents, check_runs
from omnisim.comparison.grid import run_name
from omnisim.comparison.records import AGENTS, FINISHED, RUN, RUNS
from omnisim.comparison.run import Stored, to_parquet
from omnisim.errors import OutputError, TraceError
from omnisim.files import atomic_write
from omnisim.reading import Versioned, parse_json, read_bytes, reading

PLAN, SCENARIOS = "comparison.json", "scenarios"
PAGES, PAGE = "pages", "report.html"
"""Folder of the folders of runs that were made again to look at, and the page in each and in that of the comparison."""

SCHEMA_VERSION = 4
"""Version of the plan and the tables; no other is read, since runs are compared by all of their columns."""

GATHERED = 250
"""Runs in a part."""

_RUNS, _AGENTS = "runs", "agents"

_REPEATED = ["population", "subsequence"]
"""Texts of agents that are read as codes."""

_AGENTS_READ = pa.schema(
    [field.with_type(pa.dictionary(pa.int32(), field.type)) if field.name in _REPEATED else field for field in AGENTS]
)

FOLDERS = (SCENARIOS, _RUNS, _AGENTS)
"""Folders of a comparison, inside its own."""

_PART = "part-"
_DAMAGED, _AGAIN = "is damaged", ": run the comparison again into the same folder, which computes its runs anew"


@dataclass(frozen=True)
class Place:
    """Location of a finished run.

    Attributes
    ----------
    runs, agents
        Its files in the two folders.
    index
        Its row group in the second.
    rows
        How many rows that has: one per agent and subsequence.
    """

    runs: Path
    agents: Path
    index: int
    rows: int


class Store:
    """The folder of a comparison.

    Parameters
    ----------
    folder
        Need not exist before something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write_plan(self, plan: Mapping[str, Any], scenarios: Mapping[str, str]) -> dict[str, Any]:
        """Write what was asked, and the resolved scenarios by their digests; return it as :meth:`read_plan` does.

        Raises
        ------
        OutputError
            If the folder cannot be written to.
        """
        for digest, text in scenarios.items():
            _write(self.folder / SCENARIOS / f"{digest}.toml", text.encode())
        text = json.dumps({"schema_version": SCHEMA_VERSION, **plan}, indent=2)
        _write(self.folder / PLAN, f"{text}\n".encode())
        written: dict[str, Any] = json.loads(text)
        return written

    def read_plan(self) -> dict[str, Any]:
        """Read the plan: the variants and seeds that were asked for.

        Raises
        ------
        TraceError
            If the folder is not that of a comparison, or of another version.
        """
        path, again = self.folder / PLAN, ": run the comparison again into the same folder"
        if not self.folder.is_file() and not path.exists():
            raise TraceError(f"{self.folder}: is not the folder of a comparison: it has no {PLAN}")
        with reading(path, TraceError, "is damaged", again):
            text = read_bytes(path)
            version = parse_json(text, Versioned)["schema_version"]
            if version != SCHEMA_VERSION:
                raise TraceError(f"{path}: has schema version {version}, this omnisim reads {SCHEMA_VERSION}{again}")
            return parse_json(text, Plan)

    def progress(self) -> tuple[int, int]:
        """Number of finished runs among those that were asked for last, and number of those."""
        plan = self.read_plan()
        asked = {run_name(variant["digest"], seed) for variant in plan["variants"] for seed in plan["seeds"]}
        return len(asked & set(self.places())), len(asked)

    def write(self, stored: Stored) -> None:
        """Keep a run.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        if stored.agents is not None:
            _write(self._file(_AGENTS, stored.run), stored.agents)
        _write(self._file(_RUNS, stored.run), stored.runs)

    def repair(self, say: Callable[[str], None]) -> set[str]:
        """Remove what is half done, damaged or of another version, and return the runs that are finished.

        Only who holds the folder (:mod:`omnisim.output_folder`) may call it. Failed runs are not finished: they are
        tried again.

        Parameters
        ----------
        say
            Told of each damaged file.

        Raises
        ------
        OutputError
            If a file cannot be removed.
        """
        for name in (_RUNS, _AGENTS):
            for path in sorted((self.folder / name).glob("*.parquet")):
                wrong = _wrong_with(path, RUNS if name == _RUNS else AGENTS)
                if wrong:
                    say(f"{path}: {wrong}; computed again")
                    _remove(path)
        for name, other in ((_RUNS, _AGENTS), (_AGENTS, _RUNS)):
            for part in (self.folder / name).glob(f"{_PART}*.parquet"):
                if not (self.folder / other / part.name).exists():
                    _remove(part)
        for part in sorted((self.folder / _RUNS).glob(f"{_PART}*.parquet")):
            for run, _ in _finished(part):
                _remove(self._file(_RUNS, run))
                _remove(self._file(_AGENTS, run))
        finished = self.places()
        for path in sorted({place.agents for place in finished.values()}):
            wrong = _wrong_agents(path, {run: place for run, place in finished.items() if place.agents == path})
            if wrong:
                say(f"{path}: {wrong}; computed again")
                _remove(path)
                finished = {run: place for run, place in finished.items() if place.agents != path}
        for path in (self.folder / _AGENTS).glob("*.parquet"):
            if not path.name.startswith(_PART) and path.stem not in finished:
                _remove(path)
        return set(finished)

    def places(self) -> dict[str, Place]:
        """Location of each finished run.

        Raises
        ------
        TraceError
            If a file is damaged.
        """
        found: dict[str, Place] = {}
        for path in sorted((self.folder / _RUNS).glob("*.parquet"), key=lambda path: not path.name.startswith(_PART)):
            agents = self.folder / _AGENTS / path.name
            if not agents.exists():
                continue
            for index, (run, rows) in enumerate(_finished(path)):
                found.setdefault(run, Place(path, agents, index, rows))
        return found

    def gather(self) -> None:
        """Put single files of finished runs together in a part, if there are ``GATHERED`` of them.

        Raises
        ------
        OutputError
            If a part cannot be written.
        """
        single = [path for path in (self.folder / _AGENTS).glob("*.parquet") if not path.name.startswith(_PART)]
        if len(single) < GATHERED:
            return
        for first in range(0, len(single), GATHERED):
            files = sorted(single)[first : first + GATHERED]
            name = f"{_PART}{files[0].stem}.parquet"
            runs = [self._file(_RUNS, path.stem) for path in files]
            with atomic_write(self.folder / _AGENTS / name) as file:
                writer = pq.ParquetWriter(file, AGENTS, write_page_checksum=True, compression="zstd")
                with writer:
                    for path in files:
                        table = _read(path)
                        writer.write_table(table, row_group_size=max(1, len(table)))
            _write(self.folder / _RUNS / name, to_parquet(pa.concat_tables([_read(path) for path in runs])))
            for path in (*runs, *files):
                _remove(path)

    def read_runs(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of ``runs``: the runs that are finished, and those that failed.

        Raises
        ------
        TraceError
            If a file is damaged.
        """
        folder = self.folder / _RUNS
        asked = [RUN, *(name for name in columns if name != RUN)]
        # What is nested is checked by the populations, subsequences and numbers that a run says it has.
        read = list(dict.fromkeys([*asked, "status", "populations", "subsequences", *TOGETHER]))
        parts = [path for path in sorted(folder.glob(f"{_PART}*")) if (self.folder / _AGENTS / path.name).exists()]
        tables = [_read_runs(path, read) for path in parts]
        gathered = {run for table in tables for run in table[RUN].to_pylist()}
        single = [path for path in sorted(folder.glob("*.parquet")) if not path.name.startswith(_PART)]
        tables += [_read_runs(path, read) for path in single if path.stem not in gathered]
        schema = pa.schema([RUNS.field(name) for name in asked])
        return pa.concat_tables(tables).select(asked) if tables else schema.empty_table()

    def read_agents(self, runs: Sequence[str], columns: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
        """Some columns of the agents of some finished runs, run by run.

        Raises
        ------
        TraceError
            If a file is damaged.
        """
        places = self.places()
        read = list(dict.fromkeys([RUN, *columns]))
        for run in runs:
            if run not in places:
                raise TraceError(f"{self._file(_AGENTS, run)}: is missing{_AGAIN}")
        for path, of_file in groupby(runs, key=lambda run: places[run].agents):
            with _open(path) as file:
                for run in of_file:
                    with reading(path, TraceError, _DAMAGED, _AGAIN):
                        table = file.read_row_group(places[run].index, columns=read, use_threads=False)
                        table = _of_form(table, read, _AGENTS_READ)
                        check_agents(table, run, places[run].rows)
                    yield run, table.select(list(columns))

    @property
    def agents_columns(self) -> list[str]:
        """Columns of the table ``agents``."""
        return list(AGENTS.names)

    def no_agents(self, columns: Sequence[str]) -> pa.Table:
        """The table ``agents`` without rows."""
        return pa.schema([AGENTS.field(name) for name in columns]).empty_table()

    def _file(self, table: str, run: str) -> Path:
        return self.folder / table / f"{run}.parquet"


def _wrong_with(path: Path, schema: pa.Schema) -> str:
    """Fault in a file by itself; "" if there is none."""
    try:
        with reading("", TraceError, _DAMAGED), pq.ParquetFile(path, page_checksum_verification=True) as file:
            if not file.schema_arrow.equals(schema):
                return "has other columns than this version writes"
            table = file.read()
            if schema is RUNS:
                versions = set(table["omnisim"].to_pylist())
                if versions != {__version__}:
                    return f"is of omnisim {', '.join(sorted(map(str, versions)))}"
                check_runs(table, _only_run(path))
    except TraceError as wrong:
        return str(wrong)
    return ""


def _wrong_agents(path: Path, places: Mapping[str, Place]) -> str:
    """Fault in agents beside the runs they are of; "" if there is none."""
    try:
        with reading("", TraceError, _DAMAGED), _open(path) as file:
            for run, place in places.items():
                check_agents(file.read_row_group(place.index), run, place.rows)
    except TraceError as wrong:
        return str(wrong)
    return ""


def _only_run(path: Path) -> str | None:
    """The run that a file of one run is named after."""
    return None if path.name.startswith(_PART) else path.stem


def _finished(path: Path) -> list[tuple[str, int]]:
    """The finished runs of a file of the table ``runs``, and how many rows of agents each has."""
    table = _read_runs(path, [RUN, "status", "agents", "populations", "subsequences"])
    rows = zip(*(table[name].to_pylist() for name in (RUN, "status", "agents", "subsequences")), strict=True)
    return [(run, agents * len(names)) for run, status, agents, names in rows if status == FINISHED]


def _open(path: Path) -> pq.ParquetFile:
    with reading(path, TraceError, _DAMAGED, _AGAIN):
        return pq.ParquetFile(path, page_checksum_verification=True, read_dictionary=_REPEATED, pre_buffer=False)


def _read_runs(path: Path, columns: Sequence[str]) -> pa.Table:
    """Some columns of a file of the table ``runs``, checked."""
    table = _read(path, columns)
    with reading(path, TraceError, _DAMAGED, _AGAIN):
        # Whoever else wrote the file may have said of columns that they have no nulls, or ordered them otherwise.
        table = _of_form(table, columns, RUNS)
        check_runs(table, _only_run(path))
        return table


def _of_form(table: pa.Table, columns: Sequence[str], schema: pa.Schema) -> pa.Table:
    """Some columns, of the types that they have."""
    return table.select(list(columns)).cast(pa.schema([schema.field(name) for name in columns]))


def _read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    with (
        reading(path, TraceError, _DAMAGED, _AGAIN),
        pq.ParquetFile(path, page_checksum_verification=True) as file,
    ):
        return file.read(columns=None if columns is None else list(columns), use_threads=False)


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as file:
        file.write(content)


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()  # which an empty one is only: what somebody has put there is theirs
        else:
            path.unlink(missing_ok=True)
    except OSError as cause:
        if path.is_dir():
            raise OutputError(f"{path}: is a folder where a file of the comparison belongs: move it away") from cause
        raise OutputError(f"{path}: cannot be removed: {cause.strerror or cause}") from cause
