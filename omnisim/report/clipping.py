"""Sentence on the clipping of outcomes to the range of the theory."""

from dataclasses import dataclass

from omnisim.analysis.clipping import Clipped
from omnisim.analysis.units import Units
from omnisim.problem.clipping import NOTICED, larger_share
from omnisim.report.text import number, percent


@dataclass(frozen=True)
class Cut:
    """Amount of clipping in a run, or in that of several runs with the most.

    Attributes
    ----------
    quantity, unit
        What outcomes are, and their unit.
    low, high
        The range.
    values, clipped, lowest, highest
        Number of outcomes, and of those beyond the range, and the ends of what there is.
    prices, money
        Shares cut off the sum of the outcomes, and by which money would change.
    suggested
        Ends that would cut less; None where little is cut.
    """

    quantity: str
    unit: str
    low: float
    high: float
    values: int
    clipped: int
    lowest: float
    highest: float
    prices: float
    money: float
    suggested: tuple[float, float] | None

    @classmethod
    def of(cls, found: Clipped, units: Units) -> "Cut":
        """Take the amount of clipping in one run from its analysis."""
        prices = found.prices
        return cls(
            units.quantity, units.outcome, units.low, units.low + units.span, prices.count, prices.clipped,
            prices.lowest, prices.highest, prices.share, found.money, prices.suggested,
        )  # fmt: skip

    @property
    def share(self) -> float:
        """See :func:`~omnisim.problem.clipping.larger_share`."""
        return float(larger_share(self.prices, self.money))

    @property
    def briefly(self) -> str:
        """The larger of the two shares, as a clause."""
        if self.share != self.prices:
            return f"clipping would change the money by {percent(self.money)}"
        return f"clipping cuts {percent(self.prices)} off the {self.quantity}s"

    @property
    def _off(self) -> str:
        if self.prices != self.prices:
            return f"{self.quantity}s that are all 0"
        return f"{percent(self.prices)} off the sum of the {self.quantity}s"

    @property
    def _by(self) -> str:
        if self.money != self.money:
            return "of agents who earn 0 in all, so that no share of it can be given"
        return f"by {percent(self.money)}"

    def told(self, where: str = "") -> str:
        """The sentence; ``where`` is said of what the range holds for, if not for everything."""
        text = (
            f"The range from {number(self.low, 6)} to {number(self.high, 6)} {self.unit}{where}, which the theory "
            f"needs, cuts {self._off} ({self.clipped:,} of "
            f"{self.values:,} values, up to {number(self.highest, 6)} and down to {number(self.lowest, 6)}), which "
            f"would change the money {self._by}. Money and errors on this page are at the true "
            f"{self.quantity}s; utility, regret and certificates are inside the range"
        )
        if self.suggested is not None:
            narrow, wide = self.suggested
            text += (
                f". Less than {percent(NOTICED)} would be cut by low = {number(narrow, 6)}, high = {number(wide, 6)}"
            )
        return f"{text}."
