"""A Dask cluster of processes of its own, of which any can be killed."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commands import ENOUGH, wait_until

_QUIET = ("--host", "127.0.0.1", "--no-dashboard")


class Cluster:
    """A scheduler and its workers, without anybody who would restart them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self._log = (folder / "cluster.log").open("wb")
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("dask_scheduler", "--port", "0")
        wait_until(lambda: self._file.exists() and self._file.stat().st_size > 0)
        self.address = str(json.loads(self._file.read_text(encoding="utf-8"))["address"])

    def add_workers(self, count: int) -> None:
        """Start workers and wait until the scheduler knows them."""
        from distributed import Client

        known = len(self.workers) + count
        self.workers += [self._start("dask_worker", "--no-nanny", "--nthreads", "1") for _ in range(count)]
        with Client(self.address, timeout=ENOUGH, set_as_default=False) as client:
            deadline = time.monotonic() + ENOUGH
            while len(client.scheduler_info()["workers"]) < known:
                assert time.monotonic() < deadline, "the workers did not come"
                time.sleep(0.1)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
        self._log.close()

    def _start(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", f"distributed.cli.{program}", *_QUIET, "--scheduler-file", str(self._file)]
        return subprocess.Popen([*command, *arguments], stdout=self._log, stderr=self._log)  # noqa: S603


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster on this machine, with files in the folder; its processes end with the context."""
    made = Cluster(folder)
    try:
        made.add_workers(workers)
        yield made
    finally:
        made.close()
