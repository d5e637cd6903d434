"""Progress on standard error: of the rounds of a run, and of the runs of a comparison."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from omnisim.terminal import complain, visible


@contextmanager
def rounds_bar(name: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar that is told the rounds done and all rounds; None where standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.fields[rounds]} rounds"),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(visible(name)), total=None, speed="", rounds="?")
        started = time.perf_counter()
        shown = [started]

        def on_rounds(done: int, total: int) -> None:
            now = time.perf_counter()
            if now - shown[0] > 0.1 or done == total:
                shown[0] = now
                speed = f"{done / (now - started):,.0f} rounds/s"
                bar.update(task, completed=done, total=total, rounds=f"{total:,}", speed=speed)

        yield on_rounds


@contextmanager
def runs_bar(name: str) -> Iterator[tuple[Callable[[int, int], None] | None, Callable[[str], None]]]:
    """A bar over the whole grid with the time left, and a way to say something beside it; plain lines in a pipe."""
    if not sys.stderr.isatty():
        yield None, lambda line: complain(f"omnisim: {line}")
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("runs"),
        TextColumn("left"),
        # Runs come in a slow trickle: the speed is that of the last ten minutes, not of the last seconds.
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, speed_estimate_period=600) as bar:
        task = bar.add_task(escape(visible(name)), total=None)
        begun: list[int] = []

        def on_run(done: int, total: int) -> None:
            # What was finished before does not tell how fast it goes.
            if not begun:
                begun.append(done)
                bar.reset(task, total=total, completed=done)
            bar.update(task, completed=done, total=total)

        yield (
            on_run,
            lambda line: console.print(f"omnisim: {visible(line)}", markup=False, highlight=False, soft_wrap=True),
        )
