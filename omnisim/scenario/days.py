"""The days of a market that a scenario plays: their outcomes on the scale of the scenario, and what came before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from omnisim.arrays import DateArray, FloatArray, freeze
from omnisim.by_value import ByValue
from omnisim.errors import ScenarioError
from omnisim.market import Market, Resolution, Scaling
from omnisim.market.data import PRICES_A_DAY
from omnisim.market.distributions import Distribution
from omnisim.market.scaling import fitting
from omnisim.market.signals import Known, capped, scale_of, with_caps
from omnisim.problem.blocks import Block
from omnisim.problem.context import Past

WARM_UP = 28
"""Days set aside to choose the scale from where nothing came before the first day, or a quarter of all, if less."""

_NARROW = 0.02
"""Share of the scale below which the spread of prices is suspicious."""


@dataclass(frozen=True, eq=False, repr=False)
class Days(ByValue):
    """The days that are played, scaled, and those before them.

    Attributes
    ----------
    market
        With D days; None where the adversary makes the prices.
    resolution
        Of the market.
    scaling
        Of the scenario: as declared, or chosen from the days before the first one.
    played
        The days of the market that are rounds.
    chosen
        Keys of the market's table that were left out, and what they became.
    told
        How they were chosen; empty if nothing was left out.
    ahead
        The last so many days are to come: what stands for their prices are none.
    scales
        From signals of the market, in the order of their blocks, to the values that are 0 and 1.
    """

    market: Market | None
    resolution: Resolution
    scaling: Scaling
    played: slice
    chosen: dict[str, Any] = field(default_factory=dict)
    told: str = ""
    ahead: int = 0
    scales: Mapping[str, Scaling] = field(default_factory=dict)

    @classmethod
    def of(
        cls, market: Market | None, table: Any, ahead: int = 0, told: str = "", caps: Sequence[float] = ()
    ) -> "Days":
        """The days that the table of a scenario names, the last ``ahead`` of which have no prices yet.

        ``told`` says how keys of the table were chosen, where that was done before; ``caps`` are those on the price in
        contracts.

        Raises
        ------
        ScenarioError, DataError
            If there are no such days, or the scale cannot be chosen.
        """
        if market is None:
            if caps:
                raise ScenarioError("contracts with a cap on the price need a market with data: this one is synthetic")
            return cls(None, table.resolution, Scaling(table.low, table.high, table.currency), slice(0))
        market = with_caps(market, caps)
        _check_days(market, table)
        chosen: dict[str, Any] = {}
        first_day = table.first_day
        if table.low is None or table.high is None:
            first_day, chosen, told = _choose(market, table)
        playable = market.between(first_day, table.last_day)
        low, high = (chosen.get(end, getattr(table, end)) for end in ("low", "high"))
        scaling = Scaling(low, high, market.currency)
        first = int(np.searchsorted(market.dates, playable.dates[0]))
        scales = {}
        for name, signal in market.signals.items():
            own = table.signals.get(name)
            given = (None, None) if own is None else (own.low, own.high)
            scales[name] = scale_of(name, signal, first, given, scaling)
            chosen |= _chosen_of(table, chosen, name, scales[name]) if own is not None and None in given else {}
        return cls(market, market.resolution, scaling, slice(first, first + playable.days), chosen, told, ahead, scales)

    def first(self, rounds: int | None) -> "Days":
        """The first ``rounds`` of the days; all of them if it is None, or if there are no days.

        Raises
        ------
        ScenarioError
            If there are fewer.
        """
        if rounds is None or self.market is None:
            return self
        first, days = self.played.start, self.played.stop - self.played.start
        if rounds > days:
            dates = self.market.dates[self.played]
            raise ScenarioError(
                f"rounds: is {rounds}, but the market has only {days} days to play ({dates[0]} to {dates[-1]})"
            )
        return replace(self, played=slice(first, first + rounds))

    @property
    def over(self) -> Market | None:
        """The market up to the last day played whose prices are there."""
        return None if self.market is None else self.market.between(None, self.market.dates[self._settled.stop - 1])

    @property
    def _settled(self) -> slice:
        return slice(self.played.start, self.played.stop - self.ahead)

    @property
    def about(self) -> dict[str, Any]:
        """Facts for the report, as plain JSON values."""
        if self.market is None:
            return self.scaling.about | {"name": "synthetic", "resolution": self.resolution}
        return self.scaling.about | {
            "name": self.market.name,
            "resolution": self.resolution,
            **self.scaling.clipping(self.market.prices[self._settled]).about,
            "data": {
                "days": self.market.days - self.ahead,
                "first_day": str(self.market.dates[0]),
                "last_day": str(self.market.dates[-1 - self.ahead]),
            },
            **({} if not self.scales else {"blocks": [block.about for block in self.blocks]}),
            "attribution": self.market.attribution,
            "notes": [*([self.told] if self.told else []), *self.market.notes],
            "warnings": self.warnings,
        }

    @property
    def warnings(self) -> list[str]:
        """Likely faults in the reading of the prices, or in their scale."""
        if self.market is None:
            return []
        prices, scaling = self.market.prices[self._settled], self.scaling
        found = list(self.market.warnings)
        low, high = np.quantile(prices, [0.01, 0.99])
        if not self.told and high - low < _NARROW * scaling.span:
            found.append(
                f"nearly all prices lie between {low:.4g} and {high:.4g} {scaling.currency}/MWh, less than "
                f"{_NARROW:.0%} of low = {scaling.low:g} to high = {scaling.high:g}: set unit if the file's is another "
                "one, or leave low and high out"
            )
        return found

    @property
    def outcomes(self) -> FloatArray:
        """Outcomes of the days played, (T, d)."""
        return self._clipped(self._series, self.played)

    @property
    def unclipped(self) -> FloatArray:
        """Outcomes of the days played, before they were clipped, (T, d)."""
        return self._unclipped(self._series, self.played)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Meaning of the coordinates of an outcome: the prices, and the signals behind them."""
        periods = PRICES_A_DAY[self.resolution]
        units = {} if self.market is None else {name: signal.unit for name, signal in self.market.signals.items()}
        caps = {} if self.market is None else {name: signal.cap for name, signal in self.market.signals.items()}
        named = {"price": (f"{self.scaling.currency}/MWh", self.scaling)}
        named |= {name: (units[name], scaling) for name, scaling in self.scales.items()}
        return tuple(
            Block(name, unit, scaling.low, scaling.high, i * periods, (i + 1) * periods, caps.get(name))
            for i, (name, (unit, scaling)) in enumerate(named.items())
        )

    @property
    def signals(self) -> dict[str, Known]:
        """Knowledge of each signal that agents are made with."""
        if self.market is None:
            return {}
        before = self.played.start
        return {
            name: Known(signal.unit, self.scales[name], signal.series[:before] if before else None, signal.cap)
            for name, signal in self.market.signals.items()
        }

    @property
    def _series(self) -> list[tuple[Scaling, FloatArray]]:
        """Prices and signals of all days, each with its scale, in the order of the blocks."""
        assert self.market is not None  # noqa: S101 (callers have asked; this tells the type checker)
        own = [(self.scales[name], signal.series) for name, signal in self.market.signals.items()]
        return [(self.scaling, self.market.prices), *own]

    def _series_told(self, forecast: FloatArray) -> list[tuple[Scaling, FloatArray]]:
        """A forecast of the prices of all days, and what was known of the signals."""
        assert self.market is not None  # noqa: S101 (as above)
        own = [
            (self.scales[name], signal.told if signal.cap is None else capped(forecast, signal.cap))
            for name, signal in self.market.signals.items()
        ]
        return [(self.scaling, forecast), *own]

    @staticmethod
    def _clipped(series: Sequence[tuple[Scaling, FloatArray]], days: slice) -> FloatArray:
        if len(series) == 1:
            return series[0][0].outcomes(series[0][1][days])[0]
        return freeze(np.concatenate([scaling.outcomes(each[days])[0] for scaling, each in series], axis=1))

    @staticmethod
    def _unclipped(series: Sequence[tuple[Scaling, FloatArray]], days: slice) -> FloatArray:
        if len(series) == 1:
            return series[0][0].unclipped(series[0][1][days])
        return np.concatenate([scaling.unclipped(each[days]) for scaling, each in series], axis=1)

    @property
    def dates(self) -> DateArray | None:
        """Delivery days played, (T,)."""
        return None if self.market is None else self.market.dates[self.played]

    @property
    def features(self) -> dict[str, FloatArray]:
        """Features of the days played, each (T, k)."""
        return self._features(self.played)

    @property
    def forecasts(self) -> dict[str, FloatArray]:
        """Published forecasts of the days played on the scale of outcomes, each (T, d)."""
        return self._forecasts(self.played)

    @property
    def unclipped_forecasts(self) -> dict[str, FloatArray]:
        """Forecasts before they were clipped, (T, d), for the models of which some value was."""
        if self.market is None:
            return {}
        scaled = {
            name: self._unclipped(self._series_told(values), self.played)
            for name, values in self.market.forecasts.items()
        }
        return {name: values for name, values in scaled.items() if values.min() < 0 or values.max() > 1}

    @property
    def distributions(self) -> dict[str, Distribution]:
        """The distributions of some forecasts, not clipped."""
        if self.market is None:
            return {}
        factor, offset = 1 / self.scaling.span, -self.scaling.low / self.scaling.span
        return {k: v.of_days(self.played).scaled(factor, offset) for k, v in self.market.distributions.items()}

    @property
    def past(self) -> Past | None:
        """The days before the first one played; None if there are none."""
        if self.market is None or self.played.start == 0:
            return None
        before = slice(0, self.played.start)
        unclipped = self._unclipped(self._series, before)
        beyond = bool(((unclipped < 0) | (unclipped > 1)).any())
        return Past(
            outcomes=self._clipped(self._series, before),
            unclipped=unclipped if beyond else None,
            dates=self.market.dates[before],
            features=self._features(before),
            forecasts=self._forecasts(before),
        )

    @property
    def past_prices(self) -> FloatArray | None:
        """Prices of the days before the first one played, (D, d) in money per MWh; None if there are none."""
        return None if self.market is None or self.played.start == 0 else self.market.prices[: self.played.start]

    def _features(self, days: slice) -> dict[str, FloatArray]:
        return {} if self.market is None else {k: v[days] for k, v in self.market.features.items()}

    def _forecasts(self, days: slice) -> dict[str, FloatArray]:
        if self.market is None:
            return {}
        return {k: self._clipped(self._series_told(v), days) for k, v in self.market.forecasts.items()}


def _chosen_of(table: Any, chosen: Mapping[str, Any], name: str, scaling: Scaling) -> dict[str, Any]:
    """The tables of signals with the range of one of them written out."""
    tables = dict(chosen.get("signals", table.signals))
    return {"signals": tables | {name: tables[name].model_copy(update={"low": scaling.low, "high": scaling.high})}}


def _choose(market: Market, table: Any) -> tuple[Any, dict[str, Any], str]:
    """The first day to play, the keys that were left out, and a sentence on how they were chosen."""
    first_day, chosen = table.first_day, {}
    before = 0 if first_day is None else int(np.searchsorted(market.dates, np.datetime64(first_day)))
    if before == 0:
        before = min(WARM_UP, market.days // 4)
        if before == 0:
            raise ScenarioError(
                f"low and high can be left out where there are days before the first one to choose them from: the "
                f"market has {market.days} days in all, so declare both, in {market.currency} per MWh"
            )
        chosen["first_day"] = first_day = market.dates[before].item()
    low, high = fitting(market.prices[:before])
    if table.low is None and table.high is not None and not low < table.high:
        low = float(table.high) - (high - low)
    if table.high is None and table.low is not None and not high > table.low:
        high = float(table.low) + (high - low)
    chosen |= {end: value for end, value in (("low", low), ("high", high)) if getattr(table, end) is None}
    named = " and ".join(f"{end} = {chosen[end]:g}" for end in ("low", "high") if end in chosen)
    told = (
        f"{named} {market.currency}/MWh chosen from the {before} days before {first_day}, with room for prices they "
        "do not show"
    )
    if "first_day" in chosen:
        told += f"; the run begins on {first_day}, since nothing came before the first day of the data"
    return first_day, chosen, told


def _check_days(market: Market, table: Any) -> None:
    first, last = market.dates[0].item(), market.dates[-1].item()
    for key in ("first_day", "last_day"):
        day = getattr(table, key)
        if day is not None and not first <= day <= last:
            raise ScenarioError(f"{key} is {day}, outside the data: days {first} to {last} are available")
    if table.first_day is not None and table.last_day is not None and table.first_day > table.last_day:
        raise ScenarioError(f"first_day is {table.first_day}, after last_day {table.last_day}: it must not be later")
