"""A cluster that is lost is said, what was finished is kept, and the command that is named goes on."""

import re
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import done, finish, send, session_of, start, wait_until
from dask_cluster import Cluster, cluster
from small_comparison import assert_same

import omnisim
from omnisim.comparison.store import Store
from omnisim.errors import OmnisimError
from omnisim.workers import each_result

pytest.importorskip("distributed", reason="distributed is not installed (extra cluster)")

PATIENCE = 8
BUSY = 20
IMPATIENT = f"""
from omnisim.comparison.store import Store
from omnisim.workers import cluster
_write = Store.write
def write(*arguments):
    cluster.PATIENCE, cluster.LOOK = {PATIENCE}.0, 0.5
    return _write(*arguments)
Store.write = write
"""
"""Less patience from the first result on; before, scheduler and workers import the code of the tasks."""

HASTY = IMPATIENT.replace("LOOK =", "LOOK, cluster.BUSY =").replace("0.5", f"0.5, {BUSY}.0")
"""Less patience with a scheduler to which the connection stands, too: never where one may merely be busy."""
RUNS = 2 * 8


def arguments(address: str, out: Path) -> list[object]:
    return [
        *("compare", "synthetic_seasonal", "--forecasters", "climatology,persistence", "--seeds", RUNS // 2),
        *("--set", "rounds=60", "--scheduler", address, "--out", out),
    ]


def runs(out: Path) -> int:
    return len(list((out / "runs").glob("*.parquet")))


WAITED = re.compile(r"omnisim: --scheduler \S+: has not answered for \d+ seconds: .*, it is waited for, .*\n")
"""What is said where the machine of these tests is busy itself."""


def lose(
    made: Cluster, out: Path, kill: Callable[[], None], after: int, before: str = IMPATIENT
) -> tuple[int, str, str]:
    """What a comparison says from which its cluster is taken once so many runs are there."""
    command = start(*arguments(made.address, out), before=before)
    wait_until(lambda: runs(out) >= after or command.poll() is not None)
    if command.poll() is not None:
        pytest.fail(f"it has ended before anything was lost: {finish(command)}")
    kill()
    return finish(command)


def check(answer: tuple[int, str, str], lost: str, made: Cluster, out: Path) -> str:
    """One line says what is lost, how much is kept, and how to go on, which is returned."""
    code, said, complaint = answer
    assert (code, said) == (1, "")
    found = re.fullmatch(
        rf"omnisim: --scheduler {re.escape(made.address)}: {lost}.*; "
        rf"(\d+) of {RUNS} runs are finished and kept in {re.escape(str(out))}: go on with (omnisim .*)\n",
        WAITED.sub("", complaint),
    )
    assert found is not None, complaint
    assert int(found[1]) == len(Store(out).places()) >= 2
    assert not list(out.rglob(".*"))
    return found[2]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> omnisim.Comparison:
    out = tmp_path_factory.mktemp("undisturbed")
    assert done(*arguments("", out)[:-4], "--jobs", 1, "--out", out)[0] == 0
    return omnisim.load_comparison(out)


@pytest.mark.long
def test_all_workers(tmp_path: Path, undisturbed: omnisim.Comparison) -> None:
    out = tmp_path / "out"
    with cluster(tmp_path) as made:

        def kill() -> None:
            for worker in made.workers:
                worker.kill()
                worker.wait()

        again = check(
            lose(made, out, kill, 2), f"all workers are gone: there was none for {PATIENCE} seconds", made, out
        )
        made.workers.clear()
        made.add_workers(1)
        code, said, complaint = done(*shlex.split(again)[1:])
    assert (code, WAITED.sub("", complaint)) == (0, "")
    assert said.endswith(f"{out / 'report.html'}\n")
    assert_same(omnisim.load_comparison(out), undisturbed)


@pytest.mark.long
def test_the_scheduler(tmp_path: Path, undisturbed: omnisim.Comparison) -> None:
    out = tmp_path / "out"
    with cluster(tmp_path) as made:
        check(lose(made, out, made.scheduler.kill, 2), "the scheduler is gone", made, out)
    # Another machine will do as well.
    assert done(*arguments("", out)[:-4], "--jobs", 1, "--out", out)[0] == 0
    assert_same(omnisim.load_comparison(out), undisturbed)


@pytest.mark.long
def test_a_scheduler_that_hangs(tmp_path: Path) -> None:
    import signal

    if not hasattr(signal, "SIGSTOP"):
        pytest.skip("no SIGSTOP")
    out = tmp_path / "out"
    with cluster(tmp_path) as made:
        stop = lambda: made.scheduler.send_signal(signal.SIGSTOP)  # noqa: E731
        code, said, complaint = lose(made, out, stop, 2, HASTY)
        waited, _, complaint = complaint.partition("\n")
        assert re.fullmatch(
            rf"omnisim: --scheduler {re.escape(made.address)}: has not answered for \d+ seconds: as the connection to "
            rf"it stands, it is waited for, up to {BUSY} seconds",
            waited,
        )
        lost = f"the scheduler hangs: it has not answered for {BUSY} seconds, and the connection to it stands"
        check((code, said, complaint), lost, made, out)


@pytest.mark.long
def test_a_scheduler_that_is_busy_for_longer_than_there_is_patience(
    tmp_path: Path, undisturbed: omnisim.Comparison
) -> None:
    import signal

    if not hasattr(signal, "SIGSTOP"):
        pytest.skip("no SIGSTOP")
    out = tmp_path / "out"
    with cluster(tmp_path) as made:

        def pause() -> None:
            made.scheduler.send_signal(signal.SIGSTOP)
            time.sleep(2 * PATIENCE)
            made.scheduler.send_signal(signal.SIGCONT)

        code, said, complaint = lose(made, out, pause, 2)
    assert (code, WAITED.sub("", complaint)) == (0, "")
    assert "as the connection to it stands, it is waited for, up to 300 seconds" in complaint
    assert said.endswith(f"{out / 'report.html'}\n")
    assert_same(omnisim.load_comparison(out), undisturbed)


@pytest.mark.long
def test_one_worker_of_two_is_enough(tmp_path: Path, undisturbed: omnisim.Comparison) -> None:
    out = tmp_path / "out"
    with cluster(tmp_path) as made:
        code, _, complaint = lose(made, out, made.workers[0].kill, 2)
    assert (code, WAITED.sub("", complaint)) == (0, "")
    assert_same(omnisim.load_comparison(out), undisturbed)


@pytest.mark.long
def test_an_interrupted_command_leaves_the_cluster_to_others(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with cluster(tmp_path) as made:
        command = start(*arguments(made.address, out))
        wait_until(lambda: runs(out) >= 2 or command.poll() is not None)
        send(command, "SIGTERM")
        code, said, complaint = finish(command)
        assert (code, said) == (143, "")
        finished = len(Store(out).places())
        expected = f"{finished} of {RUNS} runs are finished and kept in {out}: the same command goes on from there"
        assert complaint == f"omnisim: interrupted by SIGTERM; {expected}\n"
        assert not session_of(command)
        assert list(each_result(pow, [(2, 3), (5, 2)], 1, made.address)) in ([(0, 8), (1, 25)], [(1, 25), (0, 8)])


def test_a_scheduler_without_workers(tmp_path: Path) -> None:
    with (
        cluster(tmp_path, workers=0) as made,
        pytest.raises(OmnisimError, match=f"--scheduler {made.address}: has no workers"),
    ):
        list(each_result(pow, [(2, 3)], 1, made.address))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("lost", ["worker", "workers", "scheduler"])
def test_at_any_moment(tmp_path: Path, undisturbed: omnisim.Comparison, lost: str, seed: int) -> None:
    rng = np.random.default_rng([seed, len(lost)])
    out, after, pause = tmp_path / "out", int(rng.integers(2, RUNS - 8)), float(rng.uniform(0, 0.5))
    with cluster(tmp_path) as made:
        gone = {"worker": made.workers[:1], "workers": made.workers, "scheduler": [made.scheduler]}[lost]

        def kill() -> None:
            time.sleep(pause)
            for process in gone:
                process.kill()

        answer = lose(made, out, kill, after)
        if lost == "worker":
            assert answer[0] == 0, answer
        else:
            check(answer, "the scheduler is gone" if lost == "scheduler" else "all workers are gone", made, out)
    assert done(*arguments("", out)[:-4], "--jobs", 1, "--out", out)[0] == 0
    assert_same(omnisim.load_comparison(out), undisturbed)
