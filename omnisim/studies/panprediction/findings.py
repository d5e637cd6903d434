"""Statements of theory on panprediction, and whether the runs agree."""

from collections.abc import Iterator

import pandas as pd

from omnisim.report.study.results import Finding
from omnisim.report.text import count, listing, number
from omnisim.statistics.slopes import slope_of
from omnisim.statistics.verdicts import at_most, within
from omnisim.studies.panprediction.comparison import PANPREDICTORS, beyond_width, losing
from omnisim.studies.panprediction.growth import METHODS

ROOT = (-0.6, -0.4)
CUBE = -1 / 3
LOGARITHMIC = 0.5

FLOOR = 1e-4
"""Least error: smaller ones are raised to it before logarithms are taken."""


def findings(growth: pd.DataFrame, compared: pd.DataFrame) -> list[Finding]:
    """All findings, in the order of the page."""
    return [*_rates(growth), *_sizes(growth), *_held_out(compared)]


def _rates(growth: pd.DataFrame) -> Iterator[Finding]:
    part = growth[growth["part"] == "points"]
    randomized, deterministic, derandomized = (part[part["method"] == name] for name in METHODS)
    for measure, word in (("gap", "the gap"), ("step_error", "the step calibration error")):
        for name, rows in (("Randomized", randomized), ("Derandomized", derandomized)):
            fitted = slope_of(rows, measure, "points", FLOOR)
            yield Finding(
                "Error against n",
                f"of the order n^(−1/2) (slope between {ROOT[0]:g} and {ROOT[1]:g}).".replace("-", "−"),
                f"{name}: {word} falls with slope {fitted}.",
                within(fitted, *ROOT),
            )
        fitted = slope_of(deterministic, measure, "points", FLOOR)
        yield Finding(
            "Error against n",
            "at least as fast as n^(−1/3) (slope at most −1/3).",
            f"Deterministic: {word} falls with slope {fitted}.",
            at_most(fitted, CUBE),
        )


def _sizes(growth: pd.DataFrame) -> Iterator[Finding]:
    for part, word in (("groups", "groups"), ("comparators", "comparators")):
        here = growth[(growth["part"] == part) & (growth["method"] == "randomized")]
        for measure, name in (("gap", "the gap"), ("step_error", "the step calibration error")):
            fitted = slope_of(here, measure, "log_size", FLOOR)
            yield Finding(
                f"Number of {word}",
                "no faster than the square root of ln(2 |G| (|H| + 1)) (exponent at most 1/2).",
                f"Randomized: {name} grows with exponent {fitted} in ln(2 |G| (|H| + 1)).",
                at_most(fitted, LOGARITHMIC),
            )


def _held_out(compared: pd.DataFrame) -> Iterator[Finding]:
    for problem, rows in compared.groupby("part", sort=False):
        subject = f"Held out: {problem}"
        for name in PANPREDICTORS:
            here = rows[rows["model"] == name]
            worst = here.iloc[int(here["gap"].to_numpy().argmax())]
            yield Finding(
                subject,
                "no loss and group where it loses to their own best comparator by more than the interval’s width.",
                f"{name}: {int(beyond_width(here).sum())} of {count(len(here), 'pair')}; interval above 0 for "
                f"{int(losing(here).sum())}; largest gap {number(worst['gap'])} "
                f"[{number(worst['low'])}, {number(worst['high'])}] ({worst['loss']}, {worst['group']}).",
                not beyond_width(here).any(),
            )
        single = rows[rows["kind"].isin(["one loss", "one group"])]
        lost = {str(name): int(losing(group).sum()) for name, group in single.groupby("model", sort=False)}
        yield Finding(
            subject,
            "every model for one loss or one group loses somewhere (interval above 0).",
            f"Pairs lost by {listing([f'“{name}” {pairs}' for name, pairs in lost.items()])}.",
            all(lost.values()),
        )
