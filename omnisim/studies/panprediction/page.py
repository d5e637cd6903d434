"""The page of the study of panprediction: its tables, and the study itself."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from omnisim.report.study.results import Section, Study, Table
from omnisim.statistics.slopes import slope_of
from omnisim.studies import Options
from omnisim.studies.frame import Frame, measured, paragraphs, rows_of
from omnisim.studies.panprediction import charts, prose
from omnisim.studies.panprediction.cases import FULL, QUICK, Plan, cases, cost, measure
from omnisim.studies.panprediction.comparison import PROBLEMS, Comparison
from omnisim.studies.panprediction.findings import FLOOR, findings
from omnisim.studies.panprediction.growth import METHODS, Growth


def assemble(
    done: Sequence[Growth | Comparison], results: Sequence[list[dict[str, Any]]], plan: Plan, options: Options
) -> Study:
    """The study from the rows of all its runs."""
    split = sum(isinstance(case, Growth) for case in done)
    grown, compared = rows_of(results[:split]), rows_of(results[split:])
    about = {
        name: make(options.data if name == "prices" else None, plan.quick).about for name, make in PROBLEMS.items()
    }
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
    text = paragraphs
    return Study(
        name="panprediction",
        title=prose.TITLE,
        summary=" ".join(text(prose.SUMMARY)),
        facts=[
            ("Synthetic", f"n from {plan.points[0]:,} to {plan.points[-1]:,}, {plan.replicates} replicates"),
            ("Groups", f"up to {plan.group_sizes[-1]}, {plan.fixed_replicates} replicates"),
            ("Comparators", f"up to {plan.comparator_sizes[-1]}, {plan.fixed_replicates} replicates"),
            *((name.capitalize(), words) for name, words in about.items()),
            ("Intervals", "95 %: over replicates for exponents, bootstrap over held-out rows or days for gaps"),
        ],
        findings=findings(grown, compared),
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
                fitted = slope_of(here, name, size, FLOOR)
                found = {"exponent": fitted.mean, "low": fitted.low, "high": fitted.high}
                words = {"points": "n", "log_size": "ln(2 |G| (|H| + 1))"}[size]
                rows.append({"varied": part, "in": words, "method": method, "measure": name.replace("_", " ")} | found)
    return pd.DataFrame(rows)


STUDY = Frame(
    name="panprediction",
    shows="Error against n, |G| and |H|; and every loss and group on real data beside models for one of them.",
    full=FULL,
    quick=QUICK,
    cases=cases,
    play=measured(measure, cost),
    assemble=assemble,
    reads_data=True,
)
