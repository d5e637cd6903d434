"""A market: the prices of a run of delivery days, period by period, and what was known before them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from omnisim.arrays import BoolArray, DateArray, FloatArray, finite, freeze
from omnisim.errors import DataError
from omnisim.market.distributions import Distribution
from omnisim.market.scaling import Scaling, fitting
from omnisim.refusing import among
from omnisim.suggest import nearest
from omnisim.wording import count, in_short

HOURS = 24
"""Hours of a delivery day on the market's clock; clock changes are resolved by a declared policy."""

Resolution: TypeAlias = Literal["hour", "30min", "15min", "5min", "day"]

MINUTES: Mapping[Resolution, int] = MappingProxyType({"hour": 60, "30min": 30, "15min": 15, "5min": 5, "day": 1440})
"""Length of a period, for each resolution."""

PRICES_A_DAY: Mapping[Resolution, int] = MappingProxyType({name: 1440 // length for name, length in MINUTES.items()})
"""H, the number of periods of a delivery day, which is the dimension of its outcome."""

RESOLUTIONS: Mapping[int, Resolution] = MappingProxyType({number: name for name, number in PRICES_A_DAY.items()})
"""The resolution with so many periods a day."""

Day: TypeAlias = str | dt.date | np.datetime64


@dataclass(frozen=True, eq=False)
class Signal:
    """A series beside the prices, revealed with them.

    Attributes
    ----------
    series : (D, H)
        In ``unit``.
    unit
        Something per MWh.
    forecast : (D, H) or None
        What was forecast of it the day before; None where nothing was.
    cap
        Where it is the price with a cap: that.
    """

    series: FloatArray
    unit: str
    forecast: FloatArray | None = None
    cap: float | None = None

    def of_days(self, kept: BoolArray | slice) -> "Signal":
        """The same on some of the days."""
        return replace(self, series=self.series[kept], forecast=None if self.forecast is None else self.forecast[kept])

    @property
    def told(self) -> FloatArray:
        """Values known the day before, (D, H): the forecast of the signal, or its values of the day before."""
        return np.concatenate([self.series[:1], self.series[:-1]]) if self.forecast is None else self.forecast


@dataclass(frozen=True, eq=False, repr=False)
class Market:
    """Prices, features and published forecasts of D delivery days with H prices each: 24, 48, 96, 288, or one.

    Parameters
    ----------
    name
        Of the market, for titles.
    dates : (D,) datetime64[D]
        Local delivery days, increasing. They are consecutive, unless the policy ``missing="drop_day"`` left
        days out (``notes`` then names them): the day before day t is the day kept before it.
    prices : (D, H)
        In ``currency`` per MWh.
    currency
        Name of the money.
    features
        Name -> (D, H): values known before the prices, such as a load forecast in MW.
    forecasts
        Name of a model -> (D, H): its day-ahead forecasts of the prices, in ``currency`` per MWh.
    next_day
        Name of a feature or a forecast -> (H,): what is known of the day after the last one, which has no prices yet.
    attribution
        Whose data this is.
    notes
        One plain sentence for everything a policy did to the data.
    warnings
        One plain sentence for everything that is likely wrong with how the data were read, with the key that settles
        it either way.
    signals
        Name -> :class:`Signal`: series beside the prices, such as the carbon intensity of each period.
    distributions
        Name of a forecast -> the distributions whose means it is, in ``currency`` per MWh, where there are any.

    Raises
    ------
    DataError
        If shapes disagree, a number is not finite, or the days do not increase.

    Examples
    --------
    >>> dates = np.arange("2021-01-01", "2021-01-04", dtype="datetime64[D]")
    >>> market = Market("flat", dates, np.ones((3, 24)))
    >>> market.days
    3
    >>> market.between("2021-01-02", None).dates
    array(['2021-01-02', '2021-01-03'], dtype='datetime64[D]')
    """

    name: str
    dates: DateArray
    prices: FloatArray
    currency: str = "EUR"
    features: Mapping[str, FloatArray] = field(default_factory=dict)
    forecasts: Mapping[str, FloatArray] = field(default_factory=dict)
    next_day: Mapping[str, FloatArray] = field(default_factory=dict)
    attribution: str = ""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    signals: Mapping[str, Signal] = field(default_factory=dict)
    distributions: Mapping[str, Distribution] = field(default_factory=dict)

    def __post_init__(self) -> None:
        dates = np.array(self.dates, dtype="datetime64[D]")
        if dates.ndim != 1 or not len(dates):
            raise DataError(f"{self.name}: dates must be at least one day, of shape (D,), got {dates.shape}")
        if np.isnat(dates).any() or (np.diff(dates) <= np.timedelta64(0, "D")).any():
            raise DataError(f"{self.name}: dates must increase from day to day")
        a_day = np.shape(self.prices)[1:]
        # Any other number of prices is refused below, as if 24 were meant.
        shape = (len(dates), a_day[0] if len(a_day) == 1 and a_day[0] in RESOLUTIONS else HOURS)
        object.__setattr__(self, "dates", freeze(dates))
        object.__setattr__(self, "prices", finite(f"prices of {self.name}", self.prices, shape, error=DataError))
        for kind in ("features", "forecasts"):
            checked = {
                key: finite(f"{kind} {key!r} of {self.name}", value, shape, error=DataError)
                for key, value in getattr(self, kind).items()
            }
            object.__setattr__(self, kind, MappingProxyType(checked))
        ahead = {
            key: finite(f"{key!r} of the next day of {self.name}", value, shape[1:], error=DataError)
            for key, value in self.next_day.items()
        }
        object.__setattr__(self, "next_day", MappingProxyType(ahead))
        signals = {
            key: replace(
                signal,
                series=finite(f"signal {key!r} of {self.name}", signal.series, shape, error=DataError),
                forecast=None
                if signal.forecast is None
                else finite(f"forecast of signal {key!r} of {self.name}", signal.forecast, shape, error=DataError),
            )
            for key, signal in self.signals.items()
        }
        object.__setattr__(self, "signals", MappingProxyType(signals))
        for key, distribution in self.distributions.items():
            if key not in self.forecasts or distribution.shape != shape:
                raise DataError(
                    f"distribution {key!r} of {self.name} must be that of a forecast, of shape {shape}, got "
                    f"{distribution.shape}"
                )
        object.__setattr__(self, "distributions", MappingProxyType(dict(self.distributions)))

    def __repr__(self) -> str:
        days = f"{count(self.days, 'day')}, {self.dates[0]} to {self.dates[-1]}"
        return f"<Market {self.name!r}: {count(self.prices.shape[1], 'price')} a day in {self.currency}/MWh, {days}>"

    @property
    def days(self) -> int:
        """D, the number of delivery days."""
        return len(self.dates)

    @property
    def resolution(self) -> Resolution:
        """Time between prices: an hour, a half-hour, a quarter of an hour, five minutes, or a day."""
        return RESOLUTIONS[self.prices.shape[1]]

    @property
    def scaling(self) -> Scaling:
        """A range that fits all of its prices, with room; a scenario file chooses one from the past instead."""
        return Scaling(*fitting(self.prices), self.currency)

    def at(self, resolution: Resolution) -> "Market":
        """Convert the market to another resolution: prices (features, forecasts) are averaged, or repeated.

        Periods of which several make one are averaged; a period that makes several is repeated. Quantiles of several
        periods cannot be averaged, which is a :class:`DataError`.

        >>> dates = np.array(["2021-01-01"], dtype="datetime64[D]")
        >>> hourly = Market("up", dates, np.arange(24.0)[None])
        >>> hourly.at("day").prices, hourly.at("15min").prices[0, :6]
        (array([[11.5]]), array([0., 0., 0., 0., 1., 1.]))
        """
        among("resolution of a market", resolution, PRICES_A_DAY, DataError)
        number = PRICES_A_DAY[resolution]
        return replace(
            self,
            prices=in_periods(self.prices, number),
            features={name: in_periods(values, number) for name, values in self.features.items()},
            forecasts={name: in_periods(values, number) for name, values in self.forecasts.items()},
            next_day={name: in_periods(values[None], number)[0] for name, values in self.next_day.items()},
            signals={
                name: replace(
                    signal,
                    series=in_periods(signal.series, number),
                    forecast=None if signal.forecast is None else in_periods(signal.forecast, number),
                )
                for name, signal in self.signals.items()
            },
            distributions={name: each.in_periods(number) for name, each in self.distributions.items()},
        )

    def feature(self, name: str) -> FloatArray:
        """The feature of that name, (D, H), or a :class:`DataError` that names the nearest one."""
        return self._pick("feature", self.features, name)

    def forecast(self, name: str) -> FloatArray:
        """The forecast of that model, (D, H), or a :class:`DataError` that names the nearest one."""
        return self._pick("forecast", self.forecasts, name)

    def between(self, start: Day | None, end: Day | None) -> "Market":
        """The days from ``start`` to ``end``, both included; None is the first or the last day there is.

        Raises
        ------
        DataError
            If a day cannot be read, lies outside the data, or ``start`` comes after ``end``; the days that
            are available are named.
        """
        first = self.dates[0] if start is None else self._day("start", start)
        last = self.dates[-1] if end is None else self._day("end", end)
        if first > last:
            raise DataError(f"{self.name}: start {first} comes after end {last}; {self._available()}")
        for bound, day in (("start", first), ("end", last)):
            if not self.dates[0] <= day <= self.dates[-1]:
                raise DataError(f"{self.name}: {bound} {day} is outside the data; {self._available()}")
        kept = (self.dates >= first) & (self.dates <= last)
        if not kept.any():
            raise DataError(
                f"{self.name}: every day from {first} to {last} was dropped for missing values; {self._available()}"
            )
        return replace(
            self,
            dates=self.dates[kept],
            prices=self.prices[kept],
            features={key: value[kept] for key, value in self.features.items()},
            forecasts={key: value[kept] for key, value in self.forecasts.items()},
            next_day=self.next_day if kept[-1] else {},
            signals={key: signal.of_days(kept) for key, signal in self.signals.items()},
            distributions={key: value.of_days(kept) for key, value in self.distributions.items()},
        )

    def _pick(self, kind: str, table: Mapping[str, FloatArray], name: str) -> FloatArray:
        if not isinstance(name, str) or name not in table:
            raise DataError(f"{self.name} has no {kind} {in_short(name)}{nearest(str(name), table)}")
        return table[name]

    def _day(self, bound: str, value: Day) -> np.datetime64:
        wanted = f"{self.name}: {bound} is {in_short(value)}: a day such as 2021-12-31 is needed"
        try:
            day = np.array([value], dtype="datetime64[D]")
        except (OverflowError, ValueError) as cause:
            raise DataError(wanted) from cause
        if day.shape != (1,) or np.isnat(day[0]):
            raise DataError(wanted)
        return np.datetime64(day[0])

    def _available(self) -> str:
        return f"days {self.dates[0]} to {self.dates[-1]} are available"


def in_periods(values: FloatArray, number: int) -> FloatArray:
    """Values (D, H) of the periods of D days as means or repetitions, (D, ``number``); one number divides the other."""
    days, given = values.shape
    if number >= given:
        return np.repeat(values, number // given, axis=1)
    return np.asarray(values.reshape(days, number, given // number).mean(axis=2))
