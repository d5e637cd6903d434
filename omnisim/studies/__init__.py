"""Studies: what the papers claim, rerun, each as one page with its tables beside it.

A study is a :class:`~omnisim.studies.frame.Frame`: a plan, independent cases with randomness of their own, so that the
numbers are the same for any number of jobs, and the findings, sections and tables that follow. Its quick variant is
what the tests run. Cases are grids that are run and kept as comparisons are (:mod:`omnisim.studies.contests`) where
forecasters play on the same scenario; others are measured each by itself.

To add one: make a folder here with ``cases.py`` (the plan, the cases and what is observed of one), ``findings.py``
(what is expected, and whether it came out so), ``prose.py`` (the text) and ``page.py`` (figures, tables, and the
``STUDY`` that puts them together), and add a line to ``STUDIES``. The command line, the page and the files follow.
Studies of one family share modules beside their folders.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from omnisim.errors import ScenarioError
from omnisim.suggest import nearest

if TYPE_CHECKING:
    from omnisim.studies.frame import Frame

STUDIES = {
    "crowding": "omnisim.studies.crowding.page",
    "scaling": "omnisim.studies.scaling.page",
    "panprediction": "omnisim.studies.panprediction.page",
    "real-markets": "omnisim.studies.real_markets.page",
    "simulated": "omnisim.studies.omniprediction.simulated.page",
    "price-spikes": "omnisim.studies.omniprediction.price_spikes.page",
    "m5": "omnisim.studies.omniprediction.m5.page",
}
"""Module with the ``STUDY`` of each study, by the study's name."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the rounds simulated so far and those of the whole study."""


@dataclass(frozen=True)
class Options:
    """Options for running a study.

    Attributes
    ----------
    quick
        Whether to run the small variant.
    seed
        Of all randomness, >= 0.
    jobs
        Processes; -1 for one per core.
    progress
        Told how far it is.
    data
        File or folder of the data that the study is about; None for what the package ships. A study that reads no
        data refuses one.
    folder
        Of the study, where it keeps runs to go on from; None to keep none.
    """

    quick: bool = False
    seed: int = 0
    jobs: int = -1
    progress: Progress | None = None
    data: Path | None = None
    folder: Path | None = None

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ScenarioError(f"seed of a study must be >= 0, got {self.seed}")
        if self.jobs == 0 or self.jobs < -1:
            raise ScenarioError(f"jobs must be >= 1, or -1 for one per core, got {self.jobs}")
        if self.data is not None and not self.data.exists():
            raise ScenarioError(f"there is no file or folder {str(self.data)!r}, given as the data of the study")


def find(name: str) -> "Frame[Any, Any, Any]":
    """The study of this name.

    Raises
    ------
    ScenarioError
        If there is none.
    """
    if name not in STUDIES:
        raise ScenarioError(f"there is no study {name!r}{nearest(name, STUDIES)}")
    found: Frame[Any, Any, Any] = importlib.import_module(STUDIES[name]).STUDY
    return found


def summaries() -> dict[str, str]:
    """Claim of each study, in one line."""
    return {name: find(name).shows for name in STUDIES}
