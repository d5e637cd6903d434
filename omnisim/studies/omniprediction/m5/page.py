"""The page of the M5 study: its figures and tables, and the study itself."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from omnisim.report.study.results import Chart, Section, Study, Table
from omnisim.report.text import count
from omnisim.studies import Options
from omnisim.studies.frame import Frame, measured, rows_of
from omnisim.studies.omniprediction import charts
from omnisim.studies.omniprediction.findings import ensemble_findings
from omnisim.studies.omniprediction.finite_class import BASE_POINTS, ERROR
from omnisim.studies.omniprediction.m5 import prose
from omnisim.studies.omniprediction.m5.cases import FULL, PARTS, QUICK, Case, Plan, cases, measure, read
from omnisim.studies.omniprediction.m5_data import Track


def assemble(done: Sequence[Case], results: Sequence[list[dict[str, Any]]], plan: Plan, _options: Options) -> Study:
    """The study from the rows of all its runs."""
    rows = rows_of(results)
    tracks = {part: read(part, done[0].folder) for part in PARTS}
    parts = {part: rows[rows["part"] == part] for part in tracks}
    products, departments = tracks["products"], tracks["departments"]
    return Study(
        name="m5",
        title=prose.TITLE,
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
            Section(
                part, part.capitalize(), [prose.TEXT[part]], _charts(part, parts[part], track), [f"{part}_compared"]
            )
            for part, track in tracks.items()
        ],
        tables={
            f"{part}_compared": Table(
                f"{track.label}: error at the chosen c, mean over draws", charts.compared(parts[part], [], ERROR)
            )
            for part, track in tracks.items()
        }
        | charts.tables(rows, ["part"], [ERROR]),
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
