"""Check of an output folder for results other than the command's own."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from omnisim.comparison.store import PLAN
from omnisim.errors import OutputError
from omnisim.run_directory import AGENTS, CERTIFICATES, MANIFEST, REPORT, SCENARIO, TRACE

_OTHERS = (REPORT, TRACE, AGENTS, CERTIFICATES, SCENARIO)
"""Files of results that do not say themselves whose they are."""


def check_unoccupied(directory: Path, asked: Mapping[str, Any], *, force: bool) -> None:
    """Refuse a folder with other results, before they are replaced.

    Parameters
    ----------
    directory
        Need not exist.
    asked
        Whose results are to be written there, as in the file that says so: what the manifest of a run or of a study, or
        the plan of a comparison, has under these keys if it is the same one.
    force
        Whether other results are to be replaced: then the files that say whose they are go first.

    Raises
    ------
    OutputError
        If there are other results and ``force`` is not given, or they cannot be removed.
    """
    found = _found(directory)
    # As they would be read back: JSON knows no tuples.
    plain = json.loads(json.dumps(dict(asked), default=str))
    if found is None or all(key in found and found[key] == value for key, value in plain.items()):
        return
    if not force:
        raise OutputError(
            f"{directory}: holds {_said(found)}: choose another folder with --out, or replace them with --force"
        )
    try:
        for name in (PLAN, MANIFEST, REPORT):
            (directory / name).unlink(missing_ok=True)
    except OSError as cause:
        raise OutputError(f"{directory}: cannot be replaced: {cause.strerror or cause}") from cause


def _found(directory: Path) -> dict[str, Any] | None:
    """Description of the results in a folder, by themselves; None if there are none."""
    for name in (PLAN, MANIFEST):
        if (directory / name).exists():
            with suppress(OSError, ValueError):
                said = json.loads((directory / name).read_text(encoding="utf-8"))
                if isinstance(said, dict):
                    return {"file": name, **said}
            return {"file": name}
    there = next((name for name in _OTHERS if (directory / name).exists()), None)
    return None if there is None else {"file": there}


def _said(found: Mapping[str, Any]) -> str:
    """Contents of a folder, in words."""
    if found["file"] == PLAN:
        return f"another comparison, of {found.get('name', 'an unknown scenario')}"
    if "study" in found:
        return f"the results of another command, {found.get('command', 'omnisim study')}"
    if "digest" in found:
        return f"the results of another run, of {found.get('scenario')} with seed {found.get('seed')}"
    return f"a file {found['file']} that this command would replace"
