"""How long a scheduler is waited for, by a clock of its own: longer where the connection to it stands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

import omnisim
from omnisim.errors import OmnisimError, WorkersLostError
from omnisim.simulation.shard import Shard
from omnisim.workers import actors, cluster
from omnisim.workers.actors import Here


class Clock:
    """Seconds that pass where somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Scheduler:
    """A client of a scheduler that is silent in some times, and has workers or none."""

    status = "running"

    def __init__(self, clock: Clock, silent: Callable[[float], bool], workers: Callable[[float], int]) -> None:
        self._clock, self._silent, self._workers = clock, silent, workers
        self.scheduler = SimpleNamespace(identity=None)

    def sync(self, _asked: Any, callback_timeout: float) -> dict[str, Any]:
        """Answer as soon as it is not silent, or time out."""
        for _ in range(int(10 * callback_timeout)):
            if not self._silent(self._clock.now):
                self._clock.now += 0.01
                names = range(self._workers(self._clock.now))
                return {"workers": {f"tcp://{each}": {"nthreads": 2} for each in names}}
            self._clock.now += 0.1
        raise TimeoutError


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    made = Clock()
    monkeypatch.setattr(cluster, "time", made)
    yield made


LIBRARY: Any = SimpleNamespace(CancelledError=ConnectionError)


def watch(
    clock: Clock, said: list[str], silent: Any = lambda now: False, workers: Any = lambda now: 1
) -> cluster.Watch:
    return cluster.Watch(LIBRARY, Scheduler(clock, silent, workers), "tcp://here:1", said.append)


def look_until(clock: Clock, found: cluster.Watch, end: float) -> None:
    while clock.now < end:
        clock.now += cluster.LOOK
        found.look()


@pytest.mark.parametrize("begin", [0.0, 50.0])
@pytest.mark.parametrize("seconds", [0, 20, 26, 60, 290])
def test_a_scheduler_that_is_busy_is_waited_for(clock: Clock, begin: float, seconds: float) -> None:
    """From the start, or later; whoever waits is told of it once."""
    said: list[str] = []
    found = watch(clock, said, lambda now: begin <= now < begin + seconds)
    look_until(clock, found, 1000.0)
    assert found.threads == 2
    assert len(said) == (seconds > cluster.PATIENCE + 10)
    for line in said:
        assert line.startswith("--scheduler tcp://here:1: has not answered for ")
        assert line.endswith("seconds: as the connection to it stands, it is waited for, up to 300 seconds")


@pytest.mark.parametrize("begin", [0.0, 50.0])
def test_a_scheduler_that_hangs_is_given_up(clock: Clock, begin: float) -> None:
    said: list[str] = []
    says = (
        "--scheduler tcp://here:1: the scheduler hangs: it has not answered for 300 seconds, and the connection to it"
    )
    with pytest.raises(WorkersLostError, match=says):
        look_until(clock, watch(clock, said, lambda now: now >= begin), 2000.0)
    assert begin + 290 < clock.now < begin + 330  # from the last answer
    assert len(said) == 1


def test_a_scheduler_without_a_connection_is_given_up_soon(clock: Clock) -> None:
    said: list[str] = []
    found = watch(clock, said, lambda now: now >= 5)
    found._client.status = "connecting"
    with pytest.raises(WorkersLostError, match="the scheduler is gone: it has not answered for 25 seconds"):
        look_until(clock, found, 1000.0)
    assert clock.now < 5 + 25 + 35
    assert said == []


def test_results_are_answers(clock: Clock) -> None:
    found = watch(clock, [], lambda now: now >= 5)
    for _ in range(60):
        clock.now += 20
        found.hear()
        found.look()
    assert clock.now > 1000


def test_workers_that_are_gone_are_waited_for(clock: Clock) -> None:
    found = watch(clock, [], workers=lambda now: 0 if 10 <= now < 30 else 3)
    look_until(clock, found, 100.0)
    assert found.threads == 6
    found = watch(clock, [], workers=lambda now: 0 if now >= 200 else 3)
    with pytest.raises(WorkersLostError, match="all workers are gone: there was none for 25 seconds"):
        look_until(clock, found, 1000.0)
    assert 225 < clock.now < 235


def test_a_silent_scheduler_is_not_held_against_its_workers(clock: Clock) -> None:
    """Silent for twice the patience with workers, of which there are some before and after it."""
    found = watch(clock, [], lambda now: 10 <= now < 60)
    look_until(clock, found, 100.0)
    assert found.threads == 2


def test_none_to_begin_with(clock: Clock) -> None:
    """Also where the first answer is late, which had been taken for none."""
    with pytest.raises(OmnisimError, match="--scheduler tcp://here:1: has no workers"):
        watch(clock, [], lambda now: now < 40, lambda now: 0)
    assert clock.now > 40
    assert watch(clock, [], lambda now: now < 100).threads == 2


def test_a_run_in_shards_passes_on_what_is_to_be_said(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """From ``simulate`` to whoever watches the scheduler, which is silent for a minute when the run begins."""
    said: list[str] = []

    @contextmanager
    def connected(_: Any, address: str, direct: bool) -> Iterator[Scheduler]:
        assert (address, direct) == ("tcp://here:1", True)
        yield Scheduler(clock, lambda now: now < 60.0, lambda now: 1)

    monkeypatch.setattr(cluster, "library", lambda: LIBRARY)
    monkeypatch.setattr(cluster, "quiet", nullcontext)
    monkeypatch.setattr(cluster, "connected", connected)
    monkeypatch.setattr(actors, "_OnWorker", lambda *_: Here(Shard))
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("p", [[[1.0], [0.0]]], [[0.0, 0.5]])],
        adversary=omnisim.adversaries.Replay([[0.9], [0.1]]),
        forecaster=omnisim.forecasters.Climatology(),
        elimination=omnisim.elimination.BestResponse(),
    )
    found = omnisim.simulate(scenario, shards=1, scheduler="tcp://here:1", say=said.append)
    assert len(said) == 1
    assert said[0].startswith("--scheduler tcp://here:1: has not answered for ")
    assert found.actions["p"].tolist() == omnisim.simulate(scenario).actions["p"].tolist()
