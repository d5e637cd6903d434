"""Statements of theory about the runs, and whether they agree."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from omnisim.report.study.results import Finding
from omnisim.report.text import listing, percent
from omnisim.statistics.slopes import Slope, slope_of
from omnisim.statistics.verdicts import at_least, at_most, everywhere, within
from omnisim.studies.frame import certificates
from omnisim.studies.scaling.cases import CALIBRATED, FOOLED

SUBLINEAR, LINEAR, FLAT, ROOT = 0.6, 0.9, 0.1, (0.4, 0.6)
"""Slopes that count as sqrt(T) for regret (at most), as linear (at least), as flat (at most, in size), as sqrt(T)."""


def findings(rows: pd.DataFrame) -> list[Finding]:
    """All findings, in the order of the page."""
    return [*_regret(rows), *_violation(rows), *_masking(rows), *_bounds(rows)]


def _regret(rows: pd.DataFrame) -> Iterator[Finding]:
    part = rows[rows["part"] == "regret"]
    for adversary in ("WorstCase", "Switching"):
        here = part[part["adversary"] == adversary]
        for name in FOOLED:
            slopes = _by_subsequence(here[here["forecaster"] == name], "swap_regret")
            worst = max(slopes, key=lambda subsequence: slopes[subsequence].mean)
            yield Finding(
                f"{adversary}: fooled forecasters",
                f"linear growth on some subsequence (slope at least {LINEAR}).",
                f"{name}: swap regret grows with slope {slopes[worst]} on “{worst}”.",
                at_least(slopes[worst], LINEAR),
            )
        for name in CALIBRATED:
            slopes = _by_subsequence(here[here["forecaster"] == name], "swap_regret")
            told = listing([f"{slope} on “{subsequence}”" for subsequence, slope in slopes.items()])
            yield Finding(
                f"{adversary}: calibrated forecasters",
                f"of the order of sqrt(T) on every subsequence (slope at most {SUBLINEAR}).",
                f"{name}: swap regret grows with slopes {told}.",
                everywhere(at_most(slope, SUBLINEAR) for slope in slopes.values()),
            )


def _violation(rows: pd.DataFrame) -> Iterator[Finding]:
    part = rows[rows["part"] == "violation"]
    for rule, measure, word in (
        ("Algorithm 1", "ccv_positive", "CCV+"),
        ("Algorithm 3", "ccv_positive", "CCV+"),
        ("Algorithm 2", "ccv", "CCV"),
        ("Algorithm 4", "ccv", "CCV"),
    ):
        flat = measure == "ccv_positive"
        expected = (
            f"flat in T (slope between −{FLAT} and {FLAT})."
            if flat
            else f"of the order of gamma, that is sqrt(T) (slope between {ROOT[0]} and {ROOT[1]})."
        )
        for adversary in ("Independent", "WorstCase"):
            here = part[(part["rule"] == rule) & (part["adversary"] == adversary) & (part["subsequence"] == "all")]
            fitted = slope_of(here, measure)
            holds = within(fitted, -FLAT, FLAT) if flat else within(fitted, *ROOT)
            yield Finding(
                "Violation", expected, f"{rule} against {adversary}: {word} grows with slope {fitted}.", holds
            )


def _masking(rows: pd.DataFrame) -> Iterator[Finding]:
    part = rows[(rows["part"] == "masking") & (rows["subsequence"] == "tight")]
    fitted = slope_of(part[part["rule"] != "Algorithm 4"], "ccv")
    yield Finding(
        "Masking",
        f"linear growth (slope at least {LINEAR}): slack elsewhere hides the violations.",
        f"Algorithm 2 per subsequence: CCV on the tight rounds grows with slope {fitted}.",
        fitted.mean >= LINEAR,  # one run, in which nothing is random
    )


def _bounds(rows: pd.DataFrame) -> Iterator[Finding]:
    runs = rows.drop_duplicates([c for c in rows.columns if c in _RUN])
    yield certificates(runs)
    part = rows[rows["part"] == "learners"]
    for rule in ("Sinha-Vaze", "drift plus penalty"):
        here = part[part["rule"] == rule]
        largest = here.groupby("rounds")[["ccv", "external_regret"]].max()
        allowed = here.groupby("rounds")[["violation_bound", "regret_bound"]].min()
        fitted = slope_of(here, "ccv")
        used = float(measured_share(here))
        yield Finding(
            "Learners",
            "regret and CCV below the published bounds (which hold in expectation over the learner’s draws).",
            f"{rule}: CCV grows with slope {fitted} and reaches {percent(used)} of its bound after "
            f"{here['rounds'].max():,} rounds.",
            bool((largest.to_numpy() <= allowed.to_numpy()).all()),
            exact=True,
        )


def measured_share(rows: pd.DataFrame) -> float:
    """CCV over its bound at the largest T, mean over replicates."""
    last = rows[rows["rounds"] == rows["rounds"].max()]
    return float(np.mean(last["ccv"] / last["violation_bound"]))


_RUN = {"part", "rounds", "rule", "adversary", "forecaster", "replicate", "agents", "actions", "dimension"} | {
    "subsequences"
}


def _by_subsequence(rows: pd.DataFrame, measure: str) -> dict[str, Slope]:
    return {str(name): slope_of(group, measure) for name, group in rows.groupby("subsequence", sort=False)}
