"""What theory says of panprediction, and whether the runs agree."""

from collections.abc import Iterator

import pandas as pd

from omnisim.report.results import Finding
from omnisim.report.text import count, listing, number
from omnisim.studies.fitting import Slope, fit_slope
from omnisim.studies.panprediction.comparison import MULTICALIBRATED, PANPREDICTORS, beyond_width, losing

ROOT = (-0.6, -0.4)
CUBE = -1 / 3
LOGARITHMIC = 0.5

FLOOR = 1e-4
"""What errors are raised to before logarithms are taken."""


def slope(rows: pd.DataFrame, measure: str, size: str) -> Slope:
    """The exponent of a measure in a size, common to the replicates."""
    table = rows.pivot_table(index="replicate", columns=size, values=measure)
    return fit_slope([float(str(value)) for value in table.columns], table.to_numpy(), FLOOR)


def findings(growth: pd.DataFrame, compared: pd.DataFrame, *, quick: bool) -> list[Finding]:
    """All findings, in the order of the page; ``quick`` runs are too short to judge."""
    return [*_rates(growth, quick), *_sizes(growth, quick), *_held_out(compared, quick)]


def _rates(growth: pd.DataFrame, quick: bool) -> Iterator[Finding]:
    part = growth[growth["part"] == "points"]
    randomized, deterministic = (part[part["method"] == name] for name in ("randomized", "deterministic"))
    for measure, word in (("gap", "the gap"), ("step_error", "the step calibration error")):
        fitted = slope(randomized, measure, "points")
        yield _finding(
            "Error against n",
            f"of the order n^(−1/2) (slope between {ROOT[0]:g} and {ROOT[1]:g}).".replace("-", "−"),
            f"Randomized: {word} falls with slope {fitted}.",
            ROOT[0] <= fitted.slope <= ROOT[1],
            quick,
        )
        fitted = slope(deterministic, measure, "points")
        yield _finding(
            "Error against n",
            "at least as fast as n^(−1/3) (the interval of the slope reaches −1/3 or lies below).",
            f"Deterministic: {word} falls with slope {fitted}.",
            fitted.low <= CUBE,
            quick,
        )


def _sizes(growth: pd.DataFrame, quick: bool) -> Iterator[Finding]:
    for part, word in (("groups", "groups"), ("comparators", "comparators")):
        here = growth[(growth["part"] == part) & (growth["method"] == "randomized")]
        for measure, name in (("gap", "the gap"), ("step_error", "the step calibration error")):
            fitted = slope(here, measure, "log_size")
            yield _finding(
                f"Number of {word}",
                "no faster than the square root of ln(2 |G| (|H| + 1)) (the interval of the exponent reaches 1/2 or "
                "lies below).",
                f"Randomized: {name} grows with exponent {fitted} in ln(2 |G| (|H| + 1)).",
                fitted.low <= LOGARITHMIC,
                quick,
            )


def _held_out(compared: pd.DataFrame, quick: bool) -> Iterator[Finding]:
    for problem, rows in compared.groupby("part", sort=False):
        subject = f"Held out: {problem}"
        for name in PANPREDICTORS:
            here = rows[rows["model"] == name]
            worst = here.iloc[int(here["gap"].to_numpy().argmax())]
            yield _finding(
                subject,
                "no loss and group where it loses to their own best comparator by more than the interval’s width.",
                f"{name}: {int(beyond_width(here).sum())} of {count(len(here), 'pair')}; interval above 0 for "
                f"{int(losing(here).sum())}; largest gap {number(worst['gap'])} "
                f"[{number(worst['low'])}, {number(worst['high'])}] ({worst['loss']}, {worst['group']}).",
                not beyond_width(here).any(),
                quick,
            )
        single = rows[rows["kind"].isin(["one loss", "one group"])]
        lost = {str(name): int(losing(group).sum()) for name, group in single.groupby("model", sort=False)}
        yield _finding(
            subject,
            "every model for one loss or one group loses somewhere (interval above 0).",
            f"Pairs lost by {listing([f'“{name}” {pairs}' for name, pairs in lost.items()])}.",
            all(lost.values()),
            quick,
        )
        for kind, words in ((MULTICALIBRATED, "Multicalibrated predictors"), ("plain", "Plain models")):
            here = rows[rows["kind"] == kind]
            told = [
                f"{int(losing(group).sum())} of {count(len(group), 'pair')} ({name})"
                for name, group in here.groupby("model", sort=False)
            ]
            yield Finding(subject, "nothing is promised.", f"{words}: interval above 0 for {listing(told)}.", None)


def _finding(subject: str, expected: str, measured: str, holds: bool, quick: bool) -> Finding:
    return Finding(subject, expected, measured, None if quick else bool(holds))
