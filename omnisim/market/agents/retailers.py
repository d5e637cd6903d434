"""Retailers: what to buy a day ahead, where the rest is settled at imbalance prices."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.market.agents.base import MarketAgents, Schedules, lognormal, window
from omnisim.market.agents.buyers import load_shapes
from omnisim.market.agents.customers import Column, positive, share_column
from omnisim.market.agents.settlement import Bill
from omnisim.market.scaling import Scaling
from omnisim.market.signals import Known

_PARTS: Mapping[str, FloatArray] = {"night": window(22, 8), "day": window(8, 16), "evening": window(16, 22)}
"""Parts of the day in each of which a retailer decides."""

_POSITIONS = {"even": 0.0, "short": -1.0, "long": 1.0}


def _name(positions: tuple[str, ...]) -> str:
    """Name of an action, from its positions in the parts of the day.

    >>> _name(("short", "even", "short")), _name(("long", "long", "long")), _name(("even", "even", "even"))
    ('short by night and evening', 'long all day', 'even')
    """
    if len(set(positions)) == 1:
        return positions[0] if positions[0] == "even" else f"{positions[0]} all day"
    parts = {way: [part for part, at in zip(_PARTS, positions, strict=True) if at == way] for way in ("short", "long")}
    return ", ".join(f"{way} by {' and '.join(named)}" for way, named in parts.items() if named)


_CHOICES = list(itertools.product(_POSITIONS, repeat=len(_PARTS)))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Retailers(MarketAgents):
    """Retailers who buy their customers' load a day ahead, and pay imbalance prices for being wrong.

    In each of three parts of the day (night, 22 to 8; day, 8 to 16; evening, 16 to 22) a retailer buys the load that is
    expected, or a share less or more: 27 actions. What is missing is bought at the price of the signal ``shortage``,
    what is left is sold at that of ``surplus``: one signal where a market has one imbalance price. Money of a day is
    what customers pay for the load, less what was bought at the prices of the market, less the imbalance. It is affine
    in both, so that a forecast is worth what it says of their difference.

    The load is the same on every day: where there is one imbalance price, what deviates from it is settled at that
    price whatever was bought, which changes money and no decision. A limit may be set on the loss of a day.

    Parameters
    ----------
    shortage
        Name of the signal (``market.signals``) at which what is missing is bought, in money per MWh.
    surplus
        Name of the signal at which what is left is sold; left out, ``shortage``.
    open_position
        Share of the load of a part of the day that is bought too little or too much, in (0, 1].
    median_daily_energy_mwh
        Load of all customers of a retailer on a day, median, lognormal, in MWh, > 0.
    size_spread
        Standard deviation of the logarithm of the load, >= 0.
    retail_price
        What customers pay for a MWh, in multiples of ``typical_price``, > 0.

    Raises
    ------
    ProblemError
        If a parameter is out of its range, or the market has no such signal in money per MWh.

    Notes
    -----
    Drawn in this order, N numbers each: load, share of households. A table may give any number, see ``columns``.
    """

    shortage: str = "imbalance"
    surplus: str | None = None
    open_position: float = 0.1
    median_daily_energy_mwh: float = 500.0
    size_spread: float = 0.8
    retail_price: float = 1.3

    action_names: ClassVar[tuple[str, ...]] = tuple(map(_name, _CHOICES))

    columns: ClassVar[tuple[Column, ...]] = (
        positive("daily_energy_mwh", "load of the customers on a day"),
        share_column("household_share", "shape of the load: 1 of households, 0 of small businesses"),
        Column("open_share", "share of the load that is bought too little or too much", 0.0, 1.0, open_low=True),
        Column("retail_price_per_mwh", "what customers pay for a MWh"),
        positive("daily_loss", "limit: the most that may be lost on a day, in money of the market; none if empty"),
    )

    def _check(self) -> None:
        self._positive("median_daily_energy_mwh", "retail_price")
        self._not_negative("size_spread")
        self._require("open_position", 0 < self.open_position <= 1, "above 0 and at most 1")

    @property
    def signals_named(self) -> dict[str, str]:
        """The signals that the agents need, and the key or column that says so."""
        own = {self.shortage: "shortage"} | ({} if self.surplus is None else {self.surplus: "surplus"})
        return super().signals_named | own

    def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:
        return self._draw_knowing(scaling, rng, None, {})

    def _draw_knowing(
        self,
        scaling: Scaling,
        rng: np.random.Generator,
        past: FloatArray | None,  # noqa: ARG002 (of kinds that learn from it)
        signals: Mapping[str, Known],
    ) -> Schedules:
        surplus = self.shortage if self.surplus is None else self.surplus
        for key, name in (("shortage", self.shortage), ("surplus", surplus)):
            if name in signals and signals[name].unit != f"{scaling.currency}/MWh":
                raise ProblemError(
                    f"{key} is the signal {name!r}, which is in {signals[name].unit}: it must be in "
                    f"{scaling.currency}/MWh, as the prices are"
                )
        own = self._own
        energy = own("daily_energy_mwh", lognormal(rng, self.median_daily_energy_mwh, self.size_spread, self.agents))
        household = own("household_share", rng.uniform(0, 1, size=self.agents))
        share = own("open_share", np.full(self.agents, self.open_position))
        retail = own("retail_price_per_mwh", np.full(self.agents, self.retail_price * self.typical_price))
        load = energy[:, None] * load_shapes(household)

        position = np.array([[_POSITIONS[each] for each in choice] for choice in _CHOICES])
        more = (position[:, :, None] * np.stack(list(_PARTS.values()))).sum(axis=1)  # of each hour, (A, 24)
        left = load[:, None] * share[:, None, None] * more
        sold = np.repeat((retail * energy)[:, None], len(_CHOICES), axis=1)
        at_signals: dict[str, FloatArray] = {}
        for name, paid in ((self.shortage, np.maximum(-left, 0.0)), (surplus, -np.maximum(left, 0.0))):
            at_signals[name] = at_signals[name] + paid if name in at_signals else paid
        loss = own("daily_loss", np.full(self.agents, np.nan))
        return Schedules(load[:, None] + left, sold, bills=[Bill("daily loss", loss, -sold)], at_signals=at_signals)
