"""What stands in the place of a file and is none: a pipe, a device, a folder, text that no file can hold."""

import contextlib
import io
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from commands import ENOUGH, POSIX, done
from scenario_files import omnisim_command, refusal, write_prices, write_scenario
from small_comparison import compared

import omnisim
from omnisim.errors import TraceError
from omnisim.snapshot import archive

pytestmark = [pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert omnisim_command("run", write_scenario(folder), "--out", folder / "run").code == 0
    return folder / "run"


@contextlib.contextmanager
def pipe(path: Path) -> Iterator[None]:
    """A pipe. Whoever waits for what comes out of it is told after a while that nothing does."""

    def nothing_comes() -> None:
        with contextlib.suppress(OSError):  # nobody waits
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))

    os.mkfifo(path)
    timer = threading.Timer(ENOUGH, nothing_comes)
    timer.daemon = True
    timer.start()
    yield
    timer.cancel()


@pytest.mark.skipif(not POSIX, reason="pipes of POSIX")
@pytest.mark.parametrize("name", ["manifest.json", "trace.npz"])
def test_a_pipe_is_not_read(made: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(made, tmp_path / "run")
    (folder / name).unlink()
    with pipe(folder / name):
        line = refusal("report", folder)
    assert line.startswith(f"{folder / name}: is a pipe or a device: a regular file is needed")


@pytest.mark.skipif(not POSIX, reason="devices of POSIX")
@pytest.mark.parametrize("name", ["manifest.json", pytest.param("trace.npz", marks=pytest.mark.long)])
@pytest.mark.whole
def test_a_device_is_not_read(made: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(made, tmp_path / "run")
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    # In a process of its own, which can be ended should it read on and on.
    code, out, err = done("report", folder)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"omnisim: {folder / name}: is a pipe or a device: a regular file is needed")


@pytest.mark.skipif(not POSIX, reason="pipes of POSIX")
@pytest.mark.parametrize("command", [["inspect"], ["validate"], ["run", "--prices"]])
def test_prices_and_scenarios_come_from_regular_files(tmp_path: Path, command: list[str]) -> None:
    with pipe(tmp_path / "pipe"):
        line = refusal(*command, tmp_path / "pipe")
    assert "is a pipe or a device: a regular file is needed" in line


@pytest.mark.skipif(not POSIX, reason="pipes of POSIX")
@pytest.mark.whole
def test_prices_in_several_files_come_from_regular_ones(tmp_path: Path) -> None:
    write_prices(tmp_path / "a.csv", np.arange(30 * 24.0).reshape(30, 24))
    os.mkfifo(tmp_path / "b.csv")
    code, out, err = done("run", "--prices", tmp_path / "*.csv", "--out", tmp_path / "out")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert err.endswith(f"{tmp_path / 'b.csv'}: is a pipe or a device: a regular file is needed\n")


def test_half_a_character_in_a_state_is_refused() -> None:
    file = io.BytesIO()
    archive.write(file, ({"name": "\ud800"}, {"x": np.zeros(2)}))
    file.seek(0)
    with pytest.raises(TraceError, match=r"is damaged, or not a state \(it has half of a character"):
        archive.read(file)


@pytest.mark.parametrize("value", ["\ud800", "fine \udfff", {"\ud800": "x"}])
def test_half_a_character_is_refused(made: Path, tmp_path: Path, value: object) -> None:
    folder = shutil.copytree(made, tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for key in ("command", "anything"):
        text = json.dumps({**manifest, key: value if key == "anything" or isinstance(value, str) else "\ud800"})
        (folder / "manifest.json").write_text(text, encoding="utf-8")
        assert "the manifest is damaged (it has half of a character, as in \\ud800" in refusal("report", folder)


@pytest.mark.long
@pytest.mark.parametrize(
    ("table", "extra"),
    [
        ("runs", True),
        ("agents", False),
        *(pytest.param(*each, marks=pytest.mark.long) for each in (("runs", False), ("agents", True))),
    ],
)
def test_an_empty_folder_in_the_place_of_a_run_is_computed_again(tmp_path: Path, table: str, extra: bool) -> None:
    before = compared(tmp_path, seeds=2)
    path = tmp_path / table / "zzz-0.parquet"
    if not extra:
        path = min((tmp_path / table).glob("*.parquet"))
        path.unlink()
    path.mkdir()
    after = compared(tmp_path, seeds=2)
    assert not path.is_dir()
    assert path.exists() is not extra
    assert len(after.runs) == len(before.runs) == len(omnisim.load_comparison(tmp_path).runs)


@pytest.mark.long
def test_a_folder_with_something_in_it_is_left_to_its_owner(tmp_path: Path) -> None:
    compared(tmp_path, seeds=1)
    path = tmp_path / "runs" / "zzz-0.parquet"
    path.mkdir()
    (path / "mine.txt").touch()
    with pytest.raises(omnisim.OmnisimError, match="is a folder where a file of the comparison belongs: move it away"):
        compared(tmp_path, seeds=1)
    assert (path / "mine.txt").exists()
