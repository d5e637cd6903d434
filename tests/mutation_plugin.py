"""Pytest plugin of :mod:`mutation`: fewer random examples, and which functions each test calls.

Loaded with ``-p mutation_plugin``; settings come from the environment.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

EXAMPLES, TRACE, ROOT = "MUTATION_EXAMPLES", "MUTATION_TRACE", "MUTATION_ROOT"
"""At most so many examples of a property; file to write what tests call to; folder whose functions count."""

_calls: dict[str, tuple[float, list[str]]] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cap the examples of properties."""
    most = int(os.environ.get(EXAMPLES, "0"))
    if not most:
        return
    import hypothesis

    for item in items:
        test: Any = getattr(item, "obj", None)
        test = getattr(test, "__func__", test)
        used = getattr(test, "_hypothesis_internal_use_settings", None)
        if used is not None and used.max_examples > most:
            test._hypothesis_internal_use_settings = hypothesis.settings(used, max_examples=most)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Note the functions that a test calls, its fixtures included, and how long it takes."""
    if TRACE not in os.environ:
        yield
        return
    root, called = os.environ[ROOT], set()

    def note(frame: Any, event: str, argument: Any) -> None:
        code = frame.f_code
        if code.co_filename.startswith(root):
            called.add((code.co_filename, code.co_firstlineno))

    began = time.process_time()
    sys.settrace(note)  # of calls only: it returns no tracer for the lines
    yield
    sys.settrace(None)
    names = sorted(f"{file[len(root) :].lstrip(os.sep)}:{line}" for file, line in called)
    _calls[item.nodeid] = time.process_time() - began, names


def pytest_sessionfinish() -> None:
    """Write what was noted."""
    if TRACE in os.environ:
        Path(os.environ[TRACE]).write_text(json.dumps(_calls), encoding="utf-8")
