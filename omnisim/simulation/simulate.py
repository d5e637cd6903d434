"""Run a scenario: the function ``omnisim.simulate``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from omnisim.errors import ScenarioError
from omnisim.refusing import one_of, path_of
from omnisim.scenario.load import load_scenario
from omnisim.scenario.scenario import Scenario
from omnisim.signatures import check_values
from omnisim.simulation.checkpoint import Checkpoint, Checkpointer
from omnisim.simulation.preparing import Prepared
from omnisim.simulation.recording import recorded
from omnisim.simulation.shard import Shard
from omnisim.simulation.sharded import Sharding
from omnisim.simulation.standing import EndCheckpointer
from omnisim.trace import Trace


def simulate(
    scenario: Scenario | str | Path,
    seed: int | None = None,
    on_round: Callable[[int], None] | None = None,
    checkpoint: Checkpoint | None = None,
    state: Path | str | None = None,
    shards: int | None = None,
    scheduler: str | None = None,
    say: Callable[[str], None] | None = None,
) -> Trace:
    """Run a scenario and return the record of the run.

    The scenario and its strategies are left as they were: the run works on copies.

    On one machine with one set of versions, a scenario and a seed give the same bytes, whatever the number of workers,
    shards and threads, the hash seed, the order in which processes start, and a network that delays and loses nothing.
    On another processor, or with other versions of libraries that draw the same random numbers, decisions are the same
    and recorded numbers agree to 1e-12 (of the largest in their array, where that is above 1), as long as nothing is
    decided within rounding, such as between two actions that tie, by a cost of 0, or by a minimax step with several
    solutions: from that round on, runs may part.

    Linear algebra of other libraries runs on one thread, because the rounding of a threaded product may depend on the
    number of threads.

    Parameters
    ----------
    scenario
        What to run; or the name of a shipped scenario, or the path of a file.
    seed
        Of all randomness in the run, >= 0; the scenario's own, 0 by default, if omitted.
    on_round
        Called with t after round t, for showing progress.
    checkpoint
        Where to leave the state of the run, and to go on from if there is one.
    state
        File for the state at the end of a run with a declared horizon, from which it can go on when there are more
        rounds; see :mod:`omnisim.simulation.standing`.
    shards
        Into how many parts the agents are divided that are played on the workers of a Dask cluster, >= 1; the rest of
        the run stays here (:mod:`omnisim.simulation.sharded`). None: everything is here. What a lost worker had is
        played again on another one, from the last state of ``checkpoint`` or, without one, from the first round.
    scheduler
        Address of its scheduler, such as ``tcp://10.0.0.1:8786``; by default a cluster of this machine is started.
    say
        Called with a line where a scheduler is silent for long, and is waited for.

    Raises
    ------
    OmnisimError
        If the scenario is not consistent, a strategy breaks its contract on the way, or the agents cannot be divided
        like that.
    WorkersLostError
        If the cluster is gone.

    Examples
    --------
    >>> import omnisim
    >>> scenario = omnisim.Scenario(
    ...     populations=[omnisim.Population("bettors", utility=[[[1.0], [0.0]]], offset=[[0.0, 0.5]])],
    ...     adversary=omnisim.adversaries.Replay([[0.9], [0.9], [0.1], [0.1]]),
    ...     forecaster=omnisim.forecasters.Persistence(lag=1),
    ...     elimination=omnisim.elimination.BestResponse(),
    ... )
    >>> omnisim.simulate(scenario).actions["bettors"][:, 0]
    array([0, 0, 0, 1])
    """
    given = {"on_round": on_round, "shards": shards, "scheduler": scheduler, "say": say}
    check_values(simulate, given, ScenarioError)
    if isinstance(scenario, str | PathLike):
        scenario = load_scenario(scenario)
    elif not isinstance(scenario, Scenario):
        raise ScenarioError(f"simulate needs a Scenario, the name of one or a path, got {type(scenario).__name__}")
    if checkpoint is not None:
        one_of("checkpoint", checkpoint, Checkpoint, "a Checkpoint", ScenarioError)
    state = None if state is None else path_of("state of simulate", state, ScenarioError)
    if state is not None and shards is not None:
        raise ScenarioError("a run in shards leaves no state to go on from at its end: leave out shards, or horizon")
    with _sharding(shards, scheduler, say) as sharding:
        run = Prepared(scenario, scenario.seed if seed is None else seed, sharding)
        checkpointer = None if checkpoint is None else Checkpointer(checkpoint, run)
        end_checkpointer = None if state is None else EndCheckpointer(run)
        run.play(_both(checkpointer, on_round), 0 if checkpointer is None else checkpointer.resume())
        if end_checkpointer is not None and state is not None:
            end_checkpointer.save(state)
        return recorded(run, run.problem.known)


MOST_SHARDS = 10_000
"""Largest number of parts into which the agents of a run are divided."""


@contextmanager
def _sharding(
    shards: int | None, scheduler: str | None, say: Callable[[str], None] | None
) -> Iterator[Sharding | None]:
    """The workers for so many shards, while the context lasts."""
    if shards is None:
        if scheduler is not None:
            raise ScenarioError(f"scheduler {scheduler} needs a number of shards, which its workers are to play")
        yield None
        return
    if shards < 1:
        raise ScenarioError(f"the number of shards must be >= 1, got {shards}")
    if shards > MOST_SHARDS:
        raise ScenarioError(
            f"the number of shards must be <= {MOST_SHARDS:,}, as each is played by a worker, got {shards}"
        )
    from omnisim.workers.actors import actors

    with actors(Shard, shards, scheduler, say) as make:
        yield Sharding(shards, make)


def _both(checkpointer: Checkpointer | None, on_round: Callable[[int], None] | None) -> Callable[[int], None] | None:
    """First the state of a round is safe, then it is said to be over."""
    if checkpointer is None:
        return on_round

    def call(t: int) -> None:
        checkpointer.round_is_over(t)
        if on_round is not None:
            on_round(t)

    return call
