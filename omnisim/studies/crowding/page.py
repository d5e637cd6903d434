"""The page of the crowding study: its figures and tables, and the study itself."""

from collections.abc import Sequence

import pandas as pd

from omnisim.comparison.comparison import Comparison
from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.problem.clipping import ALARMING, NOTICED
from omnisim.report.drawings import Curve, Drawing, Panel
from omnisim.report.study.results import Chart, Section, Study, Table
from omnisim.report.text import listing, number, percent
from omnisim.studies import Options
from omnisim.studies.contests import compared
from omnisim.studies.crowding import prose
from omnisim.studies.crowding.cases import CROWDED, FORECASTERS, FULL, QUICK, SINGLE, Case, Plan, cases, runs
from omnisim.studies.crowding.findings import findings
from omnisim.studies.frame import Frame, paragraphs


def assemble(done: Sequence[Case], comparisons: Sequence[Comparison], plan: Plan, _options: Options) -> Study:
    """The study from all its runs."""
    rows = pd.concat(map(runs, done, comparisons), ignore_index=True)
    hours, market = rows[rows["part"] == "hours"], rows[rows["part"] == "merit order"]
    cut = float(rows["cut"].max())
    told = f"The range of the theory cuts {percent(cut)} off prices or money of a run; money is at the true prices."
    table = market.groupby(["customers", "forecaster"], sort=False)[["paid", "money", "swap_regret", "external_regret"]]
    return Study(
        name="crowding",
        title=prose.TITLE,
        summary=" ".join(paragraphs(prose.SUMMARY)),
        facts=[
            ("Two hours", f"10 identical buyers, T from {plan.horizons[0]} to {plan.horizons[-1]:,}"),
            ("Merit order", f"40 agents for up to {plan.customers[-1]:,.0f} customers each, {plan.rounds} days"),
            ("Replicates", str(plan.replicates)),
            ("Clipping", f"the range of the theory cuts {percent(cut)} off prices or money at most"),
            ("Intervals", "95 %, over replicates: each has its own agents, weather and breakdowns"),
        ],
        findings=findings(rows),
        sections=[
            Section("hours", "Two hours, one crowd", paragraphs(prose.HOURS), [_hours_chart(hours)]),
            Section("market", "A market in merit order", paragraphs(prose.MARKET), [_market_chart(market)], ["market"]),
        ],
        tables={
            "market": Table(
                "Means over replicates, merit order",
                _in_units(table.mean().reset_index()),
                "Price and money at the prices of the market; regret is utility over the run, inside the range.",
            ),
            "runs": Table("Every run", rows, shown=False),
        },
        notices=[told] if NOTICED <= cut < ALARMING else [],
        warnings=[told] if cut >= ALARMING else [],
    )


def _in_units(means: pd.DataFrame) -> pd.DataFrame:
    return means.assign(money=DAYS_OF_A_YEAR * means["money"]).rename(
        columns={
            "paid": "paid, EUR/MWh",
            "money": "money, EUR per customer and year",
            "swap_regret": "swap regret, utility",
            "external_regret": "external regret, utility",
        }
    )


def _hours_chart(hours: pd.DataFrame) -> Chart:
    panels = [
        Panel("Swap regret", "rounds T", "swap regret, utility", _curves(hours, "rounds", "swap_regret")),
        Panel("Price paid", "rounds T", "price, units of outcome", _curves(hours, "rounds", "paid"), log_y=False),
    ]
    caption = (
        "Ten identical buyers, two hours. The three single predictions lie on one line, T / 2 and "
        f"{CROWDED:g}. Mean over replicates with 95 % t-intervals."
    )
    return Chart(
        "hours", "One prediction for all defeats itself", {"": Drawing(panels, caption, _told(hours, "rounds"))}
    )


def _market_chart(market: pd.DataFrame) -> Chart:
    """Against price takers who follow Persistence, replicate by replicate: replicates differ in their agents."""
    few = market[(market["customers"] == 0) & (market["forecaster"] == SINGLE[0])].set_index("replicate")
    paired = market.copy()
    for column in ("paid", "money"):
        paired[column] = market[column] - market["replicate"].map(few[column])
    paired["money"] *= DAYS_OF_A_YEAR
    words = {
        "Price paid": ("paid", "EUR/MWh more"),
        "Money of a customer": ("money", "EUR a year more"),
        "Swap regret": ("swap_regret", "swap regret, utility over the run"),
    }
    panels = [
        Panel(heading, "customers of each agent", label, _curves(paired, "customers", column), log_x=False, log_y=False)
        for heading, (column, label) in words.items()
    ]
    caption = (
        "What the buyers pay and have left at the prices of the market, and regret inside the range of the theory, as "
        "they become many; price and money compared with price takers who follow Persistence. Mean over replicates "
        "with 95 % t-intervals, of the differences within replicates."
    )
    return Chart("market", "As the crowd grows", {"": Drawing(panels, caption, _told(market, "customers"))})


def _curves(rows: pd.DataFrame, by: str, column: str) -> list[Curve]:
    return [
        Curve.of_means(rows[rows["forecaster"] == name], column, by, name, colour)
        for colour, name in enumerate(FORECASTERS)
    ]


def _told(rows: pd.DataFrame, by: str) -> str:
    last = rows[rows[by] == rows[by].max()].groupby("forecaster", sort=False)["swap_regret"].mean()
    told = listing([f"{name} {number(float(value))}" for name, value in last.items()])
    return f"Line charts; swap regret at the right end: {told}."


STUDY = Frame(
    name="crowding",
    shows="Many buyers on one forecast move the price against themselves; what calibration does about it.",
    full=FULL,
    quick=QUICK,
    cases=cases,
    play=compared,
    assemble=assemble,
)
