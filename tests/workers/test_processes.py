"""Workers of this machine: what they give, what is said when one dies, and that none outlives its parent."""

import ast
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from commands import POSIX, wait_until

from omnisim.errors import OmnisimError, WorkersLostError
from omnisim.workers import each_result

pytestmark = pytest.mark.whole

ASKING = {"SIGINT", "SIGTERM", "SIGHUP"}


def square(x: int) -> int:
    return x * x


def process(_: int) -> int:
    return os.getpid()


def fail(x: int) -> int:
    if x == 3:
        raise ValueError(f"no {x} here")
    return x


def die(x: int) -> int:
    if x == 3:
        os._exit(9)
    return x


def note_and_wait(folder: str, name: str) -> None:
    (Path(folder) / f"{os.getpid()}.{name}").touch()
    time.sleep(600)


def say(_: int) -> None:
    logging.getLogger("omnisim").warning("omnisim: said again")


def ignored(_: int) -> set[str]:
    return {
        name for name in ("SIGINT", "SIGTERM", "SIGHUP") if signal.getsignal(getattr(signal, name)) == signal.SIG_IGN
    }


def deaf(_: int) -> dict[str, set[str]]:
    """By process that this worker's parent has started: the signals that it blocks, and for others also ignores."""
    parent, found = os.getppid(), {}
    for thread in Path(f"/proc/{parent}/task").iterdir():
        for child in (thread / "children").read_text().split():
            status = dict(line.split(":", 1) for line in Path(f"/proc/{child}/status").read_text().splitlines())
            mask = int(status["SigBlk"], 16)
            if "resource_tracker" in Path(f"/proc/{child}/cmdline").read_text():  # it ignores some of them instead
                mask |= int(status["SigIgn"], 16)
            found[child] = {name for name in ASKING if mask >> (getattr(signal, name) - 1) & 1}
    return found


@pytest.mark.parametrize("jobs", [1, 2, -1])
def test_each_result_comes_once_with_its_index(jobs: int) -> None:
    numbers = [5, 0, 2, 7, 1, 3, 3, 8]
    found = list(each_result(square, [(x,) for x in numbers], jobs))
    assert sorted(index for index, _ in found) == list(range(8))
    assert all(result == numbers[index] ** 2 for index, result in found)


def test_nothing_to_do() -> None:
    assert list(each_result(square, [], 2)) == []


def test_one_job_is_this_process() -> None:
    assert {result for _, result in each_result(process, [(0,), (1,)], 1)} == {os.getpid()}
    assert os.getpid() not in {result for _, result in each_result(process, [(0,), (1,)], 2)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_call_raises_is_raised(jobs: int) -> None:
    with pytest.raises(ValueError, match="no 3 here"):
        list(each_result(fail, [(x,) for x in range(6)], jobs))


def test_a_worker_that_dies_is_said() -> None:
    with pytest.raises(WorkersLostError, match="a process that worked on it died, most often for want of memory"):
        list(each_result(die, [(x,) for x in range(6)], 2))


def test_a_task_that_cannot_be_sent() -> None:
    with pytest.raises(OmnisimError, match="a task cannot be sent to another process: "):
        list(each_result(square, [(threading.Lock(),)] * 3, 2))  # type: ignore[arg-type]


def test_a_closed_generator_leaves_no_worker(tmp_path: Path) -> None:
    tasks = [(str(tmp_path), str(i)) for i in range(8)]
    with closing(each_result(_first_then_wait, tasks, 2)) as results:
        next(results)
        wait_until(lambda: len(list(tmp_path.iterdir())) >= 2)
    wait_until(lambda: not any(map(alive, pids(tmp_path))))


def _first_then_wait(folder: str, name: str) -> None:
    (Path(folder) / f"{os.getpid()}.{name}").touch()
    if name != "0":
        time.sleep(600)


@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
@pytest.mark.whole
def test_workers_leave_signals_to_their_parent_and_do_not_repeat_what_it_said(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert [names for _, names in each_result(ignored, [(0,), (1,)], 2)] == [{"SIGINT", "SIGTERM", "SIGHUP"}] * 2
    list(each_result(say, [(0,), (1,)], 2))
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(sys.platform != "linux", reason="masks of other processes are told in /proc")
def test_workers_hear_no_signals_from_their_birth_on() -> None:
    """Ctrl-C goes to all processes of a terminal, also to one that has not come as far as to ignore it.

    In a process of its own, which has started nothing before.
    """
    code = "import test_processes as t; print([found for _, found in t.each_result(t.deaf, [(0,)] * 4, 2)])"
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    command = [sys.executable, "-c", code]
    printed = subprocess.run(  # noqa: S603 (this interpreter)
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    seen = ast.literal_eval(printed.stdout)
    assert max(len(children) for children in seen) >= 3  # two workers, and the process that Python itself starts
    for children in seen:
        assert set(map(frozenset, children.values())) == {frozenset(ASKING)}


def test_workers_of_a_killed_process_leave(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from test_processes import note_and_wait\n"
        "from omnisim.workers import each_result\n"
        "list(each_result(note_and_wait, [(sys.argv[1], str(i)) for i in range(4)], 2))"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)]
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    parent = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        wait_until(lambda: len(pids(tmp_path)) == 2)
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not any(map(alive, pids(tmp_path))))


@pytest.mark.skipif(not POSIX, reason="Windows tells the end of a process in another way")
def test_the_thread_that_watches_ends_an_orphan_where_the_kernel_does_not(tmp_path: Path) -> None:
    child = (
        "import os, sys, pathlib; from omnisim.workers import parting\n"
        "pathlib.Path(sys.argv[1], str(os.getpid())).touch(); parting._leave_after(int(sys.argv[2]))"
    )
    code = (
        f"import os, subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}, sys.argv[1], str(os.getpid())])"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])  # noqa: S603 (this interpreter)
    try:
        wait_until(lambda: pids(tmp_path))
        assert all(map(alive, pids(tmp_path)))
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not any(map(alive, pids(tmp_path))))


def test_a_parent_that_was_gone_before_is_noticed() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    code = f"from omnisim.workers import parting; parting._leave_after({gone.pid})"
    left = subprocess.run([sys.executable, "-c", code], timeout=60, check=False)  # noqa: S603 (this interpreter)
    assert left.returncode == 1


def test_files_of_the_current_folder_do_not_take_the_place_of_libraries(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for name in ("json", "argparse", "pickle", "signal", "numpy"):
        (here / f"{name}.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    (here / "only_here.py").write_text("def double(x):\n    return 2 * x\n", encoding="utf-8")
    code = (
        "import sys, os\n"
        "import omnisim.workers; sys.path.append(os.getcwd())\n"
        "import only_here\n"
        "if __name__ == '__main__':\n"
        "    found = omnisim.workers.each_result(only_here.double, [(1,), (2,), (3,)], 2)\n"
        "    assert sorted(found) == [(0, 2), (1, 4), (2, 6)]\n"
        "    assert 'PYTHONSAFEPATH' not in os.environ\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    # Like the installed command, a script in a folder that is not the current one.
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    told = subprocess.run(  # noqa: S603 (this interpreter)
        [sys.executable, script], cwd=here, env=environment, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def pids(folder: Path) -> set[int]:
    return {int(path.name.partition(".")[0]) for path in folder.iterdir()}


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            return stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False
    import psutil

    return bool(psutil.pid_exists(pid))
