"""Actors: objects that live in other processes, remember what they are told, and answer.

They are on the workers of a Dask scheduler, or on those of a cluster of this machine that is started for them. An actor
is lost with its worker; that is said to whoever waits for its answer, and a new one can be made on another worker.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, Protocol

import joblib

from omnisim.errors import OmnisimError
from omnisim.workers import cluster, parting

_GLANCE = 0.1
"""Seconds between two looks for a worker, where there is none."""


class ActorLostError(Exception):
    """The worker on which an actor lived is gone, with all that it remembered."""


class Actor(Protocol):
    """An object somewhere else, of which one method is called at a time."""

    def send(self, method: str, *arguments: Any) -> None:
        """Call a method, and do not wait for it."""
        ...

    def answer(self) -> Any:
        """The result of the method that was called last.

        Raises
        ------
        ActorLostError
            If the actor is gone.
        Exception
            What the method raised.
        """
        ...


class Here:
    """An actor in this process, which does what it is told when it is asked for its answer."""

    def __init__(self, kind: type) -> None:
        self._object = kind()

    def send(self, method: str, *arguments: Any) -> None:
        """See :class:`Actor`."""
        self._call = method, arguments

    def answer(self) -> Any:
        """See :class:`Actor`."""
        method, arguments = self._call
        return getattr(self._object, method)(*arguments)


@contextmanager
def actors(
    kind: type, count: int, scheduler: str | None = None, say: Callable[[str], None] | None = None
) -> Iterator[Callable[[], Actor]]:
    """A function that makes actors, for as long as the context lasts.

    Parameters
    ----------
    kind
        Class of the actors, which takes no arguments.
    count
        How many there will be at a time, >= 1.
    scheduler
        Address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``. None for a cluster of this machine, which ends
        with the context: a process for each actor, but no more than there are cores.
    say
        Called with a line where the scheduler is silent for long, and is waited for.

    Raises
    ------
    OmnisimError
        If the scheduler cannot be reached or has no workers, or the package distributed is not installed.
    WorkersLostError
        From the function, and from answers of actors, if the scheduler or all workers are gone.
    """
    distributed = cluster.library()
    with cluster.quiet():
        if scheduler is not None:
            with _on(distributed, kind, scheduler, say) as make:
                yield make
            return
        with (
            distributed.LocalCluster(
                n_workers=min(count, joblib.cpu_count()),
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                memory_limit=None,
            ) as local,
            _on(distributed, kind, local.scheduler_address, say, own=True) as make,
        ):
            yield make


@contextmanager
def _on(
    distributed: ModuleType, kind: type, address: str, say: Callable[[str], None] | None, *, own: bool = False
) -> Iterator[Callable[[], Actor]]:
    with cluster.connected(distributed, address, direct=True) as client:
        if own:
            client.run(parting.leave_to_parent)
        watch = cluster.Watch(distributed, client, address, say)
        taken: Counter[str] = Counter()
        lost: set[str] = set()

        def make() -> Actor:
            watch.look(at_once=True)
            while not watch.workers - lost:
                time.sleep(_GLANCE)
                watch.look()
            worker = min(watch.workers - lost, key=lambda each: (taken[each], each))
            taken[worker] += 1
            return _OnWorker(distributed, client, kind, worker, watch, lost)

        yield make


class _OnWorker:
    """An actor on a Dask worker, whose address is added to those that are ``lost`` if it turns out to be."""

    def __init__(
        self, distributed: ModuleType, client: Any, kind: type, worker: str, watch: "cluster.Watch", lost: set[str]
    ) -> None:
        self._client, self._worker, self._watch, self._lost = client, worker, watch, lost
        self._cancelled, self._killed = distributed.CancelledError, distributed.KilledWorker
        self._made = client.submit(kind, actor=True, pure=False, workers=[worker], allow_other_workers=False)
        self._actor: Any = None
        self._pending: Any = None

    def send(self, method: str, *arguments: Any) -> None:
        """See :class:`Actor`."""
        self._pending = None
        # A loss is said to whoever waits for the answer.
        with suppress(ActorLostError, RuntimeError), self._client.as_current():
            if self._actor is None:
                self._actor = self._result(self._made)
            self._pending = getattr(self._actor, method)(*arguments)

    def answer(self) -> Any:
        """See :class:`Actor`."""
        if self._pending is None:
            raise self._gone()
        return self._result(self._pending)

    def _result(self, pending: Any) -> Any:
        while True:
            try:
                return pending.result(timeout=cluster.LOOK)
            except TimeoutError:
                self._watch.look()
                if self._worker not in self._watch.workers:
                    raise self._gone() from None
            except OmnisimError:
                raise
            except (ImportError, AttributeError) as cause:
                raise cluster.without_code(self._watch.address, cause) from cause
            except (OSError, self._cancelled, self._killed) as cause:
                raise self._gone() from cause

    def _gone(self) -> ActorLostError:
        self._lost.add(self._worker)
        return ActorLostError(f"the worker {self._worker} is gone")
