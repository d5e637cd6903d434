"""Seconds, bytes and tables."""

import argparse
import gc
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from omnisim import memory

_Result = TypeVar("_Result")


class Clock:
    """The clock that everything is timed with."""

    now = staticmethod(time.perf_counter)


def options(description: str, repeats: int, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line that all benchmarks share, and set the clock."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a tiny load, to see that everything runs")
    parser.add_argument("--repeats", type=int, default=repeats, help=f"passes (default: {repeats})")
    parser.add_argument(
        "--cpu", action="store_true", help="count processor time of all threads: less disturbed by a busy machine"
    )
    chosen = parser.parse_args(arguments)
    Clock.now = staticmethod(time.process_time if chosen.cpu else time.perf_counter)
    return chosen


def timed(function: Callable[[], _Result]) -> tuple[float, _Result]:
    """Seconds that a call took, and what it returned; garbage of earlier calls is cleared before."""
    gc.collect()
    begin = Clock.now()
    result = function()
    return Clock.now() - begin, result


def peak_memory() -> float:
    """MB of memory the process has occupied at most, so far."""
    return memory.peak() / 1e6


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
