"""Studies of simulated forecasters: their cases are grids, run and kept as ``omnisim.compare`` does.

A contest is one scenario that several forecasters are played on with the same seeds. Its runs are in a folder of the
study, so that a study that was interrupted goes on with those that are missing, and that
:func:`omnisim.load_comparison` reads.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, TypeVar

import pandas as pd

from omnisim.comparison.comparing import run_grid
from omnisim.comparison.comparison import Comparison
from omnisim.comparison.grid import make_grid
from omnisim.comparison.records import SEED
from omnisim.comparison.run import Observe
from omnisim.comparison.store import Store
from omnisim.errors import OmnisimError
from omnisim.scenario.scenario import Scenario
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.studies import Options, Progress

COMPARISONS = "comparisons"
"""Folder of the folders of contests, inside that of the study."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Contest:
    """Forecasters on one scenario.

    Attributes
    ----------
    name
        Of its folder.
    scenario
        Its own forecaster does not play.
    forecasters
        By their labels.
    seeds
        Of the runs of each.
    observe
        Gives what is kept of every run beside the measures; a function of a module.
    reference
        Label of the forecaster that pages of the comparison hold the others against; the first if None.
    played
        How many of the forecasters, the first ones, were played before.
    """

    name: str
    scenario: Scenario
    forecasters: Mapping[str, Forecaster]
    seeds: Sequence[int]
    observe: Observe
    reference: str | None = None
    played: int = 0

    def with_more(self, forecasters: Mapping[str, Forecaster]) -> Self:
        """The same contest with more forecasters, which are played when it is run again."""
        return replace(self, forecasters={**self.forecasters, **forecasters}, played=len(self.forecasters))

    @property
    def new(self) -> list[str]:
        """Labels of the forecasters that were not played before."""
        return list(self.forecasters)[self.played :]

    @property
    def rounds(self) -> int:
        """Rounds of all runs of the new forecasters."""
        return len(self.new) * len(self.seeds) * self._rounds

    @property
    def _rounds(self) -> int:
        rounds = self.scenario.rounds
        assert rounds is not None  # noqa: S101 (studies say how long they run; this tells the type checker)
        return rounds

    def run(self, folder: Path | None, jobs: int, progress: Progress) -> Comparison:
        """Play what is not finished in the folder; in none, a temporary one."""
        grid = make_grid(self.scenario, dict(self.forecasters), self.seeds, reference=self.reference)
        before = self.played * len(self.seeds)

        def on_run(done: int, _asked: int) -> None:
            progress(max(0, done - before) * self._rounds, self.rounds)

        return run_grid(grid, folder, jobs=jobs, fail_fast=True, on_run=on_run, observe=self.observe)

    def runs(self, comparison: Comparison, *observed: str) -> pd.DataFrame:
        """``comparison.runs`` of the new forecasters, in their order, then in that of the seeds.

        With the columns replicate, certificates, violated (how many of them do not hold) and those ``observed`` (one
        number of each run).
        """
        numbers = {name: comparison.observed(name)[:, :, 0].ravel() for name in observed}
        found = comparison.runs.assign(**numbers).rename(
            columns={"certificates_listed": "certificates", "certificates_violated": "violated"}
        )
        found["replicate"] = found[SEED].map({seed: r for r, seed in enumerate(self.seeds)})
        return found.iloc[self.played * len(self.seeds) :]


AnyContest = TypeVar("AnyContest", bound=Contest)


def compared(contests: Sequence[AnyContest], options: Options, progress: Progress) -> list[Comparison]:
    """Run contests one after the other, each on all processes: the ``play`` of a frame."""
    total, done = sum(contest.rounds for contest in contests), 0
    found = []
    for contest in contests:
        folder = None if options.folder is None else options.folder / COMPARISONS / _folder_name(contest.name)

        def told(rounds: int, _rounds: int, done: int = done) -> None:
            progress(done + rounds, total)

        found.append(contest.run(folder, options.jobs, told))
        done += contest.rounds
    return found


def _folder_name(name: str) -> str:
    # Names of markets come from files of the user. Two that become the same share a folder, and runs do not get mixed
    # up there: they are named after all that their scenario says.
    return re.sub(r"[^\w-]+", "-", name) or "-"


def kept(folder: Path) -> int:
    """Number of finished runs in the folder of a study."""
    found = 0
    for contest in sorted((folder / COMPARISONS).glob("*")):
        with suppress(OmnisimError):  # a damaged file holds no run to go on from
            found += len(Store(contest).places())
    return found
