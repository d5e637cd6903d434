"""A comparison that is killed again and again ends with exactly the results of one that was left in peace."""

import contextlib
import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from commands import POSIX
from small_comparison import FORECASTERS, assert_same, compared, run_until_killed

import omnisim
from omnisim.comparison.store import Store

KILLS = 20
SEEDS = 8


@pytest.mark.long
@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
def test_twenty_kills_lose_nothing_and_change_nothing(tmp_path: Path) -> None:
    # Odd kills come after a random time, even ones before a random file operation, which are the dangerous moments.
    out, rng = tmp_path / "killed", np.random.default_rng(20)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["small_comparison", "omnisim.comparison.comparing"])
    kept = 0
    killed = 0
    while killed < KILLS:
        operations = None if killed % 2 else int(rng.integers(1, 120))
        receiver, sender = processes.Pipe(duplex=False)
        process = processes.Process(target=run_until_killed, args=(out, sender, operations))
        process.start()
        sender.close()
        if operations is None:
            receiver.poll(60)  # the first line comes when the grid begins
            time.sleep(float(rng.uniform(0, 0.3)))
            process.kill()
        process.join(120)
        told = _everything(receiver)
        assert not told or told[0][0] >= kept, "finished runs were run again"
        assert process.exitcode in (-9, 0)
        killed += process.exitcode == -9
        if process.exitcode == 0:
            # Finished too early for all kills: what is there is damaged by hand, so that there is work left.
            for path in sorted((out / "agents").glob("*.parquet"))[:2]:
                path.write_bytes(path.read_bytes()[:-9])
            kept = 0
            continue
        kept = len(Store(out).places()) if out.exists() else 0
    resumed = compared(out)
    assert len(resumed.runs) == SEEDS * len(FORECASTERS)
    assert_same(resumed, compared())
    left = [path for path in out.rglob("*") if path.name.startswith(".")]
    assert left == []
    assert_same(omnisim.load_comparison(out), resumed)


def _everything(receiver: Connection) -> list[tuple[int, int]]:
    found = []
    with contextlib.suppress(EOFError):
        while True:
            found.append(receiver.recv())
    receiver.close()
    return found
