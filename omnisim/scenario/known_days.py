"""The days that a run has seen, in the file from which it goes on."""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from omnisim.market.data import Market, Signal

KnownDays: TypeAlias = Market
"""A market up to the last day that was played."""

_DATES, _PRICES = "market/dates", "market/prices"
_KINDS = ("features", "forecasts")
_WORDS = ("name", "currency", "attribution", "notes", "warnings")


def stored(market: KnownDays) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Store the days as plain JSON, and their arrays by name."""
    about: dict[str, Any] = {key: getattr(market, key) for key in _WORDS}
    arrays = {_DATES: market.dates.astype(np.int64), _PRICES: np.array(market.prices)}
    for kind in _KINDS:
        about[kind] = list(getattr(market, kind))
        arrays |= {f"market/{kind}/{i}": np.array(values) for i, values in enumerate(getattr(market, kind).values())}
    about["signals"] = [
        {"name": name, "unit": signal.unit, "cap": signal.cap, "forecast": signal.forecast is not None}
        for name, signal in market.signals.items()
    ]
    for i, signal in enumerate(market.signals.values()):
        arrays[f"market/signals/{i}"] = np.array(signal.series)
        if signal.forecast is not None:
            arrays[f"market/signals/{i}/forecast"] = np.array(signal.forecast)
    return json.loads(json.dumps(about)), arrays


def restored(about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> KnownDays:
    """The days of which a file says that.

    Raises
    ------
    KeyError, DataError
        If something is missing, or is no market.
    """
    columns = {kind: {key: arrays[f"market/{kind}/{i}"] for i, key in enumerate(about[kind])} for kind in _KINDS}
    signals = {
        each["name"]: Signal(
            arrays[f"market/signals/{i}"],
            each["unit"],
            arrays[f"market/signals/{i}/forecast"] if each["forecast"] else None,
            each["cap"],
        )
        for i, each in enumerate(about.get("signals", ()))
    }
    return Market(
        about["name"],
        arrays[_DATES].astype("datetime64[D]"),
        arrays[_PRICES],
        about["currency"],
        columns["features"],
        columns["forecasts"],
        signals=signals,
        attribution=about["attribution"],
        notes=tuple(about["notes"]),
        warnings=tuple(about["warnings"]),
    )
