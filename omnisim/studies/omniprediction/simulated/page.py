"""The page of the simulated example: its figures and tables, and the study itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from omnisim.batch import empirical_minimizers
from omnisim.problem.losses import thresholds
from omnisim.report.drawings import Curve, Drawing, Panel
from omnisim.report.study.results import Chart, Section, Study, Table
from omnisim.studies import Options
from omnisim.studies.frame import Frame, measured, rows_of
from omnisim.studies.omniprediction import charts
from omnisim.studies.omniprediction.findings import MARGIN
from omnisim.studies.omniprediction.simulated import prose
from omnisim.studies.omniprediction.simulated.cases import (
    BASE_POINTS,
    CHANCE,
    ESTIMATE,
    EXACT,
    FULL,
    MASS,
    QUICK,
    SUPPORT,
    TEST_POINTS,
    Case,
    Plan,
    cases,
    measure,
)
from omnisim.studies.omniprediction.simulated.findings import findings


def assemble(_cases: Sequence[Case], results: Sequence[list[dict[str, Any]]], plan: Plan, _options: Options) -> Study:
    """The study from the rows of all its runs."""
    rows = rows_of(results)
    measures = {EXACT: EXACT, ESTIMATE: ESTIMATE}
    return Study(
        name="simulated",
        title=prose.TITLE,
        summary=prose.SUMMARY,
        facts=[
            ("Sample sizes", f"{plan.sizes[0]} to {plan.sizes[-1]:,}"),
            ("Draws", f"{plan.draws} as in the paper, and {plan.more} at the c by which methods are compared"),
            ("Each draw", f"a base sample of {BASE_POINTS}, samples of all sizes, {TEST_POINTS:,} test points"),
            ("Thresholds", "m = 16, and the power of 2 at or below the square root of n"),
            ("Intervals", "95 % together for all comparisons of a finding, paired over draws"),
        ],
        findings=list(findings(rows)),
        sections=[
            Section("problem", "Why base predictors have to be put together", [prose.PROBLEM], [_problem_chart()]),
            Section(
                "figure1",
                "Methods against the sample size",
                [prose.METHODS],
                [
                    charts.by_method(
                        "methods",
                        "Figure 1: error by method",
                        rows,
                        measures,
                        "Largest excess loss over thresholds, at c = 0.5 (CalMA), 32 (two-player) and 0 (direct).",
                    )
                ],
            ),
            Section(
                "figure2",
                "Methods against their constant",
                [prose.CONSTANTS],
                [
                    charts.by_constant(
                        "constants",
                        "Figure 2: error by c",
                        rows,
                        EXACT,
                        "Population error as c varies; the heading of a panel names its values of c.",
                    )
                ],
                ["compared"],
            ),
        ],
        tables={
            "compared": Table("Population error at the chosen c, mean over draws", charts.compared(rows, [], EXACT)),
        }
        | charts.tables(rows, [], [EXACT, ESTIMATE]),
        about={"rules of judgement": f"level: within {MARGIN} of each other, in units of loss"},
        yardstick="the paper",
    )


def _problem_chart() -> Chart:
    # A hundred rows in the exact proportions of the law, so that empirical minimizers are the population's.
    counts = np.rint(100 * MASS).astype(np.int64)
    ones = np.rint(counts * CHANCE).astype(np.int64)
    x = np.repeat(SUPPORT, counts)
    y = np.concatenate([np.arange(k) < one for k, one in zip(counts, ones, strict=True)]).astype(np.float64)
    m = 64
    exceeds = empirical_minimizers(x, y, m).exceeds(SUPPORT)
    panels = []
    for k, place in enumerate(SUPPORT):
        curves = [
            Curve("best linear function", thresholds(m), exceeds[k].astype(np.float64), colour=0),
            Curve("P(Y = 1 | x) itself", thresholds(m), (CHANCE[k] > thresholds(m)).astype(np.float64), colour=1,
                  dash="dash"),
        ]  # fmt: skip
        panels.append(Panel(f"At x = {place:g}", "threshold", "above it? (1 = yes)", curves, log_x=False, log_y=False))
    turns = int((np.diff(exceeds.astype(np.int64), axis=1) > 0).sum())
    caption = (
        "Whether the best linear function for a threshold exceeds it, at the three places. Where the solid line rises, "
        "two of them contradict each other: above a higher threshold, but not above a lower one."
    )
    alt = f"Step charts of yes and no against the threshold; the answers turn from no to yes {turns} times."
    return Chart(
        "problem", "Figure 1, left: base predictors that contradict each other", {"": Drawing(panels, caption, alt)}
    )


STUDY = Frame(
    name="simulated",
    shows="Figures 1 and 2 of Gibbs and Tibshirani: omniprediction on a law of three points, errors exact.",
    full=FULL,
    quick=QUICK,
    cases=cases,
    play=measured(measure, lambda case: case.n),
    assemble=assemble,
)
