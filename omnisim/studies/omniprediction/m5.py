"""Sales of the M5 competition: Figures 3 and 4 of Gibbs and Tibshirani, and a variant with real competitors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from omnisim.errors import DataError, ScenarioError
from omnisim.reading import reading
from omnisim.report.study.results import Chart, Section, Study, Table
from omnisim.report.text import count
from omnisim.studies import Options
from omnisim.studies.frame import Frame, measured, rows_of
from omnisim.studies.omniprediction import charts, m5_data
from omnisim.studies.omniprediction.findings import ensemble_findings
from omnisim.studies.omniprediction.finite_class import BASE_POINTS, ERROR, experiment
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
        _read(part, options.data)
    return [
        Case(part, options.data, sizes, draw, options.seed)
        for part, sizes in plan.sizes.items()
        for draw in range(plan.draws)
    ]


def measure(case: Case) -> list[dict[str, Any]]:
    """A row per rule, size, method and c; see :func:`experiment`."""
    track = _read(case.part, case.folder)
    about = {"part": case.part, "draw": case.draw}
    return [about | row for row in experiment(track.pools, case.sizes, [case.seed, case.draw])]


@lru_cache(maxsize=4)
def _read(part: str, folder: Path) -> Track:
    with reading(folder, DataError, f"does not hold the {part} of the M5 data as described"):
        return PARTS[part](folder)


def assemble(done: Sequence[Case], results: Sequence[list[dict[str, Any]]], plan: Plan, _options: Options) -> Study:
    """The study from the rows of all its runs."""
    rows = rows_of(results)
    tracks = {part: _read(part, done[0].folder) for part in PARTS}
    parts = {part: rows[rows["part"] == part] for part in tracks}
    products, departments = tracks["products"], tracks["departments"]
    return Study(
        name="m5",
        title="Sales of the M5 competition",
        summary=(
            "Will at least one unit of a product be sold in a store on a day? Probabilities of many forecasters become "
            "one prediction for all losses, as in the experiment of Gibbs and Tibshirani (Appendix B.2). "
            f"Here with {products.label}; beside it, with {departments.label}, whether the sales of a department in a "
            f"store exceed their recent median."
        ),
        facts=[
            ("Products", f"{products.label}: {count(products.members, 'forecaster')}"),
            ("Departments", f"{departments.label}: {count(departments.members, 'forecaster')}"),
            ("Base predictors", f"chosen on {BASE_POINTS} rows of day 7 (products), on days 8 to 14 (departments)"),
            ("Methods", "fitted on rows of day 14, and of days 15 to 21"),
            ("Judged on", "2,000 rows of day 21, and all of days 22 to 28"),
            ("Draws", str(plan.draws)),
        ],
        findings=[
            finding
            for part, track in tracks.items()
            for finding in ensemble_findings(parts[part], ERROR, where=f", {track.label}")
        ],
        sections=[
            Section(part, part.capitalize(), [_TEXT[part]], _charts(part, parts[part], track), [f"{part}_compared"])
            for part, track in tracks.items()
        ],
        tables={
            f"{part}_compared": Table(
                f"{track.label}: error at the chosen c, mean over draws", charts.compared(parts[part], [], ERROR)
            )
            for part, track in tracks.items()
        }
        | {
            "means": Table(
                "Means and standard deviations over draws", charts.table(rows, ["part"], [ERROR]), shown=False
            ),
            "errors": Table("Every draw", rows, shown=False),
        },
        about={f"forecasts of {part}": track.label for part, track in tracks.items()},
        yardstick="the paper",
    )


def _charts(part: str, rows: pd.DataFrame, track: Track) -> list[Chart]:
    figures = ("Figure 3: error by method", "Figure 4: error by c") if part == "products" else _PLAIN
    return [
        charts.by_method(
            f"{part}_methods",
            f"{figures[0]} ({track.label})",
            rows,
            {"later days": ERROR},
            f"{track.label}. Largest excess loss over thresholds.",
        ),
        charts.by_constant(f"{part}_constants", f"{figures[1]} ({track.label})", rows, ERROR, f"{track.label}."),
    ]


_PLAIN = ("Error by method", "Error by c")
_TEXT = {
    "products": (
        "A row is a product in a store. The base predictor of a threshold is the forecaster with the least loss on the "
        "base sample; the best single model is the one forecaster with the least error on the sample of the methods. "
        "Where the folder has submissions to the uncertainty track, their quantiles are interpolated as in Appendix H "
        "of the paper; else forecasters made for this project stand in for them, and numbers are not the paper’s."
    ),
    "departments": (
        "A row is a department in a store on a day; Y = 1 if it sold more than the median of its last 28 days. A point "
        "forecast becomes a probability through the team’s own ratios of sales to forecast on the earlier days of the "
        "competition, in all stores, for the same department. Rows of a day depend on each other, and there are few."
    ),
}


STUDY = Frame(
    name="m5",
    shows="Omniprediction of M5 sales: Figures 3 and 4 of Gibbs and Tibshirani, and real teams (needs --data).",
    full=FULL,
    quick=QUICK,
    cases=cases,
    play=measured(measure, lambda case: sum(case.sizes)),
    assemble=assemble,
    reads_data=True,
)
