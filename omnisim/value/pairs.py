"""Differences in worth between the forecasts themselves, pair by pair, and sentences on them."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from omnisim.report.text import amount, interval, listing, signed_amount
from omnisim.statistics.paired import Difference
from omnisim.statistics.verdicts import BETTER, NOT_SEPARATED, WORSE, verdicts
from omnisim.value.ledger import Ledger
from omnisim.value.measures import earned
from omnisim.value.sources import COMBINATION

SAME = "the same"
"""Verdict where customers earned the same on every day, which nothing needs to be judged about."""

_SAID = {BETTER: "better", WORSE: "worse", NOT_SEPARATED: "not told apart", SAME: SAME, "": "no interval"}


def ranked(ledger: Ledger) -> list[str]:
    """The forecasts, the one that earned most first, and behind them the combination if it was played."""
    money = earned(ledger, ledger.every)
    names = sorted(ledger.forecasts, key=lambda name: -money[name])
    return [*names, *(name for name in [COMBINATION] if name in ledger.players)]


def differences(ledger: Ledger) -> pd.DataFrame:
    """One row per pair of forecasts: what the first is worth more than the second to all customers.

    Of two forecasts the one that earned more is the first; the combination is always the second. The rows of the best
    forecast come first, in the order in which the others earned. Intervals hold together for all pairs, so also for
    two that are picked because of what they earned.
    """
    pairs = [*combinations(ranked(ledger), 2)]
    return _table(ledger, pd.DataFrame(pairs, columns=["forecast", "against"]), [None] * len(pairs))


def differences_by_population(ledger: Ledger) -> pd.DataFrame:
    """One row per pair and population, in the order of the pairs; empty where there is one population only."""
    if len(ledger.agents) < 2:
        return pd.DataFrame()
    rows = [(*pair, population) for pair in combinations(ranked(ledger), 2) for population in ledger.agents]
    labels = pd.DataFrame(rows, columns=["forecast", "against", "population"])
    return _table(ledger, labels, [population for *_, population in rows])


def leading(table: pd.DataFrame, currency: str) -> str:
    """Sentence on the two forecasts that earned most."""
    row = table.iloc[0].to_dict()
    first, second, verdict = str(row["forecast"]), str(row["against"]), str(row["verdict"])
    unit = f"{currency} per customer and year"
    size, ends = amount(row["difference"]), interval(row["low"], row["high"], amount)
    if verdict == SAME:
        return f"{first} and {second} were worth the same: on every day, customers earned as much with either."
    close = size == "0"
    if close:
        size = "less than 0.01"
    if verdict == BETTER:
        size = size if close else f"{size} {ends}"
        return f"{first} was worth {size} {unit} more than {second}."
    if verdict == NOT_SEPARATED:
        lead = "they differed by" if close else f"{first} was worth"
        return f"{first} and {second} are not told apart: {lead} {size} {ends} {unit}{'' if close else ' more'}."
    lead = f"{first} and {second} differed by" if close else f"{first} was worth"
    return (
        f"{lead} {size} {unit}{'' if close else f' more than {second}'} on these days, of which no interval can be "
        "formed: nothing follows for other days."
    )


def of_the_best(table: pd.DataFrame) -> str:
    """Sentence on who is told apart from the forecast that earned most; "" where there is one other only."""
    best = str(table["forecast"].iloc[0])
    others = table[table["forecast"] == best]
    if len(others) < 2:
        return ""
    told = {
        BETTER: f"worth less than {best}",
        WORSE: f"worth more than {best}",
        NOT_SEPARATED: f"not told apart from {best}",
        SAME: f"worth the same as {best}",
        "": f"not judged against {best}, for want of an interval",
    }
    parts = []
    for verdict, words in told.items():
        names = [str(name) for name in others.loc[others["verdict"] == verdict, "against"]]
        if names:
            parts.append(f"{words}: {listing(names)}")
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


def of_the_leading(parted: pd.DataFrame, currency: str) -> str:
    """Sentence on the difference between the two forecasts that earned most, by population."""
    first, second = (str(parted[key].iloc[0]) for key in ("forecast", "against"))
    rows = parted[(parted["forecast"] == first) & (parted["against"] == second)]
    parts = []
    for row in rows.to_dict("records"):
        ends = "" if row["low"] != row["low"] else f" {interval(row['low'], row['high'], signed_amount)}"
        parts.append(f"{row['population']} {signed_amount(row['difference'])}{ends} ({_SAID[str(row['verdict'])]})")
    return f"{first} less {second} by population, in {currency} per customer and year: {'; '.join(parts)}."


def _table(ledger: Ledger, labels: pd.DataFrame, populations: Sequence[str | None]) -> pd.DataFrame:
    """The labels with the differences of their rows, all of which are one family."""
    every = {
        (name, population): ledger.daily(name, population)
        for name in ranked(ledger)
        for population in dict.fromkeys(populations)
    }
    daily = [
        (every[first, population], every[second, population], ledger.every)
        for first, second, population in zip(labels["forecast"], labels["against"], populations, strict=True)
    ]
    found = ledger.differences(daily)
    same = [np.array_equal(first, second) for first, second, _ in daily]
    customers = np.array([ledger.standing(population) for population in populations])
    value = np.array([each.mean for each in found])
    labels["difference"] = value
    labels["low"] = [each.low for each in found]
    labels["high"] = [each.high for each in found]
    labels["verdict"] = _judged(found, same)
    labels["sum_of_customers"] = value * customers
    return labels


def _judged(found: Sequence[Difference], same: Sequence[bool]) -> list[str]:
    value, half = np.array([each.mean for each in found]), np.array([each.high - each.mean for each in found])
    judged = verdicts(value, half, larger_is_better=True)
    return [SAME if alike else verdict for verdict, alike in zip(judged, same, strict=True)]
