"""The study of panprediction: its runs, findings, figures and tables put together."""

from typing import Any

import pandas as pd

from omnisim.report.results import Section, Study, Table
from omnisim.studies import Options
from omnisim.studies.panprediction import charts, comparison, growth, prose
from omnisim.studies.panprediction.comparison import PROBLEMS, Comparison
from omnisim.studies.panprediction.findings import findings, slope
from omnisim.studies.panprediction.growth import METHODS, Growth
from omnisim.studies.panprediction.plan import FULL, QUICK, Plan, comparisons, growths
from omnisim.studies.parallel import run_all

_COMPARISON_COST = 20_000
"""About how many points of growth one comparison takes as long as."""


def panprediction(options: Options) -> Study:
    """Error against n, |G| and |H|; and every loss and group on real data beside models for one of them."""
    plan = QUICK if options.quick else FULL
    described = {name: make(options.data if name == "prices" else None, plan.quick) for name, make in PROBLEMS.items()}
    grown, compared = list(growths(plan, options.seed)), comparisons(plan, options.seed, options.data)
    todo: list[Growth | Comparison] = [*grown, *compared]
    costs = [case.points * case.groups if isinstance(case, Growth) else _COMPARISON_COST for case in todo]
    measured = run_all(measure, todo, costs, options.jobs, options.progress)
    split = len(grown)
    rows = [pd.DataFrame([row for part in parts for row in part]) for parts in (measured[:split], measured[split:])]
    about = {name: problem.about for name, problem in described.items()}
    return assemble(rows[0], rows[1], plan, about, quick=options.quick)


def measure(case: Growth | Comparison) -> list[dict[str, Any]]:
    """The rows of one run."""
    return growth.measure(case) if isinstance(case, Growth) else comparison.measure(case)


def assemble(grown: pd.DataFrame, compared: pd.DataFrame, plan: Plan, about: dict[str, str], *, quick: bool) -> Study:
    """The study from the rows of all its runs, and what is said about the real data."""
    tables = {
        "slopes": Table(
            "Exponents", _slopes(grown), "Least squares on logarithms, with 95 % intervals over replicates."
        ),
        "gaps": Table(
            "Every model, loss and group",
            compared,
            "gap = loss of acting on the model (panpredictor) − best_loss, with a bootstrap interval from low to high; "
            "“single” is the one comparator with the least mean loss; bound is what the gap cannot exceed on any "
            "data: 2 × the variation of the loss × the step calibration error within the group ÷ P(g).",
        ),
        "runs": Table("Every run on the synthetic law", grown, shown=False),
    }
    text = prose.paragraphs
    return Study(
        name="panprediction",
        title=prose.TITLE,
        summary=" ".join(text(prose.SUMMARY) + (text(prose.QUICK) if quick else [])),
        facts=[
            ("Synthetic", f"n from {plan.points[0]:,} to {plan.points[-1]:,}, {plan.replicates} replicates"),
            ("Groups", f"up to {plan.group_sizes[-1]}, {plan.fixed_replicates} replicates"),
            ("Comparators", f"up to {plan.comparator_sizes[-1]}, {plan.fixed_replicates} replicates"),
            *((name.capitalize(), words) for name, words in about.items()),
            ("Intervals", "95 %: over replicates for exponents, bootstrap over held-out rows or days for gaps"),
        ],
        findings=findings(grown, compared, quick=quick),
        sections=[
            Section("rates", "Rates", text(prose.RATES), [charts.rates_chart(grown)], ["slopes"]),
            Section("sizes", "Many users", text(prose.SIZES), [charts.sizes_chart(grown)]),
            Section(
                "patients",
                "Patients",
                [*text(prose.PATIENTS), *text(prose.READING)],
                [charts.gaps_chart(compared, "patients", "Gaps, patients")],
            ),
            Section(
                "prices",
                "Price spikes",
                text(prose.PRICES),
                [charts.gaps_chart(compared, "prices", "Gaps, price spikes")],
                ["gaps"],
            ),
        ],
        tables=tables,
        about={"data": about},
    )


def _slopes(grown: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for part, size in (("points", "points"), ("groups", "log_size"), ("comparators", "log_size")):
        for method in METHODS:
            here = grown[(grown["part"] == part) & (grown["method"] == method)]
            for name in ("gap", "step_error", "multicalibration_error"):
                fitted = slope(here, name, size)
                found = {"exponent": fitted.slope, "low": fitted.low, "high": fitted.high}
                words = {"points": "n", "log_size": "ln(2 |G| (|H| + 1))"}[size]
                rows.append({"varied": part, "in": words, "method": method, "measure": name.replace("_", " ")} | found)
    return pd.DataFrame(rows)
