"""The two documents about the next delivery day: the forecast, and what every customer will do.

.. code-block:: text

    forecast    run, seed, delivery_day, currency, unit, forecaster
                horizon     days (T), played, first_day, last_day: the days that are over
                periods     a list: time, price (the forecast), within_scale (the same inside the range of the theory:
                            customers act on it, and guarantees are about it), and the forecast of each signal, under
                            its name
                guarantees  what is certified of the days that are over: the rows of certificates.json
    schedules   run, seed, delivery_day, currency, times
                customers   a list: population, customer, action, MW and MWh (one number a period, negative when feeding
                            in), and what the energy would bring in at the forecast, under the code of the currency, and
                            under the contract of the customer with "by contract" behind it

Customers that are away on that day, and populations without schedules, are not among them.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisim.analysis import Analysis
from omnisim.analysis.schedules import by_contract, customer_names, schedules
from omnisim.analysis.units import market_of
from omnisim.simulation.going_on import Eve
from omnisim.spreadsheets import to_csv
from omnisim.trace import Trace

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FORECAST, SCHEDULES = "forecast", "schedules"


@dataclass(frozen=True)
class Document:
    """A document about a delivery day.

    Attributes
    ----------
    kind
        ``"forecast"`` or ``"schedules"``.
    day
        The delivery day, such as ``"2022-07-01"``.
    content
        As plain JSON values.
    table
        The part of it that is a table, for spreadsheets.
    """

    kind: str
    day: str
    content: dict[str, Any]
    table: "pd.DataFrame"

    @property
    def text(self) -> str:
        """The content as JSON."""
        return json.dumps(self.content, ensure_ascii=False, allow_nan=False)

    @property
    def files(self) -> dict[str, bytes]:
        """The document as files, by name."""
        return {f"{self.kind}.json": self.text.encode("utf-8"), f"{self.kind}.csv": to_csv(self.table)}


def documents(analysis: Analysis, eve: Eve) -> tuple[Document, Document]:
    """The forecast of the next day, and the schedules of customers, after the days of the record."""
    assert eve.date is not None  # noqa: S101 (a run that goes on is one on days)
    day = str(eve.date)
    return (
        Document(FORECAST, day, *_forecast(analysis, eve)),
        Document(SCHEDULES, day, *_schedules(analysis.trace, eve)),
    )


def _forecast(analysis: Analysis, eve: Eve) -> "tuple[dict[str, Any], pd.DataFrame]":
    import pandas as pd

    trace = analysis.trace
    price, *signals = trace.blocks
    table = pd.DataFrame(
        {
            "time": _times(trace, eve),
            "price": price.values(eve.prediction),
            "within_scale": price.values(np.clip(eve.prediction, 0.0, 1.0)),
            **{block.name: block.values(eve.prediction) for block in signals},
        }
    )
    assert trace.dates is not None  # noqa: S101 (as above)
    content = _head(trace, eve) | {
        "unit": f"{_currency(trace)}/MWh",
        "forecaster": trace.about["forecaster"],
        "horizon": {
            "days": trace.horizon,
            "played": trace.rounds,
            "first_day": str(trace.dates[0]),
            "last_day": str(trace.dates[-1]),
        },
        "periods": table.to_dict("records"),
        "guarantees": json.loads(analysis.certificates.to_json(orient="records")),
    }
    return content, table


def _schedules(trace: Trace, eve: Eve) -> "tuple[dict[str, Any], pd.DataFrame]":
    import pandas as pd

    currency, times = _currency(trace), _times(trace, eve)
    tables: list[pd.DataFrame] = []
    for name, population in eve.populations.items():
        if population.load is None:
            continue
        names, agents = customer_names(trace.about, population), np.arange(population.agents)
        table: pa.Table = schedules(
            population, eve.actions[name][None], agents, names, np.array([eve.round]),
            np.array([eve.date]), eve.prediction[None], trace.blocks, currency=currency,
        )  # fmt: skip
        tables.append(table.to_pandas(categories=[]).astype({"population": str, "customer": str, "action": str}))
    if not tables:
        return _head(trace, eve) | {"times": times, "customers": []}, pd.DataFrame()
    whole = pd.concat(tables, ignore_index=True).drop(columns=["round", "period"])
    whole["time"] = whole["time"].dt.strftime(_TIME)
    customers = list(_customers(whole, len(times), currency))
    return _head(trace, eve) | {"times": times, "customers": customers}, whole


def _customers(table: "pd.DataFrame", periods: int, currency: str) -> Iterator[dict[str, Any]]:
    """One entry for each customer, whose rows stand together."""
    columns = {name: table[name].tolist() for name in table.columns}
    paid = columns[by_contract(currency)]
    for start in range(0, len(table), periods):
        own = slice(start, start + periods)
        yield {
            **{name: columns[name][start] for name in ("population", "customer", "action")},
            **{name: columns[name][own] for name in ("MW", "MWh")},
            currency: sum(columns[currency][own]),
            **({} if math.isnan(paid[start]) else {by_contract(currency): sum(paid[own])}),
        }


_TIME = "%Y-%m-%dT%H:%M"


def _head(trace: Trace, eve: Eve) -> dict[str, Any]:
    return {
        "run": trace.about.get("scenario"),
        "seed": trace.about["seed"],
        "delivery_day": str(eve.date),
        "currency": _currency(trace),
    }


def _currency(trace: Trace) -> str:
    return str(market_of(trace).get("currency", "EUR"))


def _times(trace: Trace, eve: Eve) -> list[str]:
    """Beginnings of the periods of the day, on the market's clock."""
    assert eve.date is not None  # noqa: S101 (as above)
    periods = trace.blocks[0].stop
    minutes = (np.arange(periods) * 1440 // periods).astype("timedelta64[m]")
    return [str(moment) for moment in eve.date.astype("datetime64[m]") + minutes]
