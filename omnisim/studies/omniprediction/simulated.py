"""The simulated example of Gibbs and Tibshirani (Appendix B.1): Figures 1 and 2, with exact population errors.

X is 0.05, 0.45 or 0.85, and Y = 1 is likeliest in the middle, so that the best linear functions of x for different
thresholds contradict each other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray
from omnisim.batch import empirical_minimizers
from omnisim.problem.losses import thresholds
from omnisim.report.drawings import Curve, Drawing, Panel
from omnisim.report.study.results import Chart, Finding, Section, Study, Table
from omnisim.statistics.verdicts import at_least, everywhere, within
from omnisim.studies import Options
from omnisim.studies.frame import Frame, measured, rows_of
from omnisim.studies.omniprediction import charts
from omnisim.studies.omniprediction.findings import MARGIN, above, at, differences, told
from omnisim.studies.omniprediction.methods import (
    CALMA,
    CHOSEN,
    CONSTANTS,
    DIRECT,
    RULES,
    TWO_PLAYER,
    Points,
    errors,
)

SUPPORT = np.array([0.05, 0.45, 0.85])
MASS = np.array([0.1, 0.6, 0.3])
CHANCE = np.array([0.3, 0.9, 0.4])
"""P(Y = 1 | X)."""

BASE_POINTS, TEST_POINTS = 500, 2000
EXACT, ESTIMATE = "population error", "estimate from 2,000 points"

SMALL, LARGE = 100, 400
"""The paper's small sample sizes, up to which the two-player game is best, and large ones, where the two are level."""


@dataclass(frozen=True)
class Plan:
    """Sample sizes, the paper's number of ``draws`` for every c, and ``more`` for the c that are judged."""

    sizes: tuple[int, ...]
    draws: int
    more: int


FULL = Plan((25, 50, 100, 200, 400, 800, 1600, 3200), 40, 200)
QUICK = Plan((25, 100, 400), 4, 6)


@dataclass(frozen=True)
class Case:
    """A draw of all samples, for one size and one rule for m; ``varied`` says whether for every c.

    The base sample and test points are the draw's, the same for all sizes and rules.
    """

    rule: str
    n: int
    draw: int
    seed: int
    varied: bool = True


def cases(plan: Plan, options: Options) -> list[Case]:
    """All runs."""
    return [
        Case(rule, n, draw, options.seed, varied=draw < plan.draws)
        for rule in RULES
        for n in plan.sizes
        for draw in range(plan.more)
    ]


def measure(case: Case) -> list[dict[str, Any]]:
    """A row per method and c: rule, n, m, draw, method, c, chosen, and the two errors."""
    m = RULES[case.rule](case.n)
    base_x, base_y = draw(BASE_POINTS, np.random.default_rng([case.seed, case.draw, 0]))
    test_x, test_y = draw(TEST_POINTS, np.random.default_rng([case.seed, case.draw, 1]))
    x, y = draw(case.n, np.random.default_rng([case.seed, case.draw, 2]))
    base = empirical_minimizers(base_x, base_y, m)
    judged = {
        EXACT: Points(base.high(SUPPORT), CHANCE, MASS),
        ESTIMATE: Points(base.high(test_x), test_y),
    }
    about = {"rule": case.rule, "n": case.n, "m": m, "draw": case.draw}
    constants = CONSTANTS if case.varied else {method: (CHOSEN[method],) for method in CONSTANTS}
    return [about | row for row in errors(Points(base.high(x), y), judged, constants)]


def draw(points: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Independent X and Y, each (points,); shorter samples of a generator are beginnings of longer ones.

    >>> x, y = draw(3, np.random.default_rng(0))
    >>> bool((draw(2, np.random.default_rng(0))[0] == x[:2]).all())
    True
    """
    uniform = rng.random((points, 2))
    index = np.searchsorted(MASS.cumsum()[:-1], uniform[:, 0], side="right")
    return SUPPORT[index], (uniform[:, 1] < CHANCE[index]).astype(np.float64)


def assemble(_cases: Sequence[Case], results: Sequence[list[dict[str, Any]]], plan: Plan, _options: Options) -> Study:
    """The study from the rows of all its runs."""
    rows = rows_of(results)
    measures = {EXACT: EXACT, ESTIMATE: ESTIMATE}
    return Study(
        name="simulated",
        title="Omniprediction on a law of three points",
        summary=(
            "Base predictors that are each the best linear function for one threshold loss contradict each other. "
            "Three methods make one predictor of them that should do as well as each on its own loss. This is the "
            "experiment of Gibbs and Tibshirani (Appendix B.1), with the error of the population, exact, beside the "
            "paper’s estimate."
        ),
        facts=[
            ("Sample sizes", f"{plan.sizes[0]} to {plan.sizes[-1]:,}"),
            ("Draws", f"{plan.draws} as in the paper, and {plan.more} at the c by which methods are compared"),
            ("Each draw", f"a base sample of {BASE_POINTS}, samples of all sizes, {TEST_POINTS:,} test points"),
            ("Thresholds", "m = 16, and the power of 2 at or below the square root of n"),
            ("Intervals", "95 % together for all comparisons of a finding, paired over draws"),
        ],
        findings=list(findings(rows)),
        sections=[
            Section("problem", "Why base predictors have to be put together", [_PROBLEM], [_problem_chart()]),
            Section(
                "figure1",
                "Methods against the sample size",
                [_METHODS],
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
                [_CONSTANTS],
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
            "means": Table(
                "Means and standard deviations over draws", charts.table(rows, [], [EXACT, ESTIMATE]), shown=False
            ),
            "errors": Table("Every draw", rows, shown=False),
        },
        about={"rules of judgement": f"level: within {MARGIN} of each other, in units of loss"},
        yardstick="the paper",
    )


def findings(rows: pd.DataFrame) -> Iterator[Finding]:
    """Findings on the statements of the paper's figures, from exact errors."""
    for rule, here in rows.groupby("rule", sort=False):
        chosen = {method: here[(here["method"] == method) & here["chosen"]] for method in CHOSEN}
        small, large = ([n for n in set(here["n"]) if inside(n)] for inside in (SMALL.__ge__, LARGE.__le__))
        for better, found in zip(
            (TWO_PLAYER, DIRECT),
            differences([(chosen[TWO_PLAYER], chosen[CALMA]), (chosen[DIRECT], chosen[CALMA])], EXACT),
            strict=True,
        ):
            yield Finding(
                f"CalMA, {rule}",
                f"CalMA has a larger error than {better} at every n.",
                f"CalMA less {better}: {told(found)}.",
                above(found),
            )
        (found,) = differences([(at(chosen[TWO_PLAYER], small), at(chosen[DIRECT], small))], EXACT)
        yield Finding(
            f"Two-player and direct, {rule}",
            f"two-player has the smaller error up to n = {SMALL}.",
            f"direct less two-player: {told(found)}.",
            above(found),
        )
        (found,) = differences([(at(chosen[TWO_PLAYER], large), at(chosen[DIRECT], large))], EXACT)
        yield Finding(
            f"Two-player and direct, {rule}",
            f"the two are level, within {MARGIN}, from n = {LARGE} on.",
            f"direct less two-player: {told(found)}.",
            everywhere(within(each, -MARGIN, MARGIN) for _, each in found),
        )
        direct = here[here["method"] == DIRECT]
        others = [direct[direct["c"] == c] for c in sorted(direct["c"].unique()) if c > 0]
        found = [each for part in differences([(chosen[DIRECT], other) for other in others], EXACT) for each in part]
        yield Finding(
            f"Constant of direct ensembling, {rule}",
            f"c = 0 is best: no other c has an error smaller by more than {MARGIN}, at any n.",
            "error at another c less error at c = 0, of all n and c: least "
            f"{told([min(found, key=lambda each: each[1].mean)])}.",
            everywhere(at_least(each, -MARGIN) for _, each in found),
        )


_PROBLEM = (
    "With P(Y = 1 | x) = 0.3, 0.9 and 0.4 at x = 0.05, 0.45 and 0.85, an answer “above the threshold?” that comes from "
    "one predictor turns from yes to no once as the threshold rises. The best linear functions, one for each "
    "threshold, do not answer like that."
)
_METHODS = (
    "CalMA alternates multiaccuracy steps and recalibration; two-player is a game between thresholds and predictions, "
    "whose uniform mixture is used; direct ensembling merges neighbours pairwise. A merge may start in two ways: it "
    "first examines the largest threshold of its lower part, or, as Algorithm 2 is printed, the least of its upper "
    "part. The error is the largest, over the thresholds, of the method’s expected loss less that of the threshold’s "
    "base predictor."
)
_CONSTANTS = (
    "c scales the error that CalMA allows, the learning rate of the game, and the buffer of a merge, each times the "
    "square root of ln(m) / n."
)


def _problem_chart() -> Chart:
    # A hundred rows in the exact proportions of the law, so that empirical minimizers are the population's.
    counts = np.rint(100 * MASS).astype(np.int64)
    ones = np.rint(counts * CHANCE).astype(np.int64)
    x = np.repeat(SUPPORT, counts)
    y = np.concatenate([np.arange(k) < one for k, one in zip(counts, ones, strict=True)]).astype(np.float64)
    m = 64
    high = empirical_minimizers(x, y, m).high(SUPPORT)
    panels = []
    for k, place in enumerate(SUPPORT):
        curves = [
            Curve("best linear function", thresholds(m), high[k].astype(np.float64), colour=0),
            Curve("P(Y = 1 | x) itself", thresholds(m), (CHANCE[k] > thresholds(m)).astype(np.float64), colour=1,
                  dash="dash"),
        ]  # fmt: skip
        panels.append(Panel(f"At x = {place:g}", "threshold", "above it? (1 = yes)", curves, log_x=False, log_y=False))
    turns = int((np.diff(high.astype(np.int64), axis=1) > 0).sum())
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
