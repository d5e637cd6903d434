"""Conversion of daily schedules to a population: money, its scaling into [0, 1], and the contract of a specification.

An action is a schedule: a power (MW, negative when discharging) in every part of the day, and the value of the
service it gives. Its energy q (MWh) in a period of the market is the power times the length of the period, and its
money on a day with prices p is value - q . p, which is affine in the outcome y, since p = low + (high - low) y.

Schedules are defined in time, so they are the same whatever the resolution of the market. Where its periods are
shorter than the parts of the day for which a power is stated, the power holds in each; where they are longer, down to
one price a day, that price holds in all parts of its period: the bill is the period's energy at its price, and a
threshold on the price is exceeded in all of them or in none.
"""

import abc
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, finite
from omnisim.by_value import ByValue
from omnisim.elementary import exp
from omnisim.errors import ProblemError
from omnisim.market.agents.contracts import COLUMNS, FEES, Terms
from omnisim.market.agents.customers import Column, Customers, Family
from omnisim.market.agents.long_term import COLUMNS as LONG_TERM
from omnisim.market.agents.long_term import YEARLY_BUDGET, out_of_reach
from omnisim.market.agents.long_term import told as long_term_told
from omnisim.market.agents.settlement import Bill, Settlement, energy_of
from omnisim.market.data import HOURS, PRICES_A_DAY, Resolution
from omnisim.market.scaling import Scaling
from omnisim.market.signals import Known, name_of_cap
from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.problem.constraints import Constraint
from omnisim.problem.money import scaled
from omnisim.problem.population import Population
from omnisim.refusing import among
from omnisim.signatures import check_fields, held_to_types
from omnisim.suggest import nearest

OF_SIGNAL = re.compile(r"(?:price_of|yearly_cap_of)_([a-z][a-z0-9_]*)")
"""Columns of what a customer pays for a signal, and of the most that its energy of a year may contain of it."""

_OF_SIGNALS = Family(
    OF_SIGNAL,
    re.compile(r"((prices?|(yearly_|annual_)?caps?)_(of|for)|yearly_caps?)(_.*)?", re.IGNORECASE),
    "price_of_NAME or yearly_cap_of_NAME, with the name of a signal",
)


@dataclass(frozen=True, eq=False, repr=False)
class Schedules(ByValue):
    """Daily schedules of a specification: for N agents with A actions, the load, its value and its limits.

    ``load`` is (N, A, H) in MW, the power in each of H equal parts of the day (24 of them, as a rule: then it is the
    MWh of each hour as well); ``value`` is (N, A) in money per day; ``constraints`` map outcomes (T, H) to costs
    (T, N, A) in [-1, 1], and are :class:`~omnisim.LinearConstraint` or have a method ``split(k)`` that gives the same
    limit where each part of the day has k prices. ``action_names`` are those of the specification where they are left
    out; ``notes`` are sentences for reports. ``bills`` are limits on what the load costs; ``at_signals`` are loads
    (N, A, H) in MW that are paid at a signal, by its name, beside what the contract says of ``load``.
    """

    load: FloatArray
    value: FloatArray
    constraints: Sequence[Constraint] = ()
    action_names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    bills: Sequence[Bill] = ()
    at_signals: Mapping[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MarketAgents(ByValue, abc.ABC):
    """A generator of heterogeneous agents; subclasses say which schedules they choose from.

    A subclass is a frozen, keyword-only dataclass that provides ``action_names`` (A different names), the
    hook ``_check()`` (refuse parameters that make no sense) and the hook ``_draw(scaling, rng)``, which
    returns :class:`Schedules` and takes every random number from ``rng``, in an order that its docstring
    states.

    For customers of one's own it also declares ``columns``, and passes each number that it draws for them through
    ``self._own(column, drawn)``: what the table says takes the place of what was drawn, and nothing else changes.

    Parameters
    ----------
    agents
        N, at least 1; left out with a table, which has a row for each.
    table
        Customers of one's own: a file (CSV, Parquet) or, in Python, a DataFrame, with any of the columns that
        ``columns`` describes, and ``name``, ``weight``, ``contract``
        (:mod:`omnisim.market.agents.customers`, :mod:`omnisim.market.agents.contracts`).
    seed
        Draw the same agents in every run: a whole number >= 0; None follows the seed of the run.
    typical_price
        An ordinary price of this market in money per MWh, > 0. Values of service, wear and discomfort are
        stated as multiples of it, so that a specification fits another market after changing this number
        alone.
    signal_prices
        Name of a signal -> money per unit of it that is in the energy drawn, such as 0.08 for each kg of CO2; what is
        fed in counts against what is drawn. A table may give it, ``price_of_NAME``.
    signal_caps
        Name of a signal -> the most of it that the energy drawn in 365 days may contain, such as 500 kg: a limit on the
        sum over the run. A table may give it, ``yearly_cap_of_NAME``.
    """

    agents: int = None  # type: ignore[assignment]  # until the table is read
    table: Path | Any | None = None
    seed: int | None = None
    typical_price: float = 45.0
    signal_prices: dict[str, float] | None = None
    signal_caps: dict[str, float] | None = None

    action_names: ClassVar[tuple[str, ...]]
    columns: ClassVar[tuple[Column, ...]] = ()

    def __post_init__(self) -> None:
        check_fields(self, ProblemError)
        if self.table is not None:
            self._read_table()
        elif self.agents is None:
            raise ProblemError("agents: is missing: a number of them, or a table with a row for each")
        self._require("agents", self.agents >= 1, "a whole number >= 1")
        self._require("seed", self.seed is None or self.seed >= 0, "a whole number >= 0, or left out")
        self._positive("typical_price")
        for key in ("signal_prices", "signal_caps"):
            values = (getattr(self, key) or {}).values()
            self._require(
                key, all(math.isfinite(each) and each >= 0 for each in values), "finite numbers >= 0 by signal"
            )
        self._check()

    @held_to_types(ProblemError)
    def build(
        self,
        name: str,
        scaling: Scaling,
        rng: np.random.Generator,
        resolution: Resolution = "hour",
        past: FloatArray | None = None,
        signals: Mapping[str, Known] | None = None,
    ) -> Population:
        """Draw the population; the same agents with the same schedules whatever the resolution.

        Each agent's money is scaled affinely into [0, 1] over all its actions and all outcomes in [0, 1]^d:
        money = scale * utility + offset, with its own scale and offset (``population.money``).

        Parameters
        ----------
        name
            Of the population.
        scaling
            What outcomes 0 and 1 mean in money per MWh.
        rng
            The run's stream for this population; not touched if ``seed`` is set.
        resolution
            Of the market, which has d prices a day: 24, 48, 96 or 288, or one that holds in every hour.
            ``population.load`` (N, A, d) is the energy of each period in MWh.
        past : (D, d), optional
            Prices of the days before the first one played, in money per MWh, for kinds that learn from them.
        signals
            What is revealed beside the prices, by name: outcomes then have d coordinates for each, in this order after
            those of the prices.

        Raises
        ------
        ProblemError
            If a threshold of the specification lies outside the range of prices, or a constraint of a specification
            cannot be stated at this resolution.
        """
        among("resolution of a population", resolution, PRICES_A_DAY, ProblemError)
        past = None if past is None else finite("past of a population", past, ("D", "d"))
        if self.seed is not None:
            rng = np.random.default_rng(self.seed)
        signals = signals or {}
        self._refuse_unknown(signals)
        drawn = self._draw_knowing(scaling, rng, past, signals)
        periods = PRICES_A_DAY[resolution]
        settlement = self._settlement(drawn, scaling, signals)
        bills = [*drawn.bills, Bill("yearly budget", self._share_of_a_year(YEARLY_BUDGET.name), averaged=True)]
        more = [
            *settlement.signal_limits(self._signal_caps(signals)),
            *settlement.bill_limits(bills, scaling.currency),
        ]
        unkept = self._check_reach([*drawn.constraints, *more])
        constraints = settlement.limits(drawn.constraints, more, periods)
        utility, offset, money = scaled(
            settlement.energy(periods), drawn.value - settlement.paid, *settlement.ends(periods), scaling.currency
        )
        paid = self._terms.paid_by_part(drawn.load)
        customers = self._customers
        long_term = [str(getattr(each, "name", "")) for each in constraints if getattr(each, "averaged", False)]
        return Population(
            name,
            utility=utility,
            offset=offset,
            constraints=constraints,
            action_names=drawn.action_names or self.action_names,
            money=money,
            load=energy_of(drawn.load, periods),
            paid=None if paid is None else energy_of(paid * (paid.shape[2] / HOURS), periods),
            agent_names=None if customers is None else customers.names,
            weights=None if customers is None else customers.weights,
            notes=[
                *([] if customers is None else [customers.told(self.columns)]),
                *drawn.notes,
                *([long_term_told(long_term)] if long_term else []),
                *unkept,
            ],
        )

    @property
    def menu_size(self) -> int:
        """A, the number of actions, or the most there may be."""
        return len(self.action_names)

    def _draw_knowing(
        self,
        scaling: Scaling,
        rng: np.random.Generator,
        past: FloatArray | None,  # noqa: ARG002 (of subclasses, as are the signals)
        signals: Mapping[str, Known],  # noqa: ARG002
    ) -> Schedules:
        """Draw the schedules of all agents, for kinds that learn from the past (D, d), or are paid at signals."""
        return self._draw(scaling, rng)

    @property
    def caps(self) -> tuple[float, ...]:
        """The different caps on the price in the contracts of the agents."""
        if self._customers is None:
            return ()
        found = self._terms.cap
        return tuple(np.unique(found[np.isfinite(found)]).tolist())

    @property
    def signals_named(self) -> dict[str, str]:
        """The signals that the agents need, and the key or column that says so."""
        found = dict.fromkeys(self.signal_prices or {}, "signal_prices")
        found |= dict.fromkeys(self.signal_caps or {}, "signal_caps")
        for column in () if self._customers is None else self._customers.values:
            match = OF_SIGNAL.fullmatch(column)
            if match is not None:
                found[match[1]] = f"column {column} of {self._customers.table.source}" if self._customers else column
        return found | {name_of_cap(cap): "a contract with a cap" for cap in self.caps}

    @held_to_types(ProblemError)
    def signal_prices_of(self, signals: Mapping[str, Known]) -> dict[str, FloatArray]:
        """Name of a signal -> money per unit of it that each agent pays, (N,); without signals that nobody pays."""
        found = {
            name: self._own(f"price_of_{name}", np.full(self.agents, (self.signal_prices or {}).get(name, 0.0)))
            for name in signals
        }
        return {name: factor for name, factor in found.items() if factor.any()}

    def _refuse_unknown(self, signals: Mapping[str, Known]) -> None:
        for name, where in self.signals_named.items():
            if name not in signals:
                known = [each for each in signals if signals[each].cap is None]
                there = f"the market has {', '.join(known)}" if known else "the market has none ([market.signals.NAME])"
                raise ProblemError(f"{where} needs the signal {name!r}: {there}{nearest(name, known) if known else ''}")

    def _settlement(self, drawn: Schedules, scaling: Scaling, signals: Mapping[str, Known]) -> Settlement:
        """Loads that are settled at the prices, and at each signal."""
        at_market, paid = self._terms.settle(drawn.load)
        factors, cap, loads = self.signal_prices_of(signals), self._terms.cap[:, None, None], [at_market]
        for name, known in signals.items():
            if known.cap is not None:
                load = np.where(cap == known.cap, drawn.load, 0.0)
            else:
                load = drawn.load * factors[name][:, None, None] if name in factors else np.zeros_like(drawn.load)
            loads.append(load + drawn.at_signals[name] if name in drawn.at_signals else load)
        return Settlement(drawn.load, loads, [scaling, *(known.scaling for known in signals.values())], paid)

    def _signal_caps(self, signals: Mapping[str, Known]) -> dict[int, tuple[str, str, FloatArray]]:
        """Caps on how much of a signal the energy of a year may contain, by the number of its block."""
        found = {}
        for k, (name, known) in enumerate(signals.items(), start=1):
            share = self._share_of_a_year(f"yearly_cap_of_{name}", (self.signal_caps or {}).get(name, np.nan))
            if np.isfinite(share).any():
                found[k] = (f"{name} of a year", known.per_mwh, share)
        return found

    def _share_of_a_year(self, column: str, default: float = np.nan) -> FloatArray:
        """A day's share of what the table, or else ``default``, says of 365 days, (N,); NaN for none."""
        return self._own(column, np.full(self.agents, default)) / DAYS_OF_A_YEAR

    def _check_reach(self, constraints: Sequence[Constraint]) -> list[str]:
        """Refuse limits that no action keeps whatever the prices are, but budgets that were drawn so; notes."""
        for agent, fixed, words in out_of_reach(constraints):
            if fixed or self._customers is not None:
                raise ProblemError(f"{self._place(agent)}: {words}")
        return []

    def _place(self, agent: int) -> str:
        customers = self._customers
        return f"{type(self).__name__}, agent {agent}" if customers is None else customers.place(agent)

    @property
    def _customers(self) -> Customers | None:
        return self.table if isinstance(self.table, Customers) else None

    @property
    def _terms(self) -> Terms:
        """The contracts of all agents."""
        return Terms.all_spot(self.agents) if self._customers is None else Terms.of(self._customers)

    def _own(self, column: str, drawn: FloatArray) -> FloatArray:
        """Values (N,) of a column of the table; ``drawn`` (N,) where it has none, or there is no table."""
        return drawn if self._customers is None else self._customers.or_drawn(column, drawn)

    def _refuse_rows(self, column: str, wrong: BoolArray, wanted: Sequence[str] | str) -> None:
        """Refuse rows of the table in which a column does not go with others; no table, nothing to refuse."""
        if self._customers is not None and column in self._customers.values:
            self._customers.refuse(column, wrong, wanted)

    def _read_table(self) -> None:
        known = (*self.columns, *COLUMNS, *LONG_TERM)
        customers = Customers.read(self.table, f"the columns of {type(self).__name__}", known, [FEES, _OF_SIGNALS])
        Terms.of(customers)  # refuses what is wrong with the contracts
        self._require("agents", self.agents in (None, customers.agents), f"left out: the table has {customers.agents}")
        # The dataclass is frozen; what it was given is replaced by what it says once.
        object.__setattr__(self, "table", customers)
        object.__setattr__(self, "agents", customers.agents)

    @abc.abstractmethod
    def _check(self) -> None:
        """Refuse parameters of the subclass."""

    @abc.abstractmethod
    def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:
        """Draw the schedules of all agents."""

    def _require(self, parameter: str, holds: bool, wanted: str) -> None:
        if not holds:
            raise ProblemError(
                f"{parameter} of {type(self).__name__} is {getattr(self, parameter)!r}: it must be {wanted}"
            )

    def _positive(self, *parameters: str) -> None:
        for parameter in parameters:
            value = getattr(self, parameter)
            self._require(parameter, math.isfinite(value) and value > 0, "a finite number > 0")

    def _not_negative(self, *parameters: str) -> None:
        for parameter in parameters:
            value = getattr(self, parameter)
            self._require(parameter, math.isfinite(value) and value >= 0, "a finite number >= 0")

    def _share(self, *parameters: str) -> None:
        for parameter in parameters:
            value = getattr(self, parameter)
            self._require(parameter, 0 <= value <= 1, "between 0 and 1")

    def _inside_share(self, *parameters: str) -> None:
        for parameter in parameters:
            value = getattr(self, parameter)
            self._require(parameter, 0 < value < 1, "between 0 and 1, both excluded")

    def _threshold(self, parameter: str, scaling: Scaling) -> float:
        # In units of the outcome; at or above `high` no hour could ever exceed it.
        price = float(getattr(self, parameter))
        self._require(
            parameter,
            scaling.low <= price < scaling.high,
            f">= low {scaling.low:g} and < high {scaling.high:g} of the scaling (no outcome exceeds high)",
        )
        return (price - scaling.low) / scaling.span


def lognormal(rng: np.random.Generator, median: float, spread: float, agents: int) -> FloatArray:
    """Draw (N,) positive sizes around ``median``; ``spread`` is the standard deviation of their logarithm."""
    return median * exp(spread * rng.standard_normal(agents))


def share(rng: np.random.Generator, mean: float, concentration: float, agents: int) -> FloatArray:
    """Draw (N,) shares in (0, 1) from Beta(mean * concentration, (1 - mean) * concentration)."""
    return rng.beta(mean * concentration, (1 - mean) * concentration, size=agents)


def window(start: int, stop: int) -> FloatArray:
    """(24,) ones for the hours from ``start`` to before ``stop``, across midnight if ``stop`` is smaller.

    >>> window(22, 6).sum(), window(22, 6)[[21, 22, 5, 6]]
    (np.float64(8.0), array([0., 1., 1., 0.]))
    """
    hours = np.arange(HOURS)
    inside = (hours >= start) & (hours < stop) if start < stop else (hours >= start) | (hours < stop)
    return inside.astype(np.float64)
