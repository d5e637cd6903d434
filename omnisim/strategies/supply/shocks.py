"""Shocks: generators that fail, on a schedule or at random, and fuels that become dearer or cheaper."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.context import Context
from omnisim.strategies.supply.generators import Generator
from omnisim.suggest import nearest

When: TypeAlias = int | dt.date
"""A round, from 0, or a delivery day."""


@dataclass(frozen=True)
class Outage:
    """A generator lacks ``share`` of its capacity from the round or day ``first`` to ``last``, both included."""

    generator: str
    first: When
    last: When | None
    share: float

    @classmethod
    def of(cls, table: Mapping[str, Any], generators: Sequence[str]) -> "Outage":
        """Read a table ``{generator, first, last, share}``; without ``last`` for ever, without ``share`` all of it.

        Raises
        ------
        StrategyError
            If it names no generator of the market, or a value is not what it must be.
        """
        _check_keys("an outage", table, ("generator", "first"), ("last", "share"))
        name, share = table["generator"], table.get("share", 1.0)
        what = f"outage of {name!r}"
        if name not in generators:
            raise StrategyError(f"{what}: there is no such generator{nearest(str(name), generators)}")
        first = _when(f"first of the {what}", table["first"])
        last = None if table.get("last") is None else _when(f"last of the {what}", table["last"])
        if last is not None and _comparable(first, last) and last < first:  # type: ignore[operator]
            raise StrategyError(f"last of the {what} is {last}, before its first {first}: it must not be earlier")
        if not (_is_number(share) and 0 < share <= 1):
            raise StrategyError(f"share of the {what} is {share!r}: it must be above 0 and at most 1")
        return cls(name, first, last, float(share))

    def holds(self, context: Context) -> bool:
        """Whether the capacity is lacking in this round."""
        return _begun(self.first, context) and not (self.last is not None and _over(self.last, context))


@dataclass(frozen=True)
class FuelStep:
    """The price of a fuel is ``price`` from the round or day ``first`` on, until another step of that fuel."""

    fuel: str
    first: When
    price: float

    @classmethod
    def of(cls, table: Mapping[str, Any], fuels: Sequence[str]) -> "FuelStep":
        """Read a table ``{fuel, first, price}``.

        Raises
        ------
        StrategyError
            If it names no fuel of the market, or a value is not what it must be.
        """
        _check_keys("a fuel step", table, ("fuel", "first", "price"), ())
        name, price = table["fuel"], table["price"]
        if name not in fuels:
            raise StrategyError(f"fuel step of {name!r}: there is no such fuel{nearest(str(name), fuels)}")
        if not _is_number(price):
            raise StrategyError(f"price of the fuel step of {name!r} is {price!r}: it must be a finite number")
        return cls(name, _when(f"first of the fuel step of {name!r}", table["first"]), float(price))

    def holds(self, context: Context) -> bool:
        """Whether the step has been taken by this round."""
        return _begun(self.first, context)


class Breakdowns:
    """Breakdowns and repairs of generators, a Markov chain for each, all in service in round 0."""

    def __init__(self, generators: Sequence[Generator], rng: np.random.Generator) -> None:
        self._failure = np.array([generator.failure_probability for generator in generators])
        self._repair = np.array([generator.repair_probability for generator in generators])
        self._rng = rng
        self._broken = np.zeros(len(generators), dtype=np.bool_)
        self._round = 0

    def broken(self, t: int) -> BoolArray:
        """Mark the generators (G,) that are broken in round t; rounds are asked for in order."""
        while self._round < t:
            # One number for each generator and round, whether or not it can fail: others' luck does not depend on it.
            drawn = self._rng.random(len(self._broken))
            self._broken = np.where(self._broken, drawn >= self._repair, drawn < self._failure)
            self._round += 1
        return self._broken


def in_service(outages: Sequence[Outage], names: Sequence[str], context: Context) -> FloatArray:
    """The share of each generator's capacity (G,) that no scheduled outage takes; simultaneous ones add up."""
    share = np.ones(len(names))
    for outage in outages:
        if outage.holds(context):
            share[names.index(outage.generator)] -= outage.share
    return np.maximum(share, 0.0)


def fuel_prices(start: Mapping[str, float], steps: Sequence[FuelStep], context: Context) -> dict[str, float]:
    """The price of each fuel in this round; of several steps taken, the one listed last counts."""
    return dict(start) | {step.fuel: step.price for step in steps if step.holds(context)}


def _check_keys(what: str, table: Mapping[str, Any], needed: Sequence[str], others: Sequence[str]) -> None:
    if not isinstance(table, Mapping):
        raise StrategyError(f"{what} is {table!r}: it must be a table with {', '.join(needed)}")
    for key in table:
        if key not in (*needed, *others):
            raise StrategyError(f"{what} has an unknown key {key!r}{nearest(str(key), (*needed, *others))}")
    for key in needed:
        if key not in table:
            raise StrategyError(f"{what} has no {key}: it needs {', '.join(needed)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _when(what: str, value: Any) -> When:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise StrategyError(f"{what} is {value!r}: it must be a round >= 0, or a date such as 2021-12-31")


def _comparable(one: When, other: When) -> bool:
    return isinstance(one, int) == isinstance(other, int)


def _begun(first: When, context: Context) -> bool:
    return _now(first, context) >= first  # type: ignore[operator]


def _over(last: When, context: Context) -> bool:
    return _now(last, context) > last  # type: ignore[operator]


def _now(like: When, context: Context) -> When:
    if isinstance(like, int):
        return context.round
    if context.date is None:
        raise StrategyError(f"a shock is dated {like}, but the rounds of this run have no dates: give a round instead")
    day: dt.date = context.date.astype("datetime64[D]").item()
    return day
