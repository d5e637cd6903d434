"""All kinds of hostile cases, and how many of each there are among many."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from fuzz.prices import price_case
from fuzz.records import checkpoint_case, comparison_case, trace_case
from fuzz.scenarios import scenario_case

from omnisim.commands import validating
from omnisim.scenario import document
from omnisim.scenario.schema import Schema
from omnisim.simulation.trial import trial

CASES: Mapping[str, tuple[Callable[[Callable[..., Any], Path], str], float]] = {
    "scenario": (scenario_case, 0.3),
    "prices": (price_case, 0.45),
    "trace": (trace_case, 0.16),
    "checkpoint": (checkpoint_case, 0.07),
    "comparison": (comparison_case, 0.02),
}
"""By kind the case, and its share of all."""


@contextmanager
def prepared() -> Iterator[Path]:
    """A folder for the files of cases, in which the command wastes no time on what no case changes."""
    with (
        tempfile.TemporaryDirectory(prefix="omnisim-fuzz-", ignore_cleanup_errors=True) as folder,
        ExitStack() as stack,
    ):
        # The schema depends on what is registered only, and takes longer to make than most cases take.
        schema = Schema()
        stack.enter_context(mock.patch.object(schema, "json_schema", cache(schema.json_schema)))
        stack.enter_context(mock.patch.object(document, "Schema", lambda: schema))
        stack.enter_context(mock.patch.object(validating, "trial", lambda run: trial(run, 0.0)))
        yield Path(folder)
