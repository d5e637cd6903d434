"""Gain possible beyond the best forecast, and the cost of errors."""

import numpy as np
import pandas as pd

from omnisim.statistics.verdicts import verdicts
from omnisim.value.ledger import Ledger
from omnisim.value.measures import EARNED, chosen, earned
from omnisim.value.plays import wrong_by
from omnisim.value.sources import CLIMATOLOGY, COMBINATION, FORESIGHT

HINDSIGHT = "best forecast each day for each customer, by hindsight"


def added(ledger: Ledger) -> pd.DataFrame:
    """One row each: what the online combination, the upper limit and foresight earn more than the best forecast.

    The best forecast is the one that earned most over all days, which is known only afterwards.
    """
    best = chosen(EARNED, earned(ledger, ledger.every))
    daily = {name: ledger.daily(name) for name in (COMBINATION, FORESIGHT) if name in ledger.players}
    daily = {**{k: v for k, v in daily.items() if k == COMBINATION}, HINDSIGHT: ledger.hindsight(), **daily}
    base = ledger.daily(best)
    found = ledger.differences([(values, base, ledger.every) for values in daily.values()])
    mean, half = (np.array(each) for each in zip(*((d.mean, d.high - d.mean) for d in found), strict=True))
    return pd.DataFrame(
        {
            "player": list(daily),
            "more_than": best,
            "added": mean,
            "low": [each.low for each in found],
            "high": [each.high for each in found],
            "verdict": verdicts(mean, half, larger_is_better=True),
        }
    )


def cost_of_errors(ledger: Ledger, sizes: list[float]) -> pd.DataFrame:
    """One row per size of the errors, and one per forecast: mean absolute error, and worth above climatology.

    Foresight is the row of size 0.
    """
    made_up = [(FORESIGHT, 0.0), *((wrong_by(size), size) for size in sizes)]
    truth = ledger.market.prices
    own = [(name, float(np.abs(ledger.market.forecasts[name] - truth).mean())) for name in ledger.forecasts]
    rows = [*made_up, *own]
    base, foresight = ledger.daily(CLIMATOLOGY), ledger.daily(FORESIGHT)
    worth = ledger.differences([(ledger.daily(name), base, ledger.every) for name, _ in rows])
    cost = ledger.differences([(foresight, ledger.daily(name), ledger.every) for name, _ in rows])
    return pd.DataFrame(
        {
            "player": [name for name, _ in rows],
            "made_up": [True] * len(made_up) + [False] * len(own),
            "mean_absolute_error": [size for _, size in rows],
            "worth": [each.mean for each in worth],
            "low": [each.low for each in worth],
            "high": [each.high for each in worth],
            "below_foresight": [each.mean for each in cost],
            "below_low": [each.low for each in cost],
            "below_high": [each.high for each in cost],
        }
    )
