"""Numbers of threads in the libraries that compute."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_info, threadpool_limits

from omnisim.interruption import signals_wait


@contextmanager
def at_most_threads(count: int | None) -> Iterator[None]:
    """Let libraries use at most this many threads in the block, or as many as they like if None.

    With one, rounding does not depend on how many cores there are.
    """
    # The libraries are found by a function that C calls back: what a signal raises there is printed, and lost.
    with signals_wait():
        limits = threadpool_limits(limits=count)
    try:
        yield
    finally:
        with signals_wait():
            limits.restore_original_limits()


def pools_of_threads() -> list[dict[str, object]]:
    """Libraries that have threads of their own, as :func:`threadpoolctl.threadpool_info` describes them."""
    with signals_wait():
        return list(threadpool_info())
