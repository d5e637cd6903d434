"""The draws of the M5 study, and the errors of the methods on one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from omnisim.errors import DataError, ScenarioError
from omnisim.reading import reading
from omnisim.studies import Options
from omnisim.studies.omniprediction import m5_data
from omnisim.studies.omniprediction.finite_class import experiment
from omnisim.studies.omniprediction.m5_data import Track

PARTS: Mapping[str, Callable[[Path], Track]] = {
    "products": m5_data.products,
    "departments": m5_data.departments,
}
"""Parts of the study; see :mod:`omnisim.studies.omniprediction.m5_data`."""


@dataclass(frozen=True)
class Plan:
    """Sizes by part, and number of draws."""

    sizes: Mapping[str, tuple[int, ...]]
    draws: int


FULL = Plan({"products": (25, 50, 100, 200, 400, 800, 1600, 3200), "departments": (25, 50, 100, 200, 400)}, 20)
QUICK = Plan({"products": (25, 400), "departments": (25, 100)}, 2)


@dataclass(frozen=True)
class Case:
    """One draw of all samples."""

    part: str
    folder: Path
    sizes: tuple[int, ...]
    draw: int
    seed: int


def cases(plan: Plan, options: Options) -> list[Case]:
    """All runs.

    Raises
    ------
    ScenarioError
        If no data are given.
    DataError
        If they are not as described.
    """
    if options.data is None:
        raise ScenarioError(
            "the study 'm5' needs the M5 data: give a folder with "
            f"{m5_data.SALES}, {m5_data.TEAMS}, {m5_data.ACTUALS}, and {m5_data.HOME_MADE} or a folder "
            f"{m5_data.SUBMISSIONS} of submissions, as --data FOLDER"
        )
    for part in PARTS:
        read(part, options.data)
    return [
        Case(part, options.data, sizes, draw, options.seed)
        for part, sizes in plan.sizes.items()
        for draw in range(plan.draws)
    ]


def measure(case: Case) -> list[dict[str, Any]]:
    """A row per rule, size, method and c; see :func:`experiment`."""
    track = read(case.part, case.folder)
    about = {"part": case.part, "draw": case.draw}
    return [about | row for row in experiment(track.pools, case.sizes, [case.seed, case.draw])]


@lru_cache(maxsize=4)
def read(part: str, folder: Path) -> Track:
    """The data of a part, read once in a process."""
    with reading(folder, DataError, f"does not hold the {part} of the M5 data as described"):
        return PARTS[part](folder)
