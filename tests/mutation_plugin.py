"""Pytest plugin of :mod:`mutation`: which functions each test calls.

Loaded with ``-p mutation_plugin``; settings come from the environment.
"""

import json
import os
import sys
import time
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

TRACE, ROOT = "MUTATION_TRACE", "MUTATION_ROOT"
"""File to write what tests call to; folder whose functions count."""

_calls: dict[str, tuple[float, list[str]]] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Note the functions that a test calls, its fixtures included, and how long it takes."""
    if TRACE not in os.environ:
        yield
        return
    seen: dict[int, CodeType] = {}

    def note(frame: Any, event: str, argument: Any) -> None:
        # By identity: it is asked for every call, and what code is equal to other code takes long to find out.
        seen[id(frame.f_code)] = frame.f_code

    began = time.process_time()
    sys.settrace(note)  # of calls only: it returns no tracer for the lines
    yield
    sys.settrace(None)
    root = os.environ[ROOT]
    called = {(code.co_filename, code.co_firstlineno) for code in seen.values() if code.co_filename.startswith(root)}
    names = sorted(f"{file[len(root) :].lstrip(os.sep)}:{line}" for file, line in called)
    _calls[item.nodeid] = time.process_time() - began, names


def pytest_sessionfinish() -> None:
    """Write what was noted."""
    if TRACE in os.environ:
        Path(os.environ[TRACE]).write_text(json.dumps(_calls), encoding="utf-8")
