"""Threads: how many the libraries take that compute, and shares of work that is done in several."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController, threadpool_info

from omnisim.interruption import signals_wait

_WORTH_SPLITTING = 1 << 14
"""Entries below which a second thread costs more than it saves."""


@contextmanager
def at_most_threads(count: int | None) -> Iterator[None]:
    """Let libraries use at most this many threads in the block, or as many as they like if None.

    With one, rounding does not depend on how many cores there are.
    """
    # The libraries are found by a function that C calls back: what a signal raises there is printed, and lost.
    with signals_wait():
        limits = _libraries().limit(limits=count)
    try:
        yield
    finally:
        with signals_wait():
            limits.restore_original_limits()


def _libraries() -> ThreadpoolController:
    """The libraries that have threads, looked for again if a module was imported meanwhile, and maybe one with it."""
    if not _FOUND or _FOUND[0][0] != len(sys.modules):
        _FOUND[:] = [(len(sys.modules), ThreadpoolController())]
    return _FOUND[0][1]


_FOUND: list[tuple[int, ThreadpoolController]] = []
"""Number of modules at which the libraries were looked for last, and what was found: looking takes milliseconds."""


def pools_of_threads() -> list[dict[str, object]]:
    """Libraries that have threads of their own, as :func:`threadpoolctl.threadpool_info` describes them."""
    with signals_wait():
        return list(threadpool_info())


def in_shares(work: Callable[[int, int], None], entries: int) -> None:
    """Call ``work(share, workers)`` for each share of the work, 0 to workers - 1, in threads if it is worth it.

    Parameters
    ----------
    work
        Compiled loops that release the interpreter lock, over entries that are independent of each other.
    entries
        How many there are.
    """
    workers = _threads() if entries >= _WORTH_SPLITTING else 1
    # This thread is one of the workers; waking another costs as much as a thousand entries.
    others = [_pool().submit(work, share, workers) for share in range(1, workers)]
    work(0, workers)
    for other in others:
        other.result()


def in_ranges(work: Callable[[int, int], None], count: int, entries: int) -> None:
    """Call ``work(first, last)`` for ranges that make up ``count`` things, in threads as :func:`in_shares` does.

    Parameters
    ----------
    work
        Compiled loops over things that are independent of each other, from ``first`` to ``last`` - 1.
    count, entries
        How many things there are, and how many entries they have in all.
    """
    in_shares(lambda share, workers: work(count * share // workers, count * (share + 1) // workers), entries)


@cache
def _threads() -> int:
    # Workers of a parallel comparison are told through this variable not to take more than their share.
    allowed = os.environ.get("OMP_NUM_THREADS", "")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(available, int(allowed))) if allowed.isdigit() else available


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_threads(), thread_name_prefix="omnisim")
