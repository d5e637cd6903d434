"""From daily schedules to a population: money, its scaling into [0, 1], and the contract of a specification.

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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.elementary import exp
from omnisim.errors import ProblemError
from omnisim.market.agents.contracts import COLUMNS, FEE, Terms
from omnisim.market.agents.customers import Column, Customers
from omnisim.market.agents.limits import Held, split
from omnisim.market.agents.long_term import COLUMNS as LONG_TERM
from omnisim.market.agents.long_term import DAYS_OF_A_YEAR, YEARLY_BUDGET, limit
from omnisim.market.agents.long_term import told as long_term_told
from omnisim.market.data import HOURS, PRICES_A_DAY, Resolution
from omnisim.market.scaling import Scaling
from omnisim.problem.constraints import Constraint, LinearConstraint
from omnisim.problem.population import Population, scaled


@dataclass(frozen=True)
class Schedules:
    """What a specification draws: for N agents with A actions, the load, its value and its limits.

    ``load`` is (N, A, H) in MW, the power in each of H equal parts of the day (24 of them, as a rule: then it is the
    MWh of each hour as well); ``value`` is (N, A) in money per day; ``constraints`` map outcomes (T, H) to costs
    (T, N, A) in [-1, 1], and are :class:`~omnisim.LinearConstraint` or have a method ``split(k)`` that gives the same
    limit where each part of the day has k prices. ``action_names`` are those of the specification where they are left
    out; ``notes`` are sentences for reports.
    """

    load: FloatArray
    value: FloatArray
    constraints: Sequence[Constraint]
    action_names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MarketAgents(abc.ABC):
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
        Draw the same agents in every run; None follows the seed of the run.
    typical_price
        An ordinary price of this market in money per MWh, > 0. Values of service, wear and discomfort are
        stated as multiples of it, so that a specification fits another market after changing this number
        alone.
    """

    agents: int = None  # type: ignore[assignment]  # until the table is read
    table: Path | Any | None = None
    seed: int | None = None
    typical_price: float = 45.0

    action_names: ClassVar[tuple[str, ...]]
    columns: ClassVar[tuple[Column, ...]] = ()

    def __post_init__(self) -> None:
        if self.table is not None:
            self._read_table()
        elif self.agents is None:
            raise ProblemError("agents: is missing: a number of them, or a table with a row for each")
        self._require("agents", self.agents >= 1 and self.agents % 1 == 0, "a whole number >= 1")
        self._require("seed", self.seed is None or self.seed >= 0, "a whole number >= 0, or left out")
        self._positive("typical_price")
        self._check()

    def build(
        self,
        name: str,
        scaling: Scaling,
        rng: np.random.Generator,
        resolution: Resolution = "hour",
        past: FloatArray | None = None,
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

        Raises
        ------
        ProblemError
            If a threshold of the specification lies outside the range of prices, or a constraint of a specification
            cannot be stated at this resolution.
        """
        if self.seed is not None:
            rng = np.random.default_rng(self.seed)
        drawn = self._draw_knowing(scaling, rng, past)
        periods = PRICES_A_DAY[resolution]
        load, constraints = in_periods(drawn, periods)
        at_market, paid = self._terms.settle(drawn.load)
        energy = load if at_market is drawn.load else energy_of(at_market, periods)
        constraints += self._long_term_limits(scaling, energy, paid)
        utility, offset, money = scaled(energy, drawn.value - paid, scaling.low, scaling.high, scaling.currency)
        customers = self._customers
        long_term = [str(getattr(each, "name", "")) for each in constraints if getattr(each, "averaged", False)]
        return Population(
            name,
            utility=utility,
            offset=offset,
            constraints=constraints,
            action_names=drawn.action_names or self.action_names,
            money=money,
            load=load,
            agent_names=None if customers is None else customers.names,
            weights=None if customers is None else customers.weights,
            notes=[
                *([] if customers is None else [customers.told(self.columns)]),
                *drawn.notes,
                *([long_term_told(long_term)] if long_term else []),
            ],
        )

    @property
    def menu_size(self) -> int:
        """A, the number of actions, or the most there may be."""
        return len(self.action_names)

    def _draw_knowing(self, scaling: Scaling, rng: np.random.Generator, past: FloatArray | None) -> Schedules:  # noqa: ARG002 (of subclasses)
        """Draw the schedules of all agents, for kinds that learn from prices of the past (D, d) if there are any."""
        return self._draw(scaling, rng)

    @property
    def _customers(self) -> Customers | None:
        return self.table if isinstance(self.table, Customers) else None

    @property
    def _terms(self) -> Terms:
        """The contracts of all agents."""
        return Terms.all_spot(self.agents) if self._customers is None else Terms.of(self._customers)

    def _own(self, column: str, drawn: FloatArray) -> FloatArray:
        """What the table says of a column, (N,); ``drawn`` (N,) where it says nothing, or there is none."""
        return drawn if self._customers is None else self._customers.or_drawn(column, drawn)

    def _refuse_rows(self, column: str, wrong: BoolArray, wanted: Sequence[str] | str) -> None:
        """Refuse rows of the table in which a column does not go with others; no table, nothing to refuse."""
        if self._customers is not None and column in self._customers.values:
            self._customers.refuse(column, wrong, wanted)

    def _long_term_limits(self, scaling: Scaling, energy: FloatArray, paid: FloatArray) -> list[LinearConstraint]:
        """The limits of the table on sums over the run that any kind may have; ``energy`` (N, A, d) is in MWh."""
        budget = self._own(YEARLY_BUDGET.name, np.full(self.agents, np.nan)) / DAYS_OF_A_YEAR
        if not np.isfinite(budget).any():
            return []
        over = scaling.low * energy.sum(axis=2) + paid - budget[:, None]
        return [limit("yearly budget", scaling.currency, scaling.span * energy, over, averaged=True)]

    def _read_table(self) -> None:
        known = (*self.columns, *COLUMNS, *LONG_TERM)
        customers = Customers.read(self.table, f"the columns of {type(self).__name__}", known, [FEE])
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


def in_periods(schedules: Schedules, number: int) -> tuple[FloatArray, list[Constraint]]:
    """The energy (N, A, d) in MWh of each of d periods of the day, and the limits on outcomes (T, d).

    Raises
    ------
    ProblemError
        If the parts of the day and the periods do not divide each other, or a constraint cannot be split.
    """
    constraints = list(schedules.constraints)
    energy, parts = energy_of(schedules.load, number), schedules.load.shape[2]
    if number < parts:
        return energy, [Held(constraint, parts // number) for constraint in constraints]
    several = number // parts
    return energy, constraints if several == 1 else [split(constraint, several) for constraint in constraints]


def energy_of(load: FloatArray, number: int) -> FloatArray:
    """From power (N, A, H) in MW in the parts of a day to energy (N, A, d) in MWh of each of d periods.

    Raises
    ------
    ProblemError
        If the parts of the day and the periods do not divide each other.
    """
    parts = load.shape[2]
    if number % parts == 0:
        return np.asarray(np.repeat(load, number // parts, axis=2) * (HOURS / number))
    if parts % number == 0:
        return np.asarray(load.reshape(*load.shape[:2], number, -1).sum(axis=3) * (HOURS / parts))
    raise ProblemError(f"schedules of {parts} parts of a day do not fit a market of {number} prices a day")


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
