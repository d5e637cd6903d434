"""The figures of the scaling study."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from omnisim.report.drawings import Curve, Drawing, Panel
from omnisim.report.study.results import Chart
from omnisim.report.text import listing, number
from omnisim.statistics.slopes import slope_of
from omnisim.studies.scaling.cases import ALGORITHMS, CALIBRATED, FORECASTERS, LEARNERS, SIZES

_ROUNDS = "rounds T"
_HOW = "Mean over replicates of the largest value over agents, with its 95 % t-interval."
_LOG = "Axes are logarithmic; values at or below 0 are not drawn."
_SLOPES = (
    "Slopes are least squares on logarithms with an intercept for each replicate, values below 1 raised to 1: where "
    "the largest T have fewer replicates the curve may bend, the slope does not."
)


def regret_chart(rows: pd.DataFrame) -> Chart:
    """Swap regret against T, a panel per adversary, a variant per subsequence."""
    part = rows[rows["part"] == "regret"]
    variants = {}
    for subsequence, group in part.groupby("subsequence", sort=False):
        panels, told = [], []
        for adversary in ("WorstCase", "Switching", "Independent"):
            here = group[group["adversary"] == adversary]
            curves = [
                Curve.of_means(here[here["forecaster"] == name], "swap_regret", "rounds", name, colour)
                for colour, name in enumerate(FORECASTERS)
                if (here["forecaster"] == name).any()
            ]
            bound = _bound(
                here[here["forecaster"] == CALIBRATED[0]],
                "regret_bound",
                f"bound of {CALIBRATED[0]}",
                list(FORECASTERS).index(CALIBRATED[0]),
            )
            slopes = [f"{c.label} {slope_of(here[here['forecaster'] == c.label], 'swap_regret')}" for c in curves]
            told.append(f"slopes against {adversary}: {listing(slopes)}")
            panels.append(
                Panel(
                    adversary,
                    _ROUNDS,
                    "swap regret, utility",
                    [*curves, bound, _guide(curves, 1, "linear growth"), _guide(curves, 0.5, "square-root growth")],
                )
            )
        caption = (
            f"Swap regret on “{subsequence}”, Algorithm 3. {_HOW} {_LOG} Dashed: what Corollary 5 promises with "
            "probability 95 % for calibrated forecasts. Dotted: growth like T and like its square root. "
            f"{_SLOPES} Against WorstCase ConditionalMean does not exist: the law depends on the forecast."
        )
        variants[f"on “{subsequence}”"] = Drawing(panels, caption, f"Line charts of swap regret: {'; '.join(told)}.")
    return Chart("regret", "Swap regret against the number of rounds", variants, "Subsequence")


def violation_chart(rows: pd.DataFrame) -> Chart:
    """CCV against T by rule, with the bounds."""
    part = rows[(rows["part"] == "violation") & (rows["subsequence"] == "all")]
    variants = {}
    for words, measure in (("CCV", "ccv"), ("CCV+ (violations only)", "ccv_positive")):
        panels, told = [], []
        for adversary in ("Independent", "WorstCase"):
            here = part[part["adversary"] == adversary]
            curves: list[Curve] = []
            for colour, rule in enumerate(ALGORITHMS):
                of_rule = here[here["rule"] == rule]
                curves.append(Curve.of_means(of_rule, measure, "rounds", rule, colour))
                curves.append(_bound(of_rule, "violation_bound", f"bound of {rule}", colour))
                told.append(f"{rule} against {adversary} {slope_of(of_rule, measure)}")
            panels.append(Panel(adversary, _ROUNDS, f"{measure.replace('_positive', '+').upper()}, cost", curves))
        caption = (
            f"{words} over all rounds, forecaster Climatology, where an action that always violates is the best "
            f"response to every prediction. {_HOW} {_LOG} Dashed: the bounds of Theorems 1, 2, 5 and 6; those of "
            f"Algorithms 2 and 4 concern CCV, those of Algorithms 1 and 3 CCV+ as well. {_SLOPES}"
        )
        variants[words] = Drawing(panels, caption, f"Line charts of {words}; slopes: {listing(told)}.")
    return Chart("violation", "Violation against the number of rounds", variants, "Measure")


def masking_chart(rows: pd.DataFrame) -> Chart:
    """CCV on the tight rounds of Masking."""
    part = rows[(rows["part"] == "masking") & (rows["subsequence"] == "tight")]
    wrong, right = part[part["rule"] != "Algorithm 4"], part[part["rule"] == "Algorithm 4"]
    curves = [
        Curve.of_means(wrong, "ccv", "rounds", "Algorithm 2 per subsequence", 1),
        Curve.of_means(right, "ccv", "rounds", "Algorithm 4", 0),
        _bound(right, "violation_bound", "bound of Algorithm 4", 0),
    ]
    caption = (
        "CCV on the tight rounds, every second one. One copy of Algorithm 2 per subsequence never stops violating, "
        "since slack in the other rounds makes up for it in the sum over all rounds; Algorithm 4 watches the tight "
        "part of that sum by itself. One run each: nothing is random here."
    )
    alt = (
        f"Line chart of CCV: Algorithm 2 per subsequence has slope {slope_of(wrong, 'ccv')}, Algorithm 4 "
        f"{slope_of(right, 'ccv')}."
    )
    panel = Panel("Masking, tight rounds", _ROUNDS, "CCV, cost", curves)
    return Chart("masking", "Slack that hides violations", {"": Drawing([panel], caption, alt)})


def sizes_chart(rows: pd.DataFrame) -> Chart:
    """Regret and violation at a fixed T against the other sizes."""
    words = {
        "actions": "actions |A|",
        "subsequences": "subsequences L",
        "agents": "agents N",
        "dimension": "coordinates d",
    }
    variants = {}
    rounds = int(rows[rows["part"] == "actions: regret"]["rounds"].iloc[0])
    for title, kind, measure, column, names in (
        ("swap regret", "regret", "swap_regret", "forecaster", ("Persistence", "DecisionCalibrated")),
        ("violation", "violation", "ccv", "rule", ALGORITHMS),
    ):
        panels, told = [], []
        for size in SIZES:
            here = rows[(rows["part"] == f"{size}: {kind}") & (rows["subsequence"] == "all")]
            curves = [
                Curve.of_means(
                    here[here[column] == name],
                    measure,
                    size,
                    name,
                    list(FORECASTERS).index(name) if kind == "regret" else i,
                )
                for i, name in enumerate(names)
            ]
            panels.append(Panel(f"Against {words[size]}", words[size], f"{title}, sum", curves))
            told += [_ends(drawn, words[size]) for drawn in curves]
        setting = (
            "Algorithm 3 against WorstCase"
            if kind == "regret"
            else "Climatology against Independent, with the tempting action"
        )
        caption = (
            f"{title.capitalize()} over all {rounds:,} rounds; {setting}. {_HOW} {_LOG} The "
            "other sizes are those at the head of the page."
        )
        variants[title] = Drawing(panels, caption, f"Line charts of {title}. {'; '.join(told)}.")
    return Chart("sizes", "Against actions, subsequences, agents and coordinates", variants, "Measure")


def learners_chart(rows: pd.DataFrame) -> Chart:
    """CCV and regret of learners beside elimination, with the published bounds."""
    part = rows[(rows["part"] == "learners") & (rows["subsequence"] == "all")]
    names = (*ALGORITHMS[:2], *LEARNERS)
    violation, regret, told = [], [], []
    for colour, name in enumerate(names):
        here = part[part["rule"] == name]
        violation.append(Curve.of_means(here, "ccv", "rounds", name, colour))
        if here["violation_bound"].notna().any():
            violation.append(_bound(here, "violation_bound", f"bound of {name}", colour))
        regret.append(Curve.of_means(here, "external_regret", "rounds", name, colour, scale=0.5))
        if name in LEARNERS:
            bound = _bound(here, "regret_bound", f"bound of {name}", colour)
            sizes = np.asarray(bound.x, dtype=np.float64)
            regret.append(Curve(bound.label, sizes, np.asarray(bound.y) / np.sqrt(sizes), colour=colour, dash="dash"))
        told.append(_ends(violation[-1] if violation[-1].label == name else violation[-2], "rounds"))
    caption = (
        "The instance with the tempting action against Independent: elimination plays on DecisionCalibrated forecasts, "
        "learners draw actions without a forecast. Above CCV; below external regret against B, divided by sqrt(T) so "
        "that it may be negative: Hedge, which knows no constraint, earns more than any action of B by violating, and "
        "so does Sinha and Vaze’s algorithm until its penalty has grown. "
        "Dashed: the bounds of Theorem 2, of Sinha and Vaze, and of Neely and Yu; those of the learners hold in "
        f"expectation over their draws. {_HOW}"
    )
    panels = [
        Panel("Violation", _ROUNDS, "CCV, cost", violation),
        Panel("Regret", _ROUNDS, "external regret / sqrt(T)", regret, log_y=False),
    ]
    alt = f"Line charts of CCV and of regret over the square root of T. CCV: {'; '.join(told)}."
    return Chart("learners", "Learners beside elimination", {"": Drawing(panels, caption, alt)})


def charts(rows: pd.DataFrame) -> Sequence[Chart]:
    """All figures."""
    return [regret_chart(rows), violation_chart(rows), masking_chart(rows), sizes_chart(rows), learners_chart(rows)]


def _bound(rows: pd.DataFrame, measure: str, label: str, colour: int) -> Curve:
    """The mean of a bound, dashed and without a band."""
    means = rows[rows[measure].notna()].groupby("rounds")[measure].mean()
    return Curve(label, means.index.to_numpy(), means.to_numpy(), colour=colour, dash="dash")


def _guide(curves: Sequence[Curve], exponent: float, label: str) -> Curve:
    """A straight line of this slope on logarithmic axes, that ends above the curves."""
    ends = sorted({float(x) for drawn in curves for x in np.asarray(drawn.x, dtype=np.float64)})
    top = max(float(np.nanmax(np.asarray(drawn.y, dtype=np.float64))) for drawn in curves)
    sizes = np.array(ends)
    return Curve(label, sizes, 1.3 * max(top, 1.0) * (sizes / sizes[-1]) ** exponent, colour=-1, dash="dot")


def _ends(drawn: Curve, word: str) -> str:
    x, y = np.asarray(drawn.x, dtype=np.float64), np.asarray(drawn.y, dtype=np.float64)
    return f"{drawn.label} from {number(float(y[0]))} at {x[0]:,.0f} to {number(float(y[-1]))} at {x[-1]:,.0f} ({word})"
