"""Attribution of errors: those raised in a strategy of the user are reported as theirs, not as a bug of omnisim.

Nothing is done while all goes well: what was raised is looked at, and the code that it passed through.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from omnisim.errors import OmnisimError, StrategyFailedError, one_line
from omnisim.interruption import Interrupted, NobodyReadsError

_NOT_THEIRS = (OmnisimError, Interrupted, NobodyReadsError, BrokenPipeError)
"""Exceptions that may pass through a strategy: the package's own, and those by which user or system end a run."""

_OURS = "omnisim"


@contextmanager
def strategies_named(when: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Make whatever a strategy from elsewhere raises, ``sys.exit`` included, an error that names it.

    Parameters
    ----------
    when
        Asked for the moment, such as "in round 3"; the name of the method is told in its place if it says nothing.

    Raises
    ------
    StrategyFailedError
        From what was raised. What comes from elsewhere passes as it is.
    """
    try:
        yield
    except BaseException as error:
        told = as_theirs(error, when())
        if told is None:
            raise
        raise told from error


def as_theirs(error: BaseException, when: str = "") -> StrategyFailedError | None:
    """The error as that of the strategy from elsewhere in which it was raised; None if it was in none."""
    if isinstance(error, _NOT_THEIRS) or (isinstance(error, KeyboardInterrupt) and _python_interrupts()):
        return None
    for each in _chain(error):
        frames = _frames(each)
        theirs = [frame for frame in frames if _class_of(frame)]
        if theirs:
            last = theirs[-1]
            # A helper in the same file may be where it happened.
            place = next(f for f in reversed(frames) if f[0].f_code.co_filename == last[0].f_code.co_filename)
            said = one_line(each)
            name, method = _class_of(last), last[0].f_code.co_name
            return StrategyFailedError(
                f"{name} failed {when or f'in {method}'}: {type(each).__name__}{': ' * bool(said)}{said} "
                f"({method}, {Path(place[0].f_code.co_filename).name}, line {place[1]})"
            )
    return None


def _python_interrupts() -> bool:
    """Whether Ctrl-C raises ``KeyboardInterrupt``, as in a notebook; commands have handlers of their own."""
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from: on its way it may have become another one, as a StopIteration does."""
    seen: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and not any(each is other for other in seen):
        yield each
        seen.append(each)
        each = each.__cause__ or each.__context__


def _frames(error: BaseException) -> list[tuple[FrameType, int]]:
    """The calls that it passed through, the innermost last, and the line in each."""
    found = []
    step = error.__traceback__
    while step is not None:
        found.append((step.tb_frame, step.tb_lineno))
        step = step.tb_next
    return found


def _class_of(frame: tuple[FrameType, int]) -> str:
    """Name of the class from elsewhere, derived from one of omnisim, a method of which this is; "" if it is none."""
    code, names = frame[0].f_code, frame[0].f_locals
    if _is_ours(frame[0].f_globals.get("__name__")) or not code.co_argcount:
        return ""
    first = names.get(code.co_varnames[0])
    cls = first if isinstance(first, type) else type(first)
    foreign = not _is_ours(cls.__module__) and any(_is_ours(base.__module__) for base in cls.__mro__)
    return cls.__name__ if foreign and hasattr(cls, code.co_name) else ""


def is_ours(strategy: object) -> bool:
    """Whether the class of a strategy is one of omnisim's own."""
    return _is_ours(type(strategy).__module__)


def _is_ours(module: Any) -> bool:
    return str(module).partition(".")[0] == _OURS
