"""State of a run at its end, from which it goes on when there are more days.

A run with a declared horizon T ends where the data do, and leaves one file: the state of its participants, the scenario
it was read from, and the days it has seen. Thresholds, learning rates and agents are those of T rounds, so what is
played later is what would have been played in one run over all of it, to the last bit.

The file is one, and it is replaced at once or not at all: whatever else is written about the run follows from it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnisim import snapshot
from omnisim.errors import ScenarioError, TraceError
from omnisim.files import atomic_write
from omnisim.reading import reading
from omnisim.scenario.known_days import KnownDays, restored, stored
from omnisim.scenario.toml import to_toml
from omnisim.simulation.checkpoint import Recorder
from omnisim.simulation.identity import BUILT, identity, packages
from omnisim.simulation.preparing import Prepared
from omnisim.snapshot import Snapshots, Stored
from omnisim.strategies.adversaries.replay import Replay
from omnisim.trace.checking import check_recorded


@dataclass(frozen=True)
class Standing:
    """A run after some of the rounds of its horizon.

    Attributes
    ----------
    rounds
        That were played.
    scenario
        The resolved scenario, as a TOML tree; empty for one that was built in Python.
    market, told
        The days up to the last one played, None for a scenario that was built in Python; and how its scale was chosen.
    run
        What must agree with the run that goes on.
    state
        Of the participants.
    """

    rounds: int
    scenario: Mapping[str, Any]
    market: KnownDays | None
    told: str
    run: Mapping[str, Any]
    state: Stored


class EndCheckpointer:
    """Saves the state of a run at its end, and restores it.

    Parameters
    ----------
    run
        That has played nothing yet.

    Raises
    ------
    ScenarioError
        If the run has no declared horizon.
    TraceError
        If a strategy holds what no state can.
    """

    def __init__(self, run: Prepared) -> None:
        if not run.problem.declared:
            raise ScenarioError("a run can go on from its end only if it declares a horizon")
        self._run = run
        self._snapshots = Snapshots(run.learning, (*BUILT, Replay), packages(run.scenario))
        self._identity = identity(run.scenario, run.problem, run.seed, growing=True)
        self._snapshots.take(copy=False)  # what cannot be stored is refused now, not at the end

    def save(self, path: Path, rounds: int | None = None) -> None:
        """Write how the run stands after so many rounds; default: all there are data for.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        tree, arrays = self._snapshots.take(copy=False)
        scenario = self._run.scenario
        about: dict[str, Any] = {
            "run": self._identity,
            "round": self._run.problem.known if rounds is None else rounds,
            "state": tree,
            "scenario": to_toml(scenario.source),
            "told": scenario.told,
        }
        if scenario.market is not None:
            about["market"], own = stored(scenario.market)
            arrays = {**arrays, **own}
        with atomic_write(path) as file:
            snapshot.write(file, (about, arrays))

    def restore(self, standing: Standing) -> None:
        """Restore the state of all participants.

        Raises
        ------
        TraceError
            If it is the state of another run, or damaged.
        """
        other = [name for name, value in self._identity.items() if standing.run.get(name) != value]
        if other:
            raise TraceError(f"is the state of a run that differs in {', '.join(other)}: run it again from its start")
        if not 0 < standing.rounds <= self._run.problem.known:
            raise TraceError(
                f"is the state after {standing.rounds} rounds, and there are data for {self._run.problem.known}"
            )
        self._snapshots.put(standing.state)
        for party in self._run.learning.values():
            if isinstance(party, Recorder):
                check_recorded(party.recorded, party.symbols, standing.rounds)


def read_standing(path: Path) -> Standing:
    """Read what a :class:`EndCheckpointer` has written.

    Raises
    ------
    TraceError
        If there is no such file, or it is damaged.
    """
    try:
        with path.open("rb") as file:
            tree, arrays = snapshot.read(file)
    except OSError as cause:
        raise TraceError(f"{path}: cannot be read: {cause.strerror or cause}") from cause
    except TraceError as cause:
        raise TraceError(f"{path}: {cause}") from cause
    with reading(path, TraceError, "is not the state of a run that can go on", of_any_form=True):
        if type(tree["round"]) is not int or not isinstance(tree["run"], dict):
            raise TraceError(f"{path}: is not the state of a run that can go on")
        market = restored(tree["market"], arrays) if "market" in tree else None
        return Standing(
            tree["round"], tomllib.loads(tree["scenario"]), market, tree["told"], tree["run"], (tree["state"], arrays)
        )
