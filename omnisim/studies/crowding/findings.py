"""Expectations of a crowd that follows a forecast, and whether the runs agree."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.report.study.results import Finding
from omnisim.report.text import number, score, signed_amount, signed_score, with_interval
from omnisim.statistics.intervals import Interval
from omnisim.statistics.paired import Difference, over_seeds
from omnisim.statistics.slopes import slope_of
from omnisim.statistics.verdicts import at_least, at_most
from omnisim.studies.crowding.cases import CALIBRATED, CROWDED, SINGLE
from omnisim.studies.frame import certificates

SUBLINEAR = 0.75
"""The largest slope on logarithmic axes that counts as growing slower than the rounds."""


_MEASURES = ["paid", "money", "swap_regret"]


def findings(rows: pd.DataFrame) -> list[Finding]:
    """All findings, in the order of the page."""
    hours, market = rows[rows["part"] == "hours"], rows[rows["part"] == "merit order"]
    return [*_of_hours(hours), *_of_market(market), certificates(rows)]


def _of_hours(hours: pd.DataFrame) -> Iterator[Finding]:
    for name in SINGLE:
        own = hours[hours["forecaster"] == name]
        last = own[own["rounds"] == own["rounds"].max()]
        yield Finding(
            "Two hours: one prediction for all",
            f"swap regret T / 2, and every MWh paid at {CROWDED:g}.",
            f"{name}: swap regret {number(float(last['swap_regret'].mean()))} utility at T = "
            f"{last['rounds'].iloc[0]:,}, paid {number(float(own['paid'].mean()))}.",
            np.allclose(own["swap_regret"], own["rounds"] / 2) and np.allclose(own["paid"], CROWDED),
            exact=True,
        )
    for name in CALIBRATED:
        own = hours[hours["forecaster"] == name]
        slope = slope_of(own, "swap_regret", "rounds")
        last = own[own["rounds"] == own["rounds"].max()]
        yield Finding(
            "Two hours: calibrated forecasts",
            f"swap regret grows slower than T (slope at most {SUBLINEAR}).",
            f"{name}: slope {slope}, {number(float(last['swap_regret'].mean()))} utility at T = "
            f"{last['rounds'].iloc[0]:,}; paid {number(float(last['paid'].mean()))}.",
            at_most(slope, SUBLINEAR),
        )


def _of_market(market: pd.DataFrame) -> Iterator[Finding]:
    values = market.pivot_table(index="replicate", columns=["forecaster", "customers"], values=_MEASURES)
    many = market["customers"].max()

    def differences(measure: str, pairs: list[tuple[tuple[str, float], tuple[str, float]]]) -> list[Difference]:
        return over_seeds(np.column_stack([values[measure][more] - values[measure][less] for more, less in pairs]))

    crowd, takers = ("Persistence", many), ("Persistence", 0.0)
    (dearer,) = differences("paid", [(crowd, takers)])
    yield Finding(
        "Merit order: the price of a crowd",
        "buyers that are many pay more for following yesterday’s prices than price takers do.",
        f"Persistence: {with_interval(dearer, signed_amount)} EUR more per MWh.",
        at_least(dearer),
    )
    pairs = [((name, many), crowd) for name in CALIBRATED]
    gains, regrets = differences("money", pairs), differences("swap_regret", pairs)
    for name, gain, regret in zip(CALIBRATED, gains, regrets, strict=True):
        own, other = (float(values["swap_regret"][each].mean()) for each in ((name, many), crowd))
        yearly = Interval(*(DAYS_OF_A_YEAR * end for end in (gain.mean, gain.low, gain.high)))
        yield Finding(
            "Merit order: what calibration does about it",
            "less swap regret than Persistence where the crowd is large.",
            f"{name}: each customer has {with_interval(yearly, signed_amount)} EUR more a year than with Persistence; "
            f"swap regret {score(own)} against {score(other)}, in utility over the run: "
            f"{with_interval(regret, signed_score)}.",
            at_most(regret),
        )
