"""Offers to agents on the days of the past: contracts and prices that their menus of schedules are made for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.market.agents.contracts import Terms
from omnisim.market.agents.devices import Tariff
from omnisim.market.agents.menus import typical_days
from omnisim.market.data import HOURS, in_periods
from omnisim.market.scaling import Scaling
from omnisim.market.signals import Known


@dataclass(frozen=True, eq=False, repr=False)
class Offers(ByValue):
    """Contracts of N agents, and prices and signals of D days, hour by hour and within their ranges.

    Forecasts are within the ranges, and so are the days to choose schedules for: a few spikes would be all.

    Attributes
    ----------
    terms
        The contracts.
    factors
        Name of a signal -> money per unit of it that each agent pays beside the price, (N,).
    series
        ``""`` -> prices, and the name of each of these signals -> its values, (D, 24).
    """

    terms: Terms
    factors: Mapping[str, FloatArray]
    series: Mapping[str, FloatArray]

    @classmethod
    def of(
        cls,
        terms: Terms,
        factors: Mapping[str, FloatArray],
        signals: Mapping[str, Known],
        scaling: Scaling,
        past: FloatArray,
    ) -> "Offers":
        """Collect the prices (D, d) and the signals of the past, hour by hour and within their ranges."""
        series = {"": in_periods(np.clip(past, scaling.low, scaling.high), HOURS)}
        for name in factors:
            known = signals[name]
            if known.past is None:
                raise ProblemError(f"signal {name!r} has no days before the first one played to make a menu from")
            series[name] = in_periods(np.clip(known.past, known.scaling.low, known.scaling.high), HOURS)
        return cls(terms, factors, series)

    def key(self, agent: int) -> bytes:
        """The same for agents that pay the same."""
        own = [self.terms.cap[agent], *(factor[agent] for factor in self.factors.values())]
        return self._tariff(agent).key + np.array(own).tobytes()

    def typical(self, devices: int) -> dict[str, FloatArray]:
        """The days of the past that menus of so many different devices are made from."""
        together = typical_days(np.hstack(list(self.series.values())), devices)
        parts = np.split(together, len(self.series), axis=1)
        return dict(zip(self.series, map(np.ascontiguousarray, parts), strict=True))

    def of_agent(self, agent: int, days: Mapping[str, FloatArray]) -> tuple[Tariff, FloatArray]:
        """Tariff of an agent, and the prices of the days (D, 24) that go with it."""
        tariff, prices = self._tariff(agent), days[""]
        if np.isfinite(self.terms.cap[agent]):
            prices = np.minimum(prices, self.terms.cap[agent])
        own = {name: factor[agent] for name, factor in self.factors.items() if factor[agent] != 0}
        if not own:
            return tariff, prices
        paid = tariff.share * prices + sum(factor * days[name] for name, factor in own.items())
        return replace(tariff, share=1.0), np.asarray(paid)

    def _tariff(self, agent: int) -> Tariff:
        own = self.terms.of_agents(np.array([agent]))
        at_market = bool(own.is_spot[0]) or bool(np.isfinite(own.cap[0]))
        fee = own.fees[0] + (0.0 if at_market else own.price[0])
        return Tariff(float(at_market), fee, 0.0 if at_market else float(own.feed_in[0]), float(own.demand[0]))
