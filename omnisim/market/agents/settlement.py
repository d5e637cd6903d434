"""Settlement of a day's outcomes: a load for its prices, and one for each signal beside them.

Schedules are in H equal parts of the day, a market in periods that may be longer or shorter. What is paid at an outcome
with blocks of coordinates (:mod:`omnisim.problem.blocks`) is a load for each block, with the range of its values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.market.agents.limits import Held, OfPrices, split
from omnisim.market.agents.long_term import limit
from omnisim.market.data import HOURS
from omnisim.market.scaling import Scaling
from omnisim.problem.constraints import Constraint


@dataclass(frozen=True, eq=False, repr=False)
class Bill(ByValue):
    """A limit on the bill of a day, whatever the contract is settled at.

    Attributes
    ----------
    name
        Of the limit.
    budget : (N,)
        In money; NaN for agents without one.
    cost : (N, A) or a number
        What counts beside the bill.
    averaged
        Whether it is the share of a day in a limit on the sum over the run.
    """

    name: str
    budget: FloatArray
    cost: FloatArray | float = 0.0
    averaged: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Settlement(ByValue):
    """Loads by block of coordinates.

    Attributes
    ----------
    drawn : (N, A, H)
        Power in MW in each of H parts of the day, negative when feeding in.
    loads
        For each block, (N, A, H): what its values are paid for, in MW times money per unit of the block. The first one
        is paid at the prices.
    scalings
        For each block, the values that are outcomes 0 and 1.
    paid : (N, A)
        Money of a day whatever comes.
    """

    drawn: FloatArray
    loads: Sequence[FloatArray]
    scalings: Sequence[Scaling]
    paid: FloatArray

    @property
    def parts(self) -> int:
        """H."""
        return int(self.drawn.shape[2])

    def energy(self, periods: int) -> FloatArray:
        """Energy that is settled at each coordinate, (N, A, d), d = blocks times the periods of a day."""
        each = [energy_of(load, periods) for load in self.loads]
        return each[0] if len(each) == 1 else np.concatenate(each, axis=2)

    def ends(self, periods: int) -> tuple[float | FloatArray, float | FloatArray]:
        """The values that are 0 and 1: of one block as numbers, of several for each coordinate, (d,)."""
        if len(self.scalings) == 1:
            return self.scalings[0].low, self.scalings[0].high
        low, high = (np.array([getattr(each, end) for each in self.scalings]) for end in ("low", "high"))
        return np.repeat(low, periods), np.repeat(high, periods)

    def limits(self, own: Sequence[Constraint], more: Sequence[Constraint], periods: int) -> list[Constraint]:
        """Limits on outcomes of the market.

        Parameters
        ----------
        own
            On prices (T, H) of the parts of the day.
        more
            On all blocks, (T, blocks times H).

        Raises
        ------
        ProblemError
            If the parts and the periods do not divide each other, or a constraint cannot be split.
        """
        blocks = len(self.loads)
        if blocks > 1:
            own = [OfPrices.widened(each, self.parts, blocks * self.parts) for each in own]
        together = [*own, *more]
        if periods < self.parts:
            return [Held(each, self.parts // periods) for each in together]
        several = periods // self.parts
        return together if several == 1 else [split(each, several) for each in together]

    def bill_limits(self, bills: Sequence[Bill], currency: str) -> list[Constraint]:
        """Limits on the bill, of outcomes of all blocks in the parts of the day."""
        bills = [bill for bill in bills if np.isfinite(bill.budget).any()]
        if not bills:
            return []
        energy, (low, high) = self.energy(self.parts), self.ends(self.parts)
        at_low = (low * energy.sum(axis=2) if np.ndim(low) == 0 else (low * energy).sum(axis=2)) + self.paid
        slope = (high - low) * energy
        return [
            limit(bill.name, currency, slope, at_low + bill.cost - bill.budget[:, None], averaged=bill.averaged)
            for bill in bills
        ]

    def signal_limits(self, caps: Mapping[int, tuple[str, str, FloatArray]]) -> list[Constraint]:
        """Limits on how much of a signal the energy drawn may contain, on the sum over the run.

        Parameters
        ----------
        caps
            From the number of a block to a name, a unit, and the share of a day (N,), NaN for agents without.
        """
        found: list[Constraint] = []
        energy = energy_of(self.drawn, self.parts)
        for k, (name, unit, share) in caps.items():
            slope = np.zeros((*energy.shape[:2], len(self.loads) * self.parts))
            slope[:, :, k * self.parts : (k + 1) * self.parts] = self.scalings[k].span * energy
            over = self.scalings[k].low * energy.sum(axis=2) - share[:, None]
            found.append(limit(name, unit, slope, over, averaged=True))
        return found


def energy_of(load: FloatArray, number: int) -> FloatArray:
    """Convert power (N, A, H) in MW in the parts of a day to energy (N, A, d) in MWh of each of d periods.

    In hours they are the same numbers, which are not copied.

    Raises
    ------
    ProblemError
        If the parts of the day and the periods do not divide each other.
    """
    parts = load.shape[2]
    if parts == number == HOURS:
        return load
    if number % parts == 0:
        return np.asarray(np.repeat(load, number // parts, axis=2) * (HOURS / number))
    if parts % number == 0:
        return np.asarray(load.reshape(*load.shape[:2], number, -1).sum(axis=3) * (HOURS / parts))
    raise ProblemError(f"schedules of {parts} parts of a day do not fit a market of {number} prices a day")
