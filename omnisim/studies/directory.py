"""Files of a study on disk: ``report.html``, one Parquet and one CSV file per table, and ``manifest.json``."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from omnisim.files import atomic_write
from omnisim.report.study.page import write_study
from omnisim.report.study.results import Study
from omnisim.reproducibility import PROMISE, machine, versions
from omnisim.spreadsheets import to_csv

REPORT, MANIFEST = "report.html", "manifest.json"

NO_FILES: Mapping[str, bytes] = MappingProxyType({})


def write(
    study: Study, directory: Path, command: str, seed: int, wall_seconds: float, files: Mapping[str, bytes] = NO_FILES
) -> Path:
    """Write all files of a study and return the path of its page, which comes last.

    ``command`` and ``seed`` give the same numbers again; ``files`` are further ones, by name. What says whose results
    these are comes before them, so that the same command may be run again if it is killed.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    (directory / REPORT).unlink(missing_ok=True)
    for name, table in study.tables.items():
        with atomic_write(directory / f"{name}.parquet") as file:
            table.frame.to_parquet(file, index=False)
        with atomic_write(directory / f"{name}.csv") as file:
            file.write(to_csv(table.frame))
    about = {
        "study": study.name,
        "seed": seed,
        "wall_seconds": round(wall_seconds, 1),
        "versions": versions(),
        "machine": machine(),
        "promise": PROMISE,
        "command": command,
        **study.about,
    }
    with atomic_write(directory / MANIFEST) as file:
        file.write((json.dumps(about, indent=2) + "\n").encode())
    for name, content in files.items():
        with atomic_write(directory / name) as file:
            file.write(content)
    write_study(replace(study, about=about), directory / REPORT)
    return directory / REPORT
