"""How the command ends: by signals, by what was not foreseen, and without anybody who reads what it prints."""

import contextlib
import json
import os
import pkgutil
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import threadpoolctl
from commands import POSIX, done, finish, send, session_of, start, wait_for
from scenario_files import omnisim_command, write_scenario

import omnisim
from omnisim import threads
from omnisim.comparison.store import Store
from omnisim.interruption import _AGAIN, Interrupted, signals_interrupt, signals_wait
from omnisim.output_folder import OWNER
from omnisim.threads import at_most_threads

pytestmark = pytest.mark.skipif(not POSIX, reason="signals and descriptors of POSIX")

CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}

ONE_OF_EACH = [pytest.param(name, marks=() if name == "SIGTERM" else pytest.mark.long) for name in CODES]
"""Where the way from a signal to what is said is tested elsewhere, one will do in the short suite."""


def interrupted(
    arguments: Sequence[object], out: Path, name: str, *, when: Callable[[], object] | None = None, before: str = ""
) -> str:
    """What a command says that gets this signal once it holds its folder, and perhaps something else has come true."""
    command = start(*arguments, before=before)
    wait_for(command, (out / OWNER).exists)
    if when is not None:
        wait_for(command, when)
    send(command, name)
    return what_is_there(*finish(command), out, name)


def what_is_there(code: int, said: str, complaint: str, out: Path, name: str) -> str:
    """What a command says of its folder that was interrupted by this signal."""
    assert (code, said) == (CODES[name], "")
    head = f"omnisim: interrupted by {name}; "
    assert complaint.startswith(head)
    assert complaint.count("\n") == 1
    assert not list(out.glob(".*")) if out.exists() else True
    return complaint.removeprefix(head).rstrip("\n")


PLACE = """
import glob, pkgutil
owner, _, name = {function!r}.rpartition(".")
owner = pkgutil.resolve_name(owner)
original = getattr(owner, name)
def waiting(*given, **named):
    if {over}:
        original(*given, **named)
    if len(glob.glob({files!r})) >= {count}:
        wait()
setattr(owner, name, waiting)
"""
"""Python that has a function wait where it begins, or where it is over, once there are so many files."""

InterruptedAt = Callable[..., str]


@pytest.fixture
def heard() -> Iterator[None]:
    """Signals are heard in this process, also where tests run in the background or by nohup, which ignore some."""
    numbers = [getattr(signal, name) for name in CODES]
    ignored = [each for each in numbers if signal.getsignal(each) is signal.SIG_IGN]
    for each in ignored:
        signal.signal(each, signal.default_int_handler if each is signal.SIGINT else signal.SIG_DFL)
    yield
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)


@pytest.fixture(params=["within", pytest.param("outside", marks=pytest.mark.long)])
def interrupted_at(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, heard: None
) -> InterruptedAt:
    """What a command says that gets a signal in some function.

    The signal is raised there, in this process; or, in the long suite, sent to the command in a process of its own,
    which waits for it there.
    """

    def interrupted_at(
        function: str,
        arguments: Sequence[object],
        out: Path,
        name: str,
        *,
        over: bool = False,
        files: str = "",
        count: int = 0,
    ) -> str:
        place = PLACE.format(function=function, over=over, files=str(out / files) if files else "", count=count)
        if request.param == "outside":
            here = tmp_path / "here"
            wait = f"import time\ndef wait():\n    open({str(here)!r}, 'w').close()\n    time.sleep(600)\n"
            return interrupted(arguments, out, name, when=here.exists, before=wait + place)
        owner, _, last = function.rpartition(".")
        monkeypatch.setattr(function, getattr(pkgutil.resolve_name(owner), last))  # taken back afterwards
        exec(place, {"wait": lambda: signal.raise_signal(getattr(signal, name))})  # noqa: S102 (our own)
        answer = omnisim_command(*arguments)
        monkeypatch.undo()
        return what_is_there(answer.code, answer.out, answer.err, out, name)

    return interrupted_at


class TestSignals:
    @pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.long if n == "SIGHUP" else ()) for n in CODES])
    @pytest.mark.whole
    def test_a_run_leaves_nothing(self, tmp_path: Path, name: str) -> None:
        out = tmp_path / "reports" / "out"
        said = interrupted(["run", "synthetic_seasonal", "--rounds", 300_000, "--out", out], out, name)
        expected = "the same command begins anew, and with --checkpoint-every could go on"
        assert said == f"nothing was written to {out}: {expected}"
        assert not (tmp_path / "reports").exists()

    @pytest.mark.long
    @pytest.mark.parametrize("name", ONE_OF_EACH)
    def test_a_run_with_checkpoints_goes_on(self, tmp_path: Path, name: str, interrupted_at: InterruptedAt) -> None:
        scenario, out = write_scenario(tmp_path, days=60), tmp_path / "out"
        arguments = ["run", scenario, "--checkpoint-every", 5, "--out", out]
        kept = out / "checkpoint.npz"
        place = "omnisim.simulation.checkpoint.Checkpointer.round_is_over"
        said = interrupted_at(place, arguments, out, name, over=True, files="checkpoint.npz", count=1)
        assert said.endswith(f"but for {kept}: the same command goes on from there")
        assert {path.name for path in out.iterdir()} == {"checkpoint.npz", "checkpoint.npz.rounds"}
        gone_on = omnisim_command(*arguments)
        assert (gone_on.code, gone_on.err) == (0, f"omnisim: going on from {kept}\n")
        assert omnisim_command("run", scenario, "--out", tmp_path / "undisturbed").code == 0
        for file in ("trace.npz", "agents.parquet", "certificates.json", "scenario.toml"):
            assert (out / file).read_bytes() == (tmp_path / "undisturbed" / file).read_bytes()

    @pytest.mark.whole
    def test_a_run_before_its_first_checkpoint(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        arguments = ["run", "synthetic_seasonal", "--rounds", 300_000, "--checkpoint-every", 299_999, "--out", out]
        said = interrupted(arguments, out, "SIGTERM")
        assert said == f"nothing was written to {out}, and there is no checkpoint yet: the same command begins anew"

    @pytest.mark.long
    def test_a_run_into_a_folder_with_results(self, tmp_path: Path, interrupted_at: InterruptedAt) -> None:
        scenario, out = write_scenario(tmp_path), tmp_path / "out"
        assert omnisim_command("run", scenario, "--out", out).code == 0
        before = {path: path.read_bytes() for path in out.iterdir()}
        said = interrupted_at("omnisim.simulate", ["run", scenario, "--out", out], out, "SIGTERM")
        assert said.startswith(f"{out} is as it was: the same command begins anew")
        assert {path: path.read_bytes() for path in out.iterdir()} == before

    def test_a_run_that_is_writing(self, tmp_path: Path, interrupted_at: InterruptedAt) -> None:
        scenario, out = write_scenario(tmp_path), tmp_path / "out"
        arguments = ["run", scenario, "--out", out]
        place = "omnisim.run_directory.write_page"
        said = interrupted_at(place, arguments, out, "SIGTERM", files="certificates.json", count=1)
        assert said.startswith(f"{out} has no report.html, so its results are not complete: the same command begins")

    @pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.long)])
    @pytest.mark.parametrize("name", ONE_OF_EACH)
    @pytest.mark.whole
    def test_a_comparison_says_how_much_there_is(
        self, tmp_path: Path, name: str, jobs: int, interrupted_at: InterruptedAt
    ) -> None:
        out = tmp_path / "out"
        arguments = ["compare", "synthetic_seasonal", "--forecasters", "climatology,persistence", "--seeds", 6]
        arguments += ["--jobs", jobs, "--set", "rounds=40", "--out", out]
        place = "omnisim.comparison.store.Store.write"
        said = interrupted_at(place, arguments, out, name, over=True, files="runs/*", count=3)
        finished = len(Store(out).places())
        assert 2 <= finished < 12
        expected = f"{finished} of 12 runs are finished and kept in {out}: the same command goes on from there"
        assert said == expected
        gone_on = omnisim_command(*arguments)
        assert (gone_on.code, gone_on.err) == (0, "")
        assert gone_on.out.endswith(f"{out / 'report.html'}\n")
        assert len(omnisim.load_comparison(out).runs) == 12

    @pytest.mark.parametrize("name", ONE_OF_EACH)
    @pytest.mark.whole
    def test_a_study_begins_anew(self, tmp_path: Path, name: str) -> None:
        out = tmp_path / "out"
        said = interrupted(["study", "scaling", "--quick", "--jobs", 2, "--out", out], out, name)
        assert said == f"nothing was written to {out}: the same command begins anew"
        assert not out.exists()

    @pytest.mark.long
    def test_a_study_that_compares_goes_on(self, tmp_path: Path, interrupted_at: InterruptedAt) -> None:
        out = tmp_path / "out"
        arguments = ["study", "crowding", "--quick", "--jobs", 1, "--out", out]
        place = "omnisim.comparison.store.Store.write"
        said = interrupted_at(place, arguments, out, "SIGTERM", over=True, files="comparisons/*/runs/*", count=3)
        assert said == f"3 runs are finished and kept in {out}: the same command goes on from there"

    @pytest.mark.long
    def test_a_report(self, tmp_path: Path, interrupted_at: InterruptedAt) -> None:
        scenario, out = write_scenario(tmp_path), tmp_path / "out"
        assert omnisim_command("run", scenario, "--out", out).code == 0
        before = (out / "report.html").read_bytes()
        said = interrupted_at("omnisim.run_directory.write_page", ["report", out], out, "SIGTERM")
        assert said == f"{out} is as it was: the same command begins anew"
        assert (out / "report.html").read_bytes() == before

    @pytest.mark.long
    def test_a_report_that_is_written_already(self, tmp_path: Path, interrupted_at: InterruptedAt) -> None:
        scenario, out = write_scenario(tmp_path), tmp_path / "out"
        assert omnisim_command("run", scenario, "--out", out).code == 0
        before = (out / "report.html").stat()
        said = interrupted_at("omnisim.run_directory.write_page", ["report", out], out, "SIGTERM", over=True)
        assert (out / "report.html").stat().st_ino != before.st_ino
        assert said == f"{out / 'report.html'} is complete"

    @pytest.mark.whole
    def test_a_signal_while_libraries_are_imported(self) -> None:
        # The entry point imports everything else only when it has taken care of signals.
        command = start("list", "studies", before=SLOW_IMPORT)
        assert command.stdout is not None
        assert command.stdout.readline() == "importing\n"
        send(command, "SIGINT")
        assert finish(command) == (
            130,
            "",
            "omnisim: interrupted by SIGINT; nothing was written: the same command begins anew\n",
        )

    @pytest.mark.long
    @pytest.mark.parametrize("name", ONE_OF_EACH)
    def test_one_that_comes_when_all_is_done_changes_nothing(self, name: str) -> None:
        last = "import atexit, time, omnisim.interruption\n"
        last += "atexit.register(lambda: (print('all is done', flush=True), time.sleep(1)))"
        command = start("--version", before=last)
        assert command.stdout is not None
        assert command.stdout.readline() == f"{omnisim.__version__}\n"
        assert command.stdout.readline() == "all is done\n"
        send(command, name)
        assert finish(command) == (0, "", "")

    @pytest.mark.whole
    def test_those_that_come_until_the_process_is_gone_change_nothing(self) -> None:
        # When Python ends it puts handlers back that kill a process, some time before it is gone.
        last = "import atexit, pandas, omnisim.interruption as i\ni._SAME_REQUEST = 600.0\n"
        command = start("--version", before=last + "atexit.register(lambda: print('all is done', flush=True))")
        assert command.stdout is not None
        assert [command.stdout.readline() for _ in range(2)][1] == "all is done\n"
        while command.poll() is None:
            send(command, "SIGTERM")
            time.sleep(0.001)
        assert finish(command) == (0, "", "")

    @pytest.mark.long
    def test_who_asks_again_does_not_wait_for_the_end_of_a_process_that_hangs(self) -> None:
        hangs = "import atexit, time, omnisim.interruption as i\ni._SAME_REQUEST = 0.0\n"
        hangs += "atexit.register(lambda: (print('hangs', flush=True), time.sleep(600)))"
        command = start("--version", before=hangs)
        assert command.stdout is not None
        assert [command.stdout.readline() for _ in range(2)][1] == "hangs\n"
        while command.poll() is None:
            send(command, "SIGTERM")
            time.sleep(0.1)
        assert finish(command) == (143, "", "")

    @pytest.mark.whole
    def test_one_that_is_ignored_stays_so(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        command = start(
            *("compare", "synthetic_seasonal", "--forecasters", "climatology", "--seeds", 1, "--jobs", 1),
            *("--set", "rounds=40", "--out", out),
            before="import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)",
        )
        wait_for(command, (out / OWNER).exists)
        send(command, "SIGHUP")
        assert finish(command)[0] == 0

    @pytest.mark.whole
    def test_several_at_once_are_one_request(self, tmp_path: Path) -> None:
        # As `timeout` sends them: to the command, and to all of its group, workers included.
        out = tmp_path / "out"
        arguments = ["study", "scaling", "--quick", "--jobs", "2", "--out", out]
        # However much time passes between the two signals on a machine with much to do, it counts as none.
        command = start(*arguments, before="from omnisim import interruption\ninterruption._SAME_REQUEST = 600.0")
        wait_for(command, lambda: len(session_of(command)) > 3)
        send(command, "SIGTERM")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(command.pid, signal.SIGTERM)
        code, said, complaint = finish(command)
        assert (code, said) == (143, "")
        there = f"nothing was written to {out}: the same command begins anew"
        assert complaint == f"omnisim: interrupted by SIGTERM; {there}\n"

    @pytest.mark.whole
    def test_one_that_comes_where_nothing_can_be_raised_is_not_lost(self, tmp_path: Path) -> None:
        # What is raised in __del__, or in a library that swallows it, vanishes without a word to whoever waits.
        swallowing = (
            "import omnisim, os, signal, sys, time\n"
            "class Careless:\n    def __del__(self):\n        os.kill(os.getpid(), signal.SIGTERM)\n"
            "        time.sleep(0.2)\n"
            "def simulate(*_, **__):\n    Careless()\n    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n"
            "        time.sleep(600)\n    except BaseException:\n        pass\n    time.sleep(600)\n"
            "omnisim.simulate = simulate"
        )
        command = start("run", write_scenario(tmp_path), "--out", tmp_path / "out", before=swallowing)
        code, _, complaint = finish(command)
        assert code == 143
        assert complaint.startswith("omnisim: interrupted by SIGTERM; nothing was written to ")

    @pytest.mark.parametrize("name", ONE_OF_EACH)
    @pytest.mark.whole
    def test_one_that_another_thread_gets_while_the_main_one_sleeps(self, tmp_path: Path, name: str) -> None:
        # As when it comes between the last look of Python for signals and the sleep: nothing wakes the main thread.
        elsewhere = (
            "import omnisim, signal, threading, time\n"
            "def ask():\n    time.sleep(0.2)\n"
            f"    signal.pthread_kill(threading.get_ident(), signal.{name})\n    time.sleep(600)\n"
            "def simulate(*_, **__):\n    threading.Thread(target=ask, daemon=True).start()\n    time.sleep(600)\n"
            "omnisim.simulate = simulate"
        )
        command = start("run", write_scenario(tmp_path), "--out", tmp_path / "out", before=elsewhere)
        code, _, complaint = finish(command)
        assert code == CODES[name]
        assert complaint.startswith(f"omnisim: interrupted by {name}; nothing was written to ")

    @pytest.mark.long
    def test_one_for_a_handler_of_a_library_is_told_to_it_once(self) -> None:
        got: list[int] = []
        with signals_interrupt():
            before = signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
            signal.raise_signal(signal.SIGTERM)
            time.sleep(10 * _AGAIN)
            signal.signal(signal.SIGTERM, before)
        assert got == [signal.SIGTERM]

    def test_blocks_in_which_one_waits_may_be_within_each_other(self) -> None:
        with signals_interrupt():
            done: list[str] = []
            with pytest.raises(Interrupted, match="SIGTERM"), signals_wait():
                with signals_wait():
                    signal.raise_signal(signal.SIGTERM)
                done.append("all of it")
            assert done == ["all of it"]

    @pytest.mark.skipif(sys.platform != "linux", reason="libraries are found otherwise")
    def test_one_in_a_function_that_c_calls_back(
        self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        # threadpoolctl looks for libraries by such a function: what is raised there is printed and lost.
        found: list[str] = []
        look = threadpoolctl.ThreadpoolController._make_controller_from_path

        def signalled(controller: threadpoolctl.ThreadpoolController, path: str) -> None:
            signal.raise_signal(signal.SIGTERM)
            look(controller, path)
            found.append(path)

        monkeypatch.setattr(threadpoolctl.ThreadpoolController, "_make_controller_from_path", signalled)
        monkeypatch.setattr(threads, "_FOUND", [])  # they are looked for again
        with signals_interrupt(), pytest.raises(Interrupted, match="SIGTERM"), at_most_threads(1):
            raise AssertionError("the block was begun")
        assert found
        assert capfd.readouterr() == ("", "")

    def test_one_waits_for_what_cannot_be_left_half_done(self) -> None:
        with signals_interrupt():
            done: list[str] = []
            with pytest.raises(Interrupted, match="SIGTERM"), signals_wait():
                signal.raise_signal(signal.SIGTERM)
                done.append("all of it")
            assert done == ["all of it"]

    @pytest.mark.whole
    def test_who_asks_again_does_not_wait(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        stubborn = (
            "import omnisim, time\nfrom omnisim import interruption\ninterruption._SAME_REQUEST = 0.0\n"
            "def simulate(*_, **__):\n    try:\n        time.sleep(600)\n    finally:\n"
            "        open('stubborn', 'w').close()\n        time.sleep(600)\nomnisim.simulate = simulate"
        )
        command = start("run", write_scenario(tmp_path), "--out", out, before=stubborn, cwd=tmp_path)
        wait_for(command, (out / OWNER).exists)
        send(command, "SIGTERM")
        wait_for(command, (tmp_path / "stubborn").exists)
        send(command, "SIGTERM")
        assert finish(command)[0] == 143


SLOW_IMPORT = """
import importlib.abc, sys, time
class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "omnisim.commands.application":
            print("importing", flush=True)
            time.sleep(600)
sys.meta_path.insert(0, Slow())
"""


class TestBugs:
    def test_one_line_and_the_full_account_in_a_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def simulate(*_: object, **__: object) -> None:
            raise ZeroDivisionError("as\nnobody expected")

        monkeypatch.setattr(omnisim, "simulate", simulate, raising=False)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        answer = omnisim_command("run", write_scenario(tmp_path / "in"), "--out", tmp_path / "out")
        assert (answer.code, answer.out) == (70, "")
        head = f"omnisim: this is a bug of omnisim {omnisim.__version__}: ZeroDivisionError: as nobody expected; "
        tail = r"please report it with (.*), which holds the full account\n"
        found = re.fullmatch(re.escape(head) + tail, answer.err)
        assert found is not None, answer.err
        account = Path(found[1]).read_text(encoding="utf-8")
        assert "raise ZeroDivisionError" in account
        assert str(tmp_path / "out") in account  # the command
        assert sys.version.split()[0] in account
        assert not (tmp_path / "out").exists()

    def test_one_that_says_nothing_where_nothing_can_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def simulate(*_: object, **__: object) -> None:
            raise AssertionError

        monkeypatch.setattr(omnisim, "simulate", simulate, raising=False)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
        answer = omnisim_command("run", write_scenario(tmp_path), "--out", tmp_path / "out")
        assert answer.code == 70
        assert re.fullmatch(
            r"omnisim: this is a bug of omnisim \S+: AssertionError \(.*test_ending.py, line \d+; "
            r"the account could not be written: No such file or directory\)\n",
            answer.err,
        )

    def test_a_broken_pipe_of_ours_is_no_reader_that_has_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def simulate(*_: object, **__: object) -> None:
            raise BrokenPipeError(32, "Broken pipe")

        monkeypatch.setattr(omnisim, "simulate", simulate, raising=False)
        answer = omnisim_command("run", write_scenario(tmp_path), "--out", tmp_path / "out")
        assert answer.code == 1
        assert answer.err == "omnisim: the pipe to another process is broken: [Errno 32] Broken pipe\n"


@pytest.mark.whole
class TestStreams:
    def test_a_reader_that_has_left(self) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        command = start("validate", "--schema", stdout=writer)
        os.close(writer)
        assert finish(command)[::2] == (141, "")

    def test_a_reader_of_errors_that_has_left(self, tmp_path: Path) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        command = start("run", tmp_path / "nothing.toml", stderr=writer)
        os.close(writer)
        assert finish(command)[:2] == (1, "")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
    def test_a_full_disk_behind_the_output(self) -> None:
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            code, _, complaint = finish(start("list", "studies", stdout=full))
        assert (code, complaint) == (1, "omnisim: [Errno 28] No space left on device\n")

    @pytest.mark.parametrize(
        "closed", [*(pytest.param(one, marks=pytest.mark.long) for one in ("<&-", ">&-", "2>&-")), "<&- >&- 2>&-"]
    )
    def test_closed_ones(self, tmp_path: Path, closed: str) -> None:
        # A file that is opened then must not stand in for the stream that others print to.
        scenario, out = write_scenario(tmp_path), tmp_path / "out"
        code = "from omnisim.__main__ import main; main()"
        line = f'"{sys.executable}" -c "{code}" run "{scenario}" --out "{out}" {closed}'
        ran = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)  # noqa: S603, S607
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.endswith("report.html\n") or ">&- 2" in closed or closed == ">&-"
        assert omnisim.load_trace(out / "trace.npz").rounds == 10
        assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["scenario"] == "toy"

    def test_what_is_printed_to_a_closed_stream_goes_into_no_file(self, tmp_path: Path) -> None:
        code = (
            "import os; from omnisim import __main__ as m; m._open_streams(); f = open('file', 'wb', buffering=0)\n"
            "os.write(2, b'a warning of a library'); f.write(b'data')"
        )
        line = f'"{sys.executable}" -c "{code}" 2>&-'
        subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True)  # noqa: S603, S607
        assert (tmp_path / "file").read_bytes() == b"data"

    def test_a_terminal_that_knows_few_letters(self, tmp_path: Path) -> None:
        scenario = write_scenario(tmp_path / "Märkte")
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        code, said, complaint = done("run", scenario, "--out", tmp_path / "Märkte" / "out", env=environment)
        assert (code, complaint) == (0, "")
        assert said.endswith("M\\xe4rkte/out/report.html\n")


@pytest.mark.long
def test_python_m_omnisim() -> None:
    ran = subprocess.run([sys.executable, "-m", "omnisim", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{omnisim.__version__}\n"
