"""The page of the study of price spikes: its figures and tables, and the study itself."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from omnisim.report.drawings import Curve, Drawing, Panel
from omnisim.report.study.results import Chart, Section, Study, Table
from omnisim.report.text import listing, number
from omnisim.studies import Options
from omnisim.studies.frame import Frame, measured, rows_of
from omnisim.studies.omniprediction import charts
from omnisim.studies.omniprediction.findings import ensemble_findings
from omnisim.studies.omniprediction.finite_class import BASE_POINTS, ERROR
from omnisim.studies.omniprediction.price_spikes import prose
from omnisim.studies.omniprediction.price_spikes.cases import FULL, LEVELS, QUICK, Case, Plan, cases, measure, read
from omnisim.studies.omniprediction.spikes import HIGH, WINDOW, Spikes


def assemble(
    done: Sequence[Case],
    results: Sequence[tuple[list[dict[str, Any]], list[dict[str, Any]]]],
    plan: Plan,
    options: Options,
) -> Study:
    """The study from the rows of all its runs."""
    rows, thresholds = (rows_of([part[i] for part in results]) for i in (0, 1))
    data = [read(source) for source in dict.fromkeys(case.source for case in done)]
    published = options.data is not None
    models = "the published day-ahead forecasts" if published else "the package’s own forecasters"
    markets = pd.DataFrame([_about(one) for one in data])
    return Study(
        name="price-spikes",
        title=prose.TITLE,
        summary=(
            f"Will the price of an hour be among the highest tenth of the last {WINDOW} days? Each of {models} gives a "
            "probability. Which of them is best depends on what a false alarm and a miss cost; an omnipredictor is one "
            "probability for all costs, meant to do as well as the best forecast for each. Fitted on the first year, "
            "judged on what came after."
        ),
        facts=[
            ("Markets", listing([one.market for one in data])),
            ("Forecasts", listing(sorted({str(len(one.models)) for one in data})) + " in each"),
            ("A spike", f"a price above the {HIGH:.0%} quantile of the hourly prices of the last {WINDOW} days"),
            ("Samples", f"{plan.sizes[0]} to {plan.sizes[-1]:,} hours of the first year, {plan.draws} draws"),
            ("Base predictors", f"chosen on {BASE_POINTS} other hours of that year"),
            ("Judged on", "every hour of the days after the first year"),
        ],
        findings=list(ensemble_findings(rows, ERROR)),
        sections=[
            Section("data", "Markets", [prose.DATA], [], ["markets"]),
            Section(
                "sizes",
                "Methods against the sample size",
                [prose.METHODS],
                [
                    charts.by_method(
                        "methods",
                        "Error by method",
                        rows,
                        {"days after the first year": ERROR},
                        f"Largest excess loss over thresholds, all of {listing([one.market for one in data])}.",
                    ),
                    charts.by_constant("constants", "Error by c", rows, ERROR, "As c varies."),
                ],
                ["compared"],
            ),
            Section("users", "Who gains", [prose.USERS], [_threshold_chart(thresholds, plan)]),
        ],
        tables={
            "markets": Table(
                "Markets, and Brier scores of their forecasts after the first year",
                markets,
                "The Brier score is the mean squared distance of the probability from what happened: less is better. "
                "Skill is how much less it is than that of always forecasting the frequency of the first year, over "
                "the same hours.",
            ),
            "compared": Table("Error at the chosen c, mean over draws", charts.compared(rows, ["market"], ERROR)),
        }
        | charts.tables(rows, ["market"], [ERROR])
        | {"thresholds": Table("Excess loss by threshold, every draw", thresholds, shown=False)},
        about={"data": "given by path" if published else "embedded ERCOT prices"},
        yardstick="the paper",
    )


def _about(data: Spikes) -> dict[str, Any]:
    later = ~data.first_year
    scores = ((data.columns[later] - data.y[later][:, None]) ** 2).mean(axis=0)
    best, worst = int(scores.argmin()), int(scores.argmax())
    frequency = float(data.y[~later].mean())
    always = float(((frequency - data.y[later]) ** 2).mean())
    return {
        "market": data.market,
        "first day": str(data.dates[0]),
        "judged from": str(data.dates[later][0]),
        "last day": str(data.dates[-1]),
        "spikes, first year": float(data.y[~later].mean()),
        "spikes, judged": float(data.y[later].mean()),
        "best forecast": data.models[best],
        "Brier score of the best": float(scores[best]),
        "worst forecast": data.models[worst],
        "Brier score of the worst": float(scores[worst]),
        "Brier score of the first year’s frequency": always,
        "skill of the best %": 100 * (1 - float(scores[best]) / always),
    }


def _threshold_chart(rows: pd.DataFrame, plan: Plan) -> Chart:
    panels, said = [], []
    for market, group in rows.groupby("market", sort=False):
        curves = []
        for method, part in group.groupby("method", sort=False):
            mean = part.groupby("threshold")["excess"].mean()
            at = [float(str(theta)) for theta in mean.index]
            curves.append(Curve(str(method), at, mean.to_numpy(), colour=charts.COLOURS[str(method)]))
            said.append(f"{market}, {method}: largest {number(float(mean.max()), 2)}")
        panels.append(
            Panel(str(market), "threshold: cost of a false alarm", "excess loss", curves, log_x=False, log_y=False)
        )
    caption = (
        "Loss of acting where the prediction exceeds the threshold, less that of the forecast chosen for it, after the "
        f"first year; n = {plan.sizes[-1]:,}, m = {LEVELS}, mean over draws. Below 0 it beats that forecast."
    )
    alt = f"Line charts of excess loss by threshold. {listing(said)}."
    return Chart("thresholds", "Excess loss by cost", {"": Drawing(panels, caption, alt)})


STUDY = Frame(
    name="price-spikes",
    shows="Omniprediction of price spikes from day-ahead forecasts, fitted on one year, judged on the next.",
    full=FULL,
    quick=QUICK,
    cases=cases,
    play=measured(measure, lambda case: sum(case.sizes)),
    assemble=assemble,
    reads_data=True,
)
