"""The page of ``omnisim value``: a study of forecasts, with one frame for tables and figures as any other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray
from omnisim.report.study.results import Section, Study, Table
from omnisim.report.text import count
from omnisim.statistics.verdicts import BETTER
from omnisim.value.charts import (
    cost_chart,
    days_chart,
    differences_chart,
    reliability_chart,
    risk_chart,
    worth_chart,
)
from omnisim.value.ledger import Ledger
from omnisim.value.limits import added, cost_of_errors
from omnisim.value.measures import choices, choices_by_population, halves, scores
from omnisim.value.pairs import (
    SAME,
    differences,
    differences_by_population,
    leading,
    of_the_best,
    of_the_leading,
    ranked,
)
from omnisim.value.probabilistic import common_levels, coverage, descriptions, intervals, tail_of, told
from omnisim.value.risk import Risk
from omnisim.value.risk_tables import changes, risks, said
from omnisim.value.scenarios import FEWEST_DAYS, MOST_DAYS
from omnisim.value.words import findings, headline, of_addition, of_measures, of_populations
from omnisim.value.worth import by_customer, by_days, by_population, overall, winners

Part: TypeAlias = tuple[Section, dict[str, Table]]
"""A section of the page, and its tables by name."""


def page(ledger: Ledger, sizes: Sequence[float], about: Mapping[str, Any]) -> Study:
    """All that is said of the forecasts.

    Parameters
    ----------
    ledger
        What was earned.
    sizes
        Mean absolute errors with which foresight was played too.
    about
        Of the market, as the scenario has it.
    """
    currency, names, market = ledger.currency, list(ledger.forecasts), ledger.market
    whole, people = overall(ledger), winners(ledger)
    several = len(names) > 1
    parts = [
        *([_differences(ledger)] if several else []),
        _worth(ledger, whole),
        _days(ledger),
        _customers(ledger, people),
        *([_distributions(ledger)] if market.distributions else []),
        *([] if ledger.risk is None else [_risk(ledger, ledger.risk)]),
        *([_measures(ledger), _combination(ledger)] if several else []),
        _errors(ledger, sizes),
    ]
    lead, settled = "", True
    if several:
        section, tables = parts[0]
        lead, settled = section.text[0], tables["differences"].frame["verdict"].iloc[0] in (BETTER, SAME)
    cut = float(about.get("cut") or 0.0)
    return Study(
        "value",
        f"What forecasts of {market.name} are worth",
        f"{count(len(names), 'forecast')} played by the same customers on the same days as climatology and perfect "
        "foresight, in money at the true prices.",
        [
            ("days", f"{market.days:,}, {market.dates[0]} to {market.dates[-1]}"),
            ("customers", ", ".join(_numbers_of_customers(ledger))),
            ("seeds", f"{ledger.seeds}; each draws the customers anew"),
            ("scale", f"{about['low']:g} to {about['high']:g} {currency}/MWh"),
        ],
        list(findings(whole, people, currency)),
        [section for section, _ in parts],
        {name: table for _, tables in parts for name, table in tables.items()},
        {"forecasts": ", ".join(names)},
        headline=headline(whole, ranked(ledger)[0], currency, lead),
        settled=settled,
        marks=("✓ better", "✗ worse", "· not separated"),
        command="omnisim value",
        notices=[
            _FORESIGHT,
            *([] if ledger.risk is None else [said(changes(ledger), ledger.risk, currency)]),
            *([f"{100 * cut:.2g} % of how prices moved lies outside the scale: it is paid, and no forecast can tell."]
              if cut >= _MUCH else []),
        ],
        warnings=list(about.get("warnings", ())),
    )  # fmt: skip


def _worth(ledger: Ledger, whole: pd.DataFrame) -> Part:
    populations = by_population(ledger)
    note = f"In {_unit(ledger)} against climatology. {_TOGETHER}"
    tables = {
        "worth": Table("Worth in all", whole, note),
        "populations": Table("Worth by population", populations, note),
    }
    chart = worth_chart(whole, populations, ledger.currency)
    return Section("worth-section", "Worth", [_WORTH], [chart], list(tables)), tables


def _days(ledger: Ledger) -> Part:
    days = by_days(ledger)
    tables = {"days": Table("Worth by kind of day", days, f"In {_unit(ledger)} against climatology. {_TOGETHER}")}
    return Section("days-section", "Days", [_DAYS], [days_chart(days, ledger.currency)], list(tables)), tables


def _customers(ledger: Ledger, people: pd.DataFrame) -> Part:
    note = f"Customers, counted once a seed, each against itself with climatology; {ledger.currency} a year."
    tables = {
        "winners": Table("Who gains, who loses", people, note),
        "customers": Table("Worth to every customer", by_customer(ledger), shown=False),
    }
    return Section("customers-section", "Customers", [], [], ["winners"]), tables


def _measures(ledger: Ledger) -> Part:
    chosen, later = choices(ledger, ledger.every, ledger.every), choices(ledger, *halves(ledger))
    parted = choices_by_population(ledger)
    tables = {"choices": Table("Chosen and paid on all days", chosen, _CHOICES)}
    if len(parted):
        tables["choices_by_population"] = Table("By population", parted, _CHOICES)
    tables["choices_later"] = Table("Chosen on the first half of the days, paid on the second", later, _CHOICES)
    tables["scores"] = Table("Accuracy", _titled(scores(ledger, ledger.every)))
    text = [of_measures(chosen, ledger.currency), *([of_populations(parted)] if len(parted) else []), _MEASURES]
    return Section("measures-section", "Measures", text, [], list(tables)), tables


def _combination(ledger: Ledger) -> Part:
    more = added(ledger)
    tables = {"combinations": Table("More than the best forecast", more, f"In {_unit(ledger)}. {_TOGETHER}")}
    text = [of_addition(more, ledger.currency), _COMBINATION]
    return Section("combination-section", "Combination", text, [], list(tables)), tables


def _errors(ledger: Ledger, sizes: Sequence[float]) -> Part:
    cost = cost_of_errors(ledger, list(sizes))
    note = f"In {_unit(ledger)}; errors in {ledger.currency}/MWh. {_TOGETHER}"
    tables = {"errors": Table("Worth and error", cost, note)}
    return Section("errors-section", "Errors", [_ERRORS], [cost_chart(cost, ledger.currency)], list(tables)), tables


def _unit(ledger: Ledger) -> str:
    return f"{ledger.currency} per customer and year"


def _differences(ledger: Ledger) -> Part:
    """Section on the differences between forecasts; where there are many pairs it shows those of the best forecast."""
    pairs, parted = differences(ledger), differences_by_population(ledger)
    currency, customers = ledger.currency, ledger.standing()
    of_one = int((pairs["forecast"] == pairs["forecast"].iloc[0]).sum())
    note = f"What the first is worth more than the second, in {currency} per customer and year; “sum of customers” is"
    whole = f"{note} for all {customers:,.6g} together. {_PAIRS}"
    most = len(pairs) if len(pairs) <= _FEW_PAIRS else of_one
    tables = {"differences": Table("Between forecasts", pairs, whole, most=most)}
    text = [leading(pairs, currency), of_the_best(pairs)]
    if len(parted):
        text.append(of_the_leading(parted, currency))
        most = len(parted) if len(parted) <= _FEW_ROWS else of_one * len(ledger.agents)
        tables["differences_by_population"] = Table(
            "Between forecasts, by population", parted, f"{note} for all of a population together. {_PAIRS}",
            shown=most <= _FEW_ROWS, most=most,
        )  # fmt: skip
    shown = [name for name, table in tables.items() if table.shown]
    chart = differences_chart(pairs, parted, currency)
    return Section("differences-section", "Differences", [each for each in text if each], [chart], shown), tables


def _distributions(ledger: Ledger) -> Part:
    """Section on the distributions, and on whether they held."""
    covered, held = coverage(ledger), intervals(ledger)
    tail, levels = tail_of(ledger), common_levels(ledger)
    unit = f"{ledger.currency}/MWh"
    tables = {
        "distributions": Table("What forecasts say", descriptions(ledger), f"In {unit}, means over all periods."),
        "reliability": Table("Prices at or below each quantile", covered, _OVER_DAYS),
    }
    members = any(one.members is not None for one in ledger.market.distributions.values())
    text = [told(ledger, held), _MEAN, _RELIABILITY + _MEMBERS * members, _scored(levels, tail)]
    if len(held):
        tables["intervals"] = Table(
            "Central intervals", held,
            f"Widths and scores in {unit}; scores are of the interval from {tail:g} to {1 - (tail or 0):g} of each "
            f"forecast, whatever its members can hold. {_OVER_DAYS}",
        )  # fmt: skip
    return Section("distributions-section", "Distributions", text, [reliability_chart(covered)], list(tables)), tables


def _risk(ledger: Ledger, risk: Risk) -> Part:
    """Section on the cost of minding bad days, and on its use."""
    changed = changes(ledger)
    unit = f"Worth in {ledger.currency} per customer and year, worst days in {ledger.currency} per customer and day"
    tables = {
        "risk": Table("Earned, and earned on the worst days", risks(ledger), f"{unit}. {_OF_COLUMNS}"),
        "risk_changes": Table("Risk-averse less risk-neutral", changed, f"{unit}. {_OF_COLUMNS}"),
    }
    text = [said(changed, risk, ledger.currency), _minded(risk), _NOT_COVERED, _TOGETHER_A_DAY]
    return Section("risk-section", "Risk", text, [risk_chart(changed, risk, ledger.currency)], list(tables)), tables


def _minded(risk: Risk) -> str:
    of = "" if risk.weight == 1 else f"sum of {1 - risk.weight:g} times the mean and {risk.weight:g} times the "
    return (
        f"Each day a risk-averse customer does what has the largest {of}conditional value at risk at level "
        f"{risk.level:g}: the mean of the worst {100 * (1 - risk.level):.3g} % of what the day may bring in, by the "
        f"forecast’s distribution. “Worst days” are what came: of each customer, the mean of its own {risk.worst}. "
        "Nobody minds anything with a point, which leaves nothing in doubt."
    )


_NOT_COVERED = (
    "The guarantees of decision calibration are not about these customers: what they maximize is not affine in the "
    "prices, so that no single prediction of the prices tells them what to do. Their constraints hold as before."
)

_TOGETHER_A_DAY = (
    "Members of an ensemble are days as they are. Quantiles do not say how the periods of a day hang together; that "
    f"is taken from the ranks of up to {MOST_DAYS} days before, and on the first {FEWEST_DAYS} days all periods are at "
    "one level. Beyond the outermost quantiles nothing worse is expected."
)

_OF_COLUMNS = "The intervals of each column hold together with 95 %; those of the worst days are right to first order."


def _scored(levels: FloatArray, tail: float | None) -> str:
    which = f"level {levels[0]:g}" if len(levels) == 1 else f"levels {levels[0]:g} to {levels[-1]:g} in steps of 0.1"
    said = (
        f"Among the measures, the pinball loss is the mean over the {which}, on which all distributions say something, "
        "and the CRPS is twice the pinball loss over all levels from 0 to 1, of the quantile function as it is read; a "
        "point forecast counts as sure, so its CRPS is its absolute error."
    )
    if tail is not None:
        said += f" The interval score is that of the central interval from {tail:g} to {1 - tail:g}."
    return said


_OVER_DAYS = "Intervals are over blocks of days and hold together with 95 %."

_MEAN = (
    "Risk-neutral customers act on the mean. That of an ensemble is the mean of its members. Quantiles are joined by "
    "straight lines, and beyond the outermost levels all probability is put on the outermost quantiles, since nothing "
    "was said there; the table has by how much the mean may differ (+-) if the lines are any other increasing curves, "
    "and how much larger it is if the lines go on to the levels 0 and 1."
)

_RELIABILITY = (
    "A quantile of level 0.9 should have 90 % of the prices at or below it. Whether it does is judged over all periods "
    "together, so errors at some hours may make up for others."
)

_MEMBERS = (
    " An ensemble of M members is held to what M members can say: if the price is one more draw like them, it is at or "
    "below the k-th smallest in k of M + 1 cases."
)

_WORTH = (
    "What the same customers earn more in a year, at the true prices and on the same days, when they act on "
    "the forecast instead of climatology (the mean of all days before)."
)

_DAYS = (
    "Price levels (thirds of the days by their mean price) and negative prices are those that came: a split that "
    "is made afterwards, and that nobody could have acted on."
)

_MEASURES = (
    "The best forecast is found with hindsight, so the differences lean towards it. The second table has no "
    "hindsight in the choice: a measure chooses on the first half of the days, and is paid on the second; “money "
    "earned” is what choosing by money itself would have come to."
)

_COMBINATION = (
    "The combination learns its weights online, from days that have passed. The best forecast each day for each "
    "customer is known only afterwards: an upper limit of what choosing among these forecasts could earn, and no "
    "method."
)

_ERRORS = (
    "Errors are drawn from a normal distribution with mean 0, independently from day to day, with the covariance of "
    "the forecasts’ errors within a day, and scaled to their mean absolute size."
)

_FORESIGHT = (
    "“Perfect foresight” hears the prices themselves, as far as they lie inside the scale, and plays under the "
    "same constraints."
)

_MUCH = 0.01

_TOGETHER = "The intervals of a table hold together with 95 %: over the customers drawn and over blocks of days."

_PAIRS = (
    "Each pair is there once: the forecast that earned more is the first, the combination always the second. The "
    "intervals are of differences on the same days with the same customers, over the customers drawn and over blocks "
    "of days; those of all pairs hold together with 95 %, so also for two that are picked because they earned most."
)

_FEW_PAIRS, _FEW_ROWS = 10, 12
"""Rows of a table of pairs up to which all are on the page; else those of the best forecast are, if they are so few."""

_CHOICES = (
    "What the choice was worth less than the best forecast; intervals as above. Agreement of ranks: Spearman’s "
    "correlation over the forecasts between the measure and money, 1 if they order all alike."
)


def _numbers_of_customers(ledger: Ledger) -> Iterator[str]:
    for name, number in ledger.agents.items():
        standing = float(ledger.weights[name].sum())
        yield f"{number:,} {name}" + ("" if standing == number else f" for {standing:,.6g}")


def _titled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(np.float64).T.rename_axis("forecast").reset_index()
