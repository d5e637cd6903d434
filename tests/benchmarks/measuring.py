"""Seconds, bytes and tables."""

import gc
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

_Result = TypeVar("_Result")


def timed(function: Callable[[], _Result]) -> tuple[float, _Result]:
    """Seconds that a call took, and what it returned; garbage of earlier calls is cleared before."""
    gc.collect()
    begin = time.perf_counter()
    result = function()
    return time.perf_counter() - begin, result


def peak_memory() -> float:
    """MB of memory the process has occupied at most, so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, the first column to the left and the others to the right."""
    lines = [list(columns), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    lines.insert(1, ["-" * width for width in widths])
    _print(f"\n{title}\n")
    for line in lines:
        first, *others = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        _print("  ".join([first, *others]).rstrip())


def note(text: str) -> None:
    """Print a line below a table."""
    _print(text)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (a benchmark is run for what it prints)
