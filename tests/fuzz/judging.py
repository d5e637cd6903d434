"""Call the command on something hostile, and judge how it ends: with success, or with one clear line."""

import signal
import traceback
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from scenario_files import Answer, omnisim_command

SUCCESS, REFUSAL = "success", "clear line"

LIMIT, HANGS = 60, 1200
"""Seconds of processor time that a case may take, and seconds after which one that only waits hangs, where the system
can tell."""

LONGEST = 2000
"""Characters of a line that somebody can still read: twenty times a key, a value and what is available."""


class UnclearError(Exception):
    """The command ended otherwise: a bug of omnisim."""


class _TookTooLong(BaseException):
    """A case that has not ended."""


def judged(*arguments: object) -> str:
    """``SUCCESS`` or ``REFUSAL``.

    Raises
    ------
    UnclearError
        If the command ended in any other way.
    """
    try:
        # What a library warns of would be lines of its own.
        with warnings.catch_warnings(), _limited():
            warnings.simplefilter("error")
            answer = omnisim_command(*arguments)
    except _TookTooLong as cause:
        where = traceback.extract_tb(cause.__traceback__)[-3:]
        places = "; ".join(f"{frame.filename}:{frame.lineno}" for frame in where)
        raise UnclearError(f"it took {LIMIT} seconds of processor time, or {HANGS} seconds: {places}") from cause
    except Exception as cause:
        where = traceback.extract_tb(cause.__traceback__)[-1]
        raise UnclearError(f"it raised {type(cause).__name__}: {cause} ({where.filename}:{where.lineno})") from cause
    return _judge(answer)


def _judge(answer: Answer) -> str:
    lines = answer.err.splitlines()
    if answer.code == 0:
        for line in lines:
            if not line.startswith("omnisim: "):
                raise UnclearError(f"success, with a line that is not omnisim's: {line!r}")
        _visible(answer.out + answer.err)
        if not answer.out:
            raise UnclearError("success without a word")
        return SUCCESS
    if answer.code != 1:
        raise UnclearError(f"exit code {answer.code}: {answer.err}")
    # Before the last line there may be that a run goes on, or what of a folder is damaged.
    if not lines or not all(line.startswith("omnisim: ") for line in lines):
        raise UnclearError(f"not a line of omnisim: {answer.err!r}")
    if not lines[-1].removeprefix("omnisim: ").strip():
        raise UnclearError("an empty line")
    if answer.out:
        raise UnclearError(f"a refusal that also prints: {answer.out!r}")
    for line in lines:
        if len(line) > LONGEST:
            raise UnclearError(f"a line of {len(line)} characters: {line[:200]!r}...")
        if "Traceback" in line or " object at 0x" in line:
            raise UnclearError(f"the inside of a program: {line!r}")
    _visible(answer.err)
    return REFUSAL


def _visible(text: str) -> None:
    for character in text.replace("\n", ""):
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
            raise UnclearError(f"a character that a terminal obeys: {character!r} in {text!r}")


@contextmanager
def _limited() -> Iterator[None]:
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _TookTooLong

    timers = {signal.SIGPROF: (signal.ITIMER_PROF, LIMIT), signal.SIGALRM: (signal.ITIMER_REAL, HANGS)}
    before = {number: signal.signal(number, stop) for number in timers}
    for timer, seconds in timers.values():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for number, (timer, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])
