"""The figures of the page."""

from typing import Any

import pandas as pd

from omnisim.report.drawings import Curve, Drawing, Panel, Strip, StripPanel, Strips
from omnisim.report.study.results import Chart
from omnisim.report.text import listing, signed_amount
from omnisim.value.risk import Risk


def worth_chart(overall: pd.DataFrame, by_population: pd.DataFrame, currency: str) -> Chart:
    """Draw the worth of each player, over all customers and by population."""
    variants = {"all customers": _strips("all customers", overall, currency)}
    if len(set(by_population["population"])) > 1:
        for population, rows in by_population.groupby("population", sort=False):
            variants[str(population)] = _strips(str(population), rows, currency)
    return Chart("worth", "What each forecast is worth", variants, "Customers")


def differences_chart(pairs: pd.DataFrame, by_population: pd.DataFrame, currency: str) -> Chart:
    """Draw what the best forecast is worth more than each other, over all customers and by population."""
    best = str(pairs["forecast"].iloc[0])
    variants = {"all customers": _lead(best, "all customers", pairs, currency)}
    if len(by_population):
        for population, rows in by_population.groupby("population", sort=False):
            variants[str(population)] = _lead(best, str(population), rows, currency)
    return Chart("differences", f"What {best} is worth more than the others", variants, "Customers")


def days_chart(by_days: pd.DataFrame, currency: str) -> Chart:
    """The part of each player's worth that is earned on each kind of day."""
    variants = {}
    for kind, rows in by_days.groupby("told_apart_by", sort=False):
        panels = [
            StripPanel(f"{days} ({int(part['number'].iloc[0])} days)", _unit(currency), _rows(part))
            for days, part in rows.groupby("days", sort=False)
        ]
        told = listing([f"{row['forecast']} {row['days']} {signed_amount(row['worth'])}" for row in _records(rows)])
        caption = f"The parts add up to the whole worth of a forecast. {_INTERVALS}"
        variants[str(kind)] = Strips(panels, caption, f"Worth by {kind}, {currency}: {told}.")
    return Chart("days", "On which days a forecast is worth it", variants, "Days told apart by")


def cost_chart(cost: pd.DataFrame, currency: str) -> Chart:
    """Worth against the mean absolute error: foresight with made-up errors as a curve, forecasts as points."""
    curve = cost[cost["made_up"]].sort_values("mean_absolute_error")
    own = cost[~cost["made_up"]]
    curves = [
        Curve(
            "foresight with made-up errors",
            curve["mean_absolute_error"].to_numpy(), curve["worth"].to_numpy(),
            curve["low"].to_numpy(), curve["high"].to_numpy(), 0,
        ),
        *(
            Curve(str(row["player"]), [row["mean_absolute_error"]], [row["worth"]], colour=1 + k)
            for k, row in enumerate(_records(own))
        ),
    ]  # fmt: skip
    panel = Panel(
        "worth against the error", f"mean absolute error, {currency}/MWh", _unit(currency), curves,
        log_x=False, log_y=False,
    )  # fmt: skip
    told = listing([f"{row['player']} {signed_amount(row['worth'])}" for row in _records(cost)])
    caption = (
        "Curve: the true prices plus errors of a chosen mean absolute size, which hang together over a day as those of "
        "the forecasts do; band: intervals that hold together. Points: the forecasts. A point above the curve errs "
        "where it costs little, one below where it costs much."
    )
    return Chart("cost", "What it costs to be wrong", {"": Drawing([panel], caption, f"Worth, {currency}: {told}.")})


def reliability_chart(covered: pd.DataFrame) -> Chart:
    """The share of prices at or below each quantile, less its level: 0 where a level holds what it says."""
    guide = Curve("as said", [0.0, 1.0], [0.0, 0.0], colour=-1, dash="dash")
    curves = []
    for k, (name, rows) in enumerate(covered.groupby("forecast", sort=False)):
        level, share, low, high = (rows[key].to_numpy() for key in ("level", "share_at_or_below", "low", "high"))
        curves.append(Curve(str(name), level, share - level, low - level, high - level, k))
    panel = Panel(
        "share at or below the quantile, less its level", "level of the quantile", "share less level",
        [guide, *curves], log_x=False, log_y=False,
    )  # fmt: skip
    caption = (
        "Below 0, prices were above the quantile more often than its level says, above 0 less often. Band: intervals "
        "over blocks of days that hold together."
    )
    told = listing(
        [f"{row['forecast']} at {row['level']:g}: {row['share_at_or_below']:.3f}" for row in _records(covered)]
    )
    return Chart("reliability", "Whether levels hold what they say", {"": Drawing([panel], caption, f"{told}.")})


def risk_chart(changed: pd.DataFrame, risk: Risk, currency: str) -> Chart:
    """Draw the effects of minding bad days: on money in all, and on that of the worst days."""
    headings = {
        "earned": ("earned in all", _unit(currency)),
        "worst_days": (risk.worst, f"{currency} per customer and day"),
    }
    panels = [
        StripPanel(heading, unit, [
            Strip(row["forecast"], row[key], (row[f"{key}_low"], row[f"{key}_high"])) for row in _records(changed)
        ])
        for key, (heading, unit) in headings.items()
    ]  # fmt: skip
    told = listing(
        [f"{row['forecast']} {signed_amount(row['earned'])} and {signed_amount(row['worst_days'])}"
         for row in _records(changed)]
    )  # fmt: skip
    caption = (
        "Risk-averse less risk-neutral customers with the same forecast: right of 0 they have more. Line: the interval "
        "that holds together with all others of its panel."
    )
    return Chart("risk", "What minding bad days changes", {"": Strips(panels, caption, f"{currency}: {told}.")})


_INTERVALS = (
    "Point: mean over seeds, per customer and year against climatology; line: the interval that holds together with "
    "all others of its table."
)


def _strips(heading: str, rows: pd.DataFrame, currency: str) -> Strips:
    told = listing([f"{row['forecast']} {signed_amount(row['worth'])}" for row in _records(rows)])
    return Strips([StripPanel(heading, _unit(currency), _rows(rows))], _INTERVALS, f"{heading}, {currency}: {told}.")


def _lead(best: str, heading: str, pairs: pd.DataFrame, currency: str) -> Strips:
    rows = _records(pairs[pairs["forecast"] == best])
    told = listing([f"{best} less {row['against']} {signed_amount(row['difference'])}" for row in rows])
    drawn = [Strip(f"than {row['against']}", row["difference"], (row["low"], row["high"])) for row in rows]
    caption = (
        f"Right of 0, {best} is worth more. Point: mean over seeds; line: the interval that holds together with those "
        "of all pairs of forecasts."
    )
    return Strips([StripPanel(heading, _unit(currency), drawn)], caption, f"{heading}, {currency}: {told}.")


def _rows(rows: pd.DataFrame) -> list[Strip]:
    return [Strip(row["forecast"], row["worth"], (row["low"], row["high"])) for row in _records(rows)]


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def _unit(currency: str) -> str:
    return f"{currency} per customer and year"
