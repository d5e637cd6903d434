"""Commands killed by SIGKILL at random moments: nothing half written is left, and the same command finishes."""

import json
import os
import shutil
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import POSIX, done, finish, session_of, start, wait_until
from scenario_files import omnisim_command, write_scenario
from small_comparison import assert_same

import omnisim
from omnisim.simulation.checkpoint import Checkpoint

pytestmark = [pytest.mark.long, pytest.mark.skipif(not POSIX, reason="signals of POSIX")]

KILLS = 20

COUNTING = """
import os, signal, sys
left, folder = [{operations}], {folder!r}
def count(event, arguments):
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.chmod") and str(arguments[0]).startswith(folder):
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
"""
"""Python that ends the process just before that many more operations on files of a folder: the dangerous moments."""


def killed_again_and_again(
    arguments: Sequence[object], out: Path, after_each: Callable[[], None], operations: int, again: Callable[[], None]
) -> None:
    """Kill a command in turn at a random time and before a random operation, twenty times, and check its folder.

    Parameters
    ----------
    after_each
        What must hold after every kill.
    operations
        Among how many operations on files to choose.
    again
        Called where the command has finished before it could be killed, so that there is work again.
    """
    rng = np.random.default_rng(20)
    killed, longest = 0, 4.0
    while killed < KILLS:
        if killed % 2:
            code = COUNTING.format(operations=int(rng.integers(1, operations)), folder=str(out))
            command = start(*arguments, before=code)
        else:
            command = start(*arguments)
            moment = float(rng.uniform(0, longest))
            try:
                command.wait(moment)
            except Exception:  # noqa: BLE001 (it has not ended by itself)
                command.kill()
        ended, _, complaint = finish(command)
        assert ended in (0, -9), complaint
        killed += ended == -9
        after_each()
        if ended == 0:
            longest *= 0.8
            again()
    code, _, complaint = done(*arguments)
    assert code == 0, complaint
    after_each()
    assert not list(out.rglob(".*"))


def whole(folder: Path) -> None:
    """Whatever has its final name is whole."""
    for path in folder.rglob("*"):
        if path.name.startswith(".") or not path.is_file():
            continue
        match path.suffix:
            case ".json":
                json.loads(path.read_text(encoding="utf-8"))
            case ".toml":
                tomllib.loads(path.read_text(encoding="utf-8"))
            case ".parquet":
                pd.read_parquet(path)
            case ".csv":
                pd.read_csv(path)
            case ".html":
                assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
            case ".npz":
                with np.load(path) as arrays:
                    assert all(arrays[name] is not None for name in arrays.files)
            case ".rounds":  # grows; the checkpoint beside it says how much of it counts
                assert path.with_suffix("").name == "checkpoint.npz"
            case _:
                pytest.fail(f"what is {path}?")


def same_run(found: Path, undisturbed: Path) -> None:
    for name in ("scenario.toml", "trace.npz", "agents.parquet", "certificates.json"):
        assert (found / name).read_bytes() == (undisturbed / name).read_bytes(), name
    manifests = [json.loads((folder / "manifest.json").read_text(encoding="utf-8")) for folder in (found, undisturbed)]
    for manifest in manifests:
        del manifest["wall_seconds"]
    assert manifests[0] == manifests[1]
    assert {path.name for path in found.iterdir()} == {path.name for path in undisturbed.iterdir()}


@pytest.mark.parametrize("options", [(), ("--checkpoint-every", 2)], ids=["plain", "checkpointed"])
def test_run(tmp_path: Path, options: tuple[object, ...]) -> None:
    scenario, out = write_scenario(tmp_path, days=60), tmp_path / "out"
    arguments = ["run", scenario, *options, "--out", out]
    assert omnisim_command("run", scenario, "--out", tmp_path / "undisturbed").code == 0
    killed_again_and_again(
        arguments, out, lambda: whole(out), 90 if options else 30, lambda: shutil.rmtree(out, ignore_errors=True)
    )
    same_run(out, tmp_path / "undisturbed")


def test_a_run_with_checkpoints_loses_few_rounds(tmp_path: Path) -> None:
    """What was kept before a kill is not computed again."""
    scenario, out = write_scenario(tmp_path, days=60), tmp_path / "out"
    command = start("run", scenario, "--checkpoint-every", 2, "--out", out)
    wait_until(lambda: (out / "checkpoint.npz").exists() or command.poll() is not None)
    command.kill()
    finish(command)
    if (out / "report.html").exists():
        pytest.fail("it has finished before it could be killed")
    played: list[int] = []
    loaded = omnisim.load_scenario(scenario)
    omnisim.simulate(loaded, on_round=played.append, checkpoint=Checkpoint(out / "checkpoint.npz", 2))
    assert played[0] >= 2
    assert played == list(range(played[0], 60))


@pytest.mark.parametrize("jobs", [1, 2])
def test_compare(tmp_path: Path, jobs: int) -> None:
    scenario, out = write_scenario(tmp_path), tmp_path / "out"
    arguments = ["compare", scenario, "--forecasters", "persistence,climatology", "--seeds", 5, "--jobs", jobs]

    def again() -> None:
        for path in sorted((out / "agents").glob("*.parquet"))[:3]:
            path.unlink()

    def check() -> None:
        whole(out)
        if (out / "comparison.json").exists():
            omnisim.load_comparison(out)

    assert omnisim_command(*arguments, "--out", tmp_path / "undisturbed").code == 0
    killed_again_and_again([*arguments, "--out", out], out, check, 120, again)
    assert_same(omnisim.load_comparison(out), omnisim.load_comparison(tmp_path / "undisturbed"))


def test_study(tmp_path: Path) -> None:
    out, undisturbed = tmp_path / "out", tmp_path / "undisturbed"
    arguments = ["study", "simulated", "--quick", "--jobs", 2]
    assert omnisim_command(*arguments, "--out", undisturbed).code == 0
    again = lambda: shutil.rmtree(out, ignore_errors=True)  # noqa: E731
    killed_again_and_again([*arguments, "--out", out], out, lambda: whole(out), 30, again)
    assert {path.name for path in out.iterdir()} == {path.name for path in undisturbed.iterdir()}
    for path in undisturbed.glob("*.parquet"):
        expected, found = pd.read_parquet(path), pd.read_parquet(out / path.name)
        timed = [name for name in expected.columns if "seconds" in name]
        pd.testing.assert_frame_equal(found.drop(columns=timed), expected.drop(columns=timed), check_exact=True)


def test_report(tmp_path: Path) -> None:
    scenario, out = write_scenario(tmp_path), tmp_path / "out"
    assert omnisim_command("run", scenario, "--out", out).code == 0
    page = (out / "report.html").read_bytes()
    kept = {path.name: path.read_bytes() for path in out.iterdir() if path.name != "report.html"}

    def check() -> None:
        # The page before or the one after, never half of it, and never none.
        assert (out / "report.html").read_bytes() == page
        assert all((out / name).read_bytes() == content for name, content in kept.items())

    killed_again_and_again(["report", out], out, check, 12, lambda: None)
    assert len(list(out.iterdir())) == len(kept) + 1


def test_orphans_are_noticed() -> None:
    """What the other tests count on: of a killed command nothing lives on."""
    command = start("list", "studies", before="import os, time\nif os.fork() == 0: time.sleep(600)")
    command.wait()
    assert session_of(command)
    os.killpg(command.pid, 9)
    command.communicate()
    wait_until(lambda: not session_of(command))
