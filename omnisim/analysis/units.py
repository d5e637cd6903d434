"""Units of the numbers of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from omnisim.arrays import ROUNDING, FloatArray
from omnisim.trace import Trace


@dataclass(frozen=True)
class Units:
    """Units and names of outcomes and rounds.

    Attributes
    ----------
    low, span
        An outcome y stands for low + span * y of ``outcome``.
    outcome
        Unit of the outcomes, such as ``USD/MWh``; ``events`` of a market whose outcomes are events, ``[0, 1] units``
        where the run says nothing about a market.
    quantity
        What an outcome is: ``price``, ``event`` or ``outcome``, or the name of a signal.
    round
        ``day`` where the rounds have dates, ``round`` otherwise.
    hours
        Length of the period that a coordinate stands for, in hours, where there are several in a day; else None.
    agent
        What agents are called: ``customer`` of a market, else ``agent``.
    columns
        The coordinates it is about, where outcomes have several blocks of them.
    """

    low: float
    span: float
    outcome: str
    quantity: str
    round: str
    hours: float | None = None
    agent: str = "customer"
    columns: slice = field(default_factory=lambda: slice(None))

    def part(self, outcomes: FloatArray) -> FloatArray:
        """Its coordinates of outcomes or predictions (..., d)."""
        return outcomes[..., self.columns]

    def values(self, outcomes: FloatArray) -> FloatArray:
        """Its coordinates of outcomes or predictions (..., d), in the unit."""
        return np.asarray(self.low + self.span * self.part(outcomes))


def round_word(trace: Trace) -> str:
    """Word for a round: ``day`` where rounds have dates."""
    return "round" if trace.dates is None else "day"


def axis_of_rounds(trace: Trace) -> str:
    """Title of an axis of rounds."""
    return {"day": "delivery day"}.get(round_word(trace), "round")


def units(trace: Trace, signal: str | None = None) -> Units:
    """The units of a run, from its dates and from what its scenario says about the market.

    Parameters
    ----------
    signal
        Of the blocks of coordinates, which (``trace.blocks``); the first one, which are the prices, if left out.
    """
    word = round_word(trace)
    market = market_of(trace)
    low, high, currency = market.get("low"), market.get("high"), market.get("currency")
    if isinstance(low, int | float) and isinstance(high, int | float) and high > low and currency:
        blocks = trace.blocks
        if len(blocks) == 1 and is_event(trace.true_outcomes):
            return Units(0.0, 1.0, "events", "event", word)
        block = next((block for block in blocks if block.name == signal), blocks[0])
        quantity = block.name.replace("_", " ")
        hours = _hours(market, block.stop - block.start)
        return Units(block.low, block.span, block.unit, quantity, word, hours, columns=block.columns)
    return Units(0.0, 1.0, "[0, 1] units", "outcome", word, agent="agent")


def is_event(outcomes: FloatArray) -> bool:
    """Whether outcomes (T, d) are only ever 0 or 1 and both occur, so that a forecast is a probability."""
    one = np.abs(outcomes - 1) <= ROUNDING
    return bool((one | (np.abs(outcomes) <= ROUNDING)).all() and one.any() and not one.all())


def _hours(market: Mapping[str, Any], periods: int) -> float | None:
    # Older runs do not say their resolution: they had one price an hour, or one a day.
    said = market.get("resolution", "hour" if periods == _HOURS else None)
    return None if said is None or periods == 1 else _HOURS / periods


_HOURS = 24
"""Hours of a day."""


def market_of(trace: Trace) -> Mapping[str, Any]:
    """The scenario's description of its market; empty if there is none."""
    market = trace.about.get("market")
    return market if isinstance(market, Mapping) else {}
