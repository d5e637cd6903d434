"""The page of the scaling study: its tables, and the study itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from omnisim.report.study.results import Section, Study, Table
from omnisim.report.text import listing
from omnisim.statistics.slopes import Slope, slope_of
from omnisim.studies import Options
from omnisim.studies.frame import Frame, measured, paragraphs, rows_of
from omnisim.studies.scaling import charts, prose
from omnisim.studies.scaling.cases import FULL, LEARNERS, QUICK, Case, Plan, cases, measure
from omnisim.studies.scaling.findings import findings

MEASURES = ("swap_regret", "external_regret", "ccv", "ccv_positive")


def with_published_bounds(rows: pd.DataFrame) -> pd.DataFrame:
    """The bounds of the learners, which no certificate states because they hold in expectation over their draws.

    With G = sqrt(A), D = sqrt(2): Sinha and Vaze, Theorem 1; Neely and Yu with V = sqrt(T), alpha = T; Hedge with
    its tuned rate. See the docstrings of the learners.
    """
    T, A, J = rows["rounds"].astype(float), rows["actions"].astype(float), 2
    scale = np.sqrt(2 * A)
    queue = np.sqrt(2 * T**1.5 + T * (A / 2 + 4 + J))
    violation = {
        "Sinha-Vaze": 4 * scale * np.log(2 * (1 + 2 * T)) * np.sqrt(T),
        "drift plus penalty": queue * (1 + A * np.sqrt(J) / 2) + A * np.sqrt(T) / 2,
    }
    regret = {
        "Hedge": np.sqrt(T * np.log(A) / 2),
        "Sinha-Vaze": 2 * scale * (np.sqrt(T) + 1),
        "drift plus penalty": np.sqrt(T) * (A / 4 + 2 + J / 2),
    }
    found = rows.copy()
    for column, bounds in (("violation_bound", violation), ("regret_bound", regret)):
        for rule in LEARNERS:
            if rule in bounds:
                here = found["rule"] == rule
                found.loc[here, column] = bounds[rule][here]
    return found


def assemble(_cases: Sequence[Case], results: Sequence[list[dict[str, Any]]], plan: Plan, _options: Options) -> Study:
    """The study from the rows of all its runs."""
    rows = with_published_bounds(rows_of(results))
    slopes = slope_table(rows, MEASURES)
    grouped = {chart.name: chart for chart in charts.charts(rows)}
    longest = max(plan.regret)
    most = {number: rounds for rounds, number in plan.regret.items()}
    replicates = listing([f"{number} up to T = {rounds:,}" for number, rounds in most.items()])
    tables = {
        "regret_slopes": Table(
            "Slopes of swap regret, by adversary, forecaster and subsequence",
            _slopes(slopes, ["regret"], ["adversary", "forecaster"], ["swap regret"]),
            _READ,
        ),
        "violation_slopes": Table(
            "Slopes of violation, by rule, adversary and subsequence",
            _slopes(slopes, ["violation"], ["rule", "adversary"], ["ccv", "ccv positive"]),
            "Algorithms 1 and 2 promise something about all rounds, Algorithms 3 and 4 about every subsequence.",
        ),
        "learner_slopes": Table(
            "Slopes of learners and of elimination on the same instance",
            _slopes(slopes, ["learners"], ["rule", "forecaster"], ["external regret", "ccv", "ccv positive"]),
            "Learners ignore the forecaster. Regret below 0 counts as no growth.",
        ),
        "every_rule_slopes": Table(
            "Slopes for the other rules against every adversary with every forecaster, all rounds",
            _slopes(
                slopes[slopes["subsequence"] == "all"],
                ["rules"],
                ["rule", "adversary", "forecaster"],
                ["swap regret", "ccv", "ccv positive"],
            ),
            f"T from {min(plan.rules):,} to {max(plan.rules):,}, {max(plan.rules.values())} replicates: coarser than "
            "the parts above. There is no tempting action here.",
        ),
        "slopes": Table("All slopes", slopes, shown=False),
        "runs": Table("Every run and subsequence", rows, shown=False),
    }
    return Study(
        name="scaling",
        title=prose.TITLE,
        summary=" ".join(paragraphs(prose.SUMMARY)),
        facts=[
            ("Rounds", f"T from {min(plan.regret):,} to {longest:,}"),
            ("Replicates", replicates),
            ("Runs", f"{_runs(rows):,}"),
            ("Agents", f"{plan.agents}, 6 actions, d = 1, J = 2, 3 overlapping subsequences, unless varied"),
            ("Intervals", "95 %, over replicates: each has its own agents and draws"),
        ],
        findings=findings(rows),
        sections=[
            Section("regret", "Regret", paragraphs(prose.REGRET), [grouped["regret"]], ["regret_slopes"]),
            Section(
                "violation",
                "Violation",
                paragraphs(prose.VIOLATION),
                [grouped["violation"]],
                ["violation_slopes"],
            ),
            Section("masking", "Masking", paragraphs(prose.MASKING), [grouped["masking"]]),
            Section("sizes", "Other sizes", paragraphs(prose.SIZES), [grouped["sizes"]]),
            Section("learners", "Learners", paragraphs(prose.LEARNERS), [grouped["learners"]], ["learner_slopes"]),
            Section("rules", "Every rule", paragraphs(prose.RULES), [], ["every_rule_slopes"]),
        ],
        tables=tables,
        about={"rules of judgement": prose.JUDGEMENT},
    )


_CELL = ["part", "rule", "adversary", "forecaster", "subsequence"]


def slope_table(rows: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """One row per part, rule, adversary, forecaster, subsequence and measure that was run for several T.

    Columns: those, then slope, low, high (95 % interval), points, floored (how many values were raised to
    1), rounds (largest T), last (the mean there).
    """
    found = []
    for key, group in rows.groupby(_CELL, sort=False):
        for name in measures:
            means = group.groupby("rounds")[name].mean().dropna()
            if len(means) < 2:
                continue
            fitted = slope_of(group[group[name].notna()], name)
            found.append(
                dict(zip(_CELL, key, strict=True))
                | {"measure": name.replace("_", " "), "slope": fitted.mean, "low": fitted.low, "high": fitted.high}
                | {"points": fitted.points, "floored": fitted.floored, "rounds": int(means.index[-1])}
                | {"last": float(means.iloc[-1])}
            )
    return pd.DataFrame(found)


_READ = "With 95 % intervals; slopes.csv has all numbers, also for external regret. 0.00 [0.00, 0.00]: never above 1."


def _slopes(slopes: pd.DataFrame, parts: list[str], by: list[str], measures: list[str]) -> pd.DataFrame:
    """A row per cell, a column per measure and subsequence, each slope with its interval as text."""
    kept = slopes[slopes["part"].isin(parts) & slopes["measure"].isin(measures)]
    several = len(set(kept["subsequence"])) > 1
    found: dict[Any, dict[str, Any]] = {}
    for row in kept.to_dict("records"):
        cell = found.setdefault(tuple(row[key] for key in by), {key: row[key] for key in by})
        cell["largest T"] = row["rounds"]
        measure = _WORDS.get(row["measure"], row["measure"])
        column = f"{measure} on {row['subsequence']}" if several else measure
        cell[column] = str(Slope(row["slope"], row["low"], row["high"], row["points"], row["floored"]))
    return pd.DataFrame(found.values())


_WORDS = {"ccv": "CCV", "ccv positive": "CCV+"}


def _runs(rows: pd.DataFrame) -> int:
    keys: list[Any] = ["part", "rounds", "rule", "adversary", "forecaster", "replicate", "agents", "actions"]
    return len(rows.drop_duplicates([*keys, "dimension", "subsequences"]))


STUDY = Frame(
    name="scaling",
    shows="Regret and violation against T, |A|, L and N, for every rule, adversary and forecaster.",
    full=FULL,
    quick=QUICK,
    cases=cases,
    play=measured(measure, lambda case: case.rounds),
    assemble=assemble,
)
