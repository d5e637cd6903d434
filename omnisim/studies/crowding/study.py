"""The crowding study: its runs, findings, figures and tables put together."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omnisim.problem.clipping import ALARMING, NOTICED
from omnisim.report.results import Chart, Curve, Drawing, Finding, Panel, Section, Study, Table
from omnisim.report.text import interval, listing, number, percent, score, signed_amount
from omnisim.studies import Options
from omnisim.studies.crowding.cases import CALIBRATED, CROWDED, EMPTY, FORECASTERS, SINGLE, Case, measure
from omnisim.studies.fitting import fit_slope, mean_interval
from omnisim.studies.parallel import run_all

DAYS_OF_A_YEAR = 365

SUBLINEAR = 0.75
"""The largest slope on logarithmic axes that counts as growing slower than the rounds."""


@dataclass(frozen=True)
class Plan:
    """How much to run."""

    horizons: tuple[int, ...]
    customers: tuple[float, ...]
    rounds: int
    replicates: int


FULL = Plan((64, 128, 256, 512, 1024), (0.0, 300.0, 600.0, 900.0, 1200.0), 365, 5)
QUICK = Plan((32, 64), (0.0, 1200.0), 40, 2)


def crowding(options: Options) -> Study:
    """Many buyers on one forecast move the price against themselves; what calibration does about it."""
    options.without_data("crowding")
    plan = QUICK if options.quick else FULL
    todo = cases(plan, options.seed)
    measured = run_all(measure, todo, [case.rounds for case in todo], options.jobs, options.progress)
    return assemble(pd.DataFrame(measured), plan, quick=options.quick)


def cases(plan: Plan, seed: int) -> list[Case]:
    """All runs; forecasters meet the same agents and the same weather in the same replicate."""
    sizes = [("hours", rounds, 1.0) for rounds in plan.horizons]
    sizes += [("merit order", plan.rounds, customers) for customers in plan.customers]
    return [
        Case(part, name, rounds, customers, replicate, seed * 1000 + replicate)
        for part, rounds, customers in sizes
        for name in FORECASTERS
        for replicate in range(plan.replicates)
    ]


def assemble(rows: pd.DataFrame, plan: Plan, *, quick: bool) -> Study:
    """The study from the rows of all its runs."""
    hours, market = rows[rows["part"] == "hours"], rows[rows["part"] == "merit order"]
    cut = float(rows["cut"].max())
    told = f"The range of the theory cuts {percent(cut)} off prices or money of a run; money is at the true prices."
    table = market.groupby(["customers", "forecaster"], sort=False)[["paid", "money", "swap_regret", "external_regret"]]
    return Study(
        name="crowding",
        title="Crowding: many buyers on one forecast",
        summary=(
            "Where the buyers who follow a forecast are many, it moves the price it predicts: hours that it calls "
            "cheap become dear because everybody comes. One prediction for all then defeats itself. A "
            "decision-calibrated forecaster commits to a mixture, finds one under which nobody would rather have acted "
            "otherwise, and its guarantee holds here as against any other adversary."
            + (" This is the quick variant, too short to judge growth." if quick else "")
        ),
        facts=[
            ("Two hours", f"10 identical buyers, T from {plan.horizons[0]} to {plan.horizons[-1]:,}"),
            ("Merit order", f"40 agents for up to {plan.customers[-1]:,.0f} customers each, {plan.rounds} days"),
            ("Replicates", str(plan.replicates)),
            ("Clipping", f"the range of the theory cuts {percent(cut)} off prices or money at most"),
            ("Intervals", "95 %, over replicates: each has its own agents, weather and breakdowns"),
        ],
        findings=[*_of_hours(hours, quick=quick), *_of_market(market, quick=quick), *_of_certificates(rows)],
        sections=[
            Section("hours", "Two hours, one crowd", [_HOURS], [_hours_chart(hours)]),
            Section("market", "A market in merit order", [_MARKET], [_market_chart(market)], ["market"]),
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


_HOURS = (
    "Each buyer needs one MWh in one of two hours. The cheap generator serves the base load and half of the buyers; "
    f"if all come at once the price of that hour is {CROWDED:g}, and {EMPTY:g} in the other. The market clears on what "
    "the forecaster’s mixture makes the buyers do. Whatever single point is predicted, all buyers come in the hour "
    "it makes look cheaper: it is the dear one, in every round, and the swap regret is (0.7 − 0.2) T = T / 2."
)
_MARKET = (
    "The shipped scenario merit_order: seven kinds of generators, an outage, random breakdowns, dearer gas, and "
    "40 buyers who differ in their worth of flexibility. With 0 customers each they are price takers. A slow "
    "forecast such as Climatology moves nobody, and so crowds nobody."
)


def _of_hours(hours: pd.DataFrame, *, quick: bool) -> Iterator[Finding]:
    for name in SINGLE:
        own = hours[hours["forecaster"] == name]
        exact = np.allclose(own["swap_regret"], own["rounds"] / 2) and np.allclose(own["paid"], CROWDED)
        last = own[own["rounds"] == own["rounds"].max()]
        yield Finding(
            "Two hours: one prediction for all",
            f"swap regret T / 2, and every MWh paid at {CROWDED:g}.",
            f"{name}: swap regret {number(float(last['swap_regret'].mean()))} utility at T = "
            f"{last['rounds'].iloc[0]:,}, paid {number(float(own['paid'].mean()))}.",
            exact,
        )
    for name in CALIBRATED:
        own = hours[hours["forecaster"] == name]
        wide = own.pivot_table(index="replicate", columns="rounds", values="swap_regret")
        slope = fit_slope([float(str(size)) for size in wide.columns], wide.to_numpy(dtype=np.float64))
        last = own[own["rounds"] == own["rounds"].max()]
        yield Finding(
            "Two hours: calibrated forecasts",
            f"swap regret grows slower than T (slope at most {SUBLINEAR}).",
            f"{name}: slope {slope}, {number(float(last['swap_regret'].mean()))} utility at T = "
            f"{last['rounds'].iloc[0]:,}; paid {number(float(last['paid'].mean()))}.",
            None if quick else slope.slope <= SUBLINEAR,
        )


def _of_market(market: pd.DataFrame, *, quick: bool) -> Iterator[Finding]:
    many = market[market["customers"] == market["customers"].max()]
    few = market[market["customers"] == 0]
    persistence = many[many["forecaster"] == "Persistence"].set_index("replicate")
    takers = few[few["forecaster"] == "Persistence"].set_index("replicate")
    yield Finding(
        "Merit order: the price of a crowd",
        "buyers that are many pay more for following yesterday’s prices than price takers do.",
        f"Persistence: {_interval(persistence['paid'] - takers['paid'], signed_amount)} EUR more per MWh.",
        None if quick else bool((persistence["paid"] > takers["paid"]).all()),
    )
    for name in CALIBRATED:
        own = many[many["forecaster"] == name].set_index("replicate")
        gain = DAYS_OF_A_YEAR * (own["money"] - persistence["money"])
        yield Finding(
            "Merit order: what calibration does about it",
            "less swap regret than Persistence where the crowd is large.",
            f"{name}: each customer has {_interval(gain, signed_amount)} EUR more a year than with Persistence; swap "
            f"regret {score(float(own['swap_regret'].mean()))} against "
            f"{score(float(persistence['swap_regret'].mean()))}, in utility over the run.",
            None if quick else bool(own["swap_regret"].mean() < persistence["swap_regret"].mean()),
        )


def _of_certificates(rows: pd.DataFrame) -> Iterator[Finding]:
    yield Finding(
        "Guarantees",
        "the certificates of every run hold: the law depends on the past and the mixture only.",
        f"{int(rows['violated'].sum())} of {int(rows['certificates'].sum()):,} certificates are violated.",
        bool(rows["violated"].sum() == 0),
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


def _interval(sample: "pd.Series[float]", write: Callable[[float], str]) -> str:
    mean, low, high = mean_interval(np.asarray(sample, dtype=np.float64))
    return f"{write(mean)} {interval(low, high, write)}"


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
    found = []
    for colour, name in enumerate(FORECASTERS):
        samples: Mapping[float, list[float]] = {
            float(str(size)): group[column].tolist() for size, group in rows[rows["forecaster"] == name].groupby(by)
        }
        ends = np.array([mean_interval(np.array(sample)) for sample in samples.values()])
        found.append(Curve(name, list(samples), ends[:, 0], ends[:, 1], ends[:, 2], colour))
    return found


def _told(rows: pd.DataFrame, by: str) -> str:
    last = rows[rows[by] == rows[by].max()].groupby("forecaster", sort=False)["swap_regret"].mean()
    told = listing([f"{name} {number(float(value))}" for name, value in last.items()])
    return f"Line charts; swap regret at the right end: {told}."
