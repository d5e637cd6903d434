"""The first rounds of a run, played to see that it starts and how long all of them will take."""

import time
from contextlib import suppress
from dataclasses import dataclass

from omnisim.simulation.preparing import Prepared


@dataclass(frozen=True)
class Trial:
    """The first rounds of a run.

    Attributes
    ----------
    rounds
        How many were played, >= 1.
    seconds
        That all rounds of the run take if those after the first are like them. The first one compiles loops, and is
        not counted where there are others.
    """

    rounds: int
    seconds: float


class _EnoughError(Exception):
    """The rounds played tell enough."""


def trial(run: Prepared, seconds: float = 1.0) -> Trial:
    """Play the first rounds of a prepared run, which cannot be used any more: one, and others for so many seconds.

    Raises
    ------
    OmnisimError
        If a strategy breaks its contract in one of them.
    """
    total = run.problem.known
    ends = [time.perf_counter()]

    def on_round(_: int) -> None:
        ends.append(time.perf_counter())
        if len(ends) > 2 and ends[-1] - ends[1] >= seconds:
            raise _EnoughError

    with suppress(_EnoughError):
        run.play(on_round)
    played = len(ends) - 1
    start = min(1, played - 1)
    return Trial(played, (ends[-1] - ends[start]) / (played - start) * total)
