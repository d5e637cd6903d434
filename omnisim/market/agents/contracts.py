"""Contracts of customers for energy: at the market's price or a fixed one, with fees by the hour of the day.

Money must be affine in the outcome of the day (the guarantees need it), and is: under the contract ``spot`` each MWh
drawn costs its price and a fee, and each MWh fed in earns its price; under ``fixed`` neither depends on the market. A
price with a cap, min(price, cap), is no affine function of the price: under ``capped`` it is a signal of its own beside
it (:mod:`omnisim.market.signals`), at which what is fed in is settled as well, since who buys below the price and sells
at it would never stop. A charge on the largest load of a day depends on the schedule alone.
"""

import re
from dataclasses import dataclass, fields

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.by_value import ByValue
from omnisim.errors import DataError, ProblemError
from omnisim.market.agents.customers import CONTRACT, Column, Customers, Family, not_negative
from omnisim.market.data import HOURS

SPOT, FIXED, CAPPED = "spot", "fixed", "capped"
CONTRACTS = (SPOT, FIXED, CAPPED)

PRICE = Column("fixed_price_per_mwh", "what a MWh costs under the contract fixed, before fees")
FEED_IN = Column("feed_in_per_mwh", "what a MWh fed in earns under the contract fixed; 0 if left out")
DEMAND = not_negative("demand_charge_per_mw", "charge on each MW of the largest load of a day")
CAP = Column("price_cap_per_mwh", "the most that a MWh costs under the contract capped, before fees")
COLUMNS = (PRICE, FEED_IN, CAP, DEMAND)

FEE = re.compile(r"fee_([01]\d|2[0-3])_([01]\d|2[0-4])_per_mwh")
"""Columns of fees and taxes on each MWh drawn from an hour to before another: ``fee_07_20_per_mwh``."""

FEES = Family(
    FEE, re.compile(r"fees?_?\d.*", re.IGNORECASE), "fee_HH_HH_per_mwh with hours 00 to 24, such as fee_07_20_per_mwh"
)


@dataclass(frozen=True, eq=False, repr=False)
class Terms(ByValue):
    """The contracts of N customers.

    Attributes
    ----------
    is_spot : (N,) bool
        Who pays the market's price.
    price, feed_in : (N,)
        Of a MWh drawn and fed in under the contract fixed.
    fees : (N, 24)
        On each MWh drawn, by the hour.
    demand : (N,)
        On each MW of the largest load of a day.
    cap : (N,)
        On the price under the contract capped; infinite under others.
    """

    is_spot: BoolArray
    price: FloatArray
    feed_in: FloatArray
    fees: FloatArray
    demand: FloatArray
    cap: FloatArray

    @classmethod
    def all_spot(cls, agents: int) -> "Terms":
        """Everybody pays the market's price and nothing else."""
        zero = np.zeros(agents)
        none = np.full(agents, np.inf)
        return cls(np.ones(agents, dtype=np.bool_), zero, zero, np.zeros((agents, HOURS)), zero, none)

    @classmethod
    def of(cls, customers: Customers) -> "Terms":
        """The contracts of a table: ``spot`` where it says nothing.

        Raises
        ------
        DataError
            If a contract is unknown, or its price is missing or below what feeding in earns.
        """
        count, zero = customers.agents, np.zeros(customers.agents)
        named = np.array([name or SPOT for name in customers.contracts or [SPOT] * count])
        customers.refuse(CONTRACT, ~np.isin(named, CONTRACTS), " or ".join(CONTRACTS))
        fixed = named == FIXED
        if fixed.any() and PRICE.name not in customers.values:
            raise DataError(f"{customers.table.source} has contracts that are fixed, and no column {PRICE.name}")
        missing = np.full(count, np.nan)
        price = customers.values.get(PRICE.name, missing)
        customers.refuse(PRICE.name, fixed & np.isnan(price), "a number where the contract is fixed")
        price, feed_in = np.nan_to_num(price), customers.or_drawn(FEED_IN.name, zero)
        feed_in = np.nan_to_num(feed_in)
        customers.refuse(
            FEED_IN.name if FEED_IN.name in customers.values else PRICE.name,
            fixed & (feed_in > price),
            f"such that {FEED_IN.name} <= {PRICE.name}: who earns more than he pays would never stop",
        )
        fees = np.zeros((count, HOURS))
        for name, values in customers.values.items():
            found = FEE.fullmatch(name)
            if found is not None:
                fees += np.nan_to_num(values)[:, None] * _hours(customers, name, *map(int, found.groups()))
        demand = np.nan_to_num(customers.or_drawn(DEMAND.name, zero))
        has_cap = named == CAPPED
        if has_cap.any() and CAP.name not in customers.values:
            raise DataError(f"{customers.table.source} has contracts that are capped, and no column {CAP.name}")
        cap = customers.values.get(CAP.name, missing)
        customers.refuse(CAP.name, has_cap & np.isnan(cap), "a number where the contract is capped")
        cap = np.where(has_cap, cap, np.inf)
        spot = named == SPOT
        return cls(spot, np.where(fixed, price, 0.0), np.where(fixed, feed_in, 0.0), fees, demand, cap)

    def of_agents(self, agents: IntArray) -> "Terms":
        """Contracts of some agents."""
        return Terms(*(getattr(self, field.name)[agents] for field in fields(self)))

    def settle(self, load: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The energy that is paid at the market's price, and the money paid whatever that is.

        Parameters
        ----------
        load : (N, A, H)
            Power in MW in each of H equal parts of the day; negative when feeding in.

        Returns
        -------
        Load of the first kind, (N, A, H) in MW, and money, (N, A). What is paid at a price with a cap is in neither.
        """
        if self.is_spot.all() and not self.fees.any() and not self.demand.any():
            return load, np.zeros(load.shape[:2])
        hours, price = HOURS / load.shape[2], self._price_in(load.shape[2])
        drawn, fed_in = np.maximum(load, 0.0), np.maximum(-load, 0.0)
        paid = hours * (drawn * price[:, None]).sum(axis=2)
        earned = hours * fed_in.sum(axis=2) * self.feed_in[:, None]
        peak = np.maximum(load.max(axis=2), 0.0) * self.demand[:, None]
        return load * self.is_spot[:, None, None], paid - earned + peak

    def paid_by_part(self, load: FloatArray) -> FloatArray | None:
        """Money paid in each part of the day whatever comes, (N, A, H); None where that is nothing.

        With the charge on the largest load, which is in no part of the day, its sum is the second of :meth:`settle`.
        """
        price = self._price_in(load.shape[2])
        if not price.any() and not self.feed_in.any():
            return None
        drawn, fed_in = np.maximum(load, 0.0), np.maximum(-load, 0.0)
        paid = drawn * price[:, None] - fed_in * self.feed_in[:, None, None]
        return np.asarray(paid * (HOURS / load.shape[2]))

    def _price_in(self, parts: int) -> FloatArray:
        """Fees and fixed price of a MWh drawn in each part of the day, (N, H)."""
        if parts % HOURS and HOURS % parts:
            raise ProblemError(f"contracts by the hour do not fit schedules of {parts} parts of a day")
        fees = np.repeat(self.fees, max(1, parts // HOURS), axis=1)
        return np.asarray(fees.reshape(len(fees), parts, -1).mean(axis=2) + self.price[:, None])


def _hours(customers: Customers, name: str, start: int, stop: int) -> FloatArray:
    if start == stop:
        raise DataError(
            f"{customers.table.source}: column {name!r}: from an hour to another, such as fee_07_20_per_mwh"
        )
    hours = np.arange(HOURS)
    inside = (hours >= start) & (hours < stop) if start < stop else (hours >= start) | (hours < stop)
    return inside.astype(np.float64)
