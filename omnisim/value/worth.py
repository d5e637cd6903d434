"""Worth of each forecast above climatology: in all, by population, by kind of day, and customer by customer."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from omnisim.arrays import BoolArray
from omnisim.statistics.gains import Gains, change
from omnisim.statistics.paired import Difference
from omnisim.statistics.verdicts import verdicts
from omnisim.value.ledger import Ledger
from omnisim.value.sources import CLIMATOLOGY, COMBINATION, FORESIGHT

ALL = "all customers"

SATURDAY = 5


def told_players(ledger: Ledger) -> list[str]:
    """The forecasts, the combination if it was played, and perfect foresight."""
    return [name for name in (*ledger.forecasts, COMBINATION, FORESIGHT) if name in ledger.players]


def splits(ledger: Ledger) -> dict[str, dict[str, BoolArray]]:
    """Groups of days (T,), by the property that tells them apart; empty groups are left out.

    Only weekdays are known beforehand. Price levels (thirds of the days by their mean price) and negative prices are
    those that came.
    """
    weekday = (ledger.dates.astype("datetime64[D]").astype(np.int64) + 3) % 7
    means = ledger.market.prices.mean(axis=1)
    # By rank, so that the thirds are as equal as can be whatever is tied.
    third = np.argsort(np.argsort(means, kind="stable"), kind="stable") * 3 // len(means)
    negative = ledger.market.prices.min(axis=1) < 0
    found = {
        "day of the week": {"Monday to Friday": weekday < SATURDAY, "weekend": weekday >= SATURDAY},
        "price level": {name: third == k for k, name in enumerate(("cheap third", "middle third", "dear third"))},
        "negative prices": {"with a negative price": negative, "without": ~negative},
    }
    return {kind: {name: days for name, days in groups.items() if days.any()} for kind, groups in found.items()}


def overall(ledger: Ledger) -> pd.DataFrame:
    """One row per player: worth above climatology over all customers, its interval, and the share of foresight's."""
    names = told_players(ledger)
    base = ledger.daily(CLIMATOLOGY)
    found = ledger.differences([(ledger.daily(name), base, ledger.every) for name in names])
    frame = pd.DataFrame({"forecast": names, **_columns(found)})
    whole = found[names.index(FORESIGHT)].mean
    frame.insert(2, "percent_of_foresight", [100 * each.mean / whole if whole > 0 else np.nan for each in found])
    return frame


def by_population(ledger: Ledger) -> pd.DataFrame:
    """One row per player and population."""
    rows = [(name, population) for name in told_players(ledger) for population in ledger.agents]
    found = ledger.differences(
        [(ledger.daily(name, p), ledger.daily(CLIMATOLOGY, p), ledger.every) for name, p in rows]
    )
    return _labelled(["forecast", "population"], rows, found)


def by_days(ledger: Ledger) -> pd.DataFrame:
    """One row per player and group of days: the part of its worth in a year that is earned on them."""
    groups = [(kind, name, days) for kind, named in splits(ledger).items() for name, days in named.items()]
    rows = [(player, *group) for player in told_players(ledger) for group in groups]
    base = ledger.daily(CLIMATOLOGY)
    found = ledger.differences([(ledger.daily(player), base, days) for player, _, _, days in rows])
    frame = _labelled(["forecast", "told_apart_by", "days"], [row[:3] for row in rows], found)
    frame.insert(3, "number", [int(days.sum()) for *_, days in rows])
    return frame


def by_customer(ledger: Ledger) -> pd.DataFrame:
    """One row per player, population, seed and customer: worth in a year to one of those that it stands for."""
    return pd.concat(list(_customers(ledger)), ignore_index=True)


def winners(ledger: Ledger) -> pd.DataFrame:
    """One row per player and population: how many customers gain and lose, and how much.

    Customers are counted once a seed, however many each stands for.
    """
    rows = []
    for player in told_players(ledger):
        more = change(ledger.by_customer(player), ledger.by_customer(CLIMATOLOGY))
        places = {ALL: slice(None)} if len(ledger.agents) > 1 else {}
        for name, where in [*((p, ledger.of_population(p)) for p in ledger.agents), *places.items()]:
            found = Gains.of(more[:, where].ravel(), paid=True)
            quantiles = {title: found.quantiles[key] for title, key in _QUANTILES.items()}
            counted = found.wins + found.losses + found.ties
            rows.append(
                {
                    "forecast": player, "population": name, "customers": counted, "gain": found.wins,
                    "lose": found.losses, **quantiles,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


_QUANTILES = {"worst": "q00", "lowest_quarter": "q25", "median": "q50", "highest_quarter": "q75", "best": "q100"}


def _customers(ledger: Ledger) -> Iterator[pd.DataFrame]:
    before = ledger.by_customer(CLIMATOLOGY)
    for player in told_players(ledger):
        more = change(ledger.by_customer(player), before)
        for population in ledger.agents:
            part = more[:, ledger.of_population(population)]
            seed, customer = (axis.ravel() for axis in np.indices(part.shape))
            names = np.array(ledger.names[population], dtype=object)
            yield pd.DataFrame(
                {"forecast": player, "population": population, "seed": seed, "customer": customer,
                 "name": names[customer], "stands_for": ledger.weights[population][customer], "worth": part.ravel()}
            )  # fmt: skip


def _columns(found: Sequence[Difference]) -> dict[str, object]:
    value = np.array([each.mean for each in found])
    half = np.array([each.high - each.mean for each in found])
    return {
        "worth": value,
        "low": [each.low for each in found],
        "high": [each.high for each in found],
        "verdict": verdicts(value, half, larger_is_better=True),
    }


def _labelled(names: Sequence[str], rows: Sequence[tuple[object, ...]], found: Sequence[Difference]) -> pd.DataFrame:
    labels = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return pd.DataFrame(labels | _columns(found))
