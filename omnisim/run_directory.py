"""A run directory: everything a run leaves on disk.

.. code-block:: text

    scenario.toml      the resolved scenario: running it again gives the same trace
    manifest.json      versions, seed, digest, wall time, the command that reproduces the run
    trace.npz          the record of the run (omnisim.trace)
    agents.parquet     analysis.agents
    certificates.json  analysis.certificates, one object per row
    report.html        the page

Each file is written under a temporary name and renamed, so a killed run leaves no half file. The report comes
last: a directory that has one is complete.
"""

import json
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from omnisim.analysis import Analysis
from omnisim.errors import OutputError, TraceError
from omnisim.files import atomic_write
from omnisim.scenario.document import to_toml
from omnisim.scenario.scenario import Scenario
from omnisim.trace import Trace, load_trace

SCENARIO, MANIFEST, TRACE = "scenario.toml", "manifest.json", "trace.npz"
AGENTS, CERTIFICATES, REPORT = "agents.parquet", "certificates.json", "report.html"

_PACKAGES = ("omnisim-lab", "numpy", "scipy", "pandas", "simpy", "plotly")


def prepare(directory: Path) -> None:
    """Make sure that a run can be written there, before it is computed.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".omnisim-probe"
        probe.touch()
        probe.unlink()
    except OSError as cause:
        raise OutputError(
            f"{directory}: cannot be written to: {cause.strerror or cause}; choose another folder with --out"
        ) from cause


def write_run(directory: Path, scenario: Scenario, trace: Trace, analysis: Analysis, wall_seconds: float) -> None:
    """Write all files of a run.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    tree = {**scenario.source, "seed": trace.about["seed"], "rounds": trace.rounds}
    manifest = {
        "scenario": scenario.name,
        "seed": trace.about["seed"],
        "digest": scenario.about.get("digest"),
        "rounds": trace.rounds,
        "wall_seconds": round(wall_seconds, 3),
        "versions": versions(),
        "command": f"omnisim run {SCENARIO}",
    }
    _write_text(directory / SCENARIO, to_toml(tree))
    _write_text(directory / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    trace.save(directory / TRACE)
    with atomic_write(directory / AGENTS) as file:
        analysis.agents.to_parquet(file, index=False)
    _write_text(directory / CERTIFICATES, analysis.certificates.to_json(orient="records", indent=2) + "\n")
    write_page(directory, analysis, manifest)


def write_page(directory: Path, analysis: Analysis, manifest: Mapping[str, Any]) -> None:
    """Write the report of a run."""
    from omnisim.report import write_report

    details = {
        "command": manifest["command"],
        "versions": manifest["versions"],
        "wall_seconds": manifest["wall_seconds"],
        "agents_file": AGENTS,
    }
    write_report(analysis, directory / REPORT, details=details)


def read_run(directory: Path) -> tuple[Trace, dict[str, Any]]:
    """The trace and the manifest of a run.

    Raises
    ------
    TraceError
        If the directory is not that of a run, or a file in it is damaged.
    """
    path = directory / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as cause:
        raise TraceError(f"{directory}: is not a run directory: it has no {MANIFEST}") from cause
    except (OSError, ValueError) as cause:
        raise TraceError(f"{path}: the manifest is damaged ({cause})") from cause
    return load_trace(directory / TRACE), manifest


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        found[package] = metadata.version(package)
    return found


def _write_text(path: Path, text: str) -> None:
    with atomic_write(path) as file:
        file.write(text.encode("utf-8"))
