"""Price spikes as a market: a contract that pays on days with a spike and not on others, one outcome a day."""

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.elementary import asinh
from omnisim.errors import DataError
from omnisim.market.data import Market
from omnisim.market.ercot import load_ercot
from omnisim.signatures import held_to_types


@held_to_types(DataError)
def load_ercot_spikes(
    series: str = "hb_houston", quantile: float = 0.9, window: int = 60, payout: float = 100.0
) -> Market:
    """Load spike contracts on ERCOT day-ahead prices; see :func:`spike_contracts`.

    Parameters
    ----------
    series
        One of :data:`ERCOT_SERIES`.
    quantile
        In (0, 1): a spike is above this quantile of the highest prices of the days before.
    window
        How many days before, >= 7.
    payout
        What the contract pays on a day with a spike, in money per MWh, > 0.

    Examples
    --------
    >>> market = load_ercot_spikes()
    >>> market.days, market.resolution, str(market.dates[0]), sorted(set(market.prices.ravel().tolist()))
    (670, 'day', '2021-03-02', [0.0, 100.0])
    """
    return spike_contracts(load_ercot(series), quantile, window, payout)


@held_to_types(DataError)
def spike_contracts(market: Market, quantile: float = 0.9, window: int = 60, payout: float = 100.0) -> Market:
    """A contract for each day that settles at ``payout`` if the day has a spike, and at 0 if not.

    A day has a spike if its highest price is above the quantile of the highest prices of the ``window`` days before it.

    Parameters
    ----------
    market
        With hourly prices, or one a day.
    quantile
        In (0, 1).
    window
        In days, >= 7. The first days of the market serve as the window of the first contract.
    payout
        In money per MWh, > 0.

    Returns
    -------
    Market
        With one price a day. Its features are known the day before: the highest price ``yesterday`` and ``a_week_ago``
        and the mean price yesterday, each as asinh((price - middle) / (threshold - middle)) with the middle the median
        of the window's highest prices, and the share of days with a spike in the last 7 days.

    Raises
    ------
    DataError
        If a parameter is out of its range, or the market has too few days.
    """
    if not 0 < quantile < 1:
        raise DataError(f"quantile of a spike must lie between 0 and 1, both excluded, got {quantile}")
    if window < 7:
        raise DataError(f"window of a spike must be at least 7 days, got {window}")
    payout = float(payout)  # numpy takes no whole number that is too long for it
    if not (np.isfinite(payout) and payout > 0):
        raise DataError(f"payout of a spike contract must be a finite number > 0, got {payout}")
    if market.days <= window + 7:
        raise DataError(
            f"{market.name} has {market.days} days: a spike needs more than {window + 7} with window {window}"
        )
    highest, mean = market.prices.max(axis=1), market.prices.mean(axis=1)
    recent = np.lib.stride_tricks.sliding_window_view(highest[:-1], window)
    threshold, middle = np.quantile(recent, quantile, axis=1), np.median(recent, axis=1)
    days = np.arange(window, market.days)
    spike = highest[days] > threshold
    unit = np.maximum(threshold - middle, _LEAST_UNIT)

    def relative(prices: FloatArray) -> FloatArray:
        return asinh((prices - middle) / unit)[:, None]

    features = {
        "highest_yesterday": relative(highest[days - 1]),
        "highest_a_week_ago": relative(highest[days - 7]),
        "mean_yesterday": relative(mean[days - 1]),
        "recent_spikes": _share_of_last_week(spike)[:, None],
    }
    return Market(
        f"spikes of {market.name}",
        market.dates[window:],
        payout * spike.astype(np.float64)[:, None],
        market.currency,
        features=features,
        attribution=market.attribution,
        notes=(
            _told(spike, payout, quantile, window),
            *market.notes,
        ),
    )


_LEAST_UNIT = 1.0
"""Distance, in money per MWh, from the median to the threshold that features are at least measured in."""


def _told(spike: BoolArray, payout: float, quantile: float, window: int) -> str:
    return (
        f"a contract pays {payout:g} on days whose highest price is above the {quantile:.0%} quantile of the highest "
        f"prices of the {window} days before: {int(spike.sum())} of {len(spike)} days"
    )


def _share_of_last_week(spike: BoolArray) -> FloatArray:
    counts = np.concatenate([[0], spike.cumsum()])
    days = np.arange(len(spike))
    first = np.maximum(days - 7, 0)
    return np.asarray((counts[days] - counts[first]) / 7)
