"""The daily features that a rule of a scenario file can name.

Every one is known before the prices of the day are: the calendar (``weekday``, 0 for Monday to 6 for Sunday; ``month``,
1 to 12; ``day_of_year``, 1 to 366), yesterday's prices, a forecast of today's, and whatever day-ahead features and
published forecasts the market's data hold.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import ScenarioError
from omnisim.market import Market, Scaling
from omnisim.problem.context import Past, Service
from omnisim.strategies.forecasters import RidgeAutoregression
from omnisim.suggest import nearest
from omnisim.threads import at_most_threads

YESTERDAY_PRICE = "yesterday_price"
"""Mean price of the day before, per MWh; on the first day of the data, that day's own is not known: NaN."""

PRICE_FORECAST = "price_forecast"
"""Mean price forecast for the day, per MWh.

The mean of the market's published forecasts where there are any, else of the ridge baseline computed day by day from
what was known (refitted once a week).
"""


def rule_features(
    market: Market | None, scaling: Scaling, wanted: AbstractSet[str], published: Sequence[str] = ()
) -> dict[str, FloatArray]:
    """The features (D,) of all days of the market; slow ones are computed only if wanted.

    Beside them rules can name what the adversary has ``published``.

    Raises
    ------
    ScenarioError
        If rules are used on a market without days.
    """
    if market is None:
        if wanted:
            name = min(wanted)
            raise ScenarioError(
                f"subsequences: a rule names the feature {name!r}{nearest(name, published)}; a synthetic market has no "
                "calendar, and no features but what its adversary publishes (adversary.publishes)"
                if published
                else f"subsequences: a rule names the feature {name!r}, but a synthetic market has no calendar, and no "
                "features but what its adversary publishes (adversary.publishes, nothing here); use true"
            )
        return {}
    days = market.dates.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    found: dict[str, FloatArray] = {
        # 1970-01-01 was a Thursday.
        "weekday": ((days.astype(np.int64) + 3) % 7).astype(np.float64),
        "month": (months.astype(np.int64) % 12 + 1).astype(np.float64),
        "day_of_year": (days - days.astype("datetime64[Y]")).astype(np.float64) + 1,
        YESTERDAY_PRICE: np.concatenate([[np.nan], market.prices[:-1].mean(axis=1)]),
        PRICE_FORECAST: np.empty(0),
    }
    own = {**market.features, **market.forecasts}
    for name, values in own.items():
        found[name] = values.mean(axis=1)
    if PRICE_FORECAST in wanted and PRICE_FORECAST not in own:
        found[PRICE_FORECAST] = _price_forecast(market, scaling)
    return found


def _price_forecast(market: Market, scaling: Scaling) -> FloatArray:
    if market.forecasts:
        return np.asarray(np.mean([f.mean(axis=1) for f in market.forecasts.values()], axis=0))
    ridge = RidgeAutoregression(refit_every=7)
    ridge.start(Service(dimension=market.prices.shape[1]))
    outcomes = scaling.outcomes(market.prices)[0]
    days = Past(outcomes, market.dates, market.features)
    forecast = np.empty(len(outcomes))
    with at_most_threads(1):  # as in simulate: rounding may depend on the number of threads
        for day, outcome in enumerate(outcomes):
            forecast[day] = scaling.prices(ridge.predict(days.context(day)).mean).mean()
            ridge.update(outcome)
    return forecast
