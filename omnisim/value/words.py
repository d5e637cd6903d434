"""Findings in sentences: first the worth of each forecast."""

from collections.abc import Iterator

import pandas as pd

from omnisim.report.study.results import Finding
from omnisim.report.text import amount, count, interval, listing, percent, signed_amount
from omnisim.statistics.verdicts import BETTER, NOT_SEPARATED, WORSE
from omnisim.value.sources import COMBINATION, FORESIGHT

_HOLDS = {BETTER: True, WORSE: False}

_SAID = {BETTER: "better", WORSE: "worse", NOT_SEPARATED: "not separated from 0", "": "no interval"}


def headline(overall: pd.DataFrame, best: str, currency: str, lead: str = "") -> str:
    """Sentence on the worth of the best forecast and its share of that of perfect foresight, after one on its lead."""
    rows = {str(row["forecast"]): row for row in overall.to_dict("records")}
    own, foresight = rows[best], rows[FORESIGHT]
    worth, said = signed_amount(own["worth"]), _SAID[str(own["verdict"])]
    first = (
        f"{lead} Against climatology {best} was worth {worth} ({said})"
        if lead
        else f"{best} was worth {worth} {currency} per customer and year against climatology ({said})"
    )
    if foresight["worth"] > 0:
        first += (
            f": {percent(own['worth'] / foresight['worth'])} of the {amount(foresight['worth'])} that perfect "
            "foresight was worth"
        )
    return f"{first}."


def findings(overall: pd.DataFrame, people: pd.DataFrame, currency: str) -> Iterator[Finding]:
    """A sentence per player: worth, interval, verdict, and who loses."""
    # The last row of each is that of all customers.
    counted = {str(row["forecast"]): row for row in people.to_dict("records")}
    for row in overall.to_dict("records"):
        name, verdict = str(row["forecast"]), str(row["verdict"])
        share = row["percent_of_foresight"]
        measured = f"{name}: {signed_amount(row['worth'])} {currency} per customer and year"
        if verdict:
            measured += f" {interval(row['low'], row['high'], signed_amount)}"
        if name != FORESIGHT and share == share:
            measured += f", {percent(share / 100)} of what perfect foresight is worth"
        lose, customers = int(counted[name]["lose"]), count(int(counted[name]["customers"]), "customer")
        measured += (
            f"; {lose:,} of {customers} {'loses' if lose == 1 else 'lose'} by it." if lose else "; nobody loses."
        )
        subject = name if name in (FORESIGHT, COMBINATION) else "the forecasts"
        yield Finding(subject, "", measured, _HOLDS.get(verdict))


def of_measures(choices: pd.DataFrame, currency: str) -> str:
    """Sentence on the measures that chose the forecast worth most, and on the cost of the choices of the others."""
    best = str(choices["best"].iloc[0])
    right = [str(m) for m in choices.loc[choices["chooses"] == best, "measure"]]
    said = f"{best} was worth most. " + (
        f"It is the choice of {listing(right)}." if right else "No measure would have chosen it."
    )
    parts = []
    for name, rows in choices[choices["chooses"] != best].groupby("chooses", sort=False):
        row = rows.iloc[0].to_dict()
        sure = "a difference that is sure" if row["verdict"] == WORSE else "not separated from 0"
        parts.append(
            f"{name} by {listing([str(m) for m in rows['measure']])} ({amount(row['below_the_best'])} {currency} per "
            f"customer and year less, {sure})"
        )
    return said + (f" Others would have been chosen: {'; '.join(parts)}." if parts else "")


def of_populations(parted: pd.DataFrame) -> str:
    """Sentence on the measures that chose the right forecast for each population, and for all of them."""
    parts, always = [], set(parted["measure"])
    for population, rows in parted.groupby("population", sort=False):
        right = [str(measure) for measure in rows.loc[rows["chooses"] == rows["best"], "measure"]]
        always &= set(right)
        parts.append(f"{population} {rows['best'].iloc[0]} (the choice of {len(right)} of {len(rows)} measures)")
    every = [str(measure) for measure in dict.fromkeys(parted["measure"]) if measure in always]
    said = f"By population, most was earned with: {'; '.join(parts)}. "
    return said + (f"Right for all of them: {listing(every)}." if every else "No measure is right for all of them.")


def of_addition(added: pd.DataFrame, currency: str) -> str:
    """Sentence on the gain that combining could have added to the best forecast."""
    parts = [
        f"{row['player']} {signed_amount(row['added'])} ({_SAID[str(row['verdict'])]})"
        for row in added.to_dict("records")
    ]
    best = str(added["more_than"].iloc[0])
    return f"Beside {best}, in {currency} per customer and year: {listing(parts)}."
