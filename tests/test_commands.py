"""A command that hangs fails the test that waits for it, with what it printed and where it is; nothing of it stays."""

import signal

import pytest
from commands import POSIX, finish, session_of, start, wait_for

pytestmark = [pytest.mark.whole, pytest.mark.skipif(not POSIX, reason="signals of POSIX")]

HANGING = """
import sys, time
print("so far", flush=True)
print("a complaint", file=sys.stderr, flush=True)
def where_it_hangs():
    time.sleep(600)
where_it_hangs()
"""


def test_one_that_does_not_end_is_shown() -> None:
    command = start("list", "studies", before=HANGING)
    with pytest.raises(AssertionError, match="the command did not end") as told:
        finish(command, seconds=1.0)
    for text in ("so far\n", "a complaint\n", "in where_it_hangs"):
        assert text in str(told.value)
    assert not session_of(command)


def test_one_in_which_something_never_comes_true_is_shown() -> None:
    command = start("list", "studies", before=HANGING)
    with pytest.raises(AssertionError, match="this never came to hold") as told:
        wait_for(command, lambda: False, seconds=1.0)
    assert "a complaint\n" in str(told.value)
    assert "in where_it_hangs" in str(told.value)
    assert not session_of(command)


def test_signals_are_taken_though_the_tests_were_started_in_the_background() -> None:
    # What a process ignores its children ignore too: SIGINT in the background of a shell, SIGHUP below nohup.
    show = "import sys; print([repr(signal.getsignal(each)) for each in (signal.SIGINT, signal.SIGHUP)]); sys.exit()"
    before = {name: signal.signal(name, signal.SIG_IGN) for name in (signal.SIGINT, signal.SIGHUP)}
    try:
        command = start(before=show)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    code, said, _ = finish(command)
    assert code == 0
    assert "default_int_handler" in said
    assert "SIG_DFL" in said
    assert "SIG_IGN" not in said
