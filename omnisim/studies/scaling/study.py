"""The scaling study: its runs, findings, figures and tables put together."""

from typing import Any

import numpy as np
import pandas as pd

from omnisim.report.results import Section, Study, Table
from omnisim.report.text import listing
from omnisim.studies import Options
from omnisim.studies.fitting import Slope
from omnisim.studies.parallel import run_all
from omnisim.studies.scaling import charts, prose
from omnisim.studies.scaling.cases import measure
from omnisim.studies.scaling.findings import findings
from omnisim.studies.scaling.plan import FULL, LEARNERS, QUICK, Plan, cases
from omnisim.studies.scaling.results import slope_table

MEASURES = ("swap_regret", "external_regret", "ccv", "ccv_positive")


def scaling(options: Options) -> Study:
    """Regret and violation against T, |A|, L and N, for every rule, adversary and forecaster."""
    options.without_data("scaling")
    plan = QUICK if options.quick else FULL
    todo = cases(plan, options.seed)
    measured = run_all(measure, todo, [case.rounds for case in todo], options.jobs, options.progress)
    rows = pd.DataFrame([row for group in measured for row in group])
    return assemble(with_published_bounds(rows), plan, quick=options.quick)


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


def assemble(rows: pd.DataFrame, plan: Plan, *, quick: bool) -> Study:
    """The study from the rows of all its runs."""
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
        summary=" ".join(prose.paragraphs(prose.SUMMARY) + ([prose.QUICK] if quick else [])),
        facts=[
            ("Rounds", f"T from {min(plan.regret):,} to {longest:,}"),
            ("Replicates", replicates),
            ("Runs", f"{_runs(rows):,}"),
            ("Agents", f"{plan.agents}, 6 actions, d = 1, J = 2, 3 overlapping subsequences, unless varied"),
            ("Intervals", "95 %, over replicates: each has its own agents and draws"),
        ],
        findings=findings(rows, quick=quick),
        sections=[
            Section("regret", "Regret", prose.paragraphs(prose.REGRET), [grouped["regret"]], ["regret_slopes"]),
            Section(
                "violation",
                "Violation",
                prose.paragraphs(prose.VIOLATION),
                [grouped["violation"]],
                ["violation_slopes"],
            ),
            Section("masking", "Masking", prose.paragraphs(prose.MASKING), [grouped["masking"]]),
            Section("sizes", "Other sizes", prose.paragraphs(prose.SIZES), [grouped["sizes"]]),
            Section(
                "learners", "Learners", prose.paragraphs(prose.LEARNERS), [grouped["learners"]], ["learner_slopes"]
            ),
            Section("rules", "Every rule", prose.paragraphs(prose.RULES), [], ["every_rule_slopes"]),
        ],
        tables=tables,
        about={"rules of judgement": prose.JUDGEMENT},
    )


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
