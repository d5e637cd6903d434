"""Pytest plugin of :mod:`mutation`: which functions each test calls, and how long it takes.

Loaded with ``-p mutation_plugin``; settings come from the environment. What tests share, fixtures of a module or a
session, is set up within whichever comes first, but every test that uses it depends on it.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

TRACE, ROOT, FAILED = "MUTATION_TRACE", "MUTATION_ROOT", "MUTATION_FAILED"
"""File to write what tests call to; folder whose functions count; file to write the name of a test that fails to."""


@dataclass
class Span:
    """What was called, and the seconds of the processor, without those of spans within."""

    seconds: float = 0.0
    codes: dict[int, CodeType] = field(default_factory=dict)


EXAMPLES = 10
"""Of each property while calls are noted: more call hardly anything else, and take as much longer as there are."""

_times: dict[str, float] = {}
_open: list[Span] = []
_tests: dict[str, tuple[Span, list[str]]] = {}
_shared: dict[str, Span] = {}


def _note(frame: Any, event: str, argument: Any) -> None:
    # By identity: it is asked for every call, and what code is equal to other code takes long to find out.
    _open[-1].codes[id(frame.f_code)] = frame.f_code


@contextmanager
def _span() -> Iterator[Span]:
    """A span in which calls are noted; of calls only: ``_note`` returns no tracer for the lines."""
    span, began = Span(), time.process_time()
    _open.append(span)
    sys.settrace(_note)
    yield span
    _open.pop()
    took = time.process_time() - began
    span.seconds += took
    if _open:
        _open[-1].seconds -= took
    else:
        sys.settrace(None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a few examples of each property while calls are noted."""
    if TRACE not in os.environ:
        return
    import hypothesis

    most: dict[int, int] = {}  # of the functions; several items may share one
    for item in items:
        test: Any = getattr(item, "obj", None)
        test = getattr(test, "__func__", test)
        used = getattr(test, "_hypothesis_internal_use_settings", None)
        if used is not None and most.setdefault(id(test), used.max_examples) > EXAMPLES:
            _times[item.nodeid] = most[id(test)] / EXAMPLES
            test._hypothesis_internal_use_settings = hypothesis.settings(used, max_examples=EXAMPLES)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: Any) -> Any:
    """Note what a test calls."""
    if TRACE not in os.environ:
        yield
        return
    with _span() as span:
        yield
    info = getattr(item, "_fixtureinfo", None)
    used = [found[-1] for found in info.name2fixturedefs.values()] if info else []
    _tests[item.nodeid] = span, [_name(fixture) for fixture in used if fixture.scope != "function"]


@pytest.hookimpl(hookwrapper=True)
def pytest_fixture_setup(fixturedef: Any) -> Any:
    """Note what is called by a fixture that tests share."""
    if TRACE not in os.environ or fixturedef.scope == "function":
        yield
        return
    with _span() as span:
        yield
    _shared[_name(fixturedef)] = span


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: Any) -> list[pytest.Item] | None:
    """Collect no test from modules of the package: they have examples, and are named to run those."""
    return None if collector.path.name.startswith("test_") else []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write which test has failed: nothing else that ends the tests is a catch."""
    if report.failed and FAILED in os.environ:
        Path(os.environ[FAILED]).write_text(report.nodeid, encoding="utf-8")


def _name(fixture: Any) -> str:
    return f"{fixture.baseid}::{fixture.argname}"


def pytest_sessionfinish() -> None:
    """Write, of each test, its seconds, the functions called by it and by what it shares, and the seconds of these."""
    if TRACE not in os.environ:
        return
    root, found = os.environ[ROOT], {}
    for test, (span, names) in _tests.items():
        used = {name: _shared[name] for name in names if name in _shared}
        codes = [code for each in (span, *used.values()) for code in each.codes.values()]
        ours = {(code.co_filename, code.co_firstlineno) for code in codes if code.co_filename.startswith(root)}
        called = sorted(f"{file[len(root) :].lstrip(os.sep)}:{line}" for file, line in ours)
        seconds = span.seconds * _times.get(test, 1.0)
        found[test] = seconds, called, {name: each.seconds for name, each in used.items()}
    Path(os.environ[TRACE]).write_text(json.dumps(found), encoding="utf-8")
