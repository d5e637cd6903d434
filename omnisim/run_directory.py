"""A run directory: everything a run leaves on disk.

.. code-block:: text

    scenario.toml      the resolved scenario: running it again gives the same trace
    manifest.json      seed, digest, wall time, the command that reproduces the run, what is promised of it, and the
                       versions and the machine that it depends on (omnisim.reproducibility)
    trace.npz          the record of the run (omnisim.trace)
    agents.parquet     analysis.agents
    certificates.json  analysis.certificates, one object per row
    report.html        the page
    state.npz          where a run with a declared horizon ended, from where omnisim tomorrow goes on
    documents.sqlite   what omnisim tomorrow found about each next day, and tomorrow/, the last of it as files
    schedules.parquet  what every customer drew when, if omnisim schedules was asked for it
    checkpoint.npz     while the run lasts, if it was asked for: what it goes on from after it was killed, and
                       checkpoint.npz.rounds, what was played so far

Each file is written under a temporary name and renamed, so a killed run leaves no half file. The report comes
last, and that of an earlier run in the same folder goes first: a directory that has one is complete.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from omnisim import output_folder
from omnisim.analysis import Analysis
from omnisim.analysis.sums import blocks
from omnisim.comparison.store import PAGE, PAGES, PLAN
from omnisim.errors import OmnisimError, OutputError, TraceError
from omnisim.files import atomic_write
from omnisim.interruption import Results
from omnisim.reading import FORM, load_json, parse_json, read_bytes, reading
from omnisim.reproducibility import PROMISE, machine, versions
from omnisim.scenario.scenario import Scenario
from omnisim.scenario.toml import to_toml
from omnisim.trace import Trace, load_trace

SCENARIO, MANIFEST, TRACE = "scenario.toml", "manifest.json", "trace.npz"
AGENTS, CERTIFICATES, REPORT = "agents.parquet", "certificates.json", "report.html"
CHECKPOINT, SCHEDULES = "checkpoint.npz", "schedules.parquet"
STATE, DOCUMENTS, TOMORROW = "state.npz", "documents.sqlite", "tomorrow"


class Manifest(BaseModel):
    """The form of the manifest."""

    model_config = FORM

    scenario: str
    seed: Annotated[int, Field(ge=0)]
    digest: str | None
    rounds: Annotated[int, Field(ge=1)]
    wall_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    versions: dict[str, str]
    command: str
    choices: list[str] = []


@contextmanager
def prepared(directory: Path, *subfolders: str) -> Iterator[None]:
    """Make sure that a command can write to its output folder, and nobody else does, before anything is computed.

    If the body fails, folders that were made for it and are still empty are removed.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to, or is in use.
    """
    with output_folder.held(directory, *subfolders):
        yield


def how_to_go_on(results: Results, checkpoint: Path | None) -> str:
    """State of an interrupted run's results, and the way to go on; ``checkpoint`` is its file of states, if any."""
    if results.are_complete:
        return str(results)
    if checkpoint is None:
        return f"{results}: the same command begins anew, and with --checkpoint-every could go on"
    if checkpoint.exists():
        return f"{results}, but for {checkpoint}: the same command goes on from there"
    return f"{results}, and there is no checkpoint yet: the same command begins anew"


def write_run(
    directory: Path,
    scenario: Scenario,
    trace: Trace,
    analysis: Analysis,
    wall_seconds: float,
    plugins: Sequence[str] = (),
    choices: Sequence[str] = (),
) -> None:
    """Write all files of a run.

    Parameters
    ----------
    directory, scenario, trace, analysis, wall_seconds
        Where, what was run and what came out.
    plugins
        Modules that the command which reproduces it must name.
    choices
        What was chosen for the user, and how it is said otherwise: on the page, and above the scenario.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    from omnisim.simulation.checkpoint import books_beside

    tree = {**scenario.source, "seed": trace.about["seed"], "rounds": trace.rounds}
    manifest = {
        "scenario": scenario.name,
        "seed": trace.about["seed"],
        "digest": scenario.about.get("digest"),
        "rounds": trace.rounds,
        "wall_seconds": round(wall_seconds, 3),
        **({"populations": notes} if (notes := trace.about.get("population_notes")) else {}),
        "versions": versions(),
        "machine": machine(),
        "promise": PROMISE,
        "command": " ".join([f"omnisim run {SCENARIO}", *(f"--plugin {module}" for module in plugins)]),
    }
    if choices:
        manifest["choices"] = list(choices)
    stale = [REPORT, SCHEDULES, *([] if scenario.declared_horizon is not None else [STATE])]
    for old in (directory / name for name in stale):
        try:
            old.unlink(missing_ok=True)
        except OSError as cause:
            raise OutputError(f"{old}: cannot be replaced: {cause.strerror or cause}") from cause
    # First what says whose results these are: if the run is killed from here on, it may be run again into the folder.
    _write_text(directory / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    _write_text(directory / SCENARIO, "".join(map(_comment, choices)) + to_toml(tree))
    trace.save(directory / TRACE)
    write_agents(directory / AGENTS, analysis)
    _write_text(directory / CERTIFICATES, analysis.certificates.to_json(orient="records", indent=2) + "\n")
    write_page(directory, analysis, manifest)
    _lead_here(directory)
    with suppress(OSError):  # it would only be refused by the next run that is not this one
        for left in (directory / CHECKPOINT, books_beside(directory / CHECKPOINT)):
            left.unlink(missing_ok=True)


def write_agents(path: Path, analysis: Analysis) -> None:
    """Write ``analysis.agents`` in groups of rows, one after another: of a million agents it would fill the memory."""
    import pandas as pd
    import pyarrow as pa
    from pyarrow import parquet

    subsequences, measures = analysis.trace.subsequences, analysis.measures.values()
    few = pd.concat([each.table(subsequences, slice(0, 1)) for each in measures], ignore_index=True)
    schema = pa.Schema.from_pandas(few, preserve_index=False)
    with atomic_write(path) as file, parquet.ParquetWriter(file, schema) as writer:
        for each in measures:
            for agents in blocks(each.population.agents, len(subsequences)):
                table = each.table(subsequences, agents).reindex(columns=schema.names)
                writer.write_table(pa.Table.from_pandas(table, schema, preserve_index=False))


def _comment(choice: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in choice)
    return f"# chosen: {shown}\n"


def forget_days(directory: Path) -> None:
    """Remove what earlier results in a folder said of their next days, before a run that begins anew is written there.

    Raises
    ------
    OutputError
        If something cannot be removed.
    """
    folder = directory / TOMORROW
    try:
        for each in (directory / DOCUMENTS, directory / f"{DOCUMENTS}-journal", *folder.glob("*")):
            each.unlink(missing_ok=True)
        if folder.exists():
            folder.rmdir()
    except OSError as cause:
        raise OutputError(f"{cause.filename or folder}: cannot be removed: {cause.strerror or cause}") from cause


def write_page(directory: Path, analysis: Analysis, manifest: Mapping[str, Any]) -> None:
    """Write the report of a run."""
    from omnisim.report.run.page import write_report

    details = {
        "command": manifest["command"],
        "versions": manifest["versions"],
        "wall_seconds": manifest["wall_seconds"],
        "agents_file": AGENTS,
        "comparison": _comparison_page(directory),
        "choices": manifest.get("choices", ()),
    }
    write_report(analysis, directory / REPORT, details=details)


def _comparison_page(directory: Path) -> str | None:
    """Path of the comparison's page that a run was made again from, relative to the run's; None if there is none.

    The folder of such a run is in the folder of its comparison, in one of its own.
    """
    comparison = directory.resolve().parent.parent
    known = directory.resolve().parent.name == PAGES and (comparison / PLAN).is_file()
    return f"../../{PAGE}" if known and (comparison / PAGE).is_file() else None


def _lead_here(directory: Path) -> None:
    """Write the page of the comparison again that a run was made again from, now that there is a page to lead to."""
    if _comparison_page(directory) is not None:
        from omnisim.comparison.comparison import load_comparison
        from omnisim.report.comparison.page import write_comparison

        comparison = directory.resolve().parent.parent
        # The run is there, whatever is wrong with the comparison; and one that goes on writes its page itself.
        with suppress(OmnisimError), output_folder.held(comparison):
            write_comparison(load_comparison(comparison), comparison / PAGE)


def read_run(directory: Path) -> tuple[Trace, dict[str, Any]]:
    """The trace and the manifest of a run.

    Raises
    ------
    TraceError
        If the directory is not that of a run, a file in it is damaged, or they are of different runs.
    """
    path, again = directory / MANIFEST, f": run its {SCENARIO} again"
    manifest = read_manifest(directory)
    trace = load_trace(directory / TRACE)
    for key in ("scenario", "seed", "digest", "rounds"):
        said = trace.about.get(key)
        if manifest[key] != said:
            raise TraceError(
                f"{directory / TRACE}: is the trace of another run than {path} tells of: its {key} is {said!r}, "
                f"there it is {manifest[key]!r}{again}"
            )
    return trace, manifest


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of a run.

    Raises
    ------
    TraceError
        If the directory is not that of a run, or the manifest is damaged.
    """
    path = directory / MANIFEST
    if not directory.is_file() and not path.exists():
        raise TraceError(f"{directory}: is not a run directory: it has no {MANIFEST}")
    with reading(path, TraceError, "the manifest is damaged", f": run its {SCENARIO} again"):
        text = read_bytes(path)
        told = load_json(text)
        if isinstance(told, dict) and "study" in told and "scenario" not in told:
            raise TraceError(
                f"{directory}: is no run; the command that wrote it writes its page again: {told.get('command')}"
            )
        return parse_json(text, Manifest)


def _write_text(path: Path, text: str) -> None:
    with atomic_write(path) as file:
        file.write(text.encode("utf-8"))
