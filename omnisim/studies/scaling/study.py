"""The scaling study: its runs, findings, figures and tables put together."""

from typing import Any

import numpy as np
import pandas as pd

from omnisim.report.results import Section, Study, Table
from omnisim.report.text import listing
from omnisim.studies import Options
from omnisim.studies.parallel import run_all
from omnisim.studies.scaling import charts, prose
from omnisim.studies.scaling.cases import measure
from omnisim.studies.scaling.findings import findings
from omnisim.studies.scaling.plan import FULL, LEARNERS, QUICK, Plan, cases
from omnisim.studies.scaling.results import slope_table

MEASURES = ("swap_regret", "external_regret", "ccv", "ccv_positive")

_TITLES = {
    "part": "part",
    "rule": "rule",
    "adversary": "adversary",
    "forecaster": "forecaster",
    "subsequence": "subsequence",
    "measure": "measure",
    "slope": "slope",
    "low": "95 % from",
    "high": "to",
    "floored": "means raised to 1",
    "rounds": "largest T",
    "last": "mean there",
}


def scaling(options: Options) -> Study:
    """Regret and violation against T, |A|, L and N, for every rule, adversary and forecaster."""
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
            "Slopes of regret, by adversary, forecaster and subsequence",
            _pick(slopes, ["regret"], ["swap regret", "external regret"]),
            titles={key: words for key, words in _TITLES.items() if key not in ("part", "rule")},
        ),
        "violation_slopes": Table(
            "Slopes of violation, by rule, adversary and subsequence",
            _pick(slopes, ["violation", "masking"], ["ccv", "ccv positive"]),
            "Algorithms 1 and 2 promise something about all rounds, Algorithms 3 and 4 about every subsequence.",
            titles={key: words for key, words in _TITLES.items() if key != "forecaster"},
        ),
        "every_rule_slopes": Table(
            "Slopes for the other rules against every adversary with every forecaster, all rounds",
            _pick(slopes, ["rules"], ["swap regret", "ccv"], only_all=True),
            f"T from {min(plan.rules):,} to {max(plan.rules):,}, {max(plan.rules.values())} replicates: coarser "
            "than the parts above. There is no tempting action here.",
            titles={key: words for key, words in _TITLES.items() if key not in ("part", "subsequence")},
        ),
        "learner_slopes": Table(
            "Slopes of learners and of elimination on the same instance",
            _pick(slopes, ["learners"], ["external regret", "ccv", "ccv positive"]),
            titles={key: words for key, words in _TITLES.items() if key not in ("part", "adversary", "subsequence")},
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


def _pick(slopes: pd.DataFrame, parts: list[str], measures: list[str], *, only_all: bool = False) -> pd.DataFrame:
    kept = slopes[slopes["part"].isin(parts) & slopes["measure"].isin(measures)]
    if only_all:
        kept = kept[kept["subsequence"] == "all"]
    return kept.reset_index(drop=True).replace({"measure": {"ccv": "CCV", "ccv positive": "CCV+"}})


def _runs(rows: pd.DataFrame) -> int:
    keys: list[Any] = ["part", "rounds", "rule", "adversary", "forecaster", "replicate", "agents", "actions"]
    return len(rows.drop_duplicates([*keys, "dimension", "subsequences"]))
