"""A run goes on from where it stands: it learns the days since, and says what it would do on the next one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.errors import TraceError
from omnisim.problem.population import Population
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.preparing import Prepared
from omnisim.simulation.recording import recorded
from omnisim.simulation.standing import EndCheckpointer, Standing
from omnisim.trace import FORECASTER, Trace


@dataclass(frozen=True)
class Eve:
    """A round that has begun and whose outcome is not known yet.

    Attributes
    ----------
    round
        t, from 0.
    date
        The delivery day, where rounds have dates.
    prediction : (d,)
        As broadcast by the first forecaster, before it was clipped where the forecaster can say so.
    actions
        From populations to what their agents do, (N,); -1 for one that is not there.
    populations
        By name.
    """

    round: int
    date: np.datetime64 | None
    prediction: FloatArray
    actions: Mapping[str, IntArray]
    populations: Mapping[str, Population]


def go_on(scenario: Scenario, standing: Standing, path: Path, rounds: int) -> tuple[Trace, Eve | None]:
    """Let a run go on from where it stands.

    Parameters
    ----------
    scenario
        With data for at least ``rounds`` rounds. If there are more of them, the last one is begun: only what is known
        before its outcome matters.
    standing
        Where the run stands.
    path
        The file of its state, which is replaced if there is something to learn.
    rounds
        That are over by now, at least as many as the run has played.

    Returns
    -------
    tuple
        The record of all rounds that are over, and the round that has begun, if there is one.

    Raises
    ------
    TraceError
        If the state is that of another run.
    OmnisimError
        If a strategy breaks its contract.
    """
    run = Prepared(scenario, scenario.seed)
    checkpointer = EndCheckpointer(run)
    try:
        checkpointer.restore(standing)
    except TraceError as cause:
        raise TraceError(f"{path}: {cause}") from cause
    if rounds > standing.rounds:
        run.play(first_round=standing.rounds, rounds=rounds)
        checkpointer.save(path, rounds)
    trace = recorded(run, rounds)
    if run.problem.known == rounds:
        return trace, None
    actions = run.eve(rounds)
    dates, service = run.problem.dates, run.services[FORECASTER]
    return trace, Eve(
        rounds,
        None if dates is None else dates[rounds],
        service.unclipped_predictions[rounds],
        actions,
        run.populations,
    )
