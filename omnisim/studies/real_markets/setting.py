"""A market as a problem: its scale, its agents and its subsequences, all known before the first day that is played.

The first four weeks are the past: forecasters may learn from them, and the scale is read off them. An ordinary price
is the median of their hours, p; outcomes run from -2 p to 5 p, and hours above 2 p are stressed. ERCOT's prices tripled
after January 2021, so it has the fixed scale of the shipped scenario instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from omnisim.arrays import BoolArray, DateArray, FloatArray
from omnisim.errors import DataError
from omnisim.market import BudgetedOperators, EnergyBuyers, Manufacturers, Market, MarketAgents, Scaling
from omnisim.problem.clipping import Clipping, clipping
from omnisim.problem.context import Past
from omnisim.problem.subsequences import Rule
from omnisim.scenario.load import GeneratedPopulation
from omnisim.scenario.rule_features import PRICE_FORECAST, rule_features
from omnisim.scenario.scenario import Scenario
from omnisim.strategies.adversaries import Replay
from omnisim.strategies.elimination import SubsequenceFirstViolation
from omnisim.strategies.forecasters import Forecaster
from omnisim.studies.real_markets.sources import EMBEDDED, LOAD, WIND

PAST_DAYS = 28
FEWEST_DAYS = 28
"""Least days to play."""

LOW, HIGH, STRESS = -2.0, 5.0, 2.0
"""Scale and threshold of stress, in multiples of an ordinary price."""

FIXED = {EMBEDDED: (45.0, -50.0, 250.0, 100.0)}
"""Ordinary price, low, high and stress price of markets whose first weeks say nothing of their later prices."""

FEWEST_MEMBERS = 5
"""A subsequence of fewer days is left out."""

HIGH_QUANTILE, WINDOW = 0.8, 60
"""High is what is at least this quantile of the previous days."""

SPIKE = 2.0
"""A spike is a day's highest price above so many times the median highest price of the previous days."""

STORM = ("2021-02-13", "2021-02-20")
"""The week of the winter storm in Texas, first and last day: a date window chosen with hindsight."""

SUMMER = (4, 5, 6, 7, 8, 9)

ALL, NEGATIVE, SPIKES, FEBRUARY = "all", "after negative prices", "after a spike", "February 2021"
CHANGED = (NEGATIVE, SPIKES, FEBRUARY)
"""Days on which the market behaves unusually, as far as this is known when the day begins."""

BUYERS, FACTORIES, OPERATORS = "buyers", "factories", "operators"
POPULATIONS = (BUYERS, FACTORIES, OPERATORS)


@dataclass(frozen=True, eq=False)
class Setting:
    """Setting of a run: all that it needs beside agents and forecaster.

    Attributes
    ----------
    market
        With its past.
    scaling, typical_price, stress_price
        The scale, in the market's money per MWh.
    subsequences
        Of the days that are played, in the order of the page.
    left_out
        Subsequences that this market does not have, and why.
    days
        D, how many are played.
    beyond
        What of the prices played lies outside the scale.
    """

    market: Market
    scaling: Scaling
    typical_price: float
    stress_price: float
    subsequences: Mapping[str, BoolArray]
    left_out: Mapping[str, str]
    days: int
    beyond: Clipping

    @property
    def played(self) -> slice:
        """The days of the market that are played."""
        return slice(PAST_DAYS, PAST_DAYS + self.days)

    @property
    def dates(self) -> DateArray:
        """Dates of the days played."""
        return self.market.dates[self.played]

    def scenario(self, agents: tuple[int, int, int], forecaster: Forecaster) -> Scenario:
        """A run with so many buyers, factories and operators, all under Algorithm 3.

        Forecasters see the calendar and published forecasts, not the day-ahead forecasts of load and wind.
        """
        outcomes = self.scaling.outcomes(self.market.prices)[0]
        unclipped = self.scaling.unclipped(self.market.prices)
        forecasts = {name: self.scaling.outcomes(f)[0] for name, f in self.market.forecasts.items()}
        past, played = slice(PAST_DAYS), self.played
        return Scenario(
            name=self.market.name,
            populations=[
                GeneratedPopulation(name, kind, self.scaling)
                for name, kind in zip(POPULATIONS, self._kinds(agents), strict=True)
            ],
            adversary=Replay(outcomes[played], unclipped[played]),
            forecaster=forecaster,
            elimination=SubsequenceFirstViolation(),
            subsequences=dict(self.subsequences),
            rounds=self.days,
            forecasts={name: values[played] for name, values in forecasts.items()},
            dates=self.dates,
            unclipped_forecasts={
                name: self.scaling.unclipped(values[played]) for name, values in self.market.forecasts.items()
            },
            past=Past(
                outcomes[past],
                self.market.dates[past],
                forecasts={name: f[past] for name, f in forecasts.items()},
                unclipped=unclipped[past],
            ),
        )

    def _kinds(self, agents: tuple[int, int, int]) -> tuple[MarketAgents, ...]:
        buyers, factories, operators = agents
        price = self.typical_price
        return (
            EnergyBuyers(agents=buyers, typical_price=price, stress_price=self.stress_price),
            Manufacturers(agents=factories, typical_price=price, curtailment_price=self.stress_price),
            BudgetedOperators(agents=operators, typical_price=price),
        )


def setting(market: Market, rounds: int | None = None) -> Setting:
    """The problem of a market over its first ``rounds`` days after the past, or all of them.

    Raises
    ------
    DataError
        If it has too few days.
    """
    available = market.days - PAST_DAYS
    if available < FEWEST_DAYS:
        raise DataError(
            f"{market.name} has {market.days} days: the study needs {PAST_DAYS} to learn from and {FEWEST_DAYS} to play"
        )
    days = available if rounds is None else min(rounds, available)
    price, low, high, stress = FIXED.get(market.name) or _scale(market)
    scaling = Scaling(low, high, market.currency)
    played = slice(PAST_DAYS, PAST_DAYS + days)
    beyond = clipping(market.prices[played], low, high)
    subsequences, left_out = {}, {}
    for name, (member, why) in _memberships(market, scaling).items():
        active = None if member is None else member[played]
        if active is None or active.sum() < FEWEST_MEMBERS:
            left_out[name] = why if active is None else f"{int(active.sum())} days"
        else:
            subsequences[name] = active
    return Setting(market, scaling, price, stress, subsequences, left_out, days, beyond)


def after_negative(prices: FloatArray) -> BoolArray:
    """Days (D,) after a day with an hour below 0.

    >>> after_negative(np.array([[1.0, -1.0], [1.0, 1.0], [1.0, 1.0]]))
    array([False,  True, False])
    """
    return np.concatenate([[False], (prices.min(axis=1) < 0)[:-1]])


def after_spike(prices: FloatArray) -> BoolArray:
    """Days (D,) after a day whose highest price is above ``SPIKE`` times the median of the ``WINDOW`` days before it.

    >>> after_spike(np.array([[1.0], [2.0], [2.1], [2.0]]))
    array([False, False, False, False])
    >>> after_spike(np.array([[1.0], [2.1], [3.0], [3.0]]))
    array([False, False,  True, False])
    """
    highest = prices.max(axis=1)
    spike = [t > 0 and highest[t] > SPIKE * np.median(highest[max(0, t - WINDOW) : t]) for t in range(len(highest) - 1)]
    return np.array([False, *spike], dtype=np.bool_)


def _scale(market: Market) -> tuple[float, float, float, float]:
    price = float(np.round(np.median(market.prices[:PAST_DAYS])))
    if price <= 0:
        raise DataError(
            f"{market.name}: the median price of its first {PAST_DAYS} days is {price:g}, and the scale of the study "
            "is a multiple of it: it must be > 0"
        )
    return price, LOW * price, HIGH * price, STRESS * price


def _memberships(market: Market, scaling: Scaling) -> dict[str, tuple[BoolArray | None, str]]:
    """The days (D,) of each subsequence, or None and the reason why there are none."""
    features = rule_features(market, scaling, {PRICE_FORECAST})

    def of(*rule: object, **threshold: object) -> BoolArray:
        return Rule(*rule, **threshold).rounds(features)  # type: ignore[arg-type]

    high = {"quantile": HIGH_QUANTILE, "window": WINDOW}
    found: dict[str, tuple[BoolArray | None, str]] = {
        ALL: (np.ones(market.days, dtype=np.bool_), ""),
        "weekend": (of("weekday", ">=", 5), ""),
        "summer": (of("month", "in", SUMMER), ""),
        "winter": (~of("month", "in", SUMMER), ""),
        "high price forecast": (of(PRICE_FORECAST, ">=", **high), ""),
    }
    for name, feature in (("high load", LOAD), ("high wind", WIND)):
        known = feature in market.features
        found[name] = (of(feature, ">=", **high) if known else None, "no day-ahead forecast of it")
    found[NEGATIVE] = (after_negative(market.prices), "")
    found[SPIKES] = (after_spike(market.prices), "")
    first, last = (np.datetime64(day) for day in STORM)
    if market.name == EMBEDDED:
        found[FEBRUARY] = ((market.dates >= first) & (market.dates <= last), "")
    return found
