"""Earnings of risk-averse customers, in all and on their worst days, beside those of risk-neutral ones."""

import numpy as np
import pandas as pd

from omnisim.report.text import listing, signed_amount
from omnisim.statistics.paired import Difference
from omnisim.statistics.verdicts import BETTER, WORSE, verdicts
from omnisim.value.ledger import Ledger
from omnisim.value.risk import Risk
from omnisim.value.sources import CLIMATOLOGY, FORESIGHT

NEUTRAL, AVERSE = "risk-neutral", "risk-averse"


def averse_name(forecast: str) -> str:
    """Name of the player that a forecast is to risk-averse customers."""
    return f"{forecast}, {AVERSE}"


def risks(ledger: Ledger) -> pd.DataFrame:
    """One row per player and kind of customer: worth above climatology, and what the worst days brought in.

    Money of the worst days is per customer and day, each customer's own worst days; ``more`` is against climatology.
    """
    told = [(name, NEUTRAL, name) for name in (*ledger.forecasts, CLIMATOLOGY, FORESIGHT)]
    told += [(name, AVERSE, averse_name(name)) for name in _distributed(ledger)]
    players = [player for *_, player in told]
    worth = _compared(ledger, [(player, CLIMATOLOGY) for player in players], tails=False)
    more = _compared(ledger, [(player, CLIMATOLOGY) for player in players], tails=True)
    return pd.DataFrame(
        {
            "forecast": [name for name, *_ in told],
            "customers": [kind for _, kind, _ in told],
            **_columns("worth", worth),
            "worst_days": [float(ledger.worst_daily(player).sum(axis=1).mean()) for player in players],
            **_columns("worst_days_more", more),
        }
    )


def changes(ledger: Ledger) -> pd.DataFrame:
    """One row per distribution: what minding bad days changed in money a year, and in that of the worst days."""
    names = _distributed(ledger)
    pairs = [(averse_name(name), name) for name in names]
    found = {"earned": _compared(ledger, pairs, tails=False), "worst_days": _compared(ledger, pairs, tails=True)}
    frame = pd.DataFrame({"forecast": names})
    for key, each in found.items():
        values = np.array([one.mean for one in each])
        half = np.array([one.high - one.mean for one in each])
        for name, column in _columns(key, each).items():
            frame[name] = column
        frame[f"{key}_verdict"] = verdicts(values, half, larger_is_better=True)
    return frame


def said(changed: pd.DataFrame, risk: Risk, currency: str) -> str:
    """Sentence on the effects of minding bad days, forecast by forecast."""
    words = {BETTER: "more", WORSE: "less"}
    parts = []
    for row in changed.to_dict("records"):
        sure = [words.get(str(row[f"{key}_verdict"]), "not separated from 0") for key in ("earned", "worst_days")]
        parts.append(
            f"with {row['forecast']} {signed_amount(row['earned'])} {currency} per customer and year ({sure[0]}), and "
            f"{signed_amount(row['worst_days'])} {currency} a day on each customer’s {risk.worst} ({sure[1]})"
        )
    return f"Risk-averse customers earned, against risk-neutral ones, {listing(parts)}."


def _distributed(ledger: Ledger) -> list[str]:
    return [name for name in ledger.forecasts if averse_name(name) in ledger.players]


def _compared(ledger: Ledger, pairs: list[tuple[str, str]], *, tails: bool) -> list[Difference]:
    of = ledger.worst_daily if tails else ledger.daily
    return ledger.differences([(of(one), of(other), ledger.every) for one, other in pairs])


def _columns(key: str, found: list[Difference]) -> dict[str, list[float]]:
    return {
        key: [each.mean for each in found],
        f"{key}_low": [each.low for each in found],
        f"{key}_high": [each.high for each in found],
    }
