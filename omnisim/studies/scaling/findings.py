"""What theory says of the runs, and whether they agree."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from omnisim.report.results import Finding
from omnisim.report.text import listing, number, percent
from omnisim.studies.certificates import certificates
from omnisim.studies.fitting import Slope
from omnisim.studies.scaling.cases import CALIBRATED, FOOLED
from omnisim.studies.scaling.results import samples, slope_of

SUBLINEAR, LINEAR, FLAT, ROOT = 0.6, 0.9, 0.1, (0.4, 0.6)
"""Slopes that count as sqrt(T) for regret (at most), as linear (at least), as flat (at most, in size), as sqrt(T)."""


def findings(rows: pd.DataFrame, *, quick: bool) -> list[Finding]:
    """All findings, in the order of the page; ``quick`` runs are too short to judge growth rates."""
    return [*_regret(rows, quick), *_violation(rows, quick), *_masking(rows, quick), *_bounds(rows)]


def _regret(rows: pd.DataFrame, quick: bool) -> Iterator[Finding]:
    part = rows[rows["part"] == "regret"]
    for adversary in ("WorstCase", "Switching"):
        here = part[part["adversary"] == adversary]
        for name in FOOLED:
            slopes = _by_subsequence(here[here["forecaster"] == name], "swap_regret")
            worst = max(slopes, key=lambda subsequence: slopes[subsequence].slope)
            yield _finding(
                f"{adversary}: fooled forecasters",
                f"linear growth on some subsequence (slope at least {LINEAR}).",
                f"{name}: swap regret grows with slope {slopes[worst]} on “{worst}”.",
                slopes[worst].slope >= LINEAR,
                quick,
            )
        for name in CALIBRATED:
            slopes = _by_subsequence(here[here["forecaster"] == name], "swap_regret")
            told = listing([f"{slope} on “{subsequence}”" for subsequence, slope in slopes.items()])
            yield _finding(
                f"{adversary}: calibrated forecasters",
                f"of the order of sqrt(T) on every subsequence (slope at most {SUBLINEAR}).",
                f"{name}: swap regret grows with slopes {told}.",
                all(slope.slope <= SUBLINEAR for slope in slopes.values()),
                quick,
            )


def _violation(rows: pd.DataFrame, quick: bool) -> Iterator[Finding]:
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
            holds = abs(fitted.slope) <= FLAT if flat else ROOT[0] <= fitted.slope <= ROOT[1]
            yield _finding(
                "Violation", expected, f"{rule} against {adversary}: {word} grows with slope {fitted}.", holds, quick
            )


def _masking(rows: pd.DataFrame, quick: bool) -> Iterator[Finding]:
    part = rows[(rows["part"] == "masking") & (rows["subsequence"] == "tight")]
    wrong, right = part[part["rule"] != "Algorithm 4"], part[part["rule"] == "Algorithm 4"]
    fitted = slope_of(wrong, "ccv")
    yield _finding(
        "Masking",
        f"linear growth (slope at least {LINEAR}): slack elsewhere hides the violations.",
        f"Algorithm 2 per subsequence: CCV on the tight rounds grows with slope {fitted}.",
        fitted.slope >= LINEAR,
        quick,
    )
    last = right[right["rounds"] == right["rounds"].max()]
    measured, bound = float(last["ccv"].iloc[0]), float(last["violation_bound"].iloc[0])
    yield Finding(
        "Masking",
        "CCV(S) <= L |A| (1 + gamma) at every T (Theorem 6).",
        f"Algorithm 4: CCV on the tight rounds is {number(measured)} after {int(last['rounds'].iloc[0]):,} rounds, the "
        f"bound {number(bound)}; slope {slope_of(right, 'ccv')}.",
        bool((right["ccv"] <= right["violation_bound"]).all()),
    )


def _bounds(rows: pd.DataFrame) -> Iterator[Finding]:
    runs = rows.drop_duplicates([c for c in rows.columns if c in _RUN])
    yield certificates(runs)
    part = rows[rows["part"] == "learners"]
    for rule in ("Sinha-Vaze", "drift plus penalty"):
        here = part[part["rule"] == rule]
        within = []
        for measure, bound in (("ccv", "violation_bound"), ("external_regret", "regret_bound")):
            sizes, measured = samples(here, measure)
            _, allowed = samples(here, bound)
            within += [float(m.max()) <= float(b.min()) for m, b in zip(measured, allowed, strict=True)]
        fitted = slope_of(here, "ccv")
        used = float(measured_share(here))
        yield Finding(
            "Learners",
            "regret and CCV below the published bounds (which hold in expectation over the learner’s draws).",
            f"{rule}: CCV grows with slope {fitted} and reaches {percent(used)} of its bound after {sizes[-1]:,} "
            "rounds.",
            all(within),
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


def _finding(subject: str, expected: str, measured: str, holds: bool, quick: bool) -> Finding:
    return Finding(subject, expected, measured, None if quick else bool(holds))
