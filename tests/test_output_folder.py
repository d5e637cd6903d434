"""An output folder belongs to one process at a time, and says to whom."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from commands import POSIX, wait_until
from scenario_files import omnisim_command, refusal, write_scenario
from small_comparison import small_scenario

import omnisim
from omnisim import output_folder
from omnisim.errors import FolderInUseError, OutputError
from omnisim.files import atomic_write, sweep
from omnisim.output_folder import LOCK, OWNER, held

pytestmark = [pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]

HOLD = """
import sys, time
from pathlib import Path
from omnisim.output_folder import held
sys.argv = ["/somewhere/omnisim", "run", "a scenario.toml"]
with held(Path({folder!r})):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_folder, "PATIENCE", 0.2)


@pytest.fixture
def holder(tmp_path: Path) -> "subprocess.Popen[str]":
    """Another process that holds the folder ``out``."""
    code = HOLD.format(folder=str(tmp_path / "out"))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestHolding:
    def test_a_folder_is_made_held_and_left_as_if_nobody_had_been_there(self, tmp_path: Path) -> None:
        folder = tmp_path / "a" / "b"
        with held(folder):
            assert names(folder) == [LOCK, OWNER]
            (folder / "result").touch()
        assert names(folder) == ["result"]

    def test_the_same_thread_may_hold_it_again(self, tmp_path: Path) -> None:
        with held(tmp_path / "out"), held(tmp_path / "out" / ".." / "out"):
            pass
        assert names(tmp_path / "out") == []

    def test_another_thread_may_not(self, tmp_path: Path) -> None:
        raised: list[BaseException] = []

        def hold() -> None:
            try:
                with held(tmp_path):
                    pass
            except FolderInUseError as error:
                raised.append(error)

        with held(tmp_path):
            thread = threading.Thread(target=hold)
            thread.start()
            thread.join()
            assert names(tmp_path) == [LOCK, OWNER]
        assert f"process {os.getpid()}" in str(raised[0])

    def test_another_process_is_named(self, tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
        owner = json.loads((tmp_path / "out" / OWNER).read_text(encoding="utf-8"))
        with pytest.raises(FolderInUseError) as raised, held(tmp_path / "out"):
            pass
        assert str(raised.value) == (
            f"{tmp_path / 'out'}: is in use by process {holder.pid} on {owner['host']} since {owner['since']} "
            "(omnisim run 'a scenario.toml'): wait until it is done, or write to another folder"
        )

    @pytest.mark.one_in(2)
    @pytest.mark.parametrize("said", ["", "[]", '{"pid": 3}', None])
    def test_who_does_not_say_who_it_is(
        self, tmp_path: Path, holder: "subprocess.Popen[str]", said: str | None
    ) -> None:
        owner = tmp_path / "out" / OWNER
        owner.unlink() if said is None else owner.write_text(said, encoding="utf-8")
        with pytest.raises(FolderInUseError, match="in use by another process, which has not said who"):
            held(tmp_path / "out").__enter__()

    def test_a_killed_owner_blocks_nobody(self, tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
        holder.kill()
        holder.wait()
        assert names(tmp_path / "out") == [LOCK, OWNER]
        with held(tmp_path / "out"):
            assert json.loads((tmp_path / "out" / OWNER).read_text(encoding="utf-8"))["pid"] == os.getpid()
        assert names(tmp_path / "out") == []

    def test_a_failure_takes_the_folders_with_it_that_were_made(self, tmp_path: Path) -> None:
        (tmp_path / "there").mkdir()
        with pytest.raises(ZeroDivisionError), held(tmp_path / "there" / "a" / "b"):
            raise ZeroDivisionError
        assert names(tmp_path / "there") == []
        with pytest.raises(ZeroDivisionError), held(tmp_path / "there" / "a"):
            (tmp_path / "there" / "a" / "kept").touch()
            raise ZeroDivisionError
        assert names(tmp_path / "there" / "a") == ["kept"]

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(OutputError, match=r"out: cannot be written to: .*; choose another folder with --out"):
            held(tmp_path / "file" / "out").__enter__()

    @pytest.mark.long
    def test_only_one_at_a_time_however_many_want_it(self, tmp_path: Path) -> None:
        # Each reads a number and writes it back increased; were two ever inside together, steps would be lost.
        code = f"""
import sys, time
from pathlib import Path
from omnisim import output_folder
from omnisim.errors import FolderInUseError
output_folder.PATIENCE = 120
counter = Path({str(tmp_path / "counter")!r})
for _ in range(25):
    with output_folder.held(Path({str(tmp_path / "out")!r})):
        number = int(counter.read_text())
        time.sleep(0.001)
        counter.write_text(str(number + 1))
"""
        (tmp_path / "counter").write_text("0")
        crowd = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]  # noqa: S603 (this interpreter)
        assert [process.wait() for process in crowd] == [0] * 4
        assert (tmp_path / "counter").read_text() == "100"


class TestSweeping:
    def test_what_a_killed_process_left_is_swept_and_nothing_else(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        code = (
            "import os, signal, sys; from pathlib import Path; from omnisim.files import atomic_write\n"
            "with atomic_write(Path(sys.argv[1])) as file:\n    file.write(b'half'); file.flush(); os._exit(1)"
        )
        for place in (out, out / "runs", out / "other"):
            subprocess.run([sys.executable, "-c", code, str(place / "x.bin")], check=False)  # noqa: S603
            (place / ".hidden.settings").touch()
            (place / ".x.bin.abcdefgh").touch()
        with held(out, "runs"):
            pass
        assert names(out) == [".hidden.settings", ".x.bin.abcdefgh", "other", "runs"]
        assert names(out / "runs") == [".hidden.settings", ".x.bin.abcdefgh"]
        assert len(names(out / "other")) == 3  # not said to belong to it

    def test_a_long_name_can_be_written(self, tmp_path: Path) -> None:
        path = tmp_path / ("x" * 240)
        with atomic_write(path) as file:
            file.write(b"whole")
        sweep(tmp_path)
        assert path.read_bytes() == b"whole"


class TestCommands:
    @pytest.fixture
    def finished(self, tmp_path: Path) -> Path:
        scenario = write_scenario(tmp_path)
        assert omnisim_command("run", scenario, "--out", tmp_path / "out").code == 0
        return scenario

    @pytest.mark.long
    def test_each_of_them_is_refused(self, tmp_path: Path, finished: Path, holder: "subprocess.Popen[str]") -> None:
        out = tmp_path / "out"
        before = {path: path.read_bytes() for path in out.iterdir()}
        for arguments in (
            ["run", finished, "--out", out],
            ["run", finished, "--out", out, "--checkpoint-every", 2, "--force"],
            ["compare", finished, "--forecasters", "climatology", "--out", out, "--jobs", 1, "--force"],
            ["study", "crowding", "--quick", "--out", out, "--force"],
            ["report", out],
        ):
            assert refusal(*arguments).startswith(f"{out}: is in use by process {holder.pid} on ")
        assert {path: path.read_bytes() for path in out.iterdir()} == before

    def test_a_report_lays_no_lock_where_there_is_no_run(self, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        assert "is not a run directory" in refusal("report", tmp_path / "mine")
        assert "is not a run directory" in refusal("report", tmp_path / "nowhere")
        assert names(tmp_path) == ["mine"]


def test_a_comparison_in_python_holds_its_folder_too(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    with pytest.raises(FolderInUseError, match=f"is in use by process {holder.pid} on "):
        omnisim.compare(small_scenario(), ["climatology"], seeds=1, jobs=1, out=tmp_path / "out")


@pytest.mark.long
def test_a_comparison_answers_from_what_was_asked(tmp_path: Path) -> None:
    first = omnisim.compare(small_scenario(), ["climatology", "persistence"], seeds=2, jobs=1, out=tmp_path)
    second = omnisim.compare(small_scenario(), ["persistence", "conditional_mean"], seeds=3, jobs=1, out=tmp_path)
    # Frames are computed when asked for: after the other comparison has written its plan into the folder.
    assert list(first.table["forecaster"]) == ["climatology", "persistence"]
    assert list(first.table["runs"]) == [2, 2]
    assert list(second.table["forecaster"]) == ["persistence", "conditional_mean"]
    assert list(second.table["runs"]) == [3, 3]
    assert list(omnisim.load_comparison(tmp_path).table["forecaster"]) == ["persistence", "conditional_mean"]


@pytest.mark.long
@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
def test_what_another_writes_is_not_repaired_away(tmp_path: Path) -> None:
    # The other has begun to write a run: its files are half there. Whoever comes now is refused before it repairs.
    scenario = small_scenario()
    omnisim.compare(scenario, ["climatology"], seeds=1, jobs=1, out=tmp_path / "out")
    code = HOLD.format(folder=str(tmp_path / "out"))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        process.stdout.readline()
        half = tmp_path / "out" / "agents" / "0123456789-7.parquet"
        half.write_bytes(b"half")
        with pytest.raises(FolderInUseError):
            omnisim.compare(scenario, ["climatology"], seeds=1, jobs=1, out=tmp_path / "out")
        assert half.read_bytes() == b"half"
        process.kill()
    wait_until(lambda: process.poll() is not None)
    omnisim.compare(scenario, ["climatology"], seeds=1, jobs=1, out=tmp_path / "out")
    assert not half.exists()
